//! The links. Each is made from the one before it and from nothing else: fields are private, and so are constructors.
//!
//! An action that no policy has permitted cannot be assessed:
//!
//! ```compile_fail
//! use shared::remediation::{Facts, Proposed};
//!
//! fn skip(proposed: Proposed, facts: &Facts) {
//!     let _ = proposed.assess(facts);
//! }
//! ```
//!
//! One that nobody approved cannot be rehearsed, let alone carried out:
//!
//! ```compile_fail
//! use shared::remediation::{Assessed, DiffLine};
//!
//! fn skip(assessed: Assessed, answer: Vec<DiffLine>) {
//!     let _ = assessed.rehearsed(answer);
//! }
//! ```
//!
//! Without a dry run there is no snapshot, without a snapshot nothing to send:
//!
//! ```compile_fail
//! use shared::remediation::{Approved, Facts};
//!
//! fn skip(approved: Approved, facts: &Facts) {
//!     let _ = approved.snapshot(facts);
//! }
//! ```
//!
//! ```compile_fail
//! use shared::remediation::DryRun;
//!
//! fn skip(dry_run: DryRun) {
//!     let _ = dry_run.requests();
//! }
//! ```
//!
//! And a link cannot be made by hand:
//!
//! ```compile_fail
//! use shared::remediation::{Permission, Permitted, Proposed};
//!
//! fn forge(proposed: Proposed, permission: Permission) -> Permitted {
//!     Permitted { proposed, permission }
//! }
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::approval::{Approval, Bound, Requirement, Standing, Vote};
use super::{Action, BlastRadius, DiffLine, Facts, ObjectVersion, Request, Undo, Unmet, risk};
use crate::diagnosis::{CauseId, Risk};
use crate::model::ObjectRef;
use crate::remediation::risk::Assessment;

/// What is proposed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The cluster.
    pub cluster: String,
    /// What to do.
    pub action: Action,
    /// What exactly, and why it would help, in English.
    pub reason: String,
    /// The cause it is to mend.
    pub cause: CauseId,
    /// The object that the cause is about: recovery is seen on it.
    pub object: ObjectRef,
    /// How sure the cause is, 0 to 1.
    pub confidence: f64,
    /// Who asks for it: a person's id; absent where Nightshift does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The incident it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The first link: something that somebody proposes.
#[derive(Debug, Clone)]
pub struct Proposed {
    proposal: Proposal,
}

/// What policy says of an action that it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The policies that let it run by itself; empty where it always needs people.
    pub automatic: Vec<String>,
    /// The policies that keep it from running by itself; where there are none, no policy allows it.
    pub to_people: Vec<String>,
    /// The policies that let people approve it.
    pub permitted_by: Vec<String>,
}

/// A policy lets it be done.
#[derive(Debug, Clone)]
pub struct Permitted {
    proposed: Proposed,
    permission: Permission,
}

/// Its risk is known.
#[derive(Debug, Clone)]
pub struct Assessed {
    permitted: Permitted,
    assessment: Assessment,
    blast: BlastRadius,
}

/// People, or a setting, have said yes to exactly this action on exactly this object.
#[derive(Debug, Clone)]
pub struct Approved {
    assessed: Assessed,
    approval: Approval,
}

/// The API server has said what the change would make of the object.
#[derive(Debug, Clone)]
pub struct DryRun {
    approved: Approved,
    diff: Vec<DiffLine>,
}

/// The object as it was is kept, and with it the way back: what is needed to send the change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshotted {
    target: ObjectRef,
    version: ObjectVersion,
    before: Option<Value>,
    requests: Vec<Request>,
    undo: Undo,
    ready: usize,
    diff: Vec<DiffLine>,
}

/// The change was sent and took effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    snapshotted: Snapshotted,
    at: Timestamp,
}

/// The end was seen: recovered, or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Watched {
    changed: Changed,
    outcome: super::Outcome,
}

impl Proposed {
    /// A proposal. Anybody may propose anything.
    pub const fn new(proposal: Proposal) -> Self {
        Self { proposal }
    }

    /// What is proposed.
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The next link, for the policy.
    #[cfg_attr(not(any(feature = "policy", test)), allow(dead_code, reason = "policies are a feature of their own"))]
    pub(super) const fn permitted(self, permission: Permission) -> Permitted {
        Permitted { proposed: self, permission }
    }
}

impl Permitted {
    /// What policy said.
    pub const fn permission(&self) -> &Permission {
        &self.permission
    }

    /// Assesses the risk.
    pub fn assess(self, facts: &Facts) -> Assessed {
        let action = &self.proposed.proposal.action;
        let blast = action.blast(facts);
        let assessment = risk::assess(action, &blast, facts);
        Assessed { permitted: self, assessment, blast }
    }
}

impl Assessed {
    /// What is proposed.
    pub const fn proposal(&self) -> &Proposal {
        &self.permitted.proposed.proposal
    }

    /// What policy said.
    pub const fn permission(&self) -> &Permission {
        &self.permitted.permission
    }

    /// Its risk, with the reasons.
    pub const fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    /// What it would reach.
    pub const fn blast(&self) -> &BlastRadius {
        &self.blast
    }

