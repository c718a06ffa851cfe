//! nodepool-limit-reached and spot-interruption: Karpenter may not add a node, or AWS takes one back.
//!
//! A pod that would need a node beyond a NodePool's `spec.limits` waits with an event of Karpenter's that says so
//! (<https://karpenter.sh/docs/concepts/nodepools/#speclimits>). A Spot interruption warning leaves two minutes and is noted on the
//! Node by Karpenter or the termination handler (<https://karpenter.sh/docs/concepts/disruption/#interruption>). Mistaken for a
//! plain lack of capacity, and for a node that failed.

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Event, Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("nodepool-limit-reached", Category::Scaling),
    CauseSpec::root("spot-interruption", Category::Scaling),
];

const INTERRUPTED: &[&str] =
    &["SpotInterrupted", "SpotInterruption", "SpotInterruptionWarning", "TerminatingOnInterruption"];
const RECENT_MINUTES: i64 = 15;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    limits(case);
    interruptions(case);
}

fn limits(case: &mut Case<'_, '_>) {
    let view = case.view;
    let mut pools: BTreeMap<String, Vec<(&Event, ObjectRef)>> = BTreeMap::new();
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        for event in view.events_about(workload) {
            if event.message.contains("exceed limits for nodepool") && view.within(event.last_seen(), RECENT_MINUTES) {
                let pool = pool_named(&event.message).unwrap_or("default").to_owned();
                pools.entry(pool).or_default().push((event, workload.object.clone()));
            }
        }
    }
    for (pool, refusals) in pools {
        let object = ObjectRef::new(Kind::NodePool, "", pool.as_str());
        let evidence: Vec<_> = refusals.iter().rev().take(2).map(|(event, _)| case.event(event)).collect();
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.95)
            .summary(format!("NodePool {pool} has reached its limits: no node can be added"))
            .because(evidence)
            .since(refusals.iter().filter_map(|(event, _)| event.first_seen()).min())
            .explains(refusals.into_iter().map(|(_, workload)| workload))
            .check(Kubectl::describe(&object))
            .check(Kubectl::list(Kind::Node, ""))
            .action(ActionKind::NodePoolLimit, Risk::Medium, "raise spec.limits; changing limits replaces no node");
        case.find(finding);
    }
}

/// The pool's name in `… exceed limits for nodepool: "general"`.
fn pool_named(message: &str) -> Option<&str> {
    let after = message.split("exceed limits for nodepool").nth(1)?;
    let name = after.trim_start_matches([':', ' ', '"']);
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))).unwrap_or(name.len());
    (end > 0).then(|| &name[..end])
}

fn interruptions(case: &mut Case<'_, '_>) {
    let view = case.view;
    let told: Vec<&Event> = view
        .snapshot
        .events
        .items
        .iter()
        .filter(|event| INTERRUPTED.contains(&event.reason.as_str()) && view.within(event.last_seen(), RECENT_MINUTES))
        .collect();
    for event in told {
        let Some(object) = event.about().filter(|object| object.kind == Kind::Node) else { continue };
        let evidence = case.event(event);
        // Without a node that is gone or a pod that is short it has been dealt with.
        let gone = view
            .node(&object.name)
            .is_none_or(|node| node.status.conditions.iter().any(|it| it.type_ == "Ready" && it.status != "True"));
        let short: Vec<ObjectRef> =
            view.workloads().iter().filter(|it| it.is_short() && !it.is_job()).map(|it| it.object.clone()).collect();
        if !gone && short.is_empty() {
            continue;
        }
        let finding = Finding::new(&CAUSES[1], &object)
            .strength(if gone { 0.93 } else { 0.6 })
            .summary("its Spot capacity was taken back")
            .because([evidence])
            .explains(if gone { short } else { Vec::new() })
            .since(event.first_seen())
            .check(Kubectl::list(Kind::Node, ""))
            .check(Kubectl::events(&object))
            .action(
                ActionKind::NodePoolLimit,
                Risk::Medium,
                "less Spot: lower the Spot pool's limits, raise the On-Demand pool's",
            );
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::pool_named;
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_full_node_pool_is_named() {
        let message = "Failed to schedule pod, all available instance types exceed limits for nodepool: \"general\"";
        assert_eq!(pool_named(message), Some("general"));
        scene()
            .deployment("shop", "api", 2)
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient cpu.")
            .event("Pod shop/api-rs1-0", "FailedScheduling", message)
            .expect_among("nodepool-limit-reached", "NodePool general");
    }

    #[test]
    fn a_pool_with_room_is_not() {
        scene()
            .deployment("shop", "api", 2)
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient cpu.")
            .expect_not("nodepool-limit-reached");
    }

    #[test]
    fn a_node_taken_back_explains_that_it_is_gone() {
        scene()
            .deployment("shop", "api", 3)
            .edit_node("node-b", |node| {
                let ready = node.status.conditions.iter_mut().find(|it| it.type_ == "Ready").unwrap();
                ready.status = "Unknown".into();
            })
            .unready("shop", "api")
            .event("Node node-b", "SpotInterrupted", "Spot interruption warning was triggered")
            .expect_among("spot-interruption", "Node node-b");
        scene()
            .deployment("shop", "api", 3)
            .event("Node node-b", "SpotInterrupted", "Spot interruption warning was triggered")
            .expect_healthy();
    }
}
