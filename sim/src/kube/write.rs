//! Creating, replacing, patching, deleting, evicting.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::patch::{self, Form};
use super::path::Target;
use super::status::Refusal;
use super::{Api, Request, answer, list, object, protobuf};
use crate::world::{Key, Kind, accept, new_suffix, writable};

/// `POST` to a collection.
pub(super) fn create(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let mut value = parse(request)?;
    identify(&mut value, target)?;
    if value["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
        let prefix = value["metadata"]["generateName"].as_str().unwrap_or_default().to_owned();
        if prefix.is_empty() {
            return Err(Refusal::invalid(
                target.kind,
                "",
                "metadata.name: Required value: name or generateName is required",
            ));
        }
        value["metadata"]["name"] = json!(format!("{prefix}{}", new_suffix(&api.world)));
    }
    let key = Key::of(&value);
    let mut state = api.world.state();
    if state.store.at(target.kind, &key).is_some() {
        return Err(Refusal::already_exists(target.kind, &key.name));
    }
    accept(&mut state, target.kind, &mut value);
    if request.dry_run() {
        drop(state);
        return Ok(object(api, target, request, StatusCode::CREATED, &value));
    }
    let written = state.write(target.kind, value);
    state.settle();
    drop(state);
    Ok(object(api, target, request, StatusCode::CREATED, &written))
}

/// The object in a request's body.
fn parse(request: &Request<'_>) -> Result<Value, Refusal> {
    if !matches!(request.content_type(), "application/json" | "application/apply-patch+yaml") {
        return Err(Refusal::unsupported(request.content_type()));
    }
    serde_json::from_slice(request.body)
        .map_err(|error| Refusal::bad_request(format!("the object provided is unrecognized: {error}")))
}

