//! The scheduler's filters, in so far as objects tell: why a node does not take a pod.
//!
//! <https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins>: NodeUnschedulable, TaintToleration,
//! NodeAffinity, NodeResourcesFit, InterPodAffinity.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diagnosis::{View, is_live},
    model::{
        Node, NodeSelectorRequirement, NodeSelectorTerm, Object, Pod, PodAffinityTerm, PodSpec, Quantity, Taint,
        Toleration,
    },
};

/// One reason why a node does not take a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Obstacle {
    /// The node is cordoned.
    Cordon,
    /// The node has a taint the pod does not tolerate, as `key=value:Effect`.
    Taint,
    /// The node lacks labels of the pod's node selector.
    Selector,
    /// The node meets no term of the pod's node affinity.
    Affinity,
    /// Pods are there that the pod keeps away from, or that keep away from it.
    AntiAffinity,
    /// Too little of a resource is left.
    Resource(String),
    /// The node is not well: its taints say so.
    NodeFault,
}

/// Everything that keeps `pod` off `node`.
pub(super) fn obstacles(view: &View<'_>, pod: &Pod, node: &Node) -> BTreeSet<Obstacle> {
    let mut all = BTreeSet::new();
    let spec = &pod.spec;
    if node.spec.unschedulable && !tolerates(spec, &taint("node.kubernetes.io/unschedulable")) {
        all.insert(Obstacle::Cordon);
    }
    for taint in untolerated(spec, node) {
        all.insert(if is_fault(taint) { Obstacle::NodeFault } else { Obstacle::Taint });
    }
    if spec.node_selector.iter().any(|(key, value)| node.metadata.labels.get(key) != Some(value)) {
        all.insert(Obstacle::Selector);
    }
    if !meets_affinity(spec, node) {
        all.insert(Obstacle::Affinity);
    }
    for resource in short_resources(view, spec, node) {
        all.insert(Obstacle::Resource(resource));
    }
    if is_kept_away(view, pod, node) {
        all.insert(Obstacle::AntiAffinity);
    }
    all
}

/// Whether a node would take a pod by its labels and taints, however full it is.
#[cfg(feature = "remediation")]
pub(crate) fn takes(node: &Node, spec: &PodSpec) -> bool {
    let selected = spec.node_selector.iter().all(|(key, value)| node.metadata.labels.get(key) == Some(value));
    selected && untolerated(spec, node).next().is_none() && meets_affinity(spec, node)
}

/// Whether a node is kept for the control plane.
pub(super) fn is_control_plane(node: &Node) -> bool {
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
        .iter()
        .any(|key| node.metadata.labels.contains_key(*key) || node.spec.taints.iter().any(|taint| taint.key == *key))
}

/// The taints of a node that keep a pod off, the cordon's own left out.
pub(super) fn untolerated<'n>(spec: &PodSpec, node: &'n Node) -> impl Iterator<Item = &'n Taint> {
    node.spec.taints.iter().filter(move |taint| {
        taint.effect != "PreferNoSchedule" && taint.key != "node.kubernetes.io/unschedulable" && !tolerates(spec, taint)
    })
}

fn taint(key: &str) -> Taint {
    Taint { key: key.into(), effect: "NoSchedule".into(), ..Taint::default() }
}

/// Taints that the cluster puts on nodes that are not well:
/// <https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions>.
fn is_fault(taint: &Taint) -> bool {
    let name =
        taint.key.strip_prefix("node.kubernetes.io/").or(taint.key.strip_prefix("node.cloudprovider.kubernetes.io/"));
    name.is_some_and(|name| {
        [
            "not-ready",
            "unreachable",
            "memory-pressure",
            "disk-pressure",
            "pid-pressure",
            "network-unavailable",
            "uninitialized",
            "out-of-service",
            "shutdown",
        ]
        .contains(&name)
    })
}

fn tolerates(spec: &PodSpec, taint: &Taint) -> bool {
    spec.tolerations.iter().any(|it: &Toleration| {
        (it.effect.is_empty() || it.effect == taint.effect)
            && match it.operator.as_str() {
                "Exists" => it.key.is_empty() || it.key == taint.key,
                _ => it.key == taint.key && it.value == taint.value,
            }
    })
}

fn meets_affinity(spec: &PodSpec, node: &Node) -> bool {
    let required = spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref());
    let required = required.and_then(|it| it.required_during_scheduling_ignored_during_execution.as_ref());
    required.is_none_or(|selector| selector.node_selector_terms.iter().any(|term| meets_term(term, node)))
}

