//! pod-cpu-overload: one application's pods use up their CPU.
//!
//! Its CPU use rises far above its past up to its limit, it is throttled
//! (<https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run>), and it
//! answers slowly; those that call it answer slowly too. Mistaken for a slow network (there CPU use falls, since pods wait) and
//! for plain growth of traffic (there requests rise as CPU does).

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, Signal, SignalKind, signals},
    model::ObjectRef,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("pod-cpu-overload", Category::Performance)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let signals = signals(case.view);
    let mut by_workload: BTreeMap<&ObjectRef, BTreeMap<SignalKind, &Signal<'_>>> = BTreeMap::new();
    for signal in signals.iter().filter(|signal| case.view.workload(&signal.object).is_some()) {
        by_workload.entry(&signal.object).or_default().insert(signal.kind, signal);
    }
    for (object, of) in by_workload {
        let rises = |kind: SignalKind, times: f64| of.get(&kind).filter(|signal| signal.ratio >= times).copied();
        let cpu = rises(SignalKind::Cpu, 2.0);
        let throttled = rises(SignalKind::Throttling, 3.0).filter(|it| it.is_alert() || it.after > 0.2);
        // Use measured over few points wanders; by itself it has to be an alert, or come with throttling.
        let (Some(main), strength) = (match (cpu, throttled) {
            (Some(cpu), Some(_)) => (Some(cpu), 0.95),
            (None, Some(throttled)) => (Some(throttled), 0.75),
            (Some(cpu), None) if cpu.is_alert() || cpu.ratio > 4.0 && near_limit(case, object, cpu.after) => {
                (Some(cpu), 0.75)
            }
            _ => (None, 0.0),
        }) else {
            continue;
        };
        let busier = of.get(&SignalKind::Throughput).is_some_and(|it| it.ratio > 1.5 && it.ratio > main.ratio * 0.5);
        let latency = rises(SignalKind::Latency, 1.5);
        let evidence: Vec<_> =
            [cpu, throttled, latency].into_iter().flatten().map(|signal| signal.cite(case)).collect();
        let finding = Finding::new(&CAUSES[0], object)
            .strength(if busier { strength - 0.2 } else { strength })
            .summary("its pods use up their CPU")
            .because(evidence)
            .since(main.since)
            .check(Kubectl::top_pods(&object.namespace))
            .check(Kubectl::describe(object))
            .action(ActionKind::Scale, Risk::Medium, "more pods share the work")
            .action(ActionKind::Resize, Risk::Medium, "a higher CPU limit ends the throttling");
        case.find(finding);
    }
}

/// Whether use comes near the CPU limit of the workload's pods together.
fn near_limit(case: &Case<'_, '_>, object: &ObjectRef, cores: f64) -> bool {
    let Some(workload) = case.view.workload(object) else { return false };
    let limits = workload.template.containers.iter().map(|it| it.resources.limits.get("cpu").and_then(|it| it.value()));
    let Some(limit) = limits.sum::<Option<f64>>() else { return false };
    cores > 0.7 * limit * f64::from(workload.desired.max(1))
}

#[cfg(test)]
mod tests {
    use crate::{diagnosis::testkit::scene, model::Quantity, snapshot::SeriesKind};

    fn values(quiet: f64, loud: f64) -> Vec<f64> {
        [vec![quiet; 14], vec![loud; 8]].concat()
    }

    #[test]
    fn a_throttled_pod_is_the_cause_of_its_callers_slowness() {
        scene()
            .deployment("shop", "front", 1)
            .deployment("shop", "api", 1)
            .service("shop", "api", 8080)
            .template("shop", "front", |spec| {
                let variable = crate::model::EnvVar {
                    name: "API".into(),
                    value: Some("http://api:8080".into()),
                    ..Default::default()
                };
                spec.containers[0].env.push(variable);
            })
            .template("shop", "api", |spec| {
                spec.containers[0].resources.limits.insert("cpu".into(), Quantity::new("200m"));
            })
            .metric(SeriesKind::Service, "api", "cpu", &values(0.03, 0.19))
            .metric(SeriesKind::Service, "api", "cpu_cfs", &values(0.0, 0.8))
            .metric(SeriesKind::Service, "api", "p95latency", &values(5.0, 90.0))
            .metric(SeriesKind::Service, "front", "p95latency", &values(20.0, 110.0))
            .expect("pod-cpu-overload", "Deployment shop/api");
    }

    #[test]
    fn ordinary_wandering_is_not_overload() {
        scene()
            .deployment("shop", "api", 1)
            .metric(SeriesKind::Service, "api", "cpu", &values(0.03, 0.05))
            .metric(SeriesKind::Service, "api", "cpu_cfs", &values(0.0, 0.01))
            .expect_healthy();
    }
}
