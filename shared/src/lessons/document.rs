//! The document of an incident.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::diagnosis::CauseId;
use crate::incident::{Fingerprint, IncidentId, digest};
use crate::model::ObjectRef;
use crate::redact::redact;
use crate::remediation::{self, Action, Case, CaseId, Stage};

/// An incident that is over: what it was, what was done about it, and what came of that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentDocument {
    /// Its identity.
    pub id: IncidentId,
    /// What was wrong: the same for each incident of this object and cause.
    pub fingerprint: Fingerprint,
    /// The cluster.
    pub cluster: String,
    /// One line that names it.
    pub headline: String,
    /// The cause that was named, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseId>,
    /// How sure that cause was, 0 to 1; 0 where none was named.
    #[serde(default)]
    pub confidence: f64,
    /// The object that had to be changed, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Objects that suffered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<ObjectRef>,
    /// Names of its alarms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// What the evidence of the cause said, in the cluster's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// When its first alarm fired.
    pub opened_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
    /// What was done or proposed, in the order in which it came to its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionTaken>,
    /// What people said of the diagnosis, by their Slack ids: one vote each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<String, Vote>,
}

/// An action that was proposed in an incident, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionTaken {
    /// Its case.
    pub case: CaseId,
    /// What.
    pub action: Action,
    /// What became of it.
    pub outcome: Outcome,
    /// When the change took effect; absent where nothing was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When its outcome was known.
    pub ended_at: Timestamp,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done, and the trouble was over.
    Recovered,
    /// It was done, and nothing got better.
    NotRecovered,
    /// It was done, and made it worse.
    Worse,
    /// It was done and taken back.
    Undone,
    /// It could not be carried out.
    Failed,
    /// People said no, or nobody agreed in time, or policy refused it, or something else was faster.
    NotDone,
    /// It is still on its way.
    Open,
}

impl Outcome {
    /// What a case's stage came to.
    pub const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Done { outcome: remediation::Outcome::Recovered, .. } => Self::Recovered,
            Stage::Done { outcome: remediation::Outcome::NotRecovered { .. }, .. } => Self::NotRecovered,
            Stage::Done { outcome: remediation::Outcome::Worse { .. }, .. } => Self::Worse,
            Stage::Undone { .. } => Self::Undone,
            Stage::Failed { .. } => Self::Failed,
            Stage::NeedsReview { .. }
            | Stage::Denied { .. }
            | Stage::Expired
            | Stage::Overtaken { .. }
            | Stage::DryRunRefused { .. } => Self::NotDone,
            Stage::Proposed
            | Stage::Asked { .. }
            | Stage::Changing { .. }
            | Stage::Watching { .. }
            | Stage::Undoing { .. } => Self::Open,
        }
    }

    /// Whether it says how good the action was: it was done, and what came of it is known.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Recovered | Self::NotRecovered | Self::Worse | Self::Undone | Self::Failed)
    }
}

impl ActionTaken {
    /// What a case tells.
    pub fn of(case: &Case) -> Self {
        let changed_at = match &case.stage {
            Stage::Done { execution, .. } | Stage::Undone { execution, .. } => execution.changed_at(),
            Stage::Failed { execution, .. } => execution.as_ref().and_then(|execution| execution.changed_at()),
            _ => None,
        };
        Self {
            case: case.id.clone(),
            action: case.proposal.action.clone(),
            outcome: Outcome::of(&case.stage),
            changed_at,
            ended_at: case.since,
        }
    }

    /// From the change to its outcome.
    pub fn took(&self) -> SignedDuration {
        let began = self.changed_at.unwrap_or(self.ended_at);
        self.ended_at.duration_since(began).max(SignedDuration::ZERO)
    }
}

/// One person's word on a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Right or wrong.
    pub verdict: Verdict,
    /// When the button was pressed: a later vote of the same person counts.
    pub at: Timestamp,
}

/// What people say of a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The cause is the one.
    Right,
    /// It is another.
    Wrong,
}

impl IncidentDocument {
    /// From the first alarm to the end.
    pub fn lasted(&self) -> SignedDuration {
        self.ended_at.duration_since(self.opened_at).max(SignedDuration::ZERO)
    }

    /// How many people say right, and how many wrong.
    pub fn votes(&self) -> (usize, usize) {
        let right = self.votes.values().filter(|vote| vote.verdict == Verdict::Right).count();
        (right, self.votes.len() - right)
    }

    /// What most people say; `None` where nobody does or they are of two minds.
    pub fn judged(&self) -> Option<Verdict> {
        match self.votes() {
            (right, wrong) if right > wrong => Some(Verdict::Right),
            (right, wrong) if right < wrong => Some(Verdict::Wrong),
            _ => None,
        }
    }

    /// What ended it, where an action did.
    pub fn helped(&self) -> Option<&ActionTaken> {
        self.actions.iter().find(|taken| taken.outcome == Outcome::Recovered)
    }

    /// Names what the document says: another one where anything in it is another.
    pub fn version(&self) -> String {
        digest(&[&serde_json::to_string(self).unwrap_or_default()])
    }

    /// What a knowledge base keeps beside the text, by name.
    pub fn attributes(&self) -> [(&'static str, String); 3] {
        let cause = self.cause.as_ref().map_or("unknown", |cause| cause.as_str());
        [("incident", self.id.to_string()), ("cluster", self.cluster.clone()), ("cause", cause.to_owned())]
    }

    /// The document as text, for those who search by meaning.
    pub fn text(&self) -> String {
        use std::fmt::Write;
        let mut text = format!("{}\n", self.headline);
        let mut line = |label: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(text, "{label}: {value}");
            }
        };
        line("incident", self.id.to_string());
        line("cluster", self.cluster.clone());
        line("cause", self.cause.as_ref().map(ToString::to_string).unwrap_or_default());
        line("object", self.object.as_ref().map(ToString::to_string).unwrap_or_default());
        line("alarms", self.alarms.join(", "));
        line("began", self.opened_at.to_string());
        line("lasted", format!("{} s", self.lasted().as_secs()));
        for error in &self.errors {
            line("seen", error.clone());
        }
        for taken in &self.actions {
            let outcome = serde_json::to_value(taken.outcome).unwrap_or_default();
            let outcome = outcome.as_str().unwrap_or_default().to_owned();
            line("action", format!("{}: {outcome} after {} s", taken.action.command(), taken.took().as_secs()));
        }
        let (right, wrong) = self.votes();
        if right + wrong > 0 {
            line("diagnosis", format!("{right} say right, {wrong} say wrong"));
        }
        text
    }

    /// The same with every secret in what the cluster or people wrote hidden: what is kept and handed on.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        let texts = std::iter::once(&mut self.headline).chain(&mut self.alarms).chain(&mut self.errors);
        for text in texts {
            if let std::borrow::Cow::Owned(hidden) = redact(text) {
                *text = hidden;
            }
        }
        self
    }
}
