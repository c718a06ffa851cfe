//! What Alertmanager and Grafana send, as events of the bus: one for each alert of the notification.
//!
//! Alertmanager's webhook, version 4 (<https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>), and that
//! of Grafana's unified alerting, which has the same shape, says version 1, and adds measured values
//! (<https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>).
//!
//! Neither sends again what was answered with 400: an alert that cannot be read is left out and logged, and its group goes
//! on. Only a notification with nothing readable is refused.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::bus::{Alert, AlertSender, AlertStatus, BusEvent, EventId};

use crate::answer::{Answer, Refusal};
use crate::decide::Understood;

/// How much of an alert is kept: labels and annotations, and bytes of one's text.
const ENTRIES: usize = 64;
const NAME_BYTES: usize = 256;
const LABEL_BYTES: usize = 1024;
const ANNOTATION_BYTES: usize = 2048;
/// Bytes of all labels together, and of all annotations, names included: JSON may write six for one.
const LABELS_BYTES: usize = 12 * 1024;
const ANNOTATIONS_BYTES: usize = 12 * 1024;
/// Measured values, of which Grafana has one a query.
const VALUES: usize = 16;
/// Alerts of one notification.
const ALERTS: usize = 2000;

/// Reads a notification of Alertmanager.
///
/// # Errors
///
/// When it is not JSON, of another version, or none of its alerts can be read.
pub fn alertmanager(body: &str, now: Timestamp) -> Result<Understood, Refusal> {
    let notification = Notification::parse(body)?;
    if notification.version != "4" {
        return Err(Refusal::NotUnderstood("not version 4 of Alertmanager's webhook".to_owned()));
    }
    notification.understood(AlertSender::Alertmanager, now)
}

/// Reads a notification of Grafana.
///
/// # Errors
///
/// When it is not JSON or none of its alerts can be read.
pub fn grafana(body: &str, now: Timestamp) -> Result<Understood, Refusal> {
    Notification::parse(body)?.understood(AlertSender::Grafana, now)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    #[serde(default)]
    version: String,
    #[serde(default)]
    group_key: String,
    #[serde(default)]
    receiver: String,
    #[serde(default, rename = "externalURL")]
    external_url: String,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<Value>,
}

/// What an alert says of itself: a word in webhooks, an object where somebody passes on what Alertmanager's API says.
#[derive(Deserialize)]
#[serde(untagged)]
enum Standing {
    Word(Word),
    State { state: Word },
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Word {
    #[serde(alias = "active", alias = "unprocessed", alias = "alerting")]
    Firing,
    #[serde(alias = "ok")]
    Resolved,
    /// Silenced or inhibited.
    #[serde(alias = "silenced", alias = "inhibited", alias = "muted")]
    Suppressed,
}

impl Standing {
    /// The status; `None` where nobody is to be told.
    const fn status(&self) -> Option<AlertStatus> {
        match self {
            Self::Word(word) | Self::State { state: word } => match word {
                Word::Firing => Some(AlertStatus::Firing),
                Word::Resolved => Some(AlertStatus::Resolved),
                Word::Suppressed => None,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneAlert {
    status: Standing,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    starts_at: Timestamp,
    #[serde(default)]
    ends_at: Option<Timestamp>,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
    #[serde(default)]
    fingerprint: String,
    #[serde(default)]
    values: Option<BTreeMap<String, Value>>,
}

impl Notification {
    fn parse(body: &str) -> Result<Self, Refusal> {
        serde_json::from_str(body).map_err(|error| Refusal::NotUnderstood(error.to_string()))
    }

    fn understood(self, sender: AlertSender, now: Timestamp) -> Result<Understood, Refusal> {
        if self.truncated_alerts > 0 || self.alerts.len() > ALERTS {
            let left_out = self.truncated_alerts + self.alerts.len().saturating_sub(ALERTS) as u64;
            tracing::warn!(left_out, "alerts were left out of the notification; set max_alerts to 0");
        }
        let mut events = Vec::new();
        let (mut unread, mut suppressed) = (None, 0);
        let total = self.alerts.len();
        for value in self.alerts.iter().take(ALERTS) {
            match OneAlert::deserialize(value) {
                Ok(alert) => match alert.status.status() {
                    Some(status) => events.push(BusEvent::Alert(self.alert(alert, status, sender, now))),
                    None => suppressed += 1,
                },
                Err(error) => {
                    tracing::error!(%error, "an alert cannot be read and is left out");
                    unread = Some(error);
                }
            }
        }
        match unread {
            Some(error) if events.is_empty() && suppressed == 0 => {
                Err(Refusal::NotUnderstood(format!("alerts: {error}")))
            }
            _ => {
                let unread = total - events.len() - suppressed;
                let answer = json!({ "accepted": events.len(), "unread": unread, "suppressed": suppressed });
                Ok((Answer::json(answer), events))
            }
        }
    }

    fn alert(&self, alert: OneAlert, status: AlertStatus, sender: AlertSender, now: Timestamp) -> Alert {
        let labels = bounded(alert.labels, LABEL_BYTES, LABELS_BYTES);
        let fingerprint = if alert.fingerprint.is_empty() { of_labels(&labels) } else { cut(alert.fingerprint, 128) };
        let ends_at = alert.ends_at.filter(|_| status == AlertStatus::Resolved);
        let (starts, ends) = (alert.starts_at.to_string(), ends_at.map(|time| time.to_string()).unwrap_or_default());
        let parts = [sender.as_str(), &fingerprint, status.as_str(), &starts, &ends];
        let value = |(name, value): (String, Value)| Some((cut(name, NAME_BYTES), value.as_f64()?));
        Alert {
            id: EventId::of("alert", &parts.map(str::as_bytes)),
            sender,
            status,
            labels,
            annotations: bounded(alert.annotations.unwrap_or_default(), ANNOTATION_BYTES, ANNOTATIONS_BYTES),
            starts_at: alert.starts_at,
            ends_at,
            generator_url: cut(alert.generator_url, 2048),
            external_url: cut(self.external_url.clone(), 2048),
            group_key: cut(self.group_key.clone(), 1024),
            receiver: cut(self.receiver.clone(), NAME_BYTES),
            values: alert.values.unwrap_or_default().into_iter().take(VALUES).filter_map(value).collect(),
            fingerprint,
            received_at: now,
        }
    }
}

/// The identity of an alert whose sender gives none.
fn of_labels(labels: &BTreeMap<String, String>) -> String {
    let parts: Vec<&[u8]> = labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
    EventId::of("labels", &parts).to_string()
}

/// As many of `texts` as fit, each cut to `bytes`.
fn bounded(texts: BTreeMap<String, String>, bytes: usize, total: usize) -> BTreeMap<String, String> {
    let mut left = total;
    let mut bound = |(name, text): (String, String)| {
        let (name, text) = (cut(name, NAME_BYTES), cut(text, bytes));
        left = left.checked_sub(name.len() + text.len())?;
        Some((name, text))
    };
    texts.into_iter().take(ENTRIES).map_while(&mut bound).collect()
}

fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
    text
}
