//! pdb-blocks-eviction: a disruption budget keeps pods from leaving a node that is to be emptied.
//!
//! Evictions are refused while the budget allows no disruption (`disruptionsAllowed: 0`); draining a node, an upgrade or a
//! consolidation by Karpenter waits (<https://kubernetes.io/docs/tasks/run-application/configure-pdb/>). A budget at zero by itself
//! hurts nobody: there has to be an eviction that was refused. Easily mistaken for a node that hangs while it is drained, and
//! for pods that take long to end.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Event, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("pdb-blocks-eviction", Category::Scaling)];

const REFUSED: &[&str] = &["disruption budget", "pdb \"", "poddisruptionbudget", "prevents pod evictions"];
const RECENT_MINUTES: i64 = 60;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for budget in view.snapshot.disruption_budgets.iter() {
        if budget.status.disruptions_allowed > 0 || budget.status.expected_pods == 0 {
            continue;
        }
        let guarded: Vec<ObjectRef> = view
            .workloads()
            .iter()
            .filter(|it| it.namespace() == budget.namespace() && budget.spec.selector.matches(it.labels))
            .map(|it| it.object.clone())
            .collect();
        let concerns = |event: &&Event| {
            let message = event.message.to_ascii_lowercase();
            let names = message.contains(&budget.name().to_ascii_lowercase());
            let of_pod = event.about().is_some_and(|object| {
                view.workload_of_pod(&object.namespace, &object.name).is_some_and(|it| guarded.contains(&it.object))
            });
            REFUSED.iter().any(|words| message.contains(words))
                && (names || of_pod)
                && view.within(event.last_seen(), RECENT_MINUTES)
        };
        let refused: Vec<&Event> = view.snapshot.events.items.iter().filter(concerns).collect();
        let Some(last) = refused.last() else { continue };
        let object = budget.reference();
        let text = format!(
            "allows no disruption: {} healthy, {} needed, {} guarded",
            budget.status.current_healthy, budget.status.desired_healthy, budget.status.expected_pods
        );
        let evidence = [case.status(&object, None, text), case.event(last)];
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.9)
            .summary("the disruption budget lets no pod go: evictions wait")
            .because(evidence)
            .explains(guarded)
            .since(refused.iter().filter_map(|event| event.first_seen()).min())
            .check(Kubectl::describe(&object))
            .action(ActionKind::Scale, Risk::Medium, "one pod more than the budget needs lets the others move")
            .action(ActionKind::Manual, Risk::Low, "a budget that allows at least one disruption");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{BudgetSpec, BudgetStatus, LabelSelector, Metadata, PodDisruptionBudget},
    };

    fn tight() -> Scene {
        scene().deployment("shop", "api", 2).edit(|snapshot| {
            let selector = LabelSelector {
                match_labels: [("app".to_owned(), "api".to_owned())].into(),
                ..LabelSelector::default()
            };
            snapshot.disruption_budgets.items.push(PodDisruptionBudget {
                metadata: Metadata { name: "api".into(), namespace: "shop".into(), ..Metadata::default() },
                spec: BudgetSpec { selector, ..BudgetSpec::default() },
                status: BudgetStatus {
                    current_healthy: 2,
                    desired_healthy: 2,
                    expected_pods: 2,
                    ..BudgetStatus::default()
                },
            });
        })
    }

    #[test]
    fn a_refused_eviction_names_the_budget() {
        tight()
            .event(
                "Pod shop/api-rs1-0",
                "FailedEviction",
                "Cannot evict pod as it would violate the pod's disruption budget.",
            )
            .expect("pdb-blocks-eviction", "PodDisruptionBudget shop/api");
    }

    #[test]
    fn a_tight_budget_that_nobody_ran_into_is_healthy() {
        tight().expect_healthy();
    }
}
