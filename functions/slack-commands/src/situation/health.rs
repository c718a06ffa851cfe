//! How a cluster is, in counts and the names of what is in trouble.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Known;

/// How a cluster is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Its nodes.
    pub nodes: Known<Nodes>,
    /// What they use.
    pub usage: Known<Usage>,
    /// Its pods.
    pub pods: Known<Pods>,
    /// Disk and network of its nodes.
    pub rates: Known<Rates>,
    /// What is alarming.
    pub alarms: Known<Alarms>,
}

/// Nodes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Nodes {
    /// How many are ready.
    pub ready: usize,
    /// How many are not.
    pub not_ready: usize,
    /// Some of those, with what the kubelet says.
    pub troubled: Vec<Troubled>,
    /// How many take no further pods.
    pub cordoned: usize,
    /// Cores that pods may use.
    pub cpu_cores: f64,
    /// Bytes that pods may use.
    pub memory_bytes: f64,
}

/// What all nodes use together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Nodes that were measured.
    pub nodes: usize,
    /// Cores.
    pub cpu_cores: f64,
    /// Bytes.
    pub memory_bytes: f64,
}

/// Pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Pods {
    /// Running, or as good as.
    pub running: usize,
    /// Not started yet.
    pub pending: usize,
    /// Failing.
    pub error: usize,
    /// Ended well.
    pub completed: usize,
    /// Some of those pending or failing.
    pub troubled: Vec<Troubled>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Troubled {
    /// Its name; with the namespace where it has one.
    pub name: String,
    /// What is the matter, in Kubernetes' word.
    pub why: String,
    /// Whether it is failing, not only late.
    pub failing: bool,
}

/// Megabytes a second, over all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rates {
    /// Read from disks.
    pub disk_read: Option<f64>,
    /// Written to disks.
    pub disk_written: Option<f64>,
    /// Received from the network.
    pub received: Option<f64>,
    /// Sent to the network.
    pub transmitted: Option<f64>,
}

/// Active alarms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alarms {
    /// How many there are.
    pub count: usize,
    /// The latest of them, the latest first.
    pub latest: Vec<ActiveAlarm>,
}

/// An active alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveAlarm {
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why, as its source says.
    pub reason: String,
}
