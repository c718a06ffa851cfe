//! What kubectl does not show: refusals, expiry, watching.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::world::{Key, Kind, Options, Scenario};

fn world() -> Arc<World> {
    let start: Timestamp = "2026-03-12T05:20:00Z".parse().expect("a time");
    Arc::new(World::new(Options { scenario: Scenario::Healthy, ..Options::at(start) }))
}

async fn send(router: &Router, method: &str, path: &str, content_type: &str, body: &Value) -> (StatusCode, Value) {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let request =
        Request::builder().method(method).uri(path).header("content-type", content_type).body(body).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(router: &Router, path: &str) -> (StatusCode, Value) {
    send(router, "GET", path, "application/json", &Value::Null).await
}

#[tokio::test]
async fn what_is_denied_is_refused_in_the_words_of_rbac() {
    let denied = Denied { verb: "list".to_owned(), resource: "events".to_owned(), namespace: String::new() };
    let router = router_denying(world(), vec![denied]);
    let (status, body) = get(&router, "/api/v1/namespaces/shop/events").await;
    assert_eq!((status, &body["reason"]), (StatusCode::FORBIDDEN, &json!("Forbidden")));
    assert_eq!(
        body["message"],
        "events is forbidden: User \"nightshift\" cannot list resource \"events\" in API group \"\" in the namespace \"shop\""
    );
    let review =
        json!({ "spec": { "resourceAttributes": { "verb": "list", "resource": "events", "namespace": "shop" } } });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(send(&router, "POST", path, "application/json", &review).await.1["status"]["allowed"], false);
    assert_eq!(get(&router, "/api/v1/namespaces/shop/pods").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_continue_token_expires_when_its_revision_is_forgotten() {
    let world = world();
    let router = router(world.clone());
    let (_, page) = get(&router, "/api/v1/pods?limit=5").await;
    let token = page["metadata"]["continue"].as_str().expect("a token").to_owned();
    let next = format!("/api/v1/pods?limit=5&continue={token}");
    assert_eq!(get(&router, &next).await.0, StatusCode::OK);
    let key = Key::new("shop", "cart-config");
    for number in 0..20_001 {
        world.state().store.update(Kind::ConfigMap, &key, |config| config["data"]["N"] = json!(number.to_string()));
    }
    let (status, body) = get(&router, &next).await;
    assert_eq!((status, &body["reason"]), (StatusCode::GONE, &json!("Expired")));
    assert_eq!(get(&router, "/api/v1/pods?limit=5&continue=nonsense").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_write_on_an_old_version_conflicts_and_an_unreadable_one_changes_nothing() {
    let router = router(world());
    let path = "/apis/apps/v1/namespaces/shop/deployments/cart";
    let (_, old) = get(&router, path).await;
    let patch = json!({ "spec": { "replicas": 3 } });
    assert_eq!(send(&router, "PATCH", path, "application/merge-patch+json", &patch).await.0, StatusCode::OK);
    let (status, body) = send(&router, "PUT", path, "application/json", &old).await;
    assert_eq!((status, &body["reason"]), (StatusCode::CONFLICT, &json!("Conflict")));
    let (status, _) = send(&router, "PATCH", path, "application/merge-patch+json", &json!("nonsense")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(send(&router, "PATCH", path, "text/plain", &patch).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        send(&router, "DELETE", path, "application/vnd.kubernetes.protobuf", &patch).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(get(&router, path).await.1["spec"]["replicas"], 3);
    assert_eq!(get(&router, "/apis/apps/v1/namespaces/shop/deployments/none").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/apis/none/v1/things").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_watch_reports_what_changes_and_nothing_else() {
    let world = world();
    let router = router(world.clone());
    let (_, list) = get(&router, "/api/v1/namespaces/shop/pods").await;
    let version = list["metadata"]["resourceVersion"].as_str().expect("a version");
    let path = format!(
        "/api/v1/namespaces/shop/pods?watch=true&resourceVersion={version}&labelSelector=app.kubernetes.io%2Fname%3Dcart"
    );
    let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
    let mut stream = router.clone().oneshot(request).await.expect("an answer").into_body();
    let patch = json!({ "spec": { "replicas": 3 } });
    for name in ["catalog", "cart"] {
        let path = format!("/apis/apps/v1/namespaces/shop/deployments/{name}/scale");
        send(&router, "PATCH", &path, "application/merge-patch+json", &patch).await;
    }
    world.advance(SignedDuration::from_secs(30));
    let chunk = stream.frame().await.expect("a chunk").expect("data").into_data().expect("data");
    let events: Vec<Value> = chunk
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(events[0]["type"], "ADDED");
    assert!(events[1..].iter().all(|event| event["type"] == "MODIFIED"), "{events:#?}");
    let name = &events[0]["object"]["metadata"]["name"];
    assert!(
        name.as_str().is_some_and(|name| name.starts_with("cart-"))
            && events.iter().all(|event| event["object"]["metadata"]["name"] == *name)
    );
    let last = &events.last().expect("an event")["object"];
    assert_eq!(last["status"]["phase"], "Running");
    let (status, body) = get(&router, "/api/v1/pods?watch=true&resourceVersion=1").await;
    assert_eq!((status, &body["reason"]), (StatusCode::GONE, &json!("Expired")));
}
