//! Messages on their way: kept before they are sent, so that a crash cannot lose one, and marked after, so that a
//! repetition does not send it twice.
//!
//! A row goes from pending to in progress (with a deadline) to sent. Whoever sends and does not learn the outcome marks
//! the row ambiguous; whoever finds a row in progress past its deadline must suppose the same. Both look at the receiver
//! before sending again. The list of rows that are not known to be sent is written before the row and taken away after,
//! so that the sweep of each minute sees every row it has to see, and may see some it need not.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    backend::{Key, Query, SortRange, StoreError, Version},
    table::Store,
};

/// A message's key: what it is about and which one, for example `inc-4f1a/opened`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutboxKey(pub String);

impl OutboxKey {
    fn row(&self) -> Key {
        Key::new(format!("outbox#{}", self.0), "row")
    }

    fn listed(&self, created_at: Timestamp) -> Key {
        Key::new("outbox", format!("{created_at:.3}#{}", self.0))
    }
}

impl std::fmt::Display for OutboxKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Its key.
    pub key: OutboxKey,
    /// What is to be sent, in the sender's form.
    pub body: Value,
    /// When it was put here.
    pub created_at: Timestamp,
    /// How often sending began.
    pub attempts: u32,
    /// How far it got.
    pub state: OutboxState,
}

