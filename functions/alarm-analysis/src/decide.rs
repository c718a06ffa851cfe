//! What to do about an alarm: pure. The same situation gives the same decision; there is no clock and no I/O in here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::diagnosis::{CauseId, Diagnosis, Trigger, Verdict, diagnose};
use shared::incident::Fingerprint;
use shared::lessons;
use shared::model::{Node, ObjectRef};
use shared::remediation::propose::propose;
use shared::remediation::{Facts, Proposal};
use shared::snapshot::Snapshot;

use crate::event::{Alarm, AlarmState, Focus};
use crate::lesson;
use crate::measure::measures;
use crate::report::{Earlier, Finding, Report};
use crate::situation::{Reading, Situation};

/// The version of this form.
pub const VERSION: u32 = 1;

/// How many earlier incidents are told.
const SIMILAR: usize = 5;

/// What to do about an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What to do.
    pub step: Step,
}

/// What to do about an alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The alarm is on: join the open incident about one of these subjects, or open one about the first.
    Raise {
        /// What it is about, the most fitting first; empty where no cause is known and it is about the alarm itself.
        subjects: Vec<Subject>,
        /// What to say.
        report: Box<Report>,
        /// What would mend it, the most fitting first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        proposals: Vec<Proposal>,
        /// What the diagnosis was told: recovery is looked for with the same eyes.
        #[serde(default)]
        trigger: Box<Trigger>,
    },
    /// The alarm is back to OK: note it, and resolve its incident with the last one.
    Recover,
    /// The alarm has too little data to tell.
    Doubt,
}

/// What an incident is about: what its fingerprint is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The object that has to change.
    pub object: ObjectRef,
    /// Why.
    pub cause: CauseId,
}

impl Subject {
    /// Its fingerprint in this cluster.
    pub fn fingerprint(&self, cluster: &str) -> Fingerprint {
        Fingerprint::of_cause(cluster, &self.object, &self.cause)
    }
}

/// Decides.
pub fn decide(situation: &Situation) -> Decision {
    let step = match situation.alarm.state {
        AlarmState::Ok => Step::Recover,
        AlarmState::InsufficientData => Step::Doubt,
        AlarmState::Alarm => raise(situation),
    };
    Decision { version: VERSION, step }
}

fn raise(situation: &Situation) -> Step {
    let alarm = &situation.alarm;
    let focus = Focus::of(alarm);
    let mut report = Report::of_alarm(alarm, &situation.cluster);
    let mut subjects = Vec::new();
    let (mut proposals, mut told) = (Vec::new(), Trigger::default());
    match &situation.reading {
        Reading::Cluster(snapshot) => {
            told = trigger(alarm, &focus, snapshot);
            let diagnosis = diagnose(snapshot, &told);
            proposals = propose(&diagnosis, &Facts::of(Arc::clone(snapshot), situation.at), None);
            report.measures = measures(snapshot, diagnosis.causes.first(), alarm.changed_at);
            report.gaps = permission_gaps(snapshot);
            subjects = subjects_of(&diagnosis);
            report.finding = Finding::Diagnosed(Box::new(diagnosis));
            let alike = lessons::rank(&lesson::question(&report), &situation.documents, SIMILAR);
            lessons::weigh(&mut proposals, &alike);
            report.similar = alike.iter().map(|like| Earlier::from(like.document)).collect();
            report.similar.extend(similar(&situation.earlier, &subjects));
            report.similar.truncate(SIMILAR);
        }
        Reading::Unreachable { reason } => report.finding = Finding::Unreachable { reason: reason.clone() },
        Reading::UnknownCluster => report.finding = Finding::UnknownCluster,
        // Records are resolved before they are decided again.
        Reading::NotNeeded | Reading::As { .. } => {}
    }
    Step::Raise { subjects, report: Box::new(report), proposals, trigger: Box::new(told) }
}

/// What the diagnosis is told of the alarm.
pub fn trigger(alarm: &Alarm, focus: &Focus, snapshot: &Snapshot) -> Trigger {
    let behind_balancer = focus.load_balancers.iter().find_map(|balancer| {
        snapshot.services.iter().find(|service| balancer.may_mean(&service.metadata.namespace, &service.metadata.name))
    });
    let namespace = focus.namespaces.first().cloned();
    let workload = focus.pods.first().or_else(|| focus.workloads.first()).cloned();
    let metric = alarm.metrics.iter().find_map(|entry| entry.metric_stat.as_ref()).map(|stat| stat.metric.name.clone());
    Trigger {
        name: alarm.name.clone(),
        text: format!("{} {}", alarm.description, alarm.reason),
        metric,
        namespace: namespace.or_else(|| behind_balancer.map(|service| service.metadata.namespace.clone())),
        workload: workload.or_else(|| behind_balancer.map(|service| service.metadata.name.clone())),
        node: focus.nodes.first().map(|node| node_named(snapshot, node)),
        since: Some(alarm.changed_at),
    }
}

/// The node's name, where an alert calls it by an address.
fn node_named(snapshot: &Snapshot, node: &str) -> String {
    let has_address = |known: &&Node| known.status.addresses.iter().any(|address| address.address == node);
    snapshot.nodes.iter().find(has_address).map_or_else(|| node.to_owned(), |known| known.metadata.name.clone())
}

/// What an incident about this diagnosis is about: the first cause, then the others of the same object, since the first
/// symptoms of one trouble are often read as another.
fn subjects_of(diagnosis: &Diagnosis) -> Vec<Subject> {
    let Some(first) = diagnosis.causes.first().filter(|_| diagnosis.verdict == Verdict::CauseFound) else {
        return Vec::new();
    };
    let same_object = diagnosis.causes.iter().filter(|cause| cause.object == first.object);
    same_object.map(|cause| Subject { object: cause.object.clone(), cause: cause.id.clone() }).collect()
}

/// Earlier incidents about the same object or of the same cause, the same of both first.
fn similar(earlier: &[Earlier], subjects: &[Subject]) -> Vec<Earlier> {
    let Some(subject) = subjects.first() else { return Vec::new() };
    let likeness = |one: &Earlier| {
        let same = u8::from(one.cause.as_ref() == Some(&subject.cause));
        same + 2 * u8::from(one.object.as_ref() == Some(&subject.object))
    };
    let mut similar: Vec<Earlier> = earlier.iter().filter(|one| likeness(one) > 0).cloned().collect();
    similar.sort_by_key(|one| std::cmp::Reverse(likeness(one)));
    similar.truncate(SIMILAR);
    similar
}

/// Missing permissions: the gaps that somebody has to close.
fn permission_gaps(snapshot: &Snapshot) -> Vec<String> {
    let mut gaps: Vec<String> = Vec::new();
    for gap in &snapshot.gaps {
        let denied =
            ["missing permission", "AccessDenied", "not authorized", "Forbidden", "does not accept our identity"];
        if denied.iter().any(|word| gap.why.contains(word)) {
            let what = gap
                .why
                .strip_prefix("missing permission: ")
                .map_or_else(|| format!("{}: {}", gap.what, gap.why), str::to_owned);
            if !gaps.contains(&what) {
                gaps.push(what);
            }
        }
    }
    gaps
}
