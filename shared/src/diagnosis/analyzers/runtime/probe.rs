//! liveness-probe-incorrect-{port, protocol, timing}, readiness-probe-incorrect-{port, protocol}: a probe that fails for its
//! own fault, so that a container that works is killed or gets no traffic.
//!
//! The kubelet notes each failure (`Unhealthy`) and each kill (`Killing … failed liveness probe`)
//! (<https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>). Which fault it is, the
//! specification tells better than the message, since a gRPC probe says "failed to connect" of a closed port and of a server
//! that does not speak gRPC alike:
//!
//! - *port*: the probe asks a port that no container declares, no Service targets and the other probe does not ask;
//! - *protocol*: the port is right, and the answer is not of the probe's protocol, or the other probe gets on with it in
//!   another one;
//! - *timing*: port and protocol are right, and the container is killed before it could have started.
//!
//! Easily mistaken for a crash (a server that is told to stop may end with any code) and for an application that hangs: that
//! one ran well for a while before its probe failed. Startup probes count as liveness probes: both kill.

use std::collections::BTreeSet;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, View, Workload, is_live},
    model::{Container, Event, IntOrString, Object, Pod, PodSpec, Probe},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("liveness-probe-incorrect-port", Category::Runtime),
    CauseSpec::root("liveness-probe-incorrect-protocol", Category::Runtime),
    CauseSpec::root("liveness-probe-incorrect-timing", Category::Runtime),
    CauseSpec::root("readiness-probe-incorrect-port", Category::Runtime),
    CauseSpec::root("readiness-probe-incorrect-protocol", Category::Runtime),
];

/// Failures longer ago than this are history.
const RECENT_MINUTES: i64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Liveness,
    Startup,
    Readiness,
}

impl Role {
    const ALL: [Role; 3] = [Role::Liveness, Role::Startup, Role::Readiness];

    fn word(self) -> &'static str {
        match self {
            Role::Liveness => "liveness",
            Role::Startup => "startup",
            Role::Readiness => "readiness",
        }
    }

    fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Role::Liveness => container.liveness_probe.as_deref(),
            Role::Startup => container.startup_probe.as_deref(),
            Role::Readiness => container.readiness_probe.as_deref(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Port,
    Protocol,
    Timing,
}

/// How a probe asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Https,
    Tcp,
    Grpc,
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| !workload.is_job()) {
        for container in &workload.template.containers {
            for role in Role::ALL {
                if let Some(probe) = role.of(container) {
                    examine_probe(case, workload, container, role, probe);
                }
            }
        }
    }
}

fn examine_probe(case: &mut Case<'_, '_>, workload: &Workload<'_>, container: &Container, role: Role, probe: &Probe) {
    let view = case.view;
    let failures = failures(view, workload, container, role);
    let kills: Vec<&Event> = match role {
        Role::Readiness => Vec::new(),
        _ => kills(view, workload, container, role),
    };
    let hurts = match role {
        Role::Readiness => !failures.is_empty() && is_kept_out(workload, container),
        _ => !kills.is_empty() || (!failures.is_empty() && was_killed(view, workload, container)),
    };
    // Events expire, or may not be read. What a probe does to a container shows all the same, if less surely whose doing it is.
    let silent = !hurts && failures.is_empty() && workload.is_short();
    let does = match role {
        Role::Readiness => is_kept_out(workload, container),
        _ => was_killed(view, workload, container),
    };
    if !(hurts || silent && does) {
        return;
    }
    let Some((fault, mut strength, why)) = fault(view, workload, container, role, probe, &failures) else { return };
    if silent {
        strength = match (fault, role) {
            (Fault::Port, _) if strength >= 0.9 => 0.75,
            (Fault::Protocol, Role::Readiness) if strength >= 0.9 => 0.65,
            _ => return,
        };
    }
    let index = match (role, fault) {
        (Role::Readiness, Fault::Port) => 3,
        (Role::Readiness, Fault::Protocol) => 4,
        (Role::Readiness, Fault::Timing) => return,
        (_, Fault::Port) => 0,
        (_, Fault::Protocol) => 1,
        (_, Fault::Timing) => 2,
    };
    let mut evidence: Vec<EvidenceId> = vec![case.spec(&workload.object, describe(role, container, probe))];
    evidence.push(case.spec(&workload.object, &why));
    evidence.extend(failures.iter().rev().take(2).map(|event| case.event(event)));
    evidence.extend(kills.last().map(|event| case.event(event)));
    let first = failures.iter().chain(&kills).filter_map(|event| event.first_seen()).min();
    let finding = Finding::new(&CAUSES[index], &workload.object)
        .strength(strength)
        .summary(format!("the {} probe of container {} fails for its own fault: {why}", role.word(), container.name))
        .fact("container", &container.name)
        .fact("probe", role.word())
        .fact("port", target(probe).map_or(String::new(), |(_, port)| port.to_string()))
        .fact("protocol", target(probe).map_or("", |(way, _)| name(way)))
        .fact("served", served(view, workload).iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        .fact("delay", probe.initial_delay_seconds.unwrap_or(0).to_string())
        .fact("patience", patience(probe).to_string())
        .because(evidence)
        .since(first)
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::events(&workload.object))
        .action(ActionKind::Manual, Risk::Low, format!("correct the {} probe: {why}", role.word()));
    let finding = match workload.previous_template() {
        Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "if the probe came with the last rollout"),
        None => finding,
    };
    case.find(finding);
}

