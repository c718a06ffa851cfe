//! StatefulSets: pods with names and volumes of their own, made one after the other.

use serde_json::{Value, json};

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::objects::object;
use crate::world::pods::{active, ready};
use crate::world::state::State;
use crate::world::store::Key;

const COMPONENT: &str = "statefulset-controller";
const REVISION_LABEL: &str = "controller-revision-hash";

/// Brings one StatefulSet closer to what it should be.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(set) = state.store.at(Kind::StatefulSet, key).cloned() else { return };
    let uid = set["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let wanted = set["spec"]["replicas"].as_i64().unwrap_or(1).max(0);
    let hash = state.noise.of(&key.to_string()).of(&set["spec"]["template"].to_string()).suffix(9);
    let revision = format!("{}-{hash}", key.name);
    let pods = state.controlled(Kind::Pod, &uid);
    let named =
        |index: i64| pods.iter().find(|pod| pod["metadata"]["name"] == format!("{}-{index}", key.name).as_str());
    for index in 0..wanted {
        match named(index) {
            None => {
                create(state, &set, index, &revision);
                break;
            }
            Some(pod) if !ready(pod) => break,
            Some(_) => {}
        }
    }
    let surplus = pods.iter().filter(|pod| active(pod) && ordinal(pod) >= wanted).max_by_key(|pod| ordinal(pod));
    let all_ready = pods.iter().all(|pod| ready(pod) && active(pod));
    let outdated =
        |pod: &&std::sync::Arc<crate::world::Object>| pod["metadata"]["labels"][REVISION_LABEL] != revision.as_str();
    let victim = surplus.or_else(|| {
        let sick = pods.iter().filter(outdated).find(|pod| active(pod) && !ready(pod));
        sick.or_else(|| pods.iter().filter(outdated).filter(|_| all_ready).max_by_key(|pod| ordinal(pod)))
    });
    if let Some(pod) = victim {
        let name = Key::of(pod).name;
        let message = format!("delete Pod {name} in StatefulSet {} successful", key.name);
        state.event(&set, Tone::Normal, COMPONENT, "SuccessfulDelete", &message);
        state.delete(Kind::Pod, &Key::of(pod));
    }
    write_status(state, key, &uid, &revision);
}

fn ordinal(pod: &Value) -> i64 {
    pod["metadata"]["name"].as_str().and_then(|name| name.rsplit('-').next()?.parse().ok()).unwrap_or(0)
}

fn create(state: &mut State, set: &Value, index: i64, revision: &str) {
    let key = Key::of(set);
    let name = format!("{}-{index}", key.name);
    let mut template = set["spec"]["template"].clone();
    template["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = json!(index.to_string());
    template["metadata"]["labels"][REVISION_LABEL] = json!(revision);
    template["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = json!(name);
    template["spec"]["hostname"] = json!(name);
    template["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    let claims = set["spec"]["volumeClaimTemplates"].as_array().cloned().unwrap_or_default();
    let mut volumes = template["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    for claim in &claims {
        let volume = claim["metadata"]["name"].as_str().unwrap_or_default();
        let claim_name = format!("{volume}-{name}");
        ensure_claim(state, set, &key.namespace, &claim_name, claim);
        volumes.push(json!({ "name": volume, "persistentVolumeClaim": { "claimName": claim_name } }));
    }
    template["spec"]["volumes"] = json!(volumes);
    if state.create_pod(set, COMPONENT, &name, &template).is_some() {
        let message = format!("create Pod {name} in StatefulSet {} successful", key.name);
        state.event(set, Tone::Normal, COMPONENT, "SuccessfulCreate", &message);
    }
}

/// A claim and the zonal volume that the EBS driver provisions for it.
fn ensure_claim(state: &mut State, set: &Value, namespace: &str, name: &str, template: &Value) {
    if state.store.get(Kind::PersistentVolumeClaim, namespace, name).is_some() {
        return;
    }
    let volume_name = format!("pvc-{}", state.noise.of(namespace).of(name).uuid());
    let zone = format!("{}a", state.options.region);
    let capacity = template["spec"]["resources"]["requests"]["storage"].clone();
    let mut claim = object(Kind::PersistentVolumeClaim, namespace, name);
    claim["metadata"]["labels"] = set["spec"]["selector"]["matchLabels"].clone();
    claim["spec"] = template["spec"].clone();
    claim["spec"]["volumeName"] = json!(volume_name);
    claim["status"] =
        json!({ "phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": { "storage": capacity } });
    let claim = state.write(Kind::PersistentVolumeClaim, claim);
    let mut volume = object(Kind::PersistentVolume, "", &volume_name);
    volume["spec"] = json!({
        "capacity": { "storage": capacity }, "accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem",
        "storageClassName": "gp3", "persistentVolumeReclaimPolicy": "Delete",
        "claimRef": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": name,
            "uid": claim["metadata"]["uid"],
        },
        "csi": { "driver": "ebs.csi.aws.com", "fsType": "ext4", "volumeHandle": format!("vol-{}", state.noise.of(name).hex(17)) },
        "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
            { "key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone] },
        ] }] } },
    });
    volume["status"] = json!({ "phase": "Bound" });
    state.write(Kind::PersistentVolume, volume);
}

fn write_status(state: &mut State, key: &Key, uid: &str, revision: &str) {
    let pods = state.controlled(Kind::Pod, uid);
    let ready = pods.iter().filter(|pod| ready(pod)).count();
    let updated = pods.iter().filter(|pod| pod["metadata"]["labels"][REVISION_LABEL] == revision).count();
    state.change(Kind::StatefulSet, key, |set| {
        let done = updated == pods.len();
        let before = set["status"]["currentRevision"].clone();
        let mut status = json!({
            "observedGeneration": set["metadata"]["generation"], "replicas": pods.len(), "collisionCount": 0,
            "updateRevision": revision, "availableReplicas": ready, "updatedReplicas": updated,
            "currentRevision": if done || before.is_null() { json!(revision) } else { before },
        });
        if done {
            status["currentReplicas"] = json!(updated);
        }
        if ready > 0 {
            status["readyReplicas"] = json!(ready);
        }
        set["status"] = status;
    });
}
