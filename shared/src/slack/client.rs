//! The Web API: one call at a time a channel, a second apart, within a deadline.
//!
//! Slack takes about one message a second and channel. A client keeps to that for what it sends itself; several
//! invocations at once are kept apart by the store's channel slots ([`crate::store`]). A rate limit is waited out where
//! `Retry-After` fits the deadline and is an error to retry otherwise.
//!
//! A post is not idempotent. Whenever a post may have reached Slack and no answer says so (time-out, connection cut, 5xx,
//! an answer that is not JSON) the error is [`SlackError::Ambiguous`], and [`Slack::find`] looks for the message by the key
//! that travels with it. Updates and reads are repeated freely.

use std::{collections::HashMap, sync::Arc, time::Duration};

use reqwest::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{
    ChannelId, MessageTs, UserId,
    error::{SlackError, advice, is_rate_limit, is_transient},
    message::{Message, MessageKey},
    view::{Opening, View},
};
use crate::{config::Secret, deadline::Deadline};

const CALL: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(2);
/// How long a trigger opens a dialog.
const TRIGGER: Duration = Duration::from_secs(3);
const PACE: Duration = Duration::from_secs(1);
const METADATA_TYPE: &str = "nightshift_message";

/// Where Slack is and who we are there.
#[derive(Debug, Clone)]
pub struct SlackConfig {
    /// The bot token.
    pub token: Secret,
    /// The Web API's base address; Slack itself when absent.
    pub api_url: Option<Url>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The channel's id, as Slack answered.
    pub channel: ChannelId,
    /// The message.
    pub ts: MessageTs,
}

/// A user group: <https://docs.slack.dev/reference/objects/usergroup-object>.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserGroup {
    /// Its id, `S0123456789`.
    pub id: String,
    /// What people mention it by, without the at sign.
    #[serde(default)]
    pub handle: String,
}

/// A file for a channel or thread.
#[derive(Debug, Clone)]
pub struct Upload {
    /// File name, its extension tells Slack the kind.
    pub name: String,
    /// Title above the file.
    pub title: String,
    /// Content.
    pub content: Vec<u8>,
}

/// The Web API of one workspace. Cheap to clone.
#[derive(Clone)]
pub struct Slack {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base: Url,
    token: Secret,
    next_post: Mutex<HashMap<ChannelId, Instant>>,
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slack").field("base", &self.inner.base.as_str()).finish_non_exhaustive()
    }
}

