//! scheduling-gated: the pod carries a scheduling gate that nobody lifts.
//!
//! <https://kubernetes.io/docs/concepts/scheduling-eviction/pod-scheduling-readiness/>. The pod waits with reason `SchedulingGated`
//! and the scheduler never looks at it. Easily mistaken for a scheduler that is down, which says nothing about a pod either.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("scheduling-gated", Category::Scheduling)];

/// Gates are meant to hold for a while.
const PATIENCE_MINUTES: i64 = 5;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let gated = workload.unscheduled_pods().find(|pod| {
            !pod.spec.scheduling_gates.is_empty() && !view.within(pod.metadata.creation_timestamp, PATIENCE_MINUTES)
        });
        let Some(pod) = gated else { continue };
        let gates: Vec<&str> = pod.spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        let evidence = case.spec(&pod.reference(), format!("scheduling gates {}", gates.join(", ")));
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(0.93)
            .summary(format!("nobody lifts the scheduling gate {}", gates.join(", ")))
            .fact("gate", gates.join(", "))
            .because([evidence])
            .since(pod.metadata.creation_timestamp)
            .check(Kubectl::get(&pod.reference()))
            .action(ActionKind::Manual, Risk::Low, "see to the controller that lifts the gate");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::{diagnosis::testkit::scene, model::SchedulingGate};

    #[test]
    fn a_gate_that_stays_is_named() {
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                spec.scheduling_gates.push(SchedulingGate { name: "example.org/quota".into() })
            })
            .unschedulable("shop", "api", "Scheduling is blocked due to non-empty scheduling gates")
            .expect("scheduling-gated", "Deployment shop/api");
    }

    #[test]
    fn a_pod_without_gates_is_not_gated() {
        scene()
            .deployment("shop", "api", 1)
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient cpu.")
            .expect_not("scheduling-gated");
    }
}
