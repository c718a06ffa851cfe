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

/// Which of the configured clusters an alarm is about: the one it names, or the only one there is, or else the only one of
/// the account and region that it came from. `own` is the function's region, in which a cluster is that has none set.
pub fn cluster_of<'a>(
    clusters: &'a [ClusterSettings],
    alarm: &Alarm,
    focus: &Focus,
    own: &str,
) -> Option<&'a ClusterSettings> {
    match clusters {
        several if !focus.clusters.is_empty() => several.iter().find(|one| focus.clusters.contains(&one.name)),
        [only] => Some(only),
        several => {
            let is_there = |one: &&ClusterSettings| {
                one.account().is_none_or(|account| account == alarm.account)
                    && one.region.as_deref().unwrap_or(own) == alarm.region
            };
            let mut there: Vec<&ClusterSettings> = several.iter().filter(is_there).collect();
            // Where a cluster's role says its account, that is more than where nothing does.
            if there.iter().any(|one| one.account().is_some()) {
                there.retain(|one| one.account().is_some());
            }
            if let [only] = there[..] { Some(only) } else { None }
        }
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
    let (sources, gaps) = clients.metric_sources(known).await;
    let answers = futures::future::join_all(sources.iter().map(|source| source.read(&query))).await;
    let mut all = Metrics { gaps, ..Metrics::default() };
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

    /// Names of clusters, with region and role where they have one.
    fn elsewhere(name: &str, region: Option<&str>, account: Option<&str>) -> ClusterSettings {
        ClusterSettings {
            name: name.to_owned(),
            region: region.map(str::to_owned),
            role_arn: account.map(|account| format!("arn:aws:iam::{account}:role/reader")),
            ..ClusterSettings::default()
        }
    }

    fn from(account: &str, region: &str) -> Alarm {
        let event = include_str!("../../../events/alarm-metric.json").parse().unwrap();
        let alarm = Alarm::from_event(event).unwrap();
        Alarm { account: account.to_owned(), region: region.to_owned(), ..alarm }
    }

    fn of(known: &[ClusterSettings], alarm: &Alarm, focus: &Focus) -> Option<String> {
        cluster_of(known, alarm, focus, "eu-west-1").map(|found| found.name.clone())
    }

    #[test]
    fn an_alarm_belongs_to_the_cluster_it_names_or_to_the_only_one() {
        let alarm = from("111122223333", "eu-west-1");
        let name = |known: &[ClusterSettings], named| of(known, &alarm, &focus(named));
        let (one, two) = (clusters(&["prod"]), clusters(&["prod", "stage"]));
        assert_eq!(name(&one, "").as_deref(), Some("prod"));
        assert_eq!(name(&two, "stage").as_deref(), Some("stage"));
        assert_eq!(name(&two, ""), None);
        assert_eq!(name(&one, "other"), None);
    }

    #[test]
    fn an_alarm_that_names_no_cluster_belongs_to_the_only_one_of_its_account_and_region() {
        let known = [
            elsewhere("own", None, None),
            elsewhere("far", Some("us-east-1"), None),
            elsewhere("theirs", None, Some("444455556666")),
            elsewhere("theirs-far", Some("us-east-1"), Some("444455556666")),
        ];
        for (account, region, expected) in [
            ("111122223333", "eu-west-1", Some("own")),
            ("111122223333", "us-east-1", Some("far")),
            ("444455556666", "eu-west-1", Some("theirs")),
            ("444455556666", "us-east-1", Some("theirs-far")),
            ("444455556666", "us-west-2", None),
            ("", "", None),
        ] {
            let found = of(&known, &from(account, region), &focus(""));
            assert_eq!(found.as_deref(), expected, "{account} {region}");
        }
    }
}
