//! `nightshift check-config FILE`: every setting read, checked and explained; secrets are never printed.
//!
//! FILE is either the settings' YAML file, beside which the variables of this process count, or a file of `NAME=value` lines,
//! which then are all the variables there are. Sample requests are put to the policies of remediation, so that it shows what
//! they let through.

mod policies;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use shared::config::{ConfigError, SETTINGS, Settings, Signal};
use shared::thresholds;

use crate::Outcome;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The settings' YAML file (`.yaml`, `.yml`), or a file of NAME=value lines.
    file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read {0}: name the settings' YAML file or a file of NAME=value lines")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0}, line {1} is no NAME=value")]
    Line(PathBuf, usize),
}

/// What the variables are.
type Variables = BTreeMap<String, String>;

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let variables = variables(&arguments.file)?;
    let settings = read(&variables).await;
    println!("{}", table(&variables));
    let settings = settings?;
    print!("{}", structure(&settings));
    print!("\n{}", policies::explained(&settings)?);
    Ok(Outcome::Done)
}

/// The settings with this YAML file, or with that of the environment.
pub(crate) async fn settings(file: Option<&Path>) -> Result<Settings, Box<dyn std::error::Error>> {
    Ok(match file {
        Some(file) => read(&variables(file)?).await?,
        None => Settings::load(&[], shared::aws::laptop_config).await?,
    })
}

async fn read(variables: &Variables) -> Result<Settings, ConfigError> {
    Settings::load_lookup(&[], &|name| variables.get(name).cloned(), shared::aws::laptop_config).await
}

fn variables(file: &Path) -> Result<Variables, Error> {
    let text = std::fs::read_to_string(file).map_err(|source| Error::Read(file.to_owned(), source))?;
    if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        let known =
            SETTINGS.iter().filter_map(|setting| Some((setting.name.to_owned(), std::env::var(setting.name).ok()?)));
        let mut variables: Variables = known.collect();
        variables.insert("NIGHTSHIFT_CONFIG".to_owned(), file.display().to_string());
        return Ok(variables);
    }
    let mut variables = Variables::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| Error::Line(file.to_owned(), at + 1))?;
        variables.insert(name.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned());
    }
    Ok(variables)
}

/// Every setting with its value or default, and its meaning; then names that are no setting.
fn table(variables: &Variables) -> String {
    let mut out = String::new();
    let mut group = "";
    for setting in SETTINGS {
        if setting.group != group {
            group = setting.group;
            out.push_str(&format!("{}{group}\n", if out.is_empty() { "" } else { "\n" }));
        }
        let set = variables.get(setting.name).filter(|value| !value.trim().is_empty());
        let value = match (set, setting.default) {
            (Some(_), _) if setting.is_secret => "(set, not shown)".to_owned(),
            (Some(value), _) => shared::redact::redact(value).into_owned(),
            (None, Some(default)) => format!("{default} (default)"),
            (None, None) => "(not set)".to_owned(),
        };
        out.push_str(&format!("  {:<34} {value}\n  {:<34} {}\n", setting.name, "", setting.explanation));
    }
    let unknown: Vec<&str> = variables
        .keys()
        .map(String::as_str)
        .filter(|name| SETTINGS.iter().all(|setting| setting.name != *name))
        .collect();
    if !unknown.is_empty() {
        out.push_str(&format!("\nNot settings of Nightshift: {}\n", unknown.join(", ")));
    }
    out
}

