//! sandbox-creation-failure: a node cannot make pods' sandboxes, mostly because its network plugin fails.
//!
//! `FailedCreatePodSandBox` events, the pods staying in `ContainerCreating`
//! (<https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/troubleshooting-cni-plugin-related-errors/>).
//! The node is named, since it is what has to be mended. Easily mistaken for addresses that ran out, which fails in the same
//! place and has a cause of its own, and for a runtime that is down, which leaves the whole node not ready.

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Event, Kind, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("sandbox-creation-failure", Category::Startup)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let mut by_node: BTreeMap<&str, Vec<(&Event, ObjectRef)>> = BTreeMap::new();
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        for pod in workload.live_pods().filter(|pod| !pod.spec.node_name.is_empty() && pod.status.phase == "Pending") {
            let events = view.events_on(&pod.reference());
            // A memory limit below what starting takes fails here too, and is the pod's own.
            let is_failure = |event: &Event| event.reason == "FailedCreatePodSandBox" && !event.message.contains("OOM");
            let failure = events.iter().rev().find(|event| is_failure(event));
            if let Some(event) = failure.filter(|event| event.times() > 1 || !view.within(event.first_seen(), 1)) {
                by_node.entry(&pod.spec.node_name).or_default().push((event, workload.object.clone()));
            }
        }
    }
    for (node, failures) in by_node {
        let object = ObjectRef::new(Kind::Node, "", node);
        let evidence: Vec<_> = failures.iter().take(3).map(|(event, _)| case.event(event)).collect();
        let line: String = failures[0].0.message.chars().take(200).collect();
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if failures.len() > 1 { 0.85 } else { 0.75 })
            .summary(format!("the node cannot make pod sandboxes: {line}"))
            .fact("count", failures.len().to_string())
            .because(evidence)
            .since(failures.iter().filter_map(|(event, _)| event.first_seen()).min())
            .explains(failures.into_iter().map(|(_, workload)| workload))
            .check(Kubectl::describe(&object))
            .check(Kubectl::list(Kind::Pod, "kube-system"))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it while its network plugin is looked into");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_node_whose_network_plugin_fails_is_named() {
        scene()
            .deployment("shop", "api", 1)
            .waiting("shop", "api", "ContainerCreating", "")
            .event(
                "Pod shop/api-rs1-0",
                "FailedCreatePodSandBox",
                "failed to setup network for sandbox: plugin type=\"x\" failed",
            )
            .expect("sandbox-creation-failure", "Node node-a");
    }

    #[test]
    fn a_sandbox_that_failed_once_and_works_is_history() {
        scene()
            .deployment("shop", "api", 1)
            .event("Pod shop/api-rs1-0", "FailedCreatePodSandBox", "failed to setup network for sandbox")
            .expect_healthy();
    }
}
