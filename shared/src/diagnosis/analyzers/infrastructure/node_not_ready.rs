//! node-not-ready: a node is not ready, and nothing says more.
//!
//! <https://kubernetes.io/docs/reference/node/node-status/#condition>. A node of a few minutes that is only joining is none. A symptom by itself: a kubelet that is silent (`Unknown`),
//! a runtime that is down or a pressure each have their own cause, and explain this one away. Easily
//! mistaken for any of these.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, symptom::is_joining},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::symptom("node-not-ready", Category::Infrastructure)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for node in case.view.snapshot.nodes.iter() {
        let Some(ready) = node.status.conditions.iter().find(|it| it.type_ == "Ready" && it.status != "True") else {
            continue;
        };
        if is_joining(case.view, node) {
            continue;
        }
        let object = node.reference();
        let text = format!("Ready is {} ({}): {}", ready.status, ready.reason, ready.message);
        let evidence = case.status(&object, ready.last_transition_time, text);
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.8)
            .summary(format!("the node is not ready: {}", ready.reason))
            .fact("reason", ready.reason.clone())
            .because([evidence])
            .since(ready.last_transition_time)
            .check(Kubectl::describe(&object))
            .check(Kubectl::events(&object))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it while it is looked into");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_node_that_is_not_ready_is_named() {
        scene()
            .deployment("shop", "api", 2)
            .edit_node("node-b", |node| {
                let ready = node.status.conditions.iter_mut().find(|it| it.type_ == "Ready").unwrap();
                ready.status = "False".into();
                ready.reason = "KubeletNotReady".into();
            })
            .expect_among("node-not-ready", "Node node-b");
    }

    #[test]
    fn a_cordoned_node_is_not_a_failed_one() {
        scene()
            .deployment("shop", "api", 2)
            .edit_node("node-b", |node| node.spec.unschedulable = true)
            .expect_healthy();
    }
}
