//! How a cluster is: nodes, pods, use, disk and network, alarms, all read at the same time.

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::eks::ReadError;
use shared::model::{Node, Object, Pod};

use super::pods::{Condition, condition};
use super::{alarms, connected, known, plan, rates};
use crate::clients::Clients;
use crate::situation::{Health, Known, Nodes, Pods, Reading, Troubled, Usage};

/// Named at most, of each kind.
const NAMED: usize = 40;

pub(super) async fn read(clients: &Clients, of: &ClusterSettings, now: Timestamp, deadline: Deadline) -> Reading {
    let (cluster, rates, alarms) = futures::join!(
        cluster(clients, of, deadline),
        rates::read(clients, of, now, deadline),
        alarms::read(clients, of, now, deadline),
    );
    match cluster {
        Ok((nodes, usage, pods)) => Reading::Health(Box::new(Health { nodes, usage, pods, rates, alarms })),
        Err(reason) => Reading::Unreachable { reason },
    }
}

type OfCluster = (Known<Nodes>, Known<Usage>, Known<Pods>);

async fn cluster(clients: &Clients, of: &ClusterSettings, deadline: Deadline) -> Result<OfCluster, String> {
    let cluster = connected(clients, of, deadline).await?;
    let plan = plan(deadline);
    let survey = cluster.survey(&plan);
    let (nodes, pods, usage) =
        futures::join!(survey.fold(None, add_node), survey.fold(None, add_pod), survey.node_usage());
    if let Some(error) = [nodes.as_ref().err().map(|(_, error)| error), pods.as_ref().err().map(|(_, error)| error)]
        .into_iter()
        .flatten()
        .find(|error| error.is_total())
    {
        // The endpoint may have moved, or the certificate been renewed.
        clients.forget(&of.name).await;
        return Err(error.chain());
    }
    let usage = match usage {
        Ok(series) => {
            let sum = |metric: &str| {
                series
                    .iter()
                    .filter(|one| one.metric == metric)
                    .filter_map(|one| one.points.last())
                    .map(|(_, v)| v)
                    .sum()
            };
            let nodes = series.iter().filter(|one| one.metric == "cpu").count();
            Known::Whole(Usage { nodes, cpu_cores: sum("cpu"), memory_bytes: sum("mem") })
        }
        Err(error @ ReadError::NotFound { .. }) => Known::Missing(format!("{}; install metrics-server", error.chain())),
        Err(error) => Known::Missing(error.chain()),
    };
    let nodes = known(nodes, |nodes: &Nodes| nodes.ready + nodes.not_ready == 0);
    let pods = known(pods, |pods: &Pods| pods.running + pods.pending + pods.error + pods.completed == 0);
    Ok((nodes, usage, pods))
}

fn add_node(all: &mut Nodes, node: Node) {
    let ready = node.status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let amount =
        |resource: &str| node.status.allocatable.get(resource).and_then(|amount| amount.value()).unwrap_or(0.0);
    all.cpu_cores += amount("cpu");
    all.memory_bytes += amount("memory");
    all.cordoned += usize::from(node.spec.unschedulable);
    if ready.is_some_and(|condition| condition.status == "True") {
        all.ready += 1;
        return;
    }
    all.not_ready += 1;
    let why = ready.map(|condition| condition.reason.clone()).filter(|reason| !reason.is_empty());
    let why = why.unwrap_or_else(|| "NotReady".to_owned());
    keep(&mut all.troubled, Troubled { name: node.name().to_owned(), why, failing: true });
}

fn add_pod(all: &mut Pods, pod: Pod) {
    let (condition, why) = condition(&pod);
    let failing = match condition {
        Condition::Running => return all.running += 1,
        Condition::Completed => return all.completed += 1,
        Condition::Pending => {
            all.pending += 1;
            false
        }
        Condition::Error => {
            all.error += 1;
            true
        }
    };
    let name = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
    keep(&mut all.troubled, Troubled { name, why, failing });
}

/// Keeps some, those that fail before those that are late.
fn keep(kept: &mut Vec<Troubled>, one: Troubled) {
    if kept.len() < NAMED {
        kept.push(one);
    } else if one.failing
        && let Some(late) = kept.iter_mut().find(|kept| !kept.failing)
    {
        *late = one;
    }
}
