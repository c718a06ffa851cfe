//! What stands around every record: a panic stays within it, and a request is answered once.

use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::contained;
use shared::deadline::Deadline;
use shared::slack::SlackError;
use shared::store::{Begin, EffectKey, StoreError};

use crate::App;
use crate::clients::ClientError;
use crate::event::{Ask, MalformedEvent};

/// For how long a request that was answered is known: as long as the archive can replay it.
const KNOWN: Duration = Duration::from_secs(14 * 24 * 3600);
/// The name of the effect in the idempotency record.
const EFFECT: &str = "slack-commands";
/// The least time in which a record can be dealt with.
const LEAST: Duration = Duration::from_secs(2);

/// Why a record was not dealt with. Each sends it back to the queue, and in the end to the dead letters.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedEvent),
    /// A client cannot be had.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer, which is kept and sent later.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// Another invocation deals with the same request.
    #[error("the request is being dealt with by another invocation until {until}; it comes back after that")]
    InProgress {
        /// When that ends.
        until: Timestamp,
    },
    /// The invocation is about to end.
    #[error(
        "no time is left in this invocation; raise the function's time-out or lower the batch size if this repeats"
    )]
    OutOfTime,
    /// What is kept of an answer cannot be written or read.
    #[error("the answer cannot be kept: {0}")]
    Form(#[from] serde_json::Error),
    /// A bug.
    #[error("the record made the function panic ({0}); this is a bug, report it with the event")]
    Panicked(String),
}

impl RecordError {
    /// A short name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Malformed(error) => error.name(),
            Self::Client(_) => "client",
            Self::Store(_) => "store",
            Self::Slack(_) => "slack",
            Self::InProgress { .. } => "in-progress",
            Self::OutOfTime => "out-of-time",
            Self::Form(_) => "form",
            Self::Panicked(_) => "panic",
        }
    }
}

/// Answers `ask` unless that was done. A failure gives the request back at once, a panic too; a crash leaves it to whoever
/// gets it after the invocation's deadline.
pub(crate) async fn once(app: &App, ask: &Ask, deadline: Deadline) -> Result<Value, RecordError> {
    if deadline.remaining() < LEAST {
        return Err(RecordError::OutOfTime);
    }
    let store = app.clients.store().await?;
    let now = (app.now)();
    let left = SignedDuration::try_from(deadline.remaining()).unwrap_or(SignedDuration::ZERO);
    let until = now.saturating_add(left).unwrap_or(Timestamp::MAX);
    let claim = match store.begin(&EffectKey::new(&ask.id, EFFECT), until, now).await? {
        Begin::Claimed(claim) => claim,
        Begin::Done(outcome) => {
            tracing::info!("the request was answered before");
            return Ok(outcome);
        }
        Begin::InProgress { until } => return Err(RecordError::InProgress { until }),
    };
    let work = contained(crate::act::answer(app, ask, deadline), RecordError::Panicked).boxed();
    let outcome = match tokio::time::timeout(deadline.remaining(), work).await {
        Ok(outcome) => outcome,
        // What was being done may still take effect: whoever gets the request next takes over.
        Err(_) => return Err(RecordError::OutOfTime),
    };
    match outcome {
        Ok(outcome) => {
            store.finish(claim, outcome.clone(), KNOWN, (app.now)()).await?;
            Ok(outcome)
        }
        Err(error) => {
            if let Err(error) = store.abandon(claim).await {
                tracing::warn!(%error, "the request stays claimed until the deadline");
            }
            Err(error)
        }
    }
}
