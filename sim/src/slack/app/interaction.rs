//! Clicks and choices: <https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::people::person;
use super::super::response_url::Purpose;
use super::super::wire::to_json;
use super::super::workspace::{APP_ID, Message, TEAM_DOMAIN, TEAM_ID, Workspace};
use super::request::{self, Delivery, form};

impl Workspace {
    /// Presses the button `action_id` of a message, or chooses `value` from its menu of that name; where several buttons
    /// have the name, the one of this value.
    pub async fn press(&self, user: &str, channel: &str, ts: &str, action_id: &str, value: Option<&str>) -> Delivery {
        let Some(message) = self.message_seen_by(user, channel, ts) else { return Delivery::NotSent };
        let found = elements(&message).into_iter().find_map(|pointer| {
            let element = element(&message, &pointer)?;
            let options = options(&element);
            let index = options.iter().position(|option| Some(option) == value.map(Value::from).as_ref());
            let fits = options.is_empty() && value.is_none_or(|value| element["value"] == value);
            (element["action_id"] == action_id && (fits || index.is_some())).then_some((pointer, index))
        });
        match found {
            Some((pointer, option)) => self.interact(user, channel, ts, &pointer, option).await,
            None => Delivery::NotSent,
        }
    }

    /// Presses the element at `pointer`, or chooses its option of this number.
    pub(in crate::slack) async fn interact(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        pointer: &str,
        option: Option<usize>,
    ) -> Delivery {
        let Some(connection) = self.connection() else { return Delivery::NotSent };
        let Some(payload) = self.payload(user, channel, ts, pointer, option) else { return Delivery::NotSent };
        let body = form(&[("payload", &payload.to_string())]);
        request::send(&connection, "slack/interactivity", "application/x-www-form-urlencoded", body, &[]).await
    }

    fn payload(&self, user: &str, channel: &str, ts: &str, pointer: &str, option: Option<usize>) -> Option<Value> {
        let message = self.message_seen_by(user, channel, ts)?;
        let place = self.channel(channel)?;
        let who = person(user)?;
        let now = Timestamp::now();
        let action = action(&message, pointer, option, now)?;
        let ephemeral = message.ephemeral_for.is_some();
        let response_url =
            self.open_response_url(&place.id, user, message.thread_ts.clone(), Purpose::Action(ts.to_owned()), now);
        let name = if place.is_direct() { "directmessage".to_owned() } else { place.name };
        let mut payload = json!({
            "type": "block_actions",
            "user": {"id": user, "username": who.name, "name": who.name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": "sim",
            "container": {"type": "message", "message_ts": ts, "channel_id": place.id, "is_ephemeral": ephemeral},
            "trigger_id": self.trigger_id(user),
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": {"id": place.id, "name": name},
            "state": {"values": {}},
            "response_url": response_url,
            "actions": [action],
        });
        if let Some(thread_ts) = &message.thread_ts {
            payload["container"]["thread_ts"] = json!(thread_ts);
        }
        if !ephemeral {
            payload["message"] = to_json(&message, &[], true);
        }
        Some(payload)
    }
}

/// The action of an element, without what only the message needs to know.
fn action(message: &Message, pointer: &str, option: Option<usize>, now: Timestamp) -> Option<Value> {
    let element = element(message, pointer)?;
    let block = block_of(message, pointer)?;
    let mut action = json!({
        "type": element["type"],
        "action_id": element["action_id"].as_str().unwrap_or("sim1"),
        "block_id": block["block_id"].as_str().unwrap_or("sim1"),
        "action_ts": format!("{}.{:06}", now.as_second(), now.subsec_microsecond()),
    });
    match (element["type"].as_str()?, option) {
        ("button", _) => {
            action["text"] = element["text"].clone();
            for name in ["value", "style"] {
                if !element[name].is_null() {
                    action[name] = element[name].clone();
                }
            }
        }
        (_, Some(option)) => {
            let chosen = option_at(&element, option)?;
            action["selected_option"] = chosen.clone();
            action["placeholder"] = element["placeholder"].clone();
        }
        _ => return None,
    }
    Some(action)
}

/// The options of a menu, those of its groups one after the other.
pub(in crate::slack) fn all_options(element: &Value) -> Vec<&Value> {
    let own = element["options"].as_array().into_iter().flatten();
    let grouped = element["option_groups"].as_array().into_iter().flatten();
    own.chain(grouped.flat_map(|group| group["options"].as_array().into_iter().flatten())).collect()
}

fn option_at(element: &Value, index: usize) -> Option<&Value> {
    all_options(element).get(index).copied()
}

fn options(element: &Value) -> Vec<Value> {
    all_options(element).into_iter().map(|option| option["value"].clone()).collect()
}

/// Pointers of all elements of a message that can be pressed.
fn elements(message: &Message) -> Vec<String> {
    let mut pointers = Vec::new();
    let mut of_blocks = |blocks: &[Value], at: &str| {
        for (index, block) in blocks.iter().enumerate() {
            if block["accessory"].is_object() {
                pointers.push(format!("{at}/{index}/accessory"));
            }
            for element in 0..block["elements"].as_array().map_or(0, Vec::len) {
                pointers.push(format!("{at}/{index}/elements/{element}"));
            }
        }
    };
    of_blocks(&message.blocks, "/blocks");
    for (index, attachment) in message.attachments.iter().enumerate() {
        let blocks = attachment["blocks"].as_array().map_or(&[][..], Vec::as_slice);
        of_blocks(blocks, &format!("/attachments/{index}/blocks"));
    }
    pointers
}

/// What is at `pointer`, if it is something to press.
fn element(message: &Message, pointer: &str) -> Option<Value> {
    let element = content(message).pointer(pointer)?.clone();
    matches!(element["type"].as_str()?, "button" | "static_select" | "overflow" | "radio_buttons").then_some(element)
}

/// The block that what is at `pointer` is in.
fn block_of(message: &Message, pointer: &str) -> Option<Value> {
    let end = pointer.find("/accessory").or_else(|| pointer.rfind("/elements/"))?;
    content(message).pointer(&pointer[..end]).cloned()
}

fn content(message: &Message) -> Value {
    json!({"blocks": message.blocks, "attachments": message.attachments})
}
