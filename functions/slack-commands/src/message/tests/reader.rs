//! A message as somebody reads it: texts one below the other, buttons in brackets, the bar at the left.

use std::fmt::Write as _;

use serde_json::Value;
use shared::slack::Message;

/// The message's text, then its blocks, then those beside its bar.
pub(super) fn shown(message: &Message) -> String {
    let message = serde_json::to_value(message).unwrap();
    let mut out = format!("({})\n", text(&message["text"]));
    blocks(&message["blocks"], "", &mut out);
    for attachment in message["attachments"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "{}", attachment["color"].as_str().unwrap_or_default());
        blocks(&attachment["blocks"], "┃ ", &mut out);
    }
    out
}

fn blocks(blocks: &Value, bar: &str, out: &mut String) {
    for block in blocks.as_array().into_iter().flatten() {
        let mut lines: Vec<String> = vec![text(&block["text"])];
        for field in block["fields"].as_array().into_iter().flatten() {
            lines.push(text(field).replace('\n', "  "));
        }
        let small = block["type"] == "context";
        for element in block["elements"].as_array().into_iter().flatten() {
            match element["type"].as_str() {
                Some("button") => lines.push(format!("[{}]", text(&element["text"]))),
                Some("static_select") => lines.push(format!("[{} ▾]", text(&element["placeholder"]))),
                _ => lines.push(text(element)),
            }
        }
        if block["accessory"].is_object() {
            lines.push(format!("[{}]", text(&block["accessory"]["text"])));
        }
        for line in lines.iter().flat_map(|one| one.lines()).filter(|line| !line.is_empty()) {
            let _ = writeln!(out, "{bar}{}{line}", if small { "· " } else { "" });
        }
    }
}

/// A text with links by their names alone.
fn text(value: &Value) -> String {
    let raw = value.as_str().or_else(|| value["text"].as_str()).unwrap_or_default();
    let mut out = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((link, more)) = after.split_once('>') else { break };
        let _ = write!(out, "⟨{}⟩", link.split_once('|').map_or(link, |(_, label)| label));
        rest = more;
    }
    out.push_str(rest);
    out
}
