//! Deployments: a ReplicaSet for each revision, replaced step by step within maxSurge and maxUnavailable.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::objects::{object, seconds};
use crate::world::pods::{condition, owned_by, portion, set_condition};
use crate::world::state::{State, Wake, Work};
use crate::world::store::{Key, Object};

const REVISION: &str = "deployment.kubernetes.io/revision";
const COMPONENT: &str = "deployment-controller";

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn key_of(object: &Value) -> Key {
    Key::of(object)
}

/// The revision an object carries.
pub(crate) fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The template as the user wrote it, without the hash the controller adds.
fn plain_template(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    without_empties(&template)
}

/// A template without what says nothing: clients differ in whether they send `null`, `{}` and `[]` along.
fn without_empties(value: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    match value {
        Value::Object(map) => {
            let kept = map.iter().map(|(name, value)| (name.clone(), without_empties(value)));
            Value::Object(kept.filter(|(_, value)| says_something(value)).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_empties).collect()),
        other => other.clone(),
    }
}

/// Brings one Deployment closer to what it should be.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(deployment) = state.store.at(Kind::Deployment, key).cloned() else { return };
    let uid = deployment["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let sets = state.controlled(Kind::ReplicaSet, &uid);
    let paused = deployment["spec"]["paused"] == true;
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let template = without_empties(&deployment["spec"]["template"]);
    let current = sets.iter().find(|set| plain_template(set) == template).cloned();
    let current = match current {
        None if paused => None,
        None => Some(new_set(state, &deployment, &sets)),
        Some(set) => Some(latest_revision(state, &deployment, &sets, set)),
    };
    if let Some(current) = &current {
        let old: Vec<Arc<Object>> =
            sets.iter().filter(|set| set["metadata"]["uid"] != current["metadata"]["uid"]).cloned().collect();
        if !paused || old.iter().all(|set| number(&set["spec"]["replicas"]) == 0) {
            roll(state, &deployment, current, &old, wanted);
        }
        clean_up(state, &deployment, &old);
    }
    write_status(state, key, &uid, current.map(|set| key_of(&set)));
}

fn new_set(state: &mut State, deployment: &Value, sets: &[Arc<Object>]) -> Arc<Object> {
    let key = key_of(deployment);
    let mut template = deployment["spec"]["template"].clone();
    let hash = state.noise.of(&key.to_string()).of(&without_empties(&template).to_string()).suffix(9);
    let name = format!("{}-{hash}", key.name);
    let next = sets.iter().map(|set| revision(set)).max().unwrap_or(0).max(revision(deployment)) + 1;
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let mut set = object(Kind::ReplicaSet, &key.namespace, &name);
    set["metadata"]["labels"] = template["metadata"]["labels"].clone();
    set["metadata"]["annotations"] = json!({ REVISION: next.to_string() });
    if let Some(cause) = deployment["metadata"]["annotations"].get("kubernetes.io/change-cause") {
        set["metadata"]["annotations"]["kubernetes.io/change-cause"] = cause.clone();
    }
    set["metadata"]["ownerReferences"] = owned_by(deployment);
    set["spec"] = json!({ "replicas": 0, "selector": selector, "template": template });
    set["status"] = json!({ "replicas": 0 });
    let set = state.write(Kind::ReplicaSet, set);
    let now = state.now;
    state.change(Kind::Deployment, &key, |deployment| {
        deployment["metadata"]["annotations"][REVISION] = json!(next.to_string());
        set_condition(
            deployment,
            now,
            "Progressing",
            "True",
            "NewReplicaSetCreated",
            &format!("Created new replica set \"{name}\""),
        );
    });
    set
}

/// A ReplicaSet rolled back to becomes the newest revision.
fn latest_revision(state: &mut State, deployment: &Value, sets: &[Arc<Object>], set: Arc<Object>) -> Arc<Object> {
    let others = sets.iter().filter(|other| other["metadata"]["uid"] != set["metadata"]["uid"]);
    let newest_other = others.map(|other| revision(other)).max().unwrap_or(0);
    if revision(&set) > newest_other {
        return set;
    }
    let (next, now) = (newest_other + 1, state.now);
    let name = key_of(&set).name;
    state.change(Kind::Deployment, &key_of(deployment), |deployment| {
        deployment["metadata"]["annotations"][REVISION] = json!(next.to_string());
        set_condition(
            deployment,
            now,
            "Progressing",
            "True",
            "FoundNewReplicaSet",
            &format!("Found new replica set \"{name}\""),
        );
    });
    let changed = state.change(Kind::ReplicaSet, &key_of(&set), |set| {
        set["metadata"]["annotations"][REVISION] = json!(next.to_string());
    });
    changed.unwrap_or(set)
}

