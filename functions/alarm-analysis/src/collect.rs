//! All reading: the cluster and the metrics around the alarm, within bounds, into a [`Reading`].
//!
//! A storm asks for the same cluster again and again: a reading that is some seconds old is used again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::{self, ReadPlan};
use shared::metrics::{self, MetricQuery, Metrics, Window};
use shared::snapshot::Snapshot;
use shared::store::DecisionId;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::event::{Alarm, Focus};
use crate::situation::Reading;

/// How long a reading is as good as a new one.
const FRESH: Duration = Duration::from_secs(10);
/// What is kept of the invocation for deciding, posting and recording.
const RESERVE: Duration = Duration::from_secs(15);
/// The longest time for metrics: they are detail.
const METRICS: Duration = Duration::from_secs(8);

/// A reading that may be used again.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    read_at: Instant,
    namespaces: BTreeSet<String>,
    snapshot: Arc<Snapshot>,
    /// The decision whose record holds it.
    decision: Option<DecisionId>,
}

impl Kept {
    /// A reading of now; `namespaces` were looked at first.
    pub(crate) fn new(namespaces: BTreeSet<String>, snapshot: Arc<Snapshot>) -> Self {
        Self { read_at: Instant::now(), namespaces, snapshot, decision: None }
    }
}

/// Which of the configured clusters an alarm is about: the one it names, or the only one there is.
pub fn cluster_of<'a>(clusters: &'a [ClusterSettings], focus: &Focus) -> Option<&'a ClusterSettings> {
    match clusters {
        [only] if focus.clusters.is_empty() => Some(only),
        several => several.iter().find(|cluster| focus.clusters.contains(&cluster.name)),
    }
}

/// Reads the cluster and the metrics around the alarm. Never fails: what could not be read is said in the reading. With it
/// the decision that was made from the same reading before, where there was one.
pub async fn read(
    clients: &Clients,
    known: &ClusterSettings,
    alarm: &Alarm,
    focus: &Focus,
    now: Timestamp,
    deadline: Deadline,
) -> (Reading, Option<DecisionId>) {
    let mut kept = clients.kept.lock().await;
    if let Some(found) = kept.get(&known.name)
        && found.read_at.elapsed() < FRESH
        && focus.namespaces.is_subset(&found.namespaces)
    {
        return (Reading::Cluster(Arc::clone(&found.snapshot)), found.decision.clone());
    }
    let time = deadline.before(RESERVE.min(deadline.remaining() / 2));
    let (snapshot, metrics) = futures::join!(
        cluster(clients, known, focus, time),
        around_alarm(clients, known, alarm, focus, now, time.cap(METRICS)),
    );
    match snapshot {
        Err(reason) => (Reading::Unreachable { reason }, None),
        Ok(mut snapshot) => {
            known.name.clone_into(&mut snapshot.cluster);
            snapshot.metrics.extend(metrics.series);
            snapshot.gaps.extend(metrics.gaps);
            let snapshot = Arc::new(snapshot);
            let namespaces = focus.namespaces.clone();
            kept.insert(known.name.clone(), Kept::new(namespaces, Arc::clone(&snapshot)));
            (Reading::Cluster(snapshot), None)
        }
    }
}

/// Notes that the record of `decision` holds the latest reading of this cluster, if it is `reading`.
pub(crate) async fn recorded(clients: &Clients, cluster: &str, reading: &Reading, decision: &DecisionId) {
    let Reading::Cluster(snapshot) = reading else { return };
    if let Some(kept) = clients.kept.lock().await.get_mut(cluster).filter(|kept| Arc::ptr_eq(&kept.snapshot, snapshot))
    {
        kept.decision.get_or_insert_with(|| decision.clone());
    }
}

async fn cluster(
    clients: &Clients,
    known: &ClusterSettings,
    focus: &Focus,
    deadline: Deadline,
) -> Result<Snapshot, String> {
    let plan = ReadPlan {
        focus: eks::Focus {
            namespaces: focus.namespaces.clone(),
            names: focus.workloads.union(&focus.pods).cloned().collect(),
        },
        time: deadline.cap(ReadPlan::default().time),
        ..ReadPlan::default()
    };
    let connected = tokio::time::timeout(deadline.remaining(), clients.cluster(&known.name)).await;
    let cluster = match connected {
        Err(_) => return Err(format!("connecting to cluster {} took too long", known.name)),
        Ok(Err(error)) => return Err(shared::chain(&error)),
        Ok(Ok(cluster)) => cluster,
    };
    match cluster.read(&plan).await {
        Ok(snapshot) => Ok(snapshot),
        Err(error) => {
            // The endpoint may have moved, or the certificate been renewed.
            clients.forget(&known.name).await;
            Err(error.chain())
        }
    }
}

async fn around_alarm(
    clients: &Clients,
    known: &ClusterSettings,
    alarm: &Alarm,
    focus: &Focus,
    now: Timestamp,
    limit: Duration,
) -> Metrics {
    let query = MetricQuery {
        cluster: known.name.clone(),
        focus: wanted(alarm, focus),
        alarm: alarm.metrics.clone(),
        window: Window::around(alarm.changed_at, now),
        limit,
    };
    let sources = clients.metric_sources(known).await;
    let answers = futures::future::join_all(sources.iter().map(|source| source.read(&query))).await;
    let mut all = Metrics::default();
    for answer in answers {
        all.series.extend(answer.series);
        all.gaps.extend(answer.gaps);
    }
    all
}

/// What metrics are wanted of, by what the alarm names.
fn wanted(alarm: &Alarm, focus: &Focus) -> Vec<metrics::Focus> {
    let mut wanted = Vec::new();
    for namespace in &focus.namespaces {
        wanted.push(metrics::Focus::Namespace(namespace.clone()));
        for name in &focus.workloads {
            wanted.push(metrics::Focus::Workload { namespace: namespace.clone(), name: name.clone() });
        }
    }
    wanted.extend(focus.nodes.iter().cloned().map(metrics::Focus::Node));
    for stat in alarm.metrics.iter().filter_map(|entry| entry.metric_stat.as_ref()) {
        let dimension = |name: &str| stat.metric.dimensions.get(name).cloned();
        if let Some(load_balancer) = dimension("LoadBalancer") {
            let target_group = dimension("TargetGroup").unwrap_or_default();
            wanted.push(metrics::Focus::LoadBalancer { load_balancer, target_group });
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(names: &[&str]) -> Vec<ClusterSettings> {
        let named = |name: &&str| ClusterSettings { name: (*name).to_owned(), ..ClusterSettings::default() };
        names.iter().map(named).collect()
    }

    fn focus(cluster: &str) -> Focus {
        let clusters = Some(cluster.to_owned()).filter(|name| !name.is_empty()).into_iter().collect();
        Focus { clusters, ..Focus::default() }
    }

    #[test]
    fn an_alarm_belongs_to_the_cluster_it_names_or_to_the_only_one() {
        let name = |known: &[ClusterSettings], focus: &Focus| cluster_of(known, focus).map(|found| found.name.clone());
        let (one, two) = (clusters(&["prod"]), clusters(&["prod", "stage"]));
        assert_eq!(name(&one, &focus("")).as_deref(), Some("prod"));
        assert_eq!(name(&two, &focus("stage")).as_deref(), Some("stage"));
        assert_eq!(name(&two, &focus("")), None);
        assert_eq!(name(&one, &focus("other")), None);
    }
}
