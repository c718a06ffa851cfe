//! A message through the outbox: kept, taken, posted, marked; looked for before it is posted again.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Clock, Incident, Publisher, ROOM, Render, Reply};
use crate::{
    deadline::Deadline,
    slack::{ChannelId, Message, MessageKey, MessageTs, Posted, Slack, SlackError},
    store::{OutboxClaim, OutboxKey, Store, StoreError, TakeOutbox},
};

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It stands there.
    Posted {
        /// Where.
        posted: Posted,
        /// Whether it says what was given now, not what was given at an earlier attempt.
        as_given: bool,
    },
    /// Somebody else is posting it.
    Busy,
}

/// A message could not be shown now.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// The channel's turns are taken for longer than there is time.
    #[error("channel {0} has no free turn in the time that is left; retry")]
    NoTurn(String),
}

impl PublishError {
    /// Whether the same may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Slack(error) => error.is_retryable() || error.is_ambiguous(),
            Self::NoTurn(_) => true,
        }
    }
}

/// What an outbox row holds.
#[derive(Serialize, Deserialize)]
struct Letter {
    channel: ChannelId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<Posted>,
    #[serde(default)]
    broadcast: bool,
    message: Message,
}

/// The key of an incident's first message.
pub(super) fn first_key(incident: &Incident) -> MessageKey {
    MessageKey(format!("{}/first", incident.id))
}

impl<R: Render> Publisher<R> {
    pub(super) async fn post_first(&self, incident: &Incident, deadline: Deadline) -> Result<Delivered, PublishError> {
        let key = OutboxKey(first_key(incident).0);
        let channel = ChannelId(incident.channel.clone());
        let letter = Letter { channel, thread: None, broadcast: false, message: self.render.first(incident) };
        self.deliver(&key, letter, deadline).await
    }

    pub(super) async fn post_reply(
        &self,
        incident: &Incident,
        first: &Posted,
        reply: &Reply,
        deadline: Deadline,
    ) -> Result<Delivered, PublishError> {
        let key = OutboxKey(format!("{}/{}", incident.id, reply.name));
        // Turns are kept under the channel's name in the settings, under which the first message took its own.
        let channel = ChannelId(incident.channel.clone());
        let message = reply.message.clone();
        let letter = Letter { channel, thread: Some(first.clone()), broadcast: reply.broadcast, message };
        self.deliver(&key, letter, deadline).await
    }

    async fn deliver(&self, key: &OutboxKey, letter: Letter, deadline: Deadline) -> Result<Delivered, PublishError> {
        let courier = Courier::new(self.store.clone(), self.slack.clone(), Arc::clone(&self.clock));
        courier.deliver(key, letter, deadline).await
    }
}

