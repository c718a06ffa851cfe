//! The ClusterRole that users apply, against what the reader asks for.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::fake::{Answer, Fake, pod};
use crate::eks::ReadPlan;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Role {
    kind: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

/// Verb, API group and resource.
type Permission = (String, String, String);

/// What a request needs, by <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>.
fn needed(request: &str) -> Permission {
    let path: Vec<&str> = request.split('?').next().unwrap().trim_start_matches('/').split('/').collect();
    let (group, rest) = match path.as_slice() {
        ["api", _version, rest @ ..] => ("", rest),
        ["apis", group, _version, rest @ ..] => (*group, rest),
        other => panic!("{other:?}"),
    };
    match rest {
        [resource] | ["namespaces", _, resource] => ("list".into(), group.into(), (*resource).into()),
        ["namespaces", _, resource, _, part] => ("get".into(), group.into(), format!("{resource}/{part}")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_cluster_role_is_exactly_what_is_read() {
    let documents = include_str!("../../../../infra/rbac/reader.yaml");
    let role = serde_yaml_ng::Deserializer::from_str(documents)
        .map(|document| Role::deserialize(document).expect("a manifest"))
        .find(|role| role.kind == "ClusterRole")
        .expect("a ClusterRole");
    let mut granted = BTreeSet::new();
    for Rule { api_groups, resources, verbs } in &role.rules {
        for (group, resource) in api_groups.iter().flat_map(|group| resources.iter().map(move |it| (group, it))) {
            granted.extend(verbs.iter().map(|verb| (verb.clone(), group.clone(), resource.clone())));
        }
    }
    assert!(granted.iter().all(|(verb, group, resource)| ![verb, group, resource].contains(&&"*".to_owned())));

    let troubled = pod("api-1", json!({ "ready": false }));
    let fake = Fake::default().on("/api/v1/pods", [Answer::page([troubled], "")]);
    fake.cluster().read(&ReadPlan::default()).await.expect("a snapshot");
    let asked: BTreeSet<Permission> = fake.requests("/").iter().map(|request| needed(request)).collect();
    assert_eq!(asked, granted);
}
