//! node-disk-pressure and node-memory-pressure: a node is short of disk or memory and evicts pods.
//!
//! The kubelet sets the condition, taints the node and evicts pods until the signal is below its threshold
//! (<https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/>). Mistaken for the fault of the pods it
//! evicts, and, where it lasts, for a node that is not ready.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, Node, Object, ObjectRef, Pod},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("node-disk-pressure", Category::Infrastructure),
    CauseSpec::root("node-memory-pressure", Category::Infrastructure),
];

const RECENT_MINUTES: i64 = 30;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for node in case.view.snapshot.nodes.iter() {
        let pressures = [("DiskPressure", 0, "disk"), ("MemoryPressure", 1, "memory")];
        for (condition, index, what) in pressures {
            pressure(case, node, condition, &CAUSES[index], what);
        }
    }
}

fn pressure(case: &mut Case<'_, '_>, node: &Node, name: &str, spec: &CauseSpec, what: &str) {
    let view = case.view;
    let Some(condition) = node.status.conditions.iter().find(|it| it.type_ == name && it.status == "True") else {
        return;
    };
    let object = node.reference();
    let text = format!("{name} is True ({}): {}", condition.reason, condition.message);
    let mut evidence = vec![case.status(&object, condition.last_transition_time, text)];
    let evicted: Vec<&Pod> = view
        .snapshot
        .pods
        .items
        .iter()
        .filter(|pod| pod.spec.node_name == node.name() && pod.status.reason == "Evicted")
        .filter(|pod| view.within(pod.status.start_time.or(pod.metadata.creation_timestamp), 24 * 60))
        .collect();
    if let Some(pod) = evicted.first() {
        evidence.push(case.status(&pod.reference(), None, format!("Evicted: {}", pod.status.message)));
    }
    let told =
        |reason: &str| reason.starts_with("Evict") || reason == "FreeDiskSpaceFailed" || reason == "ImageGCFailed";
    let event =
        view.events_on(&object).iter().rev().find(|it| told(&it.reason) && view.within(it.last_seen(), RECENT_MINUTES));
    evidence.extend(event.map(|event| case.event(event)));
    let suffering: Vec<ObjectRef> = evicted
        .iter()
        .filter_map(|pod| view.workload_of_pod(pod.namespace(), pod.name()))
        .map(|workload| workload.object.clone())
        .collect();
    let finding = Finding::new(spec, &object)
        .strength(0.95)
        .summary(format!("the node is short of {what} and evicts pods"))
        .because(evidence)
        .explains(suffering)
        .since(condition.last_transition_time)
        .check(Kubectl::describe(&object))
        .check(if what == "memory" { Kubectl::top_pods("") } else { Kubectl::list(Kind::Pod, "") })
        .action(ActionKind::Cordon, Risk::Low, "keep new pods off it")
        .action(ActionKind::Drain, Risk::Medium, format!("move its pods to nodes with {what} to spare"));
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn condition(name: &'static str, status: &'static str) -> Scene {
        scene().deployment("shop", "api", 3).edit_node("node-b", |node| {
            let it = node.status.conditions.iter_mut().find(|it| it.type_ == name).unwrap();
            it.status = status.into();
            it.reason = "Kubelet".into();
        })
    }

    #[test]
    fn a_node_under_pressure_is_named_with_what_it_lacks() {
        condition("DiskPressure", "True").expect("node-disk-pressure", "Node node-b");
        condition("MemoryPressure", "True").expect("node-memory-pressure", "Node node-b");
    }

    #[test]
    fn a_node_that_no_longer_reports_says_nothing_of_its_disk() {
        condition("DiskPressure", "Unknown").expect_not("node-disk-pressure");
    }
}
