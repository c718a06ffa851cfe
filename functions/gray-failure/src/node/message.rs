//! What people read about a node: what ails it first, then what follows from that.

#[cfg(test)]
mod tests;

use shared::config::Mode;
use shared::mrkdwn;
use shared::redact::redact;
use shared::slack::{Attachment, Block, Colour, Message, Mrkdwn};
use shared::text::{Phrases, Style};

use super::decide::{About, Call, Statement};
use super::words;

/// Nodes that a message names.
const NAMES: usize = 8;

fn quote(text: &str) -> Mrkdwn {
    Mrkdwn::data(redact(text))
}

const fn mark(call: Call) -> (&'static str, Colour) {
    match call {
        Call::Watch => ("🟡", Colour::Warning),
        Call::Taint => ("🟠", Colour::Warning),
        Call::Untaint | Call::Clear => ("🟢", Colour::Good),
        Call::Gone => ("⚪", Colour::Good),
    }
}

/// The message of a statement, as the first of its thread or a reply.
pub fn statement(said: &Statement, cluster: &str, mode: Mode, style: &Style) -> Message {
    let (phrases, (mark, colour)) = (&style.phrases, mark(said.decision));
    let first = said.signs.first().map(|sign| words::sign(sign, phrases)).unwrap_or_default();
    let minutes = said.well_minutes.to_string();
    let headline = match (&said.about, said.decision) {
        (About::Many { names, of }, _) => {
            let (count, of) = (names.len().to_string(), of.to_string());
            let values = [("count", (&count).into()), ("of", (&of).into()), ("sign", (&first).into())];
            phrases.say_with("node-many", &values)
        }
        (About::Node { name, .. }, Call::Untaint | Call::Clear) => {
            phrases.say_with("node-well", &[("node", (&name.0).into()), ("minutes", (&minutes).into())])
        }
        (About::Node { name, .. }, Call::Gone) => phrases.say_with("node-gone", &[("node", (&name.0).into())]),
        (About::Node { name, .. }, Call::Watch | Call::Taint) => {
            phrases.say_with("node-ails", &[("node", (&name.0).into()), ("sign", (&first).into())])
        }
    };
    let mut blocks = Vec::new();
    let mut part = |label: &str, text: Mrkdwn| {
        if !text.is_empty() {
            blocks.push(Block::section(&mrkdwn!("*{}*  {}", phrases.say(label), text)));
        }
    };
    let more: Vec<Mrkdwn> = said.signs.iter().skip(1).map(|sign| quote(&words::sign(sign, phrases))).collect();
    part("node-label-more", Mrkdwn::join(more, "\n"));
    if let About::Many { names, .. } = &said.about {
        let mut shown: Vec<Mrkdwn> = names.iter().take(NAMES).map(|name| Mrkdwn::code(&name.0)).collect();
        if names.len() > NAMES {
            shown.push(quote(&phrases.say_with("more", &[("count", (names.len() - NAMES).into())])));
        }
        part("node-label-which", Mrkdwn::join(shown, " "));
    }
    part("node-label-then", quote(&then(said, mode, phrases)));
    if let (About::Node { name, .. }, Call::Watch | Call::Taint) = (&said.about, said.decision) {
        part("node-label-look", Mrkdwn::code(format!("kubectl describe node {name}")));
    }
    let since = style.clock.minute(said.since);
    let since = phrases.say_with("node-since", &[("time", (&since).into())]);
    blocks.push(Block::context([&mrkdwn!("{} · {}", quote(cluster), quote(&since))]));
    let mut payload = serde_json::Map::new();
    payload.insert("decision".to_owned(), serde_json::json!(said.decision));
    Message::new(&mrkdwn!("{} *{}*", mark, quote(&headline)))
        .attachment(Attachment::new(colour, blocks))
        .metadata("nightshift_node", payload)
}

/// What follows from it.
fn then(said: &Statement, mode: Mode, phrases: &Phrases) -> String {
    if let Some(held) = &said.held {
        return words::held(held, phrases);
    }
    let key = match (said.decision, mode) {
        (Call::Watch, _) => "node-then-watch",
        (Call::Taint, Mode::Observe) => "node-then-taint-observe",
        (Call::Taint, Mode::Ask) => "node-then-taint-ask",
        (Call::Taint, Mode::Automatic) => "node-then-taint-automatic",
        (Call::Untaint, Mode::Observe) => "node-then-untaint-observe",
        (Call::Untaint, Mode::Ask) => "node-then-untaint-ask",
        (Call::Untaint, Mode::Automatic) => "node-then-untaint-automatic",
        (Call::Clear | Call::Gone, _) => return String::new(),
    };
    let again = said.again + 1;
    match said.again {
        0 => phrases.say(key),
        _ => format!("{} {}", phrases.say(key), phrases.say_with("node-again", &[("count", u64::from(again).into())])),
    }
}
