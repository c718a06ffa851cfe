//! People who ask in Slack: the events that intake makes of it, and the addresses that answers go to, which do as Slack's: what
//! says that it replaces takes the place of a message that was clicked, and after a command is a further message.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim::fault::{Fault, Faults, Service};
use sim::world::{Scenario, World};
use sim::{Options, Sim};
use tokio::task::JoinHandle;

/// The channel people ask in.
pub const CHANNEL: &str = sim::slack::ALERTS_CHANNEL;
/// Who asks.
pub const USER: &str = "U0SIMUSER1";
/// Settings for answers in English, which nothing has to be set for.
pub const ENGLISH: &[(&str, &str)] = &[];
/// Settings for answers in Korean, seen by everybody.
pub const KOREAN: &[(&str, &str)] =
    &[("NIGHTSHIFT_LANG", "ko"), ("NIGHTSHIFT_TZ", "Asia/Seoul"), ("NIGHTSHIFT_ANSWERS", "in_channel")];

/// A cluster in which a workload of the shop cannot pull its image, and the alarm has gone off.
///
/// # Panics
///
/// Where it does not go off.
pub async fn broken() -> Sim {
    let sim = match Sim::start(Options::stopped(Scenario::WrongImage)).await {
        Ok(sim) => sim,
        Err(error) => panic!("{error}"),
    };
    let fires = |world: &World| world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM");
    assert!(sim.world().advance_until(SignedDuration::from_mins(30), fires));
    sim
}

/// That a text holds each of these.
///
/// # Panics
///
/// Where one is missing.
pub fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

/// The first part of a value that is wanted.
pub fn find(value: &Value, wanted: &dyn Fn(&Value) -> bool) -> Option<Value> {
    if wanted(value) {
        return Some(value.clone());
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, wanted)),
        Value::Object(fields) => fields.values().find_map(|item| find(item, wanted)),
        _ => None,
    }
}

type Answers = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

/// Where answers go: an address for each request, on loopback.
#[derive(Debug)]
pub struct Hooks {
    base: String,
    answers: Answers,
    server: JoinHandle<()>,
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Hooks {
    /// Listens; `faults` of Slack's operation `response_url` hit it.
    ///
    /// # Panics
    ///
    /// Where there is no port.
    pub async fn start(faults: Faults) -> Self {
        let answers = Answers::default();
        let routes = Router::new()
            .route("/commands/{name}", post(take))
            .route("/actions/{name}", post(take))
            .with_state((Arc::clone(&answers), faults));
        let listener = match tokio::net::TcpListener::bind(("127.0.0.1", 0)).await {
            Ok(listener) => listener,
            Err(error) => panic!("{error}"),
        };
        let base = listener.local_addr().map(|address| format!("http://{address}/")).unwrap_or_default();
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Self { base, answers, server }
    }

    /// The address for answers to the command `name`.
    pub fn address(&self, name: &str) -> String {
        format!("{}commands/{name}", self.base)
    }

    /// The address for answers to the click `name`.
    pub fn click_address(&self, name: &str) -> String {
        format!("{}actions/{name}", self.base)
    }

    /// All that was posted for the request `name`, in order.
    pub fn posted(&self, name: &str) -> Vec<Value> {
        self.lock().get(name).cloned().unwrap_or_default()
    }

    /// What stands there: all of a command's; of a click's the last that replaces, and what came after it.
    pub fn standing(&self, name: &str) -> Vec<Value> {
        let posted = self.posted(name);
        let replaces = |post: &Value| post["replace_original"] == true && post["address"] == "actions";
        let from = posted.iter().rposition(replaces).unwrap_or(0);
        posted[from..].to_vec()
    }

    /// The one answer that stands.
    ///
    /// # Panics
    ///
    /// Where there is none, or more than one.
    pub fn answer(&self, name: &str) -> Value {
        match &self.standing(name)[..] {
            [one] => one.clone(),
            other => panic!("{name} has {} answers", other.len()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Value>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(
    State((answers, faults)): State<(Answers, Faults)>,
    Path(name): Path<String>,
    uri: axum::http::Uri,
    mut body: axum::Json<Value>,
) -> axum::response::Response {
    let effect = async {
        body["address"] = json!(if uri.path().starts_with("/actions/") { "actions" } else { "commands" });
        answers.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().push(body.0);
        "ok".into_response()
    };
    let refusal = |fault| match fault {
        Fault::Throttle => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "rate_limited").into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    faults.serve(Service::Slack, "response_url", refusal, effect).await
}

/// The event of a slash command, whose answers go to `response_url`.
pub fn command(id: &str, line: &str, response_url: &str) -> Value {
    let (name, text) = line.split_once(' ').unwrap_or((line, ""));
    envelope(
        "Slack Command",
        json!({
            "id": id, "command": name, "text": text, "user_id": USER, "user_name": "mina", "team_id": "T0SIMTEAM1",
            "channel_id": CHANNEL, "channel_name": "alerts", "response_url": response_url,
            "trigger_id": "1.2.3", "received_at": Timestamp::now(),
        }),
    )
}

/// The event of a click or a choice, as the message that was answered with offers it.
pub fn click(id: &str, action_id: &str, value: &str, response_url: &str) -> Value {
    envelope(
        "Slack Interaction",
        json!({
            "id": id, "kind": "block_actions", "user_id": USER, "team_id": "T0SIMTEAM1", "channel_id": CHANNEL,
            "message_ts": "1.0", "action_id": action_id, "value": value, "response_url": response_url,
            "received_at": Timestamp::now(),
        }),
    )
}

/// The event of a question in the channel.
pub fn question(id: &str, text: &str, ts: &str) -> Value {
    envelope(
        "Slack Question",
        json!({
            "id": id, "event_id": id, "kind": "mention", "user_id": USER, "team_id": "T0SIMTEAM1",
            "channel_id": CHANNEL, "ts": ts, "thread_ts": "", "text": text, "received_at": Timestamp::now(),
        }),
    )
}

fn envelope(detail_type: &str, detail: Value) -> Value {
    json!({
        "version": "0", "id": format!("event-{}", detail["id"].as_str().unwrap_or_default()),
        "detail-type": detail_type, "source": "nightshift.intake", "account": sim::ACCOUNT_ID,
        "time": Timestamp::now(), "region": sim::REGION, "resources": [], "detail": detail,
    })
}

/// All texts of a message, in order: what somebody reads.
pub fn read(message: &Value) -> String {
    fn walk(value: &Value, lines: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, lines)),
            Value::Object(fields) => {
                let is_text = fields.get("type").is_some_and(|kind| kind == "mrkdwn" || kind == "plain_text");
                match fields.get("text") {
                    Some(Value::String(text)) if is_text => lines.push(text.clone()),
                    _ => {
                        fields.iter().filter(|(name, _)| *name != "fallback").for_each(|(_, value)| walk(value, lines))
                    }
                }
            }
            _ => {}
        }
    }
    let mut lines = vec![message["text"].as_str().unwrap_or_default().to_owned()];
    walk(&message["blocks"], &mut lines);
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        lines.push(format!("[{}]", attachment["color"].as_str().unwrap_or_default()));
        walk(&attachment["blocks"], &mut lines);
    }
    lines.join("\n")
}
