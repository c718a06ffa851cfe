//! pod-security-violation: the namespace's Pod Security level forbids the pods.
//!
//! <https://kubernetes.io/docs/concepts/security/pod-security-admission/>: the message begins `violates PodSecurity "LEVEL:VERSION"`
//! and lists the fields. Easily mistaken for a quota, which is refused by the same `FailedCreate` event.

use super::refusal::refusals;
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("pod-security-violation", Category::Admission)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        for refusal in refusals(case, workload) {
            let Some((_, violation)) = refusal.message.split_once("violates PodSecurity ") else { continue };
            let level = violation.split(['"', ':']).nth(1).unwrap_or("its level");
            let fields = violation.split_once("\": ").map_or(violation, |it| it.1);
            let finding = Finding::new(&CAUSES[0], &workload.object)
                .strength(0.97)
                .summary(format!("the namespace's Pod Security level {level} forbids the pods: {fields}"))
                .fact("level", level)
                .fact("violation", fields.split(" (").next().unwrap_or(fields))
                .because([refusal.evidence])
                .since(refusal.since)
                .check(Kubectl::get(&ObjectRef::new(Kind::Namespace, "", workload.namespace())))
                .check(Kubectl::get(&workload.object))
                .action(ActionKind::Manual, Risk::Low, format!("bring the pod template in line with {level}"));
            case.find(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::refused;

    #[test]
    fn a_forbidden_pod_is_named_with_the_level() {
        refused(
            "Error creating: pods \"api-x\" is forbidden: violates PodSecurity \"restricted:latest\": \
             allowPrivilegeEscalation != false (container \"app\" must set it)",
        )
        .expect("pod-security-violation", "Deployment shop/api");
    }

    #[test]
    fn a_quota_is_not_pod_security() {
        refused("forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1")
            .expect_not("pod-security-violation");
    }
}
