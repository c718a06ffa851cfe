//! Whether a node is ill, and what to do about it: pure.
//!
//! # What is asked
//!
//! Kubernetes keeps pods off a node that says of itself that it is not ready, or short of memory, disk or processes: it puts
//! taints of its own on it. It does nothing about a node that is well in this moment and was not a minute ago, about one
//! whose kernel, network, storage or container runtime is reported broken by an agent, or about one that will be full in an
//! hour. Those are what is looked for here; the answer is a taint of our own, which keeps new pods off and evicts none, and
//! its removal.
//!
//! # What counts
//!
//! 1. *A condition that fails* ([`conditions`]) for [`NodeRules::failing_minutes`]. Those of the EKS node monitoring agent
//!    (`KernelReady`, `NetworkingReady`, `StorageReady`, `ContainerRuntimeReady`, `AcceleratedHardwareReady`) and of the node
//!    problem detector are reasons for a taint. Kubernetes' own are said and not tainted a second time.
//! 2. *A condition that flaps*: [`NodeRules::flap_changes`] changes within [`NodeRules::window_minutes`]. Every condition
//!    counts here, Kubernetes' own above all: its taints come and go with them. A change that lies between two looks is seen
//!    by the time of the condition's last transition.
//! 3. *Events* ([`events`]): hung tasks and kernel bugs, the system out of memory, reboots, restarts of kubelet and container
//!    runtime, by how often within [`NodeRules::window_minutes`]. The API server keeps a count since the first; only what it
//!    grew by is counted.
//! 4. *The disk is filling* ([`disk`]): a robust line through its use says when the eviction threshold is reached.
//! 5. *Restarts* ([`restarts`]) that are concentrated on the node: compared with the pods of the same workloads on other
//!    nodes, so that a bad rollout, which restarts everywhere, is no reason.
//!
//! Each is strong (reason enough) or weak (worth a word). Two weak ones of different kinds are reason enough together.
//!
//! # What holds a taint back ([`bounds`])
//!
//! - The node is in other hands: Karpenter is replacing it, an autoscaler, EKS' repair or a person has cordoned it, it is
//!   being deleted. Nothing at all is said of it.
//! - The same ails many nodes at once. Then it is not the nodes: one statement says what it is, and of how many.
//! - [`NodeRules::share_percent`] of the nodes would be passed, or the node is the last of its pool or zone that takes pods.
//!   This is said, with what holds it back.
//!
//! # The course of a case
//!
//! `watch` once for each kind of reason; `taint` once; `untaint` when nothing has ailed the node for
//! [`NodeRules::well_minutes`], or `clear` where nothing was tainted. Whoever falls ill again within a day has to be well for
//! twice as long the next time, up to eight times: that is the hysteresis. A taint of ours that is there while nobody
//! remembers why (it is known by its key) is taken off by the same rule. One that was taken off by hand is not put back
//! before the node has been well. What nobody agreed to is said once more after [`AGAIN`], while it stands.
//!
//! # What is assumed
//!
//! - A look a minute. Fewer looks see fewer changes, never more.
//! - Nodes younger than [`YOUNG`] are still coming up: they are not looked at.
//! - What could not be read (events, pods, the disk's use) is no sign of health: a node is called well only by a look at its
//!   conditions and its events.

mod bounds;
mod conditions;
mod disk;
mod episode;
mod events;
mod look;
mod memory;
mod restarts;
mod sign;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::config::NodeRules;

pub use bounds::Held;
pub use disk::Filling;
pub use events::{EventKind, kind_of};
pub use look::{Hands, Look, NodeEvent, NodeLook, NodeName, Tally, hands_of};
pub use memory::Memory;
pub use sign::{Sign, Strength};

/// The version of the stored forms of this module.
pub const VERSION: u32 = 1;

/// Younger nodes are still coming up.
pub const YOUNG: SignedDuration = SignedDuration::from_mins(10);

/// When what nobody agreed to is said once more.
pub const AGAIN: SignedDuration = SignedDuration::from_hours(6);

/// All that is known when a decision is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What was carried over.
    pub memory: Memory,
    /// What was read.
    pub look: Look,
    /// The settings.
    pub rules: NodeRules,
}

/// What to say and do, and what to carry over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What to say and do, in order.
    pub statements: Vec<Statement>,
    /// What to carry over.
    pub memory: Memory,
}

/// Something to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// When.
    pub timestamp: Timestamp,
    /// When that began which it belongs to: with the nodes it tells one case from another.
    pub since: Timestamp,
    /// Of whom.
    pub about: About,
    /// What to do.
    pub decision: Call,
    /// Why, with the numbers; the strongest first. Empty where the reason is that there is none any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
    /// What holds more back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// How often the same was said before, because nobody agreed to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub again: u32,
    /// For how many minutes the node has been well.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub well_minutes: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Of whom something is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// One node.
    Node {
        /// Its name.
        name: NodeName,
        /// Its identity: another of the same name is another node.
        uid: String,
    },
    /// Many nodes, which the same ails.
    Many {
        /// Their names.
        names: Vec<NodeName>,
        /// Of how many.
        of: usize,
    },
}

/// What to do about a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Say it.
    Watch,
    /// Keep new pods off it.
    Taint,
    /// Allow new pods again.
    Untaint,
    /// It is over, and nothing is tainted.
    Clear,
    /// The node is no more.
    Gone,
}

/// Decides.
pub fn decide(situation: &Situation) -> Decision {
    let mut memory = situation.memory.clone();
    let statements = memory.step(&situation.look, &situation.rules);
    Decision { version: VERSION, statements, memory }
}
