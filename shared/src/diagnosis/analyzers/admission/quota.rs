//! namespace-{cpu,memory,pod,storage,service}-quota-exceeded and quota-requires-limits, as the API server itself says it.
//!
//! The ResourceQuota admission controller refuses what would pass a quota ("exceeded quota: NAME, requested: …, used: …,
//! limited: …") and, where a quota covers a resource, pods that state none ("failed quota: NAME: must specify …"):
//! <https://kubernetes.io/docs/concepts/policy/resource-quotas/>. A message lists every resource asked for, so the one that is
//! passed has to be computed. The namespace is named, since its quota is what must be changed. Easily mistaken for a node that
//! is full: there the pod exists and waits. [`super::missing_claim`] and [`super::service_quota`] find the quotas that are
//! passed without anybody noting an event.

use super::refusal::{Refusal, refusals};
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk},
    model::{Kind, ObjectRef, Quantity, ResourceQuota},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("namespace-cpu-quota-exceeded", Category::Admission),
    CauseSpec::root("namespace-memory-quota-exceeded", Category::Admission),
    CauseSpec::root("namespace-pod-quota-exceeded", Category::Admission),
    CauseSpec::root("namespace-storage-quota-exceeded", Category::Admission),
    CauseSpec::root("namespace-service-quota-exceeded", Category::Admission),
    CauseSpec::root("quota-requires-limits", Category::Admission),
];

/// Which cause a resource of a quota belongs to.
///
/// Resource names: <https://kubernetes.io/docs/concepts/policy/resource-quotas/#types-of-resource-quota>.
pub(super) fn cause_of(resource: &str) -> Option<&'static CauseSpec> {
    let index = match resource {
        "cpu" | "requests.cpu" | "limits.cpu" => 0,
        "memory" | "requests.memory" | "limits.memory" => 1,
        "pods" | "count/pods" => 2,
        "requests.storage" | "persistentvolumeclaims" | "count/persistentvolumeclaims" => 3,
        "requests.ephemeral-storage" | "limits.ephemeral-storage" | "ephemeral-storage" => 3,
        "services" | "count/services" | "services.loadbalancers" | "services.nodeports" => 4,
        _ if resource.contains(".storageclass.storage.k8s.io/") => 3,
        _ => return None,
    };
    Some(&CAUSES[index])
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        for refusal in refusals(case, workload) {
            if let Some((quota, passed)) = exceeded(&refusal.message) {
                claim(case, &workload.object, &refusal, quota, &passed);
            } else if let Some((quota, missing)) = unstated(&refusal.message) {
                let finding = Finding::new(&CAUSES[5], &workload.object)
                    .strength(0.96)
                    .summary(format!("quota {quota} asks for {missing}, which the pods do not state"))
                    .fact("quota", quota)
                    .fact("missing", missing)
                    .because([refusal.evidence.clone()])
                    .since(refusal.since)
                    .check(Kubectl::get(&ObjectRef::new(Kind::ResourceQuota, workload.namespace(), quota)))
                    .action(
                        ActionKind::Manual,
                        Risk::Low,
                        format!("state {missing}, or give the namespace a LimitRange"),
                    );
                case.find(finding);
            }
        }
    }
}

fn claim(case: &mut Case<'_, '_>, workload: &ObjectRef, refusal: &Refusal, quota: &str, passed: &[Passed<'_>]) {
    for it in passed {
        let Some(spec) = cause_of(it.resource) else { continue };
        let finding = found(spec, &workload.namespace, quota, it.resource)
            .strength(0.97)
            .summary(format!(
                "quota {quota} allows {} of {}, {} are used: {} gets no pod",
                it.limited, it.resource, it.used, workload.name
            ))
            .fact("used", it.used)
            .fact("hard", it.limited)
            .because(std::iter::once(refusal.evidence.clone()).chain(cite_quota(case, &workload.namespace, quota)))
            .explains([workload.clone()])
            .since(refusal.since);
        case.find(finding);
    }
}

/// A finding about a quota, with what every such finding has.
pub(super) fn found(spec: &CauseSpec, namespace: &str, quota: &str, resource: &str) -> Finding {
    Finding::new(spec, &ObjectRef::new(Kind::Namespace, "", namespace))
        .fact("quota", quota)
        .fact("resource", resource)
        .check(Kubectl::describe(&ObjectRef::new(Kind::ResourceQuota, namespace, quota)))
        .action(ActionKind::Manual, Risk::Low, format!("raise {resource} in quota {quota}, or use less of it"))
}

/// The quota's own figures, where it was read.
pub(super) fn cite_quota(case: &mut Case<'_, '_>, namespace: &str, name: &str) -> Option<EvidenceId> {
    let quota: &ResourceQuota = case.view.snapshot.quotas.get(namespace, name)?;
    let figures = quota.status.hard.iter().map(|(resource, hard)| {
        let used = quota.status.used.get(resource).map_or("0", Quantity::as_str);
        format!("{resource} {used} of {}", hard.as_str())
    });
    let text = figures.collect::<Vec<_>>().join(", ");
    Some(case.status(&ObjectRef::new(Kind::ResourceQuota, namespace, name), None, text))
}

struct Passed<'m> {
    resource: &'m str,
    used: &'m str,
    limited: &'m str,
}

