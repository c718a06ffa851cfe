//! Slash commands, buttons and questions of Slack, answered.
//!
//! ```text
//! event    an invocation's payload -> requests, each for itself
//! collect  request -> situation     all reading, bounded in time
//! decide   situation -> answer      pure
//! act      answer -> message        shown once, whatever happens on the way
//! ```
//!
//! Requests come from `intake` over the product's bus and a queue. [`App`] ties the rooms. Around every record stand the
//! layers ([`layer`]): a panic stays within its record, a request that was answered is not answered again, and what a
//! record may still do is bounded by the invocation's end. Records of a batch are dealt with at the same time.

pub mod act;
pub mod clients;
pub mod collect;
pub mod decide;
mod deliver;
pub mod event;
mod investigate;
pub mod layer;
pub mod message;
pub mod question;
pub mod situation;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::deadline::Deadline;
use shared::telemetry::{Metrics, Unit};
use tracing::Instrument;

pub use clients::{ClientError, Clients};
use event::{Ask, Invocation, MalformedEvent, Record};
pub use layer::RecordError;
use message::Style;

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "NIGHTSHIFT_STORE"];

/// What is kept of the invocation for answering.
const ANSWER: Duration = Duration::from_millis(500);

/// The function.
pub struct App {
    clients: Clients,
    style: Style,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// An invocation that failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedEvent),
    /// The one event of the invocation was not dealt with.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match &error {
            InvocationError::Malformed(error) => error.name(),
            InvocationError::Record(error) => error.name(),
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// One invocation by the Lambda service.
///
/// # Errors
///
/// As [`App::handle`].
pub async fn invoked(app: &App, event: LambdaEvent<Value>) -> Result<Value, InvocationError> {
    let deadline = Deadline::of_invocation(event.context.deadline);
    let span = tracing::info_span!("invocation", request_id = %event.context.request_id);
    app.handle(event.payload, deadline).boxed().instrument(span).await
}

impl App {
    /// The function by these settings. Clients are built when they are needed.
    pub fn new(settings: Settings) -> Self {
        Self::with(Clients::new(settings), Arc::new(Timestamp::now))
    }

    /// The function over these clients and this clock.
    pub fn with(clients: Clients, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        let style = Style::new(clients.settings());
        Self { clients, style, now, metrics: Metrics::new("slack-commands") }
    }

    /// Deals with an invocation until `deadline`. A batch is answered with the records that failed, which SQS hands out
    /// again; a single event with what became of it.
    ///
    /// # Errors
    ///
    /// When the payload is neither, or the single event could not be dealt with.
    pub async fn handle(&self, payload: Value, deadline: Deadline) -> Result<Value, InvocationError> {
        if shared::telemetry::cold_start() {
            self.metrics.count("ColdStart");
        }
        let deadline = deadline.before(ANSWER);
        let answer = match Invocation::parse(payload) {
            Err(error) => {
                tracing::error!(reason = error.name(), %error, "the invocation cannot be read");
                self.metrics.count("EventsRefused");
                Err(error.into())
            }
            Ok(Invocation::Sweep) => {
                deliver::sweep(self, deadline).await.map(|sent| json!({ "swept": sent })).map_err(Into::into)
            }
            Ok(Invocation::Batch(records)) => Ok(self.batch(records, deadline).await),
            Ok(Invocation::Single(ask)) => self.record(*ask, deadline).await.map_err(Into::into),
        };
        self.metrics.flush((self.now)());
        answer
    }

    async fn batch(&self, records: Vec<Record>, deadline: Deadline) -> Value {
        let outcomes = records.into_iter().map(|record| {
            let span =
                tracing::info_span!("record", message_id = %record.message_id, receive_count = record.receive_count);
            async move { (record.message_id, self.record(record.ask, deadline).boxed().await) }.instrument(span)
        });
        let outcomes = futures::future::join_all(outcomes).await;
        let failures = outcomes.into_iter().filter_map(|(message_id, outcome)| {
            let error = outcome.err()?;
            tracing::error!(message_id, reason = error.name(), %error, "the record goes back to the queue");
            self.metrics.count("RecordsFailed");
            Some(json!({ "itemIdentifier": message_id }))
        });
        json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
    }

    /// One record, within its layers.
    async fn record(&self, ask: Result<Ask, MalformedEvent>, deadline: Deadline) -> Result<Value, RecordError> {
        let ask = ask.inspect_err(|_| self.metrics.count("EventsRefused"))?;
        let span = tracing::info_span!("ask", id = %ask.id, user = %ask.user, what = ask.what.name());
        let started = tokio::time::Instant::now();
        let outcome = layer::once(self, &ask, deadline).instrument(span).await;
        self.metrics.add("RecordTime", Unit::Milliseconds, started.elapsed().as_secs_f64() * 1000.0);
        outcome
    }
}
