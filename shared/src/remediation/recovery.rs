//! How recovery is seen: by the evidence that raised the incident.
//!
//! The cluster is diagnosed again as it was when the alarm came. It has recovered when the cause is not found any more and
//! the workload has its replicas; it is worse when a workload that is concerned has fewer ready pods than before the change
//! and a cause about it stands that did not stand before. In between, and while a rollout is on its way, it is watched on.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Action, Facts};
use crate::diagnosis::CauseId;
use crate::diagnosis::{Diagnosis, Verdict};
use crate::model::{Kind, ObjectRef};

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The cause is gone and what suffered from it is well.
    Recovered,
    /// Neither better nor worse in the time given.
    NotRecovered {
        /// What is still to be seen.
        still: String,
    },
    /// Worse than before.
    Worse {
        /// What is worse.
        what: String,
    },
}

/// What can be said by now; `None` while it is too early to tell.
pub fn recovery(
    action: &Action,
    cause: &CauseId,
    object: &ObjectRef,
    ready_before: usize,
    (facts, diagnosis): (&Facts, &Diagnosis),
    (changed_at, patience): (Timestamp, SignedDuration),
) -> Option<Outcome> {
    let wanted = facts.replicas_of(object);
    let ready = facts.ready_of(object);
    let stands = diagnosis.causes.iter().find(|found| found.object == *object);
    let the_cause = diagnosis.causes.iter().any(|found| found.object == *object && found.id == *cause);
    let whole = wanted.is_none_or(|wanted| ready >= wanted);
    // Evidence of the past (events, logs of ended containers) outlives its cause: a workload that is whole, and stays so,
    // has recovered whatever its log says of before.
    let settled = facts.at.duration_since(changed_at) >= SignedDuration::from_secs(30);
    let node = object.kind == Kind::Node;
    if settled && whole && wanted.is_some() && rolled_out(facts, object) {
        return Some(Outcome::Recovered);
    }
    if settled && node && (!the_cause || matches!(action, Action::Cordon(_) | Action::Isolate(_) | Action::Taint(_))) {
        return Some(Outcome::Recovered);
    }
    if settled && wanted.is_none() && !node && !the_cause && diagnosis.verdict != Verdict::Inconclusive {
        return Some(Outcome::Recovered);
    }
    let passed = facts.at.duration_since(changed_at);
    // A rollout takes pods away before it brings others: only what stays worse is worse.
    let worse = ready < ready_before && stands.is_some_and(|found| found.id != *cause);
    if worse && passed >= patience / 3 {
        let what = stands.map(|found| found.summary.clone()).unwrap_or_default();
        return Some(Outcome::Worse { what: format!("{ready} ready, {ready_before} before: {what}") });
    }
    if passed >= patience {
        if ready < ready_before {
            return Some(Outcome::Worse { what: format!("{ready} ready, {ready_before} before") });
        }
        let still = stands.map_or_else(|| format!("{ready} ready"), |found| found.summary.clone());
        return Some(Outcome::NotRecovered { still });
    }
    None
}

/// Whether a workload's controller has seen and carried out its latest specification.
fn rolled_out(facts: &Facts, object: &ObjectRef) -> bool {
    let Some(deployment) =
        facts.deployment(&object.namespace, &object.name).filter(|_| object.kind == Kind::Deployment)
    else {
        return true;
    };
    let (status, wanted) = (&deployment.status, deployment.spec.replicas.unwrap_or(1));
    status.observed_generation >= deployment.metadata.generation
        && status.updated_replicas >= wanted
        && status.available_replicas >= wanted
}
