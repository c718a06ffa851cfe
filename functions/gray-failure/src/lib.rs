//! A zone that limps: found, proven, left.
//!
//! ```text
//! every minute, for each cluster
//! collect  metrics by zone -> a situation       all reading, bounded in time
//! decide   situation -> decision                pure
//! state    what is carried over, what is wanted kept by compare and write, before anything is said or proposed
//! tell     one thread a suspicion               posted once, brought up to what is the case
//! ```
//!
//! Nothing is changed from here: what is to be done is proposed as a case, and the `remediation` function carries it
//! through policy, approval and audit. [`node`] does the same for single nodes. What other services say of zones and nodes
//! comes by a queue ([`event`]).
//!
//! [`decide`] is the judgement: minute after minute of what each zone did, into what to say and do about it;
//! [`want`] is what follows from it: which zone is to be left, and until when.

pub mod decide;
pub mod event;
pub mod node;
pub mod want;
pub mod zones;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use futures::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::contained;
use shared::deadline::Deadline;
use shared::eks::ReadError;
use shared::incident::publish::PublishError;
use shared::slack::SlackError;
use shared::store::StoreError;
use shared::telemetry::Metrics;
use shared::text::{Clock, Style};

use event::{Event, Malformed};
pub use shared::clients::{ClientError, Clients};
pub use zones::collect::CollectError;

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "SLACK_CHANNEL", "NIGHTSHIFT_STORE"];

/// What is kept of the invocation for answering.
const ANSWER: Duration = Duration::from_millis(500);
/// What a cluster needs to be worth beginning with.
const ROOM: Duration = Duration::from_secs(3);

/// The function.
pub struct App {
    pub(crate) clients: Clients,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) metrics: Metrics,
    pub(crate) style: Style,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// Why a cluster waits for the next minute, or a record goes back to the queue.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The metrics by zone.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// A message.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// The cluster.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A finding that holds none.
    #[error(transparent)]
    Finding(#[from] node::MalformedFinding),
    /// Somebody else posts the message.
    #[error("another invocation is posting the message; retry")]
    Busy,
    /// What was judged cannot be kept.
    #[error("what was judged has no JSON form: {0}")]
    Record(String),
    /// A record that holds no event.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Records of several queues at once, or none.
    #[error("the batch cannot be read: {0}")]
    Batch(String),
    /// Handling ended in a panic.
    #[error("handling ended in a panic: {0}")]
    Panic(String),
}

impl RunError {
    /// Its name in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Client(_) => "ClientError",
            Self::Store(_) => "StoreError",
            Self::Collect(_) => "CollectError",
            Self::Publish(_) => "PublishError",
            Self::Slack(_) => "SlackError",
            Self::Read(_) => "ReadError",
            Self::Finding(_) => "MalformedFinding",
            Self::Busy => "Busy",
            Self::Record(_) => "UnwritableRecord",
            Self::Malformed(_) => "MalformedEvent",
            Self::Batch(_) => "MalformedBatch",
            Self::Panic(_) => "Panic",
        }
    }
}

/// An invocation that failed as a whole.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct InvocationError(#[from] RunError);

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self { error_type: error.0.name().to_owned(), error_message: error.0.to_string() }
    }
}

/// One invocation by the Lambda service.
///
/// # Errors
///
/// As [`App::handle`].
pub async fn invoked(app: &App, event: LambdaEvent<Value>) -> Result<Value, InvocationError> {
    let deadline = Deadline::of_invocation(event.context.deadline);
    app.handle(event.payload, deadline).boxed().await
}

impl App {
    /// The function by these settings. Clients are built when they are needed.
    pub fn new(settings: Settings) -> Self {
        Self::with(Clients::new(settings), Arc::new(Timestamp::now))
    }

    /// The function over these clients and this clock.
    pub fn with(clients: Clients, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        let settings = clients.settings();
        let style = Style::new(settings.language, Clock::new(settings.time_zone.clone()));
        Self { clients, now, metrics: Metrics::new("gray-failure"), style }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Deals with an invocation until `deadline`: a batch of events is answered with the records that failed, anything else
    /// (the schedule) is a minute of every cluster.
    ///
    /// # Errors
    ///
    /// When the batch cannot be read.
    pub async fn handle(&self, payload: Value, deadline: Deadline) -> Result<Value, InvocationError> {
        if shared::telemetry::cold_start() {
            self.metrics.count("ColdStart");
        }
        let deadline = deadline.before(ANSWER);
        let is_batch = payload["Records"][0]["eventSource"] == "aws:sqs";
        let answer = match is_batch.then(|| serde_json::from_value::<SqsEvent>(payload)) {
            Some(Ok(batch)) => Ok(self.batch(batch, deadline).await),
            Some(Err(error)) => Err(RunError::Batch(error.to_string()).into()),
            None => Ok(json!({ "clusters": self.sweep(deadline).await })),
        };
        self.metrics.flush(self.now());
        answer
    }

    async fn batch(&self, batch: SqsEvent, deadline: Deadline) -> Value {
        let mut failures = Vec::new();
        for record in batch.records {
            let id = record.message_id.clone().unwrap_or_default();
            let outcome = async {
                match Event::parse(record.body.as_deref().unwrap_or_default())? {
                    Event::Zonal(event) => zones::told_of(self, &event, deadline).await,
                    Event::Finding(event) => node::finding(self, &event, deadline).boxed().await,
                }
            };
            if let Err(error) = contained(outcome, RunError::Panic).await {
                tracing::error!(message_id = id, reason = error.name(), %error, "the record goes back to the queue");
                self.metrics.count("RecordsFailed");
                failures.push(json!({ "itemIdentifier": id }));
            }
        }
        json!({ "batchItemFailures": failures })
    }

    /// A minute of every cluster; returns how many were seen to. One that fails does not hold up the others.
    async fn sweep(&self, deadline: Deadline) -> usize {
        let (mut seen_to, now) = (0, self.now());
        for cluster in &self.clients.settings().clusters {
            if deadline.remaining() < ROOM {
                tracing::warn!(cluster = cluster.name, "the rest of the clusters is left to the next minute");
                break;
            }
            let zones =
                self.kept_going(&cluster.name, "zones", zones::sweep(self, cluster, now, deadline).boxed()).await;
            let nodes =
                self.kept_going(&cluster.name, "nodes", node::sweep(self, cluster, now, deadline).boxed()).await;
            seen_to += usize::from(zones && nodes);
        }
        seen_to
    }

    async fn kept_going(&self, cluster: &str, what: &str, work: impl Future<Output = Result<(), RunError>>) -> bool {
        let outcome = contained(work, RunError::Panic).await;
        if let Err(error) = &outcome {
            self.metrics.count("ClustersHeldUp");
            tracing::error!(cluster, what, reason = error.name(), %error, "the cluster waits for the next minute");
        }
        outcome.is_ok()
    }
}
