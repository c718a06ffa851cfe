//! The actions, and what every one of them can say of itself.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    BlastRadius, Facts, Request, Room,
    actions::{
        AdjustHpa, Cordon, Drain, Isolate, NodePoolLimits, Resize, RestartPod, RestartRollout, RollBack, Scale, Taint,
        Uncordon, Untaint, ZonalShift,
    },
};
use crate::model::ObjectRef;
use crate::zonal::{ResourceArn, ZoneId};

/// A change to a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Evict one pod, so that its controller makes a new one.
    RestartPod(RestartPod),
    /// Roll all pods of a workload anew.
    RestartRollout(RestartRollout),
    /// Give a Deployment the template of an earlier revision.
    RollBack(RollBack),
    /// Change a workload's number of replicas.
    Scale(Scale),
    /// Change an autoscaler's bounds.
    AdjustHpa(AdjustHpa),
    /// Change a running container's requests and limits.
    Resize(Resize),
    /// Keep new pods off a node.
    Cordon(Cordon),
    /// Allow new pods on a node again.
    Uncordon(Uncordon),
    /// Keep new pods off a node and evict those that can move.
    Drain(Drain),
    /// Keep new pods off a node and leave all that is on it as it is, for people to look at.
    Isolate(Isolate),
    /// Put a taint on a node.
    Taint(Taint),
    /// Take a taint off a node.
    Untaint(Untaint),
    /// Change what a Karpenter NodePool may grow to.
    SetNodePoolLimits(NodePoolLimits),
    /// Leave a zone for a while.
    ZonalShift(ZonalShift),
}

/// What every action can say of itself: a pair of do and undo, and what is around it. All of it is pure.
pub(super) trait Pair {
    /// The action's name, in kebab case.
    fn name(&self) -> &'static str;

    /// The object that is changed.
    fn target(&self) -> ObjectRef;

    /// The same in kubectl's words, for people to read and for policies to look through.
    fn command(&self) -> String;

    /// What it would reach.
    fn blast(&self, facts: &Facts) -> BlastRadius;

    /// What is sent to the API, in order; an error names the precondition that does not hold.
    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet>;

    /// What takes it back, by the objects as they are before it.
    fn undo(&self, facts: &Facts) -> Undo;
}

/// The way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// These requests restore what was.
    Requests {
        /// In order.
        requests: Vec<Request>,
        /// The same in kubectl's words.
        command: String,
        /// What they do not restore; empty where they restore all of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        except: String,
    },
    /// There is nothing to restore.
    Nothing {
        /// Why.
        why: String,
    },
}

/// A precondition that does not hold: what is wrong, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// The object is not there.
    #[error("{0} does not exist")]
    Missing(ObjectRef),
    /// Another object of the same name has taken its place.
    #[error("{0} is not the one that was meant: it was made anew")]
    Replaced(ObjectRef),
    /// The object is as the action wants it.
    #[error("{0} is as asked for already")]
    AlreadySo(ObjectRef),
    /// Not for this kind.
    #[error("{kind} cannot be changed so: {why}")]
    WrongKind {
        /// The kind.
        kind: String,
        /// Why.
        why: String,
    },
    /// A pod that no controller would make anew.
    #[error("{0} belongs to no controller and would not come back")]
    Unowned(ObjectRef),
    /// The revision is not kept any more.
    #[error("{object} has no revision {revision} any more")]
    NoRevision {
        /// The Deployment.
        object: ObjectRef,
        /// The revision asked for.
        revision: u64,
    },
    /// The rollout is held.
    #[error("{0} is paused; resume it first")]
    Paused(ObjectRef),
    /// An autoscaler would set the count back.
    #[error("{object} is scaled by HorizontalPodAutoscaler {autoscaler}: raise its minReplicas instead")]
    UnderAutoscaler {
        /// The workload.
        object: ObjectRef,
        /// The autoscaler.
        autoscaler: String,
    },
    /// A number outside what the action may do.
    #[error("{0}")]
    OutOfBounds(String),
    /// Memory is never lowered in place.
    #[error("memory of container {0} is not lowered in place: the kernel would kill it where it uses more")]
    MemoryLowered(String),
    /// The pod's QoS class would change, which the API refuses.
    #[error("the pod's QoS class would change from {from} to {to}, which the API refuses in place")]
    QosChanged {
        /// As it is.
        from: String,
        /// As it would be.
        to: String,
    },
    /// The container is not there.
    #[error("{pod} has no container {container}")]
    NoContainer {
        /// The pod.
        pod: ObjectRef,
        /// The container.
        container: String,
    },
    /// What has to be known is not.
    #[error("{0} could not be read, so nothing is done")]
    Unread(String),
    /// The judgement does not ask for it any more.
    #[error("zone {0} is not to be left any more")]
    NotWanted(ZoneId),
    /// Zonal shift is not enabled.
    #[error("zonal shift is not enabled for {0}; enable it in its EKS or load balancer settings")]
    NotManaged(ResourceArn),
    /// Somebody else has begun a shift.
    #[error("{resource} is shifted away from {zone} already: {by}")]
    ShiftStands {
        /// Of what.
        resource: ResourceArn,
        /// Away from where.
        zone: ZoneId,
        /// What whoever began it wrote.
        by: String,
    },
    /// Something else is on its way, which would be taken for the zone's fault, or be disturbed.
    #[error("{0} is on its way")]
    InFlight(String),
    /// The other zones cannot carry it.
    #[error("the other zones cannot carry it: {} of {} find no place, and nodes may be added for {}", .0.short, .0.wanted, .0.growth())]
    NoRoom(Room),
}