impl Slack {
    /// A client.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        let mut base = match config.api_url {
            Some(url) => url,
            None => Url::parse("https://slack.com/api/").map_err(|error| SlackError::Client(error.to_string()))?,
        };
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let http = crate::http::client(&base, CONNECT).map_err(|error| SlackError::Client(error.to_string()))?;
        Ok(Self { inner: Arc::new(Inner { http, base, token: config.token, next_post: Mutex::default() }) })
    }

    /// Where the Web API is.
    #[cfg(test)]
    pub(super) fn base(&self) -> &Url {
        &self.inner.base
    }

    /// Posts a message to a channel, under a key by which [`Self::find`] finds it again.
    pub async fn post(
        &self,
        channel: &ChannelId,
        message: &Message,
        key: &MessageKey,
        deadline: Deadline,
    ) -> Result<Posted, SlackError> {
        self.post_message(channel, None, false, message, key, deadline).await
    }

    /// Posts a message into the thread under `parent`; `broadcast` shows it in the channel as well.
    pub async fn reply(
        &self,
        parent: &Posted,
        broadcast: bool,
        message: &Message,
        key: &MessageKey,
        deadline: Deadline,
    ) -> Result<Posted, SlackError> {
        self.post_message(&parent.channel, Some(&parent.ts), broadcast, message, key, deadline).await
    }

    async fn post_message(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        broadcast: bool,
        message: &Message,
        key: &MessageKey,
        deadline: Deadline,
    ) -> Result<Posted, SlackError> {
        let mut body = keyed(message, key);
        body["channel"] = json!(channel);
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
            body["reply_broadcast"] = json!(broadcast);
        }
        self.pace("chat.postMessage", channel, deadline).await?;
        let answer: Posted = self.call("chat.postMessage", Body::Json(&body), Effect::Once, deadline).await?;
        Ok(answer)
    }

    /// Replaces a message's content.
    pub async fn update(
        &self,
        posted: &Posted,
        message: &Message,
        key: &MessageKey,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let mut body = keyed(message, key);
        body["channel"] = json!(posted.channel);
        body["ts"] = json!(posted.ts);
        self.pace("chat.update", &posted.channel, deadline).await?;
        self.call::<Value>("chat.update", Body::Json(&body), Effect::Idempotent, deadline).await?;
        Ok(())
    }

    /// Shows a message to one user of a channel; it is not kept by Slack.
    pub async fn ephemeral(
        &self,
        channel: &ChannelId,
        user: &UserId,
        message: &Message,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let mut body = payload(message);
        body["channel"] = json!(channel);
        body["user"] = json!(user);
        self.call::<Value>("chat.postEphemeral", Body::Json(&body), Effect::Once, deadline).await?;
        Ok(())
    }

    /// Looks for the message with this key in a channel, or in the thread under `thread`, among the 200 latest since
    /// `oldest`. Needs the scope `channels:history` (`groups:history` for private channels).
    pub async fn find(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        key: &MessageKey,
        oldest: jiff::Timestamp,
        deadline: Deadline,
    ) -> Result<Option<Posted>, SlackError> {
        #[derive(Deserialize)]
        struct History {
            #[serde(default)]
            messages: Vec<Seen>,
        }
        #[derive(Deserialize)]
        struct Seen {
            ts: MessageTs,
            #[serde(default)]
            metadata: Value,
        }
        let oldest = format!("{}.000000", oldest.as_second());
        let mut form = vec![
            ("channel", channel.0.as_str()),
            ("oldest", &oldest),
            ("limit", "200"),
            ("include_all_metadata", "true"),
        ];
        let method = match thread {
            Some(thread) => {
                form.push(("ts", &thread.0));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let history: History = self.call(method, Body::Form(&form), Effect::Idempotent, deadline).await?;
        Ok(history
            .messages
            .into_iter()
            .find(|seen| seen.metadata["event_payload"]["key"].as_str() == Some(&key.0))
            .map(|seen| Posted { channel: channel.clone(), ts: seen.ts }))
    }

    /// Posts to a `response_url`, which Slack gave with a command or a pressed button; `replace` puts the message in the
    /// place of the one with the button, or of what was posted to the same address before. One that replaces may be
    /// repeated, and is where Slack says nothing of the first.
    pub async fn respond(
        &self,
        response_url: &Url,
        replace: bool,
        in_channel: bool,
        message: &Message,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let mut body = payload(message);
        body["replace_original"] = json!(replace);
        body["response_type"] = json!(if in_channel { "in_channel" } else { "ephemeral" });
        let effect = if replace { Effect::Idempotent } else { Effect::Once };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Err(error) = self.send_response(response_url, &body, effect, deadline).await else { return Ok(()) };
            let SlackError::Retry { retry_after, .. } = &error else { return Err(error) };
            let wait = retry_after.unwrap_or(Duration::from_millis(200) * 2u32.pow(attempt));
            if attempt >= 3 || !deadline.fits(wait, Duration::from_millis(500)) {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn send_response(
        &self,
        response_url: &Url,
        body: &Value,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let method = "response_url";
        let request = self.inner.http.post(response_url.clone()).json(body).timeout(deadline.cap(CALL));
        let answer = request.send().await.map_err(|error| lost(method, effect, &error))?;
        let status = answer.status();
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(SlackError::Retry {
                method,
                reason: "rate limited".into(),
                retry_after: Some(retry_after(&answer)),
            }),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                Err(SlackError::Refused { method, code: "expired_url".into(), advice: advice("expired_url") })
            }
            status if status.is_client_error() => {
                // The body is Slack's code, such as invalid_blocks; nothing else is taken over from it.
                let code = answer.text().await.unwrap_or_default();
                let is_code =
                    (1..60).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                let code = if is_code { code } else { format!("status {}", status.as_u16()) };
                let advice = advice(&code);
                Err(SlackError::Refused { method, code, advice })
            }
            status => Err(effect.unknown(method, format!("HTTP status {}", status.as_u16()))),
        }
    }

    /// Opens a dialog for whoever pressed what this trigger is of. What is not known to be open is not opened again: a trigger
    /// is good for one call.
    pub async fn open_view(&self, trigger_id: &str, view: &View, deadline: Deadline) -> Result<Opening, SlackError> {
        let body = json!({ "trigger_id": trigger_id, "view": view });
        let deadline = deadline.min(Deadline::within(TRIGGER));
        match self.call::<Value>("views.open", Body::Json(&body), Effect::Once, deadline).await {
            Ok(_) => Ok(Opening::Open),
            // By an earlier call, whose answer nobody heard.
            Err(SlackError::Refused { code, .. }) if code == "exchanged_trigger_id" => Ok(Opening::Open),
            Err(SlackError::Refused { code, .. }) if code == "expired_trigger_id" => Ok(Opening::TooLate),
            Err(error) => Err(error),
        }
    }

    /// The workspace's user groups that are not disabled. Needs `usergroups:read`.
    pub async fn user_groups(&self, deadline: Deadline) -> Result<Vec<UserGroup>, SlackError> {
        #[derive(Deserialize)]
        struct Groups {
            usergroups: Vec<UserGroup>,
        }
        let form = [("include_disabled", "false")];
        let groups: Groups = self.call("usergroups.list", Body::Form(&form), Effect::Idempotent, deadline).await?;
        Ok(groups.usergroups)
    }

    /// The members of a user group. Needs `usergroups:read`.
    pub async fn user_group_members(&self, group: &str, deadline: Deadline) -> Result<Vec<UserId>, SlackError> {
        #[derive(Deserialize)]
        struct Members {
            users: Vec<UserId>,
        }
        let form = [("usergroup", group)];
        let members: Members =
            self.call("usergroups.users.list", Body::Form(&form), Effect::Idempotent, deadline).await?;
        Ok(members.users)
    }

    /// Uploads a file to a channel, or into the thread under `thread`.
    pub async fn upload(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        file: &Upload,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        #[derive(Deserialize)]
        struct Place {
            upload_url: Url,
            file_id: String,
        }
        let length = file.content.len().to_string();
        let form = [("filename", file.name.as_str()), ("length", &length)];
        let place: Place =
            self.call("files.getUploadURLExternal", Body::Form(&form), Effect::Idempotent, deadline).await?;
        let method = "files.upload";
        let sent =
            self.inner.http.post(place.upload_url).body(file.content.clone()).timeout(deadline.cap(CALL)).send().await;
        let answer = sent.map_err(|error| lost(method, Effect::Idempotent, &error))?;
        if !answer.status().is_success() {
            let reason = format!("HTTP status {}", answer.status().as_u16());
            return Err(SlackError::Retry { method, reason, retry_after: None });
        }
        let mut body = json!({ "files": [{ "id": place.file_id, "title": file.title }], "channel_id": channel });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        self.call::<Value>("files.completeUploadExternal", Body::Json(&body), Effect::Once, deadline).await?;
        Ok(())
    }

    /// Waits until the channel takes another message, or says that it will not before the deadline.
    async fn pace(&self, method: &'static str, channel: &ChannelId, deadline: Deadline) -> Result<(), SlackError> {
        let turn = {
            let mut next_post = self.inner.next_post.lock().await;
            let now = Instant::now();
            next_post.retain(|_, next| *next > now);
            let turn = next_post.get(channel).copied().unwrap_or(now);
            let wait = turn.saturating_duration_since(now);
            if !deadline.fits(wait, Duration::ZERO) {
                return Err(SlackError::Retry { method, reason: "no time left".into(), retry_after: Some(wait) });
            }
            next_post.insert(channel.clone(), turn + PACE);
            turn
        };
        tokio::time::sleep_until(turn).await;
        Ok(())
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        body: Body<'_>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<T, SlackError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.send(method, &body, effect, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let SlackError::Retry { retry_after, .. } = &error else { return Err(error) };
            let wait = retry_after.unwrap_or(Duration::from_millis(200) * 2u32.pow(attempt));
            if attempt >= 3 || !deadline.fits(wait, Duration::from_millis(500)) {
                return Err(error);
            }
            tracing::info!(method, attempt, wait_ms = wait.as_millis() as u64, %error, "slack call is repeated");
            tokio::time::sleep(wait).await;
        }
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        body: &Body<'_>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<T, SlackError> {
        let url = self.inner.base.join(method).map_err(|error| SlackError::Client(error.to_string()))?;
        let mut request = self.inner.http.post(url).bearer_auth(self.inner.token.expose()).timeout(deadline.cap(CALL));
        request = match body {
            Body::Json(body) => {
                request.header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string())
            }
            Body::Form(form) => request.form(form),
        };
        let response = request.send().await.map_err(|error| lost(method, effect, &error))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(SlackError::Retry {
                method,
                reason: "rate limited".into(),
                retry_after: Some(retry_after(&response)),
            });
        }
        if status.is_server_error() {
            return Err(effect.unknown(method, format!("HTTP status {}", status.as_u16())));
        }
        let retry_after = retry_after(&response);
        let bytes = response.bytes().await.map_err(|error| lost(method, effect, &error))?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| {
            effect.unknown(method, format!("HTTP status {} with a body that is not JSON", status.as_u16()))
        })?;
        match (answer["ok"].as_bool(), answer["error"].as_str()) {
            (Some(true), _) => serde_json::from_value(answer)
                .map_err(|error| effect.unknown(method, format!("an answer without what was asked for: {error}"))),
            (_, Some(code)) if is_rate_limit(code) => {
                Err(SlackError::Retry { method, reason: code.to_owned(), retry_after: Some(retry_after) })
            }
            (_, Some(code)) if is_transient(code) => Err(effect.unknown(method, code.to_owned())),
            (_, Some(code)) => Err(SlackError::Refused { method, code: code.to_owned(), advice: advice(code) }),
            (_, None) => Err(effect.unknown(method, format!("HTTP status {} without ok or error", status.as_u16()))),
        }
    }
}

