//! An incident's ticket, once, whatever happens to who opens it.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Draft, Ticket, TicketError, Tracker};
use crate::deadline::Deadline;
use crate::incident::{Fingerprint, Incident, IncidentId};
use crate::store::{OutboxClaim, OutboxKey, OutboxRow, Store, StoreError, TakeOutbox};

/// How the rows of tickets are told from those of messages: no reply of a thread may be called so.
const OPEN: &str = "/tracker-open";
const CLOSE: &str = "/tracker-close";
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
    /// said on it where the incident is over by then.
    ///
    /// # Errors
    ///
    /// Where the store does not take it.
    pub async fn want(&self, incident: &Incident, draft: Draft, closing: Note) -> Result<(), DeskError> {
        if incident.ticket.is_some() {
            return Ok(());
        }
        let (fingerprint, id) = (incident.fingerprint.clone(), incident.id.clone());
        let body = serde_json::to_value(Errand::Open { fingerprint, incident: id, draft, closing })?;
        Ok(self.store.put_outbox(&open_key(&incident.id), body, self.now()).await?)
    }

    /// Sees to it that an incident's ticket will be closed. Does nothing while it has none.
    ///
    /// # Errors
    ///
    /// Where the store does not take it.
    pub async fn want_closed(&self, incident: &Incident, note: Note) -> Result<(), DeskError> {
        match incident.ticket.clone().filter(|_| !incident.is_open()) {
            Some(ticket) => self.put_close(ticket, &incident.id, note).await,
            None => Ok(()),
        }
    }

    async fn put_close(&self, ticket: Ticket, incident: &IncidentId, note: Note) -> Result<(), DeskError> {
        let body = serde_json::to_value(Errand::Close { ticket, incident: incident.clone(), note })?;
        Ok(self.store.put_outbox(&close_key(incident), body, self.now()).await?)
    }

    /// Runs an incident's errands that have not been run: opens its ticket, and where it is over closes it. Returns the
    /// incident as it is known then, when anything about it has changed.
    ///
    /// # Errors
    ///
    /// Where the store or the tracker fails; the outbox keeps what is left, and the sweep comes back to it.
    pub async fn run(&self, id: &IncidentId, deadline: Deadline) -> Result<Option<Incident>, DeskError> {
        let opened = self.errand(&open_key(id), deadline).await?;
        self.errand(&close_key(id), deadline).await?;
        Ok(opened)
    }

    /// Errands of incidents that are left, the oldest first: whose they are.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub async fn left(&self, limit: usize) -> Result<Vec<IncidentId>, DeskError> {
        let rows = self.store.unsent_outbox(limit, self.now()).await?;
        let id = |row: &OutboxRow| {
            let key = row.key.0.as_str();
            key.strip_suffix(OPEN).or_else(|| key.strip_suffix(CLOSE)).map(|id| IncidentId(id.to_owned()))
        };
        let mut ids: Vec<IncidentId> = rows.iter().filter_map(id).collect();
        ids.dedup();
        Ok(ids)
    }

    async fn errand(&self, key: &OutboxKey, deadline: Deadline) -> Result<Option<Incident>, DeskError> {
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
        let opened = match found {
            Ok(Some(ticket)) => Ok(ticket),
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
            Ok(ticket) => ticket,
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
