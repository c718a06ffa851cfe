//! The agent's part of an answer: what it is looking at, what it said and what it cites, and what is not shown.

use shared::bedrock::ToolCall;
use shared::diagnosis::{Evidence, EvidenceSource};
use shared::model::{Kind, Object, ObjectRef};
use shared::mrkdwn;
use shared::slack::{Block, Mrkdwn};
use shared::snapshot::{SeriesKind, Snapshot};
use shared::text::{Phrases, Value};

use super::question::is_beyond_rules;
use super::{Style, quote, shortened};
use crate::question::{Agent, Failure, Further, Reply, Said};

/// The longest line of what the cluster said.
const LINE: usize = 240;

/// What a tool call looks at, in the reader's words. It names only what exists: the agent chose the call's parameters.
pub(crate) fn look(call: &ToolCall, snapshot: &Snapshot, phrases: &Phrases) -> String {
    let of = |key: &str, kind: Kind, namespace: &str, name: &str| {
        let object = ObjectRef::new(kind, namespace, name).to_string();
        phrases.say_with(key, &[("object", (&object).into())])
    };
    match call {
        ToolCall::List { kind, namespace, .. } => {
            let known = namespace.as_deref().filter(|name| snapshot.namespaces.iter().any(|one| one.name() == *name));
            match known {
                Some(name) => {
                    phrases.say_with("look-list", &[("kind", kind.plural().into()), ("namespace", name.into())])
                }
                None => phrases.say_with("look-all", &[("kind", kind.plural().into())]),
            }
        }
        ToolCall::Describe(object) => object.to_string(),
        ToolCall::Logs { namespace, pod, .. } => of("look-log", Kind::Pod, namespace, pod),
        ToolCall::Metrics { kind: SeriesKind::Node, name, .. } => of("look-metrics", Kind::Node, "", name),
        ToolCall::Metrics { kind: SeriesKind::Pod, namespace, name, .. } => {
            of("look-metrics", Kind::Pod, namespace, name)
        }
        ToolCall::Metrics { namespace, name, .. } => of("look-metrics", Kind::Service, namespace, name),
        ToolCall::SimilarIncidents { .. } => phrases.say("look-incidents"),
    }
}

/// Whether nothing the agent said is shown.
pub(super) const fn said_nothing(reply: &Reply) -> bool {
    match &reply.agent {
        Agent::Answered(further) => further.is_empty(),
        Agent::NotAsked | Agent::Failed(_) => true,
        Agent::Looking(_) => false,
    }
}

/// What it said, each statement with what it cites, and its commands.
pub(super) fn said(reply: &Reply, style: &Style) -> Option<Block> {
    let Agent::Answered(further) = &reply.agent else { return None };
    let Further { summary, claims, commands, .. } = further;
    let claim = |said: &Said| {
        let ids: Vec<String> = said.evidence.iter().map(ToString::to_string).collect();
        mrkdwn!("• {} [{}]", quote(&said.text), ids.join(", "))
    };
    // What is the headline is not said a second time, but what it rests on is.
    let mut lines: Vec<Mrkdwn> = match summary {
        Some(summary) if is_beyond_rules(reply) && claims.is_empty() && commands.is_empty() => vec![claim(summary)],
        Some(summary) if !is_beyond_rules(reply) => vec![claim(summary)],
        _ => Vec::new(),
    };
    lines.extend(claims.iter().map(claim));
    lines.extend(commands.iter().map(|one| {
        let command = mrkdwn!("`{}`", quote(&one.command));
        if one.why.is_empty() { command } else { mrkdwn!("{} {}", command, quote(&one.why)) }
    }));
    if lines.is_empty() {
        return None;
    }
    let label = Mrkdwn::data(style.phrases.say("label-agent"));
    Some(Block::section(&mrkdwn!("*{}*\n{}", label, Mrkdwn::join(lines, "\n"))))
}

/// What it is looking at, or what is not shown and why.
pub(super) fn note(reply: &Reply, style: &Style) -> Option<Block> {
    let say = |key: &str, values: &[(&str, Value<'_>)]| quote(&style.phrases.say_with(key, values));
    let text = match &reply.agent {
        Agent::NotAsked => return None,
        Agent::Looking(looks) if looks.is_empty() => mrkdwn!("🔎 {} …", say("agent-looking", &[])),
        Agent::Looking(looks) => {
            let looks = Mrkdwn::join(looks.iter().map(|look| quote(&shortened(look, 120))), " · ");
            mrkdwn!("🔎 {}: {} …", say("agent-looking", &[]), looks)
        }
        Agent::Answered(further) if further.stopped > 0 => say("agent-stopped", &[("count", further.stopped.into())]),
        Agent::Answered(further) if further.is_empty() => say("agent-nothing", &[]),
        Agent::Answered(_) => return None,
        Agent::Failed(Failure::Throttled) => say("agent-throttled", &[]),
        Agent::Failed(Failure::Absent) => say("agent-absent", &[]),
        Agent::Failed(Failure::Slow) => say("agent-slow", &[]),
        Agent::Failed(Failure::Failed) => say("agent-failed", &[]),
    };
    Some(Block::context([&text]))
}

/// A piece of evidence: what the cluster said, or, of what the agent looked at, what that was.
pub(super) fn source(one: &Evidence, style: &Style) -> Mrkdwn {
    let id = one.id.to_string();
    if !id.starts_with('t') {
        let text = style.phrases.own_words(&one.text);
        return mrkdwn!("`{}` {}: {}", id, quote(&one.object.to_string()), quote(&shortened(&text, LINE)));
    }
    let about = match (one.source, one.object.name.is_empty()) {
        (EvidenceSource::Alert, _) => return mrkdwn!("`{}` {}", id, style.phrases.say("source-incidents")),
        (_, true) => style.phrases.say("source-cluster"),
        (_, false) => one.object.to_string(),
    };
    let what = style.phrases.say(match one.source {
        EvidenceSource::Log => "source-log",
        EvidenceSource::Metric => "source-metric",
        _ => "source-status",
    });
    mrkdwn!("`{}` {}: {}", id, quote(&about), what)
}
