//! The record of one action on its way: what is kept between the links.
//!
//! A case is written before every effect and after it. Whoever is killed leaves it at the last thing that is certain, and
//! whoever comes next goes on from there: before the change was sent nothing has happened; while it is being sent, each
//! request is either seen to hold or sent again with the version it was computed from, which the API server takes once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::approval::{Requirement, Vote};
use super::risk::Assessment;
use super::{
    BlastRadius, Changed, DiffLine, ObjectVersion, Outcome, Permission, Proposal, Request, Snapshotted, Undo, Unmet,
};
use crate::diagnosis::Trigger;
use crate::model::ObjectRef;
use crate::zonal::Want;

/// A case's identity: the same action for the same incident is the same case, however often it is proposed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl CaseId {
    /// The identity of a proposal's case. Without an incident the time makes it.
    pub fn of(proposal: &Proposal) -> Self {
        let hash = proposal.action.hash(&proposal.cluster);
        let occasion = proposal.incident.clone().unwrap_or_else(|| proposal.at.to_string());
        let digest = Sha256::digest(format!("{}\n{hash}\n{occasion}", proposal.cluster));
        Self(format!("act-{}", &hex::encode(digest)[..12]))
    }
}

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where people are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// The channel.
    pub channel: String,
    /// The incident's thread, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_ts: Option<String>,
    /// The message with the buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_ts: Option<String>,
    /// What the message shows: stage and votes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shows: String,
}

/// How far a case has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Proposed; nothing has been judged.
    Proposed,
    /// A policy refuses it, or it cannot be done as it is meant: kept for people to look at (LOOP-4).
    NeedsReview {
        /// The policies that refuse it, or what does not hold.
        why: Vec<String>,
        /// What does not hold, where that is the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unmet: Option<Unmet>,
    },
    /// People are asked.
    Asked {
        /// What it takes.
        requirement: Requirement,
    },
    /// Somebody said no.
    Denied {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Nobody agreed in time.
    Expired,
    /// The object changed since it was asked for.
    Overtaken {
        /// What changed.
        why: String,
        /// What does not hold any more, where that is the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unmet: Option<Unmet>,
    },
    /// The API server's dry run refused it.
    DryRunRefused {
        /// What it said.
        why: String,
    },
    /// Approved: the change is being sent.
    Changing {
        /// Who approved.
        approved_by: Vec<String>,
        /// What is sent, what was, and the way back.
        execution: Box<Execution>,
    },
    /// The change took effect and is watched.
    Watching {
        /// Who approved.
        approved_by: Vec<String>,
        /// What was sent, what was, and the way back.
        execution: Box<Execution>,
    },
    /// The change is being taken back.
    Undoing {
        /// What was sent, what was, and the way back.
        execution: Box<Execution>,
        /// Why it is taken back.
        why: String,
    },
    /// It is over.
    Done {
        /// What was sent, what was, and the way back.
        execution: Box<Execution>,
        /// What came of it.
        outcome: Outcome,
    },
    /// The change was taken back.
    Undone {
        /// What was sent, what was, and the way back.
        execution: Box<Execution>,
        /// Why.
        why: String,
    },
    /// It could not be carried out, or not be taken back.
    Failed {
        /// What was sent in part, and the way back; absent where nothing was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<Box<Execution>>,
        /// Why.
        why: String,
    },
}

impl Stage {
    /// Its name, as in logs, metrics and the audit log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::NeedsReview { .. } => "needs-review",
            Self::Asked { .. } => "asked",
            Self::Denied { .. } => "denied",
            Self::Expired => "expired",
            Self::Overtaken { .. } => "overtaken",
            Self::DryRunRefused { .. } => "dry-run-refused",
            Self::Changing { .. } => "changing",
            Self::Watching { .. } => "watching",
            Self::Undoing { .. } => "undoing",
            Self::Done { .. } => "done",
            Self::Undone { .. } => "undone",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether something is still to be done about it without anybody pressing a button.
    pub const fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Proposed | Self::Asked { .. } | Self::Changing { .. } | Self::Watching { .. } | Self::Undoing { .. }
        )
    }
}