/// What the kubelet said of this probe on pods that still are, lately.
fn failures<'a>(view: &View<'a>, workload: &Workload<'_>, container: &Container, role: Role) -> Vec<&'a Event> {
    let word = role.word();
    let about = |event: &&&'a Event| {
        let message = event.message.to_ascii_lowercase();
        event.reason == "Unhealthy"
            && message.starts_with(&format!("{word} probe failed"))
            && (event.involved_object.field_path.is_empty()
                || event.involved_object.field_path.contains(&format!("{{{}}}", container.name)))
            && view.within(event.last_seen(), RECENT_MINUTES)
            && has_live_pod(workload, &event.involved_object.name)
    };
    view.events_about(workload).iter().filter(about).copied().collect()
}

/// Kills for this probe, lately.
fn kills<'a>(view: &View<'a>, workload: &Workload<'_>, container: &Container, role: Role) -> Vec<&'a Event> {
    let said = format!("failed {} probe", role.word());
    let about = |event: &&&'a Event| {
        event.reason == "Killing"
            && event.message.contains(&said)
            && event.message.contains(&container.name)
            && view.within(event.last_seen(), RECENT_MINUTES)
            && has_live_pod(workload, &event.involved_object.name)
    };
    view.events_about(workload).iter().filter(about).copied().collect()
}

fn has_live_pod(workload: &Workload<'_>, name: &str) -> bool {
    workload.live_pods().any(|pod| pod.name() == name)
}

/// Whether a pod runs the container and yet does not count as ready.
fn is_kept_out(workload: &Workload<'_>, container: &Container) -> bool {
    workload.live_pods().any(|pod| {
        pod.status.container_statuses.iter().any(|status| {
            let calm =
                status.last_state.terminated.as_ref().is_none_or(|ended| matches!(ended.exit_code, 0 | 137 | 143));
            status.name == container.name && !status.ready && status.state.running.is_some() && calm
        })
    })
}

/// Whether a container ended lately as one ends that is told to: by a signal, not out of memory.
fn was_killed(view: &View<'_>, workload: &Workload<'_>, container: &Container) -> bool {
    terminations(workload, container).any(|(_, ended)| {
        matches!(ended.exit_code, 137 | 143)
            && ended.reason != "OOMKilled"
            && view.within(ended.finished_at, RECENT_MINUTES)
    })
}

fn terminations<'a, 'w>(
    workload: &'w Workload<'a>,
    container: &'w Container,
) -> impl Iterator<Item = (&'a Pod, &'a crate::model::Terminated)> + use<'a, 'w> {
    workload.containers().filter(|(pod, status)| is_live(pod) && status.name == container.name).flat_map(
        |(pod, status)| {
            [&status.state.terminated, &status.last_state.terminated]
                .into_iter()
                .flatten()
                .map(move |ended| (pod, ended))
        },
    )
}

/// How and where a probe asks; `None` for commands.
fn target(probe: &Probe) -> Option<(Way, IntOrString)> {
    if let Some(http) = &probe.http_get {
        let way = if http.scheme.eq_ignore_ascii_case("https") { Way::Https } else { Way::Http };
        return Some((way, http.port.clone()));
    }
    if let Some(tcp) = &probe.tcp_socket {
        return Some((Way::Tcp, tcp.port.clone()));
    }
    probe.grpc.as_ref().map(|grpc| (Way::Grpc, IntOrString::Int(grpc.port)))
}

