//! Answers to questions in plain language.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::slack::{Block, Colour, Message, Mrkdwn};
use shared::text::Value;

use super::{Style, agent, barred, gaps, links, quote, read_at, shortened};
use crate::question::{Agent, Further, Inquiry, Line, Reply, Topic};

/// The longest line of what the cluster said.
const LINE: usize = 240;
/// Sources that are cited.
const SOURCES: usize = 12;
/// Sources of one cause.
const OF_CAUSE: usize = 5;

pub(super) fn message(reply: &Reply, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let mut blocks = Vec::new();
    let causes: Vec<Mrkdwn> = reply
        .causes
        .iter()
        .map(|cause| {
            let ids: Vec<String> = cause.evidence.iter().take(OF_CAUSE).map(ToString::to_string).collect();
            mrkdwn!("• {} [{}]", quote(&shortened(&style.phrases.cause_line(cause), LINE)), ids.join(", "))
        })
        .collect();
    if !causes.is_empty() {
        let label = Mrkdwn::data(style.phrases.say("label-why"));
        blocks.push(Block::section(&mrkdwn!("*{}*\n{}", label, Mrkdwn::join(causes, "\n"))));
    }
    let lines: Vec<Mrkdwn> = reply.lines.iter().map(|line| mrkdwn!("• {}", self::line(line, style))).collect();
    if !lines.is_empty() {
        blocks.push(Block::section(&Mrkdwn::join(lines, "\n")));
    }
    blocks.extend(agent::said(reply, style));
    if is_beyond_rules(reply) && agent::said_nothing(reply) {
        if reply.inquiry == Inquiry::NotUnderstood {
            blocks.push(Block::section(&quote(&style.phrases.say("question-can-ask"))));
        }
        if reply.agent == Agent::NotAsked {
            let key = match reply.inquiry {
                Inquiry::NeedsMore { topic: Topic::Cost } => "question-needs-cost",
                _ => "question-needs-agent",
            };
            blocks.push(Block::section(&quote(&style.phrases.say(key))));
        }
    }
    if !reply.evidence.is_empty() {
        let label = Mrkdwn::data(style.phrases.say("label-evidence"));
        let sources = reply.evidence.iter().take(SOURCES).map(|one| agent::source(one, style));
        blocks.push(Block::context([&mrkdwn!("*{}*\n{}", label, Mrkdwn::join(sources, "\n"))]));
    }
    blocks.extend(agent::note(reply, style));
    blocks.extend(gaps(&reply.gaps, style));
    // Without a subject, what is wrong is what is looked at next.
    let subject = reply.inquiry.subject().or_else(|| reply.causes.first().map(|cause| &cause.object));
    if let Some(subject) = subject {
        let links = links::of_object(subject, at, style);
        if !links.is_empty() {
            blocks.push(Block::context([&links]));
        }
    }
    blocks.push(read_at(cluster, at, style));
    barred(colour(reply), &headline(reply, cluster, style), blocks)
}

/// Whether it is a question that the rules alone do not answer.
pub(super) const fn is_beyond_rules(reply: &Reply) -> bool {
    matches!(reply.inquiry, Inquiry::NotUnderstood | Inquiry::NeedsMore { .. })
}

fn colour(reply: &Reply) -> Colour {
    let is_bad = |line: &Line| match line {
        Line::Pod { .. } | Line::OutOfMemory { .. } | Line::NoService { .. } => true,
        Line::Ready { ready, wanted, .. } => ready < wanted,
        Line::Endpoints { ready, .. } => *ready == 0,
        Line::Node { cpu, memory, ready, .. } => !ready || cpu.max(*memory) >= 90.0,
        Line::Change { .. } | Line::Policy { .. } | Line::Nothing => false,
    };
    if !reply.causes.is_empty() || reply.lines.iter().any(is_bad) {
        Colour::Critical
    } else if is_beyond_rules(reply) || !reply.gaps.is_empty() {
        Colour::Warning
    } else {
        Colour::Good
    }
}

