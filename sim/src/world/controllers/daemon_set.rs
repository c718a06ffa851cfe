//! DaemonSets: one pod on every node that tolerates it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::pods::{active, ready};
use crate::world::scheduler::bind;
use crate::world::state::State;
use crate::world::store::Key;

const COMPONENT: &str = "daemonset-controller";
const REVISION_LABEL: &str = "controller-revision-hash";

fn node_of(pod: &Value) -> &str {
    let wanted = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    wanted["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str().unwrap_or_default()
}

/// Brings one DaemonSet closer to one pod a node.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(set) = state.store.at(Kind::DaemonSet, key).cloned() else { return };
    let uid = set["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let hash = state.noise.of(&key.to_string()).of(&set["spec"]["template"].to_string()).suffix(10);
    let nodes: BTreeSet<String> = state.store.list(Kind::Node, "").map(|(node, _)| node.name.clone()).collect();
    let pods = state.controlled(Kind::Pod, &uid);
    let held: BTreeSet<String> = pods.iter().filter(|pod| active(pod)).map(|pod| node_of(pod).to_owned()).collect();
    for node in nodes.iter().filter(|node| !held.contains(*node)) {
        create(state, &set, node, &hash);
    }
    for pod in pods.iter().filter(|pod| active(pod) && !nodes.contains(node_of(pod))) {
        state.delete(Kind::Pod, &Key::of(pod));
    }
    // An update replaces one pod at a time, once all the others are ready.
    let settled = pods.iter().all(|pod| active(pod) && ready(pod)) && held.len() == nodes.len();
    let outdated = pods.iter().find(|pod| active(pod) && pod["metadata"]["labels"][REVISION_LABEL] != hash.as_str());
    if let Some(pod) = outdated.filter(|pod| settled || !ready(pod)) {
        let name = Key::of(pod).name;
        state.event(&set, Tone::Normal, COMPONENT, "SuccessfulDelete", &format!("Deleted pod: {name}"));
        state.delete(Kind::Pod, &Key::of(pod));
    }
    write_status(state, key, &uid, &hash, nodes.len());
}

fn create(state: &mut State, set: &Value, node: &str, hash: &str) {
    let mut template = set["spec"]["template"].clone();
    template["metadata"]["labels"][REVISION_LABEL] = json!(hash);
    template["metadata"]["labels"]["pod-template-generation"] = json!("1");
    template["spec"]["affinity"] = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [node] }] }],
    } } });
    let name = format!("{}-{}", Key::of(set).name, state.draw().suffix(5));
    if let Some(pod) = state.create_pod(set, COMPONENT, &name, &template) {
        bind(state, &pod, node);
    }
}

fn write_status(state: &mut State, key: &Key, uid: &str, hash: &str, nodes: usize) {
    let pods: Vec<_> = state.controlled(Kind::Pod, uid).into_iter().filter(|pod| active(pod)).collect();
    let ready = pods.iter().filter(|pod| ready(pod)).count();
    let updated = pods.iter().filter(|pod| pod["metadata"]["labels"][REVISION_LABEL] == hash).count();
    state.change(Kind::DaemonSet, key, |set| {
        set["status"] = json!({
            "observedGeneration": set["metadata"]["generation"],
            "currentNumberScheduled": pods.len(), "desiredNumberScheduled": nodes, "numberMisscheduled": 0,
            "numberReady": ready, "numberAvailable": ready, "updatedNumberScheduled": updated,
        });
        if nodes > ready {
            set["status"]["numberUnavailable"] = json!(nodes - ready);
        }
    });
}
