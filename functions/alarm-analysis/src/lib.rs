//! From a CloudWatch alarm to a diagnosis in Slack.
//!
//! ```text
//! event    an invocation's payload -> alarms, each for itself
//! collect  alarm -> situation      all reading, bounded in time
//! decide   situation -> decision   pure
//! act      decision -> effects     each idempotent and recorded
//! ```
//!
//! [`App`] ties them. Around every record stand three layers ([`layer`]): a panic stays within its record, an event that
//! was dealt with is not dealt with again, and what a record may still do is bounded by the invocation's end.

pub mod act;
pub mod clients;
pub mod collect;
pub mod decide;
pub mod event;
mod feed;
mod investigate;
pub mod layer;
pub mod lesson;
pub mod measure;
pub mod message;
mod recall;
pub mod render;
pub mod report;
pub mod situation;
mod thresholds;
mod ticket;
mod vote;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::contained;
use shared::deadline::Deadline;
use shared::incident::Fingerprint;
use shared::incident::publish::Publisher;
use shared::telemetry::{Metrics, Unit};
use shared::text::Clock;
use tracing::Instrument;

use act::Taken;
pub use clients::{ClientError, Clients};
use event::{Alarm, Event, Invocation, MalformedEvent, Record};
use layer::Begun;
pub use layer::RecordError;
use message::Style;
use render::Rendering;

/// The settings without which the function cannot work.
pub const REQUIRED: &[&str] = &["SLACK_BOT_TOKEN", "SLACK_CHANNEL", "NIGHTSHIFT_STORE"];

/// What is kept of the invocation for answering.
const ANSWER: Duration = Duration::from_millis(500);

