//! The one public door: what Slack, Alertmanager and Grafana send is verified, acknowledged and put on the product's bus.
//! Nothing else is done here.
//!
//! ```text
//! request  a function URL's event -> a request for one of five paths, within bounds
//! collect  the secrets that the path is guarded by
//! decide   request, secrets, time -> an answer, and the events it makes   pure
//! act      events -> EventBridge, in batches
//! ```
//!
//! A request is answered 200 only once all of its events are on the bus; 503 asks the sender to try again. Requests that
//! arrive twice make events of one [id](shared::bus::EventId), which those behind the bus deal with once; why a replayed
//! request is harmless, and mostly refused, is in `docs/decisions/0006-replayed-requests.md`.

pub mod act;
pub mod alert;
pub mod answer;
pub mod collect;
pub mod decide;
pub mod guard;
pub mod request;
pub mod slack;
pub mod strangers;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use shared::config::DoorSettings;
use shared::deadline::Deadline;
use shared::telemetry::{Metrics, Unit};

use act::Bus;
use answer::{Answer, Refusal};
use collect::Secrets;
use guard::Seen;
use request::Request;

/// Slack waits three seconds; what is not on the bus by then is asked for again.
const PATIENCE: Duration = Duration::from_millis(2500);
/// What is kept of an invocation for answering.
const ANSWER: Duration = Duration::from_millis(200);

/// The function.
pub struct App {
    settings: DoorSettings,
    secrets: Secrets,
    bus: Bus,
    seen: Mutex<Seen>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// The function by these settings.
    pub fn new(settings: DoorSettings) -> Self {
        Self::with(settings, &shared::aws::sdk_config(), Arc::new(Timestamp::now))
    }

    /// The function with this AWS configuration and this clock.
    pub fn with(settings: DoorSettings, aws: &SdkConfig, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            secrets: Secrets::new(&settings, aws),
            bus: Bus::new(aws, &settings.bus),
            seen: Mutex::default(),
            metrics: Metrics::new("intake"),
            settings,
            now,
        }
    }

    /// One invocation by the Lambda service. Never fails: a failed invocation would be a 502 with nothing said.
    pub async fn invoked(&self, event: LambdaEvent<Value>) -> Value {
        let end = Deadline::of_invocation(event.context.deadline).before(ANSWER);
        let deadline = Deadline::within(end.cap(PATIENCE));
        self.handle(event.payload, deadline).await.into_payload()
    }

    /// Answers a function URL's event until `deadline`.
    pub async fn handle(&self, payload: Value, deadline: Deadline) -> Answer {
        let started = tokio::time::Instant::now();
        if shared::telemetry::cold_start() {
            self.metrics.count("ColdStart");
        }
        let answer = match self.take(payload, deadline).await {
            Ok(answer) => {
                self.metrics.count("RequestsAccepted");
                answer
            }
            Err(refusal) => {
                self.metrics.count(if refusal.status() == 503 { "RequestsDeferred" } else { "RequestsRefused" });
                tracing::warn!(status = refusal.status(), reason = refusal.name(), "the request is refused: {refusal}");
                Answer::from(&refusal)
            }
        };
        self.metrics.add("AnswerTime", Unit::Milliseconds, started.elapsed().as_secs_f64() * 1000.0);
        self.metrics.flush((self.now)());
        answer
    }

    async fn take(&self, payload: Value, deadline: Deadline) -> Result<Answer, Refusal> {
        let request = Request::parse(payload)?;
        let keys = self.secrets.keys(request.path.sender(), deadline).await?;
        let now = (self.now)();
        let accepted = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            decide::decide(&request, &keys, &seen, self.settings.language, now)?
        };
        if request.is_retry() {
            self.metrics.count("Retries");
        }
        self.bus.put(&accepted.entries, deadline).await?;
        if let Some(signature) = accepted.signature {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).remember(signature, now);
        }
        #[allow(clippy::cast_precision_loss, reason = "a count of events in one request")]
        self.metrics.add("EventsPublished", Unit::Count, accepted.entries.len() as f64);
        for entry in &accepted.entries {
            tracing::info!(event = %entry.id, detail_type = entry.detail_type, "published");
        }
        Ok(accepted.answer)
    }
}

#[cfg(test)]
mod tests;
