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

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{
    ChannelId, MessageTs, UserId,
    call::{Body, CALL, Effect, lost},
    error::SlackError,
    message::{Message, MessageKey},
    view::{Opening, View},
};
use crate::{config::Secret, deadline::Deadline};

const CONNECT: Duration = Duration::from_secs(2);
/// How long a trigger opens a dialog.
const TRIGGER: Duration = Duration::from_secs(3);
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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) token: Secret,
    pub(super) next_post: Mutex<HashMap<ChannelId, Instant>>,
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
