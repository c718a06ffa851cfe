//! A snapshot as a directory: the layout of `kubectl cluster-info dump --output-directory=DIR`.
//!
//! Cluster-scoped kinds lie at the top (`nodes.json`), namespaced ones below their namespace (`shop/pods.json`), logs below
//! their pod (`shop/api-7d4/logs.txt`, `logs-previous.txt`), each file of objects a Kubernetes List. What plain kubectl
//! wrote is read as well as what `nightshift capture` wrote: a file that is not there means the kind was not read, which
//! is kept apart from an empty list. A file that is there and does not parse is an error that names it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Alert, ConnectionProbe, ContainerLog, Gap, Listing, Scope, Series, SeriesKind, Snapshot};
use crate::model::{Namespace, Object};

/// Why a directory is no snapshot, or could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The directory is not there or no directory.
    #[error(
        "{0} is not a directory: give the directory that `nightshift capture` or `kubectl cluster-info dump` wrote"
    )]
    NotADirectory(PathBuf),
    /// The directory holds nothing that is known.
    #[error("{0} holds no file of a cluster dump: expected nodes.json or <namespace>/pods.json")]
    Empty(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not the JSON it should be, for example cut off.
    #[error("{path} is not valid: capture it again or delete it to go on without it")]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A line of the metrics file cannot be read.
    #[error("{path}, line {line}: expected timestamp,kind,name,metric,value")]
    Metrics {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// What the List files cannot hold.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct About {
    cluster: String,
    taken_at: Option<Timestamp>,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Option::default")]
    items: Option<Vec<T>>,
    #[serde(default)]
    metadata: ListMetadata,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ListMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// Calls `$do!(field)` for every kind: first those at the top, then those below a namespace.
macro_rules! every_kind {
    ($do:ident) => {
        $do!(cluster nodes persistent_volumes storage_classes);
        $do!(namespaced pods deployments replica_sets stateful_sets daemon_sets jobs cron_jobs services endpoint_slices
            ingresses network_policies autoscalers disruption_budgets claims quotas service_accounts config_maps secrets
            events);
    };
}

impl Snapshot {
    /// Reads a directory.
    ///
    /// # Errors
    /// When `dir` is no directory, holds nothing known, or a file in it cannot be read or parsed.
    pub fn read_dir(dir: impl AsRef<Path>) -> Result<Self, DiskError> {
        let dir = dir.as_ref();
        if !dir.is_dir() {
            return Err(DiskError::NotADirectory(dir.to_owned()));
        }
        let about: About = read_json(&dir.join("snapshot.json"))?.unwrap_or_default();
        let mut snapshot =
            Snapshot { cluster: about.cluster, taken_at: about.taken_at, gaps: about.gaps, ..Snapshot::default() };
        let namespaces = directories(dir)?;
        macro_rules! read {
            (cluster $($field:ident)*) => { $(snapshot.$field = read_cluster_scoped(dir)?;)* };
            (namespaced $($field:ident)*) => { $(snapshot.$field = read_namespaced(dir, &namespaces)?;)* };
        }
        every_kind!(read);
        snapshot.namespaces = read_cluster_scoped(dir)?;
        for namespace in &namespaces {
            read_logs(&dir.join(namespace), namespace, &mut snapshot.logs)?;
        }
        snapshot.alerts =
            read_json::<Webhook>(&dir.join("alerts.json"))?.map(|webhook| webhook.alerts).unwrap_or_default();
        snapshot.metrics = read_metrics(&dir.join("metrics.csv"))?;
        if let Some(probes) = read_json::<Vec<ConnectionProbe>>(&dir.join("probes.json"))? {
            snapshot.probes = Listing::all(probes);
        }
        if snapshot.nodes.scope == Scope::Unread && snapshot.pods.scope == Scope::Unread {
            return Err(DiskError::Empty(dir.to_owned()));
        }
        Ok(snapshot)
    }

    /// Writes a directory that [`Snapshot::read_dir`] and kubectl's users can read.
    ///
    /// # Errors
    /// When a file or directory cannot be written.
    pub fn write_dir(&self, dir: impl AsRef<Path>) -> Result<(), DiskError> {
        let dir = dir.as_ref();
        make_dir(dir)?;
        let about = About { cluster: self.cluster.clone(), taken_at: self.taken_at, gaps: self.gaps.clone() };
        write_json(&dir.join("snapshot.json"), &about)?;
        macro_rules! write {
            (cluster $($field:ident)*) => { $(write_cluster_scoped(dir, &self.$field)?;)* };
            (namespaced $($field:ident)*) => { $(write_namespaced(dir, &self.$field, &self.namespaces)?;)* };
        }
        every_kind!(write);
        write_cluster_scoped(dir, &self.namespaces)?;
        write_logs(dir, &self.logs)?;
        if !self.alerts.is_empty() {
            write_json(&dir.join("alerts.json"), &Webhook { version: "4".into(), alerts: self.alerts.clone() })?;
        }
        write_metrics(&dir.join("metrics.csv"), &self.metrics)?;
        if self.probes.scope != Scope::Unread {
            write_json(&dir.join("probes.json"), &self.probes.items)?;
        }
        Ok(())
    }
}

/// Alertmanager's webhook body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Webhook {
    version: String,
    alerts: Vec<Alert>,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> DiskError + '_ {
    move |source| DiskError::Io { path: path.to_owned(), source }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, DiskError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(DiskError::Io { path: path.to_owned(), source }),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| DiskError::Json { path: path.to_owned(), source })
}