impl Unmet {
    /// What it is, in kebab case.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Replaced(_) => "replaced",
            Self::AlreadySo(_) => "already-so",
            Self::WrongKind { .. } => "wrong-kind",
            Self::Unowned(_) => "unowned",
            Self::NoRevision { .. } => "no-revision",
            Self::Paused(_) => "paused",
            Self::UnderAutoscaler { .. } => "under-autoscaler",
            Self::OutOfBounds(_) => "out-of-bounds",
            Self::MemoryLowered(_) => "memory-lowered",
            Self::QosChanged { .. } => "qos-changed",
            Self::NoContainer { .. } => "no-container",
            Self::Unread(_) => "unread",
            Self::NotWanted(_) => "not-wanted",
            Self::NotManaged(_) => "not-managed",
            Self::ShiftStands { .. } => "shift-stands",
            Self::InFlight(_) => "in-flight",
            Self::NoRoom(_) => "no-room",
        }
    }

    /// Whether it may well hold in a while, so that it is waited for.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::ShiftStands { .. } | Self::InFlight(_) | Self::NoRoom(_))
    }
}

/// The hash of exactly this action on this cluster: what an approval is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionHash(pub String);

impl std::fmt::Display for ActionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Action {
    fn pair(&self) -> &dyn Pair {
        match self {
            Self::RestartPod(pair) => pair,
            Self::RestartRollout(pair) => pair,
            Self::RollBack(pair) => pair,
            Self::Scale(pair) => pair,
            Self::AdjustHpa(pair) => pair,
            Self::Resize(pair) => pair,
            Self::Cordon(pair) => pair,
            Self::Uncordon(pair) => pair,
            Self::Drain(pair) => pair,
            Self::Isolate(pair) => pair,
            Self::Taint(pair) => pair,
            Self::Untaint(pair) => pair,
            Self::SetNodePoolLimits(pair) => pair,
            Self::ZonalShift(pair) => pair,
        }
    }

    /// The action's name, in kebab case: what policies and texts call it.
    pub fn name(&self) -> &'static str {
        self.pair().name()
    }

    /// The object that is changed.
    pub fn target(&self) -> ObjectRef {
        self.pair().target()
    }

    /// The same in kubectl's words.
    pub fn command(&self) -> String {
        self.pair().command()
    }

    /// What it would reach.
    pub fn blast(&self, facts: &Facts) -> BlastRadius {
        self.pair().blast(facts)
    }

    /// What is sent to the API, in order.
    ///
    /// # Errors
    ///
    /// The precondition that does not hold.
    pub fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        self.pair().requests(facts)
    }

    /// What takes it back, by the objects as `facts` have them.
    pub fn undo(&self, facts: &Facts) -> Undo {
        self.pair().undo(facts)
    }

    /// Its hash on this cluster.
    pub fn hash(&self, cluster: &str) -> ActionHash {
        // Fields are written in the order of their declaration, so the text is the same every time.
        let text = serde_json::to_vec(&(cluster, self)).unwrap_or_default();
        ActionHash(hex::encode(Sha256::digest(text)))
    }
}
