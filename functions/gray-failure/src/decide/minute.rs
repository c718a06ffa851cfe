//! What is known of one minute: a sample a zone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::zonal::ZoneId;

/// One minute of all zones. A zone that is absent was not heard of in that minute, which is not health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Minute {
    /// When the minute began.
    pub at: Timestamp,
    /// What each zone did.
    pub zones: BTreeMap<ZoneId, Sample>,
}

/// What one zone did in one minute.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Requests that the zone's targets answered or should have.
    pub requests: f64,
    /// Those of them that failed by the server's fault.
    pub faults: f64,
    /// A quantile or the mean of their latency: which does not matter, as long as it is the same always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// How many instances (targets, pods) that was; with one, a sick instance cannot be told from a sick zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<f64>,
    /// The same by workload, where it is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workloads: BTreeMap<String, Tally>,
    /// Probes from outside the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Tally>,
    /// Packets of its nodes, and those sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets: Option<Tally>,
    /// Whether AWS says of this zone that it is impaired (AutoShift observer notification).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named_by_aws: bool,
}

/// Tries, and those that failed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// All.
    pub tried: f64,
    /// Those that failed.
    pub failed: f64,
}

impl Tally {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { tried: self.tried + other.tried, failed: self.failed + other.failed }
    }
}