/// Posts messages through the outbox: each once, whatever happens to who posts it.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    slack: Slack,
    clock: Clock,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("store", &self.store).field("slack", &self.slack).finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier. `clock` is asked whenever the time matters, since waiting for a turn takes some.
    pub fn new(store: Store, slack: Slack, clock: Clock) -> Self {
        Self { store, slack, clock }
    }

    /// Posts a message under this key, in `thread` or in the channel, once.
    ///
    /// # Errors
    ///
    /// Where it cannot be known to stand there; the same call again goes on from where this one ended.
    pub async fn post(
        &self,
        key: &OutboxKey,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        message: Message,
        deadline: Deadline,
    ) -> Result<Delivered, PublishError> {
        let thread = thread.map(|ts| Posted { channel: channel.clone(), ts: ts.clone() });
        let letter = Letter { channel: channel.clone(), thread, broadcast: false, message };
        self.deliver(key, letter, deadline).await
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    async fn wait_until(&self, turn: Timestamp) {
        let wait = turn.duration_since(self.now());
        tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
    }

    async fn deliver(&self, key: &OutboxKey, letter: Letter, deadline: Deadline) -> Result<Delivered, PublishError> {
        let body = serde_json::to_value(&letter).unwrap_or_default();
        self.store.put_outbox(key, body, self.now()).await?;
        let until = self.now() + deadline.remaining();
        let claim = match self.store.take_outbox(key, until, self.now()).await? {
            TakeOutbox::Taken(claim) => claim,
            TakeOutbox::Sent(receipt) => return Ok(Delivered::Posted { posted: read(receipt)?, as_given: false }),
            TakeOutbox::Busy { .. } | TakeOutbox::Missing => return Ok(Delivered::Busy),
        };
        let message_key = MessageKey(key.0.clone());
        if claim.perhaps_sent {
            match self.look(&claim, &letter, &message_key, deadline).await {
                Ok(Some(posted)) => return self.sent(*claim, posted, false).await,
                Ok(None) => {}
                Err(error) => {
                    self.store.put_back_outbox(*claim, self.now()).await?;
                    return Err(error.into());
                }
            }
        }
        let patience = deadline.remaining().saturating_sub(ROOM);
        let Some(turn) = self.store.take_turn(&letter.channel.0, patience, self.now()).await? else {
            self.store.put_back_outbox(*claim, self.now()).await?;
            return Err(PublishError::NoTurn(letter.channel.0));
        };
        self.wait_until(turn).await;
        let outcome = match &letter.thread {
            None => self.slack.post(&letter.channel, &letter.message, &message_key, deadline).await,
            Some(first) => self.slack.reply(first, letter.broadcast, &letter.message, &message_key, deadline).await,
        };
        match outcome {
            Ok(posted) => self.sent(*claim, posted, true).await,
            Err(error) if error.is_ambiguous() => {
                // It may stand there already; otherwise whoever comes next looks again.
                if let Ok(Some(posted)) = self.look(&claim, &letter, &message_key, deadline).await {
                    return self.sent(*claim, posted, true).await;
                }
                self.store.ambiguous_outbox(*claim, self.now()).await?;
                Err(error.into())
            }
            Err(error) if error.is_retryable() => {
                self.store.put_back_outbox(*claim, self.now()).await?;
                Err(error.into())
            }
            Err(error) => {
                self.store.failed_outbox(*claim, error.to_string(), self.now()).await?;
                Err(error.into())
            }
        }
    }

    /// Whether the message stands in the channel.
    async fn look(
        &self,
        claim: &OutboxClaim,
        letter: &Letter,
        key: &MessageKey,
        deadline: Deadline,
    ) -> Result<Option<Posted>, SlackError> {
        let (channel, thread) = match &letter.thread {
            Some(first) => (&first.channel, Some(&first.ts)),
            None => (&letter.channel, None),
        };
        // Slack dates a message by its own clock, which may be behind ours.
        let oldest = claim.row.created_at - 1.hour();
        match self.slack.find(channel, thread, key, oldest, deadline).await {
            // Without the right to look, or where the channel is known by its name only: twice is better than never.
            Err(SlackError::Refused { code, advice, .. })
                if matches!(code.as_str(), "missing_scope" | "channel_not_found" | "not_in_channel") =>
            {
                tracing::warn!(%key, code, advice, "cannot look whether a message is there; it is posted again");
                Ok(None)
            }
            outcome => outcome,
        }
    }

    async fn sent(&self, claim: OutboxClaim, posted: Posted, as_given: bool) -> Result<Delivered, PublishError> {
        let receipt = serde_json::to_value(&posted).unwrap_or_default();
        self.store.sent_outbox(claim, receipt, self.now()).await?;
        Ok(Delivered::Posted { posted, as_given })
    }
}

fn read(receipt: serde_json::Value) -> Result<Posted, PublishError> {
    serde_json::from_value(receipt).map_err(|error| {
        let key = crate::store::Key::new("outbox", "receipt");
        PublishError::Store(StoreError::Unreadable { key, why: error.to_string() })
    })
}
