//! What was posted: as text for people, as JSON lines for scripts, and which causes it names.

use jiff::Timestamp;
use serde_json::{Value, json};
use sim::Sim;
use sim::slack::Message;
use sim::trackers::Issue;

/// The causes that messages carry in their metadata, the first message's first; each once.
pub(super) fn reported(messages: &[Message]) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    for message in messages {
        let Some(metadata) = &message.metadata else { continue };
        let named = metadata["event_payload"]["causes"].as_array().into_iter().flatten();
        for cause in named.filter_map(Value::as_str) {
            if !causes.iter().any(|known| known == cause) {
                causes.push(cause.to_owned());
            }
        }
    }
    causes
}

/// What became of actions, as their messages' metadata say: `{"case", "stage"}`.
pub(super) fn actions(messages: &[Message]) -> Vec<Value> {
    let metadata = messages.iter().filter_map(|message| message.metadata.as_ref());
    let ours = metadata.filter(|metadata| metadata["event_payload"]["case"].is_string());
    ours.map(|metadata| {
        let payload = &metadata["event_payload"];
        json!({"case": payload["case"], "stage": payload["stage"]})
    })
    .collect()
}

/// The tickets of the night: `{"key", "url", "title", "state", "comments"}`.
pub(super) fn tickets(sim: &Sim) -> Vec<Value> {
    let ticket = |issue: Issue| {
        json!({
            "key": format!("#{}", issue.number), "url": sim.ticket_page(issue.number), "title": issue.title,
            "state": if issue.closed { "closed" } else { "open" }, "comments": issue.comments.len(),
        })
    };
    sim.trackers().github().into_iter().map(ticket).collect()
}

/// When a message was posted.
pub(super) fn time(message: &Message) -> Timestamp {
    let mut parts = message.ts.splitn(2, '.').map(|part| part.parse::<i64>().unwrap_or_default());
    let (seconds, micros) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Timestamp::from_microsecond(seconds * 1_000_000 + micros).unwrap_or_default()
}

/// A message as a line of JSON.
pub(super) fn line(message: &Message) -> Value {
    json!({
        "time": time(message).to_string(),
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
    })
}

/// A message as text: what its blocks say, line by line; replies are indented.
pub(super) fn text(message: &Message) -> String {
    let mut lines = Vec::new();
    // As in Slack, text stands above attachments; where the message itself has blocks, it is for notifications only.
    if message.blocks.is_empty() {
        lines.extend(message.text.lines().map(str::to_owned));
    }
    blocks(&Value::from(message.blocks.clone()), &mut lines);
    for attachment in &message.attachments {
        blocks(&attachment["blocks"], &mut lines);
    }
    lines.extend(message.files.iter().map(|file| format!("[{}, {} bytes]", file.title, file.content.len())));
    let (mark, indent) = if message.is_reply() { ("    ↳ ", "      ") } else { ("", "  ") };
    let head = format!("{mark}{}", time(message).strftime("%H:%M:%SZ"));
    let body: String = lines.iter().flat_map(|text| text.lines()).map(|line| format!("\n{indent}{line}")).collect();
    format!("{head}{body}")
}

fn blocks(blocks: &Value, lines: &mut Vec<String>) {
    for block in blocks.as_array().into_iter().flatten() {
        let listed = |name: &str| block[name].as_array().cloned().unwrap_or_default();
        match block["type"].as_str() {
            Some("actions") => {
                let labels =
                    listed("elements").iter().map(|one| format!("[{}]", object(&one["text"]))).collect::<Vec<_>>();
                lines.push(labels.join(" "));
            }
            Some("context") => {
                lines.push(listed("elements").iter().map(object).collect::<Vec<_>>().join(" · "));
            }
            _ => {
                lines.extend(Some(object(&block["text"])).filter(|text| !text.is_empty()));
                lines.extend(listed("fields").iter().map(object));
            }
        }
    }
}

fn object(text: &Value) -> String {
    text["text"].as_str().unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(ts: &str, thread_ts: Option<&str>, causes: Value) -> Message {
        Message {
            channel: "C1".to_owned(),
            ts: ts.to_owned(),
            thread_ts: thread_ts.map(str::to_owned),
            user: None,
            text: "fallback".to_owned(),
            blocks: vec![
                json!({"type": "section", "text": {"type": "mrkdwn", "text": "a &lt; b"}, "fields": [{"type": "mrkdwn", "text": "field"}]}),
                json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Review"}}]}),
            ],
            attachments: Vec::new(),
            metadata: Some(json!({"event_type": "nightshift_incident", "event_payload": {"causes": causes}})),
            edited: None,
            ephemeral_for: None,
            reactions: Vec::new(),
            files: Vec::new(),
        }
    }

    #[test]
    fn causes_are_told_once_in_the_order_of_their_messages() {
        let messages = [
            message("1.000000", None, json!(["bad-rollout", "oom-killed"])),
            message("2.000000", Some("1.000000"), json!(["bad-rollout"])),
            message("3.000000", None, json!(["node-not-ready"])),
        ];
        assert_eq!(reported(&messages), ["bad-rollout", "oom-killed", "node-not-ready"]);
    }

    #[test]
    fn a_reply_is_indented_and_all_its_blocks_are_told() {
        let text = text(&message("1.000000", Some("0.000001"), json!([])));
        assert_eq!(text, "    ↳ 00:00:01Z\n      a < b\n      field\n      [Review]");
    }
}
