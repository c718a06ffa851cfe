//! A CloudWatch alarm's change of state, as EventBridge delivers it.
//!
//! Shapes are those of
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>: an alarm on one metric,
//! on metric math, on an anomaly detection band, and a composite alarm. Unknown fields are ignored, since AWS adds some
//! every year; what is read is checked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::bus::{self, BusEvent};
use shared::metrics::AlarmMetric;

use super::alert::AlertDetails;
use super::{MAX_EVENT_BYTES, MalformedEvent};

/// The longest piece of text kept of an event: CloudWatch's own limit for a state's reason is 1,023 characters, for a
/// description 1,024, for a composite alarm's rule 10,240.
const MAX_TEXT: usize = 10_240;

/// An alarm's change of state, of CloudWatch's or of an alert's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// EventBridge's id of the event: the same for every delivery of it.
    pub event_id: String,
    /// AWS account.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// The alarm's ARN, empty where the event names none; of an alert its sender and fingerprint.
    pub arn: String,
    /// The alarm's name.
    pub name: String,
    /// The alarm's description; empty where there is none.
    pub description: String,
    /// What it watches.
    pub kind: AlarmKind,
    /// The state it entered.
    pub state: AlarmState,
    /// The state it left.
    pub previous: Option<AlarmState>,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// When it changed.
    pub changed_at: Timestamp,
    /// The threshold, where the state's data carry one.
    pub threshold: Option<f64>,
    /// The latest datapoints, oldest first, where the state's data carry them.
    pub datapoints: Vec<f64>,
    /// The metrics and expressions it is computed from; empty for a composite alarm.
    pub metrics: Vec<AlarmMetric>,
    /// Names of the alarms that a composite alarm's state comes from.
    pub triggered_by: Vec<String>,
    /// Whether its actions are suppressed, and by what.
    pub suppression: Option<Suppression>,
}

/// A state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// The threshold is passed.
    Alarm,
    /// It is not.
    Ok,
    /// There are not enough datapoints to tell.
    InsufficientData,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// One metric against a threshold.
    Metric,
    /// An expression over metrics against a threshold.
    MetricMath {
        /// The expression whose value is watched.
        expression: String,
    },
    /// One metric against the band that CloudWatch expects.
    AnomalyDetection,
    /// Other alarms.
    Composite {
        /// The rule, for example `ALARM("a") AND ALARM("b")`.
        rule: String,
    },
    /// Whatever Alertmanager or Grafana evaluates.
    Alert(Box<AlertDetails>),
}

/// That an alarm's actions are suppressed by another alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// `Alarm`, `WaitPeriod` or `ExtensionPeriod`.
    pub by: String,
    /// CloudWatch's explanation.
    pub reason: String,
}

impl Alarm {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// When it is another kind of event or lacks what an alarm has.
    pub fn from_event(event: Value) -> Result<Self, MalformedEvent> {
        let text = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (source_name, detail_type) = (text("source"), text("detail-type"));
        if source_name == bus::SOURCE && detail_type == bus::Alert::DETAIL_TYPE {
            return match BusEvent::from_envelope(&event) {
                Ok(BusEvent::Alert(alert)) => Ok(alert.into()),
                Ok(_) => Err(MalformedEvent::missing("detail")),
                Err(error) => Err(MalformedEvent::Field {
                    field: "detail",
                    problem: format!("not an alert ({})", shared::chain(&error)),
                }),
            };
        }
        if source_name != "aws.cloudwatch" || detail_type != "CloudWatch Alarm State Change" {
            return Err(MalformedEvent::Unknown {
                source_name: shorten(source_name),
                detail_type: shorten(detail_type),
            });
        }
        let bytes = event.get("detail").map_or(0, |detail| detail.to_string().len());
        if bytes > MAX_EVENT_BYTES {
            return Err(MalformedEvent::TooLarge { bytes, limit: MAX_EVENT_BYTES });
        }
        let event: wire::Event = serde_json::from_value(event).map_err(|error| MalformedEvent::Field {
            field: "detail",
            problem: format!("not as documented ({error})"),
        })?;
        event.try_into()
    }

    /// The datapoint that decided, where the event carries datapoints.
    pub fn latest_datapoint(&self) -> Option<f64> {
        self.datapoints.last().copied()
    }
}

impl TryFrom<wire::Event> for Alarm {
    type Error = MalformedEvent;