/// The function.
pub struct App {
    clients: Clients,
    style: Arc<Style>,
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
        let settings = clients.settings();
        let clock = Clock::new(settings.time_zone.clone());
        let style = Arc::new(Style::new(settings.language, clock, settings.links.grafana.clone()));
        Self { clients, style, now, metrics: Metrics::new("alarm-analysis") }
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
            Ok(Invocation::Sweep) => Ok(json!({ "swept": self.sweep(deadline).await? })),
            Ok(Invocation::Thresholds) => thresholds::keep(self, deadline).await.map_err(Into::into),
            Ok(Invocation::Batch(records)) => Ok(self.batch(records, deadline).await),
            Ok(Invocation::Single(event)) => self.single(*event, deadline).await,
        };
        self.metrics.flush((self.now)());
        answer
    }

    /// A batch: every record is taken in for itself, then each incident is shown once, then the records are closed.
    async fn batch(&self, records: Vec<Record>, deadline: Deadline) -> Value {
        let mut begun = Vec::new();
        let mut failures = Vec::new();
        for record in records {
            let span =
                tracing::info_span!("record", message_id = %record.message_id, receive_count = record.receive_count);
            let alarm = match record.event {
                Ok(Event::Click(click)) => {
                    let vote = contained(vote::click(self, &click, deadline), RecordError::Panicked);
                    if let Err(error) = vote.boxed().instrument(span).await {
                        failures.push((record.message_id, error));
                    }
                    continue;
                }
                Ok(Event::Alarm(alarm)) => Ok(*alarm),
                Err(error) => Err(error),
            };
            match self.take(alarm, deadline).boxed().instrument(span.clone()).await {
                Ok(Begun::Before(_)) => {}
                Ok(Begun::Now(claim, taken)) => begun.push((record.message_id, claim, taken)),
                Err(error) => failures.push((record.message_id, error)),
            }
        }
        let shown = self.show(begun.iter().map(|(_, _, taken)| taken), deadline).boxed().await;
        for (message_id, claim, taken) in begun {
            let outcome = outcome_of(&taken, &shown);
            if let Err(error) = layer::end(self, claim, taken.outcome, outcome).await {
                failures.push((message_id, error));
            }
        }
        self.show_rest(&shown, deadline).boxed().await;
        let failures = failures.into_iter().map(|(message_id, error)| {
            tracing::error!(message_id, reason = error.name(), %error, "the record goes back to the queue");
            self.metrics.count("RecordsFailed");
            json!({ "itemIdentifier": message_id })
        });
        json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
    }

    async fn single(&self, event: Result<Event, MalformedEvent>, deadline: Deadline) -> Result<Value, InvocationError> {
        let alarm = match event {
            Ok(Event::Click(click)) => {
                contained(vote::click(self, &click, deadline), RecordError::Panicked).boxed().await?;
                return Ok(json!({ "outcome": "click" }));
            }
            Ok(Event::Alarm(alarm)) => Ok(*alarm),
            Err(error) => Err(error),
        };
        let (claim, taken) = match self.take(alarm, deadline).boxed().await? {
            Begun::Before(outcome) => return Ok(outcome),
            Begun::Now(claim, taken) => (claim, taken),
        };
        let shown = self.show([&taken].into_iter(), deadline).boxed().await;
        let outcome = outcome_of(&taken, &shown);
        Ok(layer::end(self, claim, taken.outcome, outcome).await?)
    }

    /// One record, within its layers.
    async fn take(&self, alarm: Result<Alarm, MalformedEvent>, deadline: Deadline) -> Result<Begun, RecordError> {
        let alarm = alarm.inspect_err(|_| self.metrics.count("EventsRefused"))?;
        let span = tracing::info_span!("alarm", event = %alarm.event_id, alarm = %alarm.name, state = ?alarm.state);
        let started = tokio::time::Instant::now();
        let begun = async {
            match layer::begin(self, &alarm, deadline).await? {
                Begun::Before(outcome) => match act::repeated(self, &alarm).await? {
                    Some(again) => layer::begin(self, &again, deadline).await,
                    None => Ok(Begun::Before(outcome)),
                },
                now @ Begun::Now(..) => Ok(now),
            }
        };
        let begun = begun.instrument(span).await;
        self.metrics.add("RecordTime", Unit::Milliseconds, started.elapsed().as_secs_f64() * 1000.0);
        begun
    }

    /// Shows each incident that was taken in, once.
    async fn show<'a>(&self, taken: impl Iterator<Item = &'a Taken>, deadline: Deadline) -> Shown {
        let incidents: BTreeSet<_> = taken.filter_map(|taken| taken.incident.clone()).collect();
        let mut shown = Shown::new();
        for (fingerprint, channel) in incidents {
            let outcome = async {
                self.publisher().await?.show(&fingerprint, deadline).await?;
                self.see_to_ticket(&fingerprint, deadline).await?;
                self.learn_from(&fingerprint, deadline).await
            };
            let outcome = contained(outcome, RecordError::Panicked).await.map_err(|error| error.to_string());
            shown.insert(fingerprint, (channel, outcome));
        }
        shown
    }

    /// Shows what other invocations have left to us. No record depends on it.
    async fn show_rest(&self, shown: &Shown, deadline: Deadline) {
        let channels: BTreeSet<&str> = shown.values().map(|(channel, _)| channel.as_str()).collect();
        for channel in channels {
            let outcome =
                async { Ok::<_, RecordError>(self.publisher().await?.show_rest(Some(channel), deadline).await?) };
            if let Err(error) = outcome.await {
                tracing::warn!(%error, channel, "what is left to show is left to the sweep");
            }
        }
    }

    async fn sweep(&self, deadline: Deadline) -> Result<usize, RecordError> {
        let clusters: Vec<&str> = self.clients.settings().clusters.iter().map(|known| known.name.as_str()).collect();
        let swept = self.publisher().await?.sweep(&clusters, deadline).await?;
        self.see_to_tickets(deadline).await?;
        for cluster in clusters {
            self.learn_of_late(cluster, deadline).await?;
        }
        self.feed_left(deadline).await?;
        Ok(swept)
    }

    pub(crate) async fn publisher(&self) -> Result<Publisher<Rendering>, ClientError> {
        self.clients.publisher(Rendering(Arc::clone(&self.style)), Arc::clone(&self.now)).await
    }
}

/// By incident: its channel, and what came of showing it.
type Shown = BTreeMap<Fingerprint, (String, Result<(), String>)>;

/// What showing came to for this record.
fn outcome_of(taken: &Taken, shown: &Shown) -> Result<(), RecordError> {
    match taken.incident.as_ref().and_then(|(fingerprint, _)| shown.get(fingerprint)) {
        Some((_, Err(why))) => Err(RecordError::NotShown(why.clone())),
        _ => Ok(()),
    }
}