    /// Whose approval it needs: nobody's where a policy lets it run by itself and its risk is low.
    pub fn needs_people(&self) -> Option<u8> {
        let runs_by_itself = !self.permission().automatic.is_empty() && self.permission().to_people.is_empty();
        match self.assessment.level {
            Risk::Low if runs_by_itself => None,
            Risk::High => Some(2),
            Risk::Low | Risk::Medium => Some(1),
        }
    }

    /// What an approval of it is bound to, with the object as it is now.
    pub fn bound(&self, facts: &Facts) -> Bound {
        let proposal = self.proposal();
        let version = facts.object.as_ref().map(ObjectVersion::of).unwrap_or_default();
        Bound { action: proposal.action.hash(&proposal.cluster), version }
    }

    /// Approves it by setting, where it needs nobody.
    ///
    /// # Errors
    ///
    /// Gives it back where it needs people.
    pub fn approve_by_setting(self, facts: &Facts) -> Result<Approved, Box<Self>> {
        match self.needs_people() {
            None => {
                let approval = Approval::by_setting(self.bound(facts), &self.permission().automatic, facts.at);
                Ok(Approved { assessed: self, approval })
            }
            Some(_) => Err(Box::new(self)),
        }
    }

    /// Approves it by the votes that have been cast, of the object as it is now.
    ///
    /// # Errors
    ///
    /// Where they do not suffice: gives it back with how it stands.
    pub fn approve(
        self,
        votes: &[Vote],
        requirement: &Requirement,
        facts: &Facts,
    ) -> Result<Approved, Box<(Self, Standing)>> {
        // Its risk may have risen since it was asked for.
        let people = requirement.people.max(self.needs_people().unwrap_or(1));
        let requirement = Requirement { people, ..requirement.clone() };
        match requirement.standing(votes, &self.bound(facts), facts.at) {
            Standing::Granted(approval) => Ok(Approved { assessed: self, approval }),
            standing => Err(Box::new((self, standing))),
        }
    }
}

impl Approved {
    /// What is to be done.
    pub const fn proposal(&self) -> &Proposal {
        self.assessed.proposal()
    }

    /// Its risk and what it reaches.
    pub const fn assessed(&self) -> &Assessed {
        &self.assessed
    }

    /// Who said yes.
    pub const fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The requests to rehearse.
    ///
    /// # Errors
    ///
    /// The precondition that does not hold any more.
    pub fn rehearsal(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        self.proposal().action.requests(facts)
    }

    /// The API server accepted every request of the rehearsal, and this is what would differ.
    pub const fn rehearsed(self, diff: Vec<DiffLine>) -> DryRun {
        DryRun { approved: self, diff }
    }
}

impl DryRun {
    /// What would differ.
    pub fn diff(&self) -> &[DiffLine] {
        &self.diff
    }

    /// Takes the object as it is, and the way back to it.
    ///
    /// # Errors
    ///
    /// The precondition that does not hold any more.
    pub fn snapshot(self, facts: &Facts) -> Result<Snapshotted, Unmet> {
        let proposal = self.approved.proposal();
        let version = facts.object.as_ref().map(ObjectVersion::of).unwrap_or_default();
        if !self.approved.approval.bound().version.covers(&version) {
            return Err(Unmet::Replaced(proposal.action.target()));
        }
        Ok(Snapshotted {
            target: proposal.action.target(),
            version,
            before: facts.object.clone(),
            requests: proposal.action.requests(facts)?,
            undo: proposal.action.undo(facts),
            ready: facts.ready_of(&proposal.object),
            diff: self.diff,
        })
    }
}

impl Snapshotted {
    pub(super) fn of(record: &super::Execution) -> Self {
        let super::Execution { target, version, before, requests, undo, ready, diff, .. } = record.clone();
        Self { target, version, before, requests, undo, ready, diff }
    }

    pub(super) fn record(&self) -> super::Execution {
        let Self { target, version, before, requests, undo, ready, diff } = self.clone();
        super::Execution { target, version, before, requests, undo, ready, diff, changed_at: None }
    }

    /// The object that is changed.
    pub const fn target(&self) -> &ObjectRef {
        &self.target
    }

    /// The version the change was computed from.
    pub const fn version(&self) -> &ObjectVersion {
        &self.version
    }

    /// The object as it was.
    pub const fn before(&self) -> Option<&Value> {
        self.before.as_ref()
    }

    /// What is sent.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The way back.
    pub const fn undo(&self) -> &Undo {
        &self.undo
    }

    /// What differs.
    pub fn diff(&self) -> &[DiffLine] {
        &self.diff
    }

    /// How many of the concerned workload's pods were ready.
    pub const fn ready(&self) -> usize {
        self.ready
    }

    /// Every request took effect: each was answered with success, or was seen to hold.
    pub const fn changed(self, at: Timestamp) -> Changed {
        Changed { snapshotted: self, at }
    }
}

impl Changed {
    pub(super) fn of(record: &super::Execution) -> Option<Self> {
        Some(Snapshotted::of(record).changed(record.changed_at?))
    }

    /// What was sent, and from where.
    pub const fn snapshotted(&self) -> &Snapshotted {
        &self.snapshotted
    }

    /// Since when.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The watch is over.
    pub const fn watched(self, outcome: super::Outcome) -> Watched {
        Watched { changed: self, outcome }
    }
}

impl Watched {
    /// What was changed.
    pub const fn changed(&self) -> &Changed {
        &self.changed
    }

    /// What came of it.
    pub const fn outcome(&self) -> &super::Outcome {
        &self.outcome
    }
}
