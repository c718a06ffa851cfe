//! What the functions say to each other: the events on the product's own EventBridge bus.
//!
//! `intake` puts them there (source [`SOURCE`]); rules lead each detail-type to the queue of the function that deals with it,
//! where it arrives as an EventBridge event in an SQS message. [`BusEvent::from_envelope`] reads that.
//!
//! Each event has an [`EventId`] that is made of what was asked, not of when it arrived: a request that Slack or
//! Alertmanager sends again, a replayed one, and one that EventBridge or SQS delivers twice all carry the same id. Whoever
//! deals with an event keeps an idempotency record of that id, and so does it once. EventBridge's own id of an event differs
//! at each of these, and is of no use here.

mod alert;
mod id;
mod slack;

use serde_json::Value;

pub use alert::{Alert, AlertSender, AlertStatus};
pub use id::EventId;
pub use slack::{Command, Interaction, Question, QuestionKind};

/// The `source` of what intake publishes.
pub const SOURCE: &str = "nightshift.intake";

/// An event on the bus.
///
/// ```
/// use shared::bus::BusEvent;
/// let envelope = serde_json::json!({
///     "source": "nightshift.intake",
///     "detail-type": "Slack Command",
///     "detail": { "id": "cmd-1", "command": "/health", "user_id": "U0123456789", "received_at": "2026-11-21T03:00:00Z" },
/// });
/// let BusEvent::Command(command) = BusEvent::from_envelope(&envelope).unwrap() else { panic!("another event") };
/// assert_eq!(command.command, "/health");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum BusEvent {
    /// A slash command.
    Command(Command),
    /// A click, a choice or a submitted form.
    Interaction(Interaction),
    /// A question in plain language.
    Question(Question),
    /// An alert of Alertmanager or Grafana.
    Alert(Alert),
}

/// An event that is not one of the bus.
#[derive(Debug, thiserror::Error)]
pub enum BusEventError {
    /// Another source or detail-type.
    #[error(
        "the event is {source_name:?} {detail_type:?}, which intake does not publish; narrow the EventBridge rule's pattern"
    )]
    Unknown {
        /// `source` of the event.
        source_name: String,
        /// `detail-type` of the event.
        detail_type: String,
    },
    /// Its detail is not what the detail-type says.
    #[error(
        "the detail of the {detail_type:?} event cannot be read; deploy intake and its readers in the same version"
    )]
    Detail {
        /// `detail-type` of the event.
        detail_type: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl BusEvent {
    /// Its `detail-type`.
    pub const fn detail_type(&self) -> &'static str {
        match self {
            Self::Command(_) => Command::DETAIL_TYPE,
            Self::Interaction(_) => Interaction::DETAIL_TYPE,
            Self::Question(_) => Question::DETAIL_TYPE,
            Self::Alert(_) => Alert::DETAIL_TYPE,
        }
    }

    /// Its identity.
    pub const fn id(&self) -> &EventId {
        match self {
            Self::Command(event) => &event.id,
            Self::Interaction(event) => &event.id,
            Self::Question(event) => &event.id,
            Self::Alert(event) => &event.id,
        }
    }

    /// Its `detail`, as JSON.
    ///
    /// # Errors
    ///
    /// Where it has no JSON form, which no field of an event lacks.
    pub fn detail(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Command(event) => serde_json::to_string(event),
            Self::Interaction(event) => serde_json::to_string(event),
            Self::Question(event) => serde_json::to_string(event),
            Self::Alert(event) => serde_json::to_string(event),
        }
    }

    /// Reads an EventBridge event, as a rule hands it to a queue.
    ///
    /// # Errors
    ///
    /// When it is not one that intake publishes, or its detail is not what its type says.
    pub fn from_envelope(envelope: &Value) -> Result<Self, BusEventError> {
        let text = |field: &str| envelope.get(field).and_then(Value::as_str).unwrap_or_default();
        let (source_name, detail_type) = (text("source"), text("detail-type"));
        let detail = envelope.get("detail").unwrap_or(&Value::Null);
        let read = match detail_type {
            _ if source_name != SOURCE => None,
            Command::DETAIL_TYPE => Some(serde::Deserialize::deserialize(detail).map(Self::Command)),
            Interaction::DETAIL_TYPE => Some(serde::Deserialize::deserialize(detail).map(Self::Interaction)),
            Question::DETAIL_TYPE => Some(serde::Deserialize::deserialize(detail).map(Self::Question)),
            Alert::DETAIL_TYPE => Some(serde::Deserialize::deserialize(detail).map(Self::Alert)),
            _ => None,
        };
        match read {
            Some(Ok(event)) => Ok(event),
            Some(Err(source)) => Err(BusEventError::Detail { detail_type: detail_type.to_owned(), source }),
            None => {
                let shorten = |text: &str| text.chars().take(200).collect();
                Err(BusEventError::Unknown { source_name: shorten(source_name), detail_type: shorten(detail_type) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