fn file_name<T: Object>() -> String {
    format!("{}.json", T::KIND.plural())
}

fn read_cluster_scoped<T: Object>(dir: &Path) -> Result<Listing<T>, DiskError> {
    let Some(list) = read_json::<List<T>>(&dir.join(file_name::<T>()))? else { return Ok(Listing::default()) };
    let scope = if list.metadata.next.is_some_and(|next| !next.is_empty()) { Scope::Partial } else { Scope::All };
    Ok(Listing { items: list.items.unwrap_or_default(), scope })
}

fn read_namespaced<T: Object>(dir: &Path, namespaces: &BTreeSet<String>) -> Result<Listing<T>, DiskError> {
    let mut items = Vec::new();
    let mut read = BTreeSet::new();
    let mut partial = false;
    for namespace in namespaces {
        let Some(list) = read_json::<List<T>>(&dir.join(namespace).join(file_name::<T>()))? else { continue };
        if list.metadata.next.is_some_and(|next| !next.is_empty()) {
            partial = true;
        } else {
            read.insert(namespace.clone());
        }
        items.extend(list.items.unwrap_or_default().into_iter().map(|mut item: T| {
            let home = &mut item.metadata_mut().namespace;
            if home.is_empty() {
                home.clone_from(namespace);
            }
            item
        }));
    }
    let scope = match (read.is_empty(), partial) {
        (true, false) => Scope::Unread,
        (true, true) => Scope::Partial,
        (false, _) => Scope::Namespaces(read),
    };
    Ok(Listing { items, scope })
}