/// The quota and the resources of it that an "exceeded quota" message is about.
fn exceeded(message: &str) -> Option<(&str, Vec<Passed<'_>>)> {
    let rest = message.split_once("exceeded quota: ")?.1;
    let (quota, rest) = rest.split_once(", requested: ")?;
    let (requested, rest) = rest.split_once(", used: ")?;
    let (used, limited) = rest.split_once(", limited: ")?;
    let value = |list: &'_ str, resource: &str| -> Option<(usize, usize)> {
        let mut at = 0;
        list.split(',').find_map(|pair| {
            let start = at;
            at += pair.len() + 1;
            let (name, _) = pair.split_once('=')?;
            (name.trim() == resource).then_some((start + pair.find('=')? + 1, start + pair.len()))
        })
    };
    let mut passed = Vec::new();
    let mut listed = Vec::new();
    for pair in requested.split(',') {
        let Some((resource, amount)) = pair.split_once('=') else { continue };
        let resource = resource.trim();
        let (Some(used_at), Some(limit_at)) = (value(used, resource), value(limited, resource)) else { continue };
        let it = Passed {
            resource,
            used: used[used_at.0..used_at.1].trim(),
            limited: limited[limit_at.0..limit_at.1].trim(),
        };
        let number = |text: &str| Quantity::new(text.trim()).value();
        let beyond = match (number(amount), number(it.used), number(it.limited)) {
            (Some(amount), Some(used), Some(limit)) => used + amount > limit,
            _ => true,
        };
        if beyond { passed.push(it) } else { listed.push(it) }
    }
    // Figures that do not add up are still about what they list.
    if passed.is_empty() {
        passed = listed;
    }
    (!passed.is_empty()).then_some((quota.trim(), passed))
}

/// The quota and what a pod fails to state, of a "must specify" message.
fn unstated(message: &str) -> Option<(&str, &str)> {
    let rest = message.split_once("failed quota: ")?.1;
    let (quota, rest) = rest.split_once(": must specify ")?;
    let missing = rest.split([';', '\n']).next().unwrap_or(rest);
    Some((quota.trim(), missing.split(" for:").next().unwrap_or(missing).trim()))
}

#[cfg(test)]
mod tests {
    use super::super::refused;
    use crate::diagnosis::testkit::scene;

    #[test]
    fn of_many_resources_the_one_that_is_passed_is_named() {
        refused(
            "Error creating: pods \"api-x\" is forbidden: exceeded quota: team, requested: limits.memory=1Gi,pods=1, \
             used: limits.memory=7.5Gi,pods=4, limited: limits.memory=8Gi,pods=20",
        )
        .expect("namespace-memory-quota-exceeded", "Namespace shop");
    }

    #[test]
    fn cpu_and_pod_quotas_are_told_apart() {
        refused("forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=800m, limited: requests.cpu=1")
            .expect("namespace-cpu-quota-exceeded", "Namespace shop");
        refused("forbidden: exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10")
            .expect("namespace-pod-quota-exceeded", "Namespace shop");
    }

    #[test]
    fn a_quota_that_asks_for_limits_is_the_workloads_to_satisfy() {
        refused(
            "pods \"api-x\" is forbidden: failed quota: team: must specify limits.cpu for: app; limits.memory for: app",
        )
        .expect("quota-requires-limits", "Deployment shop/api");
    }

    #[test]
    fn a_refusal_that_was_overcome_is_no_cause() {
        scene()
            .deployment("shop", "api", 2)
            .event(
                "ReplicaSet shop/api-rs1",
                "FailedCreate",
                "forbidden: exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10",
            )
            .expect_healthy();
    }
}
