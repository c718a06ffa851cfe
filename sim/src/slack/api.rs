//! The Web API's methods: <https://docs.slack.dev/reference/methods>.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::block_limits;
use super::wire::to_json;
use super::workspace::{BOT_ID, BOT_USER_ID, Change, Draft, Message, TEAM_ID, Workspace};
use super::{files, people, views};
use crate::fault::{Fault, Faults, Service};

/// Slack cuts text here.
const TEXT_LIMIT: usize = 40_000;

/// What a method answers: fields beside `"ok": true`, or a failure.
pub(super) type Answer = Result<Value, Failure>;

/// Why a method failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Slack's error code.
    Code(&'static str),
    /// An error code with the problems found, each with its pointer.
    Problems(&'static str, Vec<String>),
    /// Called too often.
    RateLimited(Duration),
}

impl From<&'static str> for Failure {
    fn from(code: &'static str) -> Self {
        Self::Code(code)
    }
}

pub(super) fn router(workspace: Workspace, faults: Faults) -> Router {
    Router::new()
        .route("/api/{method}", any(call))
        .layer(DefaultBodyLimit::max(16 * 1024 * 1024))
        .with_state((workspace, faults))
}

async fn call(
    State((workspace, faults)): State<(Workspace, Faults)>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = async { respond(dispatch(&workspace, &method, query.as_deref(), &headers, &body)) };
    faults.serve(Service::Slack, &method, refusal, effect).await
}

