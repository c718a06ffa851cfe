//! node-cpu-overload and noisy-neighbour: a node has no CPU left, and who took it.
//!
//! A node's CPU use is at what it can allocate while pods on it answer slowly or fail their probes. Where one workload's use has
//! leapt and makes up half of the node's, it is the noisy neighbour and what must be changed (a limit, or a node of its
//! own); else the node is simply asked for too much
//! (<https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>). Mistaken for overload of the pods that
//! suffer, whose own use is as usual.

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, Signal, SignalKind, is_ready, median, signals,
    },
    model::{Node, Object, ObjectRef},
    snapshot::SeriesKind,
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::mechanism("node-cpu-overload", Category::Performance),
    CauseSpec::root("noisy-neighbour", Category::Performance),
];

/// Share of the allocatable CPU from which waiting begins.
const FULL: f64 = 0.9;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let signals = signals(view);
    for node in view.snapshot.nodes.iter() {
        let Some((used, allocatable)) = cores_used(case, node) else { continue };
        if used < FULL * allocatable {
            continue;
        }
        let victims: Vec<ObjectRef> = view
            .pods_on(node.name())
            .filter_map(|pod| Some((pod, view.workload_of_pod(pod.namespace(), pod.name())?)))
            .filter(|(pod, workload)| {
                let slow =
                    |it: &Signal<'_>| it.kind == SignalKind::Latency && it.ratio >= 2.0 && it.object == workload.object;
                !is_ready(pod) || signals.iter().any(slow)
            })
            .map(|(_, workload)| workload.object.clone())
            .collect();
        if victims.is_empty() {
            continue;
        }
        let object = node.reference();
        let text = format!("CPU use {used:.1} of {allocatable:.1} allocatable cores");
        let evidence = case.metric(&object, None, text);
        let neighbour = signals
            .iter()
            .filter(|it| it.kind == SignalKind::Cpu && it.ratio >= 3.0 && it.after >= 0.5 * allocatable)
            .find(|it| {
                view.workload(&it.object).is_some_and(|of| of.live_pods().any(|pod| pod.spec.node_name == node.name()))
            });
        if let Some(signal) = neighbour {
            let grew = signal.cite(case);
            let finding = Finding::new(&CAUSES[1], &signal.object)
                .strength(0.85)
                .summary(format!("it takes the CPU of its neighbours on {}", node.name()))
                .fact("node", node.name())
                .because([grew, evidence.clone()])
                .explains(victims.iter().cloned().chain([object.clone()]))
                .since(signal.since)
                .check(Kubectl::top_pods(&signal.object.namespace))
                .check(Kubectl::describe(&object))
                .action(ActionKind::Resize, Risk::Medium, "a CPU limit, or requests that keep others off its node");
            case.find(finding);
        }
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(0.8)
            .summary("the node has no CPU left")
            .because([evidence])
            .explains(victims)
            .check(Kubectl::top_nodes())
            .check(Kubectl::describe(&object))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it")
            .action(ActionKind::Drain, Risk::Medium, "move some of its pods to nodes with CPU to spare");
        case.find(finding);
    }
}

/// Cores in use (the median of the last five readings) and cores allocatable.
fn cores_used(case: &Case<'_, '_>, node: &Node) -> Option<(f64, f64)> {
    let allocatable = node.status.allocatable.get("cpu")?.value()?;
    let series = case.view.series(SeriesKind::Node, node.name(), "cpu")?;
    // Some exporters record percent; their memory then is no byte count either.
    let memory = case.view.series(SeriesKind::Node, node.name(), "mem").and_then(|series| series.points.last());
    let percent = memory.is_some_and(|point| point.1 <= 100.0);
    let last: Vec<f64> = series.points.iter().rev().take(5).map(|point| point.1).collect();
    let value = median(&last);
    Some((if percent { value / 100.0 * allocatable } else { value }, allocatable))
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        snapshot::SeriesKind,
    };

    fn values(quiet: f64, loud: f64) -> Vec<f64> {
        [vec![quiet; 14], vec![loud; 8]].concat()
    }

    fn shop() -> Scene {
        scene().deployment("shop", "api", 1).deployment("batch", "crunch", 1).metric(
            SeriesKind::Service,
            "api",
            "p95latency",
            &values(10.0, 60.0),
        )
    }

    #[test]
    fn the_workload_that_took_the_cpu_is_named_before_its_node() {
        shop()
            .metric(SeriesKind::Node, "node-a", "cpu", &values(0.8, 3.9))
            .metric(SeriesKind::Service, "crunch", "cpu", &values(0.3, 3.2))
            .expect_among("noisy-neighbour", "Deployment batch/crunch");
    }

    #[test]
    fn a_node_with_cpu_to_spare_is_not_overloaded() {
        shop().metric(SeriesKind::Node, "node-a", "cpu", &values(0.8, 2.0)).expect_not("node-cpu-overload");
        shop()
            .metric(SeriesKind::Node, "node-a", "cpu", &values(3.0, 3.9))
            .metric(SeriesKind::Node, "node-a", "mem", &values(30.0, 31.0))
            .expect_not("node-cpu-overload");
    }
}
