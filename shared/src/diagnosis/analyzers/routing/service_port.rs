//! service-port-mapping-mismatch, service-protocol-mismatch: a Service sends traffic to a port, or in a protocol, that its
//! pods do not serve.
//!
//! `targetPort` is a number or the name of a container port, `protocol` is TCP unless written otherwise
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service>). The selector is right, endpoints are
//! there and ready, and connections are refused. Easily mistaken for a workload that is down. What containers declare is only
//! a declaration, so a contradiction counts where somebody suffers from it; probes that pass tell of ports that are served
//! without being declared.

use std::collections::BTreeSet;

use super::super::harm;
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, ServiceView, View},
    model::{Container, IntOrString, Probe, ServicePort},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("service-port-mapping-mismatch", Category::Routing),
    CauseSpec::root("service-protocol-mismatch", Category::Routing),
];

/// A port with its protocol, in capitals.
type Served = (i32, String);

enum Contradiction {
    /// The target is no port of the pods.
    Port(String),
    /// The port is served in another protocol.
    Protocol(String),
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    // A headless Service leads to the pods themselves, on whatever port is asked.
    let maps = |service: &&ServiceView<'_>| service.selects() && service.service.spec.cluster_ip != "None";
    for service in view.services().iter().filter(maps).filter(|service| !service.workloads.is_empty()) {
        for port in &service.service.spec.ports {
            examine_port(case, service, port);
        }
    }
}

fn examine_port(case: &mut Case<'_, '_>, service: &ServiceView<'_>, port: &ServicePort) {
    let view = case.view;
    let works = service.probes.iter().any(|probe| probe.port == port.port && probe.ok);
    let Some(contradiction) = contradiction(view, service, port).filter(|_| !works) else { return };
    let object = service.object();
    let harm = harm::of_port(case, service, Some(port.port));
    let up = view.workloads_behind(service).any(|workload| workload.ready > 0);
    let strength = match (harm.is_seen(), up) {
        (true, true) => 0.97,
        (true, false) => 0.75,
        // A contradiction that nobody suffers from may be asleep for years.
        (false, _) if view.trigger.name.is_empty() => return,
        (false, _) => 0.45,
    };
    let (spec, what) = match &contradiction {
        Contradiction::Port(what) => (&CAUSES[0], what),
        Contradiction::Protocol(what) => (&CAUSES[1], what),
    };
    let target = port.target_port.as_ref().map_or(port.port.to_string(), ToString::to_string);
    let text = format!("port {} targets {target} in {}", port.port, protocol(&port.protocol));
    let mut evidence: Vec<EvidenceId> = vec![case.spec(&object, text)];
    for workload in view.workloads_behind(service).take(2) {
        evidence.push(
            case.spec(&workload.object, format!("container ports {}", list(&declared(&workload.template.containers)))),
        );
    }
    evidence.extend(harm.evidence);
    let finding = Finding::new(spec, &object)
        .strength(strength)
        .summary(format!("port {} of the Service leads nowhere: {what}", port.port))
        .fact("port", port.port.to_string())
        .fact("target", target)
        .fact("protocol", protocol(&port.protocol))
        .because(evidence)
        .explains(harm.callers)
        .check(Kubectl::get(&object))
        .check(Kubectl::pods_with(&object.namespace, &service.service.spec.selector))
        .action(ActionKind::Manual, Risk::Low, format!("correct the Service's port: {what}"));
    case.find(finding);
}