fn meets_term(term: &NodeSelectorTerm, node: &Node) -> bool {
    let name = BTreeMap::from([("metadata.name".to_owned(), node.metadata.name.clone())]);
    let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    !empty
        && term.match_expressions.iter().all(|it| meets(it, &node.metadata.labels))
        && term.match_fields.iter().all(|it| meets(it, &name))
}

fn meets(requirement: &NodeSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let compare = |holds: fn(&i64, &i64) -> bool| {
        let bound = requirement.values.first().and_then(|it| it.parse::<i64>().ok());
        value.and_then(|it| it.parse::<i64>().ok()).zip(bound).is_some_and(|(value, bound)| holds(&value, &bound))
    };
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| requirement.values.contains(value)),
        "NotIn" => value.is_none_or(|value| !requirement.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compare(i64::gt),
        "Lt" => compare(i64::lt),
        _ => false,
    }
}

/// What a pod asks for of a resource: its containers together, or its largest init container.
pub(crate) fn requested(spec: &PodSpec, resource: &str) -> f64 {
    let of = |container: &crate::model::Container| {
        let stated = container.resources.requests.get(resource).or(container.resources.limits.get(resource));
        stated.and_then(Quantity::value).unwrap_or(0.0)
    };
    let sidecars: f64 = spec.init_containers.iter().filter(|it| it.restart_policy == "Always").map(of).sum();
    let containers: f64 = spec.containers.iter().map(of).sum();
    let init = spec.init_containers.iter().filter(|it| it.restart_policy != "Always").map(of).fold(0.0, f64::max);
    (containers + sidecars).max(init + sidecars)
}

/// Every resource a pod asks for.
pub(super) fn resources(spec: &PodSpec) -> BTreeSet<String> {
    let containers = spec.containers.iter().chain(&spec.init_containers);
    containers.flat_map(|it| it.resources.requests.keys().chain(it.resources.limits.keys())).cloned().collect()
}

fn short_resources(view: &View<'_>, spec: &PodSpec, node: &Node) -> Vec<String> {
    let allocatable = |resource: &str| node.status.allocatable.get(resource).and_then(Quantity::value);
    let mut short = Vec::new();
    for resource in resources(spec) {
        let wanted = requested(spec, &resource);
        if wanted <= 0.0 {
            continue;
        }
        let used: f64 = view.pods_on(node.name()).map(|pod| requested(&pod.spec, &resource)).sum();
        // A node that does not list cpu or memory was read in part; one that does not list a device has none.
        let room = match allocatable(&resource) {
            Some(all) => all - used,
            None if resource.contains('/') => 0.0,
            None => continue,
        };
        if wanted > room {
            short.push(resource);
        }
    }
    if allocatable("pods").is_some_and(|most| view.pods_on(node.name()).count() as f64 >= most) {
        short.push("pods".into());
    }
    short
}

/// Whether anti-affinity, the pod's own or that of pods already there, keeps the two apart.
fn is_kept_away(view: &View<'_>, pod: &Pod, node: &Node) -> bool {
    let own = anti_affinity(&pod.spec);
    let apart = |other: &Pod, term: &PodAffinityTerm| is_same_place(view, other, node, &term.topology_key);
    let placed = |other: &Pod| is_live(other) && !other.spec.node_name.is_empty() && other.name() != pod.name();
    view.snapshot.pods.iter().filter(|other| !own.is_empty() || !anti_affinity(&other.spec).is_empty()).any(|other| {
        placed(other)
            && (own.iter().any(|term| applies(term, pod, other) && apart(other, term))
                || anti_affinity(&other.spec).iter().any(|term| applies(term, other, pod) && apart(other, term)))
    })
}

/// Whether `other` runs in the place that `node` is in, as the topology key divides places.
fn is_same_place(view: &View<'_>, other: &Pod, node: &Node, key: &str) -> bool {
    let place = |node: &Node| node.metadata.labels.get(key).cloned();
    other.spec.node_name == node.name()
        || place(node).is_some_and(|here| view.node(&other.spec.node_name).and_then(place) == Some(here))
}

/// Required anti-affinity terms.
pub(super) fn anti_affinity(spec: &PodSpec) -> &[PodAffinityTerm] {
    spec.affinity
        .as_ref()
        .and_then(|it| it.pod_anti_affinity.as_ref())
        .map(|it| it.required_during_scheduling_ignored_during_execution.as_slice())
        .unwrap_or_default()
}

/// Whether `holder`'s term is about `other`.
fn applies(term: &PodAffinityTerm, holder: &Pod, other: &Pod) -> bool {
    let here = if term.namespaces.is_empty() {
        holder.namespace() == other.namespace()
    } else {
        term.namespaces.iter().any(|namespace| namespace == other.namespace())
    };
    here && term.label_selector.as_ref().is_some_and(|selector| selector.matches(&other.metadata.labels))
}
