//! Mentions and direct messages: <https://docs.slack.dev/apis/events-api/>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::workspace::{APP_ID, BOT_USER_ID, Draft, Message, TEAM_ID, Workspace};
use super::command::escape;
use super::request::{self, Delivery};

impl Workspace {
    /// Writes a message, in a thread where `thread_ts` is given. What mentions the app (`@nightshift`) or is written to it
    /// directly reaches it as an event; the message and what came of the last attempt are returned, `NotSent` for what
    /// does not concern the app. Slack's waits between attempts are waited for.
    pub async fn say(&self, user: &str, channel: &str, thread_ts: Option<&str>, text: &str) -> (Message, Delivery) {
        let message = self.write(user, channel, thread_ts, text);
        let delivery = self.announce(&message).await;
        (message, delivery)
    }

    /// Puts what a person wrote into the channel.
    pub(in crate::slack) fn write(&self, user: &str, channel: &str, thread_ts: Option<&str>, text: &str) -> Message {
        let draft = Draft {
            text: with_mentions(&escape(text.trim())),
            user: Some(user.to_owned()),
            thread_ts: thread_ts.map(str::to_owned),
            ..Draft::default()
        };
        let channel = self.channel(channel).map_or_else(|| channel.to_owned(), |channel| channel.id);
        self.post(&channel, draft, Timestamp::now())
    }

    /// Sends the event of a message that concerns the app.
    pub(in crate::slack) async fn announce(&self, message: &Message) -> Delivery {
        let (Some(event), Some(connection)) = (self.event_of(message), self.connection()) else {
            return Delivery::NotSent;
        };
        let body = json!({
            "token": "sim",
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": format!("Ev{}", self.token(9).to_uppercase()),
            "event_time": seconds(&message.ts),
            "authorizations": [{
                "enterprise_id": null, "team_id": TEAM_ID, "user_id": BOT_USER_ID, "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false,
            "event_context": "4-sim",
        })
        .to_string();
        let mut headers = Vec::new();
        for (attempt, wait) in (1..).zip(connection.retry_after) {
            let delivery = request::send(&connection, "slack/events", "application/json", body.clone(), &headers).await;
            let Some(reason) = reason(&delivery) else { return delivery };
            tokio::time::sleep(wait).await;
            headers = vec![("x-slack-retry-num", attempt.to_string()), ("x-slack-retry-reason", reason.to_owned())];
        }
        request::send(&connection, "slack/events", "application/json", body, &headers).await
    }

    /// The event that the app is subscribed to, if the message makes one.
    fn event_of(&self, message: &Message) -> Option<Value> {
        let user = message.user.as_deref()?;
        let direct = self.channel(&message.channel)?.is_direct();
        let mentions = message.text.contains(&format!("<@{BOT_USER_ID}>"));
        if !direct && !mentions {
            return None;
        }
        let mut event = json!({
            "user": user, "type": if direct { "message" } else { "app_mention" }, "ts": message.ts,
            "client_msg_id": format!("{}-0000-4000-8000-{}", self.token(8), self.token(12)),
            "text": message.text, "team": TEAM_ID, "channel": message.channel, "event_ts": message.ts,
        });
        if direct {
            event["channel_type"] = json!("im");
        }
        if let Some(thread_ts) = message.thread_ts.as_ref().filter(|_| message.is_reply()) {
            event["thread_ts"] = json!(thread_ts);
        }
        Some(event)
    }
}

fn seconds(ts: &str) -> i64 {
    ts.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}

/// Why an event is sent again, as the retry's header says it; `None` for one that arrived.
fn reason(delivery: &Delivery) -> Option<&'static str> {
    match delivery {
        Delivery::Answered { status: 200..=299, .. } => None,
        Delivery::Answered { .. } => Some("http_error"),
        Delivery::TimedOut => Some("http_timeout"),
        Delivery::Failed | Delivery::NotSent => Some("connection_failed"),
    }
}

/// `@nightshift` as Slack's composer sends it.
fn with_mentions(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        written.push_str(before);
        let name = after.get(.."nightshift".len()).filter(|name| name.eq_ignore_ascii_case("nightshift"));
        let ends =
            |name: &str| !after[name.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-');
        let free = !before.ends_with(|last: char| last.is_alphanumeric() || last == '<');
        match name.filter(|name| free && ends(name)) {
            Some(name) => {
                written.push_str(&format!("<@{BOT_USER_ID}>"));
                rest = &after[name.len()..];
            }
            None => {
                written.push('@');
                rest = after;
            }
        }
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_is_mentioned_by_its_name_as_a_word() {
        for (typed, sent) in [
            ("@nightshift why is api pending?", "<@U0NGHTSHFT> why is api pending?"),
            ("hey @Nightshift!", "hey <@U0NGHTSHFT>!"),
            ("@nightshift에게", "<@U0NGHTSHFT>에게"),
            ("ops@nightshift.example", "ops@nightshift.example"),
            ("@nightshifts @night", "@nightshifts @night"),
        ] {
            assert_eq!(with_mentions(typed), sent);
        }
    }
}
