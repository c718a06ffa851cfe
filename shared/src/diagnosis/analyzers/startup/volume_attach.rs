//! volume-attach-failure: the pod's volume cannot be attached to its node, or mounted there.
//!
//! `FailedAttachVolume` (for instance "Multi-Attach error": the volume is still on another node) and `FailedMount` events
//! (<https://kubernetes.io/docs/concepts/storage/volumes/>). Easily mistaken for a Secret or ConfigMap that is missing, whose
//! mount fails with the same `FailedMount`, and for a permission that is denied; both have causes of their own.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Event, Kind, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("volume-attach-failure", Category::Startup)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        let waiting = |event: &Event| {
            workload.live_pods().any(|pod| {
                let started = pod.status.container_statuses.iter().any(|status| status.state.waiting.is_none());
                pod.name() == event.involved_object.name && !pod.spec.node_name.is_empty() && !started
            })
        };
        let mut events =
            view.events_about(workload).iter().rev().copied().filter(|event| is_failure(event) && waiting(event));
        let Some(event) = events.next() else { continue };
        // Attaching takes a minute at times; only what lasts or repeats is a failure.
        let lasts = event.times() > 1 || !view.within(event.first_seen(), 2) || events.next().is_some();
        let multi = event.message.contains("Multi-Attach error");
        let what = if multi { "is still attached to another node" } else { "cannot be attached or mounted" };
        let evidence = case.event(event);
        let line: String = event.message.chars().take(160).collect();
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(if lasts { 0.9 } else { 0.6 })
            .summary(format!("the pods' volume {what}: {line}"))
            .fact("state", if multi { "held" } else { "failed" })
            .because([evidence])
            .since(event.first_seen())
            .check(Kubectl::events(&workload.object))
            .check(Kubectl::list(Kind::PersistentVolumeClaim, workload.namespace()))
            .action(
                ActionKind::Manual,
                Risk::High,
                "detach the volume from where it is held, once nothing writes to it there",
            );
        case.find(finding);
    }
}

fn is_failure(event: &Event) -> bool {
    let message = event.message.to_lowercase();
    let elsewhere =
        ["secret \"", "configmap \"", "permission denied", "access denied", "kube-root-ca.crt", "not registered"];
    matches!(event.reason.as_str(), "FailedAttachVolume" | "FailedMount" | "FailedMapVolume")
        && !elsewhere.iter().any(|it| message.contains(it))
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_volume_held_by_another_node_is_named() {
        scene()
            .deployment("shop", "ledger", 1)
            .waiting("shop", "ledger", "ContainerCreating", "")
            .event(
                "Pod shop/ledger-rs1-0",
                "FailedAttachVolume",
                "Multi-Attach error for volume \"pvc-1\": already used by pod x",
            )
            .expect("volume-attach-failure", "Deployment shop/ledger");
    }

    #[test]
    fn a_missing_secret_is_not_a_volume_that_fails() {
        scene()
            .deployment("shop", "ledger", 1)
            .waiting("shop", "ledger", "ContainerCreating", "")
            .event("Pod shop/ledger-rs1-0", "FailedMount", "MountVolume.SetUp failed: secret \"ledger-tls\" not found")
            .expect_not("volume-attach-failure");
    }
}
