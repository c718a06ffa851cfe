//! kube-scheduler-unavailable: pods stay Pending and nobody says why.
//!
//! A scheduler that cannot place a pod says so: condition `PodScheduled=False` and an event `FailedScheduling`
//! (<https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/>). A pod that has waited without either was never
//! looked at. Not to be mistaken for a pod that waits for a fitting node, one behind a scheduling gate, or one that asks for a
//! scheduler of its own.

use jiff::SignedDuration;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, View},
    model::{Kind, Node, Object, ObjectRef, Pod},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("kube-scheduler-unavailable", Category::Infrastructure)];

/// A working scheduler looks at a new pod within a second; this leaves room for the snapshot's own spread.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let ignored: Vec<&Pod> = view.snapshot.pods.items.iter().filter(|pod| is_ignored(view, pod)).collect();
    // Somebody scheduled a pod that is younger than these: then it is not the scheduler.
    let oldest = ignored.iter().filter_map(|pod| pod.metadata.creation_timestamp).min();
    let works = view.snapshot.pods.iter().any(|pod| {
        !pod.spec.node_name.is_empty()
            && !pod.metadata.owner_references.iter().any(|owner| owner.kind == "DaemonSet" || owner.kind == "Node")
            && pod.metadata.creation_timestamp > oldest
    });
    let Some(first) = ignored.first() else { return };
    if works {
        return;
    }
    let object = control_plane(view);
    let mut evidence: Vec<_> = ignored
        .iter()
        .take(3)
        .map(|pod| {
            let text = "Pending, bound to no node, without a PodScheduled condition or a FailedScheduling event";
            case.status(&pod.reference(), pod.metadata.creation_timestamp, text)
        })
        .collect();
    let down = view.snapshot.pods.iter().find(|pod| {
        pod.namespace() == "kube-system" && pod.name().starts_with("kube-scheduler") && !crate::diagnosis::is_ready(pod)
    });
    if let Some(pod) = down {
        evidence.push(case.status(&pod.reference(), None, "the scheduler's pod is not ready"));
    }
    let suffering: Vec<ObjectRef> = ignored
        .iter()
        .filter_map(|pod| view.workload_of_pod(pod.namespace(), pod.name()))
        .map(|workload| workload.object.clone())
        .collect();
    let finding = Finding::new(&CAUSES[0], &object)
        .strength(0.9)
        .summary("the scheduler is down: new pods stay Pending")
        .because(evidence)
        .explains(suffering)
        .since(oldest)
        .check(Kubectl::list(Kind::Pod, "kube-system"))
        .check(Kubectl::describe(&first.reference()))
        .action(
            ActionKind::Manual,
            Risk::Medium,
            "restart kube-scheduler, or have the provider look at the control plane",
        );
    case.find(finding);
}

fn is_ignored(view: &View<'_>, pod: &Pod) -> bool {
    let own_scheduler = !matches!(pod.spec.scheduler_name.as_str(), "" | "default-scheduler");
    pod.status.phase == "Pending"
        && pod.spec.node_name.is_empty()
        && pod.metadata.deletion_timestamp.is_none()
        && pod.spec.scheduling_gates.is_empty()
        && !own_scheduler
        && pod.status.conditions.iter().all(|condition| condition.type_ != "PodScheduled")
        && view.age(pod.metadata.creation_timestamp).is_some_and(|age| age > PATIENCE)
        && view.snapshot.events.covers(pod.namespace())
        && view.events_on(&pod.reference()).iter().all(|event| event.reason != "FailedScheduling")
}

/// The node the control plane runs on; the system namespace where, as on EKS, it is not among the nodes.
fn control_plane(view: &View<'_>) -> ObjectRef {
    let runs_it = |node: &&Node| {
        let labels = &node.metadata.labels;
        labels.keys().any(|key| {
            matches!(key.as_str(), "node-role.kubernetes.io/control-plane" | "node-role.kubernetes.io/master")
        }) || labels.get("kubernetes.io/role").is_some_and(|role| role == "master" || role == "control-plane")
    };
    match view.snapshot.nodes.items.iter().find(runs_it) {
        Some(node) => node.reference(),
        None => ObjectRef::new(Kind::Namespace, "", "kube-system"),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, at, scene};

    fn pending() -> Scene {
        scene().deployment("shop", "api", 2).deployment("shop", "cart", 1).edit_pods("shop", "cart", |pod| {
            pod.metadata.creation_timestamp = Some(at("11:55:00"));
            pod.spec.node_name.clear();
            pod.status = crate::model::PodStatus { phase: "Pending".into(), ..Default::default() };
        })
    }

    #[test]
    fn a_pod_nobody_looked_at_tells_of_the_scheduler() {
        pending().expect("kube-scheduler-unavailable", "Namespace kube-system");
        pending()
            .edit_node("node-a", |node| {
                node.metadata.labels.insert("node-role.kubernetes.io/control-plane".into(), String::new());
            })
            .expect("kube-scheduler-unavailable", "Node node-a");
    }

    #[test]
    fn a_pod_the_scheduler_refused_tells_of_a_scheduler_that_works() {
        scene()
            .deployment("shop", "api", 2)
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient cpu.")
            .expect_not("kube-scheduler-unavailable");
        pending()
            .edit_pods("shop", "api", |pod| pod.metadata.creation_timestamp = Some(at("11:58:00")))
            .expect_not("kube-scheduler-unavailable");
    }
}
