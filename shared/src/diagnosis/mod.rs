//! From a snapshot to ranked causes, without any model.
//!
//! ```text
//! Snapshot + Trigger -> View (indexes) -> symptoms (what is wrong)
//!                          |-> analyzers -> findings (why it could be) -> ranking -> causes, rejected hypotheses
//! ```
//!
//! [`diagnose`] is pure: no clock, no I/O, no randomness; the same snapshot gives the same diagnosis.
//!
//! # Adding a cause
//!
//! One file in `analyzers/<category>/`, one `mod` line and one word in that category's list. The file holds
//!
//! - a doc paragraph: what it looks for, where that is documented, what it is easily mistaken for;
//! - `CAUSES`, the identifiers it may report, each with its category and [`Depth`];
//! - `examine(&mut Case)`, which reads [`Case::view`], cites evidence (`case.event(..)`, `case.spec(..)` …) and makes claims
//!   (`case.find(Finding::new(&CAUSES[0], &workload.object)…)`), each with the strength its own evidence gives it;
//! - at least one test in which it is the first cause and one, easily mistaken for it, in which it is not.
//!
//! An analyzer says what it knows and leaves the comparison to ranking: it need not ask whether something else is worse.
//! It reports only what the snapshot shows to hurt (a refusal, a pod that waits, a probe that fails), knows nothing of any
//! application's names, and reads `Listing::covers` before it takes an absence for a fact. `analyzers/startup/` has short
//! ones to copy from; `testkit` builds the clusters for tests.

mod alternatives;
mod analyzers;
mod case;
mod command;
mod errno;
mod finding;
#[cfg(test)]
mod healthy_tests;
mod impact;
mod ledger;
#[cfg(test)]
mod property_tests;
mod rank;
mod report;
mod signal;
mod slowness;
mod symptom;
#[cfg(test)]
#[allow(dead_code, reason = "a kit: not every tool is in use at every time")]
pub(crate) mod testkit;
mod timeline;
mod trigger;
mod view;

#[cfg(feature = "remediation")]
pub(crate) use analyzers::scheduling::fit;
pub use analyzers::{Analyzer, analyzers, catalogue};
pub use case::Case;
pub use command::Kubectl;
pub use finding::{CauseSpec, Depth, Finding};
pub use report::{
    ActionKind, Affected, Category, Cause, CauseId, Diagnosis, Evidence, EvidenceId, EvidenceSource, Hypothesis,
    ProposedAction, Risk, TimelineEntry, Verdict,
};
pub use signal::{Signal, SignalKind, signals};
pub use symptom::{Symptom, SymptomKind};
pub use trigger::Trigger;
pub use view::{
    CallFailure, Dangling, Dependency, FailedCall, Host, Level, LogPattern, ServiceView, Trend, View, Workload,
    call_failure, config_maps, hosts, is_live, is_meant, is_ready, level, median, revision_label, time_of,
};

use crate::snapshot::{Scope, Snapshot};

/// Diagnoses a cluster.
///
/// `elapsed_ms` is left 0: there is no clock in here.
pub fn diagnose(snapshot: &Snapshot, trigger: &Trigger) -> Diagnosis {
    let view = View::new(snapshot, trigger);
    let mut case = Case::new(&view);
    let symptoms = symptom::symptoms(&mut case);
    for analyzer in analyzers() {
        (analyzer.examine)(&mut case);
    }
    let findings = std::mem::take(&mut case.findings);
    let (causes, explained) = rank::rank(&view, findings, &symptoms);
    alternatives::reject(&mut case, &causes);
    let Case { ledger, mut rejected, .. } = case;
    rejected.retain(|hypothesis| {
        causes.iter().all(|cause| cause.id != hypothesis.id || Some(&cause.object) != hypothesis.object.as_ref())
    });
    rejected.splice(0..0, explained);
    let troubled = symptoms.iter().any(|symptom| symptom.weight >= 0.5);
    let verdict = match (causes.is_empty(), troubled || unread(snapshot)) {
        (false, _) => Verdict::CauseFound,
        (true, true) => Verdict::Inconclusive,
        (true, false) => Verdict::Healthy,
    };
    let cited = causes.iter().flat_map(|cause| &cause.evidence).chain(rejected.iter().flat_map(|it| &it.evidence));
    let open = symptoms.iter().filter(|_| verdict == Verdict::Inconclusive).map(|symptom| &symptom.evidence);
    Diagnosis {
        cluster: snapshot.cluster.clone(),
        verdict,
        evidence: ledger.cited(cited.chain(open)),
        timeline: if verdict == Verdict::Healthy { Vec::new() } else { timeline::timeline(&view, &symptoms) },
        missing_evidence: if verdict == Verdict::CauseFound { gaps(snapshot) } else { missing(snapshot) },
        causes,
        rejected,
        elapsed_ms: 0,
    }
}

/// Whether so little was read that nothing can be said.
fn unread(snapshot: &Snapshot) -> bool {
    snapshot.pods.scope == Scope::Unread && snapshot.deployments.scope == Scope::Unread
}

fn gaps(snapshot: &Snapshot) -> Vec<String> {
    snapshot.gaps.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect()
}

/// What was not to be had and would have helped.
fn missing(snapshot: &Snapshot) -> Vec<String> {
    let mut missing = gaps(snapshot);
    let mut unread = |scope: &Scope, what: &str| {
        if *scope == Scope::Unread {
            missing.push(format!("{what}: not read"));
        }
    };
    unread(&snapshot.events.scope, "events");
    unread(&snapshot.nodes.scope, "nodes");
    unread(&snapshot.pods.scope, "pods");
    unread(&snapshot.endpoint_slices.scope, "endpoint slices");
    if snapshot.logs.is_empty() {
        missing.push("container logs: none read".to_owned());
    }
    if snapshot.metrics.is_empty() {
        missing.push("metrics: none read".to_owned());
    }
    missing
}
