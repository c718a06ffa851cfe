//! kubelet-unavailable: a node's kubelet has stopped reporting.
//!
//! When heartbeats stay out, the node controller sets every condition to `Unknown` (reason `NodeStatusUnknown`) and taints the
//! node `unreachable`: <https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller>. A kubelet that is alive and
//! unwell says `False` instead (see `containerd_unavailable`, `node_not_ready`). Easily mistaken for a dead
//! machine or a cut network, which the API cannot tell from a dead kubelet; all of them begin with a look at the instance.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("kubelet-unavailable", Category::Infrastructure)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for node in case.view.snapshot.nodes.iter() {
        let Some(ready) = node.status.conditions.iter().find(|it| it.type_ == "Ready" && it.status == "Unknown") else {
            continue;
        };
        let object = node.reference();
        let text = format!("Ready is Unknown ({}): {}", ready.reason, ready.message);
        let mut evidence = vec![case.status(&object, ready.last_transition_time, text)];
        if let Some(beat) = ready.last_heartbeat_time {
            evidence.push(case.status(&object, Some(beat), "last heartbeat of the kubelet"));
        }
        if let Some(event) = case.view.events_on(&object).iter().rev().find(|event| event.reason == "NodeNotReady") {
            evidence.push(case.event(event));
        }
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.95)
            .summary("the kubelet has stopped reporting")
            .because(evidence)
            .since(ready.last_heartbeat_time.or(ready.last_transition_time))
            .check(Kubectl::describe(&object))
            .check(Kubectl::events(&object))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it until the kubelet reports again")
            .action(ActionKind::Manual, Risk::Medium, "check the instance; restart the kubelet or replace the node");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_silent_kubelet_is_the_cause_of_its_pods_being_lost() {
        scene()
            .deployment("shop", "api", 3)
            .edit_node("node-b", |node| {
                for condition in &mut node.status.conditions {
                    condition.status = "Unknown".into();
                    condition.reason = "NodeStatusUnknown".into();
                    condition.message = "Kubelet stopped posting node status.".into();
                }
            })
            .unready("shop", "api")
            .expect("kubelet-unavailable", "Node node-b");
    }

    #[test]
    fn a_kubelet_that_says_no_is_there() {
        scene()
            .deployment("shop", "api", 3)
            .edit_node("node-b", |node| {
                let ready = node.status.conditions.iter_mut().find(|it| it.type_ == "Ready").unwrap();
                ready.status = "False".into();
                ready.reason = "KubeletNotReady".into();
                ready.message = "container runtime network not ready: cni plugin not initialized".into();
            })
            .expect_not("kubelet-unavailable");
    }
}
