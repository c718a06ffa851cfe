//! node-network-delay and node-network-packet-loss: the network of a whole node is slow, or loses packets.
//!
//! Lost packets are sent again, so the node's TCP retransmissions leap above their past while answers become some ten times
//! slower. Delay shows little of that (a few segments time out and are sent again) but makes every conversation with the node
//! slow: answers take seconds, and as all callers wait, requests fall everywhere. The node is told by its
//! retransmissions, else by having several workloads slow that do not depend on one another, while other nodes have none.
//! The counter is node_exporter's `node_netstat_Tcp_RetransSegs`
//! (<https://github.com/prometheus/node_exporter>). Mistaken for one application's network (`pod_network_delay`).

use std::collections::BTreeMap;

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, Signal, SignalKind, signals,
        slowness::Slowness,
    },
    model::{Kind, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("node-network-delay", Category::Infrastructure),
    CauseSpec::root("node-network-packet-loss", Category::Infrastructure),
];

/// Answers this many times slower than usual are no longer explained by a few lost packets.
const DELAYED: f64 = 100.0;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let signals = signals(view);
    let slowness = Slowness::of(view);
    // Where alerts watch the cluster, a rise that crossed no threshold is the echo of somebody else's slow network.
    let watched = signals.iter().any(Signal::is_alert);
    let retransmitting: Vec<&Signal<'_>> = signals
        .iter()
        .filter(|it| it.kind == SignalKind::Retransmission && it.object.kind == Kind::Node && it.ratio >= 4.0)
        .filter(|it| it.is_alert() || !watched)
        .collect();
    let slow_by = signals.iter().filter(|it| it.kind == SignalKind::Latency).map(|it| it.ratio).fold(0.0, f64::max);
    let falls = |kind: SignalKind| signals.iter().filter(|it| it.kind == kind && it.ratio < 0.7).count();
    let fallen = falls(SignalKind::Throughput).max(falls(SignalKind::Traffic));
    let served = view.services().iter().filter(|service| !service.workloads.is_empty()).count();
    let everywhere = fallen * 2 >= served.max(2);

    if let Some(worst) = retransmitting.iter().max_by(|a, b| a.after.total_cmp(&b.after)) {
        let delayed = slow_by >= DELAYED && everywhere;
        let alone = retransmitting.iter().all(|it| it.object == worst.object || it.after * 3.0 < worst.after);
        let spec = if delayed { &CAUSES[0] } else { &CAUSES[1] };
        let strength = match (slow_by >= 3.0, alone) {
            (true, true) => 0.95,
            (true, false) => 0.8,
            (false, _) => 0.6,
        };
        let mut evidence = vec![worst.cite(case)];
        evidence.extend(slow_on(case, &slowness, &worst.object.name));
        report(case, spec, &worst.object, strength, evidence);
        return;
    }

    // No retransmissions known: independent slowness that has nothing but the node in common. Workloads count whose slow
    // callers are known; of the others nobody can say that they do not depend on one another.
    let mut beginnings: BTreeMap<&str, usize> = BTreeMap::new();
    let origins: Vec<ObjectRef> = slowness
        .origins()
        .filter(|it| !it.is_busy() && slowness.callers_of(&it.object) > 0)
        .map(|it| it.object.clone())
        .collect();
    for node in view.snapshot.nodes.iter() {
        let here = slowness.on_node(view, node.name()).filter(|it| origins.contains(&it.object)).count();
        beginnings.insert(node.name(), here);
    }
    let most = beginnings.values().copied().max().unwrap_or(0);
    let leading: Vec<&str> = beginnings.iter().filter(|(_, count)| **count == most).map(|(node, _)| *node).collect();
    if let ([node], true) = (leading.as_slice(), most >= 2 && everywhere && slow_by >= 20.0) {
        let object = ObjectRef::new(Kind::Node, "", *node);
        let text =
            format!("{most} workloads on it are slow that do not depend on one another, more than on any other node");
        let mut evidence = vec![case.status(&object, None, text)];
        evidence.extend(slow_on(case, &slowness, node));
        report(case, &CAUSES[0], &object, 0.92, evidence);
    }
}

fn slow_on(case: &mut Case<'_, '_>, slowness: &Slowness<'_>, node: &str) -> Vec<EvidenceId> {
    let view = case.view;
    slowness.on_node(view, node).take(3).map(|slow| slow.latency.cite(case)).collect()
}

fn report(case: &mut Case<'_, '_>, spec: &CauseSpec, node: &ObjectRef, strength: f64, evidence: Vec<EvidenceId>) {
    let summary = match spec.id {
        "node-network-packet-loss" => "the node's network loses packets",
        _ => "the node's network is slow",
    };
    // A conversation has two ends: callers and callees on other nodes suffer as well.
    let view = case.view;
    let suffering: Vec<ObjectRef> =
        signals(view).into_iter().filter(|it| !it.object.name.is_empty()).map(|it| it.object).collect();
    let finding = Finding::new(spec, node)
        .strength(strength)
        .summary(summary)
        .because(evidence)
        .explains(suffering)
        .check(Kubectl::describe(node))
        .check(Kubectl::top_nodes())
        .action(ActionKind::Cordon, Risk::Low, "keep new pods off it while it is looked into")
        .action(ActionKind::Drain, Risk::Medium, "move its pods to nodes with a sound network");
    case.find(finding);
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
        let names = ["front", "api", "ledger", "stock"];
        let scene = names
            .into_iter()
            .fold(scene(), |scene, name| scene.deployment("shop", name, 1).service("shop", name, 8080));
        names.into_iter().fold(scene, |scene, name| {
            let node = if matches!(name, "ledger" | "stock") { "node-b" } else { "node-a" };
            scene.edit_pods("shop", name, |pod| pod.spec.node_name = node.into())
        })
    }

    #[test]
    fn a_node_that_sends_again_what_was_lost_loses_packets() {
        shop()
            .metric(SeriesKind::Node, "node-b", "tcp_retrans", &values(0.0, 8.0))
            .metric(SeriesKind::Node, "node-a", "tcp_retrans", &values(0.1, 0.7))
            .metric(SeriesKind::Service, "ledger", "p95latency", &values(5.0, 50.0))
            .metric(SeriesKind::Service, "front", "p95latency", &values(20.0, 130.0))
            .expect("node-network-packet-loss", "Node node-b");
    }

    #[test]
    fn independent_slowness_on_one_node_is_its_networks() {
        ["front", "api", "ledger", "stock"]
            .into_iter()
            .fold(shop(), |scene, name| scene.metric(SeriesKind::Service, name, "rps", &values(10.0, 4.0)))
            .metric(SeriesKind::Service, "ledger", "p95latency", &values(5.0, 900.0))
            .metric(SeriesKind::Service, "stock", "p95latency", &values(5.0, 800.0))
            .metric(SeriesKind::Service, "front", "p95latency", &values(20.0, 950.0))
            .template("shop", "front", |spec| {
                for name in ["ledger", "stock"] {
                    let value = Some(format!("http://{name}:8080"));
                    let variable = crate::model::EnvVar { name: name.into(), value, ..Default::default() };
                    spec.containers[0].env.push(variable);
                }
            })
            .expect("node-network-delay", "Node node-b");
    }

    #[test]
    fn one_slow_workload_is_its_own() {
        shop()
            .metric(SeriesKind::Service, "ledger", "p95latency", &values(5.0, 900.0))
            .expect("pod-network-delay", "Deployment shop/ledger");
    }
}