/// A change with what it was computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub(super) target: ObjectRef,
    pub(super) version: ObjectVersion,
    pub(super) before: Option<Value>,
    pub(super) requests: Vec<Request>,
    pub(super) undo: Undo,
    pub(super) ready: usize,
    pub(super) diff: Vec<DiffLine>,
    pub(super) changed_at: Option<Timestamp>,
}

impl Execution {
    /// What has to be kept before the change is sent.
    pub fn begun(snapshotted: &Snapshotted) -> Self {
        snapshotted.record()
    }

    /// What has to be kept once it took effect.
    pub fn changed(changed: &Changed) -> Self {
        Self { changed_at: Some(changed.at()), ..changed.snapshotted().record() }
    }

    /// The link as it was when this was kept: nothing is kept that has not passed the ones before.
    pub fn snapshotted(&self) -> Snapshotted {
        Snapshotted::of(self)
    }

    /// The link after the change; `None` before it.
    pub fn to_changed(&self) -> Option<Changed> {
        Changed::of(self)
    }

    /// What differs.
    pub fn diff(&self) -> &[DiffLine] {
        &self.diff
    }

    /// The zone that is to be left, as it was asked of ARC last.
    pub fn shift(&self) -> Option<&Want> {
        self.requests.iter().find_map(|request| match request {
            Request::Shift { want, .. } => want.as_ref(),
            _ => None,
        })
    }

    /// The same with what is asked of ARC now.
    #[must_use]
    pub fn asking(mut self, new: &Want) -> Self {
        for request in &mut self.requests {
            if let Request::Shift { want, .. } = request {
                *want = Some(new.clone());
            }
        }
        self
    }

    /// The way back.
    pub const fn undo(&self) -> &Undo {
        &self.undo
    }

    /// When the change took effect.
    pub const fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at
    }
}

/// One action on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its identity.
    pub id: CaseId,
    /// What is proposed.
    pub proposal: Proposal,
    /// What the diagnosis was told of the alarm: recovery is looked for with the same eyes.
    #[serde(default)]
    pub trigger: Trigger,
    /// How far it has come.
    pub stage: Stage,
    /// What policy said, once it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// Its risk, once assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
    /// What it would reach, once assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blast: Option<BlastRadius>,
    /// What people were shown that it would change, and the object's version then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<ShownChange>,
    /// What is waited for, where that is what keeps it at its stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<WaitsFor>,
    /// Votes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Where people are told.
    pub told: Told,
    /// What has yet to be noted in the audit log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<super::audit::Note>,
    /// The place in the audit log of its last entry: where to look for one that may have been written.
    #[serde(default)]
    pub audited: u64,
    /// When it came to this stage.
    pub since: Timestamp,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitsFor {
    /// What does not hold yet.
    pub unmet: Unmet,
    /// What was proposed so that it will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Box<Proposal>>,
}

/// What people were shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownChange {
    /// What would differ, by the API server's dry run.
    pub diff: Vec<DiffLine>,
    /// The way back.
    pub undo: Undo,
    /// What an approval is bound to.
    pub bound: super::approval::Bound,
}

impl Case {
    /// Comes to another stage and notes it for the audit log; `event` names it once a case.
    pub fn comes_to(&mut self, stage: Stage, event: &str, by: &str, details: &[(&str, String)], at: Timestamp) {
        self.stage = stage;
        self.since = at;
        self.note(event, by, details, at);
    }

    /// Notes something for the audit log.
    pub fn note(&mut self, event: &str, by: &str, details: &[(&str, String)], at: Timestamp) {
        let action = &self.proposal.action;
        let details = details.iter().filter(|(_, value)| !value.is_empty());
        self.notes.push(super::audit::Note {
            case: self.id.clone(),
            event: event.to_owned(),
            by: by.to_owned(),
            at,
            action: action.hash(&self.proposal.cluster),
            command: action.command(),
            details: details.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        });
    }

    /// A case of a new proposal.
    pub fn new(proposal: Proposal, trigger: Trigger, told: Told) -> Self {
        Self {
            id: CaseId::of(&proposal),
            since: proposal.at,
            proposal,
            trigger,
            stage: Stage::Proposed,
            permission: None,
            assessment: None,
            blast: None,
            shown: None,
            waits: None,
            votes: Vec::new(),
            told,
            notes: Vec::new(),
            audited: 0,
        }
    }
}