    fn try_from(event: wire::Event) -> Result<Self, MalformedEvent> {
        if event.id.is_empty() {
            return Err(MalformedEvent::missing("id"));
        }
        let detail = event.detail.ok_or_else(|| MalformedEvent::missing("detail"))?;
        if detail.alarm_name.is_empty() {
            return Err(MalformedEvent::missing("detail.alarmName"));
        }
        let state = detail.state.ok_or_else(|| MalformedEvent::missing("detail.state"))?;
        let changed_at = match state.timestamp.as_deref().or(event.time.as_deref()) {
            Some(time) => time.parse::<Timestamp>().map_err(|error| MalformedEvent::Field {
                field: "detail.state.timestamp",
                problem: format!("not a time ({error})"),
            })?,
            None => return Err(MalformedEvent::missing("detail.state.timestamp")),
        };
        let data = state.reason_data.as_deref().and_then(|data| serde_json::from_str::<wire::ReasonData>(data).ok());
        let data = data.unwrap_or_default();
        let configuration = detail.configuration.unwrap_or_default();
        let kind = kind_of(&configuration);
        let suppression = state
            .actions_suppressed_by
            .map(|by| Suppression { by, reason: shorten(state.actions_suppressed_reason.unwrap_or_default()) });
        Ok(Self {
            event_id: event.id,
            account: event.account,
            region: event.region,
            arn: event.resources.into_iter().next().unwrap_or_default(),
            name: shorten(detail.alarm_name),
            description: shorten(configuration.description.unwrap_or_default()),
            kind,
            state: parse_state(&state.value, "detail.state.value")?,
            previous: detail
                .previous_state
                .map(|state| parse_state(&state.value, "detail.previousState.value"))
                .transpose()?,
            reason: shorten(state.reason.unwrap_or_default()),
            changed_at,
            threshold: data.threshold.filter(|value| value.is_finite()),
            datapoints: data.recent_datapoints.into_iter().flatten().filter(|value| value.is_finite()).collect(),
            triggered_by: data
                .triggering_alarms
                .into_iter()
                .map(|alarm| alarm.name.unwrap_or_else(|| name_in_arn(&alarm.arn).to_owned()))
                .filter(|name| !name.is_empty())
                .collect(),
            metrics: configuration.metrics,
            suppression,
        })
    }
}

/// Metric math is more than one entry or an expression; an anomaly detection alarm is metric math whose expression is the
/// band, compared with the one metric.
fn kind_of(configuration: &wire::Configuration) -> AlarmKind {
    if let Some(rule) = &configuration.alarm_rule {
        return AlarmKind::Composite { rule: shorten(rule.clone()) };
    }
    let expressions = || configuration.metrics.iter().filter(|entry| !entry.expression.is_empty());
    if expressions().any(|entry| entry.expression.contains("ANOMALY_DETECTION_BAND")) {
        return AlarmKind::AnomalyDetection;
    }
    match expressions().find(|entry| entry.return_data).or_else(|| expressions().next()) {
        Some(entry) => AlarmKind::MetricMath { expression: shorten(entry.expression.clone()) },
        None => AlarmKind::Metric,
    }
}

fn parse_state(value: &str, field: &'static str) -> Result<AlarmState, MalformedEvent> {
    match value {
        "ALARM" => Ok(AlarmState::Alarm),
        "OK" => Ok(AlarmState::Ok),
        "INSUFFICIENT_DATA" => Ok(AlarmState::InsufficientData),
        "" => Err(MalformedEvent::missing(field)),
        other => Err(MalformedEvent::Field {
            field,
            problem: format!("{:?}, not ALARM, OK or INSUFFICIENT_DATA", shorten(other.to_owned())),
        }),
    }
}

/// `arn:aws:cloudwatch:us-east-1:111122223333:alarm:NAME` to `NAME`.
fn name_in_arn(arn: &str) -> &str {
    arn.split_once(":alarm:").map_or("", |(_, name)| name)
}

fn shorten(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let cut = text.floor_char_boundary(MAX_TEXT);
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// The event as it is on the wire.
mod wire {
    use serde::Deserialize;
    use shared::metrics::AlarmMetric;

    #[derive(Deserialize)]
    pub(super) struct Event {
        #[serde(default)]
        pub(super) id: String,
        #[serde(default)]
        pub(super) account: String,
        #[serde(default)]
        pub(super) region: String,
        pub(super) time: Option<String>,
        #[serde(default)]
        pub(super) resources: Vec<String>,
        pub(super) detail: Option<Detail>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Detail {
        #[serde(default)]
        pub(super) alarm_name: String,
        pub(super) configuration: Option<Configuration>,
        pub(super) previous_state: Option<State>,
        pub(super) state: Option<State>,
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Configuration {
        pub(super) description: Option<String>,
        #[serde(default)]
        pub(super) metrics: Vec<AlarmMetric>,
        pub(super) alarm_rule: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct State {
        #[serde(default)]
        pub(super) value: String,
        pub(super) reason: Option<String>,
        pub(super) reason_data: Option<String>,
        pub(super) timestamp: Option<String>,
        pub(super) actions_suppressed_by: Option<String>,
        pub(super) actions_suppressed_reason: Option<String>,
    }

    /// JSON in a string in the event: the datapoints, and for composite alarms the alarms behind it.
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    pub(super) struct ReasonData {
        pub(super) threshold: Option<f64>,
        pub(super) recent_datapoints: Vec<Option<f64>>,
        pub(super) triggering_alarms: Vec<TriggeringAlarm>,
    }

    #[derive(Deserialize)]
    pub(super) struct TriggeringAlarm {
        #[serde(default)]
        pub(super) arn: String,
        pub(super) name: Option<String>,
    }
}
