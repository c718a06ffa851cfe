//! What an analyzer hands to the ranking.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ActionKind, Category, CauseId, EvidenceId, Kubectl, ProposedAction, Risk};
use crate::model::ObjectRef;

/// How far down the chain of events a cause lies. Of two findings about the same trouble the deeper one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// What is seen: crashes, failed requests, a stuck rollout. True whenever something deeper is true as well.
    Symptom,
    /// How it comes about: out of memory, a probe that fails. May itself follow from something else.
    Mechanism,
    /// What somebody has to change: two facts of the cluster contradict each other, or a part of it is down.
    Root,
}

/// A cause of the catalogue, as its analyzer declares it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CauseSpec {
    /// Identifier.
    pub id: &'static str,
    /// Family.
    pub category: Category,
    /// How deep it lies.
    pub depth: Depth,
}

impl CauseSpec {
    /// A cause that somebody has to change.
    pub const fn root(id: &'static str, category: Category) -> Self {
        Self { id, category, depth: Depth::Root }
    }

    /// A cause that may follow from a deeper one.
    pub const fn mechanism(id: &'static str, category: Category) -> Self {
        Self { id, category, depth: Depth::Mechanism }
    }

    /// A cause that only names what is seen, for when nothing deeper is known.
    pub const fn symptom(id: &'static str, category: Category) -> Self {
        Self { id, category, depth: Depth::Symptom }
    }

    /// Its identifier, typed.
    pub const fn cause_id(&self) -> CauseId {
        CauseId::new(self.id)
    }
}

/// One analyzer's claim: this cause, on this object, for these reasons.
///
/// `strength` is the probability that the claim is right judged by its own evidence alone, as an experienced engineer
/// would put it: 0.97 where two objects contradict each other and an event says so, 0.9 where either does, 0.7 where a
/// pattern is typical, 0.5 where it merely fits. Claims below 0.3 are not worth making. Ranking does the rest.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which cause.
    pub spec: CauseSpec,
    /// What must be changed.
    pub object: ObjectRef,
    /// Probability by its own evidence, 0 to 1.
    pub strength: f64,
    /// One line, cause first.
    pub summary: String,
    /// What the headline is made of, for other languages; see [`super::Cause::facts`].
    pub facts: BTreeMap<String, String>,
    /// Evidence for it.
    pub evidence: Vec<EvidenceId>,
    /// Read-only commands that show it.
    pub checks: Vec<Kubectl>,
    /// What would mend it.
    pub actions: Vec<ProposedAction>,
    /// Objects that suffer from it beyond those the engine derives from owners, Services, dependencies and placement.
    pub explains: Vec<ObjectRef>,
    /// Since when, where known.
    pub since: Option<Timestamp>,
}

impl Finding {
    /// A claim with a strength of 0.5 and no evidence yet.
    pub fn new(spec: &CauseSpec, object: &ObjectRef) -> Self {
        Self {
            spec: *spec,
            object: object.clone(),
            strength: 0.5,
            summary: String::new(),
            facts: BTreeMap::new(),
            evidence: Vec::new(),
            checks: Vec::new(),
            actions: Vec::new(),
            explains: Vec::new(),
            since: None,
        }
    }

    /// Sets the strength.
    #[must_use]
    pub fn strength(mut self, strength: f64) -> Self {
        self.strength = strength;
        self
    }

    /// Sets the headline; a colon behind which the cluster said nothing is left out.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into().trim_end_matches([':', ' ', ',']).to_owned();
        self
    }

    /// Adds a value of the headline under the name that other languages' texts use for it; an empty one is none.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.trim().is_empty() {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds evidence.
    #[must_use]
    pub fn because(mut self, evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Adds a command that shows it.
    #[must_use]
    pub fn check(mut self, command: Kubectl) -> Self {
        self.checks.push(command);
        self
    }

    /// Adds an action that would mend it.
    #[must_use]
    pub fn action(mut self, action: ActionKind, risk: Risk, reason: impl Into<String>) -> Self {
        self.actions.push(ProposedAction { action, risk, reason: reason.into() });
        self
    }

    /// Adds objects that suffer from it, where the engine cannot derive them.
    #[must_use]
    pub fn explains(mut self, objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        self.explains.extend(objects);
        self
    }

    /// Sets since when.
    #[must_use]
    pub fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }
}
