//! Messages and files as the API gives them.

use serde_json::{Map, Value, json};

use super::workspace::{APP_ID, BOT_ID, BOT_USER_ID, File, Message, TEAM_ID};

/// A message as the Web API returns it.
pub(super) fn to_json(message: &Message, replies: &[Message], with_metadata: bool) -> Value {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("type", json!("message"));
    set("user", json!(message.user.as_deref().unwrap_or(BOT_USER_ID)));
    if message.user.is_none() {
        set("bot_id", json!(BOT_ID));
        set("app_id", json!(APP_ID));
    }
    set("team", json!(TEAM_ID));
    set("ts", json!(message.ts));
    set("text", json!(message.text));
    if !message.blocks.is_empty() {
        set("blocks", json!(message.blocks));
    }
    if !message.attachments.is_empty() {
        set("attachments", json!(message.attachments));
    }
    if let Some(thread_ts) = &message.thread_ts {
        set("thread_ts", json!(thread_ts));
    }
    if let (false, Some(latest)) = (message.is_reply(), replies.last()) {
        set("reply_count", json!(replies.len()));
        let mut users: Vec<_> = replies.iter().map(|reply| reply.user.as_deref().unwrap_or(BOT_USER_ID)).collect();
        users.sort_unstable();
        users.dedup();
        set("reply_users_count", json!(users.len()));
        set("reply_users", json!(users));
        set("latest_reply", json!(latest.ts));
    }
    if let Some(edited) = &message.edited {
        set("edited", json!({"user": BOT_USER_ID, "ts": edited}));
    }
    if !message.reactions.is_empty() {
        let reactions = message.reactions.iter().map(|name| json!({"name": name, "users": [BOT_USER_ID], "count": 1}));
        set("reactions", reactions.collect());
    }
    if !message.files.is_empty() {
        set("files", message.files.iter().map(file_json).collect());
    }
    if let (true, Some(metadata)) = (with_metadata, &message.metadata) {
        set("metadata", metadata.clone());
    }
    Value::Object(object)
}

/// A file as the Web API returns it.
pub(super) fn file_json(file: &File) -> Value {
    json!({"id": file.id, "name": file.name, "title": file.title, "size": file.content.len(), "mode": "hosted"})
}