fn headline(reply: &Reply, cluster: &str, style: &Style) -> Mrkdwn {
    if let Some(cause) = reply.causes.first() {
        return quote(&shortened(&style.phrases.cause_line(cause), LINE));
    }
    let say = |key: &str, values: &[(&str, Value<'_>)]| quote(&style.phrases.say_with(key, values));
    if is_beyond_rules(reply) {
        match &reply.agent {
            Agent::Looking(_) => return say("ask-reading-question", &[("cluster", cluster.into())]),
            Agent::Answered(Further { summary: Some(summary), .. }) => return quote(&summary.text),
            Agent::Answered(further) if !further.is_empty() => return say("question-answered", &[]),
            _ => {}
        }
    }
    let name = |object: &shared::model::ObjectRef| {
        if object.namespace.is_empty() { object.name.clone() } else { format!("{}/{}", object.namespace, object.name) }
    };
    match &reply.inquiry {
        Inquiry::Status { of } | Inquiry::Why { of } => {
            let name = name(of);
            let ready = reply.lines.iter().find_map(|line| match line {
                Line::Ready { ready, wanted, .. } => Some((*ready, *wanted)),
                _ => None,
            });
            match ready {
                Some((ready, wanted)) => {
                    let count = |number: i32| Value::Count(u64::try_from(number).unwrap_or(0));
                    let values = [("name", (&name).into()), ("ready", count(ready)), ("wanted", count(wanted))];
                    say("status-ready", &values)
                }
                None => say("question-nothing-wrong", &[("name", (&name).into())]),
            }
        }
        Inquiry::Trouble => say("question-trouble", &[("cluster", cluster.into())]),
        Inquiry::OutOfMemory { .. } => {
            let count = reply.lines.iter().filter(|line| matches!(line, Line::OutOfMemory { .. })).count();
            say("question-out-of-memory", &[("count", count.into())])
        }
        Inquiry::HotNodes => say("question-hot-nodes", &[("cluster", cluster.into())]),
        Inquiry::Changes { .. } => say("question-changes", &[("cluster", cluster.into())]),
        Inquiry::Reach { from, to } => {
            say("question-reach", &[("from", (&name(from)).into()), ("to", (&name(to)).into())])
        }
        Inquiry::NeedsMore { .. } => say("question-needs-more", &[]),
        Inquiry::NotUnderstood => say("question-not-understood", &[]),
    }
}

fn line(line: &Line, style: &Style) -> Mrkdwn {
    let say = |key: &str, values: &[(&str, Value<'_>)]| quote(&style.phrases.say_with(key, values));
    let count = |number: i32| Value::Count(u64::try_from(number).unwrap_or(0));
    match line {
        Line::Ready { object, ready, wanted } => {
            let name = object.to_string();
            say("status-ready", &[("name", (&name).into()), ("ready", count(*ready)), ("wanted", count(*wanted))])
        }
        Line::Pod { object, word, message } => {
            mrkdwn!("*{}* {} {}", quote(&object.to_string()), quote(word), quote(&shortened(message, LINE)))
        }
        Line::OutOfMemory { object, container, limit, restarts } => {
            let name = format!("{object}/{container}");
            let values = [("name", (&name).into()), ("limit", limit.into()), ("count", count(*restarts))];
            say(if limit.is_empty() { "question-oom-no-limit" } else { "question-oom" }, &values)
        }
        Line::Node { name, cpu, memory, ready } => {
            let (cpu, memory) = (format!("{cpu:.0}"), format!("{memory:.0}"));
            let values = [("name", name.into()), ("cpu", (&cpu).into()), ("memory", (&memory).into())];
            let said = say("question-node", &values);
            if *ready { said } else { mrkdwn!("{} · NotReady", said) }
        }
        Line::Change { time, object, what } => {
            mrkdwn!("{} *{}* {}", style.clock.minute(*time), quote(&object.to_string()), quote(&shortened(what, LINE)))
        }
        Line::Endpoints { object, ready, ports } => {
            let name = object.to_string();
            say("question-endpoints", &[("name", (&name).into()), ("count", (*ready).into()), ("ports", ports.into())])
        }
        Line::NoService { object } => say("question-no-service", &[("name", (&object.to_string()).into())]),
        Line::Policy { object } => say("question-policy", &[("name", (&object.to_string()).into())]),
        Line::Nothing => say("question-nothing", &[]),
    }
}
