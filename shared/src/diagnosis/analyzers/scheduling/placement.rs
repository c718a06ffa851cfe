//! Why no node takes a pod: node-cordon-mismatch, node-affinity-mismatch, node-selector-mismatch,
//! pod-anti-affinity-conflict, taint-toleration-mismatch, {cpu,memory,gpu}-capacity-mismatch, pod-capacity-exceeded.
//!
//! The scheduler's message (`0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu.`,
//! <https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/#my-pod-stays-pending>) names for each node the first
//! obstacle only, and control-plane nodes and nodes under maintenance always appear in it, so counting words misleads. The
//! question asked here is the counterfactual one: which single kind of obstacle, taken away, would let most nodes take the
//! pod? (Of the nodes that the pod's own selector and affinity choose, if they choose any.) Where that has no answer (the snapshot lacks nodes, or two obstacles stand on every node) the message's counts decide.
//! Easily mistaken for a scheduler that is down (no message at all) and for nodes that failed (their taints say so).

use std::collections::{BTreeMap, BTreeSet};

use super::fit::{Obstacle, is_control_plane, obstacles, requested, untolerated};
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, View, Workload},
    model::{Kind, Node, Object, Pod, Quantity},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("node-cordon-mismatch", Category::Scheduling),
    CauseSpec::root("taint-toleration-mismatch", Category::Scheduling),
    CauseSpec::root("node-selector-mismatch", Category::Scheduling),
    CauseSpec::root("node-affinity-mismatch", Category::Scheduling),
    CauseSpec::root("pod-anti-affinity-conflict", Category::Scheduling),
    CauseSpec::root("cpu-capacity-mismatch", Category::Scheduling),
    CauseSpec::root("memory-capacity-mismatch", Category::Scheduling),
    CauseSpec::root("gpu-capacity-mismatch", Category::Scheduling),
    CauseSpec::root("pod-capacity-exceeded", Category::Scheduling),
];

fn spec_of(obstacle: &Obstacle) -> Option<&'static CauseSpec> {
    let index = match obstacle {
        Obstacle::Cordon => 0,
        Obstacle::Taint => 1,
        Obstacle::Selector => 2,
        Obstacle::Affinity => 3,
        Obstacle::AntiAffinity => 4,
        Obstacle::Resource(name) if name == "cpu" => 5,
        Obstacle::Resource(name) if name == "memory" => 6,
        Obstacle::Resource(name) if name.contains('/') => 7,
        Obstacle::Resource(name) if name == "pods" => 8,
        Obstacle::Resource(_) | Obstacle::NodeFault => return None,
    };
    Some(&CAUSES[index])
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        let waiting = workload.unscheduled_pods().find_map(|pod| Some((pod, verdict(case.view, workload, pod)?)));
        if let Some((pod, message)) = waiting {
            judge(case, workload, pod, &message);
        }
    }
}

/// What the scheduler said about a pod last: its condition, else its newest event.
fn verdict(view: &View<'_>, workload: &Workload<'_>, pod: &Pod) -> Option<String> {
    let condition = pod.status.conditions.iter().find(|it| it.type_ == "PodScheduled" && it.status == "False");
    let said = condition.map(|it| it.message.as_str()).filter(|message| message.contains("nodes are available"));
    let event = || {
        let events = view.events_about(workload).iter().rev();
        events
            .filter(|event| event.reason == "FailedScheduling" && event.message.contains("nodes are available"))
            .find(|event| event.involved_object.name == pod.name())
            .map(|event| event.message.clone())
    };
    said.map(str::to_owned).or_else(event)
}

