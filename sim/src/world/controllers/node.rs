//! Nodes: heartbeats, and what the node controller does when one stops.

use serde_json::{Value, json};

use crate::world::build::micro_stamp;
use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::objects::stamp;
use crate::world::pods::{ready, set_condition};
use crate::world::scheduler::tolerates;
use crate::world::state::{State, Wake};
use crate::world::store::Key;

/// How long the node controller waits for a heartbeat (`--node-monitor-grace-period`).
const GRACE_S: i64 = 40;
const COMPONENT: &str = "node-controller";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Puts the taint of a cordoned node on it, or takes it off.
pub(crate) fn taint(node: &mut Value, now: i64) {
    const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
    let cordoned = node["spec"]["unschedulable"] == true;
    let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let tainted = taints.iter().any(|taint| taint["key"] == UNSCHEDULABLE);
    if cordoned == tainted {
        return;
    }
    taints.retain(|taint| taint["key"] != UNSCHEDULABLE);
    if cordoned {
        taints.push(json!({ "key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": stamp(now) }));
    }
    match node["spec"].as_object_mut() {
        Some(spec) if taints.is_empty() => drop(spec.remove("taints")),
        _ => node["spec"]["taints"] = json!(taints),
    }
}

/// The kubelet of a node stops.
pub(crate) fn fail(state: &mut State, node: &str) {
    let now = state.now;
    state.dead_nodes.insert(node.to_owned(), now);
    state.after(GRACE_S, Wake::NodeSilent(node.to_owned()));
}

/// Renews the heartbeats of all nodes whose kubelet lives, every five minutes as the kubelet does when nothing changes.
pub(crate) fn heartbeat(state: &mut State) {
    if state.now.div_euclid(60) % 5 != 0 {
        return;
    }
    let now = stamp(state.now);
    let alive: Vec<Key> = state
        .store
        .list(Kind::Node, "")
        .filter(|(key, _)| !state.dead_nodes.contains_key(&key.name))
        .map(|(key, _)| key.clone())
        .collect();
    for key in alive {
        state.store.update(Kind::Node, &key, |node| {
            for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
                condition["lastHeartbeatTime"] = json!(now);
            }
        });
        let renewed = micro_stamp(state.now);
        let lease = Key::new("kube-node-lease", &key.name);
        state.store.update(Kind::Lease, &lease, |lease| lease["spec"]["renewTime"] = json!(renewed));
    }
}

/// No heartbeat for too long: conditions become Unknown, taints go on, pods are no longer ready.
pub(crate) fn silent(state: &mut State, name: &str) {
    if !state.dead_nodes.contains_key(name) {
        return;
    }
    let (now, key) = (state.now, Key::new("", name));
    let changed = state.change(Kind::Node, &key, |node| {
        for condition in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
            set_condition(node, now, condition, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
        }
        let at = stamp(now);
        let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        taints.extend(
            ["NoSchedule", "NoExecute"].map(|effect| json!({ "key": UNREACHABLE, "effect": effect, "timeAdded": at })),
        );
        node["spec"]["taints"] = json!(taints);
    });
    let Some(node) = changed else { return };
    state.event(&node, Tone::Normal, COMPONENT, "NodeNotReady", &format!("Node {name} status is now: NodeNotReady"));
    for pod in pods_on(state, name) {
        if !state.store.at(Kind::Pod, &pod).is_some_and(|pod| ready(pod)) {
            continue;
        }
        if let Some(pod) = state.change(Kind::Pod, &pod, |pod| set_condition(pod, now, "Ready", "False", "", "")) {
            state.event(&pod, Tone::Warning, COMPONENT, "NodeNotReady", "Node is not ready");
        }
    }
    state.after(300, Wake::Evict(name.to_owned()));
}

/// The tolerations of its pods have run out: those without a lasting one are deleted.
pub(crate) fn evict(state: &mut State, name: &str) {
    if !state.dead_nodes.contains_key(name) {
        return;
    }
    let taint = json!({ "key": UNREACHABLE, "effect": "NoExecute" });
    for key in pods_on(state, name) {
        let Some(pod) = state.store.at(Kind::Pod, &key).cloned() else { continue };
        let tolerations = pod["spec"]["tolerations"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lasting = |toleration: &&Value| tolerates(toleration, &taint) && toleration["tolerationSeconds"].is_null();
        if tolerations.iter().any(|toleration| lasting(&toleration)) {
            continue;
        }
        let message = format!("Marking for deletion Pod {key}");
        state.event(&pod, Tone::Normal, "taint-eviction-controller", "TaintManagerEviction", &message);
        state.delete(Kind::Pod, &key);
    }
}

fn pods_on(state: &State, node: &str) -> Vec<Key> {
    state
        .store
        .list(Kind::Pod, "")
        .filter(|(_, pod)| pod["spec"]["nodeName"] == node)
        .map(|(key, _)| key.clone())
        .collect()
}
