//! How a cause is said.
//!
//! `cause-<id>` is a cause's plain name in both languages. Its line with particulars is the analyzer's own in English; in
//! another language the attributes `.line`, `.line2` … of the message say it from [`Cause::facts`], the fullest first: the
//! first whose facts are all there stands, and the plain name where none is. In the tests every diagnosis of every analyzer
//! is held to have such a line.

use super::{Language, Phrases, Value};
use crate::diagnosis::{ActionKind, Cause, CauseId, ProposedAction, Risk};
use crate::model::ObjectRef;

/// A cause's lines, the one with the most facts first.
const LINES: &[&str] = &["line", "line2", "line3", "line4"];

impl Phrases {
    /// A cause's plain name, for example `out of memory (OOMKilled)`.
    pub fn cause_name(&self, id: &CauseId) -> String {
        self.find(&format!("cause-{id}"), None, &[]).unwrap_or_else(|| id.as_str().replace('-', " "))
    }

    /// A cause's line for a headline, the object first: `payments/api: v2.3.1 cannot start, DEPLOY_ENV is missing`.
    pub fn cause_line(&self, cause: &Cause) -> String {
        let particulars = match self.language {
            Language::En => cause.summary.trim().trim_end_matches('.').to_owned(),
            Language::Ko => self.line_of_facts(cause).unwrap_or_else(|| self.cause_name(&cause.id)),
        };
        let object = short_name(&cause.object);
        if particulars.is_empty() {
            return format!("{object}: {}", self.cause_name(&cause.id));
        }
        if particulars.contains(&object) { particulars } else { format!("{object}: {particulars}") }
    }

    /// What a cause is about, in short: `payments/api: out of memory (OOMKilled)`.
    pub fn cause_subject(&self, cause: &Cause) -> String {
        format!("{}: {}", short_name(&cause.object), self.cause_name(&cause.id))
    }

    /// The fullest line whose facts are all there.
    pub(super) fn line_of_facts(&self, cause: &Cause) -> Option<String> {
        let facts: Vec<_> = cause.facts.iter().map(|(name, value)| (name.as_str(), Value::from(value))).collect();
        let key = format!("cause-{}", cause.id);
        LINES.iter().find_map(|line| self.find(&key, Some(line), &facts))
    }

    /// What is proposed, with its risk.
    pub fn action(&self, action: &ProposedAction) -> String {
        let risk = self.say(match action.risk {
            Risk::Low => "risk-low",
            Risk::Medium => "risk-medium",
            Risk::High => "risk-high",
        });
        let name = self.say(action_key(action.action));
        self.say_with("action-line", &[("action", Value::from(&name)), ("risk", Value::from(&risk))])
    }
}

/// `payments/api`, or the name alone for what has no namespace.
pub(crate) fn short_name(object: &ObjectRef) -> String {
    if object.namespace.is_empty() { object.name.clone() } else { format!("{}/{}", object.namespace, object.name) }
}

const fn action_key(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Rollback => "action-rollback",
        ActionKind::RestartPod => "action-restart-pod",
        ActionKind::RestartRollout => "action-restart-rollout",
        ActionKind::Scale => "action-scale",
        ActionKind::AdjustHpa => "action-adjust-hpa",
        ActionKind::Resize => "action-resize",
        ActionKind::Cordon => "action-cordon",
        ActionKind::Uncordon => "action-uncordon",
        ActionKind::Drain => "action-drain",
        ActionKind::Taint => "action-taint",
        ActionKind::Untaint => "action-untaint",
        ActionKind::ZonalShift => "action-zonal-shift",
        ActionKind::NodePoolLimit => "action-node-pool-limit",
        ActionKind::Manual => "action-manual",
    }
}