/// The number of a port that may be a name; `None` where the container has no port of this name.
fn number(port: &IntOrString, container: &Container) -> Option<i32> {
    match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::Text(name) => match name.parse() {
            Ok(number) => Some(number),
            Err(_) => container.ports.iter().find(|port| port.name == *name).map(|port| port.container_port),
        },
    }
}

/// Ports the workload is known to serve: declared, or targeted by a Service.
fn served(view: &View<'_>, workload: &Workload<'_>) -> BTreeSet<i32> {
    let declared = workload.template.containers.iter().flat_map(|it| &it.ports).map(|port| port.container_port);
    let targeted = view.services_of(workload).flat_map(|service| &service.service.spec.ports).filter_map(|port| {
        match &port.target_port {
            Some(IntOrString::Int(number)) => Some(*number),
            Some(IntOrString::Text(_)) => None,
            None => Some(port.port),
        }
    });
    declared.chain(targeted).collect()
}

/// The fault, how sure it is, and in what words.
fn fault(
    view: &View<'_>,
    workload: &Workload<'_>,
    container: &Container,
    role: Role,
    probe: &Probe,
    failed: &[&Event],
) -> Option<(Fault, f64, String)> {
    let Some((way, port)) = target(probe) else {
        return timing(workload, container, role, probe);
    };
    let Some(asked) = number(&port, container) else {
        return Some((Fault::Port, 0.95, format!("the container has no port named {port}")));
    };
    let says = |needles: &[&str]| failed.iter().any(|event| needles.iter().any(|it| event.message.contains(it)));
    let foreign = [
        "malformed HTTP",
        "transport connection broken",
        "server gave HTTP response to HTTPS client",
        "does not look like a TLS handshake",
        "error reading server preface",
        "frame too large",
        "unexpected HTTP status code",
        "unknown service grpc.health",
        "does not implement the grpc health protocol",
        "Client sent an HTTP request to an HTTPS server",
    ];
    if says(&foreign) {
        return Some((Fault::Protocol, 0.96, format!("what answers on port {asked} does not speak {}", name(way))));
    }
    let ports = served(view, workload);
    let others: Vec<(Role, Way, i32)> = Role::ALL
        .into_iter()
        .filter(|other| *other != role)
        .filter_map(|other| {
            let (way, port) = target(other.of(container)?)?;
            Some((other, way, number(&port, container)?))
        })
        .collect();
    let before = previous(workload, container).and_then(|it| role.of(it).and_then(|probe| Some((target(probe)?, it))));
    if !ports.contains(&asked) {
        let elsewhere = others.iter().any(|(.., other)| *other != asked);
        let together = others.iter().any(|(.., other)| *other == asked);
        let moved = before.as_ref().is_some_and(|((_, port), it)| number(port, it).is_some_and(|it| it != asked));
        let strength = match (ports.is_empty(), elsewhere || moved, together) {
            (true, false, _) => return timing(workload, container, role, probe),
            (_, true, _) => 0.96,
            (_, false, false) => 0.9,
            // Both probes agree on a port that is not declared: a health port, perhaps.
            (_, false, true) => 0.6,
        };
        let known = ports.iter().chain(others.iter().map(|(.., port)| port)).filter(|it| **it != asked);
        let known: BTreeSet<String> = known.map(ToString::to_string).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Some((Fault::Port, strength, format!("it asks port {asked}, the container serves {known}")));
    }
    let differs = |other: Way| other != way && (other == Way::Grpc || way == Way::Grpc || other != Way::Tcp);
    let gets_on = others.iter().any(|(other, other_way, port)| {
        *port == asked && differs(*other_way) && failures(view, workload, container, *other).is_empty()
    });
    let changed = before.as_ref().is_some_and(|((way_before, _), _)| differs(*way_before));
    let named = protocol_of(view, workload, container, asked)
        .is_some_and(|spoken| spoken != way && way != Way::Tcp && (spoken == Way::Grpc || way == Way::Grpc));
    if gets_on || changed || named {
        let strength = if gets_on || changed { 0.92 } else { 0.8 };
        return Some((Fault::Protocol, strength, format!("port {asked} is not served in {}", name(way))));
    }
    timing(workload, container, role, probe)
}

/// The container as the revision before had it.
fn previous<'a>(workload: &Workload<'a>, container: &Container) -> Option<&'a Container> {
    let template: &PodSpec = workload.previous_template()?;
    template.containers.iter().find(|it| it.name == container.name)
}

