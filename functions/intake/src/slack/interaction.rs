//! A click, a choice, a form: <https://docs.slack.dev/reference/interaction-payloads/>.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::bus::{BusEvent, EventId, Interaction};

use crate::answer::{Answer, Refusal};
use crate::decide::Understood;

/// Parts of a view that say what was filled in; its blocks are our own and may be large.
const OF_VIEW: [&str; 6] = ["id", "hash", "callback_id", "private_metadata", "state", "root_view_id"];
/// Actions that one request may hold; Slack sends one.
const ACTIONS: usize = 25;

/// Reads the form of an interaction, whose field `payload` is JSON.
///
/// # Errors
///
/// When it is not that, of an unknown kind, or by nobody.
pub fn interaction(body: &str, now: Timestamp) -> Result<Understood, Refusal> {
    let mut fields = form_urlencoded::parse(body.as_bytes());
    let payload = fields.find(|(name, _)| name == "payload").map(|(_, value)| value);
    let payload = payload.ok_or_else(|| Refusal::NotUnderstood("no payload".to_owned()))?;
    let payload: Payload =
        serde_json::from_str(&payload).map_err(|error| Refusal::NotUnderstood(format!("payload: {error}")))?;
    if payload.user.id.is_empty() {
        return Err(Refusal::NotUnderstood("no user".to_owned()));
    }
    match payload.kind.as_str() {
        "block_actions" => Ok((Answer::empty(), block_actions(&payload, body, now))),
        // Closes the view; an empty object in the body does as well.
        "view_submission" | "view_closed" | "shortcut" | "message_action" => {
            let view = payload.view.as_ref();
            let action_id = view.and_then(|view| view.get("callback_id")).and_then(Value::as_str);
            let action_id = action_id.unwrap_or(&payload.callback_id).to_owned();
            let id = EventId::of("act", &[body.as_bytes()]);
            let event = Interaction { action_id, ..base(&payload, id, now) };
            Ok((Answer::empty(), vec![BusEvent::Interaction(event)]))
        }
        // A menu that asks for its options while somebody types; ours carry theirs with them.
        "block_suggestion" => Ok((Answer::json(json!({ "options": [] })), Vec::new())),
        other => Err(Refusal::NotUnderstood(format!("unknown kind {:?}", other.chars().take(40).collect::<String>()))),
    }
}

fn block_actions(payload: &Payload, body: &str, now: Timestamp) -> Vec<BusEvent> {
    let event = |(index, action): (usize, &Action)| {
        let id = EventId::of("act", &[body.as_bytes(), &index.to_le_bytes()]);
        BusEvent::Interaction(Interaction {
            action_id: action.action_id.clone(),
            block_id: action.block_id.clone(),
            value: action.value.as_str().unwrap_or_default().to_owned(),
            selected: action.selected(),
            ..base(payload, id, now)
        })
    };
    payload.actions.iter().take(ACTIONS).enumerate().map(event).collect()
}

/// What is the same for all kinds.
fn base(payload: &Payload, id: EventId, now: Timestamp) -> Interaction {
    let first = |texts: [&str; 2]| texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
    Interaction {
        id,
        kind: payload.kind.clone(),
        user_id: payload.user.id.clone(),
        user_name: first([&payload.user.username, &payload.user.name]),
        team_id: first([&payload.team.id, &payload.user.team_id]),
        channel_id: first([&payload.channel.id, &payload.container.channel_id]),
        message_ts: first([&payload.container.message_ts, &payload.message.ts]),
        thread_ts: first([&payload.container.thread_ts, &payload.message.thread_ts]),
        action_id: String::new(),
        block_id: String::new(),
        value: String::new(),
        selected: Vec::new(),
        response_url: payload.response_url.clone(),
        trigger_id: payload.trigger_id.clone(),
        view: payload.view.as_ref().map(|view| {
            let of_view = |name: &&str| Some(((*name).to_owned(), view.get(*name)?.clone()));
            Value::Object(OF_VIEW.iter().filter_map(of_view).collect())
        }),
        received_at: now,
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: User,
    #[serde(deserialize_with = "or_default")]
    team: Id,
    #[serde(deserialize_with = "or_default")]
    channel: Id,
    #[serde(deserialize_with = "or_default")]
    container: Container,
    #[serde(deserialize_with = "or_default")]
    message: Message,
    #[serde(deserialize_with = "or_default")]
    view: Option<Map<String, Value>>,
    actions: Vec<Action>,
    callback_id: String,
    response_url: String,
    trigger_id: String,
}

/// Slack writes `null` for what is not there.
fn or_default<'de, T: Deserialize<'de> + Default, D: serde::Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(value)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    id: String,
    name: String,
    username: String,
    #[serde(deserialize_with = "or_default")]
    team_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Id {
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Container {
    channel_id: String,
    message_ts: String,
    thread_ts: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    ts: String,
    thread_ts: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Action {
    action_id: String,
    block_id: String,
    value: Value,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Action {
    /// What was chosen, of a menu of whatever kind.
    fn selected(&self) -> Vec<String> {
        let option = |option: &Value| option.get("value").and_then(Value::as_str).map(str::to_owned);
        let mut selected = Vec::new();
        for (name, value) in self.others.iter().filter(|(name, _)| name.starts_with("selected_")) {
            match value {
                Value::String(text) => selected.push(text.clone()),
                Value::Number(number) if name == "selected_date_time" => selected.push(number.to_string()),
                Value::Object(_) => selected.extend(option(value)),
                Value::Array(values) => {
                    let one = |value: &Value| value.as_str().map(str::to_owned).or_else(|| option(value));
                    selected.extend(values.iter().filter_map(one));
                }
                _ => {}
            }
        }
        selected
    }
}
