//! A night: the function in this process, against sim, over a store, on a clock of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use alarm_analysis::{App, Clients, REQUIRED};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::config::Settings;
use shared::deadline::Deadline;
use shared::store::Store;
use sim::slack::{Message, PostedKind};
use sim::{Options, Sim};

use crate::memory::Memory;

/// How long an invocation may last.
pub const INVOCATION: Duration = Duration::from_secs(30);

/// A clock that can be moved on: the world's time at the beginning, then the machine's pace.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Timestamp,
    since: Instant,
    moved_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that begins at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self { start, since: Instant::now(), moved_ms: Arc::default() }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start + SignedDuration::from_millis(elapsed + self.moved_ms.load(Ordering::Relaxed))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.moved_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// The settings that an environment gives, with others in addition.
///
/// # Panics
///
/// Where they are not accepted.
pub fn settings(environment: &[(String, String)], more: &[(&str, &str)]) -> Settings {
    let lookup = |name: &str| {
        let more = more.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let given = environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        more.or(given)
            .filter(|value| !value.is_empty())
            .or((name == "NIGHTSHIFT_STORE").then(|| "file:unused".to_owned()))
    };
    match Settings::from_lookup(REQUIRED, &lookup, &|path| std::fs::read_to_string(path)) {
        Ok(settings) => settings,
        Err(error) => panic!("{error}"),
    }
}

