//! ReplicaSets: as many pods as wanted, made and deleted.

use serde_json::json;

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::pods::{active, ready};
use crate::world::state::{State, Wake, Work};
use crate::world::store::Key;

const COMPONENT: &str = "replicaset-controller";

/// Brings one ReplicaSet closer to its size.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(set) = state.store.at(Kind::ReplicaSet, key).cloned() else { return };
    let uid = set["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let wanted = set["spec"]["replicas"].as_i64().unwrap_or(1).max(0) as usize;
    let mut pods: Vec<_> = state.controlled(Kind::Pod, &uid).into_iter().filter(|pod| active(pod)).collect();
    if pods.len() < wanted {
        for _ in pods.len()..wanted {
            let name = format!("{}-{}", key.name, state.draw().suffix(5));
            if state.create_pod(&set, COMPONENT, &name, &set["spec"]["template"]).is_none() {
                state.after(30, Wake::Again(Work::ReplicaSet(key.clone())));
                break;
            }
        }
    } else if pods.len() > wanted {
        // Those that would be missed least go first: unscheduled, not ready, then the youngest.
        pods.sort_by_key(|pod| {
            let unplaced = pod["spec"]["nodeName"].is_null();
            (!unplaced, ready(pod), std::cmp::Reverse(pod["metadata"]["creationTimestamp"].as_str().map(str::to_owned)))
        });
        for pod in &pods[..pods.len() - wanted] {
            let name = Key::of(pod).name;
            state.event(&set, Tone::Normal, COMPONENT, "SuccessfulDelete", &format!("Deleted pod: {name}"));
            state.delete(Kind::Pod, &Key::of(pod));
        }
    }
    write_status(state, key, &uid);
}

fn write_status(state: &mut State, key: &Key, uid: &str) {
    let pods: Vec<_> = state.controlled(Kind::Pod, uid).into_iter().filter(|pod| active(pod)).collect();
    let ready = pods.iter().filter(|pod| ready(pod)).count();
    state.change(Kind::ReplicaSet, key, |set| {
        let mut status = json!({ "replicas": pods.len(), "observedGeneration": set["metadata"]["generation"] });
        if !pods.is_empty() {
            status["fullyLabeledReplicas"] = json!(pods.len());
        }
        if ready > 0 {
            status["readyReplicas"] = json!(ready);
            status["availableReplicas"] = json!(ready);
        }
        set["status"] = status;
    });
}