/// The protocol that names and Services state for a port.
fn protocol_of(view: &View<'_>, workload: &Workload<'_>, container: &Container, port: i32) -> Option<Way> {
    let own = container.ports.iter().filter(|it| it.container_port == port).map(|it| it.name.clone());
    let services = view.services_of(workload).flat_map(|service| &service.service.spec.ports);
    let theirs = services
        .filter(|it| match &it.target_port {
            Some(IntOrString::Int(number)) => *number == port,
            Some(IntOrString::Text(name)) => {
                container.ports.iter().any(|p| p.name == *name && p.container_port == port)
            }
            None => it.port == port,
        })
        .flat_map(|it| [it.app_protocol.clone().unwrap_or_default(), it.name.clone()]);
    own.chain(theirs).find_map(|name| match name.to_ascii_lowercase() {
        name if name.starts_with("grpc") || name.ends_with("grpc") => Some(Way::Grpc),
        name if name.starts_with("https") => Some(Way::Https),
        name if name.starts_with("http") && !name.starts_with("http2") => Some(Way::Http),
        _ => None,
    })
}

/// Whether the probe gives the container too little time. Only probes that kill can.
fn timing(workload: &Workload<'_>, container: &Container, role: Role, probe: &Probe) -> Option<(Fault, f64, String)> {
    if role == Role::Readiness {
        return None;
    }
    let (delay, patience) = (probe.initial_delay_seconds.unwrap_or(0), patience(probe));
    let grace = workload.template.termination_grace_period_seconds.unwrap_or(30);
    // How long it lived until it was told to end.
    let lived = terminations(workload, container)
        .filter_map(|(_, ended)| Some(ended.finished_at?.duration_since(ended.started_at?).as_secs()))
        .max();
    let young = lived.is_none_or(|lived| lived <= i64::from(delay + patience) + grace + 10);
    let stricter = previous(workload, container)
        .and_then(|it| role.of(it))
        .is_some_and(|before| before.initial_delay_seconds.unwrap_or(0) + self::patience(before) > delay + patience);
    let strength = match (young, delay + patience) {
        (true, ..=15) => 0.92,
        (true, _) if stricter => 0.9,
        (true, ..=45) => 0.75,
        (true, _) => 0.55,
        (false, _) if stricter => 0.7,
        (false, _) => 0.4,
    };
    let words = format!(
        "it starts after {delay} s and kills {patience} s later (every {} s, {} failure(s), {} s each)",
        probe.period_seconds.unwrap_or(10),
        probe.failure_threshold.unwrap_or(3),
        probe.timeout_seconds.unwrap_or(1)
    );
    Some((Fault::Timing, strength, words))
}

/// Seconds of failing until the kubelet acts.
fn patience(probe: &Probe) -> i32 {
    probe.period_seconds.unwrap_or(10).saturating_mul(probe.failure_threshold.unwrap_or(3))
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Http => "HTTP",
        Way::Https => "HTTPS",
        Way::Tcp => "TCP",
        Way::Grpc => "gRPC",
    }
}