fn judge(case: &mut Case<'_, '_>, workload: &Workload<'_>, pod: &Pod, message: &str) {
    let counts = counts(message);
    let freed = freed(case.view, pod);
    // Whom the counterfactual and the message both name, ordered by nodes freed, then by nodes counted.
    let mut ranked: Vec<(&Obstacle, usize, usize)> = freed
        .iter()
        .filter(|(obstacle, _)| said(&counts, obstacle) > 0)
        .map(|(obstacle, nodes)| (obstacle, *nodes, said(&counts, obstacle)))
        .collect();
    ranked.sort_by_key(|(obstacle, nodes, count)| {
        // A rule of the pod is its own; a cordon may be maintenance that it merely meets.
        (std::cmp::Reverse((*nodes, *count)), matches!(obstacle, Obstacle::Cordon))
    });
    if let Some((obstacle, nodes, _)) = ranked.first() {
        let rival = ranked.get(1).is_some_and(|second| second.1 >= *nodes);
        claim(case, workload, pod, message, obstacle, if rival { 0.75 } else { 0.96 });
        return;
    }
    let counted = counts.iter().filter(|(obstacle, _)| spec_of(obstacle).is_some());
    if let Some((obstacle, _)) =
        counted.max_by_key(|(obstacle, count)| (**count, !matches!(obstacle, Obstacle::Cordon)))
    {
        // The message does not tell selector from affinity.
        let own = match obstacle {
            Obstacle::Affinity if workload.template.affinity.as_ref().is_none_or(|it| it.node_affinity.is_none()) => {
                Obstacle::Selector
            }
            other => other.clone(),
        };
        claim(case, workload, pod, message, &own, 0.8);
    }
}

/// For each obstacle the number of nodes, control plane aside, that would take the pod if it alone were gone.
fn freed(view: &View<'_>, pod: &Pod) -> BTreeMap<Obstacle, usize> {
    let mut freed = BTreeMap::new();
    let workers: Vec<&Node> = view.snapshot.nodes.iter().filter(|node| !is_control_plane(node)).collect();
    let all: Vec<&Node> = view.snapshot.nodes.iter().collect();
    let nodes = if workers.is_empty() { all } else { workers };
    let mut stopped: Vec<BTreeSet<Obstacle>> = nodes.into_iter().map(|node| obstacles(view, pod, node)).collect();
    // A selector or affinity that some node meets is a choice, not a mismatch: then those nodes are the ones that would do.
    let chosen = |it: &BTreeSet<Obstacle>| !it.contains(&Obstacle::Selector) && !it.contains(&Obstacle::Affinity);
    if stopped.iter().any(chosen) {
        stopped.retain(chosen);
    }
    for obstacles in stopped {
        let mut obstacles = obstacles.into_iter();
        if let (Some(only), None) = (obstacles.next(), obstacles.next()) {
            *freed.entry(only).or_insert(0) += 1;
        }
    }
    freed.retain(|obstacle, _| spec_of(obstacle).is_some());
    freed
}

/// The scheduler's message as numbers of nodes by obstacle. Selector and affinity share a phrase there.
fn counts(message: &str) -> BTreeMap<Obstacle, usize> {
    let reasons = message.split_once("nodes are available: ").map_or(message, |it| it.1);
    // What comes after is about preemption, and since 1.31 about claims of devices:
    // `3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: …`.
    let reasons = reasons.split(". preemption").next().unwrap_or(reasons);
    let reasons = reasons.split(". no new claims").next().unwrap_or(reasons);
    let mut counts = BTreeMap::new();
    for reason in reasons.trim_end_matches('.').split(", ") {
        let digits = reason.len() - reason.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(count) = reason[..digits].parse::<usize>() else { continue };
        let says = |phrase: &str| reason.contains(phrase);
        let obstacle = if says("were unschedulable") {
            Obstacle::Cordon
        } else if says("taint") {
            if says("node.kubernetes.io/not-ready") || says("node.kubernetes.io/unreachable") || says("-pressure") {
                Obstacle::NodeFault
            } else {
                Obstacle::Taint
            }
        } else if says("volume node affinity") {
            // The volume's, not the pod's: see `volume_zone`.
            continue;
        } else if says("node affinity") || says("node selector") {
            Obstacle::Affinity
        } else if says("anti-affinity") {
            Obstacle::AntiAffinity
        } else if says("Too many pods") {
            Obstacle::Resource("pods".into())
        } else if let Some((_, resource)) = reason.split_once("Insufficient ") {
            Obstacle::Resource(resource.split([' ', ',']).next().unwrap_or(resource).trim_end_matches('.').to_owned())
        } else {
            continue;
        };
        *counts.entry(obstacle).or_insert(0) += count;
    }
    counts
}

