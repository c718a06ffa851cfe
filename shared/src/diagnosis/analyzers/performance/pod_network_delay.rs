//! pod-network-delay: packets of one application's pods are delayed.
//!
//! It answers many times more slowly than before while it uses no more CPU (it waits), often with fewer requests served and
//! failures in those that call it. Of all that became slow, the cause is where the slowness begins: a workload whose own
//! dependencies answer as usual. Its callers are slow because of it, and however much they slow down themselves they are its
//! victims. Mistaken for CPU overload (there CPU use rises) and for a node's network (there several workloads that do
//! not depend on one another slow down together, see `node_network`). Which of four signals moves is what tells them apart:
//! <https://sre.google/sre-book/monitoring-distributed-systems/#xref_monitoring_golden-signals>.

use crate::diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, slowness::Slowness};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("pod-network-delay", Category::Performance)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let slowness = Slowness::of(case.view);
    let Some(worst) = slowness.origins().map(|origin| origin.latency.ratio).reduce(f64::max) else { return };
    for origin in slowness.origins() {
        // Busy, not waiting: that is another cause's to tell.
        if origin.is_busy() {
            continue;
        }
        let share = (origin.latency.ratio / worst).clamp(0.0, 1.0);
        // Tens of times slower without work is the network; a few times slower may be anything.
        let certainty = match origin.latency.ratio {
            ratio if ratio >= 20.0 => 0.9,
            ratio if ratio >= 8.0 => 0.75,
            ratio if ratio >= 3.0 => 0.5,
            _ => continue,
        };
        let mut evidence = vec![origin.latency.cite(case)];
        evidence.extend(origin.fall().map(|signal| signal.cite(case)));
        let object = &origin.object;
        let text = match slowness.callers_of(object) {
            0 => "it is slow and nothing it depends on is".to_owned(),
            callers => format!("it is slow, nothing it depends on is, and {callers} of its callers are"),
        };
        evidence.push(case.status(object, origin.latency.since, text));
        let finding = Finding::new(&CAUSES[0], object)
            .strength(certainty * (0.75 + 0.25 * share))
            .summary("its network is slow: it waits and uses no more CPU")
            .because(evidence)
            .since(origin.latency.since)
            .check(Kubectl::describe(object))
            .check(Kubectl::top_pods(&object.namespace))
            .action(
                ActionKind::RestartRollout,
                Risk::Medium,
                "new pods start with a new network interface, perhaps elsewhere",
            );
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::EnvVar,
        snapshot::SeriesKind,
    };

    fn values(quiet: f64, loud: f64) -> Vec<f64> {
        [vec![quiet; 14], vec![loud; 8]].concat()
    }

    fn calls(scene: Scene, from: &str, to: &str) -> Scene {
        let value = format!("http://{to}:8080");
        scene.template("shop", from, |spec| {
            let name = format!("{}_URL", to.to_uppercase());
            spec.containers[0].env.push(EnvVar { name, value: Some(value.clone()), ..EnvVar::default() });
        })
    }

    fn shop() -> Scene {
        let scene = ["front", "api", "ledger"]
            .into_iter()
            .fold(scene(), |scene, name| scene.deployment("shop", name, 1).service("shop", name, 8080));
        calls(calls(scene, "front", "api"), "api", "ledger")
    }

    #[test]
    fn slowness_is_blamed_on_where_it_begins() {
        shop()
            .metric(SeriesKind::Service, "ledger", "p95latency", &values(4.0, 900.0))
            .metric(SeriesKind::Service, "api", "p95latency", &values(10.0, 3000.0))
            .metric(SeriesKind::Service, "front", "p95latency", &values(20.0, 3100.0))
            .expect("pod-network-delay", "Deployment shop/ledger");
    }

    #[test]
    fn a_busy_pod_does_not_wait_for_its_network() {
        shop()
            .metric(SeriesKind::Service, "ledger", "p95latency", &values(4.0, 90.0))
            .metric(SeriesKind::Service, "ledger", "cpu", &values(0.05, 0.4))
            .metric(SeriesKind::Service, "ledger", "cpu_cfs", &values(0.0, 0.7))
            .expect("pod-cpu-overload", "Deployment shop/ledger");
    }
}
