//! An incident's ticket, once, whatever happens to who opens it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Draft, Ticket, TicketError, Tracker, Word};
use crate::deadline::Deadline;
use crate::incident::{Fingerprint, Incident, IncidentId};
use crate::store::{OutboxClaim, OutboxKey, Store, StoreError, TakeOutbox};

/// How the rows of tickets are told from those of messages: no reply of a thread may be called so.
const ERRAND: &str = "/tracker-";
const OPEN: &str = "/tracker-open";
const SAY: &str = "/tracker-say/";
const CLOSE: &str = "/tracker-close";
/// A tracker's index may be this far behind: before that, not finding a ticket that was perhaps opened says nothing.
const SETTLED: SignedDuration = SignedDuration::from_secs(45);
/// With less time than this nothing is begun.
const ROOM: std::time::Duration = std::time::Duration::from_secs(3);

/// The time, read at the edge.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why a ticket is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tracker.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// What the outbox holds is of another version.
    #[error("a ticket in the outbox cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl DeskError {
    /// Whether the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Ticket(error) => error.is_retryable(),
            Self::Unreadable(_) => false,
        }
    }
}

/// What is said on a ticket when its incident is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note(pub String);

/// What an outbox row holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Errand {
    Open { fingerprint: Fingerprint, incident: IncidentId, draft: Draft, closing: Note },
    Say { ticket: Ticket, fingerprint: Fingerprint, incident: IncidentId, word: Word },
    Close { ticket: Ticket, incident: IncidentId, note: Note },
}

