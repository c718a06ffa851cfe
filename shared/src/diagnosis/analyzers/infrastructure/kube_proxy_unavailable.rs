//! kube-proxy-unavailable: Services cannot be reached from one node.
//!
//! kube-proxy programs each node's own rules for Services (<https://kubernetes.io/docs/reference/networking/virtual-ips/>). Where
//! it is down the node stays Ready and its pods run, but connections from that node to Service addresses fail while the same
//! Services answer from everywhere else. It is mistaken for each Service in turn being down, and for the node's network being
//! cut, in which case the node would not stay Ready.

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, is_live, is_ready},
    model::{Kind, Object, ObjectRef},
    snapshot::ConnectionProbe,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("kube-proxy-unavailable", Category::Infrastructure)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let ready = |name: &str| {
        view.node(name)
            .is_some_and(|node| node.status.conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True"))
    };
    let mut strengths: BTreeMap<String, (f64, Vec<EvidenceId>)> = BTreeMap::new();

    let mut attempts: BTreeMap<String, Attempts<'_>> = BTreeMap::new();
    for probe in view.snapshot.probes.iter() {
        let results = by_node(probe, view.snapshot.nodes.iter().map(Object::name));
        let elsewhere = |node: &str| results.iter().any(|(other, ok)| *other != node && *ok);
        for (node, ok) in &results {
            let entry = attempts.entry((*node).to_owned()).or_default();
            match ok {
                true => entry.answered += 1,
                // A Service that answers nobody is not this node's fault.
                false if elsewhere(node) => entry.failed_here_only.push(probe),
                false => {}
            }
        }
    }
    for (node, attempts) in &attempts {
        let failed = attempts.failed_here_only.len();
        if failed >= 2 && failed > attempts.answered && ready(node) {
            let object = ObjectRef::new(Kind::Node, "", node.as_str());
            let text = format!("{failed} Services answer other nodes and not this one");
            let mut evidence = vec![case.status(&object, None, text)];
            evidence.extend(attempts.failed_here_only.iter().take(2).map(|probe| {
                let service = ObjectRef::new(Kind::Service, probe.namespace.as_str(), probe.service.as_str());
                case.probe(&service, probe)
            }));
            strengths.insert(node.clone(), (0.93, evidence));
        }
    }

    for pod in view.snapshot.pods.iter().filter(|pod| pod.name().starts_with("kube-proxy") && is_live(pod)) {
        let node = pod.spec.node_name.as_str();
        if pod.namespace() != "kube-system" || is_ready(pod) || !ready(node) {
            continue;
        }
        let Some(since) = pod.status.conditions.iter().find(|it| it.type_ == "Ready").map(|it| it.last_transition_time)
        else {
            continue;
        };
        if view.age(since).is_some_and(|age| age.as_secs() < 120) {
            continue;
        }
        let evidence = case.status(&pod.reference(), since, format!("kube-proxy's pod on {node} is not ready"));
        let known = strengths.entry(node.to_owned()).or_insert_with(|| (0.85, Vec::new()));
        known.0 = known.0.max(0.85);
        known.1.push(evidence);
    }

    for (node, (strength, evidence)) in strengths {
        let object = ObjectRef::new(Kind::Node, "", node);
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(strength)
            .summary("kube-proxy does not work: Services cannot be reached from this node")
            .because(evidence)
            .check(Kubectl::describe(&object))
            .check(Kubectl::list(Kind::Pod, "kube-system"))
            .action(ActionKind::Cordon, Risk::Low, "keep new pods off it until Services answer from it")
            .action(ActionKind::Manual, Risk::Medium, "restart kube-proxy on the node, or replace the node");
        // Every Service that does not answer from here suffers from it.
        let services = attempts.get(&object.name).map(|it| it.failed_here_only.as_slice()).unwrap_or_default();
        let suffering = services
            .iter()
            .map(|probe| ObjectRef::new(Kind::Service, probe.namespace.as_str(), probe.service.as_str()))
            .collect::<Vec<_>>();
        case.find(finding.explains(suffering));
    }
}

#[derive(Default)]
struct Attempts<'a> {
    answered: usize,
    failed_here_only: Vec<&'a ConnectionProbe>,
}

/// A probe's outcome by the node it was made from, where its text says so: the words between one node's name and the next.
fn by_node<'n>(probe: &ConnectionProbe, nodes: impl Iterator<Item = &'n str>) -> Vec<(&'n str, bool)> {
    let text = probe.detail.to_ascii_lowercase();
    let mut places: Vec<(usize, &str)> =
        nodes.filter_map(|node| Some((find_word(&text, &node.to_ascii_lowercase())?, node))).collect();
    places.sort_unstable();
    let ends = places.iter().skip(1).map(|place| place.0).chain([text.len()]).collect::<Vec<_>>();
    places
        .iter()
        .zip(ends)
        .filter_map(|((start, node), end)| {
            let part = &text[start + node.len()..end];
            let says = |words: &[&str]| words.iter().any(|word| part.contains(word));
            let ok = says(&["succe", " open", "connected", "reachable", "200 ok"]);
            let failed = says(&["fail", "refused", "timed out", "timeout", "unreachable", "no route", "terminated"]);
            match (ok, failed) {
                (_, true) => Some((*node, false)),
                (true, false) => Some((*node, true)),
                (false, false) => None,
            }
        })
        .collect()
}

/// Where `word` stands with nothing of a name around it, so that `node-1` is not found in `node-10`.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name))
}

#[cfg(test)]
mod tests {
    use crate::{diagnosis::testkit::scene, snapshot::ConnectionProbe, snapshot::Listing};

    fn probe(service: &str, failing: &[&str]) -> ConnectionProbe {
        let detail = ["node-a", "node-b", "node-c"].map(|node| {
            let outcome = if failing.contains(&node) { "connection timed out" } else { "open, succeeded" };
            format!("from {node}: {outcome}")
        });
        ConnectionProbe {
            namespace: "shop".into(),
            service: service.into(),
            port: 8080,
            ok: failing.is_empty(),
            detail: detail.join("\n"),
        }
    }

    fn shop(probes: Vec<ConnectionProbe>) -> crate::diagnosis::testkit::Scene {
        ["api", "cart", "ledger"]
            .into_iter()
            .fold(scene(), |scene, name| scene.deployment("shop", name, 2).service("shop", name, 8080))
            .edit(|snapshot| snapshot.probes = Listing::all(probes))
    }

    #[test]
    fn services_that_fail_from_one_node_only_are_that_nodes_fault() {
        shop(vec![probe("api", &["node-b"]), probe("cart", &["node-b"]), probe("ledger", &["node-b"])])
            .expect("kube-proxy-unavailable", "Node node-b");
    }

    #[test]
    fn a_service_that_fails_from_everywhere_is_not() {
        let everywhere = ["node-a", "node-b", "node-c"];
        shop(vec![probe("api", &everywhere), probe("cart", &[]), probe("ledger", &[])])
            .expect_not("kube-proxy-unavailable");
    }
}
