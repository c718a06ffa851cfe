//! Runs an action that policy and people allowed: once, watched, and taken back when it makes things worse.
//!
//! ```text
//! alarm-analysis keeps a case (Proposed) in the store
//! collect  case -> facts             all reading, bounded in time
//! decide   facts -> the chain        shared::remediation: policy, risk, approval; pure
//! act      case -> its next stage    each kept before and after every effect
//! tell     case -> one message       posted once, brought up to the case
//! ```
//!
//! Two things bring it to work: clicks, from its queue, and its schedule, every minute, which carries on all cases that are
//! not over. Cases come by way of the store and not of a queue: what is proposed is there even where nobody was told, and
//! the table's stream only makes the minute shorter.

mod act;
pub mod api;
pub mod arc;
pub mod collect;
mod export;
pub mod message;
mod send;
mod shift;
mod tell;
pub mod vote;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use futures::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::bus::{BusEvent, BusEventError, Interaction};
use shared::config::Settings;
use shared::contained;
use shared::deadline::Deadline;
use shared::incident::publish::PublishError;
use shared::remediation::policy::{Policies, PolicyError};
use shared::remediation::{Case, CaseId, Outcome, Stage};
use shared::roles::{Directory, Roles};
use shared::slack::SlackError;
use shared::store::StoreError;
use shared::telemetry::{Metrics, Unit};
use shared::text::{Clock, Style};

use collect::CollectError;
pub use export::ExportError;
pub use shared::clients::{ClientError, Clients};

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "SLACK_CHANNEL", "NIGHTSHIFT_STORE"];

/// What is kept of the invocation for answering.
const ANSWER: Duration = Duration::from_millis(500);
/// What a case needs to be worth beginning with.
const ROOM: Duration = Duration::from_secs(3);
/// Cases of one sweep.
const CASES: usize = 50;