/// What the file says: clusters, services, channels, and the threshold alarms it asks for.
fn structure(settings: &Settings) -> String {
    let mut out = String::new();
    let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    for cluster in &settings.clusters {
        let channel = settings.channel_for(&cluster.name, "").unwrap_or("(none)");
        out.push_str(&format!(
            "cluster {} in {}, told in {channel}\n",
            cluster.name,
            or(&cluster.region, "the own region")
        ));
    }
    for cluster in &settings.clusters {
        out.push_str(&zones(settings, &cluster.name));
    }
    for cluster in settings.structure.gray_failure.keys() {
        if settings.clusters.iter().all(|known| known.name != *cluster) {
            out.push_str(&format!(
                "gray_failure names {cluster}, which is none of the clusters: nothing is watched there\n"
            ));
        }
    }
    for service in &settings.structure.services {
        let workload = service.workload.clone().unwrap_or_else(|| format!("Deployment/{}", service.name));
        out.push_str(&format!("service {} is {workload} in {}\n", service.name, service.namespace));
    }
    for (namespace, channel) in &settings.structure.channels {
        out.push_str(&format!("namespace {namespace} is told in {channel}\n"));
    }
    for grant in &settings.structure.roles {
        out.push_str(&format!("role {grant:?}\n"));
    }
    match &settings.structure.thresholds {
        None => out.push_str("no threshold alarms: the file has no `thresholds`\n"),
        Some(levels) => {
            let alarms = thresholds::desired(&settings.clusters, &settings.structure.services, levels);
            out.push_str(&format!("{} threshold alarms (nightshift thresholds --apply makes them):\n", alarms.len()));
            for alarm in alarms {
                let about = alarm.description.replace(thresholds::MARK, "");
                out.push_str(&format!("  {}\n    {}\n", alarm.name, about.trim()));
            }
        }
    }
    out
}

/// What is watched of a cluster's zones.
fn zones(settings: &Settings, cluster: &str) -> String {
    let (zones, queries) = settings.zones(cluster);
    let of = |signal: Signal| queries.iter().filter(|query| query.signal == signal).count();
    if of(Signal::Requests) == 0 || of(Signal::Faults) == 0 {
        return format!(
            "zones of {cluster} are not watched: no queries for requests and faults, and no load balancer\n"
        );
    }
    let mut signals: Vec<Signal> = queries.iter().map(|query| query.signal).collect();
    signals.sort();
    signals.dedup();
    let signals: Vec<&str> = signals.into_iter().map(Signal::name).collect();
    let (mode, count) = (zones.mode.name(), queries.len());
    format!("zones of {cluster}: mode {mode}, {count} queries ({})\n", signals.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Variables {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("settings.env");
        std::fs::write(&file, text).unwrap();
        variables(&file).unwrap()
    }

    #[test]
    fn every_setting_is_shown_and_no_secret_is() {
        let secret = ["not", "to", "be", "seen"].concat();
        let variables =
            lines(&format!("SLACK_BOT_TOKEN={secret}\n# a comment\nexport NIGHTSHIFT_LANG='ko'\nNIGHTSHIFT_LNG=ko"));
        let table = table(&variables);
        assert!(!table.contains(&secret), "{table}");
        assert!(SETTINGS.iter().all(|setting| table.contains(setting.name) && table.contains(setting.explanation)));
        assert!(table.contains("(set, not shown)") && table.contains("UTC (default)"), "{table}");
        assert!(table.contains("Not settings of Nightshift: NIGHTSHIFT_LNG"), "{table}");
    }

    #[test]
    fn a_line_that_sets_nothing_is_told_with_its_number() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("settings.env");
        std::fs::write(&file, "NIGHTSHIFT_LANG=ko\nwhat").unwrap();
        assert!(variables(&file).unwrap_err().to_string().ends_with("line 2 is no NAME=value"));
    }

    #[tokio::test]
    async fn the_file_is_explained_with_the_alarms_it_asks_for() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nightshift.yaml");
        let yaml = "clusters: [{ name: prod-eks }]\nservices: [{ name: api, namespace: shop }]\nthresholds: { cpu_percent: { warning: 60 } }\n";
        std::fs::write(&file, yaml).unwrap();
        let variables = Variables::from([("NIGHTSHIFT_CONFIG".to_owned(), file.display().to_string())]);
        let shown = structure(&read(&variables).await.unwrap());
        assert!(shown.contains("service api is Deployment/api in shop"), "{shown}");
        assert!(shown.contains("10 threshold alarms"), "{shown}");
        assert!(shown.contains("CPU of the fullest node of prod-eks is at or above 60 % (warning)."), "{shown}");
    }
}
