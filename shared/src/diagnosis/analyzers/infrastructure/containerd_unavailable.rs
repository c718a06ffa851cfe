//! containerd-unavailable: the container runtime of a node is down.
//!
//! The kubelet still reports and says so: `Ready` is `False` with `container runtime is down`, or PLEG is unhealthy; new pods fail
//! with `FailedCreatePodSandBox` and old ones with errors that name the runtime's socket
//! (<https://kubernetes.io/docs/setup/production-environment/container-runtimes/>). Not to be mistaken for a network plugin
//! that is not ready, where the runtime answers, nor for a silent kubelet.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Event, Kind, Node, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("containerd-unavailable", Category::Infrastructure)];

/// Sockets of the runtimes, as dialling errors name them.
const SOCKETS: &[&str] = &["containerd.sock", "crio.sock", "dockershim.sock", "cri-dockerd.sock", "docker.sock"];
const RECENT_MINUTES: i64 = 15;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for node in case.view.snapshot.nodes.iter() {
        let object = node.reference();
        let Some(ready) = node.status.conditions.iter().find(|condition| condition.type_ == "Ready") else { continue };
        let message = ready.message.to_ascii_lowercase();
        let says_so = ready.status == "False"
            && (message.contains("container runtime is down")
                || message.contains("pleg is not healthy")
                || message.contains("container runtime status check"));
        let dialled = dialling_failures(case, node);
        if !says_so && (ready.status == "Unknown" || dialled.len() < 2) {
            continue;
        }
        let mut evidence = Vec::new();
        if says_so {
            let text = format!("Ready is {} ({}): {}", ready.status, ready.reason, ready.message);
            evidence.push(case.status(&object, ready.last_transition_time, text));
        }
        evidence.extend(dialled.iter().rev().take(3).map(|event| case.event(event)).collect::<Vec<_>>());
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if says_so { 0.97 } else { 0.85 })
            .summary("the container runtime is down")
            .because(evidence)
            .since(ready.last_transition_time)
            .check(Kubectl::describe(&object))
            .check(Kubectl::events(&object))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it until the runtime answers")
            .action(ActionKind::Manual, Risk::Medium, "restart containerd on the node, or replace the node");
        case.find(finding);
    }
}

/// Recent events of the node and its pods in which the runtime's socket could not be dialled, oldest first.
fn dialling_failures<'a>(case: &Case<'_, 'a>, node: &Node) -> Vec<&'a Event> {
    let view = case.view;
    view.snapshot
        .events
        .items
        .iter()
        .filter(|event| SOCKETS.iter().any(|socket| event.message.contains(socket)))
        .filter(|event| view.within(event.last_seen(), RECENT_MINUTES))
        .filter(|event| match event.about() {
            Some(object) if object.kind == Kind::Node => object.name == node.name(),
            Some(object) if object.kind == Kind::Pod => {
                view.snapshot.pods.get(&object.namespace, &object.name).map(|pod| pod.spec.node_name.as_str())
                    == Some(node.name())
                    || event.source.host == node.name()
            }
            _ => event.source.host == node.name(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn not_ready(message: &str) -> Scene {
        scene().deployment("shop", "api", 3).edit_node("node-b", |node| {
            let ready = node.status.conditions.iter_mut().find(|it| it.type_ == "Ready").unwrap();
            ready.status = "False".into();
            ready.reason = "KubeletNotReady".into();
            ready.message = message.into();
        })
    }

    #[test]
    fn a_runtime_that_is_down_is_named() {
        not_ready("container runtime is down").expect("containerd-unavailable", "Node node-b");
        not_ready("PLEG is not healthy: pleg was last seen active 3m12s ago")
            .expect("containerd-unavailable", "Node node-b");
    }

    #[test]
    fn a_network_plugin_that_is_not_ready_is_something_else() {
        not_ready("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady")
            .expect_not("containerd-unavailable");
    }
}
