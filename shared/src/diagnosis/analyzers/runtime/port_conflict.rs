//! service-sidecar-port-conflict: two containers of a pod want one port, and the one that comes second cannot start.
//!
//! Containers of a pod share its network
//! (<https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking>), so a sidecar, an agent or a proxy that listens on
//! the application's port takes it away: `bind` fails with EADDRINUSE, which each runtime words its own way. Easily mistaken
//! for a plain crash, which it looks like, and for a wrong probe, since nothing of the application answers. A pod of a single
//! container has nobody to quarrel with, unless it shares the node's network.

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, LogPattern, Risk, Workload, errno,
    },
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("service-sidecar-port-conflict", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| !workload.is_job()) {
        let ails = |status: &crate::model::ContainerStatus| !status.ready || status.restart_count > 0;
        let said = view.patterns_of(workload).iter().find(|pattern| {
            pattern.says(errno::IN_USE) && workload.containers().any(|(_, it)| it.name == pattern.container && ails(it))
        });
        if said.is_some() || (workload.is_short() && declared_twice(workload).is_some()) {
            examine_workload(case, workload, said);
        }
    }
}

fn examine_workload(case: &mut Case<'_, '_>, workload: &Workload<'_>, said: Option<&LogPattern>) {
    let mut evidence: Vec<EvidenceId> = said.map(|pattern| case.log(pattern)).into_iter().collect();
    let twice = declared_twice(workload);
    if let Some((port, first, second)) = &twice {
        evidence.push(case.spec(&workload.object, format!("containers {first} and {second} both declare port {port}")));
    }
    // Sidecars may be put in when the pod is made: the pod tells, not the template.
    let containers = workload.live_pods().map(|pod| pod.spec.containers.len() + sidecars(pod)).max();
    let containers = containers.unwrap_or(workload.template.containers.len());
    let names: Vec<&str> = workload
        .live_pods()
        .max_by_key(|pod| pod.spec.containers.len())
        .map_or(&workload.template.containers, |pod| &pod.spec.containers)
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    evidence.push(case.spec(&workload.object, format!("containers of the pod: {}", names.join(", "))));
    if let Some((pod, status)) =
        workload.containers().find(|(_, status)| said.is_some_and(|it| it.container == status.name))
    {
        let text = format!("container {}: ready {}, {} restart(s)", status.name, status.ready, status.restart_count);
        evidence.push(case.status(&pod.reference(), None, text));
    }
    let strength = match (said.is_some(), containers > 1, twice.is_some()) {
        (true, true, _) => 0.96,
        (true, false, _) => 0.6,
        (false, _, true) => 0.5,
        (false, _, false) => return,
    };
    let port = said.and_then(|pattern| port_in(&pattern.example)).or(twice.map(|it| it.0));
    let port_text = port.map_or("a port".to_owned(), |port| format!("port {port}"));
    let who = said.map_or("a container".to_owned(), |pattern| format!("container {}", pattern.container));
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary(format!("{who} cannot have {port_text}: another one of the pod has it"))
        .fact("port", port.map_or(String::new(), |port| port.to_string()))
        .fact("container", said.map_or("", |pattern| pattern.container.as_str()))
        .because(evidence)
        .since(said.and_then(|pattern| pattern.first_seen))
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::logs(&workload.object, said.map(|pattern| pattern.container.as_str()), true))
        .action(
            ActionKind::Manual,
            Risk::Low,
            format!("give the sidecar or the application another port than {port_text}"),
        );
    let finding = match workload.previous_template() {
        Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "if the sidecar came with the last rollout"),
        None => finding,
    };
    case.find(finding);
}

/// Init containers that go on running beside the others.
fn sidecars(pod: &crate::model::Pod) -> usize {
    pod.spec.init_containers.iter().filter(|container| container.restart_policy == "Always").count()
}

/// A port that two containers of the template declare.
fn declared_twice(workload: &Workload<'_>) -> Option<(i32, String, String)> {
    let containers = &workload.template.containers;
    containers.iter().enumerate().find_map(|(index, container)| {
        container.ports.iter().find_map(|port| {
            let same = |other: &crate::model::ContainerPort| {
                other.container_port == port.container_port && udp(&other.protocol) == udp(&port.protocol)
            };
            let other = containers[..index].iter().find(|other| other.ports.iter().any(same))?;
            Some((port.container_port, other.name.clone(), container.name.clone()))
        })
    })
}

fn udp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("udp")
}

/// The port a line speaks of: after `port` or a colon.
fn port_in(line: &str) -> Option<i32> {
    let lower = line.to_ascii_lowercase();
    let digits = |text: &str| -> Option<i32> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|port| (1..=65535).contains(port))
    };
    let after_word = lower.match_indices("port ").find_map(|(at, word)| digits(&lower[at + word.len()..]));
    after_word.or_else(|| {
        let mut candidates = lower.match_indices(':').filter_map(|(at, _)| digits(&lower[at + 1..]));
        // Times have colons as well.
        candidates.rfind(|port| *port > 79)
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::Container,
    };

    fn with_sidecar(line: &str) -> Scene {
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                spec.containers.push(Container { name: "agent".into(), ..Container::default() });
            })
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", line)
    }

    #[test]
    fn a_port_that_a_sidecar_holds_is_named() {
        for line in [
            "listen tcp :8080: bind: address already in use\n",
            "Web server failed to start. Port 8080 was already in use.\n",
            "Error: listen EADDRINUSE: address already in use :::8080\n",
            "OSError: [Errno 98] Address already in use\n",
            "nginx: [emerg] bind() to 0.0.0.0:8080 failed (98: Address already in use)\n",
        ] {
            with_sidecar(line).expect("service-sidecar-port-conflict", "Deployment shop/api");
        }
    }

    #[test]
    fn another_crash_beside_a_sidecar_is_no_conflict() {
        with_sidecar("FATAL cannot parse configuration\n").expect_not("service-sidecar-port-conflict");
    }

    #[test]
    fn a_container_that_runs_well_has_its_port() {
        scene()
            .deployment("shop", "api", 1)
            .log("shop", "api", "WARN debug port: address already in use, going on without\n")
            .expect_healthy();
    }
}
