//! What stands around every record: a panic stays within it, and an event is dealt with once.

use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::contained;
use shared::deadline::Deadline;
use shared::incident::publish::PublishError;
use shared::store::{Begin, Claim, EffectKey, Store, StoreError};

use crate::App;
use crate::act::Taken;
use crate::clients::ClientError;
use crate::event::{Alarm, MalformedEvent};

/// For how long an event that was dealt with is known: as long as the archive can replay it.
const KNOWN: Duration = Duration::from_secs(14 * 24 * 3600);
/// The name of the effect in the idempotency record.
const EFFECT: &str = "alarm-analysis";
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
    /// The message.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The ticket cannot be kept for later.
    #[error(transparent)]
    Ticket(#[from] shared::tickets::DeskError),
    /// A threshold alarm.
    #[error(transparent)]
    Thresholds(#[from] shared::thresholds::apply::ApplyError),
    /// The message, which another record of the batch belongs to as well.
    #[error("{0}")]
    NotShown(String),
    /// Another invocation deals with the same event.
    #[error("the event is being dealt with by another invocation until {until}; it comes back after that")]
    InProgress {
        /// When that ends.
        until: Timestamp,
    },
    /// The invocation is about to end.
    #[error(
        "no time is left in this invocation; raise the function's time-out or lower the batch size if this repeats"
    )]
    OutOfTime,
    /// What was decided cannot be written or read.
    #[error("the decision cannot be kept: {0}")]
    Form(#[from] serde_json::Error),
    /// A bug.
    #[error("the record made the function panic ({0}); this is a bug, report it with the event")]
    Panicked(String),
}

impl RecordError {
    /// A short name for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed(error) => error.name(),
            Self::Client(_) => "client",
            Self::Store(_) => "store",
            Self::Publish(_) | Self::NotShown(_) => "publish",
            Self::Ticket(_) => "ticket",
            Self::Thresholds(_) => "thresholds",
            Self::InProgress { .. } => "in-progress",
            Self::OutOfTime => "out-of-time",
            Self::Form(_) => "form",
            Self::Panicked(_) => "panic",
        }
    }
}

/// An event that is being dealt with.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It was dealt with before, with this outcome.
    Before(Value),
    /// It has been taken in; what is left is to show it and to close its record.
    Now(Claim, Taken),
}

/// Takes `alarm` in unless that was done. A failure gives the event back at once, a panic too; a crash leaves it to
/// whoever gets it after the invocation's deadline.
pub(crate) async fn begin(app: &App, alarm: &Alarm, deadline: Deadline) -> Result<Begun, RecordError> {
    if deadline.remaining() < LEAST {
        return Err(RecordError::OutOfTime);
    }
    let store = app.clients.store().await?;
    let now = (app.now)();
    let left = SignedDuration::try_from(deadline.remaining()).unwrap_or(SignedDuration::ZERO);
    let until = now.saturating_add(left).unwrap_or(Timestamp::MAX);
    let claim = match store.begin(&EffectKey::new(&alarm.event_id, EFFECT), until, now).await? {
        Begin::Claimed(claim) => claim,
        Begin::Done(outcome) => {
            tracing::info!("the event was dealt with before");
            return Ok(Begun::Before(outcome));
        }
        Begin::InProgress { until } => return Err(RecordError::InProgress { until }),
    };
    let work = contained(crate::act::alarm(app, alarm, deadline), RecordError::Panicked).boxed();
    match tokio::time::timeout(deadline.remaining(), work).await {
        Ok(Ok(taken)) => Ok(Begun::Now(claim, taken)),
        Ok(Err(error)) => {
            give_back(store, claim).await;
            Err(error)
        }
        // What was being done may still take effect: whoever gets the event next takes over, and looks first.
        Err(_) => Err(RecordError::OutOfTime),
    }
}

/// Closes the record of an event that people have been shown, or gives it back where that failed.
pub(crate) async fn end(
    app: &App,
    claim: Claim,
    outcome: Value,
    shown: Result<(), RecordError>,
) -> Result<Value, RecordError> {
    let store = app.clients.store().await?;
    match shown {
        Ok(()) => {
            store.finish(claim, outcome.clone(), KNOWN, (app.now)()).await?;
            Ok(outcome)
        }
        Err(error) => {
            give_back(store, claim).await;
            Err(error)
        }
    }
}

async fn give_back(store: &Store, claim: Claim) {
    if let Err(error) = store.abandon(claim).await {
        tracing::warn!(%error, "the event stays claimed until the deadline");
    }
}