fn directories(dir: &Path) -> Result<BTreeSet<String>, DiskError> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(io(dir))? {
        let entry = entry.map_err(io(dir))?;
        if entry.path().is_dir()
            && let Some(name) = entry.file_name().to_str()
        {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

fn read_logs(dir: &Path, namespace: &str, logs: &mut Vec<ContainerLog>) -> Result<(), DiskError> {
    for pod in directories(dir)? {
        for (file, previous) in [("logs.txt", false), ("logs-previous.txt", true)] {
            let path = dir.join(&pod).join(file);
            match fs::read(&path) {
                Ok(bytes) => split_logs(&String::from_utf8_lossy(&bytes), namespace, &pod, previous, logs),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(DiskError::Io { path, source }),
            }
        }
    }
    Ok(())
}

const START: &str = "==== START logs for container ";
const END: &str = "==== END logs for container ";
const REFUSED: &str = "Request log error:";

/// Splits one file into its containers' logs. Lines outside any container's marks are nobody's.
fn split_logs(text: &str, namespace: &str, pod: &str, previous: bool, logs: &mut Vec<ContainerLog>) {
    let mut current: Option<ContainerLog> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix(START) {
            logs.extend(current.take());
            let container = rest.split(' ').next().unwrap_or_default();
            current = Some(ContainerLog {
                namespace: namespace.to_owned(),
                pod: pod.to_owned(),
                container: container.to_owned(),
                previous,
                ..ContainerLog::default()
            });
        } else if line.starts_with(END) {
            logs.extend(current.take());
        } else if let Some(log) = &mut current {
            if let Some(error) = line.strip_prefix(REFUSED) {
                log.error = Some(error.trim().to_owned());
            } else if !line.is_empty() {
                log.text.push_str(line);
                log.text.push('\n');
            }
        }
    }
    logs.extend(current);
}

#[derive(Serialize, Deserialize)]
struct Row {
    timestamp: Timestamp,
    kind: SeriesKind,
    name: String,
    metric: String,
    value: f64,
}

fn read_metrics(path: &Path) -> Result<Vec<Series>, DiskError> {
    let mut reader = match fs::File::open(path) {
        Ok(file) => csv::Reader::from_reader(std::io::BufReader::new(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(DiskError::Io { path: path.to_owned(), source }),
    };
    let mut series: BTreeMap<(SeriesKind, String, String), Vec<(Timestamp, f64)>> = BTreeMap::new();
    for (index, row) in reader.deserialize::<Row>().enumerate() {
        let row = row.map_err(|_| DiskError::Metrics { path: path.to_owned(), line: index + 2 })?;
        series.entry((row.kind, row.name, row.metric)).or_default().push((row.timestamp, row.value));
    }
    Ok(series
        .into_iter()
        .map(|((kind, name, metric), mut points)| {
            points.sort_by_key(|point| point.0);
            let (namespace, name) = match name.split_once('/') {
                Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
                None => (String::new(), name),
            };
            Series { kind, namespace, name, metric, points }
        })
        .collect())
}

fn make_dir(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(io(path))
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), DiskError> {
    let bytes = serde_json::to_vec(value).map_err(|source| DiskError::Json { path: path.to_owned(), source })?;
    fs::write(path, bytes).map_err(io(path))
}

/// Writes a List as kubectl does, its items without a kind of their own.
fn write_list<T: Object>(path: &Path, items: &[&T], cut_off: bool) -> Result<(), DiskError> {
    let metadata = if cut_off { serde_json::json!({"continue": "cut-off"}) } else { serde_json::json!({}) };
    write_json(
        path,
        &serde_json::json!({
            "kind": format!("{}List", T::KIND), "apiVersion": T::KIND.api_version(), "metadata": metadata, "items": items,
        }),
    )
}

fn write_cluster_scoped<T: Object>(dir: &Path, listing: &Listing<T>) -> Result<(), DiskError> {
    if listing.scope == Scope::Unread {
        return Ok(());
    }
    write_list(&dir.join(file_name::<T>()), &listing.items.iter().collect::<Vec<_>>(), listing.scope == Scope::Partial)
}

fn write_namespaced<T: Object>(dir: &Path, listing: &Listing<T>, all: &[Namespace]) -> Result<(), DiskError> {
    let mut by_namespace: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    match &listing.scope {
        Scope::All => by_namespace.extend(all.iter().map(|namespace| (namespace.name(), Vec::new()))),
        Scope::Namespaces(read) => by_namespace.extend(read.iter().map(|namespace| (namespace.as_str(), Vec::new()))),
        Scope::Unread | Scope::Partial => {}
    }
    for item in &listing.items {
        by_namespace.entry(item.namespace()).or_default().push(item);
    }
    for (namespace, items) in by_namespace {
        let dir = dir.join(safe(namespace));
        make_dir(&dir)?;
        write_list(&dir.join(file_name::<T>()), &items, !listing.covers(namespace))?;
    }
    Ok(())
}

/// A name as one path component; names of the API are, text from elsewhere might not be.
fn safe(name: &str) -> String {
    let name: String = name.chars().map(|c| if matches!(c, '/' | '\\' | '\0') { '_' } else { c }).collect();
    if name.is_empty() || name == "." || name == ".." { "_".to_owned() } else { name }
}

fn write_logs(dir: &Path, logs: &[ContainerLog]) -> Result<(), DiskError> {
    let mut files: BTreeMap<(&str, &str, bool), String> = BTreeMap::new();
    for log in logs {
        let text = files.entry((&log.namespace, &log.pod, log.previous)).or_default();
        let of = format!("{} of pod {}/{} ====\n", log.container, log.namespace, log.pod);
        text.push_str(&format!("{START}{of}{}", log.text));
        if let Some(error) = &log.error {
            text.push_str(&format!("{REFUSED} {error}\n"));
        }
        text.push_str(&format!("{END}{of}"));
    }
    for ((namespace, pod, previous), text) in files {
        let dir = dir.join(safe(namespace)).join(safe(pod));
        make_dir(&dir)?;
        let path = dir.join(if previous { "logs-previous.txt" } else { "logs.txt" });
        fs::write(&path, text).map_err(io(&path))?;
    }
    Ok(())
}

fn write_metrics(path: &Path, series: &[Series]) -> Result<(), DiskError> {
    if series.is_empty() {
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for one in series {
        let name = if one.namespace.is_empty() { one.name.clone() } else { format!("{}/{}", one.namespace, one.name) };
        for (timestamp, value) in &one.points {
            let row = Row {
                timestamp: *timestamp,
                kind: one.kind,
                name: name.clone(),
                metric: one.metric.clone(),
                value: *value,
            };
            writer.serialize(row).map_err(|_| DiskError::Metrics { path: path.to_owned(), line: 0 })?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| io(path)(error.into_error()))?;
    fs::write(path, bytes).map_err(io(path))
}