fn said(counts: &BTreeMap<Obstacle, usize>, obstacle: &Obstacle) -> usize {
    let key = match obstacle {
        Obstacle::Selector => &Obstacle::Affinity,
        other => other,
    };
    counts.get(key).copied().unwrap_or(0)
}

fn claim(
    case: &mut Case<'_, '_>,
    workload: &Workload<'_>,
    pod: &Pod,
    message: &str,
    obstacle: &Obstacle,
    strength: f64,
) {
    let Some(spec) = spec_of(obstacle) else { return };
    let view = case.view;
    let nodes = &view.snapshot.nodes;
    let mut largest = String::new();
    let (summary, fact) = match obstacle {
        Obstacle::Cordon => {
            let cordoned: Vec<&str> =
                nodes.iter().filter(|node| node.spec.unschedulable).map(|node| node.name()).collect();
            (format!("the nodes that would take the pods are cordoned: {}", cordoned.join(", ")), cordoned.join(", "))
        }
        Obstacle::Taint => {
            let mut taints: Vec<String> = nodes
                .iter()
                .flat_map(|node| untolerated(&pod.spec, node))
                .map(|taint| format!("{}={}:{}", taint.key, taint.value, taint.effect))
                .collect();
            taints.sort();
            taints.dedup();
            (format!("the pods do not tolerate the nodes' taint {}", taints.join(", ")), taints.join(", "))
        }
        Obstacle::Selector => {
            let pairs: Vec<String> =
                pod.spec.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            (format!("no node has the labels of the node selector {}", pairs.join(",")), pairs.join(","))
        }
        Obstacle::Affinity => {
            let rule = affinity_text(pod);
            (format!("no node meets the node affinity {rule}"), rule)
        }
        Obstacle::AntiAffinity => {
            let wanted = workload.desired.to_string();
            (format!("anti-affinity allows one pod a place, and {wanted} are wanted on too few nodes"), wanted)
        }
        Obstacle::Resource(resource) if resource == "pods" => {
            ("every node that would do runs as many pods as it may".to_owned(), "pods".to_owned())
        }
        Obstacle::Resource(resource) => {
            let wanted = requested(&pod.spec, resource);
            let allocatable =
                nodes.iter().filter_map(|node| node.status.allocatable.get(resource).and_then(Quantity::value));
            let most = allocatable.fold(0.0, f64::max);
            let (wanted, most) = (amount(resource, wanted), amount(resource, most));
            largest.clone_from(&most);
            (format!("a pod requests {wanted} of {resource}, which no node has free; the largest has {most}"), wanted)
        }
        Obstacle::NodeFault => return,
    };
    let evidence =
        [case.status(&pod.reference(), None, message), case.spec(&workload.object, format!("{}: {fact}", spec.id))];
    let since =
        pod.status.conditions.iter().find(|it| it.type_ == "PodScheduled").and_then(|it| it.last_transition_time);
    let finding = Finding::new(spec, &workload.object)
        .strength(strength)
        .summary(summary)
        .fact("detail", fact)
        .fact("largest", largest)
        .because(evidence)
        .since(since)
        .check(Kubectl::describe(&pod.reference()))
        .check(Kubectl::list(Kind::Node, ""));
    let finding = match obstacle {
        Obstacle::Cordon => finding.action(ActionKind::Uncordon, Risk::Low, "if the maintenance is over"),
        Obstacle::Taint => finding
            .action(ActionKind::Manual, Risk::Low, "tolerate the taint, if the pods belong on these nodes")
            .action(ActionKind::Untaint, Risk::Medium, "if the nodes should take any pod"),
        Obstacle::Selector | Obstacle::Affinity => {
            finding.action(ActionKind::Manual, Risk::Low, "correct the rule, or label nodes as it asks")
        }
        Obstacle::AntiAffinity => finding
            .action(ActionKind::Scale, Risk::Low, "as many replicas as nodes allow")
            .action(ActionKind::Manual, Risk::Low, "prefer rather than require to be apart, or add nodes"),
        _ => finding.action(ActionKind::Resize, Risk::Medium, "request what the container uses").action(
            ActionKind::NodePoolLimit,
            Risk::Medium,
            "if the request is right, larger or more nodes",
        ),
    };
    let finding = match workload.previous_template() {
        Some(_) => {
            finding.action(ActionKind::Rollback, Risk::Medium, "if the last rollout brought the rule or request")
        }
        None => finding,
    };
    case.find(finding);
}

