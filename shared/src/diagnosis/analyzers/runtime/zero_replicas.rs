//! deployment-zero-replicas: a workload is scaled to zero while others call it.
//!
//! `spec.replicas: 0` is a valid wish, so zero alone is nothing: autoscalers make it (KEDA, Knative), and so do people who
//! retire a workload. It is a cause where callers suffer: connections to its Service fail, their logs say so, or an alert
//! names it (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment>). Easily mistaken for
//! a selector that meets no pod, since the Service has no endpoints either way, and for pods that cannot be made, where the
//! wish is not zero.

use super::super::harm;
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, View, Workload},
    model::Kind,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("deployment-zero-replicas", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let scales = matches!(workload.object.kind, Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet);
        if !scales || !workload.read || workload.desired > 0 || workload.live_pods().next().is_some() {
            continue;
        }
        examine_workload(case, workload);
    }
}

fn examine_workload(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    let mut evidence = vec![case.spec(&workload.object, "replicas: 0")];
    let scaled = view.events_about(workload).iter().rev().copied().find(|event| {
        event.reason == "ScalingReplicaSet"
            && event.message.starts_with("Scaled down")
            && event.message.contains("to 0")
            && view.within(event.last_seen(), 60)
    });
    evidence.extend(scaled.map(|event| case.event(event)));
    let (mut callers, mut unreachable, mut seen) = (Vec::new(), false, false);
    for service in view.services_of(workload) {
        let harm = harm::of_service(case, service);
        unreachable |= harm.unreachable;
        seen |= harm.is_seen();
        callers.extend(harm.callers);
        evidence.extend(harm.evidence);
    }
    let alarmed = view.trigger.workload.as_deref() == Some(workload.name());
    let strength = match (unreachable || !callers.is_empty() || alarmed, seen, is_autoscaled(view, workload)) {
        (true, _, false) => 0.96,
        (true, _, true) => 0.7,
        (false, true, false) => 0.85,
        _ => return,
    };
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary("scaled to zero while others call it".to_owned())
        .because(evidence)
        .explains(callers)
        .since(scaled.and_then(|event| event.last_seen()))
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::events(&workload.object))
        .action(ActionKind::Scale, Risk::Low, "scale it back to what it had");
    case.find(finding);
}

/// Whether an autoscaler may have scaled it to zero.
fn is_autoscaled(view: &View<'_>, workload: &Workload<'_>) -> bool {
    let targets = view.snapshot.autoscalers.in_namespace(workload.namespace()).any(|scaler| {
        let target = &scaler.spec.scale_target_ref;
        target.name == workload.name() && target.kind == workload.object.kind.as_str()
    });
    let noted = workload.metadata.annotations.keys().chain(workload.metadata.labels.keys());
    targets || noted.into_iter().any(|key| ["keda.sh", "knative.dev", "scaledobject"].iter().any(|it| key.contains(it)))
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::scene,
        model::{HorizontalPodAutoscaler, HpaSpec, Metadata, ScaleTargetRef},
    };

    #[test]
    fn a_workload_at_zero_that_others_call_is_named() {
        scene()
            .deployment("shop", "ledger", 0)
            .service("shop", "ledger", 8080)
            .deployment("shop", "api", 2)
            .log("shop", "api", "2026-03-01T11:59:00Z ERROR dial tcp ledger:8080: connect: connection refused\n")
            .expect("deployment-zero-replicas", "Deployment shop/ledger");
    }

    #[test]
    fn a_workload_at_zero_that_nobody_misses_is_as_it_should_be() {
        scene().deployment("shop", "ledger", 0).service("shop", "ledger", 8080).expect_healthy();
    }

    #[test]
    fn an_autoscaler_may_scale_to_zero() {
        scene()
            .deployment("shop", "ledger", 0)
            .service("shop", "ledger", 8080)
            .edit(|snapshot| {
                let target = ScaleTargetRef { kind: "Deployment".into(), name: "ledger".into(), ..Default::default() };
                snapshot.autoscalers.items.push(HorizontalPodAutoscaler {
                    metadata: Metadata { name: "ledger".into(), namespace: "shop".into(), ..Metadata::default() },
                    spec: HpaSpec { scale_target_ref: target, min_replicas: Some(0), ..HpaSpec::default() },
                    ..HorizontalPodAutoscaler::default()
                });
            })
            .expect_healthy();
    }

    #[test]
    fn pods_that_cannot_be_made_were_wanted() {
        scene()
            .deployment("shop", "ledger", 2)
            .without_pods("shop", "ledger")
            .service("shop", "ledger", 8080)
            .expect_not("deployment-zero-replicas");
    }
}
