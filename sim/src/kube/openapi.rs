//! OpenAPI as far as kubectl looks at it: that writes take `fieldValidation`, so that it leaves validation to the server.

use serde_json::{Map, Value, json};

use super::discovery;
use crate::world::Kind;

/// `/openapi/v2`, `/openapi/v3`, `/openapi/v3/<group and version>`.
pub(super) fn serve(rest: &[&str]) -> Option<Value> {
    match rest {
        ["v2"] => Some(discovery::openapi_v2()),
        ["v3"] => {
            let paths: Map<String, Value> = Kind::ALL
                .iter()
                .map(|kind| prefix(*kind))
                .map(|prefix| (prefix.clone(), json!({ "serverRelativeURL": format!("/openapi/v3/{prefix}") })))
                .collect();
            Some(json!({ "paths": paths }))
        }
        ["v3", prefix @ ..] => {
            let wanted = prefix.join("/");
            let paths: Map<String, Value> =
                Kind::ALL.iter().filter(|kind| prefix_of(**kind, &wanted)).map(|kind| path_item(*kind)).collect();
            (!paths.is_empty()).then(|| {
                json!({ "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": format!("v{}", crate::KUBERNETES_VERSION) }, "paths": paths, "components": { "schemas": {} } })
            })
        }
        _ => None,
    }
}

fn prefix(kind: Kind) -> String {
    let resource = kind.resource();
    if resource.group.is_empty() {
        format!("api/{}", resource.version)
    } else {
        format!("apis/{}/{}", resource.group, resource.version)
    }
}

fn prefix_of(kind: Kind, wanted: &str) -> bool {
    prefix(kind) == wanted
}

fn path_item(kind: Kind) -> (String, Value) {
    let resource = kind.resource();
    let scope = if resource.namespaced { "namespaces/{namespace}/" } else { "" };
    let operation = |action: &str| {
        json!({
            "operationId": format!("{action}{}", resource.name),
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": { "group": resource.group, "version": resource.version, "kind": resource.name },
            "parameters": [
                { "name": "fieldValidation", "in": "query", "schema": { "type": "string" } },
                { "name": "dryRun", "in": "query", "schema": { "type": "string" } },
            ],
            "responses": {},
        })
    };
    let path = format!("/{}/{scope}{}/{{name}}", prefix(kind), resource.plural);
    (
        path,
        json!({ "get": operation("get"), "patch": operation("patch"), "put": operation("put"), "post": operation("post") }),
    )
}
