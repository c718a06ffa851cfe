//! What arrives: a batch of SQS messages that each carry one EventBridge event, or that event alone.
//!
//! Everything is parsed here, at the edge, into an [`Alarm`] or a click on a button of ours; the inside needs no checks. What cannot be parsed is a
//! [`MalformedEvent`] that names what is wrong and what to do about it. A malformed record fails alone: its message id goes
//! back as a batch item failure, SQS redelivers it and in the end moves it to the dead-letter queue, its batch mates are
//! served.

mod alarm;
mod alert;
mod hints;

use aws_lambda_events::event::sqs::SqsMessage;
use serde_json::Value;
use shared::bus::{self, BusEvent, Interaction};

pub use alarm::{Alarm, AlarmKind, AlarmState, Suppression};
pub use alert::{AlertDetails, Severity};
pub use hints::{Focus, LoadBalancerName};

/// The largest event that is parsed. EventBridge itself carries up to 256 KB; an alarm event has a few kilobytes and, with
/// ten metrics of thirty dimensions each, some ten times that. What is larger is not an alarm.
pub const MAX_EVENT_BYTES: usize = 192 * 1024;

/// The `detail-type` of the schedule's event: `{"source": "nightshift", "detail-type": "Nightshift Sweep"}`.
pub const SWEEP: &str = "Nightshift Sweep";

/// The `detail-type` of the schedule's event that has the threshold alarms kept.
pub const THRESHOLDS: &str = "Nightshift Thresholds";

/// Why an event is refused. Messages say what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedEvent {
    /// Longer than [`MAX_EVENT_BYTES`].
    #[error(
        "the event has {bytes} bytes and at most {limit} are read; no CloudWatch alarm is that large, check what the EventBridge rule matches"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Not JSON, or cut off.
    #[error(
        "the message is not complete JSON ({reason}); check that the queue is fed by the EventBridge rule alone and with no input transformer"
    )]
    NotJson {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// An SQS message without a body.
    #[error("the message has no body; check what else sends to the queue")]
    NoBody,
    /// Another kind of event.
    #[error(
        "the event is {source_name:?} {detail_type:?}, neither aws.cloudwatch \"CloudWatch Alarm State Change\" nor an alert or a click of intake; narrow the EventBridge rule's pattern"
    )]
    Unknown {
        /// `source` of the event.
        source_name: String,
        /// `detail-type` of the event.
        detail_type: String,
    },
    /// The right kind of event with a field missing or wrong.
    #[error(
        "the alarm event's {field} is {problem}; replay it from the EventBridge archive, or file it as a new event shape"
    )]
    Field {
        /// Which field, as a path.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Neither a batch nor an event.
    #[error("the invocation is neither an SQS batch (Records) nor an EventBridge event (detail); {hint}")]
    NotAnInvocation {
        /// What it looks like.
        hint: &'static str,
    },
}

impl MalformedEvent {
    /// A missing field.
    pub(crate) fn missing(field: &'static str) -> Self {
        Self::Field { field, problem: "missing".to_owned() }
    }

    /// A short name for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotJson { .. } => "not-json",
            Self::NoBody => "no-body",
            Self::Unknown { .. } => "unknown-event",
            Self::Field { .. } => "bad-field",
            Self::NotAnInvocation { .. } => "not-an-invocation",
        }
    }
}

/// What the function was invoked with.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// Messages of the queue, each to be answered for by its id.
    Batch(Vec<Record>),
    /// The minute's schedule: look after what was left unsent.
    Sweep,
    /// The hour's schedule: make the threshold alarms what the settings ask for.
    Thresholds,
    /// One event, as EventBridge or a person sends it.
    Single(Box<Result<Event, MalformedEvent>>),
}

/// One message of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The SQS message id, which names the record in the batch's answer.
    pub message_id: String,
    /// How often SQS has handed it out, this time included.
    pub receive_count: u32,
    /// The event in it.
    pub event: Result<Event, MalformedEvent>,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An alarm, or an alert, changed its state.
    Alarm(Box<Alarm>),
    /// Somebody pressed a button under a diagnosis.
    Click(Box<Interaction>),
}

impl Event {
    /// Reads an event from the text of an SQS message.
    ///
    /// # Errors
    ///
    /// When it is too large, not JSON, another kind of event, or lacks what it has to have.
    pub fn from_text(text: &str) -> Result<Self, MalformedEvent> {
        if text.len() > MAX_EVENT_BYTES {
            return Err(MalformedEvent::TooLarge { bytes: text.len(), limit: MAX_EVENT_BYTES });
        }
        let event =
            serde_json::from_str(text).map_err(|error| MalformedEvent::NotJson { reason: error.to_string() })?;
        Self::from_event(event)
    }

    /// Reads an event.
    ///
    /// # Errors
    ///
    /// When it is another kind of event or lacks what it has to have.
    pub fn from_event(event: Value) -> Result<Self, MalformedEvent> {
        let is = |field: &str, text: &str| event.get(field).and_then(Value::as_str) == Some(text);
        if is("source", bus::SOURCE) && is("detail-type", Interaction::DETAIL_TYPE) {
            return match BusEvent::from_envelope(&event) {
                Ok(BusEvent::Interaction(click)) => Ok(Self::Click(Box::new(click))),
                Ok(_) => Err(MalformedEvent::missing("detail")),
                Err(error) => Err(MalformedEvent::Field {
                    field: "detail",
                    problem: format!("not an interaction ({})", shared::chain(&error)),
                }),
            };
        }
        Alarm::from_event(event).map(|alarm| Self::Alarm(Box::new(alarm)))
    }
}

impl Invocation {
    /// Reads an invocation's payload.
    ///
    /// # Errors
    ///
    /// When it is neither a batch nor an event, or a record has no message id: then nothing can be answered for one by one.
    pub fn parse(payload: Value) -> Result<Self, MalformedEvent> {
        let Value::Object(mut fields) = payload else {
            return Err(MalformedEvent::NotAnInvocation { hint: "it is not a JSON object" });
        };
        if let Some(records) = fields.remove("Records") {
            let Value::Array(records) = records else {
                return Err(MalformedEvent::NotAnInvocation { hint: "Records is not a list" });
            };
            return records.into_iter().map(Record::parse).collect::<Result<_, _>>().map(Invocation::Batch);
        }
        if fields.get("detail-type").and_then(Value::as_str) == Some(SWEEP) {
            return Ok(Self::Sweep);
        }
        if fields.get("detail-type").and_then(Value::as_str) == Some(THRESHOLDS) {
            return Ok(Self::Thresholds);
        }
        if fields.contains_key("detail") || fields.contains_key("detail-type") {
            return Ok(Invocation::Single(Box::new(Event::from_event(Value::Object(fields)))));
        }
        Err(MalformedEvent::NotAnInvocation { hint: "invoke it through the queue, or with a file of events/" })
    }
}

impl Record {
    fn parse(record: Value) -> Result<Self, MalformedEvent> {
        let message: SqsMessage = serde_json::from_value(record)
            .map_err(|error| MalformedEvent::Field { field: "Records[]", problem: error.to_string() })?;
        let message_id = message.message_id.filter(|id| !id.is_empty());
        let message_id = message_id.ok_or_else(|| MalformedEvent::missing("Records[].messageId"))?;
        let receive_count =
            message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let event = match message.body {
            None => Err(MalformedEvent::NoBody),
            Some(body) => Event::from_text(&body),
        };
        Ok(Self { message_id, receive_count, event })
    }
}

#[cfg(test)]
mod tests;