/// A configuration of AWS at `endpoint`, whose calls are made once.
pub fn aws_at(endpoint: &str, region: &'static str) -> aws_config::SdkConfig {
    let credentials = aws_credential_types::Credentials::new("sim", "sim", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(shared::aws::http_client())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build()
}

/// The AWS configuration that an environment gives, without reading the process's own.
pub fn aws(environment: &[(String, String)]) -> aws_config::SdkConfig {
    let value = |name: &str| {
        environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let credentials = aws_credential_types::Credentials::new("sim", "sim", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .http_client(shared::aws::http_client())
        .region(aws_config::Region::new(value("AWS_REGION")))
        .endpoint_url(value("AWS_ENDPOINT_URL"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .timeout_config(
            aws_config::timeout::TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .read_timeout(Duration::from_secs(2))
                .operation_timeout(Duration::from_secs(5))
                .build(),
        )
        .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(2))
        .build()
}

/// Sim and the function against it.
#[derive(Debug)]
pub struct Night {
    /// The simulation.
    pub sim: Sim,
    /// The store.
    pub store: Memory,
    /// The clock.
    pub clock: Clock,
    /// Settings in addition to sim's environment; an empty value takes one away.
    pub more: Vec<(&'static str, &'static str)>,
}

impl Night {
    /// A night in this simulation, with the rules alone.
    ///
    /// # Panics
    ///
    /// Where sim cannot be started.
    pub async fn new(options: Options) -> Self {
        shared::telemetry::init(&std::env::var("NIGHTSHIFT_LOG").unwrap_or_else(|_| "off".to_owned()));
        let sim = match Sim::start(options).await {
            Ok(sim) => sim,
            Err(error) => panic!("{error}"),
        };
        let clock = Clock::at(sim.world().now());
        let more = vec![("BEDROCK_ANALYSIS_AGENT_ID", ""), ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", "")];
        Self { sim, store: Memory::default(), clock, more }
    }

    /// Sim's environment with what is set in addition.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut environment = self.sim.environment();
        environment.retain(|(name, _)| self.more.iter().all(|(other, _)| other != name));
        let more = self.more.iter().filter(|(_, value)| !value.is_empty());
        environment.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment
    }

    /// The cluster is in another account from now on, which these roles open, the first to read and the second to change,
    /// and the functions are in another region; returns the line of the settings file that says so.
    pub fn move_away(&mut self, roles: [&str; 2]) -> String {
        self.sim.account().roles.need(&roles);
        let elsewhere = [("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        // Without an address of its own the cluster is found by asking EKS.
        self.more.extend(elsewhere.into_iter().chain([("NIGHTSHIFT_KUBE_ENDPOINT", "")]));
        let options = self.sim.world().options();
        let (name, region, [reads, changes]) = (&options.cluster, &options.region, roles);
        format!(
            "clusters: [{{ name: {name}, region: {region}, role_arn: '{reads}', remediation_role_arn: '{changes}' }}]\n"
        )
    }

    /// The function, as a new process would have it: nothing of an earlier one is left but the store.
    pub fn app(&self) -> App {
        let environment = self.environment();
        let clients = Clients::new(settings(&environment, &self.more))
            .with_store(Store::new(self.store.clone()))
            .with_aws(aws(&environment));
        let clock = self.clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    /// Lets the world go on until an alarm is on and a minute longer, and hands over its events: from a metric's minute to
    /// the function's invocation some time passes.
    ///
    /// # Panics
    ///
    /// Where no alarm comes on within half an hour.
    pub fn wait_for_alarm(&self) -> Vec<Value> {
        let before = self.sim.world().now();
        let has_fired = |world: &sim::world::World| {
            world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
        };
        let fired = self.sim.world().advance_until(SignedDuration::from_mins(30), has_fired);
        assert!(fired, "no alarm came on");
        self.sim.world().advance(SignedDuration::from_mins(1));
        let passed = self.sim.world().now().duration_since(before);
        self.clock.advance(Duration::try_from(passed).unwrap_or_default());
        self.sim.world().take_alarm_events()
    }

    /// Messages in the channel, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.sim.slack().messages()
    }

    /// First messages of threads.
    pub fn threads(&self) -> Vec<Message> {
        self.messages().into_iter().filter(|message| !message.is_reply()).collect()
    }

    /// How many times a message was edited or posted since the beginning.
    pub fn count(&self, kind: PostedKind) -> usize {
        self.sim.slack().posted().iter().filter(|posted| posted.kind == kind).count()
    }
}

/// Invokes the function with a batch of these events; returns the bodies that failed.
///
/// # Panics
///
/// Where the invocation as a whole fails.
pub async fn deliver(app: &App, events: &[Value]) -> Vec<Value> {
    let answer = match app.handle(batch(events), Deadline::within(INVOCATION)).await {
        Ok(answer) => answer,
        Err(error) => panic!("{error}"),
    };
    let failed: Vec<usize> = answer["batchItemFailures"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|failure| failure["itemIdentifier"].as_str()?.strip_prefix("message-")?.parse().ok())
        .collect();
    failed.into_iter().filter_map(|index| events.get(index).cloned()).collect()
}

/// Hands events over in batches of `size`, those that failed again, at most five times each; returns those that stay.
pub async fn drive(app: &App, events: &[Value], size: usize) -> Vec<Value> {
    let mut waiting = events.to_vec();
    for _ in 0..5 {
        let mut failed = Vec::new();
        for batch in waiting.chunks(size) {
            failed.extend(deliver(app, batch).await);
        }
        waiting = failed;
        if waiting.is_empty() {
            break;
        }
    }
    waiting
}

/// An SQS batch of these events.
pub fn batch(events: &[Value]) -> Value {
    let records = events.iter().enumerate().map(|(index, event)| {
        let body = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
        json!({
            "messageId": format!("message-{index}"),
            "receiptHandle": "receipt",
            "body": body,
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:ap-northeast-2:111122223333:nightshift-alarms",
            "awsRegion": "ap-northeast-2",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// The causes that a message names in its metadata, the first first.
pub fn causes(message: &Message) -> Vec<String> {
    let causes =
        message.metadata.as_ref().map(|metadata| metadata["event_payload"]["causes"].clone()).unwrap_or_default();
    causes.as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// The key by which a message is known.
pub fn key(message: &Message) -> String {
    let key = message.metadata.as_ref().map(|metadata| metadata["event_payload"]["key"].clone()).unwrap_or_default();
    key.as_str().unwrap_or_default().to_owned()
}

/// The same alarm in another state, this many seconds later.
pub fn later(event: &Value, state: &str, seconds: i64) -> Value {
    let mut event = event.clone();
    let at = event["detail"]["state"]["timestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH) + SignedDuration::from_secs(seconds);
    event["detail"]["previousState"] = event["detail"]["state"].clone();
    event["detail"]["state"] = json!({ "value": state, "reason": "of the test", "timestamp": at.to_string() });
    event["id"] = json!(format!("{}-{state}-{seconds}", event["id"].as_str().unwrap_or_default()));
    event
}

/// The same event of another alarm.
pub fn another(event: &Value, name: &str) -> Value {
    let mut event = event.clone();
    event["id"] = json!(format!("{}-{name}", event["id"].as_str().unwrap_or_default()));
    event["resources"] = json!([format!("arn:aws:cloudwatch:ap-northeast-2:111122223333:alarm:{name}")]);
    event["detail"]["alarmName"] = json!(name);
    event
}

/// The first event of these in which an alarm comes on.
///
/// # Panics
///
/// Where there is none.
pub fn firing(events: &[Value]) -> Value {
    match events.iter().find(|event| event["detail"]["state"]["value"] == "ALARM") {
        Some(event) => event.clone(),
        None => panic!("no alarm came on"),
    }
}

/// A click on a button under a diagnosis (`right` or `wrong`), as intake publishes it.
pub fn vote(verdict: &str, incident: &str, user: &str, second: u32) -> Value {
    json!({
        "version": "0", "source": "nightshift.intake", "detail-type": "Slack Interaction",
        "detail": {
            "id": format!("act-{user}-{second}"), "kind": "block_actions", "user_id": user,
            "action_id": format!("diagnosis.{verdict}"), "value": incident,
            "received_at": format!("2026-11-21T03:00:{second:02}Z"),
        },
    })
}

/// The incident that the first thread's first message is about, from the value of its buttons.
///
/// # Panics
///
/// Where it has none.
pub fn incident(night: &Night) -> String {
    let message = json!(night.threads()[0].attachments).to_string();
    let Some((_, after)) = message.split_once("\"value\":\"inc-") else { panic!("no button with the incident") };
    format!("inc-{}", after.split('"').next().unwrap_or_default())
}

/// What the schedule of a minute sends.
pub fn sweep() -> Value {
    json!({ "source": "nightshift", "detail-type": alarm_analysis::event::SWEEP })
}

/// All that a message shows, as text.
pub fn shown(message: &Message) -> String {
    format!("{}\n{}\n{}", message.text, json!(message.blocks), json!(message.attachments))
}
