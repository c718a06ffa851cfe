//! metrics.k8s.io: what nodes and pods use right now.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::list::selectors;
use super::status::Refusal;
use super::{Api, Request, answer};
use crate::world::{Kind, Usage};

fn quantities(usage: &Usage) -> Value {
    json!({ "cpu": format!("{}n", (usage.cpu_m * 1e6) as i64), "memory": format!("{}Ki", (usage.memory_mi * 1024.0) as i64) })
}

/// Lists and gets of `nodes` and `pods`.
pub(super) fn serve(api: &Api, rest: &[&str], request: &Request<'_>) -> Result<Response, Refusal> {
    let (kind, namespace, name) = match rest {
        ["nodes"] => (Kind::Node, "", ""),
        ["nodes", name] => (Kind::Node, "", *name),
        ["pods"] => (Kind::Pod, "", ""),
        ["namespaces", namespace, "pods"] => (Kind::Pod, *namespace, ""),
        ["namespaces", namespace, "pods", name] => (Kind::Pod, *namespace, *name),
        _ => return Err(Refusal::no_such_path()),
    };
    let (labels, _) = selectors(request)?;
    let measured = if kind == Kind::Node { api.world.node_usage() } else { api.world.pod_usage(namespace) };
    let stamp = api.world.now().to_string();
    let single = if kind == Kind::Node { "NodeMetrics" } else { "PodMetrics" };
    let items: Vec<Value> = measured
        .iter()
        .filter(|(object, _)| labels.is_empty() || labels.fits_labels(object))
        .filter(|(object, _)| name.is_empty() || object["metadata"]["name"] == name)
        .map(|(object, usage)| {
            let mut metadata = json!({ "name": object["metadata"]["name"], "creationTimestamp": stamp, "labels": object["metadata"]["labels"] });
            if kind == Kind::Pod {
                metadata["namespace"] = object["metadata"]["namespace"].clone();
            }
            let mut item = json!({
                "kind": single, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata, "timestamp": stamp, "window": "15s",
            });
            if kind == Kind::Node {
                item["usage"] = quantities(usage);
            } else {
                let names: Vec<&Value> = object["spec"]["containers"].as_array().into_iter().flatten().map(|container| &container["name"]).collect();
                let share = Usage { cpu_m: usage.cpu_m / names.len() as f64, memory_mi: usage.memory_mi / names.len() as f64 };
                item["containers"] = names.iter().map(|name| json!({ "name": name, "usage": quantities(&share) })).collect();
            }
            item
        })
        .collect();
    if !name.is_empty() {
        let item = items.first().ok_or_else(|| Refusal::not_found(kind, name))?;
        return Ok(answer::json(StatusCode::OK, item));
    }
    let list = json!({ "kind": format!("{single}List"), "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items });
    Ok(answer::json(StatusCode::OK, &list))
}
