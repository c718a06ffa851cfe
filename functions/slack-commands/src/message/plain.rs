//! Answers of a few words: what cannot be answered, and why.

use shared::slack::{Block, Colour, Message, Mrkdwn};
use shared::text::Value;

use super::{Style, barred, quote, shortened};
use crate::decide::Answer;
use crate::event::Command;

pub(super) fn message(answer: &Answer, cluster: &str, style: &Style) -> Message {
    let say = |key: &str, values: &[(&str, Value<'_>)]| quote(&style.phrases.say_with(key, values));
    match answer {
        Answer::Refused { role, namespace } => {
            let role = style.phrases.say(match role {
                shared::roles::Role::Viewer => "role-viewer",
                shared::roles::Role::Operator => "role-operator",
                shared::roles::Role::Approver => "role-approver",
            });
            let headline = match namespace {
                Some(namespace) => say("ask-refused-in", &[("role", (&role).into()), ("namespace", namespace.into())]),
                None => say("ask-refused", &[("role", (&role).into())]),
            };
            barred(Colour::Warning, &headline, vec![context(say("ask-refused-help", &[]))])
        }
        Answer::Unidentified { reason } => {
            let headline = say("ask-unidentified", &[]);
            barred(Colour::Warning, &headline, vec![context(quote(&shortened(reason, 300)))])
        }
        Answer::UnknownCluster { known } if known.is_empty() => {
            barred(Colour::Warning, &say("ask-no-cluster", &[]), vec![context(say("ask-no-cluster-help", &[]))])
        }
        Answer::UnknownCluster { known } => {
            let names = known.join(", ");
            barred(Colour::Warning, &say("ask-unknown-cluster", &[]), vec![context(quote(&names))])
        }
        Answer::Unreachable { reason } => {
            let headline = say("ask-unreachable", &[("cluster", cluster.into())]);
            barred(Colour::Critical, &headline, vec![Block::section(&quote(&shortened(reason, 600)))])
        }
        _ => help(answer, style),
    }
}

/// What can be asked.
fn help(answer: &Answer, style: &Style) -> Message {
    let headline = match answer {
        Answer::Help { instead } if !instead.is_empty() => {
            style.phrases.say_with("ask-unknown-command", &[("command", instead.into())])
        }
        _ => style.phrases.say("ask-help"),
    };
    let line = |command: Command| {
        let about = style.phrases.say(match command {
            Command::Health => "help-health",
            Command::ServiceStatus => "help-service-status",
            Command::NetCheck => "help-net-check",
            Command::Events => "help-events",
            Command::Logs => "help-logs",
        });
        shared::mrkdwn!("`/{}` {}", command.name(), about)
    };
    let lines = Mrkdwn::join(Command::ALL.into_iter().map(line), "\n");
    barred(Colour::Good, &quote(&headline), vec![Block::section(&lines)])
}

fn context(text: Mrkdwn) -> Block {
    Block::context([&text])
}
