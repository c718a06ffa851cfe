//! What was read of a cluster's nodes in one minute.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::model::{Condition, Node, Taint};
use shared::remediation::{ISOLATED, UNHEALTHY};

use super::EventKind;

/// A node's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeName(pub String);

impl std::fmt::Display for NodeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One look at all nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// The nodes.
    pub nodes: Vec<NodeLook>,
    /// Events of nodes that count; absent where they could not be read.
    pub events: Option<Vec<NodeEvent>>,
    /// Restarts of workloads of which a pod has restarted lately; absent where pods could not be read.
    pub restarts: Option<Vec<Tally>>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeLook {
    /// Its name.
    pub name: NodeName,
    /// Its identity.
    pub uid: String,
    /// Its zone; empty where it carries none.
    pub zone: String,
    /// The NodePool or node group it belongs to; empty where it carries none.
    pub pool: String,
    /// When it joined.
    pub created_at: Option<Timestamp>,
    /// What it and its agents say of it.
    pub conditions: Vec<Condition>,
    /// Whether our taint is on it.
    pub tainted: bool,
    /// Whether new pods may be placed there, as far as taints and cordoning go.
    pub takes_pods: bool,
    /// Who else has taken it in hand.
    pub hands: Option<Hands>,
    /// Use of its disk in percent, oldest first; empty where it is not measured or was not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disk: Vec<(Timestamp, f64)>,
}

/// Who has taken a node in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hands {
    /// It is being deleted.
    Deleted,
    /// Karpenter is replacing it.
    Karpenter,
    /// The cluster autoscaler is removing it.
    Autoscaler,
    /// The termination handler, or EKS, is draining it.
    Termination,
    /// It was isolated because of a finding.
    Isolated,
    /// Somebody cordoned it.
    Cordoned,
}

/// An event of a node that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeEvent {
    /// The event's identity: its count goes on growing.
    pub id: String,
    /// The node.
    pub node: NodeName,
    /// What kind of trouble.
    pub kind: EventKind,
    /// Its reason, as the cluster writes it.
    pub reason: String,
    /// How often, since the first.
    pub times: u32,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// A workload's pods on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// `namespace/Kind/name`.
    pub workload: String,
    /// The node.
    pub node: NodeName,
    /// Its pods there.
    pub pods: u32,
    /// Those of which a container has restarted within the window.
    pub restarted: u32,
}

/// Taints by which others say that they have taken a node in hand.
const TAKEN: [(&str, Hands); 8] = [
    ("karpenter.sh/disrupted", Hands::Karpenter),
    ("karpenter.sh/disruption", Hands::Karpenter),
    ("ToBeDeletedByClusterAutoscaler", Hands::Autoscaler),
    ("DeletionCandidateOfClusterAutoscaler", Hands::Autoscaler),
    ("aws-node-termination-handler/", Hands::Termination),
    ("node.kubernetes.io/out-of-service", Hands::Termination),
    ("eks.amazonaws.com/", Hands::Termination),
    (ISOLATED, Hands::Isolated),
];

/// Who has taken a node in hand, if anybody.
pub fn hands_of(node: &Node) -> Option<Hands> {
    if node.metadata.deletion_timestamp.is_some() {
        return Some(Hands::Deleted);
    }
    let by_taint = node.spec.taints.iter().find_map(|taint| {
        let fits = |(key, _): &&(&str, Hands)| taint.key == *key || (key.ends_with('/') && taint.key.starts_with(key));
        TAKEN.iter().find(fits).map(|(_, hands)| *hands)
    });
    // EKS' repair and managed node groups cordon before they replace; so do people before they look.
    by_taint.or(node.spec.unschedulable.then_some(Hands::Cordoned))
}

/// Labels that say which pool a node belongs to.
const POOL: [&str; 4] = [
    "karpenter.sh/nodepool",
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "node.kubernetes.io/instancegroup",
];

impl NodeLook {
    /// What matters of a node as the API lists it.
    pub fn of(node: Node) -> Self {
        let label = |name: &str| node.metadata.labels.get(name).cloned();
        let keeps_off = |taint: &Taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute");
        // What a pool's nodes are dedicated by is no sign that they take no pods: only passing taints are.
        let passing = |taint: &Taint| {
            taint.key == UNHEALTHY
                || taint.key.starts_with("node.kubernetes.io/")
                || taint.key.starts_with("node.cloudprovider")
        };
        let hands = hands_of(&node);
        let is_ready =
            node.status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
        let kept_off = node.spec.taints.iter().any(|taint| keeps_off(taint) && passing(taint));
        Self {
            zone: label("topology.kubernetes.io/zone").unwrap_or_default(),
            pool: POOL.iter().find_map(|name| label(name)).unwrap_or_default(),
            created_at: node.metadata.creation_timestamp,
            tainted: node.spec.taints.iter().any(|taint| taint.key == UNHEALTHY),
            takes_pods: is_ready && hands.is_none() && !kept_off,
            hands,
            conditions: node.status.conditions,
            disk: Vec::new(),
            uid: node.metadata.uid,
            name: NodeName(node.metadata.name),
        }
    }
}
