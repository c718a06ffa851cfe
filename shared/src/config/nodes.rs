//! Settings of what is done about single nodes: those that are ill, and those that a finding names.

use serde::{Deserialize, Serialize};

use super::mode::Mode;

/// When a node counts as ill, and how many may be tainted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeRules {
    /// How far Nightshift goes by itself.
    pub mode: Mode,
    /// At most so many of a cluster's nodes are tainted at once, in percent; one always may be.
    pub share_percent: u32,
    /// For how long a condition fails before that is a reason.
    pub failing_minutes: u32,
    /// So many changes of a condition within the window are flapping.
    pub flap_changes: u32,
    /// The window in which changes, events and restarts are counted.
    pub window_minutes: u32,
    /// For how long a node is well before its taint is taken off.
    pub well_minutes: u32,
    /// The use of a disk at which kubelet begins to evict, in percent.
    pub disk_percent: u32,
    /// A disk that will be there within so many hours is worth a word; within a quarter of them, a taint.
    pub disk_hours: u32,
}

impl Default for NodeRules {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            share_percent: 10,
            failing_minutes: 5,
            flap_changes: 6,
            window_minutes: 60,
            well_minutes: 30,
            disk_percent: 85,
            disk_hours: 8,
        }
    }
}

/// What is done about findings of GuardDuty.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FindingRules {
    /// Whether the node is isolated by itself; whatever goes further is always asked.
    pub mode: Mode,
    /// Findings below are not told: 1 to 3.9 are low, to 6.9 medium, to 8.9 high, from 9 on critical.
    pub severity: f64,
}

impl Default for FindingRules {
    fn default() -> Self {
        Self { mode: Mode::Ask, severity: 7.0 }
    }
}

impl NodeRules {
    /// What cannot be meant: the field, and what is wrong with it.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let bounds = [
            ("share_percent", self.share_percent, 0, 50),
            ("failing_minutes", self.failing_minutes, 1, 240),
            ("flap_changes", self.flap_changes, 3, 30),
            ("window_minutes", self.window_minutes, 10, 360),
            ("well_minutes", self.well_minutes, 5, 1440),
            ("disk_percent", self.disk_percent, 50, 99),
            ("disk_hours", self.disk_hours, 1, 72),
        ];
        let outside = bounds.into_iter().filter(|(_, is, least, most)| !(*least..=*most).contains(is));
        outside.map(|(name, is, least, most)| (name, format!("is {is}; write {least} to {most}"))).collect()
    }
}

impl FindingRules {
    /// What cannot be meant: the field, and what is wrong with it.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        if (0.0..=10.0).contains(&self.severity) {
            return Vec::new();
        }
        vec![("severity", format!("is {}; write 0 to 10", self.severity))]
    }
}