/// The probe in a line, as a person would say it.
fn describe(role: Role, container: &Container, probe: &Probe) -> String {
    let how = match (target(probe), &probe.exec) {
        (Some((way, port)), _) => format!("{} port {port}", name(way)),
        (None, Some(exec)) => format!("command {}", exec.command.join(" ")),
        (None, None) => "nothing".to_owned(),
    };
    let ports: Vec<String> = container.ports.iter().map(|port| port.container_port.to_string()).collect();
    format!(
        "{} probe of container {}: {how}; container ports {}",
        role.word(),
        container.name,
        if ports.is_empty() { "not declared".to_owned() } else { ports.join(", ") }
    )
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, at, scene},
        model::{GrpcAction, HttpGetAction, IntOrString, Probe, Terminated},
    };

    fn http(port: i32) -> Probe {
        let get = HttpGetAction { path: "/healthz".into(), port: IntOrString::Int(port), ..HttpGetAction::default() };
        Probe { http_get: Some(get), period_seconds: Some(10), failure_threshold: Some(3), ..Probe::default() }
    }

    fn grpc(port: i32) -> Probe {
        let action = GrpcAction { port, ..GrpcAction::default() };
        Probe { grpc: Some(action), period_seconds: Some(10), failure_threshold: Some(3), ..Probe::default() }
    }

    fn api(liveness: Option<Probe>, readiness: Option<Probe>) -> Scene {
        scene().deployment("shop", "api", 1).service("shop", "api", 8080).template("shop", "api", |spec| {
            spec.containers[0].liveness_probe = liveness.clone().map(Box::new);
            spec.containers[0].readiness_probe = readiness.clone().map(Box::new);
        })
    }

    /// Killed twice by its liveness probe, half a minute after each start; it ends with the code a server likes.
    fn killed(scene: Scene, message: &str, lived: &str) -> Scene {
        let lived = lived.to_owned();
        scene
            .unready("shop", "api")
            .edit_pods("shop", "api", move |pod| {
                for status in &mut pod.status.container_statuses {
                    status.restart_count = 2;
                    status.last_state.terminated = Some(Terminated {
                        exit_code: 2,
                        reason: "Error".into(),
                        started_at: Some(at(&lived)),
                        finished_at: Some(at("11:58:30")),
                        ..Terminated::default()
                    });
                }
            })
            .event("Pod shop/api-rs1-0", "Unhealthy", &format!("Liveness probe failed: {message}"))
            .event_at(
                "Pod shop/api-rs1-0",
                "Killing",
                "Container app failed liveness probe, will be restarted",
                "11:58:00",
                "Normal",
            )
    }

    #[test]
    fn a_liveness_probe_of_a_port_that_is_not_served_is_named() {
        killed(api(Some(http(8081)), Some(http(8080))), "dial tcp 10.1.3.10:8081: connection refused", "11:58:00")
            .expect("liveness-probe-incorrect-port", "Deployment shop/api");
    }

    #[test]
    fn an_http_probe_of_a_grpc_server_speaks_the_wrong_protocol() {
        killed(api(Some(http(8080)), Some(grpc(8080))), "malformed HTTP response \"\\x00\"", "11:58:00")
            .expect("liveness-probe-incorrect-protocol", "Deployment shop/api");
    }

    #[test]
    fn a_grpc_probe_of_an_http_server_is_told_by_the_probe_that_passes() {
        let message = "timeout: failed to connect service \"10.1.3.10:8080\" within 1s: context deadline exceeded";
        killed(api(Some(grpc(8080)), Some(http(8080))), message, "11:58:00")
            .expect("liveness-probe-incorrect-protocol", "Deployment shop/api");
    }

    #[test]
    fn a_liveness_probe_that_kills_during_the_start_is_too_strict() {
        let strict = Probe { period_seconds: Some(1), failure_threshold: Some(1), ..http(8080) };
        killed(api(Some(strict), Some(http(8080))), "connection refused", "11:58:20")
            .expect("liveness-probe-incorrect-timing", "Deployment shop/api");
    }

    #[test]
    fn a_container_that_ran_for_long_was_not_killed_during_its_start() {
        let scene = killed(api(Some(http(8080)), Some(http(8080))), "context deadline exceeded", "08:00:00");
        let diagnosis = scene.diagnose();
        let timing = diagnosis.causes.iter().find(|it| it.id.as_str() == "liveness-probe-incorrect-timing");
        assert!(timing.is_none_or(|it| it.confidence < 0.5), "{diagnosis:#?}");
    }

    #[test]
    fn a_readiness_probe_of_a_port_that_is_not_served_is_named() {
        api(Some(http(8080)), Some(http(9090)))
            .unready("shop", "api")
            .event("Pod shop/api-rs1-0", "Unhealthy", "Readiness probe failed: dial tcp 10.1.3.10:9090: refused")
            .expect("readiness-probe-incorrect-port", "Deployment shop/api");
    }

    #[test]
    fn a_readiness_probe_in_the_wrong_protocol_is_named() {
        api(Some(grpc(8080)), Some(http(8080)))
            .unready("shop", "api")
            .event("Pod shop/api-rs1-0", "Unhealthy", "Readiness probe failed: malformed HTTP status code \"\\x00\"")
            .expect("readiness-probe-incorrect-protocol", "Deployment shop/api");
    }

    #[test]
    fn a_probe_that_failed_once_during_the_start_is_no_fault() {
        api(Some(http(8080)), Some(http(8080)))
            .event("Pod shop/api-rs1-0", "Unhealthy", "Readiness probe failed: connection refused")
            .event("Pod shop/api-rs1-0", "Unhealthy", "Liveness probe failed: connection refused")
            .expect_healthy();
    }

    #[test]
    fn an_application_that_answers_unwell_has_the_right_probe() {
        api(Some(http(8080)), Some(http(8080)))
            .unready("shop", "api")
            .event("Pod shop/api-rs1-0", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
            .expect_not("readiness-probe-incorrect-protocol");
    }
}
