//! All reading: nodes, their events, the restarts of pods, and now and then their disks.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::{ReadPlan, Survey};
use shared::metrics::{AlarmMetric, AlarmMetricRef, AlarmMetricStat, CloudWatch, MetricQuery, MetricSource, Window};
use shared::model::{Event, Node, Object, Pod};
use shared::redact::redact;

use super::decide::{Look, NodeEvent, NodeLook, NodeName, Tally, kind_of};
use super::state::Kept;
use crate::{App, RunError};

/// What is kept of the minute for saying and proposing.
const RESERVE: Duration = Duration::from_secs(8);
/// The longest time for disks: they are detail.
const DISKS: Duration = Duration::from_secs(4);
/// How often disks are read: each is a metric that is paid for.
const DISKS_EVERY: SignedDuration = SignedDuration::from_mins(30);
/// How far back.
const DISKS_HOURS: i64 = 6;
/// Nodes whose disks are read.
const MOST_DISKS: usize = 400;
/// Events that are kept of a look; more say nothing new.
const MOST_EVENTS: usize = 2000;

/// Reads the nodes of a cluster and what happens on them; with the nodes as the API lists them.
pub(super) async fn look(
    app: &App,
    cluster: &ClusterSettings,
    kept: &mut Kept,
    at: Timestamp,
    deadline: Deadline,
) -> Result<(Look, Vec<Node>), RunError> {
    let time = deadline.before(RESERVE.min(deadline.remaining() / 2));
    let plan = ReadPlan { time: time.cap(ReadPlan::default().time), ..ReadPlan::default() };
    let connected = app.clients.cluster(&cluster.name).await?;
    let survey = connected.survey(&plan);
    let nodes = match survey.fold(None, |nodes: &mut Vec<Node>, node: Node| nodes.push(node)).await {
        Ok(nodes) => nodes,
        Err((_, error)) => {
            app.clients.forget(&cluster.name).await;
            return Err(error.into());
        }
    };
    let window = SignedDuration::from_mins(app.clients.settings().structure.nodes.window_minutes.into());
    let (events, restarts) = futures::join!(events(&survey, at, window), restarts(&survey, at, window));
    let mut looks: Vec<NodeLook> = nodes.iter().cloned().map(NodeLook::of).collect();
    if kept.disks_at.is_none_or(|read| at.duration_since(read) >= DISKS_EVERY) {
        kept.disks_at = Some(at);
        let mut disks = disks(app, cluster, &nodes, at, time.cap(DISKS)).await;
        for look in &mut looks {
            look.disk = disks.remove(&look.name).unwrap_or_default();
        }
    }
    Ok((Look { at, nodes: looks, events, restarts }, nodes))
}

/// Events of nodes that count; `None` where they could not be read.
async fn events(survey: &Survey<'_>, at: Timestamp, window: SignedDuration) -> Option<Vec<NodeEvent>> {
    let of_nodes = [("fieldSelector", "involvedObject.kind=Node")];
    let found = survey.fold_where(None, &of_nodes, |events: &mut Vec<NodeEvent>, event: Event| {
        let fits = event.involved_object.kind == "Node" && events.len() < MOST_EVENTS;
        let Some(kind) = kind_of(&event.reason).filter(|_| fits) else { return };
        let (Some(first), Some(last)) = (event.first_seen(), event.last_seen()) else { return };
        if at.duration_since(last) < window {
            events.push(NodeEvent {
                id: format!("{}/{}", event.namespace(), event.name()),
                node: NodeName(event.involved_object.name.clone()),
                kind,
                reason: redact(&event.reason).into_owned(),
                times: u32::try_from(event.times()).unwrap_or(1),
                first,
                last,
            });
        }
    });
    found.await.map_err(|(_, error)| tracing::warn!(%error, "events of nodes are left out")).ok()
}

/// By workload and node: pods, and how many of them restarted within the window.
type Counts = BTreeMap<(String, String), (u32, u32)>;

