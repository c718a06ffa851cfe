//! An alert of Alertmanager or Grafana as an [`Alarm`]: from here on it takes the way of CloudWatch's.
//!
//! Its labels say what it is about, as an alarm's dimensions do; its fingerprint is its identity over all its firings. Labels
//! are those that kube-prometheus, cAdvisor, Istio and Grafana give
//! (<https://runbooks.prometheus-operator.dev/>, <https://github.com/kubernetes-monitoring/kubernetes-mixin>).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::bus::{Alert, AlertSender, AlertStatus};

use super::alarm::{Alarm, AlarmKind, AlarmState};

/// What an alert says beyond what every alarm says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDetails {
    /// Who sent it.
    pub sender: AlertSender,
    /// How much it matters, by its label.
    pub severity: Option<Severity>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Where the rule that made it is seen; empty where unknown.
    pub link: String,
    /// What to do about it, as its author wrote down; empty where they did not.
    pub runbook: String,
    /// When it was received; senders repeat an alert for as long as it fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
}

/// How much an alert matters to who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Has to be looked at.
    Warning,
    /// Has to be looked at now.
    Critical,
}

impl Severity {
    /// The severity of a label's value, in the words that are in use.
    pub fn parse(label: &str) -> Option<Self> {
        Some(match label.trim().to_ascii_lowercase().as_str() {
            "critical" | "page" | "error" | "fatal" | "emergency" | "high" | "p1" | "sev1" => Self::Critical,
            "warning" | "warn" | "ticket" | "medium" | "major" | "minor" | "p2" | "p3" | "sev2" | "sev3" => {
                Self::Warning
            }
            "info" | "information" | "informational" | "notice" | "low" | "p4" | "p5" => Self::Info,
            _ => return None,
        })
    }
}

/// Alerts that say something about the alerting and nothing about the cluster: they always fire, or exist to inhibit others.
const ABOUT_ALERTING: [&str; 5] = ["watchdog", "deadmansswitch", "deadmanswitch", "infoinhibitor", "alwaysfiring"];
/// What Grafana sends in place of an alert that it could not evaluate; the rule's name is in a label.
const NOT_EVALUATED: [&str; 2] = ["DatasourceNoData", "DatasourceError"];
/// Exporters whose own place stands in `service`, `instance` and `container` of every series they make.
const EXPORTERS: [&str; 6] = ["kube-state-metrics", "node-exporter", "kubelet", "cadvisor", "apiserver", "blackbox"];

impl From<Alert> for Alarm {
    fn from(alert: Alert) -> Self {
        let annotation = |names: &[&str]| {
            names.iter().find_map(|name| alert.annotations.get(*name)).map(|text| text.trim().to_owned())
        };
        let label = |name: &str| alert.labels.get(name).map(String::as_str);
        let was_evaluated = !NOT_EVALUATED.contains(&alert.name());
        let name = match label("rulename").filter(|_| !was_evaluated) {
            Some(rule) => rule,
            None => alert.name(),
        };
        let values: Vec<String> = alert.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self {
            event_id: alert.id.to_string(),
            account: String::new(),
            region: String::new(),
            arn: format!("{}:{}", alert.sender.as_str(), alert.fingerprint),
            name: if name.is_empty() { alert.fingerprint.clone() } else { name.to_owned() },
            description: annotation(&["summary", "title"]).unwrap_or_default(),
            state: match alert.status {
                AlertStatus::Resolved => AlarmState::Ok,
                AlertStatus::Firing if was_evaluated => AlarmState::Alarm,
                AlertStatus::Firing => AlarmState::InsufficientData,
            },
            previous: None,
            reason: annotation(&["description", "message"]).unwrap_or_else(|| values.join(", ")),
            changed_at: match alert.status {
                AlertStatus::Firing => alert.starts_at,
                // Of a rule that was deleted while it fired, senders do not know when that was.
                AlertStatus::Resolved => {
                    alert.ends_at.filter(|ends_at| *ends_at > alert.starts_at).unwrap_or(alert.received_at)
                }
            },
            threshold: None,
            datapoints: Vec::new(),
            metrics: Vec::new(),
            triggered_by: Vec::new(),
            suppression: None,
            kind: AlarmKind::Alert(Box::new(AlertDetails {
                sender: alert.sender,
                severity: label("severity").or(label("priority")).and_then(Severity::parse),
                link: [&alert.generator_url, &alert.external_url]
                    .into_iter()
                    .find(|url| !url.is_empty())
                    .cloned()
                    .unwrap_or_default(),
                runbook: annotation(&["runbook_url", "runbook"]).unwrap_or_default(),
                labels: alert.labels,
                received_at: Some(alert.received_at),
            })),
        }
    }
}

impl Alarm {
    /// What an alert says beyond what every alarm says.
    pub fn alert(&self) -> Option<&AlertDetails> {
        match &self.kind {
            AlarmKind::Alert(details) => Some(details),
            _ => None,
        }
    }

    /// Whether nobody is to be told of it, whatever its state: it is about the alerting itself, or its author gave it no
    /// severity on purpose.
    pub fn is_quiet(&self) -> bool {
        self.alert().is_some_and(|alert| {
            let plain: String = self.name.chars().filter(char::is_ascii_alphanumeric).collect();
            let severity = alert.labels.get("severity").map(String::as_str);
            ABOUT_ALERTING.contains(&plain.to_ascii_lowercase().as_str()) || severity == Some("none")
        })
    }
}

impl AlertDetails {
    /// The labels that say what the alert is about. Where an exporter saw it, the exporter's own place is left out, and
    /// `exported_namespace` and the like are taken for what they stand for.
    pub(super) fn about(&self) -> impl Iterator<Item = (&str, &str)> {
        let job = self.labels.get("job").map(String::as_str).unwrap_or_default();
        let is_exporters = EXPORTERS.iter().any(|exporter| job.contains(exporter));
        let is_of_node = job.contains("node-exporter");
        self.labels.iter().filter_map(move |(name, value)| {
            let name = name.as_str();
            let is_place = matches!(name, "service" | "container" | "endpoint" | "app")
                || (name == "instance" && !is_of_node)
                || (is_of_node && matches!(name, "namespace" | "pod"));
            if is_exporters && is_place || self.labels.contains_key(&format!("exported_{name}")) {
                return None;
            }
            Some((name.strip_prefix("exported_").unwrap_or(name), value.as_str()))
        })
    }
}