/// How far a message got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OutboxState {
    /// Not sent.
    Pending,
    /// Being sent by somebody who has until then.
    InProgress {
        /// Their deadline.
        until: Timestamp,
    },
    /// Perhaps sent.
    Ambiguous {
        /// When that was, at the latest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Sent.
    Sent {
        /// What the receiver answered, for example channel and ts.
        receipt: Value,
    },
    /// Was refused. It is off the list, and is sent when its event is delivered again.
    Failed {
        /// Why, and what to do.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Listed {
    key: OutboxKey,
    created_at: Timestamp,
}

/// The right to send a message.
#[derive(Debug)]
#[must_use = "a message that was taken has to be marked sent, ambiguous, failed or put back"]
pub struct OutboxClaim {
    /// The row.
    pub row: OutboxRow,
    /// Whether it may have been sent already: look before sending.
    pub perhaps_sent: bool,
    /// When it was perhaps sent, at the latest, where that is known.
    pub perhaps_sent_at: Option<Timestamp>,
    version: Version,
}

/// What [`Store::take_outbox`] found.
#[derive(Debug)]
pub enum TakeOutbox {
    /// Ours to send.
    Taken(Box<OutboxClaim>),
    /// It was sent; the receipt.
    Sent(Value),
    /// Somebody else is sending it and has until then.
    Busy {
        /// Their deadline.
        until: Timestamp,
    },
    /// There is no such row.
    Missing,
}

/// How long a row is kept.
const KEEP_DAYS: i64 = 14;

fn expiry(row: &OutboxRow) -> Option<Timestamp> {
    Some(row.created_at + (KEEP_DAYS * 24).hours())
}

impl Store {
    /// Puts a message into the outbox. Does nothing where it is there already, whatever its state.
    pub async fn put_outbox(&self, key: &OutboxKey, body: Value, now: Timestamp) -> Result<(), StoreError> {
        if self.read::<OutboxRow>(&key.row(), now).await?.is_some() {
            return Ok(());
        }
        let row = OutboxRow { key: key.clone(), body, created_at: now, attempts: 0, state: OutboxState::Pending };
        let listed =
            self.create(&key.listed(now), &Listed { key: key.clone(), created_at: now }, expiry(&row), now).await;
        match listed {
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
        match self.create(&key.row(), &row, expiry(&row), now).await {
            Err(error) if !error.is_conflict() => Err(error),
            _ => Ok(()),
        }
    }

    /// A message, whatever its state.
    pub async fn outbox(&self, key: &OutboxKey, now: Timestamp) -> Result<Option<OutboxRow>, StoreError> {
        Ok(self.read::<OutboxRow>(&key.row(), now).await?.map(|(row, _)| row))
    }

    /// Takes a message to send it before `until`.
    pub async fn take_outbox(
        &self,
        key: &OutboxKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<TakeOutbox, StoreError> {
        loop {
            let Some((mut row, version)) = self.read::<OutboxRow>(&key.row(), now).await? else {
                return Ok(TakeOutbox::Missing);
            };
            let (perhaps_sent, perhaps_sent_at) = match row.state {
                OutboxState::Sent { receipt } => return Ok(TakeOutbox::Sent(receipt)),
                OutboxState::InProgress { until } if until > now => return Ok(TakeOutbox::Busy { until }),
                OutboxState::InProgress { until } => (true, Some(until)),
                OutboxState::Ambiguous { at } => (true, at),
                OutboxState::Pending | OutboxState::Failed { .. } => (false, None),
            };
            row.state = OutboxState::InProgress { until };
            row.attempts += 1;
            match self.replace(&key.row(), &row, expiry(&row), version, now).await {
                Ok(version) => {
                    let claim = OutboxClaim { row, perhaps_sent, perhaps_sent_at, version };
                    return Ok(TakeOutbox::Taken(Box::new(claim)));
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Marks a message as sent.
    pub async fn sent_outbox(&self, claim: OutboxClaim, receipt: Value, now: Timestamp) -> Result<(), StoreError> {
        self.end_outbox(claim, OutboxState::Sent { receipt }, now).await
    }

    /// Marks a message as given up.
    pub async fn failed_outbox(&self, claim: OutboxClaim, why: String, now: Timestamp) -> Result<(), StoreError> {
        self.end_outbox(claim, OutboxState::Failed { why }, now).await
    }

    /// Marks a message as perhaps sent.
    pub async fn ambiguous_outbox(&self, claim: OutboxClaim, now: Timestamp) -> Result<(), StoreError> {
        self.mark_outbox(claim, OutboxState::Ambiguous { at: Some(now) }, now).await.map(|_| ())
    }

    /// Puts a message back: it was not sent. What was perhaps sent before stays so.
    pub async fn put_back_outbox(&self, claim: OutboxClaim, now: Timestamp) -> Result<(), StoreError> {
        let at = claim.perhaps_sent_at;
        let state = if claim.perhaps_sent { OutboxState::Ambiguous { at } } else { OutboxState::Pending };
        self.mark_outbox(claim, state, now).await.map(|_| ())
    }

    /// Messages that are not known to be sent, the oldest first.
    pub async fn unsent_outbox(&self, limit: usize, now: Timestamp) -> Result<Vec<OutboxRow>, StoreError> {
        let query = Query { partition: "outbox".into(), range: SortRange::All, descending: false, limit };
        let mut rows = Vec::new();
        for (listed_at, listed, _) in self.list::<Listed>(&query, now).await? {
            match self.read::<OutboxRow>(&listed.key.row(), now).await? {
                Some((row, _)) if !matches!(row.state, OutboxState::Sent { .. } | OutboxState::Failed { .. }) => {
                    rows.push(row);
                }
                // Sent, and whoever sent it was interrupted before taking it off the list.
                Some(_) => self.remove(&listed_at, None).await?,
                // Listed, and the row is about to follow or never will: an event that is redelivered puts both again.
                None if listed.created_at < now - 1.hour() => self.remove(&listed_at, None).await?,
                None => {}
            }
        }
        Ok(rows)
    }

    async fn end_outbox(&self, claim: OutboxClaim, state: OutboxState, now: Timestamp) -> Result<(), StoreError> {
        let row = self.mark_outbox(claim, state, now).await?;
        self.remove(&row.key.listed(row.created_at), None).await
    }

    async fn mark_outbox(
        &self,
        claim: OutboxClaim,
        state: OutboxState,
        now: Timestamp,
    ) -> Result<OutboxRow, StoreError> {
        let row = OutboxRow { state, ..claim.row };
        self.replace(&row.key.row(), &row, expiry(&row), claim.version, now).await?;
        Ok(row)
    }
}