/// The function.
pub struct App {
    pub(crate) clients: Clients,
    pub(crate) policies: Arc<Policies>,
    pub(crate) roles: Roles,
    pub(crate) directory: Directory,
    pub(crate) style: Style,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// A case that could not be carried on for now, or a record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cluster.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// A request to the Kubernetes API.
    #[error(transparent)]
    Api(#[from] api::ApiError),
    /// A call of ARC.
    #[error(transparent)]
    Arc(#[from] shared::zonal::read::ArcError),
    /// A message.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Slack.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// The audit log's export.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Somebody else posts the message.
    #[error("another invocation is posting the message; retry")]
    Busy,
    /// An event that is not ours.
    #[error(transparent)]
    Event(#[from] BusEventError),
    /// A record that holds no event.
    #[error("the record holds no event: {0}")]
    Malformed(String),
    /// The case's handling ended in a panic.
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
            Self::Api(_) => "ApiError",
            Self::Arc(_) => "ArcError",
            Self::Publish(_) => "PublishError",
            Self::Slack(_) => "SlackError",
            Self::Export(_) => "ExportError",
            Self::Busy => "Busy",
            Self::Event(_) => "UnknownEvent",
            Self::Malformed(_) => "MalformedEvent",
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
    /// The function by these settings. Clients are built when they are needed; policies are read and validated now.
    ///
    /// # Errors
    ///
    /// Where a policy cannot be used.
    pub fn new(settings: Settings) -> Result<Self, PolicyError> {
        Self::with(Clients::new(settings), Arc::new(Timestamp::now))
    }

    /// The function over these clients and this clock.
    ///
    /// # Errors
    ///
    /// Where a policy cannot be used.
    pub fn with(clients: Clients, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Result<Self, PolicyError> {
        let more = clients.settings().structure.remediation.policies.clone();
        let policies = Policies::with(&more.into_iter().collect::<Vec<_>>())?;
        Ok(Self::judging(Arc::new(policies), clients, now))
    }

    /// The function with policies that have been validated already.
    pub fn judging(policies: Arc<Policies>, clients: Clients, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        let clients = clients.changing();
        let settings = clients.settings();
        let style = Style::new(settings.language, Clock::new(settings.time_zone.clone()));
        let roles = Roles::new(settings.structure.roles.clone());
        Self {
            clients,
            policies,
            roles,
            directory: Directory::default(),
            style,
            now,
            metrics: Metrics::new("remediation"),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Deals with an invocation until `deadline`: a batch of clicks is answered with the records that failed, anything else
    /// (the schedule, the table's stream) carries on all cases that are not over.
    ///
    /// # Errors
    ///
    /// When a sweep could not even list the cases.
    pub async fn handle(&self, payload: Value, deadline: Deadline) -> Result<Value, InvocationError> {
        if shared::telemetry::cold_start() {
            self.metrics.count("ColdStart");
        }
        let deadline = deadline.before(ANSWER);
        let is_batch = payload["Records"][0]["eventSource"] == "aws:sqs";
        let answer = match is_batch.then(|| serde_json::from_value::<SqsEvent>(payload)) {
            Some(Ok(batch)) => Ok(self.batch(batch, deadline).await),
            Some(Err(error)) => Err(RunError::Malformed(error.to_string()).into()),
            None => self.sweep(deadline).await.map(|carried_on| json!({ "carriedOn": carried_on })).map_err(Into::into),
        };
        self.metrics.flush(self.now());
        answer
    }

    async fn batch(&self, batch: SqsEvent, deadline: Deadline) -> Value {
        let mut failures = Vec::new();
        for record in batch.records {
            let id = record.message_id.clone().unwrap_or_default();
            let outcome = async {
                let interaction = interaction(record.body.as_deref().unwrap_or_default())?;
                vote::click(self, &interaction, deadline).await
            };
            if let Err(error) = contained(outcome, RunError::Panic).await {
                tracing::error!(message_id = id, reason = error.name(), %error, "the record goes back to the queue");
                self.metrics.count("RecordsFailed");
                failures.push(json!({ "itemIdentifier": id }));
            }
        }
        json!({ "batchItemFailures": failures })
    }

    /// Carries on every case that is not over, then exports the audit log; returns how many cases. One that fails does not hold up the others.
    ///
    /// # Errors
    ///
    /// When the cases cannot be listed.
    pub async fn sweep(&self, deadline: Deadline) -> Result<usize, RunError> {
        let open = self.clients.store().await?.open_cases(CASES, self.now()).await?;
        let mut carried_on = 0;
        for kept in open {
            if deadline.remaining() < ROOM {
                tracing::warn!("the rest of the cases is left to the next sweep");
                break;
            }
            match contained(self.carry_on(&kept.case.id, deadline), RunError::Panic).await {
                Ok(()) => carried_on += 1,
                Err(error) => {
                    self.metrics.count("CasesHeldUp");
                    tracing::error!(case = %kept.case.id, reason = error.name(), %error, "the case waits for the next sweep");
                }
            }
        }
        match contained(export::export(self, deadline), RunError::Panic).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "entries of the audit log are exported"),
            Err(error) => {
                self.metrics.count("AuditExportsFailed");
                tracing::error!(reason = error.name(), %error, "the audit log waits for the next sweep to be exported");
            }
        }
        Ok(carried_on)
    }

    pub(crate) async fn carry_on(&self, id: &CaseId, deadline: Deadline) -> Result<(), RunError> {
        match act::carry_on(self, id, deadline).boxed().await {
            Err(error) if act::is_race(&error) => {
                tracing::info!(case = %id, "somebody else carries the case on");
                Ok(())
            }
            outcome => outcome.map(drop),
        }
    }

    pub(crate) fn count_stage(&self, case: &Case) {
        let name = match &case.stage {
            Stage::Asked { .. } => "ActionsAsked",
            Stage::NeedsReview { .. } => "ActionsNeedReview",
            Stage::Changing { .. } => "ActionsBegun",
            Stage::Done { outcome: Outcome::Recovered, .. } => "ActionsSucceeded",
            Stage::Done { .. } | Stage::Failed { .. } | Stage::Undone { .. } => "ActionsNotSucceeded",
            Stage::Denied { .. } => "ActionsDenied",
            Stage::Expired => "ActionsExpired",
            _ => return,
        };
        self.metrics.count(name);
        if name == "ActionsSucceeded" {
            let seconds = act::since(case.proposal.at, case.since);
            self.metrics.add("TimeToRecover", Unit::Milliseconds, seconds * 1000.0);
        }
    }
}

/// The click in a record's body.
fn interaction(body: &str) -> Result<Interaction, RunError> {
    let envelope: Value = serde_json::from_str(body).map_err(|error| RunError::Malformed(error.to_string()))?;
    match BusEvent::from_envelope(&envelope)? {
        BusEvent::Interaction(interaction) => Ok(interaction),
        other => Err(RunError::Malformed(format!("{} is not for this queue", other.detail_type()))),
    }
}
