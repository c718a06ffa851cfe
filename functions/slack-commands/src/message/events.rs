//! `/events`: a table, narrow enough for a phone held sideways.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::redact::redact;
use shared::slack::{Block, Colour, Message, Mrkdwn};

use super::{Style, barred, gaps, quote, read_at, shortened};
use crate::situation::{EventLine, Known, LatestEvents};

/// The longest message of an event.
const MESSAGE: usize = 110;
/// The longest reason and object.
const NAME: usize = 44;

pub(super) fn message(events: &Known<LatestEvents>, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let why: Vec<String> = events.gap().map(str::to_owned).into_iter().collect();
    let latest = events.value().map(|events| events.latest.as_slice()).unwrap_or_default();
    let colour = match latest.iter().any(|event| event.warning) || !why.is_empty() {
        true => Colour::Warning,
        false => Colour::Good,
    };
    let headline = match (events.value(), latest.is_empty()) {
        (None, _) => style.phrases.say_with("events-unread", &[("cluster", cluster.into())]),
        (_, true) => style.phrases.say_with("events-none", &[("cluster", cluster.into())]),
        (Some(events), _) => style.phrases.say_with(
            "events-latest",
            &[("cluster", cluster.into()), ("shown", latest.len().into()), ("count", events.count.into())],
        ),
    };
    let mut blocks = Vec::new();
    if !latest.is_empty() {
        // Half of the table each, as a paragraph holds 3000 characters.
        let rows: Vec<[String; 4]> = latest.iter().map(|event| row(event, style)).collect();
        let head =
            ["events-time", "events-reason", "events-object", "events-message"].map(|key| style.phrases.say(key));
        let widths: Vec<usize> =
            (0..3).map(|column| rows.iter().chain([&head]).map(|row| width(&row[column])).max().unwrap_or(0)).collect();
        for (index, half) in rows.chunks(5).enumerate() {
            let head = (index == 0).then_some(&head);
            let lines: Vec<String> = head.into_iter().chain(half).map(|row| drawn(row, &widths)).collect();
            blocks.push(Block::section(&mrkdwn!("{}", Mrkdwn::code_block(lines.join("\n")))));
        }
    }
    blocks.extend(gaps(&why, style));
    blocks.push(read_at(cluster, at, style));
    barred(colour, &quote(&headline), blocks)
}

fn row(event: &EventLine, style: &Style) -> [String; 4] {
    let mark = if event.warning { "⚠" } else { " " };
    let time = event.time.map(|time| style.clock.second(time)).unwrap_or_default();
    let place = if event.namespace.is_empty() { String::new() } else { format!("{}/", event.namespace) };
    let object = format!("{place}{}", event.name);
    let times = if event.times > 1 { format!(" (×{})", event.times) } else { String::new() };
    let message = redact(&event.message).split_whitespace().collect::<Vec<_>>().join(" ");
    [
        format!("{time} {mark}"),
        shortened(&redact(&event.reason), NAME),
        middle(&redact(&object)),
        format!("{}{times}", shortened(&message, MESSAGE)),
    ]
}

/// Of a long name both ends, which tell more than its middle.
fn middle(text: &str) -> String {
    let count = text.chars().count();
    if count <= NAME {
        return text.to_owned();
    }
    let (head, tail) = (NAME / 2, NAME - NAME / 2 - 1);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

fn drawn(row: &[String; 4], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, column) in row[..3].iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(column.saturating_sub(width(cell)) + 2));
    }
    line + &row[3]
}

/// Columns in monospace: Hangul and other East Asian letters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| {
            if matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7ff}' | '\u{ff00}'..='\u{ff60}') { 2 } else { 1 }
        })
        .sum()
}
