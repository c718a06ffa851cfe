//! `views.open`: dialogs, opened by the trigger of something pressed and submitted by whoever pressed it.
//!
//! <https://docs.slack.dev/reference/methods/views.open>: a trigger is good for three seconds and for one view.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::{Answer, Failure};
use super::arguments::Arguments;
use super::block_limits;
use super::workspace::{APP_ID, BOT_ID, TEAM_ID, Workspace};

/// How long a trigger is good for.
const LIFETIME: Duration = Duration::from_secs(3);

/// A trigger that was given out.
#[derive(Debug)]
struct Trigger {
    user: String,
    at: Instant,
    used: bool,
}

#[derive(Debug, Default)]
struct State {
    triggers: HashMap<String, Trigger>,
    open: Vec<OpenView>,
}

/// Triggers that were given out, and dialogs that are open; clones share both.
#[derive(Debug, Clone, Default)]
pub(super) struct Dialogs(Arc<Mutex<State>>);

impl Dialogs {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workspace {
    /// What opens a dialog for somebody.
    pub(super) fn trigger_id(&self, user: &str) -> String {
        let id = format!("{}.{}.{}", self.number(), self.number(), self.token(32));
        let trigger = Trigger { user: user.to_owned(), at: Instant::now(), used: false };
        self.dialogs.lock().triggers.insert(id.clone(), trigger);
        id
    }

    /// Lets the time of all triggers that were given out so far run out.
    pub fn expire_triggers(&self) {
        self.dialogs.lock().triggers.values_mut().for_each(|trigger| trigger.at -= LIFETIME);
    }

    /// Whose trigger it is, once.
    fn pull(&self, trigger_id: &str, now: Instant) -> Result<String, &'static str> {
        let mut dialogs = self.dialogs.lock();
        let trigger = dialogs.triggers.get_mut(trigger_id).ok_or("invalid_trigger_id")?;
        if trigger.used {
            return Err("exchanged_trigger_id");
        }
        if now.duration_since(trigger.at) >= LIFETIME {
            return Err("expired_trigger_id");
        }
        trigger.used = true;
        Ok(trigger.user.clone())
    }

    /// Dialogs that are open, the oldest first.
    pub fn views(&self) -> Vec<OpenView> {
        self.dialogs.lock().open.clone()
    }

    /// Closes a dialog, as its button and the escape key do.
    pub fn close_view(&self, user: &str, view_id: &str) {
        self.dialogs.lock().open.retain(|open| open.id != view_id || open.user != user);
        self.changed();
    }
}

/// A dialog that somebody has before them.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenView {
    /// Its id, as [`Workspace::submit`] takes it.
    pub id: String,
    /// Who has it before them.
    pub user: String,
    /// The view as it was given, with what Slack adds.
    pub view: Value,
}

/// `views.open`.
pub(super) fn open(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let view = arguments.structure("view").map_err(|()| "invalid_arguments")?.ok_or("invalid_arguments")?;
    let problems = problems(&view);
    if !problems.is_empty() {
        return Err(Failure::Problems("invalid_arguments", problems));
    }
    let trigger = arguments.text("trigger_id").ok_or("invalid_arguments")?;
    let user = workspace.pull(trigger, Instant::now())?;
    let number = workspace.number();
    let mut whole = json!({
        "id": format!("V{number}"), "team_id": TEAM_ID, "app_id": APP_ID, "bot_id": BOT_ID, "hash": format!("{number}.sim"),
        "previous_view_id": null, "root_view_id": format!("V{number}"), "state": {"values": {}}, "clear_on_close": false,
        "notify_on_close": false, "external_id": "", "private_metadata": "", "callback_id": "",
    });
    for (name, value) in view.as_object().into_iter().flatten() {
        whole[name.as_str()] = value.clone();
    }
    workspace.dialogs.lock().open.push(OpenView { id: format!("V{number}"), user, view: whole.clone() });
    workspace.changed();
    Ok(json!({ "view": whole }))
}

/// What Slack would not take, each with its pointer.
fn problems(view: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut fail = |what: &str, at: &str| problems.push(format!("[ERROR] {what} [json-pointer:/view{at}]"));
    if view["type"] != "modal" {
        fail("unsupported type", "/type");
    }
    for name in ["title", "submit", "close"] {
        let text = view[name]["text"].as_str().unwrap_or_default().chars().count();
        let is_missing = view[name].is_null() && name != "title";
        if !is_missing && (view[name]["type"] != "plain_text" || !(1..=24).contains(&text)) {
            fail("must be a plain_text of 1 to 24 characters", &format!("/{name}"));
        }
    }
    for (name, most) in [("callback_id", 255), ("private_metadata", 3000)] {
        if view[name].as_str().is_some_and(|text| text.chars().count() > most) {
            fail(&format!("must be less than {} characters", most + 1), &format!("/{name}"));
        }
    }
    let blocks = view["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    if blocks.is_empty() || blocks.len() > 100 {
        fail("must have 1 to 100 items", "/blocks");
    }
    let is_input = |block: &Value| block["type"] == "input";
    if blocks.iter().any(is_input) && view["submit"].is_null() {
        fail("a view with input blocks needs submit", "/submit");
    }
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| is_input(block)) {
        let (label, element) = (&block["label"], &block["element"]);
        let of_label = label["text"].as_str().map_or(0, |text| text.chars().count());
        if label["type"] != "plain_text" || !(1..=2000).contains(&of_label) {
            fail("must be a plain_text of 1 to 2000 characters", &format!("/blocks/{index}/label"));
        }
        if element["type"] != "plain_text_input" {
            fail("unsupported type", &format!("/blocks/{index}/element/type"));
        }
        if element["max_length"].as_u64().is_some_and(|most| !(1..=3000).contains(&most)) {
            fail("must be between 1 and 3000", &format!("/blocks/{index}/element/max_length"));
        }
    }
    let others: Vec<Value> = blocks.iter().filter(|block| !is_input(block)).cloned().collect();
    problems.extend(block_limits::problems(&others, "/view/blocks"));
    problems
}

/// The inputs of a view: block, element, longest text, and whether it has to be filled in.
pub(super) fn inputs(view: &Value) -> impl Iterator<Item = (&str, &str, u64, bool)> {
    view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input").map(|block| {
        let element = &block["element"];
        (
            block["block_id"].as_str().unwrap_or("sim1"),
            element["action_id"].as_str().unwrap_or("sim1"),
            element["max_length"].as_u64().unwrap_or(3000),
            block["optional"] != true,
        )
    })
}
