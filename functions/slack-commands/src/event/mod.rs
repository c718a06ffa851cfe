//! What arrives: a batch of SQS messages that each carry one event of the product's bus, that event alone, or the minute's
//! sweep.
//!
//! Everything is parsed here, at the edge, into an [`Ask`]; the inside needs no checks. A malformed record fails alone: its
//! message id goes back as a batch item failure, SQS redelivers it and in the end moves it to the dead-letter queue, its
//! batch mates are served.

mod ask;
#[cfg(test)]
mod tests;

use aws_lambda_events::event::sqs::SqsMessage;
use serde_json::Value;
use shared::bus::{BusEvent, BusEventError};

pub use ask::{Ask, Command, Place, Target, What};

/// The largest event that is parsed: EventBridge itself carries up to 256 KB, of which intake uses a part.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;

/// The `detail-type` of the schedule's event: `{"source": "nightshift", "detail-type": "Nightshift Sweep"}`.
pub const SWEEP: &str = "Nightshift Sweep";

/// Why an event is refused. Messages say what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum MalformedEvent {
    /// Longer than [`MAX_EVENT_BYTES`].
    #[error("the event has {bytes} bytes and at most {MAX_EVENT_BYTES} are read; check what else sends to the queue")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, or cut off.
    #[error("the message is not complete JSON ({reason}); check that the queue is fed by the EventBridge rule alone")]
    NotJson {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// An SQS message without a body or an id.
    #[error("the message has no {0}; check what else sends to the queue")]
    Missing(&'static str),
    /// Not an event of the bus.
    #[error(transparent)]
    Bus(#[from] BusEventError),
    /// An event of the bus that is for another function.
    #[error("the event is a {0:?}, which another function deals with; narrow the EventBridge rule's pattern")]
    NotOurs(&'static str),
    /// The right kind of event with a field that makes no sense.
    #[error("the event's {field} is {problem}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Neither a batch nor an event.
    #[error("the invocation is neither an SQS batch (Records) nor an EventBridge event (detail)")]
    NotAnInvocation,
}

impl MalformedEvent {
    /// A short name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotJson { .. } => "not-json",
            Self::Missing(_) => "incomplete",
            Self::Bus(_) | Self::NotOurs(_) => "unknown-event",
            Self::Field { .. } => "bad-field",
            Self::NotAnInvocation => "not-an-invocation",
        }
    }
}

/// What the function was invoked with.
#[derive(Debug)]
pub enum Invocation {
    /// Messages of the queue, each to be answered for by its id.
    Batch(Vec<Record>),
    /// The minute's schedule: send what was left unsent.
    Sweep,
    /// One event, as a person sends it.
    Single(Box<Result<Ask, MalformedEvent>>),
}

/// One message of a batch.
#[derive(Debug)]
pub struct Record {
    /// The SQS message id, which names the record in the batch's answer.
    pub message_id: String,
    /// How often SQS has handed it out, this time included.
    pub receive_count: u32,
    /// What is asked in it.
    pub ask: Result<Ask, MalformedEvent>,
}

impl Invocation {
    /// Reads an invocation's payload.
    ///
    /// # Errors
    ///
    /// When it is neither a batch nor an event, or a record has no message id: then nothing can be answered for one by one.
    pub fn parse(payload: Value) -> Result<Self, MalformedEvent> {
        let Value::Object(mut fields) = payload else { return Err(MalformedEvent::NotAnInvocation) };
        if let Some(records) = fields.remove("Records") {
            let Value::Array(records) = records else { return Err(MalformedEvent::NotAnInvocation) };
            return records.into_iter().map(Record::parse).collect::<Result<_, _>>().map(Invocation::Batch);
        }
        if fields.get("detail-type").and_then(Value::as_str) == Some(SWEEP) {
            return Ok(Self::Sweep);
        }
        if fields.contains_key("detail") || fields.contains_key("detail-type") {
            return Ok(Self::Single(Box::new(from_envelope(&Value::Object(fields)))));
        }
        Err(MalformedEvent::NotAnInvocation)
    }
}

impl Record {
    fn parse(record: Value) -> Result<Self, MalformedEvent> {
        let message: SqsMessage = serde_json::from_value(record)
            .map_err(|error| MalformedEvent::NotJson { reason: format!("Records[]: {error}") })?;
        let message_id = message.message_id.filter(|id| !id.is_empty()).ok_or(MalformedEvent::Missing("messageId"))?;
        let receive_count =
            message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1);
        let ask = match message.body {
            None => Err(MalformedEvent::Missing("body")),
            Some(body) if body.len() > MAX_EVENT_BYTES => Err(MalformedEvent::TooLarge { bytes: body.len() }),
            Some(body) => serde_json::from_str(&body)
                .map_err(|error| MalformedEvent::NotJson { reason: error.to_string() })
                .and_then(|event| from_envelope(&event)),
        };
        Ok(Self { message_id, receive_count, ask })
    }
}

fn from_envelope(event: &Value) -> Result<Ask, MalformedEvent> {
    match BusEvent::from_envelope(event)? {
        BusEvent::Command(command) => Ask::of_command(command),
        BusEvent::Interaction(interaction) => Ask::of_interaction(interaction),
        BusEvent::Question(question) => Ask::of_question(question),
        other => Err(MalformedEvent::NotOurs(other.detail_type())),
    }
}
