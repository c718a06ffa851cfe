//! Reading pods: what controllers, kubelet and views ask of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::Kind;
use super::objects::stamp;
use super::state::State;
use super::store::{Key, Object};

/// Whether the pod is ready.
pub(crate) fn ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition["status"] == "True")
}

/// Whether the pod counts as one of its controller's: neither ended nor on its way out.
pub(crate) fn active(pod: &Value) -> bool {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    pod["metadata"]["deletionTimestamp"].is_null() && phase != "Succeeded" && phase != "Failed"
}

/// A condition of any object.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Sets a condition; its transition time moves when its status does.
pub(crate) fn set_condition(object: &mut Value, now: i64, kind: &str, status: &str, reason: &str, message: &str) {
    let at = stamp(now);
    let updates = matches!(object["kind"].as_str(), Some("Deployment"));
    let conditions = &mut object["status"]["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(list) = conditions.as_array_mut() else { return };
    let index = list.iter().position(|condition| condition["type"] == kind).unwrap_or_else(|| {
        list.push(json!({ "type": kind, "status": "", "lastTransitionTime": at }));
        list.len() - 1
    });
    let condition = &mut list[index];
    let differs = condition["status"] != status
        || condition["reason"].as_str().unwrap_or_default() != reason
        || condition["message"].as_str().unwrap_or_default() != message;
    if condition["status"] != status {
        condition["lastTransitionTime"] = json!(at);
        condition["status"] = json!(status);
    }
    for (name, text) in [("reason", reason), ("message", message)] {
        if text.is_empty() {
            if let Some(condition) = condition.as_object_mut() {
                condition.remove(name);
            }
        } else {
            condition[name] = json!(text);
        }
    }
    if updates && differs {
        condition["lastUpdateTime"] = json!(at);
    }
}

/// An owner reference to this object.
pub(crate) fn owned_by(object: &Value) -> Value {
    json!([{
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }])
}

/// A number of a `5`-or-`25%` field.
pub(crate) fn portion(value: &Value, of: i64, round_up: bool) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => {
            let percent = text.trim_end_matches('%').parse::<f64>().unwrap_or(0.0);
            let exact = of as f64 * percent / 100.0;
            (if round_up { exact.ceil() } else { exact.floor() }) as i64
        }
        _ => 0,
    }
}

impl State {
    /// The objects of a kind that the object of this uid controls.
    pub(crate) fn controlled(&self, kind: Kind, uid: &str) -> Vec<Arc<Object>> {
        self.store.controlled(uid).filter(|(found, _, _)| *found == kind).map(|(_, _, object)| object.clone()).collect()
    }

    /// A new pod of a controller, from its template. `None` where admission refuses it; the event says why.
    pub(crate) fn create_pod(&mut self, parent: &Value, component: &str, name: &str, template: &Value) -> Option<Key> {
        let namespace = parent["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let account = template["spec"]["serviceAccountName"].as_str().unwrap_or("default").to_owned();
        if self.store.get(Kind::ServiceAccount, &namespace, &account).is_none() {
            let message = format!(
                "Error creating: pods \"{name}\" is forbidden: error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found"
            );
            self.event(parent, super::events::Tone::Warning, component, "FailedCreate", &message);
            return None;
        }
        let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"].clone(), "spec": template["spec"].clone() });
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["namespace"] = json!(namespace);
        pod["metadata"]["ownerReferences"] = owned_by(parent);
        self.admit(&mut pod);
        self.write(Kind::Pod, pod);
        let message = format!("Created pod: {name}");
        if component != "statefulset-controller" {
            self.event(parent, super::events::Tone::Normal, component, "SuccessfulCreate", &message);
        }
        Some(Key::new(namespace, name))
    }

    /// What admission adds to every pod: defaults, tolerations, the token's volume, its QoS class.
    pub(crate) fn admit(&mut self, pod: &mut Value) {
        let suffix = self.draw().suffix(5);
        let spec = &mut pod["spec"];
        let defaults = [
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("serviceAccountName", json!("default")),
            ("schedulerName", json!("default-scheduler")),
            ("enableServiceLinks", json!(true)),
            ("preemptionPolicy", json!("PreemptLowerPriority")),
            ("priority", json!(if spec["priorityClassName"] == "system-node-critical" { 2_000_001_000 } else { 0 })),
        ];
        for (name, value) in defaults {
            if spec[name].is_null() {
                spec[name] = value;
            }
        }
        if !spec["tolerations"].is_array() {
            spec["tolerations"] = json!([]);
        }
        if let Some(tolerations) = spec["tolerations"].as_array_mut()
            && !tolerations.iter().any(|toleration| toleration["key"].is_null())
        {
            for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
                tolerations
                    .push(json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }));
            }
        }
        let volume = format!("kube-api-access-{suffix}");
        if let Some(containers) = spec["containers"].as_array_mut() {
            for container in containers {
                if !container["volumeMounts"].is_array() {
                    container["volumeMounts"] = json!([]);
                }
                if let Some(mounts) = container["volumeMounts"].as_array_mut() {
                    mounts.push(json!({ "name": volume, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" }));
                }
                if container["imagePullPolicy"].is_null() {
                    container["imagePullPolicy"] = json!("IfNotPresent");
                }
                if container["resources"].is_null() {
                    container["resources"] = json!({});
                }
            }
        }
        if !spec["volumes"].is_array() {
            spec["volumes"] = json!([]);
        }
        if let Some(volumes) = spec["volumes"].as_array_mut() {
            volumes.push(json!({ "name": volume, "projected": { "defaultMode": 420, "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
                { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
            ] } }));
        }
        pod["status"] = json!({ "phase": "Pending", "qosClass": qos_class(pod) });
    }
}

pub(crate) fn qos_class(pod: &Value) -> &'static str {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let resources =
        |container: &'_ Value, part: &str, name: &str| container["resources"][part][name].as_str().map(str::to_owned);
    let any = containers.iter().any(|container| {
        ["requests", "limits"]
            .iter()
            .any(|part| ["cpu", "memory"].iter().any(|name| resources(container, part, name).is_some()))
    });
    let guaranteed = containers.iter().all(|container| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = resources(container, "limits", name);
            limit.is_some() && resources(container, "requests", name).is_none_or(|request| Some(request) == limit)
        })
    });
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