/// An amount as people write it.
fn amount(resource: &str, value: f64) -> String {
    match resource {
        "memory" | "ephemeral-storage" => format!("{:.1}Gi", value / 1024f64.powi(3)),
        _ => format!("{value}"),
    }
}

fn affinity_text(pod: &Pod) -> String {
    let required = pod.spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref());
    let required = required.and_then(|it| it.required_during_scheduling_ignored_during_execution.as_ref());
    let terms = required.map(|it| it.node_selector_terms.as_slice()).unwrap_or_default().iter();
    let terms = terms.map(|term| {
        let requirements = term.match_expressions.iter().chain(&term.match_fields);
        let words = requirements.map(|it| format!("{} {} {}", it.key, it.operator, it.values.join("|")));
        words.collect::<Vec<_>>().join(" and ")
    });
    terms.collect::<Vec<_>>().join(", or ")
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::*,
    };

    const NO_MATCH: &str = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.";

    fn requesting(resource: &str, amount: &str) -> Scene {
        scene().deployment("shop", "api", 1).template("shop", "api", |spec| {
            spec.containers[0].resources.requests.insert(resource.into(), Quantity::new(amount));
        })
    }

    #[test]
    fn the_message_is_read_as_every_scheduler_writes_it() {
        let of = |message: &str| super::counts(message).into_iter().collect::<Vec<_>>();
        use super::Obstacle;
        let cpu = || Obstacle::Resource("cpu".into());
        let expected = vec![(Obstacle::Cordon, 1), (cpu(), 3)];
        for message in [
            // to 1.24
            "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu.",
            // from 1.25
            "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu. preemption: 0/4 nodes are available: 1 \
             Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.",
            // from 1.31
            "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu. no new claims to deallocate, \
             preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        ] {
            assert_eq!(of(message), expected, "{message}");
        }
        let taint = "0/2 nodes are available: 2 node(s) had taint {team: search}, that the pod didn't tolerate.";
        assert_eq!(of(taint), [(Obstacle::Taint, 2)]);
        assert_eq!(of("0/2 nodes are available: 2 node(s) had untolerated taint(s)."), [(Obstacle::Taint, 2)]);
        assert_eq!(of("0/2 nodes are available: 2 node(s) didn't match node selector."), [(Obstacle::Affinity, 2)]);
        assert_eq!(of("0/2 nodes are available: 2 node(s) had volume node affinity conflict."), []);
    }

    #[test]
    fn nodes_that_run_as_many_pods_as_they_may_take_no_more() {
        scene()
            .edit(|snapshot| {
                for node in &mut snapshot.nodes.items {
                    node.status.allocatable.insert("pods".into(), Quantity::new("1"));
                }
            })
            .deployment("shop", "web", 3)
            .deployment("shop", "api", 1)
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Too many pods.")
            .expect("pod-capacity-exceeded", "Deployment shop/api");
    }

    #[test]
    fn a_request_no_node_can_meet_is_a_capacity_mismatch() {
        requesting("cpu", "64")
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient cpu.")
            .expect("cpu-capacity-mismatch", "Deployment shop/api");
        requesting("memory", "512Gi")
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient memory.")
            .expect("memory-capacity-mismatch", "Deployment shop/api");
        requesting("nvidia.com/gpu", "1")
            .unschedulable("shop", "api", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.")
            .expect("gpu-capacity-mismatch", "Deployment shop/api");
    }

    #[test]
    fn a_node_under_maintenance_is_not_why_a_selector_matches_nothing() {
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                spec.node_selector.insert("disk".into(), "nvme".into());
            })
            .edit_node("node-a", |node| node.spec.unschedulable = true)
            .unschedulable(
                "shop",
                "api",
                "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
            )
            .expect("node-selector-mismatch", "Deployment shop/api");
    }

    #[test]
    fn a_cordon_on_the_one_node_that_would_do_is_the_cause() {
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                spec.node_selector.insert("disk".into(), "nvme".into());
            })
            .edit_node("node-b", |node| {
                node.metadata.labels.insert("disk".into(), "nvme".into());
                node.spec.unschedulable = true;
            })
            .unschedulable(
                "shop",
                "api",
                "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
            )
            .expect("node-cordon-mismatch", "Deployment shop/api");
    }

    #[test]
    fn affinity_and_selector_share_a_message_and_are_told_apart() {
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                let requirement = NodeSelectorRequirement {
                    key: "zone".into(),
                    operator: "In".into(),
                    values: vec!["nowhere".into()],
                };
                let term = NodeSelectorTerm { match_expressions: vec![requirement], ..NodeSelectorTerm::default() };
                let required = NodeSelector { node_selector_terms: vec![term] };
                let affinity = NodeAffinity { required_during_scheduling_ignored_during_execution: Some(required) };
                spec.affinity = Some(Affinity { node_affinity: Some(affinity), ..Affinity::default() });
            })
            .unschedulable("shop", "api", NO_MATCH)
            .expect("node-affinity-mismatch", "Deployment shop/api");
    }

    #[test]
    fn a_taint_nobody_tolerates_is_named() {
        let mut scene = scene().deployment("shop", "api", 1);
        for node in ["node-a", "node-b", "node-c"] {
            scene = scene.edit_node(node, |node| {
                node.spec.taints.push(Taint { key: "team".into(), value: "data".into(), effect: "NoSchedule".into() });
            });
        }
        scene
            .unschedulable("shop", "api", "0/3 nodes are available: 3 node(s) had untolerated taint {team: data}.")
            .expect("taint-toleration-mismatch", "Deployment shop/api");
    }

    #[test]
    fn more_replicas_than_anti_affinity_allows() {
        let apart = |spec: &mut PodSpec| {
            let selector =
                LabelSelector { match_labels: [("app".to_owned(), "api".to_owned())].into(), ..Default::default() };
            let term = PodAffinityTerm {
                label_selector: Some(selector),
                topology_key: "kubernetes.io/hostname".into(),
                namespaces: Vec::new(),
            };
            let rule = PodAntiAffinity {
                required_during_scheduling_ignored_during_execution: vec![term],
                ..Default::default()
            };
            spec.affinity = Some(Affinity { pod_anti_affinity: Some(rule), ..Affinity::default() });
        };
        let message = "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.";
        let mut scene = scene().deployment("shop", "api", 4).template("shop", "api", apart);
        let last = scene.snapshot.pods.items.iter_mut().find(|pod| pod.metadata.name == "api-rs1-3").unwrap();
        last.spec.node_name.clear();
        last.status = PodStatus {
            phase: "Pending".into(),
            conditions: vec![Condition {
                type_: "PodScheduled".into(),
                status: "False".into(),
                message: message.into(),
                ..Condition::default()
            }],
            ..PodStatus::default()
        };
        scene
            .edit_deployment("shop", "api", |it| it.status.ready_replicas = 3)
            .expect("pod-anti-affinity-conflict", "Deployment shop/api");
    }

    #[test]
    fn a_node_that_failed_is_not_a_taint_to_tolerate() {
        let mut scene = scene().deployment("shop", "api", 1);
        for node in ["node-a", "node-b", "node-c"] {
            scene = scene.edit_node(node, |node| {
                let key = "node.kubernetes.io/not-ready".into();
                node.spec.taints.push(Taint { key, effect: "NoSchedule".into(), ..Taint::default() });
            });
        }
        let message = "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.";
        scene.unschedulable("shop", "api", message).expect_not("taint-toleration-mismatch");
    }
}
