//! hpa-cannot-scale and hpa-at-maximum: an autoscaler that should add pods does not.
//!
//! It cannot when it reads no metric (`ScalingActive=False`) or may not write its target (`AbleToScale=False`); it may not when it
//! is at `maxReplicas` (`ScalingLimited=True`, reason `TooManyReplicas`)
//! (<https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>). At the maximum is where many autoscalers live:
//! it is a cause only where the load is above the target all the same and answers are slow. `ScalingDisabled` is somebody's wish (the target
//! is at zero) and no fault. Easily mistaken for pods that wait for nodes: those it did ask for.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, SignalKind, signals},
    model::{HorizontalPodAutoscaler, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("hpa-cannot-scale", Category::Scaling),
    CauseSpec::mechanism("hpa-at-maximum", Category::Scaling),
];

/// Metrics of a new target take a few minutes to arrive.
const PATIENCE_MINUTES: i64 = 5;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for autoscaler in case.view.snapshot.autoscalers.iter() {
        cannot(case, autoscaler);
        at_maximum(case, autoscaler);
    }
}

fn target(case: &Case<'_, '_>, autoscaler: &HorizontalPodAutoscaler) -> Option<ObjectRef> {
    let workload = case.view.workload_named(autoscaler.namespace(), &autoscaler.spec.scale_target_ref.name)?;
    Some(workload.object.clone())
}

fn cannot(case: &mut Case<'_, '_>, autoscaler: &HorizontalPodAutoscaler) {
    let view = case.view;
    let blocked = autoscaler.status.conditions.iter().find(|condition| {
        matches!(condition.type_.as_str(), "ScalingActive" | "AbleToScale")
            && condition.status == "False"
            && condition.reason != "ScalingDisabled"
            && condition.reason != "BackoffBoth"
            && !view.within(condition.last_transition_time, PATIENCE_MINUTES)
    });
    let Some(condition) = blocked else { return };
    let object = autoscaler.reference();
    let text = format!("{} is False ({}): {}", condition.type_, condition.reason, condition.message);
    let evidence = case.status(&object, condition.last_transition_time, text);
    let finding = Finding::new(&CAUSES[0], &object)
        .strength(0.75)
        .summary(format!("the autoscaler cannot scale: {}", condition.reason))
        .fact("reason", condition.reason.clone())
        .because([evidence])
        .explains(target(case, autoscaler))
        .since(condition.last_transition_time)
        .check(Kubectl::describe(&object))
        .check(Kubectl::top_pods(autoscaler.namespace()))
        .action(
            ActionKind::Manual,
            Risk::Low,
            "make its metric available: metrics-server, requests on the pods, or the adapter",
        );
    case.find(finding);
}

fn at_maximum(case: &mut Case<'_, '_>, autoscaler: &HorizontalPodAutoscaler) {
    let limited = autoscaler
        .status
        .conditions
        .iter()
        .find(|it| it.type_ == "ScalingLimited" && it.status == "True" && it.reason == "TooManyReplicas");
    let full = autoscaler.spec.max_replicas > 0 && autoscaler.status.current_replicas >= autoscaler.spec.max_replicas;
    let (Some(limited), true) = (limited, full) else { return };
    let Some(target) = target(case, autoscaler) else { return };
    let strained = signals(case.view).into_iter().find(|signal| {
        signal.object == target
            && (signal.kind == SignalKind::Latency && signal.ratio >= 2.0
                || signal.kind == SignalKind::Throttling && signal.ratio >= 3.0)
    });
    let Some(strain) = strained else { return };
    let object = autoscaler.reference();
    let text = format!(
        "{} of at most {} replicas: {}",
        autoscaler.status.current_replicas, autoscaler.spec.max_replicas, limited.message
    );
    let evidence = [case.status(&object, limited.last_transition_time, text), strain.cite(case)];
    let finding = Finding::new(&CAUSES[1], &object)
        .strength(0.7)
        .summary(format!("the autoscaler is at its maximum of {} replicas", autoscaler.spec.max_replicas))
        .fact("maximum", autoscaler.spec.max_replicas.to_string())
        .because(evidence)
        .explains([target])
        .since(limited.last_transition_time)
        .check(Kubectl::describe(&object))
        .action(ActionKind::AdjustHpa, Risk::Medium, "raise maxReplicas by at most half");
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, at, scene},
        model::{Condition, HorizontalPodAutoscaler, HpaSpec, HpaStatus, Metadata, ScaleTargetRef},
        snapshot::SeriesKind,
    };

    fn with(type_: &str, status: &str, reason: &str) -> Scene {
        let (type_, status, reason) = (type_.to_owned(), status.to_owned(), reason.to_owned());
        scene().deployment("shop", "api", 4).edit(move |snapshot| {
            snapshot.autoscalers.items.push(HorizontalPodAutoscaler {
                metadata: Metadata { name: "api".into(), namespace: "shop".into(), ..Metadata::default() },
                spec: HpaSpec {
                    scale_target_ref: ScaleTargetRef {
                        kind: "Deployment".into(),
                        name: "api".into(),
                        ..ScaleTargetRef::default()
                    },
                    max_replicas: 4,
                    ..HpaSpec::default()
                },
                status: HpaStatus {
                    current_replicas: 4,
                    desired_replicas: 4,
                    conditions: vec![Condition {
                        type_,
                        status,
                        reason,
                        last_transition_time: Some(at("11:00:00")),
                        ..Condition::default()
                    }],
                    ..HpaStatus::default()
                },
            });
        })
    }

    #[test]
    fn an_autoscaler_without_metrics_cannot_scale() {
        with("ScalingActive", "False", "FailedGetResourceMetric")
            .expect("hpa-cannot-scale", "HorizontalPodAutoscaler shop/api");
        with("ScalingActive", "False", "ScalingDisabled").expect_healthy();
    }

    #[test]
    fn the_maximum_is_a_cause_only_where_it_hurts() {
        let slow = [vec![10.0; 14], vec![60.0; 8]].concat();
        with("ScalingLimited", "True", "TooManyReplicas").expect_healthy();
        with("ScalingLimited", "True", "TooManyReplicas")
            .metric(SeriesKind::Service, "api", "p95latency", &slow)
            .expect_among("hpa-at-maximum", "HorizontalPodAutoscaler shop/api");
    }
}