/// Restarts of workloads of which a pod has restarted; `None` where pods could not be read.
async fn restarts(survey: &Survey<'_>, at: Timestamp, window: SignedDuration) -> Option<Vec<Tally>> {
    let counted = survey.fold(None, |counts: &mut Counts, pod: Pod| {
        let Some(owner) = pod.metadata.controller().filter(|_| !pod.spec.node_name.is_empty()) else { return };
        let workload = format!("{}/{}/{}", pod.namespace(), owner.kind, owner.name);
        let (pods, restarted) = counts.entry((workload, pod.spec.node_name.clone())).or_default();
        *pods += 1;
        *restarted += u32::from(has_restarted(&pod, at, window));
    });
    let counts = counted.await.map_err(|(_, error)| tracing::warn!(%error, "restarts are left out")).ok()?;
    let restless: std::collections::BTreeSet<String> =
        counts.iter().filter(|(_, (_, restarted))| *restarted > 0).map(|((workload, _), _)| workload.clone()).collect();
    let tallies = counts.into_iter().filter(|((workload, _), _)| restless.contains(workload));
    Some(
        tallies
            .map(|((workload, node), (pods, restarted))| Tally { workload, node: NodeName(node), pods, restarted })
            .collect(),
    )
}

fn has_restarted(pod: &Pod, at: Timestamp, window: SignedDuration) -> bool {
    let ended = |at_end: Option<Timestamp>| at_end.is_some_and(|end| at.duration_since(end) < window);
    pod.status.container_statuses.iter().any(|status| {
        let before = status.last_state.terminated.as_ref();
        status.restart_count > 0 && before.is_some_and(|before| ended(before.finished_at))
    })
}

/// The use of disks over some hours, by Container Insights. None where it is not switched on.
async fn disks(
    app: &App,
    cluster: &ClusterSettings,
    nodes: &[Node],
    at: Timestamp,
    limit: Duration,
) -> BTreeMap<NodeName, Vec<(Timestamp, f64)>> {
    let metric = |node: &Node| {
        let instance = super::finding::instance_of(node)?;
        let dimensions = [("ClusterName", cluster.name.as_str()), ("InstanceId", instance), ("NodeName", node.name())];
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let metric = AlarmMetricRef {
            namespace: "ContainerInsights".to_owned(),
            name: "node_filesystem_utilization".to_owned(),
            dimensions,
        };
        let metric_stat = AlarmMetricStat { metric, period: 300, stat: "Maximum".to_owned(), unit: String::new() };
        let label = node.name().to_owned();
        Some(AlarmMetric { metric_stat: Some(metric_stat), label, return_data: true, ..AlarmMetric::default() })
    };
    let alarm: Vec<AlarmMetric> = nodes.iter().take(MOST_DISKS).filter_map(metric).collect();
    if alarm.is_empty() {
        return BTreeMap::new();
    }
    let window = Window { start: at - DISKS_HOURS.hours(), end: at };
    let query = MetricQuery { cluster: cluster.name.clone(), focus: Vec::new(), alarm, window, limit };
    let aws = match app.clients.aws_of(cluster).await {
        Ok(aws) => aws,
        Err(error) => {
            tracing::warn!(cluster = cluster.name, %error, "disks are left out");
            return BTreeMap::new();
        }
    };
    let answer = CloudWatch::new(&aws).read(&query).await;
    for gap in &answer.gaps {
        tracing::info!(cluster = cluster.name, ?gap, "disks are left out");
    }
    let named = |series: shared::snapshot::Series| {
        let by_dimension = series.name.split([' ', ',']).find_map(|part| part.strip_prefix("NodeName="));
        let name = by_dimension.map_or_else(|| series.metric.clone(), str::to_owned);
        (NodeName(name), series.points)
    };
    answer.series.into_iter().map(named).collect()
}
