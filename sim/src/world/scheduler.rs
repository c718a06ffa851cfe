//! The scheduler: finds a node for a pod, or says in the scheduler's words why there is none.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::model::Quantity;

use super::events::Tone;
use super::kinds::Kind;
use super::kubelet;
use super::pods::set_condition;
use super::state::{State, Wake, Work, owner};
use super::store::Key;

/// How many nodes that would do are compared; on large clusters the real scheduler does not look at all of them either.
const ENOUGH: usize = 40;

/// What the pods of a node have requested.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) pods: i64,
}

/// A quantity's value; zero where there is none.
pub(crate) fn quantity(value: &Value) -> f64 {
    match value {
        Value::String(text) => Quantity::new(text.as_str()).value().unwrap_or(0.0),
        other => other.as_f64().unwrap_or(0.0),
    }
}

/// CPU (cores) and memory (bytes) that a pod asks for.
pub(crate) fn requests(pod: &Value) -> (f64, f64) {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    containers.iter().fold((0.0, 0.0), |(cpu, memory), container| {
        let request = |name: &str| {
            let (requested, limit) =
                (&container["resources"]["requests"][name], &container["resources"]["limits"][name]);
            quantity(if requested.is_null() { limit } else { requested })
        };
        (cpu + request("cpu"), memory + request("memory"))
    })
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Places one pending pod.
pub(crate) fn schedule(state: &mut State, key: &Key) {
    let Some(pod) = state.store.at(Kind::Pod, key).cloned() else { return };
    if !pod["spec"]["nodeName"].is_null() || !pod["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let (cpu, memory) = requests(&pod);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut best: Option<(f64, String)> = None;
    let neighbours = neighbours(state, &pod);
    let nodes: Vec<_> = state.store.list(Kind::Node, "").map(|(_, node)| node.clone()).collect();
    let mut feasible = 0;
    // Strides of a third visit the zones in turn; the names are ordered by zone.
    let stride = nodes.len() / 3 + 1;
    let first = state.drawn as usize;
    let coprime = (stride..).find(|stride| gcd(*stride, nodes.len()) == 1).unwrap_or(1);
    for node in (0..nodes.len()).map(|index| &nodes[(first + index * coprime) % nodes.len()]) {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        if let Some(reason) = refusal(state, node, &pod, cpu, memory) {
            *reasons.entry(reason).or_default() += 1;
            continue;
        }
        let used = state.usage.get(name).copied().unwrap_or_default();
        let zone = node["metadata"]["labels"]["topology.kubernetes.io/zone"].as_str().unwrap_or_default();
        let score = 10.0 * neighbours.get(zone).copied().unwrap_or(0.0)
            + 5.0 * neighbours.get(name).copied().unwrap_or(0.0)
            + used.cpu / quantity(&node["status"]["allocatable"]["cpu"]).max(0.1)
            + used.memory / quantity(&node["status"]["allocatable"]["memory"]).max(1.0);
        if best.as_ref().is_none_or(|(least, _)| score < *least) {
            best = Some((score, name.to_owned()));
        }
        feasible += 1;
        if feasible == ENOUGH {
            break;
        }
    }
    match best {
        Some((_, node)) => bind(state, key, &node),
        None => refuse(state, key, &pod, nodes.len(), &reasons),
    }
}

/// Puts a pod on a node.
pub(crate) fn bind(state: &mut State, key: &Key, node: &str) {
    let now = state.now;
    let bound = state.change(Kind::Pod, key, |pod| {
        pod["spec"]["nodeName"] = json!(node);
        set_condition(pod, now, "PodScheduled", "True", "", "");
    });
    let Some(pod) = bound else { return };
    let (cpu, memory) = requests(&pod);
    let used = state.usage.entry(node.to_owned()).or_default();
    used.cpu += cpu;
    used.memory += memory;
    used.pods += 1;
    let message = format!("Successfully assigned {key} to {node}");
    state.event(&pod, Tone::Normal, "default-scheduler", "Scheduled", &message);
    kubelet::bound(state, key, &pod);
    state.after(1, Wake::Pod(key.clone()));
}

/// Gives back what a removed pod had requested.
pub(crate) fn release(state: &mut State, pod: &Value) {
    let Some(used) = pod["spec"]["nodeName"].as_str().and_then(|node| state.usage.get_mut(node)) else { return };
    let (cpu, memory) = requests(pod);
    used.cpu -= cpu;
    used.memory -= memory;
    used.pods -= 1;
    super::controllers::retry_pending(state);
}

fn refuse(state: &mut State, key: &Key, pod: &Value, nodes: usize, reasons: &BTreeMap<String, usize>) {
    let listed: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let helpless =
        reasons.iter().filter(|(reason, _)| !reason.starts_with("Insufficient")).map(|(_, count)| count).sum::<usize>();
    let hopeful = nodes - helpless;
    let mut preemption = Vec::new();
    if hopeful > 0 {
        preemption.push(format!("{hopeful} No preemption victims found for incoming pod"));
    }
    if helpless > 0 {
        preemption.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    let message = format!(
        "0/{nodes} nodes are available: {}. preemption: 0/{nodes} nodes are available: {}.",
        listed.join(", "),
        preemption.join(", ")
    );
    let now = state.now;
    state.event(pod, Tone::Warning, "default-scheduler", "FailedScheduling", &message);
    state
        .store
        .update(Kind::Pod, key, |pod| set_condition(pod, now, "PodScheduled", "False", "Unschedulable", &message));
    state.pending.insert(key.clone());
    state.after(60, Wake::Again(Work::Schedule(key.clone())));
}

/// Why a node does not take a pod, in the scheduler's words.
fn refusal(state: &State, node: &Value, pod: &Value, cpu: f64, memory: f64) -> Option<String> {
    let tolerations = pod["spec"]["tolerations"].as_array().map(Vec::as_slice).unwrap_or_default();
    for taint in node["spec"]["taints"].as_array().map(Vec::as_slice).unwrap_or_default() {
        if taint["effect"] == "PreferNoSchedule" || tolerations.iter().any(|toleration| tolerates(toleration, taint)) {
            continue;
        }
        if taint["key"] == "node.kubernetes.io/unschedulable" {
            return Some("node(s) were unschedulable".to_owned());
        }
        let (key, value) = (taint["key"].as_str().unwrap_or_default(), taint["value"].as_str().unwrap_or_default());
        return Some(format!("node(s) had untolerated taint {{{key}: {value}}}"));
    }
    let labels = &node["metadata"]["labels"];
    if let Some(wanted) = pod["spec"]["nodeSelector"].as_object()
        && !wanted.iter().all(|(name, value)| labels[name] == *value)
    {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    if let Some(zone) = volume_zone(state, pod)
        && labels["topology.kubernetes.io/zone"] != zone.as_str()
    {
        return Some("node(s) had volume node affinity conflict".to_owned());
    }
    let used = node["metadata"]["name"].as_str().and_then(|name| state.usage.get(name)).copied().unwrap_or_default();
    let room = |name: &str| quantity(&node["status"]["allocatable"][name]);
    if used.pods + 1 > room("pods") as i64 {
        return Some("Too many pods".to_owned());
    }
    if cpu > 0.0 && used.cpu + cpu > room("cpu") + 1e-9 {
        return Some("Insufficient cpu".to_owned());
    }
    (memory > 0.0 && used.memory + memory > room("memory")).then(|| "Insufficient memory".to_owned())
}

/// Whether a toleration covers a taint.
pub(crate) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration["effect"].is_null() || toleration["effect"] == taint["effect"];
    let key = toleration["key"].is_null() || toleration["key"] == taint["key"];
    let exists = toleration["operator"] == "Exists";
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    effect && key && (exists || text(&toleration["value"]) == text(&taint["value"]))
}

/// The zone that a pod's bound volume ties it to.
fn volume_zone(state: &State, pod: &Value) -> Option<String> {
    let namespace = pod["metadata"]["namespace"].as_str()?;
    let claims = pod["spec"]["volumes"]
        .as_array()?
        .iter()
        .filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str());
    for claim in claims {
        let volume =
            state.store.get(Kind::PersistentVolumeClaim, namespace, claim)?["spec"]["volumeName"].as_str()?.to_owned();
        let volume = state.store.get(Kind::PersistentVolume, "", &volume)?;
        let zone =
            &volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"][0];
        if let Some(zone) = zone.as_str() {
            return Some(zone.to_owned());
        }
    }
    None
}

/// How many pods of the same controller are already on each node and in each zone.
fn neighbours(state: &State, pod: &Value) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    let Some(uid) = owner(pod).and_then(|owner| owner["uid"].as_str()) else { return counts };
    for sibling in state.controlled(Kind::Pod, uid) {
        let Some(node) = sibling["spec"]["nodeName"].as_str() else { continue };
        *counts.entry(node.to_owned()).or_default() += 1.0;
        let zone = state
            .store
            .get(Kind::Node, "", node)
            .map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].clone());
        if let Some(zone) = zone.as_ref().and_then(Value::as_str) {
            *counts.entry(zone.to_owned()).or_default() += 1.0;
        }
    }
    counts
}