fn roll(state: &mut State, deployment: &Value, current: &Arc<Object>, old: &[Arc<Object>], wanted: i64) {
    let spec = &deployment["spec"]["strategy"]["rollingUpdate"];
    let recreate = deployment["spec"]["strategy"]["type"] == "Recreate";
    let fallback = json!("25%");
    let or = |value: &Value| if value.is_null() { fallback.clone() } else { value.clone() };
    let surge = if recreate { 0 } else { portion(&or(&spec["maxSurge"]), wanted, true) };
    let mut unavailable = if recreate { wanted } else { portion(&or(&spec["maxUnavailable"]), wanted, false) };
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let size = |set: &Value| number(&set["spec"]["replicas"]);
    let available = |set: &Value| number(&set["status"]["availableReplicas"]);
    let (new_size, old_size) = (size(current), old.iter().map(|set| size(set)).sum::<i64>());
    if new_size > wanted {
        return scale(state, deployment, current, wanted);
    }
    if new_size < wanted {
        let still_running = recreate && old.iter().any(|set| number(&set["status"]["replicas"]) > 0);
        let room = if still_running { 0 } else { wanted + surge - new_size - old_size };
        if room > 0 {
            return scale(state, deployment, current, new_size + room.min(wanted - new_size));
        }
    }
    if old_size == 0 {
        return;
    }
    // Old pods that are not available cost nothing to remove; of the others only as many as may be unavailable.
    let new_unavailable = size(current) - available(current);
    let mut removable =
        if recreate { old_size } else { size(current) + old_size - (wanted - unavailable) - new_unavailable };
    let mut spare = old.iter().map(|set| available(set)).sum::<i64>() + available(current) - (wanted - unavailable);
    for set in old.iter().filter(|set| size(set) > 0) {
        if removable <= 0 {
            break;
        }
        let sick = (size(set) - available(set)).max(0).min(removable);
        let well =
            if recreate { size(set) - sick } else { available(set).min(spare.max(0)).min(removable - sick).max(0) };
        if sick + well > 0 {
            scale(state, deployment, set, size(set) - sick - well);
            removable -= sick + well;
            spare -= well;
        }
    }
}

fn scale(state: &mut State, deployment: &Value, set: &Value, to: i64) {
    let from = number(&set["spec"]["replicas"]);
    if from == to {
        return;
    }
    let name = key_of(set).name;
    let wanted = deployment["spec"]["replicas"].clone();
    state.change(Kind::ReplicaSet, &key_of(set), |set| {
        set["spec"]["replicas"] = json!(to);
        set["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = json!(wanted.to_string());
    });
    let direction = if to > from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {name} from {from} to {to}");
    state.event(deployment, Tone::Normal, COMPONENT, "ScalingReplicaSet", &message);
}

fn clean_up(state: &mut State, deployment: &Value, old: &[Arc<Object>]) {
    let limit = deployment["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10);
    let empty = |set: &&Arc<Object>| number(&set["spec"]["replicas"]) == 0 && number(&set["status"]["replicas"]) == 0;
    let mut spent: Vec<&Arc<Object>> = old.iter().filter(empty).collect();
    spent.sort_by_key(|set| revision(set));
    let excess = spent.len().saturating_sub(limit as usize);
    for set in &spent[..excess] {
        state.remove(Kind::ReplicaSet, &key_of(set));
    }
}

fn write_status(state: &mut State, key: &Key, uid: &str, current: Option<Key>) {
    let sets = state.controlled(Kind::ReplicaSet, uid);
    let total = |field: &str| sets.iter().map(|set| number(&set["status"][field])).sum::<i64>();
    let current = current.and_then(|key| state.store.at(Kind::ReplicaSet, &key).cloned());
    let updated = current.as_ref().map_or(0, |set| number(&set["status"]["replicas"]));
    let (replicas, ready, available) = (total("replicas"), total("readyReplicas"), total("availableReplicas"));
    let name = current.as_ref().map(|set| key_of(set).name).unwrap_or_default();
    let now = state.now;
    let mut deadline = None;
    state.change(Kind::Deployment, key, |deployment| {
        let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
        let fallback = json!("25%");
        let spec = &deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"];
        let unavailable = portion(if spec.is_null() { &fallback } else { spec }, wanted, false);
        let before = deployment["status"].clone();
        let mut status = json!({
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available,
            "unavailableReplicas": (wanted.max(replicas) - available).max(0),
            "conditions": before.get("conditions").cloned().unwrap_or_else(|| json!([])),
        });
        if let Some(status) = status.as_object_mut() {
            // Zero is left out, as by the real controller.
            status.retain(|name, value| *value != json!(0) || name == "observedGeneration");
        }
        let progressed = status["replicas"] != before["replicas"]
            || number(&status["updatedReplicas"]) > number(&before["updatedReplicas"])
            || number(&status["readyReplicas"]) > number(&before["readyReplicas"]);
        deployment["status"] = status;
        let complete = updated == wanted && replicas == wanted && available == wanted;
        let progressing = condition(deployment, "Progressing").cloned().unwrap_or_default();
        let limit = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
        let since = seconds(&progressing["lastUpdateTime"]).unwrap_or(now);
        if complete {
            let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
            set_condition(deployment, now, "Progressing", "True", "NewReplicaSetAvailable", &message);
        } else if progressed && progressing["reason"] != "NewReplicaSetAvailable"
            || updated < wanted && progressing["reason"] == "NewReplicaSetAvailable"
        {
            let message = format!("ReplicaSet \"{name}\" is progressing.");
            set_condition(deployment, now, "Progressing", "True", "ReplicaSetUpdated", &message);
            if let Some(list) = deployment["status"]["conditions"].as_array_mut() {
                for condition in list.iter_mut().filter(|condition| condition["type"] == "Progressing") {
                    condition["lastUpdateTime"] = json!(crate::world::objects::stamp(now));
                }
            }
            deadline = Some(limit + 1);
        } else if progressing["reason"] != "NewReplicaSetAvailable"
            && progressing["status"] == "True"
            && now - since >= limit
        {
            let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
            set_condition(deployment, now, "Progressing", "False", "ProgressDeadlineExceeded", &message);
        }
        if available >= wanted - unavailable {
            set_condition(
                deployment,
                now,
                "Available",
                "True",
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            );
        } else {
            let message = "Deployment does not have minimum availability.";
            set_condition(deployment, now, "Available", "False", "MinimumReplicasUnavailable", message);
        }
    });
    if let Some(seconds) = deadline {
        state.after(seconds, Wake::Again(Work::Deployment(key.clone())));
    }
}
