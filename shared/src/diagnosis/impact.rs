//! What suffers when an object fails: the way from a cause to its symptoms.
//!
//! Trouble spreads from a node to the pods on it, from a claim to the pods that mount it, from a workload to the Services
//! in front of it, from a Service to the workloads that call it, and so on through the callers of callers.

use std::collections::BTreeSet;

use super::{Affected, Finding, View, symptom::Symptom};
use crate::model::{Kind, Object, ObjectRef};

/// Calls of calls further away than this are no longer blamed on a cause.
const MAX_HOPS: usize = 4;

/// Everything that can suffer from trouble at `object`, itself included.
pub(super) fn downstream(view: &View<'_>, object: &ObjectRef) -> BTreeSet<ObjectRef> {
    let mut reached = BTreeSet::from([object.clone()]);
    let mut edge = vec![object.clone()];
    for _ in 0..MAX_HOPS * 2 {
        let next: Vec<ObjectRef> = edge.iter().flat_map(|object| step(view, object)).collect();
        edge = next.into_iter().filter(|object| reached.insert(object.clone())).collect();
        if edge.is_empty() {
            break;
        }
    }
    reached
}

/// Who suffers: what the finding itself names, then what shows symptoms, the object first and the gravest next, then the
/// callers of what does not serve.
pub(super) fn affected(
    view: &View<'_>,
    finding: &Finding,
    reach: &BTreeSet<ObjectRef>,
    symptoms: &[Symptom],
) -> Vec<Affected> {
    let mut all: Vec<Affected> = Vec::new();
    let mut add = |object: &ObjectRef, impact: &str| match all.iter_mut().find(|known| known.object == *object) {
        Some(known) if impact.is_empty() || known.impact.contains(impact) => {}
        Some(known) if known.impact.is_empty() => known.impact = impact.to_owned(),
        Some(known) => known.impact = format!("{}, {impact}", known.impact),
        None => all.push(Affected { object: object.clone(), impact: impact.to_owned() }),
    };
    finding.explains.iter().for_each(|object| add(object, ""));
    let mut within: Vec<&Symptom> = symptoms.iter().filter(|symptom| reach.contains(&symptom.object)).collect();
    within.sort_by(|a, b| {
        (b.object == finding.object).cmp(&(a.object == finding.object)).then(b.weight.total_cmp(&a.weight))
    });
    within.iter().for_each(|symptom| add(&symptom.object, &symptom.text));
    for symptom in within {
        if symptom.object.kind == Kind::Service {
            for caller in view.dependents_on(&symptom.object) {
                add(&caller.object, &format!("calls {}", symptom.object.name));
            }
        }
    }
    all
}

/// One step down.
fn step(view: &View<'_>, object: &ObjectRef) -> Vec<ObjectRef> {
    match object.kind {
        Kind::Service => view.dependents_on(object).map(|workload| workload.object.clone()).collect(),
        Kind::Node => view
            .pods_on(&object.name)
            .filter_map(|pod| view.workload_of_pod(pod.namespace(), pod.name()))
            .map(|workload| workload.object.clone())
            .collect(),
        Kind::Namespace => view
            .workloads()
            .iter()
            .filter(|workload| workload.namespace() == object.name && workload.is_short())
            .map(|workload| workload.object.clone())
            .collect(),
        Kind::PersistentVolumeClaim => view
            .workloads()
            .iter()
            .filter(|workload| workload.namespace() == object.namespace && mounts(workload, &object.name))
            .map(|workload| workload.object.clone())
            .collect(),
        _ => match view.workload(object) {
            Some(workload) => view.services_of(workload).map(|service| service.object()).collect(),
            None => Vec::new(),
        },
    }
}

/// Whether a workload's pods mount the claim.
fn mounts(workload: &super::Workload<'_>, claim: &str) -> bool {
    let specs = std::iter::once(workload.template).chain(workload.pods.iter().map(|pod| &pod.spec));
    specs.into_iter().flat_map(|spec| &spec.volumes).any(|volume| volume.claim_name() == Some(claim))
}
