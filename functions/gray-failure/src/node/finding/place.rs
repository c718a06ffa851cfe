//! Where a finding is: the cluster, and the node behind its instance or its pod.

use serde::{Deserialize, Serialize};
use shared::deadline::Deadline;
use shared::eks::ReadPlan;
use shared::model::{Node, Object, Pod};
use shared::remediation::ISOLATED;

use super::Finding;
use crate::App;

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// On a node of ours.
    Node {
        /// The cluster.
        cluster: String,
        /// The node.
        node: String,
        /// Its identity.
        uid: String,
        /// Whether it is isolated already.
        isolated: bool,
    },
    /// In a cluster of ours, on no node that is there now, or on none that it names.
    Cluster {
        /// The cluster.
        cluster: String,
    },
    /// Nowhere in the configured clusters.
    Elsewhere,
    /// A cluster could not be read; it is looked for again.
    Unread {
        /// The cluster.
        cluster: String,
        /// Why.
        why: String,
    },
}

impl Place {
    /// The cluster, where it is one of ours.
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Self::Node { cluster, .. } | Self::Cluster { cluster } | Self::Unread { cluster, .. } => Some(cluster),
            Self::Elsewhere => None,
        }
    }
}

/// The instance behind a node: `aws:///us-east-1a/i-…`.
pub(in crate::node) fn instance_of(node: &Node) -> Option<&str> {
    let id = node.spec.provider_id.strip_prefix("aws://")?.rsplit('/').next()?;
    id.starts_with("i-").then_some(id)
}

/// Looks for a finding in the cluster it names, or else in all.
pub(super) async fn find(app: &App, finding: &Finding, deadline: Deadline) -> Place {
    let clusters = &app.clients.settings().clusters;
    let names = || finding.cluster.iter().chain(&finding.tagged);
    let named: Vec<&str> =
        clusters.iter().map(|known| known.name.as_str()).filter(|known| names().any(|name| name == known)).collect();
    let is_named = !named.is_empty();
    let candidates = match (is_named, names().next(), &finding.instance) {
        (true, ..) => named,
        // It names a cluster that is none of ours; an instance may still be one of our nodes.
        (false, _, Some(_)) => clusters.iter().map(|known| known.name.as_str()).collect(),
        (false, _, None) => return Place::Elsewhere,
    };
    let mut unread = None;
    for cluster in &candidates {
        match node_in(app, cluster, finding, deadline).await {
            Ok(Some(node)) => {
                let isolated = node.spec.taints.iter().any(|taint| taint.key == ISOLATED);
                let (node, uid) = (node.metadata.name, node.metadata.uid);
                return Place::Node { cluster: (*cluster).to_owned(), node, uid, isolated };
            }
            Ok(None) => {}
            Err(why) => unread = Some(Place::Unread { cluster: (*cluster).to_owned(), why }),
        }
    }
    match (unread, candidates.first().filter(|_| is_named)) {
        (Some(unread), _) => unread,
        (None, Some(cluster)) => Place::Cluster { cluster: (*cluster).to_owned() },
        (None, None) => Place::Elsewhere,
    }
}

/// The finding's node in a cluster; an error is in words.
async fn node_in(app: &App, cluster: &str, finding: &Finding, deadline: Deadline) -> Result<Option<Node>, String> {
    let connected = app.clients.cluster(cluster).await.map_err(|error| error.to_string())?;
    let plan = ReadPlan { time: deadline.cap(ReadPlan::default().time), ..ReadPlan::default() };
    let survey = connected.survey(&plan);
    let mut wanted_name = None;
    if let (None, Some((namespace, pod))) = (&finding.instance, &finding.pod) {
        let pod = survey.named::<Pod>(namespace, pod).await.map_err(|error| error.to_string())?;
        wanted_name = pod.map(|pod| pod.spec.node_name).filter(|name| !name.is_empty());
    }
    if finding.instance.is_none() && wanted_name.is_none() {
        return Ok(None);
    }
    let found = survey.fold(None, |found: &mut Option<Node>, node: Node| {
        let by_instance = finding.instance.as_deref().is_some_and(|wanted| instance_of(&node) == Some(wanted));
        if by_instance || wanted_name.as_deref() == Some(node.name()) {
            *found = Some(node);
        }
    });
    match found.await {
        Ok(found) => Ok(found),
        Err((_, error)) => {
            app.clients.forget(cluster).await;
            Err(error.to_string())
        }
    }
}
