//! What a diagnosis says: the output contract of `nightshift diagnose --format json`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ObjectRef;

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The cluster's name.
    pub cluster: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Causes, the most likely first.
    pub causes: Vec<Cause>,
    /// Causes that were considered and ruled out.
    pub rejected: Vec<Hypothesis>,
    /// All evidence that causes, rejections and timeline cite.
    pub evidence: Vec<Evidence>,
    /// What happened, oldest first: rollouts, scaling, first symptoms.
    pub timeline: Vec<TimelineEntry>,
    /// What was not to be had and would have helped.
    pub missing_evidence: Vec<String>,
    /// How long it took, in milliseconds. Set by the caller: diagnosis has no clock.
    pub elapsed_ms: u64,
}

/// The outcome of a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At least one cause is supported well enough to be named.
    CauseFound,
    /// Nothing is wrong.
    Healthy,
    /// Something is wrong, and the evidence does not say what; see `missing_evidence`.
    Inconclusive,
}

/// A cause's stable identifier in kebab case, for example `oom-killed`. The catalogue is in `diagnosis::analyzers`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CauseId(Cow<'static, str>);

impl CauseId {
    /// An identifier of the catalogue.
    pub const fn new(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for CauseId {
    fn from(id: String) -> Self {
        Self(Cow::Owned(id))
    }
}

impl std::fmt::Display for CauseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The family a cause belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The API server refuses the pod or object.
    Admission,
    /// No node takes the pod.
    Scheduling,
    /// The container never starts.
    Startup,
    /// The container starts and fails.
    Runtime,
    /// Pods are well, traffic does not arrive.
    Routing,
    /// All works, slowly.
    Performance,
    /// Nodes and the cluster's own parts.
    Infrastructure,
    /// Autoscalers and capacity.
    Scaling,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Stable identifier.
    pub id: CauseId,
    /// Family.
    pub category: Category,
    /// Calibrated probability that id and object are right, 0 to 1.
    pub confidence: f64,
    /// What must be changed: a workload, Node, Namespace or Service, not the pod that suffers.
    pub object: ObjectRef,
    /// One line, cause first, fit for a headline, in English.
    pub summary: String,
    /// The values `summary` was made of, under names that the analyzer's doc comment lists (for example `container`,
    /// `exit_code`, `variable`). They fill the cause's line in other languages (`cause-<id>` in `shared::text`), which
    /// falls back to the cause's plain name where one is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Evidence for it.
    pub evidence: Vec<EvidenceId>,
    /// Who suffers from it.
    pub affected: Vec<Affected>,
    /// Read-only commands that show it.
    pub checks: Vec<String>,
    /// What would mend it.
    pub actions: Vec<ProposedAction>,
}

/// An object that suffers from a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// How, for example `0/5 ready`; empty when only the connection is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub impact: String,
}

/// A cause that was considered and ruled out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Which cause.
    pub id: CauseId,
    /// The object it would have been about, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Why it is not it.
    pub why: String,
    /// Evidence against it.
    pub evidence: Vec<EvidenceId>,
}

/// An evidence's identifier within one diagnosis, for example `e3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvidenceId(pub String);

impl std::fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a piece of evidence is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceSource {
    /// An object's specification.
    Spec,
    /// An object's status.
    Status,
    /// A Kubernetes event.
    Event,
    /// A log line, or a pattern of log lines.
    Log,
    /// A metric series.
    Metric,
    /// An alarm or alert.
    Alert,
    /// A connection attempt.
    Probe,
    /// That something is not there.
    Absence,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Identifier.
    pub id: EvidenceId,
    /// Where it is from.
    pub source: EvidenceSource,
    /// What it is about.
    pub object: ObjectRef,
    /// When, where it has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What it says; quoted text is data from the cluster.
    pub text: String,
}

/// A change or symptom on the way to the incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub time: Timestamp,
    /// On what.
    pub object: ObjectRef,
    /// What happened, in a few words.
    pub what: String,
}

/// How much can go wrong with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// May run by itself where a team allows it.
    Low,
    /// Asks.
    Medium,
    /// Waits for approval by two.
    High,
}

/// What kind of change would mend a cause. Remediation's typed actions are made from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Back to the previous revision.
    Rollback,
    /// Delete one pod, so that its controller makes a new one.
    RestartPod,
    /// Roll all pods anew.
    RestartRollout,
    /// Change the number of replicas.
    Scale,
    /// Change an autoscaler's bounds.
    AdjustHpa,
    /// Change requests or limits.
    Resize,
    /// Keep new pods off a node.
    Cordon,
    /// Allow new pods on a node again.
    Uncordon,
    /// Move pods off a node.
    Drain,
    /// Put a taint on a node.
    Taint,
    /// Take a taint off a node.
    Untaint,
    /// Move traffic out of a zone.
    ZonalShift,
    /// Raise what a NodePool may grow to.
    NodePoolLimit,
    /// A change of manifest or cloud configuration that a person has to make.
    Manual,
}

/// A proposed action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedAction {
    /// What kind.
    pub action: ActionKind,
    /// How much can go wrong.
    pub risk: Risk,
    /// What exactly, and why it would help.
    pub reason: String,
}
