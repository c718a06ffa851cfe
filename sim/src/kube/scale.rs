//! The scale subresource.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::patch::{self, Form};
use super::path::Target;
use super::status::Refusal;
use super::{Api, Request, answer};

fn scale_of(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let selector = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<String> = selector
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": { "replicas": object["spec"]["replicas"].as_i64().unwrap_or(1) },
        "status": { "replicas": object["status"]["replicas"].as_i64().unwrap_or(0), "selector": selector.join(",") },
    })
}

/// `GET …/scale`.
pub(super) fn get(api: &Api, target: &Target) -> Result<Response, Refusal> {
    let object = api.world.state().store.at(target.kind, &target.key()).cloned();
    let object = object.ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
    Ok(answer::json(StatusCode::OK, &scale_of(&object)))
}

/// `PUT` and `PATCH …/scale`.
pub(super) fn set(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let mut state = api.world.state();
    let object = state.store.at(target.kind, &target.key()).cloned();
    let object = object.ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
    let mut scale = scale_of(&object);
    if request.method == "PUT" {
        scale = serde_json::from_slice(request.body).map_err(|error| Refusal::bad_request(error.to_string()))?;
    } else {
        patch::apply(Form::of(request.content_type())?, &mut scale, request.body)?;
    }
    let version = &scale["metadata"]["resourceVersion"];
    if version.as_str().is_some_and(|version| !version.is_empty()) && *version != object["metadata"]["resourceVersion"]
    {
        return Err(Refusal::conflict(target.kind, &target.name));
    }
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let message = format!("spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0");
        return Err(Refusal::invalid(target.kind, &target.name, &message));
    }
    let mut after = Value::clone(&object);
    after["spec"]["replicas"] = json!(replicas);
    if !request.dry_run() {
        let written = state.change(target.kind, &target.key(), |object| object["spec"]["replicas"] = json!(replicas));
        state.settle();
        after = written.map_or(after, |object| Value::clone(&object));
    }
    Ok(answer::json(StatusCode::OK, &scale_of(&after)))
}
