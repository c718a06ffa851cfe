//! A slash command: <https://docs.slack.dev/interactivity/implementing-slash-commands>.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;
use shared::bus::{BusEvent, Command, EventId};
use shared::text::Language;

use crate::answer::{Answer, Refusal};
use crate::decide::Understood;

/// Reads the form of a slash command. Whoever asked is told at once that it was heard; the answer follows at the
/// `response_url`.
///
/// # Errors
///
/// When it names no command or nobody who asked.
pub fn command(body: &str, language: Language, now: Timestamp) -> Result<Understood, Refusal> {
    let mut fields: HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).collect();
    // Slack looks now and then whether the address still has a valid certificate.
    if fields.get("ssl_check").is_some_and(|value| value == "1") {
        return Ok((Answer::empty(), Vec::new()));
    }
    let mut take = |name: &str| fields.remove(name).unwrap_or_default().trim().to_owned();
    let command = Command {
        id: EventId::of("cmd", &[body.as_bytes()]),
        command: take("command"),
        text: take("text"),
        user_id: take("user_id"),
        user_name: take("user_name"),
        team_id: take("team_id"),
        channel_id: take("channel_id"),
        channel_name: take("channel_name"),
        response_url: take("response_url"),
        trigger_id: take("trigger_id"),
        received_at: now,
    };
    if !command.command.starts_with('/') || command.command.len() < 2 {
        return Err(Refusal::NotUnderstood("no command".to_owned()));
    }
    if command.user_id.is_empty() {
        return Err(Refusal::NotUnderstood("no user_id".to_owned()));
    }
    let answer = json!({ "response_type": "ephemeral", "text": heard(&command.command, language) });
    Ok((Answer::json(answer), vec![BusEvent::Command(command)]))
}

/// That a command was heard. The command is Slack's, of the app's own list; what may not stand in Slack's markup is left out.
fn heard(command: &str, language: Language) -> String {
    let command: String =
        command.chars().filter(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_')).take(32).collect();
    match language {
        Language::En => format!(":hourglass_flowing_sand: `{command}` is on its way."),
        Language::Ko => format!(":hourglass_flowing_sand: `{command}` 조회 중입니다."),
    }
}
