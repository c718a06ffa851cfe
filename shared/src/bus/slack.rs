//! What people say to Nightshift in Slack.
//!
//! Fields are those of Slack's requests, under Slack's names:
//! <https://docs.slack.dev/interactivity/implementing-slash-commands>,
//! <https://docs.slack.dev/reference/interaction-payloads/>, <https://docs.slack.dev/apis/events-api/>. A text that Slack left
//! out is empty.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::EventId;

/// A slash command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its identity: of the request's body, which carries Slack's `trigger_id`.
    pub id: EventId,
    /// The command with its slash, for example `/health`.
    pub command: String,
    /// What was written after it.
    #[serde(default)]
    pub text: String,
    /// Who asked.
    pub user_id: String,
    /// Their name, for logs: it may change.
    #[serde(default)]
    pub user_name: String,
    /// The workspace.
    #[serde(default)]
    pub team_id: String,
    /// Where it was asked.
    #[serde(default)]
    pub channel_id: String,
    /// That channel's name, `directmessage` or `privategroup`.
    #[serde(default)]
    pub channel_name: String,
    /// Where answers go: up to five, within 30 minutes.
    #[serde(default)]
    pub response_url: String,
    /// What opens a dialog, within three seconds.
    #[serde(default)]
    pub trigger_id: String,
    /// When intake received it.
    pub received_at: Timestamp,
}

/// A click on a button, a choice from a menu, a submitted or closed view, or a shortcut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Its identity: of the request's body and, where one request holds several actions, of which of them it is.
    pub id: EventId,
    /// `block_actions`, `view_submission`, `view_closed`, `shortcut` or `message_action`.
    pub kind: String,
    /// Who did it.
    pub user_id: String,
    /// Their name, for logs.
    #[serde(default)]
    pub user_name: String,
    /// The workspace.
    #[serde(default)]
    pub team_id: String,
    /// The channel of the message it was done in; empty for views and global shortcuts.
    #[serde(default)]
    pub channel_id: String,
    /// The message it was done in.
    #[serde(default)]
    pub message_ts: String,
    /// The thread of that message; empty where it begins one.
    #[serde(default)]
    pub thread_ts: String,
    /// The action's id, `<function>.<action>` (for example `logs.pick`, `remediation.approve`); the `callback_id` of a view
    /// or shortcut.
    #[serde(default)]
    pub action_id: String,
    /// The block the action is in.
    #[serde(default)]
    pub block_id: String,
    /// A button's value.
    #[serde(default)]
    pub value: String,
    /// What was chosen: values of options, ids of users, channels and conversations, a date or a time.
    #[serde(default)]
    pub selected: Vec<String>,
    /// Where answers go; empty for views.
    #[serde(default)]
    pub response_url: String,
    /// What opens a dialog.
    #[serde(default)]
    pub trigger_id: String,
    /// The view with what was filled in, as Slack sent it; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Value>,
    /// When intake received it.
    pub received_at: Timestamp,
}

/// A question in plain language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its identity: Slack's `event_id`, the same when Slack sends the event again.
    pub id: EventId,
    /// Slack's id of the event.
    pub event_id: String,
    /// How it was asked.
    pub kind: QuestionKind,
    /// Who asked.
    pub user_id: String,
    /// The workspace.
    #[serde(default)]
    pub team_id: String,
    /// Where.
    pub channel_id: String,
    /// The message that asks.
    pub ts: String,
    /// The thread it was asked in; empty where it begins one.
    #[serde(default)]
    pub thread_ts: String,
    /// The text in Slack's markup, mentions (`<@U0123456789>`) included.
    pub text: String,
    /// When intake received it.
    pub received_at: Timestamp,
}

/// How a question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// By mentioning the app in a channel.
    Mention,
    /// In a direct message to the app.
    Direct,
}

impl Command {
    /// Its `detail-type`.
    pub const DETAIL_TYPE: &'static str = "Slack Command";
}

impl Interaction {
    /// Its `detail-type`.
    pub const DETAIL_TYPE: &'static str = "Slack Interaction";
}

impl Question {
    /// Its `detail-type`.
    pub const DETAIL_TYPE: &'static str = "Slack Question";
}
