//! From an [`Answer`] to what stands in Slack.
//!
//! Whatever the cluster said is redacted and then escaped ([`quote`]): it cannot mention a channel, forge a link, or carry a
//! secret out.

mod agent;
mod choose;
mod events;
mod health;
mod links;
mod logs;
mod net;
mod plain;
mod question;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use agent::look;
use jiff::Timestamp;
use shared::config::{Links, Settings};
use shared::redact::redact;
use shared::slack::{Attachment, Block, Colour, Message, Mrkdwn};
use shared::text::{Clock, Phrases};

use crate::decide::Answer;
use crate::event::What;

/// How answers are written: language, time zone, and where links lead.
#[derive(Debug)]
pub struct Style {
    /// The sentences.
    pub phrases: Phrases,
    /// The time zone.
    pub clock: Clock,
    /// Where links lead.
    pub links: Links,
}

impl Style {
    /// The style of these settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            phrases: Phrases::new(settings.language),
            clock: Clock::new(settings.time_zone.clone()),
            links: settings.links.clone(),
        }
    }
}

/// What stands there until the answer does.
pub fn progress(what: &What, cluster: &str, style: &Style) -> Message {
    let about = match what {
        What::Command(command, _) => format!("/{}", command.name()),
        What::Pick(_, target) => target.workload.name.clone(),
        _ => String::new(),
    };
    let line = match about.is_empty() {
        true => style.phrases.say_with("ask-reading-question", &[("cluster", cluster.into())]),
        false => style.phrases.say_with("ask-reading", &[("what", (&about).into()), ("cluster", cluster.into())]),
    };
    let line = quote(&line);
    Message::new(&line).block(Block::context([&line]))
}

/// An answer about `cluster`, as it was at `at`.
pub fn answer(answer: &Answer, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let message = match answer {
        Answer::Health(health) => health::message(health, cluster, at, style),
        Answer::Choose { command, services } => choose::message(*command, services, cluster, style),
        Answer::Status { colour, workload } => status::message(*colour, workload, cluster, at, style),
        Answer::Logs { colour, workload, tail } => logs::message(*colour, workload, tail, cluster, at, style),
        Answer::Events(events) => events::message(events, cluster, at, style),
        Answer::Net(net) => net::message(net, cluster, at, style),
        Answer::Question(reply) => question::message(reply, cluster, at, style),
        other => plain::message(other, cluster, style),
    };
    message.fitted()
}

/// A message beside a bar: the headline, then blocks.
fn barred(colour: Colour, headline: &Mrkdwn, blocks: Vec<Block>) -> Message {
    let mut all = vec![Block::section(&shared::mrkdwn!("*{}*", headline.clone()))];
    all.extend(blocks);
    Message::new(&shared::mrkdwn!("{} {}", mark(colour), headline.clone())).attachment(Attachment::new(colour, all))
}

/// What could not be read, as a line; nothing where there is nothing.
fn gaps(gaps: &[String], style: &Style) -> Option<Block> {
    if gaps.is_empty() {
        return None;
    }
    let label = Mrkdwn::data(style.phrases.say("ask-not-read"));
    let lines = gaps.iter().take(5).map(|gap| shared::mrkdwn!("• {}", quote(&shortened(gap, 300))));
    let mut lines: Vec<Mrkdwn> = lines.collect();
    if gaps.len() > 5 {
        lines.push(more(gaps.len() - 5, style));
    }
    Some(Block::section(&shared::mrkdwn!("*{}*\n{}", label, Mrkdwn::join(lines, "\n"))))
}

/// `and 34 more`.
fn more(count: usize, style: &Style) -> Mrkdwn {
    Mrkdwn::data(style.phrases.say_with("more", &[("count", count.into())]))
}

/// Where and when this was so.
fn read_at(cluster: &str, at: Timestamp, style: &Style) -> Block {
    Block::context([&shared::mrkdwn!("{} · {}", quote(cluster), style.clock.day(at))])
}

/// Text from outside: redacted, then escaped.
pub(crate) fn quote(text: &str) -> Mrkdwn {
    Mrkdwn::data(redact(text))
}

/// The first `limit` characters of the first line of `text`.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line.to_owned(),
    }
}

/// The mark before a headline.
pub(crate) const fn mark(colour: Colour) -> &'static str {
    match colour {
        Colour::Good => "✅",
        Colour::Warning => "🟡",
        Colour::Critical => "🔴",
    }
}