enum Body<'a> {
    Json(&'a Value),
    Form(&'a [(&'static str, &'a str)]),
}

/// Whether making a call twice does more than making it once.
#[derive(Clone, Copy)]
enum Effect {
    Idempotent,
    Once,
}

impl Effect {
    fn unknown(self, method: &'static str, reason: String) -> SlackError {
        match self {
            Self::Idempotent => SlackError::Retry { method, reason, retry_after: None },
            Self::Once => SlackError::Ambiguous { method, reason },
        }
    }
}

/// A call without an answer. Before the connection stands, nothing can have happened.
fn lost(method: &'static str, effect: Effect, error: &reqwest::Error) -> SlackError {
    // The error's own text carries the address, and a response_url is a secret.
    let reason = if error.is_connect() {
        return SlackError::Retry { method, reason: "no connection".into(), retry_after: None };
    } else if error.is_timeout() {
        "timed out"
    } else {
        "connection lost"
    };
    effect.unknown(method, reason.to_owned())
}

fn retry_after(response: &reqwest::Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// A message that is known by its key. An edit carries it too: metadata in a call replaces all that was there.
fn keyed(message: &Message, key: &MessageKey) -> Value {
    let mut body = payload(message);
    if body["metadata"].is_null() {
        body["metadata"] = json!({ "event_type": METADATA_TYPE, "event_payload": {} });
    }
    body["metadata"]["event_payload"]["key"] = json!(key);
    body
}

fn payload(message: &Message) -> Value {
    let mut body = serde_json::to_value(message.clone().fitted()).unwrap_or_default();
    body["unfurl_links"] = json!(false);
    body["unfurl_media"] = json!(false);
    body["link_names"] = json!(false);
    body["parse"] = json!("none");
    body
}
