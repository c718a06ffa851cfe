//! Discovery: which kinds there are, in the old form and in the aggregated one; versions; an OpenAPI document without
//! schemas, which makes kubectl leave validation to the server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{Kind, Resource};

/// Kinds the metrics server adds. They are computed, not stored.
const METRICS: [(&str, &str, bool); 2] = [("nodes", "NodeMetrics", false), ("pods", "PodMetrics", true)];

fn verbs() -> Value {
    json!(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])
}

/// Group to version to kinds, in the order of discovery.
fn groups() -> Vec<(&'static str, &'static str, Vec<&'static Resource>)> {
    let mut groups: Vec<(&str, &str, Vec<&Resource>)> = Vec::new();
    for kind in Kind::ALL {
        let resource = kind.resource();
        match groups.iter_mut().find(|(group, version, _)| *group == resource.group && *version == resource.version) {
            Some((_, _, resources)) => resources.push(resource),
            None => groups.push((resource.group, resource.version, vec![resource])),
        }
    }
    groups
}

/// `/version`.
pub(crate) fn version() -> Value {
    let (major, minor) = crate::kubernetes_minor().split_once('.').unwrap_or_default();
    json!({
        "major": major, "minor": minor, "gitVersion": format!("v{}-eks-bcf3d70", crate::KUBERNETES_VERSION), "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean", "buildDate": "2025-04-01T00:00:00Z", "goVersion": "go1.23.6", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// `/api` in the old form.
pub(crate) fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })
}

/// `/apis` in the old form.
pub(crate) fn group_list() -> Value {
    let mut all: Vec<Value> = groups()
        .iter()
        .filter(|(group, _, _)| !group.is_empty())
        .map(|(group, version, _)| group_of(group, version))
        .collect();
    for extra in ["metrics.k8s.io/v1beta1", "authorization.k8s.io/v1"] {
        let (group, version) = extra.split_once('/').unwrap_or((extra, "v1"));
        all.push(group_of(group, version));
    }
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all })
}

/// `/apis/<group>`.
pub(crate) fn group_of(group: &str, version: &str) -> Value {
    let version = json!({ "groupVersion": format!("{group}/{version}"), "version": version });
    json!({ "kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": [version], "preferredVersion": version })
}

/// The one served version of a group.
pub(crate) fn version_of(group: &str) -> Option<&'static str> {
    match group {
        "metrics.k8s.io" => Some("v1beta1"),
        "authorization.k8s.io" => Some("v1"),
        _ => groups().iter().find(|(name, _, _)| *name == group).map(|(_, version, _)| *version),
    }
}

/// `/api/v1`, `/apis/<group>/<version>`.
pub(crate) fn resource_list(group: &str, version: &str) -> Option<Value> {
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut resources = Vec::new();
    if group == "metrics.k8s.io" && version == "v1beta1" {
        for (name, kind, namespaced) in METRICS {
            resources.push(json!({ "name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"] }));
        }
    } else if group == "authorization.k8s.io" && version == "v1" {
        for (name, kind) in [
            ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
            ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        ] {
            resources.push(json!({ "name": name, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind, "verbs": ["create"] }));
        }
    } else {
        let (_, _, kinds) = groups().into_iter().find(|(name, v, _)| *name == group && *v == version)?;
        for resource in kinds {
            resources.push(json!({
                "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
                "kind": resource.name, "verbs": verbs(), "shortNames": resource.short_names, "categories": categories(resource),
            }));
            for sub in resource.subresources {
                let (kind, verbs) = subresource(resource, sub);
                let mut entry = json!({
                    "name": format!("{}/{sub}", resource.plural), "singularName": "", "namespaced": resource.namespaced,
                    "kind": kind, "verbs": verbs,
                });
                // Kinds of other groups say so; without it kubectl drain deletes instead of evicting.
                if let Some((group, version)) = foreign(sub) {
                    entry["group"] = json!(group);
                    entry["version"] = json!(version);
                }
                resources.push(entry);
            }
        }
    }
    Some(
        json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources }),
    )
}

fn subresource(resource: &Resource, sub: &str) -> (&'static str, Value) {
    match sub {
        "scale" => ("Scale", json!(["get", "patch", "update"])),
        "eviction" => ("Eviction", json!(["create"])),
        "binding" => ("Binding", json!(["create"])),
        "log" => ("Pod", json!(["get"])),
        _ => (resource.name, json!(["get", "patch", "update"])),
    }
}

/// Group and version of a subresource's kind, where they are not those of the resource.
fn foreign(sub: &str) -> Option<(&'static str, &'static str)> {
    match sub {
        "scale" => Some(("autoscaling", "v1")),
        "eviction" => Some(("policy", "v1")),
        _ => None,
    }
}

fn categories(resource: &Resource) -> &'static [&'static str] {
    match resource.kind {
        Kind::Pod
        | Kind::Service
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicationController
        | Kind::Job
        | Kind::CronJob
        | Kind::HorizontalPodAutoscaler => &["all"],
        _ => &[],
    }
}

/// `/api` or `/apis` in the aggregated form.
pub(crate) fn aggregated(core: bool, version: &str) -> Value {
    let mut by_group: BTreeMap<usize, Value> = BTreeMap::new();
    for (order, (group, group_version, kinds)) in groups().into_iter().enumerate() {
        if group.is_empty() != core {
            continue;
        }
        let resources: Vec<Value> = kinds
            .iter()
            .map(|resource| {
                let subresources: Vec<Value> = resource
                    .subresources
                    .iter()
                    .map(|sub| {
                        let (kind, verbs) = subresource(resource, sub);
                        let (group, version) = foreign(sub).unwrap_or_default();
                        json!({ "subresource": sub, "responseKind": { "group": group, "version": version, "kind": kind }, "verbs": verbs })
                    })
                    .collect();
                json!({
                    "resource": resource.plural, "responseKind": { "group": "", "version": "", "kind": resource.name },
                    "scope": if resource.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": resource.singular,
                    "verbs": verbs(), "shortNames": resource.short_names, "categories": categories(resource), "subresources": subresources,
                })
            })
            .collect();
        by_group.insert(order, aggregated_group(group, group_version, resources));
    }
    let mut items: Vec<Value> = by_group.into_values().collect();
    if !core {
        let metrics = METRICS.map(|(name, kind, namespaced)| {
            json!({
                "resource": name, "responseKind": { "group": "", "version": "", "kind": kind },
                "scope": if namespaced { "Namespaced" } else { "Cluster" }, "singularResource": "", "verbs": ["get", "list"],
            })
        });
        items.push(aggregated_group("metrics.k8s.io", "v1beta1", metrics.to_vec()));
        let review = json!({
            "resource": "selfsubjectaccessreviews", "responseKind": { "group": "", "version": "", "kind": "SelfSubjectAccessReview" },
            "scope": "Cluster", "singularResource": "selfsubjectaccessreview", "verbs": ["create"],
        });
        items.push(aggregated_group("authorization.k8s.io", "v1", vec![review]));
    }
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{version}"), "metadata": {}, "items": items })
}

fn aggregated_group(group: &str, version: &str, resources: Vec<Value>) -> Value {
    json!({
        "metadata": { "name": group, "creationTimestamp": null },
        "versions": [{ "version": version, "resources": resources, "freshness": "Current" }],
    })
}

/// `/openapi/v2`: no schemas.
pub(crate) fn openapi_v2() -> Value {
    json!({ "swagger": "2.0", "info": { "title": "Kubernetes", "version": format!("v{}", crate::KUBERNETES_VERSION) }, "paths": {}, "definitions": {} })
}
