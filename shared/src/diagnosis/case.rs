//! What an analyzer works with: the view to read, the evidence to cite, the findings to make.

use jiff::Timestamp;

use super::{CauseSpec, EvidenceId, EvidenceSource, Finding, Hypothesis, LogPattern, View, ledger::Ledger};
use crate::{
    model::{Event, ObjectRef},
    snapshot::{Alert, ConnectionProbe},
};

/// One diagnosis in the making. Each analyzer is handed the same one.
#[derive(Debug)]
pub struct Case<'v, 'a> {
    /// The cluster.
    pub view: &'v View<'a>,
    pub(super) ledger: Ledger,
    pub(super) findings: Vec<Finding>,
    pub(super) rejected: Vec<Hypothesis>,
}

impl<'v, 'a> Case<'v, 'a> {
    pub(super) fn new(view: &'v View<'a>) -> Self {
        Self { view, ledger: Ledger::default(), findings: Vec::new(), rejected: Vec::new() }
    }

    /// Makes a claim.
    pub fn find(&mut self, finding: Finding) {
        debug_assert!(!finding.evidence.is_empty(), "{} on {} cites no evidence", finding.spec.id, finding.object);
        self.findings.push(finding);
    }

    /// Notes that a cause was considered and ruled out. Worth it where a reader would suspect the cause.
    pub fn reject(
        &mut self,
        spec: &CauseSpec,
        object: Option<&ObjectRef>,
        why: impl Into<String>,
        evidence: impl IntoIterator<Item = EvidenceId>,
    ) {
        self.rejected.push(Hypothesis {
            id: spec.cause_id(),
            object: object.cloned(),
            why: why.into(),
            evidence: evidence.into_iter().collect(),
        });
    }

    /// Cites an object's specification, for example `selector app=api`.
    pub fn spec(&mut self, object: &ObjectRef, text: impl AsRef<str>) -> EvidenceId {
        self.ledger.note(EvidenceSource::Spec, object, None, text.as_ref())
    }

    /// Cites an object's status.
    pub fn status(&mut self, object: &ObjectRef, time: Option<Timestamp>, text: impl AsRef<str>) -> EvidenceId {
        self.ledger.note(EvidenceSource::Status, object, time, text.as_ref())
    }

    /// Cites that something is not there.
    pub fn absence(&mut self, object: &ObjectRef, text: impl AsRef<str>) -> EvidenceId {
        self.ledger.note(EvidenceSource::Absence, object, None, text.as_ref())
    }

    /// Cites an event.
    pub fn event(&mut self, event: &Event) -> EvidenceId {
        let object = event.about().unwrap_or_else(|| {
            ObjectRef::new(crate::model::Kind::Event, &event.metadata.namespace, &event.metadata.name)
        });
        let times = if event.times() > 1 { format!(" ({}×)", event.times()) } else { String::new() };
        let text = format!("{}: {}{times}", event.reason, event.message);
        self.ledger.note(EvidenceSource::Event, &object, event.last_seen(), &text)
    }

    /// Cites a log pattern by its newest line.
    pub fn log(&mut self, pattern: &LogPattern) -> EvidenceId {
        let text = format!("{}× in {} pod(s): {}", pattern.count, pattern.pods.len(), pattern.example);
        self.ledger.note(EvidenceSource::Log, &pattern.workload, pattern.last_seen, &text)
    }

    /// Cites a metric's behaviour, for example `p95 latency 480 ms (was 35 ms)`.
    pub fn metric(&mut self, object: &ObjectRef, time: Option<Timestamp>, text: impl AsRef<str>) -> EvidenceId {
        self.ledger.note(EvidenceSource::Metric, object, time, text.as_ref())
    }

    /// Cites an alert, as being about `object`.
    pub fn alert(&mut self, object: &ObjectRef, alert: &Alert) -> EvidenceId {
        let label = |name: &str| alert.labels.get(name).map(String::as_str).unwrap_or_default();
        let note = |name: &str| alert.annotations.get(name).map(String::as_str).unwrap_or_default();
        let text = format!("{}: {} {}", label("alertname"), note("summary"), note("description"));
        self.ledger.note(EvidenceSource::Alert, object, alert.starts_at, &text)
    }

    /// Cites a connection attempt.
    pub fn probe(&mut self, object: &ObjectRef, probe: &ConnectionProbe) -> EvidenceId {
        let outcome = if probe.ok { "succeeds" } else { "fails" };
        let text = format!("connecting to {}:{} {outcome}: {}", probe.service, probe.port, probe.detail);
        self.ledger.note(EvidenceSource::Probe, object, None, &text)
    }
}