/// Sets kind, version and namespace where the body left them out; a namespace that differs from the path's is refused.
fn identify(value: &mut Value, target: &Target) -> Result<(), Refusal> {
    if !value.is_object() || !(value["metadata"].is_object() || value["metadata"].is_null()) {
        return Err(Refusal::bad_request("the object provided is unrecognized: it is no object with metadata"));
    }
    let resource = target.kind.resource();
    if value["kind"].as_str().is_some_and(|kind| kind != resource.name) {
        let message = format!("the object provided is a {}, the path is for {}", value["kind"], resource.plural);
        return Err(Refusal::bad_request(message));
    }
    value["kind"] = json!(resource.name);
    value["apiVersion"] = json!(resource.api_version());
    if resource.namespaced {
        let namespace = value["metadata"]["namespace"].as_str().unwrap_or(&target.namespace);
        if namespace != target.namespace {
            return Err(Refusal::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        value["metadata"]["namespace"] = json!(target.namespace);
    }
    Ok(())
}

/// `PUT`.
pub(super) fn replace(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let mut value = parse(request)?;
    identify(&mut value, target)?;
    store(api, target, request, |_| Ok(value))
}

/// `PATCH`.
pub(super) fn patch(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let form = Form::of(request.content_type())?;
    if form == Form::Apply && api.world.state().store.at(target.kind, &target.key()).is_none() {
        return create(api, target, request);
    }
    store(api, target, request, |mut value| {
        patch::apply(form, &mut value, request.body)?;
        Ok(value)
    })
}

/// `PATCH …/pods/<name>/resize`: requests and limits of a running pod, in place. CPU and memory only; the QoS class has to
/// stay, and memory limits are not lowered where a restart is not allowed for.
/// <https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/>
pub(super) fn resize(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let form = Form::of(request.content_type())?;
    store(api, target, request, |before| {
        let mut after = before.clone();
        patch::apply(form, &mut after, request.body)?;
        let refuse = |what: &str| Err(Refusal::invalid(Kind::Pod, &target.name, what));
        let plain = |pod: &Value| {
            let mut spec = pod["spec"].clone();
            for container in spec["containers"].as_array_mut().into_iter().flatten() {
                container.as_object_mut().map(|container| container.remove("resources"));
            }
            spec
        };
        if plain(&before) != plain(&after) {
            return refuse("spec: Forbidden: only cpu and memory resources are mutable");
        }
        if crate::world::qos_class(&before) != crate::world::qos_class(&after) {
            return refuse("metadata: Invalid value: Pod QoS Class may not change as a result of resizing");
        }
        Ok(after)
    })
}

/// Replaces an object by what `change` makes of it.
fn store(
    api: &Api,
    target: &Target,
    request: &Request<'_>,
    change: impl FnOnce(Value) -> Result<Value, Refusal>,
) -> Result<Response, Refusal> {
    let mut state = api.world.state();
    let before = state.store.at(target.kind, &target.key()).cloned();
    let before = before.ok_or_else(|| Refusal::not_found(target.kind, &target.name))?;
    let mut after = change(Value::clone(&before))?;
    let version = &after["metadata"]["resourceVersion"];
    if !version.is_null() && version != "" && *version != before["metadata"]["resourceVersion"] {
        return Err(Refusal::conflict(target.kind, &target.name));
    }
    if after["metadata"]["name"] != before["metadata"]["name"] {
        return Err(Refusal::bad_request("the name of the object does not match the name on the URL"));
    }
    // The main resource leaves the status alone, the status subresource everything else.
    if target.subresource == "status" {
        let status = after["status"].take();
        after = Value::clone(&before);
        after["status"] = status;
    } else if writable(target.kind) {
        match before.get("status") {
            Some(status) => after["status"] = status.clone(),
            None => drop(after.as_object_mut().and_then(|after| after.remove("status"))),
        }
    }
    for field in ["uid", "creationTimestamp", "resourceVersion", "generation", "deletionTimestamp"] {
        match before["metadata"].get(field) {
            Some(value) => after["metadata"][field] = value.clone(),
            None => drop(after["metadata"].as_object_mut().and_then(|metadata| metadata.remove(field))),
        }
    }
    if after == **before {
        drop(state);
        return Ok(object(api, target, request, StatusCode::OK, &before));
    }
    if request.dry_run() {
        drop(state);
        return Ok(object(api, target, request, StatusCode::OK, &after));
    }
    let written = state.write(target.kind, after);
    state.settle();
    drop(state);
    Ok(object(api, target, request, StatusCode::OK, &written))
}

/// The options in the body of a deletion or eviction; one that cannot be read must not count as one without options.
fn options(request: &Request<'_>, decode: fn(&[u8]) -> Option<Value>) -> Result<Value, Refusal> {
    let read = match (request.body, request.content_type()) {
        ([], _) => Some(json!({})),
        (body, "application/vnd.kubernetes.protobuf") => decode(body),
        (body, _) => serde_json::from_slice(body).ok(),
    };
    read.ok_or_else(|| Refusal::bad_request("the options of the request cannot be read"))
}

/// `DELETE` of one object or of a selection.
pub(super) fn delete(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let (labels, fields) = list::selectors(request)?;
    let options = options(request, protobuf::delete_options)?;
    let grace = options["gracePeriodSeconds"].as_i64().or(request.query.number("gracePeriodSeconds"));
    let dry_run = request.dry_run() || options["dryRun"][0] == "All";
    let mut state = api.world.state();
    let keys: Vec<Key> = if target.name.is_empty() {
        let all = state.store.list(target.kind, &target.namespace);
        all.filter(|(_, object)| labels.fits_labels(object) && fields.fits_fields(object))
            .map(|(key, _)| key.clone())
            .collect()
    } else {
        vec![target.key()]
    };
    let mut last = None;
    for key in &keys {
        let found =
            state.store.at(target.kind, key).cloned().ok_or_else(|| Refusal::not_found(target.kind, &key.name))?;
        last = Some(found);
        if dry_run {
            continue;
        }
        let deleted = if target.kind == Kind::Pod && grace == Some(0) {
            state.remove(Kind::Pod, key)
        } else {
            state.delete(target.kind, key)
        };
        last = deleted.or(last);
    }
    state.settle();
    drop(state);
    match last {
        // A pod takes its time to end and is answered as it is; what is gone at once is answered with a status.
        Some(object) if !target.name.is_empty() && !object["metadata"]["deletionTimestamp"].is_null() => {
            Ok(answer::bytes(StatusCode::OK, object.json()))
        }
        _ => {
            let details = json!({ "name": target.name, "group": target.kind.resource().group, "kind": target.kind.resource().plural });
            Ok(answer::json(
                StatusCode::OK,
                &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details }),
            ))
        }
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// `POST …/pods/<name>/eviction`: a deletion that disruption budgets may refuse.
pub(super) fn evict(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let options = options(request, protobuf::eviction)?;
    let key = target.key();
    let mut state = api.world.state();
    let pod = state.store.at(Kind::Pod, &key).cloned().ok_or_else(|| Refusal::not_found(Kind::Pod, &target.name))?;
    let wanted = &options["deleteOptions"]["preconditions"]["uid"];
    if !wanted.is_null() && *wanted != pod["metadata"]["uid"] {
        return Err(Refusal::conflict(Kind::Pod, &target.name));
    }
    for (name, budget) in state.store.list(Kind::PodDisruptionBudget, &key.namespace) {
        let covered = crate::world::selects(&budget["spec"]["selector"]["matchLabels"], &pod["metadata"]["labels"]);
        let status = &budget["status"];
        let (healthy, desired) =
            (status["currentHealthy"].as_i64().unwrap_or(0), status["desiredHealthy"].as_i64().unwrap_or(0));
        // https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
        let always = budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
        let unready = !is_ready(&pod) && (always || (desired > 0 && healthy >= desired));
        if covered && !unready && status["disruptionsAllowed"].as_i64().unwrap_or(0) < 1 {
            return Err(Refusal::budget(&name.name, healthy, desired));
        }
    }
    if !request.dry_run() && options["deleteOptions"]["dryRun"][0] != "All" {
        state.delete(Kind::Pod, &key);
        state.settle();
    }
    Ok(answer::json(
        StatusCode::CREATED,
        &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" }),
    ))
}
