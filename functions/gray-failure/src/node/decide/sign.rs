//! What ails a node: one reason, with its numbers.

use serde::{Deserialize, Serialize};

use super::{EventKind, Filling};

/// How much a sign says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Worth a word.
    Weak,
    /// Reason enough.
    Strong,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "sign", rename_all = "kebab-case")]
pub enum Sign {
    /// A condition fails.
    Failing {
        /// Which.
        condition: String,
        /// The reason it gives.
        reason: String,
        /// For how many minutes.
        minutes: u32,
        /// Whether Kubernetes keeps pods off by a taint of its own.
        kept_off: bool,
        /// How much that says.
        strength: Strength,
    },
    /// A condition comes and goes.
    Flapping {
        /// Which.
        condition: String,
        /// How often it changed.
        changes: u32,
        /// Within so many minutes.
        within_minutes: u32,
        /// How much that says.
        strength: Strength,
    },
    /// Something happened on the node, again and again.
    Events {
        /// What.
        kind: EventKind,
        /// The reason of the last, as the cluster writes it.
        reason: String,
        /// How often.
        times: u32,
        /// Within so many minutes.
        within_minutes: u32,
        /// How much that says.
        strength: Strength,
    },
    /// Its disk will be full.
    DiskFilling {
        /// The line.
        #[serde(flatten)]
        filling: Filling,
        /// How much that says.
        strength: Strength,
    },
    /// Pods restart here that do not elsewhere.
    Restarts {
        /// Pods that restarted here.
        here: u32,
        /// Pods that were expected to, by how those of the same workloads fare elsewhere.
        expected: f64,
        /// Of how many workloads.
        workloads: u32,
        /// How likely so many are by chance.
        chance: f64,
        /// How much that says.
        strength: Strength,
    },
}

impl Sign {
    /// How much it says.
    pub const fn strength(&self) -> Strength {
        match self {
            Self::Failing { strength, .. }
            | Self::Flapping { strength, .. }
            | Self::Events { strength, .. }
            | Self::DiskFilling { strength, .. }
            | Self::Restarts { strength, .. } => *strength,
        }
    }

    /// What tells it from signs of other kinds, and is the same on another node.
    pub fn kind(&self) -> String {
        match self {
            Self::Failing { condition, .. } => format!("failing {condition}"),
            Self::Flapping { condition, .. } => format!("flapping {condition}"),
            Self::Events { kind, .. } => format!("events {}", kind.name()),
            Self::DiskFilling { .. } => "disk".to_owned(),
            Self::Restarts { .. } => "restarts".to_owned(),
        }
    }

    /// The taint's value: what a person who lists nodes reads.
    pub fn value(&self) -> String {
        match self {
            Self::Failing { condition, .. } => format!("failing-{condition}"),
            Self::Flapping { condition, .. } => format!("flapping-{condition}"),
            Self::Events { kind, .. } => kind.name().to_owned(),
            Self::DiskFilling { .. } => "disk-filling".to_owned(),
            Self::Restarts { .. } => "restarts".to_owned(),
        }
    }

    /// Whether Kubernetes does about it what a taint would do.
    pub const fn is_kept_off(&self) -> bool {
        matches!(self, Self::Failing { kept_off: true, .. })
    }

    /// How sure it is that the node is ill, 0 to 1.
    pub const fn confidence(&self) -> f64 {
        match self {
            Self::Failing { .. } | Self::Flapping { .. } => 0.95,
            Self::Events { .. } | Self::Restarts { .. } => 0.9,
            Self::DiskFilling { .. } => 0.85,
        }
    }
}