fn contradiction(view: &View<'_>, service: &ServiceView<'_>, port: &ServicePort) -> Option<Contradiction> {
    let workloads: Vec<_> = view.workloads_behind(service).collect();
    // What is injected when a pod is made, only the pod has.
    let containers: Vec<&Container> = workloads
        .iter()
        .flat_map(|workload| workload.template.containers.iter().chain(&workload.template.init_containers))
        .chain(service.pods.iter().flat_map(|pod| pod.spec.containers.iter().chain(&pod.spec.init_containers)))
        .collect();
    let wanted = protocol(&port.protocol);
    let all: BTreeSet<Served> = containers
        .iter()
        .flat_map(|container| &container.ports)
        .map(|port| (port.container_port, protocol(&port.protocol)))
        .collect();
    let number = match &port.target_port {
        Some(IntOrString::Text(name)) if name.parse::<i32>().is_err() => {
            let named: Vec<_> = containers.iter().flat_map(|it| &it.ports).filter(|it| it.name == *name).collect();
            return match named.first() {
                None => Some(Contradiction::Port(format!("no container port is named {name}"))),
                Some(_) if named.iter().any(|it| protocol(&it.protocol) == wanted) => None,
                Some(first) => {
                    Some(Contradiction::Protocol(format!("{name} is served in {}", protocol(&first.protocol))))
                }
            };
        }
        Some(IntOrString::Text(number)) => number.parse().ok()?,
        Some(IntOrString::Int(number)) => *number,
        None => port.port,
    };
    if all.contains(&(number, wanted.clone())) {
        return None;
    }
    if let Some((_, served)) = all.iter().find(|(other, _)| *other == number) {
        return Some(Contradiction::Protocol(format!("{number} is served in {served}, not in {wanted}")));
    }
    let probed: BTreeSet<i32> = containers.iter().flat_map(|container| probed(container)).collect();
    if probed.contains(&number) {
        return (wanted != "TCP")
            .then(|| Contradiction::Protocol(format!("{number} is served in TCP, not in {wanted}")));
    }
    let known: BTreeSet<i32> = all.iter().map(|(number, _)| *number).chain(probed).collect();
    (!known.is_empty()).then(|| {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        Contradiction::Port(format!("it targets {number}, the pods serve {}", known.join(", ")))
    })
}

/// Ports that a container's probes ask.
fn probed(container: &Container) -> Vec<i32> {
    let number = |port: &IntOrString| match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::Text(_) => None,
    };
    let of = |probe: &Probe| {
        let http = probe.http_get.as_ref().and_then(|it| number(&it.port));
        let tcp = probe.tcp_socket.as_ref().and_then(|it| number(&it.port));
        http.or(tcp).or(probe.grpc.as_ref().map(|it| it.port))
    };
    [&container.liveness_probe, &container.readiness_probe].into_iter().flatten().filter_map(|it| of(it)).collect()
}

fn protocol(written: &str) -> String {
    if written.is_empty() { "TCP".to_owned() } else { written.to_ascii_uppercase() }
}

fn declared(containers: &[Container]) -> BTreeSet<Served> {
    containers.iter().flat_map(|it| &it.ports).map(|port| (port.container_port, protocol(&port.protocol))).collect()
}

fn list(ports: &BTreeSet<Served>) -> String {
    let words: Vec<String> = ports.iter().map(|(number, protocol)| format!("{number}/{protocol}")).collect();
    if words.is_empty() { "not declared".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{IntOrString, ServicePort},
    };

    fn shop(edit: impl FnOnce(&mut ServicePort)) -> Scene {
        scene()
            .deployment("shop", "ledger", 1)
            .service("shop", "ledger", 80)
            .edit_service("shop", "ledger", |service| {
                service.spec.ports[0].target_port = Some(IntOrString::Int(8080));
                edit(&mut service.spec.ports[0]);
            })
            .deployment("shop", "api", 2)
    }

    fn refused(scene: Scene) -> Scene {
        scene.log("shop", "api", "2026-03-01T11:59:00Z ERROR dial tcp ledger:80: connect: connection refused\n")
    }

    #[test]
    fn a_target_port_that_no_container_has_is_named() {
        refused(shop(|port| port.target_port = Some(IntOrString::Int(9090))))
            .expect("service-port-mapping-mismatch", "Service shop/ledger");
    }

    #[test]
    fn a_target_by_a_name_that_no_port_has_is_named() {
        refused(shop(|port| port.target_port = Some(IntOrString::Text("http".into()))))
            .expect("service-port-mapping-mismatch", "Service shop/ledger");
    }

    #[test]
    fn a_port_in_the_wrong_protocol_is_named() {
        refused(shop(|port| port.protocol = "UDP".into())).expect("service-protocol-mismatch", "Service shop/ledger");
    }

    #[test]
    fn a_contradiction_from_which_nobody_suffers_is_no_cause() {
        shop(|port| port.target_port = Some(IntOrString::Int(9090))).expect_healthy();
    }

    #[test]
    fn calls_that_are_refused_by_a_workload_that_is_down_have_another_cause() {
        refused(shop(|_| {})).crashing("shop", "ledger", 1, "Error").expect_not("service-port-mapping-mismatch");
    }
}