/// Opens and closes tickets through the outbox.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    tracker: Arc<Tracker>,
    clock: Clock,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("tracker", &self.tracker).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk. `clock` is asked whenever the time matters.
    pub fn new(store: Store, tracker: Arc<Tracker>, clock: Clock) -> Self {
        Self { store, tracker, clock }
    }

    /// Sees to it that an incident's ticket will be there: from here on the outbox holds it, whatever happens. `closing` is
    /// said on it where the incident is over by then. The errand is there to be run, unless there is a ticket.
    ///
    /// # Errors
    ///
    /// Where the store does not take it.
    pub async fn want(&self, incident: &Incident, draft: Draft, closing: Note) -> Result<Option<OutboxKey>, DeskError> {
        if incident.ticket.is_some() {
            return Ok(None);
        }
        let (fingerprint, id) = (incident.fingerprint.clone(), incident.id.clone());
        self.put(open_key(&incident.id), &Errand::Open { fingerprint, incident: id, draft, closing }).await.map(Some)
    }

    /// Sees to it that something will be said on an incident's ticket. Does nothing while it has none, and where it has been said.
    ///
    /// # Errors
    ///
    /// Where the store does not take it.
    pub async fn want_said(&self, incident: &Incident, word: Word) -> Result<Option<OutboxKey>, DeskError> {
        let Some(ticket) = incident.ticket.clone().filter(|ticket| !ticket.says.contains(&word.topic)) else {
            return Ok(None);
        };
        let key = OutboxKey(format!("{}{SAY}{}", incident.id, word.topic));
        let (fingerprint, incident) = (incident.fingerprint.clone(), incident.id.clone());
        self.put(key, &Errand::Say { ticket, fingerprint, incident, word }).await.map(Some)
    }

    /// Sees to it that an incident's ticket will be closed. Does nothing while it has none, and while the incident is open.
    ///
    /// # Errors
    ///
    /// Where the store does not take it.
    pub async fn want_closed(&self, incident: &Incident, note: Note) -> Result<Option<OutboxKey>, DeskError> {
        match incident.ticket.clone().filter(|_| !incident.is_open()) {
            Some(ticket) => self.put_close(ticket, &incident.id, note).await.map(Some),
            None => Ok(None),
        }
    }

    async fn put_close(&self, ticket: Ticket, incident: &IncidentId, note: Note) -> Result<OutboxKey, DeskError> {
        self.put(close_key(incident), &Errand::Close { ticket, incident: incident.clone(), note }).await
    }

    async fn put(&self, key: OutboxKey, errand: &Errand) -> Result<OutboxKey, DeskError> {
        self.store.put_outbox(&key, serde_json::to_value(errand)?, self.now()).await?;
        Ok(key)
    }

    /// The incident of this identity as it is now, where it has a ticket.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>, DeskError> {
        let Some(row) = self.store.outbox(&open_key(id), self.now()).await? else { return Ok(None) };
        let Errand::Open { fingerprint, .. } = serde_json::from_value(row.body)? else { return Ok(None) };
        let incident = self.store.incident(&fingerprint, self.now()).await?;
        Ok(incident.filter(|incident| incident.id == *id && incident.ticket.is_some()))
    }

    /// Errands that are left, the oldest first.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub async fn left(&self, limit: usize) -> Result<Vec<OutboxKey>, DeskError> {
        let rows = self.store.unsent_outbox(limit, self.now()).await?;
        Ok(rows.into_iter().map(|row| row.key).filter(|key| key.0.contains(ERRAND)).collect())
    }

    /// Runs an errand that has not been run. Returns the incident that has a ticket since.
    ///
    /// # Errors
    ///
    /// Where the store or the tracker fails; the outbox keeps what is left, and the sweep comes back to it.
    pub async fn run(&self, key: &OutboxKey, deadline: Deadline) -> Result<Option<Incident>, DeskError> {
        if deadline.remaining() < ROOM {
            return Ok(None);
        }
        let until = self.now() + deadline.remaining();
        let claim = match self.store.take_outbox(key, until, self.now()).await? {
            TakeOutbox::Taken(claim) => claim,
            TakeOutbox::Sent(_) | TakeOutbox::Busy { .. } | TakeOutbox::Missing => return Ok(None),
        };
        match serde_json::from_value(claim.row.body.clone())? {
            Errand::Open { fingerprint, incident, draft, closing } => {
                self.open(*claim, (&fingerprint, &incident), &draft, closing, deadline).await
            }
            Errand::Say { ticket, fingerprint, incident, word } => {
                let marker = format!("{incident}/{}", word.topic);
                let outcome = self.tracker.say(&ticket, &marker, &word, deadline).await;
                if outcome.is_ok() {
                    self.store.ticket_says(&fingerprint, &incident, &word.topic, self.now()).await?;
                }
                self.end(*claim, outcome.map(|()| serde_json::Value::Null)).await?;
                Ok(None)
            }
            Errand::Close { ticket, incident, note } => {
                let marker = format!("{incident}/resolved");
                let outcome = self.tracker.close(&ticket, &marker, &note.0, deadline).await;
                self.end(*claim, outcome.map(|()| serde_json::Value::Null)).await?;
                Ok(None)
            }
        }
    }

    async fn open(
        &self,
        claim: OutboxClaim,
        (fingerprint, id): (&Fingerprint, &IncidentId),
        draft: &Draft,
        closing: Note,
        deadline: Deadline,
    ) -> Result<Option<Incident>, DeskError> {
        // The tracker's clock may be behind ours.
        let since = claim.row.created_at - 1.hour();
        let found = match claim.perhaps_sent {
            true => self.tracker.find(&draft.marker, since, deadline).await,
            false => Ok(None),
        };
        let is_settled = claim.perhaps_sent_at.is_none_or(|at| at + SETTLED <= self.now());
        let opened = match found {
            Ok(Some(ticket)) => Ok(ticket),
            Ok(None) if !is_settled => {
                self.store.put_back_outbox(claim, self.now()).await?;
                return Ok(None);
            }
            Ok(None) => match self.tracker.open(draft, deadline).await {
                // It may be there already; otherwise whoever comes next looks again.
                Err(error) if error.is_ambiguous() => match self.tracker.find(&draft.marker, since, deadline).await {
                    Ok(Some(ticket)) => Ok(ticket),
                    _ => Err(error),
                },
                outcome => outcome,
            },
            Err(error) => Err(error),
        };
        let ticket = match opened {
            Ok(ticket) => Ticket { says: draft.says.clone(), ..ticket },
            Err(error) => {
                self.end(claim, Err(error)).await?;
                return Ok(None);
            }
        };
        // First the incident, then the row: whoever is interrupted in between finds the ticket by its mark.
        let incident = self.store.set_ticket(fingerprint, id, &ticket, self.now()).await?;
        // Over by now, or replaced by another one, which only happens to one that is over.
        if incident.as_ref().is_none_or(|incident| !incident.is_open()) {
            self.put_close(ticket.clone(), id, closing).await?;
        }
        self.end(claim, Ok(serde_json::to_value(&ticket)?)).await?;
        Ok(incident)
    }

    /// Records what came of an errand, and hands a failure on.
    async fn end(&self, claim: OutboxClaim, outcome: Result<serde_json::Value, TicketError>) -> Result<(), DeskError> {
        match outcome {
            Ok(receipt) => Ok(self.store.sent_outbox(claim, receipt, self.now()).await?),
            Err(error) => {
                if error.is_ambiguous() {
                    self.store.ambiguous_outbox(claim, self.now()).await?;
                } else if error.is_retryable() {
                    self.store.put_back_outbox(claim, self.now()).await?;
                } else {
                    self.store.failed_outbox(claim, error.to_string(), self.now()).await?;
                }
                Err(error.into())
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

fn open_key(id: &IncidentId) -> OutboxKey {
    OutboxKey(format!("{id}{OPEN}"))
}

fn close_key(id: &IncidentId) -> OutboxKey {
    OutboxKey(format!("{id}{CLOSE}"))
}
