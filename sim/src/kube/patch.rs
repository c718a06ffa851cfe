//! Patches: JSON patch, merge patch, strategic merge patch, and server-side apply.
//!
//! Strategic merge follows
//! <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>:
//! lists of objects are merged by the key the API's types declare, `$patch`, `$setElementOrder`, `$deleteFromPrimitiveList`
//! and `$retainKeys` are obeyed. Apply is a strategic merge that keeps no record of field owners, so that it never conflicts.

use serde_json::{Map, Value};

use super::status::Refusal;

/// How a patch is meant, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl Form {
    pub(crate) fn of(content_type: &str) -> Result<Self, Refusal> {
        match content_type {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            other => Err(Refusal::unsupported(other)),
        }
    }
}

/// Applies a patch to an object.
pub(crate) fn apply(form: Form, object: &mut Value, body: &[u8]) -> Result<(), Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::bad_request(format!("the patch cannot be read: {error}"));
    match form {
        Form::Json => {
            let patch: json_patch::Patch = serde_json::from_slice(body).map_err(unreadable)?;
            json_patch::patch(object, &patch)
                .map_err(|error| Refusal::bad_request(format!("the patch cannot be applied: {error}")))
        }
        Form::Merge => {
            json_patch::merge(object, &serde_json::from_slice(body).map_err(unreadable)?);
            Ok(())
        }
        Form::Strategic | Form::Apply => {
            strategic(object, serde_json::from_slice(body).map_err(unreadable)?, "");
            Ok(())
        }
    }
}

/// The key by which lists of this name are merged; `None` for lists that are replaced.
fn merge_key(list: &str, items: &[Value]) -> Option<&'static str> {
    Some(match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ports" if items.iter().any(|item| !item["containerPort"].is_null()) => "containerPort",
        "ports" => "port",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "hostAliases" => "ip",
        "taints" => "key",
        "topologySpreadConstraints" => "topologyKey",
        _ => return None,
    })
}

fn strategic(target: &mut Value, patch: Value, name: &str) {
    match patch {
        Value::Object(mut patch) => {
            if patch.remove("$patch").is_some_and(|how| how == "replace") {
                *target = Value::Object(patch);
                return;
            }
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            if let Value::Object(target) = target {
                merge_objects(target, patch);
            }
        }
        Value::Array(patch) => merge_lists(target, patch, name),
        other => *target = other,
    }
}

fn merge_objects(target: &mut Map<String, Value>, mut patch: Map<String, Value>) {
    if let Some(Value::Array(keep)) = patch.remove("$retainKeys") {
        target.retain(|name, _| keep.iter().any(|kept| kept == name));
    }
    let orders: Vec<(String, Value)> = patch
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("$setElementOrder/")?.to_owned(), value.clone())))
        .collect();
    for (name, value) in patch {
        if name.starts_with("$setElementOrder/") {
            continue;
        }
        if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(Value::Array(items)), Value::Array(unwanted)) = (target.get_mut(list), value) {
                items.retain(|item| !unwanted.contains(item));
            }
        } else if value.is_null() {
            target.remove(&name);
        } else {
            let entry = target.entry(name.clone()).or_insert(Value::Null);
            strategic(entry, value, &name);
        }
    }
    for (name, order) in orders {
        if let (Some(Value::Array(items)), Value::Array(order)) = (target.get_mut(&name), order) {
            sort(items, &order, &name);
        }
    }
}

fn merge_lists(target: &mut Value, patch: Vec<Value>, name: &str) {
    let Value::Array(items) = target else {
        *target = Value::Array(patch.into_iter().filter(|item| item["$patch"].is_null()).collect());
        return;
    };
    if patch.iter().any(|item| item["$patch"] == "replace") {
        *items = patch.into_iter().filter(|item| item["$patch"].is_null()).collect();
        return;
    }
    if name == "finalizers" {
        for item in patch {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        return;
    }
    let Some(key) = merge_key(name, &patch) else {
        *items = patch;
        return;
    };
    for item in patch {
        let position = items.iter().position(|present| present[key] == item[key]);
        match (position, item["$patch"] == "delete") {
            (Some(index), true) => drop(items.remove(index)),
            (None, true) => {}
            (Some(index), false) => strategic(&mut items[index], item, ""),
            (None, false) => items.push(item),
        }
    }
}

/// Puts a list's items into the order the patch asks for; those it does not name keep their place at the end.
fn sort(items: &mut [Value], order: &[Value], name: &str) {
    let key = merge_key(name, order).or_else(|| merge_key(name, items));
    items.sort_by_key(|item| {
        let place = order.iter().position(|wanted| match key {
            Some(key) if wanted.is_object() => wanted[key] == item[key],
            _ => wanted == item,
        });
        place.unwrap_or(usize::MAX)
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(form: Form, mut object: Value, patch: &Value) -> Value {
        apply(form, &mut object, patch.to_string().as_bytes()).expect("the patch applies");
        object
    }

    #[test]
    fn a_strategic_patch_merges_containers_and_env_by_name_and_obeys_directives() {
        let object = json!({ "spec": { "containers": [
            { "name": "api", "image": "a:1", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] },
            { "name": "side", "image": "s:1" },
        ], "tolerations": [{ "key": "x" }] } });
        let patch = json!({ "spec": {
            "containers": [
                { "name": "api", "image": "a:2", "env": [{ "name": "B", "$patch": "delete" }, { "name": "C", "value": "3" }] },
                { "name": "side", "$patch": "delete" },
            ],
            "tolerations": [{ "key": "y" }],
        } });
        assert_eq!(
            patched(Form::Strategic, object, &patch),
            json!({ "spec": { "containers": [
                { "name": "api", "image": "a:2", "env": [{ "name": "A", "value": "1" }, { "name": "C", "value": "3" }] },
            ], "tolerations": [{ "key": "y" }] } })
        );
    }

    #[test]
    fn element_order_and_primitive_lists_are_obeyed() {
        let object = json!({ "metadata": { "finalizers": ["a", "b"] }, "spec": { "containers": [{ "name": "x" }] } });
        let patch = json!({
            "metadata": { "$deleteFromPrimitiveList/finalizers": ["a"] },
            "spec": { "$setElementOrder/containers": [{ "name": "y" }, { "name": "x" }], "containers": [{ "name": "y" }] },
        });
        assert_eq!(
            patched(Form::Strategic, object, &patch),
            json!({ "metadata": { "finalizers": ["b"] }, "spec": { "containers": [{ "name": "y" }, { "name": "x" }] } })
        );
    }

    #[test]
    fn merge_and_json_patches_follow_their_rfcs() {
        let object = json!({ "spec": { "replicas": 3, "paused": true } });
        let merged = patched(Form::Merge, object.clone(), &json!({ "spec": { "paused": null, "replicas": 5 } }));
        assert_eq!(merged, json!({ "spec": { "replicas": 5 } }));
        let patch = json!([{ "op": "test", "path": "/spec/replicas", "value": 3 }, { "op": "replace", "path": "/spec/replicas", "value": 4 }]);
        assert_eq!(patched(Form::Json, object, &patch)["spec"]["replicas"], 4);
    }
}