pub(super) fn refusal(fault: Fault) -> Response {
    match fault {
        Fault::Throttle => respond(Err(Failure::RateLimited(Duration::from_secs(1)))),
        _ => {
            let body = axum::Json(json!({"ok": false, "error": "internal_error"}));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
    }
}

fn respond(answer: Answer) -> Response {
    match answer {
        Ok(mut fields) => {
            fields["ok"] = json!(true);
            axum::Json(fields).into_response()
        }
        Err(Failure::Code(error)) => axum::Json(json!({"ok": false, "error": error})).into_response(),
        Err(Failure::Problems(error, messages)) => {
            let body = json!({
                "ok": false, "error": error, "errors": messages,
                "response_metadata": {"messages": messages},
            });
            axum::Json(body).into_response()
        }
        Err(Failure::RateLimited(wait)) => {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            let headers = [("retry-after", format!("{seconds:.0}"))];
            let body = axum::Json(json!({"ok": false, "error": "ratelimited"}));
            (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
        }
    }
}

fn dispatch(workspace: &Workspace, method: &str, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Answer {
    let arguments = Arguments::parse(headers, query.unwrap_or_default(), body)?;
    authenticate(headers, &arguments)?;
    match method {
        "api.test" => Ok(json!({})),
        "auth.test" => Ok(json!({
            "url": "https://nightshift-sim.slack.com/", "team": "nightshift-sim", "user": "nightshift",
            "team_id": TEAM_ID, "user_id": BOT_USER_ID, "bot_id": BOT_ID, "is_enterprise_install": false,
        })),
        "chat.postMessage" => post(workspace, &arguments, false),
        "chat.postEphemeral" => post(workspace, &arguments, true),
        "chat.update" => update(workspace, &arguments),
        "conversations.history" => history(workspace, &arguments),
        "conversations.replies" => replies(workspace, &arguments),
        "users.info" => {
            let id = arguments.text("user").unwrap_or_default();
            Ok(json!({"user": people::user_json(id).ok_or("user_not_found")?}))
        }
        "usergroups.list" => Ok(json!({"usergroups": people::groups_json()})),
        "usergroups.users.list" => {
            let id = arguments.text("usergroup").unwrap_or_default();
            Ok(json!({"users": people::members(id).ok_or("no_such_subteam")?}))
        }
        "views.open" => views::open(workspace, &arguments),
        "reactions.add" => react(workspace, &arguments),
        "files.getUploadURLExternal" => files::open(workspace, headers, &arguments),
        "files.completeUploadExternal" => files::complete(workspace, &arguments),
        _ => Err("unknown_method".into()),
    }
}

/// A bot token is asked for; which one, sim does not care.
fn authenticate(headers: &HeaderMap, arguments: &Arguments) -> Result<(), Failure> {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).or(arguments.text("token"));
    match token {
        Some(token) if token.starts_with("xoxb-") => Ok(()),
        Some(_) => Err("invalid_auth".into()),
        None => Err("not_authed".into()),
    }
}

/// The id of the channel a call names.
pub(super) fn channel(workspace: &Workspace, arguments: &Arguments) -> Result<String, Failure> {
    let named = arguments.text("channel").ok_or("channel_not_found")?;
    Ok(workspace.channel(named).ok_or("channel_not_found")?.id)
}

/// What a message shows, as far as the call gives it.
struct Content {
    blocks: Option<Vec<Value>>,
    attachments: Option<Vec<Value>>,
}

/// Blocks and attachments, checked.
fn content(arguments: &Arguments) -> Result<Content, Failure> {
    let list = |name: &str, error: &'static str| match arguments.structure(name) {
        Ok(None) => Ok(None),
        Ok(Some(Value::Array(items))) => Ok(Some(items)),
        Ok(Some(_)) | Err(()) => Err(Failure::Code(error)),
    };
    let blocks = list("blocks", "invalid_blocks_format")?;
    let attachments = list("attachments", "invalid_attachments")?;
    if attachments.as_ref().is_some_and(|attachments| attachments.len() > 100) {
        return Err("too_many_attachments".into());
    }
    let mut problems = block_limits::problems(blocks.as_deref().unwrap_or_default(), "/blocks");
    let mut all = blocks.clone().unwrap_or_default();
    for (index, attachment) in attachments.iter().flatten().enumerate() {
        if let Some(blocks) = attachment["blocks"].as_array() {
            problems.extend(block_limits::problems(blocks, &format!("/attachments/{index}/blocks")));
            all.extend(blocks.iter().cloned());
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Problems("invalid_blocks", problems));
    }
    if block_limits::too_long(&all) {
        return Err("msg_blocks_too_long".into());
    }
    Ok(Content { blocks, attachments })
}

fn metadata(arguments: &Arguments) -> Result<Option<Value>, Failure> {
    let metadata = arguments.structure("metadata").map_err(|()| "invalid_metadata_format")?;
    if let Some(metadata) = &metadata
        && !(metadata["event_type"].is_string() && metadata["event_payload"].is_object())
    {
        return Err("invalid_metadata_schema".into());
    }
    Ok(metadata)
}

fn post(workspace: &Workspace, arguments: &Arguments, ephemeral: bool) -> Answer {
    let channel = channel(workspace, arguments)?;
    let user = arguments.text("user").map(str::to_owned);
    if ephemeral && user.as_deref().and_then(people::person).is_none() {
        return Err("user_not_in_channel".into());
    }
    let Content { blocks, attachments } = content(arguments)?;
    let text = arguments.text("text").unwrap_or_default();
    let empty = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
    if text.is_empty() && empty(&blocks) && empty(&attachments) {
        return Err("no_text".into());
    }
    if text.chars().count() > TEXT_LIMIT {
        return Err("msg_too_long".into());
    }
    let thread_ts = arguments.text("thread_ts").map(str::to_owned);
    if let Some(parent) = &thread_ts {
        match workspace.message(&channel, parent) {
            Some(message) if message.is_reply() => return Err("cannot_reply_to_message".into()),
            Some(_) => {}
            None => return Err("thread_not_found".into()),
        }
    }
    let metadata = metadata(arguments)?;
    workspace.rates.message(&channel, Instant::now()).map_err(Failure::RateLimited)?;
    let draft = Draft {
        user: None,
        text: text.to_owned(),
        blocks: blocks.unwrap_or_default(),
        attachments: attachments.unwrap_or_default(),
        metadata,
        thread_ts,
        ephemeral_for: user.filter(|_| ephemeral),
        files: Vec::new(),
    };
    let message = workspace.post(&channel, draft, Timestamp::now());
    match ephemeral {
        true => Ok(json!({"message_ts": message.ts})),
        false => Ok(json!({"channel": channel, "ts": message.ts, "message": to_json(&message, &[], true)})),
    }
}

fn update(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let channel = channel(workspace, arguments)?;
    let ts = arguments.text("ts").ok_or("message_not_found")?;
    let Content { blocks, attachments } = content(arguments)?;
    let text = arguments.text("text").map(str::to_owned);
    if text.is_none() && blocks.is_none() && attachments.is_none() {
        return Err("no_text".into());
    }
    let metadata = metadata(arguments)?;
    workspace.rates.tier3("chat.update", Instant::now()).map_err(Failure::RateLimited)?;
    let change = Change { text, blocks, attachments, metadata };
    let message = workspace.update(&channel, ts, change, Timestamp::now()).ok_or("message_not_found")?;
    Ok(json!({"channel": channel, "ts": ts, "text": message.text, "message": to_json(&message, &[], true)}))
}

fn replies_to(messages: &[Message], parent: &str) -> Vec<Message> {
    messages
        .iter()
        .filter(|message| message.is_reply() && message.thread_ts.as_deref() == Some(parent))
        .cloned()
        .collect()
}

/// Messages of the channel within `oldest` and `latest`, oldest first.
fn window(workspace: &Workspace, arguments: &Arguments, channel: &str) -> Vec<Message> {
    let (oldest, latest) = (arguments.text("oldest"), arguments.text("latest"));
    let inclusive = arguments.flag("inclusive");
    let seconds = |ts: &str| ts.parse::<f64>().unwrap_or_default();
    let within = |ts: &str| {
        let after = oldest.is_none_or(|oldest| seconds(ts) > seconds(oldest) || (inclusive && ts == oldest));
        let before = latest.is_none_or(|latest| seconds(ts) < seconds(latest) || (inclusive && ts == latest));
        after && before
    };
    let mut messages = workspace.messages();
    messages.retain(|message| message.channel == channel && message.ephemeral_for.is_none() && within(&message.ts));
    messages
}

/// One page of `messages`: those from the cursor on, and the cursor of the next page.
fn page(messages: Vec<Value>, arguments: &Arguments, default_limit: usize) -> Value {
    let limit = arguments.number("limit").unwrap_or(default_limit).clamp(1, 999);
    let start = arguments.text("cursor").and_then(|cursor| cursor.parse::<usize>().ok()).unwrap_or(0);
    let more = messages.len() > start + limit;
    let page: Vec<Value> = messages.into_iter().skip(start).take(limit).collect();
    let next = if more { (start + limit).to_string() } else { String::new() };
    json!({"messages": page, "has_more": more, "response_metadata": {"next_cursor": next}})
}

fn history(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let channel = channel(workspace, arguments)?;
    let all = workspace.messages();
    let with_metadata = arguments.flag("include_all_metadata");
    let parents = window(workspace, arguments, &channel).into_iter().rev().filter(|message| !message.is_reply());
    let messages = parents.map(|message| to_json(&message, &replies_to(&all, &message.ts), with_metadata)).collect();
    Ok(page(messages, arguments, 100))
}

fn replies(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let channel = channel(workspace, arguments)?;
    let ts = arguments.text("ts").ok_or("thread_not_found")?;
    let parent = workspace.message(&channel, ts).ok_or("thread_not_found")?;
    let with_metadata = arguments.flag("include_all_metadata");
    let replies = replies_to(&window(workspace, arguments, &channel), ts);
    let mut messages = vec![to_json(&parent, &replies, with_metadata)];
    messages.extend(replies.iter().map(|reply| to_json(reply, &[], with_metadata)));
    Ok(page(messages, arguments, 1000))
}

fn react(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let channel = channel(workspace, arguments)?;
    let ts = arguments.text("timestamp").ok_or("no_item_specified")?;
    let name = arguments.text("name").ok_or("invalid_name")?;
    match workspace.react(&channel, ts, name.trim_matches(':')) {
        Some(true) => Ok(json!({})),
        Some(false) => Err("already_reacted".into()),
        None => Err("message_not_found".into()),
    }
}
