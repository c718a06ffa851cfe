//! `response_url`: where answers to a command or a click are posted.
//!
//! <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>: up to five times, within thirty
//! minutes. `replace_original` and `delete_original` change the message that the click was in; after a command there is no
//! original, and what says so is a new message all the same (slackapi/bolt-js issue 2287).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::refusal;
use super::block_limits;
use super::workspace::{Change, Draft, TEAM_ID, Workspace};
use crate::fault::{Faults, Service};

/// How often one may be used.
const USES: u32 = 5;

/// For how long.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// What a response URL is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A command: answers are messages.
    Command,
    /// A click in the message of this `ts`: answers may replace it.
    Action(String),
}

/// A response URL that was given out.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) channel: String,
    pub(super) user: String,
    pub(super) thread_ts: Option<String>,
    pub(super) purpose: Purpose,
    pub(super) at: Timestamp,
    pub(super) uses: u32,
}

pub(super) fn router(workspace: Workspace, faults: Faults) -> Router {
    Router::new()
        .route("/commands/{team}/{number}/{token}", post(respond))
        .route("/actions/{team}/{number}/{token}", post(respond))
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .with_state((workspace, faults))
}

async fn respond(
    State((workspace, faults)): State<(Workspace, Faults)>,
    Path((_, number, token)): Path<(String, String, String)>,
    body: Bytes,
) -> Response {
    let effect = async {
        match workspace.respond(&format!("{number}/{token}"), &body, Timestamp::now()) {
            Ok(()) => axum::Json(json!({"ok": true})).into_response(),
            Err(code @ ("used_url" | "expired_url")) => {
                (StatusCode::NOT_FOUND, axum::Json(json!({"ok": false, "error": code}))).into_response()
            }
            Err(code) => (StatusCode::BAD_REQUEST, code).into_response(),
        }
    };
    faults.serve(Service::Slack, "response_url", refusal, effect).await
}

impl Workspace {
    /// Gives out a response URL.
    pub(super) fn open_response_url(
        &self,
        channel: &str,
        user: &str,
        thread_ts: Option<String>,
        purpose: Purpose,
        now: Timestamp,
    ) -> String {
        let kind = if purpose == Purpose::Command { "commands" } else { "actions" };
        let key = format!("{}/{}", self.number(), self.token(24));
        let opened =
            Opened { channel: channel.to_owned(), user: user.to_owned(), thread_ts, purpose, at: now, uses: 0 };
        let base = self.remember_response_url(key.clone(), opened);
        format!("{base}{kind}/{TEAM_ID}/{key}")
    }

    /// One answer; `Err` is Slack's code.
    pub(super) fn respond(&self, key: &str, body: &[u8], now: Timestamp) -> Result<(), &'static str> {
        let opened = self.response_url(key).ok_or("expired_url")?;
        if now.duration_since(opened.at) > LIFETIME {
            return Err("expired_url");
        }
        if opened.uses >= USES {
            return Err("used_url");
        }
        let payload: Value = serde_json::from_slice(body).ok().filter(Value::is_object).ok_or("invalid_payload")?;
        if let (Purpose::Action(original), true) = (&opened.purpose, payload["delete_original"] == true) {
            self.use_response_url(key);
            self.delete(&opened.channel, original);
            return Ok(());
        }
        let mut draft = draft(&payload, &opened.user)?;
        self.use_response_url(key);
        if let (Purpose::Action(original), true) = (&opened.purpose, payload["replace_original"] == true) {
            let change = Change {
                text: Some(draft.text.clone()),
                blocks: Some(draft.blocks.clone()),
                attachments: Some(draft.attachments.clone()),
                metadata: draft.metadata.clone(),
            };
            if self.replace(&opened.user, &opened.channel, original, change, now).is_some() {
                return Ok(());
            }
        }
        // A message for one person stands where they clicked; one for all, in the channel unless it names a thread.
        if draft.ephemeral_for.is_some() && draft.thread_ts.is_none() {
            draft.thread_ts = opened.thread_ts;
        }
        self.post(&opened.channel, draft, now);
        Ok(())
    }
}

/// The message that a payload stands for; `Err` is Slack's code. To `user` alone, unless it says otherwise.
pub(super) fn draft(payload: &Value, user: &str) -> Result<Draft, &'static str> {
    let list = |name: &str| match &payload[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.clone()),
        _ => Err("invalid_payload"),
    };
    let (blocks, attachments) = (list("blocks")?, list("attachments")?);
    let text = payload["text"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() && blocks.is_empty() && attachments.is_empty() {
        return Err("no_text");
    }
    let nested = attachments.iter().filter_map(|attachment| attachment["blocks"].as_array());
    let all: Vec<Value> = nested.flatten().chain(&blocks).cloned().collect();
    let of_attachments = attachments.iter().filter_map(|attachment| attachment["blocks"].as_array().map(Vec::as_slice));
    let sound = std::iter::once(blocks.as_slice())
        .chain(of_attachments)
        .all(|blocks| block_limits::problems(blocks, "/blocks").is_empty());
    if !sound {
        return Err("invalid_blocks");
    }
    if block_limits::too_long(&all) {
        return Err("msg_blocks_too_long");
    }
    Ok(Draft {
        text,
        blocks,
        attachments,
        metadata: Some(payload["metadata"].clone()).filter(Value::is_object),
        thread_ts: payload["thread_ts"].as_str().map(str::to_owned),
        ephemeral_for: (payload["response_type"] != "in_channel").then(|| user.to_owned()),
        ..Draft::default()
    })
}
