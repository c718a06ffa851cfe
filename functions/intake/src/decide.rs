//! What to do about a request: pure. The same request at the same time gives the same answer and the same events.

use jiff::Timestamp;
use shared::bus::{BusEvent, EventId};
use shared::config::Secret;
use shared::text::Language;

use crate::answer::{Answer, Refusal};
use crate::guard::{self, Seen, Signature};
use crate::request::{Path, Request, Sender};
use crate::{alert, slack};

/// The largest detail of one event: EventBridge carries 256 KB a call, source and type included.
pub const MAX_DETAIL_BYTES: usize = 250 * 1024;

/// A request that is accepted once its events are on the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// What is answered.
    pub answer: Answer,
    /// What is published.
    pub entries: Vec<Entry>,
    /// By what it is known if it comes again; only of requests that are signed.
    pub signature: Option<Signature>,
}

/// An event, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identity.
    pub id: EventId,
    /// Its `detail-type`.
    pub detail_type: &'static str,
    /// Its `detail`.
    pub detail: String,
}

/// What a body comes to: an answer, and events.
pub(crate) type Understood = (Answer, Vec<BusEvent>);

/// Decides. `secrets` are those of the path's sender.
///
/// # Errors
///
/// When the request is not from who it has to be from, or not understood.
pub fn decide(
    request: &Request,
    secrets: &[Secret],
    seen: &Seen,
    language: Language,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let signature = match request.path.sender() {
        Sender::Slack => Some(guard::slack(request, secrets, seen, now)?),
        Sender::Webhook => {
            guard::webhook(request, secrets)?;
            None
        }
    };
    let (answer, events) = understand(request, language, now)?;
    let entries = events.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Accepted { answer, entries, signature })
}

/// Reads the body of a request whose sender is known.
///
/// # Errors
///
/// When it is not what the path takes.
pub fn understand(request: &Request, language: Language, now: Timestamp) -> Result<Understood, Refusal> {
    let body = request.text()?;
    match request.path {
        Path::SlackCommands => slack::command(body, language, now),
        Path::SlackInteractivity => slack::interaction(body, now),
        Path::SlackEvents => slack::event(body, now),
        Path::Alertmanager => alert::alertmanager(body, now),
        Path::Grafana => alert::grafana(body, now),
    }
}

fn entry(event: &BusEvent) -> Result<Entry, Refusal> {
    let detail = event.detail().map_err(|error| Refusal::NotUnderstood(error.to_string()))?;
    if detail.len() > MAX_DETAIL_BYTES {
        return Err(Refusal::TooLarge);
    }
    Ok(Entry { id: event.id().clone(), detail_type: event.detail_type(), detail })
}
