//! Mentions and direct messages: <https://docs.slack.dev/apis/events-api/>.
//!
//! The app's own messages, those of other bots, and edits are acknowledged and left alone: what answers bots, ends up
//! answering itself.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use shared::bus::{BusEvent, EventId, Question, QuestionKind};

use crate::answer::{Answer, Refusal};
use crate::decide::Understood;

/// Reads a request of the Events API.
///
/// # Errors
///
/// When it is not JSON, of an unknown kind, or lacks what an event has.
pub fn event(body: &str, now: Timestamp) -> Result<Understood, Refusal> {
    let outer: Outer = serde_json::from_str(body).map_err(|error| Refusal::NotUnderstood(error.to_string()))?;
    match outer.kind.as_str() {
        // Slack makes sure that the address is ours: https://docs.slack.dev/reference/events/url_verification
        "url_verification" if !outer.challenge.is_empty() => {
            Ok((Answer::json(json!({ "challenge": outer.challenge })), Vec::new()))
        }
        "url_verification" => Err(Refusal::NotUnderstood("no challenge".to_owned())),
        // That Slack sends fewer events for a minute; nothing can be done about it here.
        "app_rate_limited" => {
            tracing::warn!("Slack limits the rate of events");
            Ok((Answer::empty(), Vec::new()))
        }
        "event_callback" => Ok((Answer::empty(), question(outer, now)?.map(BusEvent::Question).into_iter().collect())),
        _ => Err(Refusal::NotUnderstood("unknown kind of event".to_owned())),
    }
}

/// The question in an event, if it is one.
fn question(outer: Outer, now: Timestamp) -> Result<Option<Question>, Refusal> {
    let Some(event) = outer.event else { return Err(Refusal::NotUnderstood("no event".to_owned())) };
    let kind = match (event.kind.as_str(), event.channel_type.as_str()) {
        ("app_mention", _) => QuestionKind::Mention,
        ("message", "im") => QuestionKind::Direct,
        _ => return Ok(None),
    };
    let by_app = outer.authorizations.iter().any(|one| one.is_bot && one.user_id == event.user);
    let is_bots = by_app || !event.bot_id.is_empty() || event.bot_profile.is_some() || event.user == "USLACKBOT";
    let is_said = matches!(event.subtype.as_str(), "" | "file_share" | "thread_broadcast");
    if is_bots || !is_said || event.user.is_empty() || event.text.trim().is_empty() {
        return Ok(None);
    }
    if outer.event_id.is_empty() || event.channel.is_empty() || event.ts.is_empty() {
        return Err(Refusal::NotUnderstood("no event_id, channel or ts".to_owned()));
    }
    Ok(Some(Question {
        id: EventId::new(outer.event_id.clone()),
        event_id: outer.event_id,
        kind,
        user_id: event.user,
        team_id: outer.team_id,
        channel_id: event.channel,
        ts: event.ts,
        thread_ts: event.thread_ts,
        text: event.text,
        received_at: now,
    }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Outer {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    team_id: String,
    event_id: String,
    authorizations: Vec<Authorization>,
    event: Option<Event>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Authorization {
    user_id: String,
    is_bot: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    subtype: String,
    user: String,
    bot_id: String,
    bot_profile: Option<serde::de::IgnoredAny>,
    channel: String,
    channel_type: String,
    ts: String,
    thread_ts: String,
    text: String,
}
