//! An alert of Alertmanager or Grafana: one of a notification's group.
//!
//! Fields are those of Alertmanager's webhook (<https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>);
//! Grafana's unified alerting sends the same and some more
//! (<https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::EventId;

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity: of sender, fingerprint, status and the times of this firing. A notification that is repeated while
    /// nothing has changed carries the same.
    pub id: EventId,
    /// Who sent it.
    pub sender: AlertSender,
    /// What it says.
    pub status: AlertStatus,
    /// The alert's identity over all its firings: a hash of its labels.
    pub fingerprint: String,
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// What people wrote about it: `summary`, `description`, `runbook_url` …
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it was over; only of a resolved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The expression or rule that made it.
    #[serde(default)]
    pub generator_url: String,
    /// The sender's own address.
    #[serde(default)]
    pub external_url: String,
    /// The group it was sent in.
    #[serde(default)]
    pub group_key: String,
    /// The receiver or contact point it was sent to.
    #[serde(default)]
    pub receiver: String,
    /// Measured values by name, where Grafana sends them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, f64>,
    /// When intake received it.
    pub received_at: Timestamp,
}

/// Who sends alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSender {
    /// Prometheus' Alertmanager.
    Alertmanager,
    /// Grafana's unified alerting.
    Grafana,
}

/// What an alert says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

impl Alert {
    /// Its `detail-type`.
    pub const DETAIL_TYPE: &'static str = "Alert";

    /// The alert's name.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", String::as_str)
    }
}

impl AlertSender {
    /// As in the event: `alertmanager` or `grafana`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
        }
    }
}

impl AlertStatus {
    /// As in the event: `firing` or `resolved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}
