//! Endpoints and EndpointSlices: which pods stand behind a Service.

use serde_json::{Value, json};

use crate::world::kinds::Kind;
use crate::world::objects::object;
use crate::world::pods::{owned_by, ready};
use crate::world::state::{State, selects};
use crate::world::store::Key;

/// Brings the endpoints of one Service up to date.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let slice_name = format!("{}-{}", key.name, state.noise.of(&key.to_string()).suffix(5));
    let slice_key = Key::new(&key.namespace, &slice_name);
    let Some(service) = state.store.at(Kind::Service, key).cloned() else {
        state.remove(Kind::EndpointSlice, &slice_key);
        state.remove(Kind::Endpoints, key);
        return;
    };
    let selector = &service["spec"]["selector"];
    if selector.is_null() {
        return;
    }
    let pods: Vec<_> = state
        .store
        .list(Kind::Pod, &key.namespace)
        .filter(|(_, pod)| selects(selector, &pod["metadata"]["labels"]) && pod["status"]["podIP"].is_string())
        .filter(|(_, pod)| !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")))
        .map(|(_, pod)| pod.clone())
        .collect();
    let zone = |node: &Value| {
        let node = state.store.get(Kind::Node, "", node.as_str().unwrap_or_default());
        node.map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].clone()).unwrap_or_default()
    };
    let target = |pod: &Value| json!({ "kind": "Pod", "namespace": key.namespace, "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"] });
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| {
            let leaving = !pod["metadata"]["deletionTimestamp"].is_null();
            json!({
                "addresses": [pod["status"]["podIP"]],
                "conditions": { "ready": ready(pod) && !leaving, "serving": ready(pod), "terminating": leaving },
                "nodeName": pod["spec"]["nodeName"], "zone": zone(&pod["spec"]["nodeName"]), "targetRef": target(pod),
            })
        })
        .collect();
    let ports: Vec<Value> = service["spec"]["ports"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|port| json!({ "name": port["name"], "port": target_port(port, pods.first().map(|pod| &***pod)), "protocol": port["protocol"] }))
        .collect();
    let address = |pod: &Value| json!({ "ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod) });
    let split = |wanted: bool| -> Vec<Value> {
        pods.iter()
            .filter(|pod| (ready(pod) && pod["metadata"]["deletionTimestamp"].is_null()) == wanted)
            .map(|pod| address(pod))
            .collect()
    };
    let mut subset = json!({ "ports": ports });
    for (name, addresses) in [("addresses", split(true)), ("notReadyAddresses", split(false))] {
        if !addresses.is_empty() {
            subset[name] = json!(addresses);
        }
    }
    let mut slice = object(Kind::EndpointSlice, &key.namespace, &slice_name);
    slice["metadata"]["labels"] = json!({
        "kubernetes.io/service-name": key.name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
    slice["metadata"]["generateName"] = json!(format!("{}-", key.name));
    slice["metadata"]["ownerReferences"] = owned_by(&service);
    slice["addressType"] = json!("IPv4");
    slice["endpoints"] = json!(endpoints);
    slice["ports"] = json!(ports);
    let mut legacy = object(Kind::Endpoints, &key.namespace, &key.name);
    legacy["metadata"]["labels"] = service["metadata"]["labels"].clone();
    if !pods.is_empty() {
        legacy["subsets"] = json!([subset]);
    }
    put(state, Kind::EndpointSlice, &slice_key, slice);
    put(state, Kind::Endpoints, key, legacy);
}

fn put(state: &mut State, kind: Kind, key: &Key, fresh: Value) {
    if state.store.at(kind, key).is_none() {
        state.write(kind, fresh);
        return;
    }
    state.change(kind, key, |object| {
        for field in ["endpoints", "ports", "subsets"] {
            match fresh.get(field) {
                Some(value) => object[field] = value.clone(),
                None => {
                    if let Some(object) = object.as_object_mut() {
                        object.remove(field);
                    }
                }
            }
        }
    });
}

fn target_port(port: &Value, pod: Option<&Value>) -> Value {
    match &port["targetPort"] {
        Value::String(name) => {
            let containers =
                pod.and_then(|pod| pod["spec"]["containers"].as_array()).map(Vec::as_slice).unwrap_or_default();
            let ports = containers.iter().filter_map(|container| container["ports"].as_array()).flatten();
            ports
                .filter(|port| port["name"] == name.as_str())
                .map(|port| port["containerPort"].clone())
                .next()
                .unwrap_or_default()
        }
        Value::Null => port["port"].clone(),
        number => number.clone(),
    }
}
