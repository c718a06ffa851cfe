//! Lists: pages, restarts, refusals, limits.

use serde_json::{Value, json};

use super::{
    fake::{Answer, Fake, pod},
    lists_only, names,
};
use crate::{
    eks::{Focus, KeepPlan, ReadError, ReadPlan},
    snapshot::{Gap, Scope, Snapshot},
};

const PODS: &str = "/api/v1/pods";

fn pods<const N: usize>(names: [&str; N]) -> Vec<Value> {
    names.iter().map(|name| pod(name, json!({}))).collect()
}

async fn read(fake: &Fake, plan: &ReadPlan) -> Snapshot {
    fake.cluster().read(plan).await.expect("a snapshot")
}

fn gap(what: &str, why: &str) -> Gap {
    Gap { what: what.into(), why: why.into() }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_until_there_is_no_next() {
    let fake = Fake::default().on(PODS, [Answer::page(pods(["a", "b"]), "to/ken="), Answer::page(pods(["c"]), "")]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(names(&snapshot.pods), ["a", "b", "c"]);
    assert_eq!(snapshot.pods.scope, Scope::All);
    assert_eq!(fake.requests(PODS), ["/api/v1/pods?limit=2", "/api/v1/pods?limit=2&continue=to%2Fken%3D"]);
    assert_eq!(snapshot.gaps, []);
}

#[tokio::test]
async fn every_kind_but_secrets_is_asked_for() {
    let fake = Fake::default();
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(fake.requests("/").len(), 22);
    assert!(fake.requests("/").iter().all(|request| !request.contains("secrets")));
    assert_eq!(snapshot.secrets.scope, Scope::Unread);
    assert_eq!(snapshot.storage_classes.scope, Scope::All);
}

#[tokio::test]
async fn now_is_the_clock_of_the_api_server() {
    let snapshot = read(&Fake::default(), &lists_only()).await;
    assert_eq!(snapshot.taken_at, "2026-03-01T14:23:00Z".parse().ok());
    assert_eq!(snapshot.cluster, "prod");
}

#[tokio::test]
async fn an_expired_continue_token_starts_the_list_over() {
    let fake = Fake::default().on(
        PODS,
        [
            Answer::page(pods(["a", "gone"]), "old"),
            Answer::refused(410, "the provided continue parameter is too old"),
            Answer::page(pods(["a", "b"]), "new"),
            Answer::page(pods(["c"]), ""),
        ],
    );
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(names(&snapshot.pods), ["a", "b", "c"]);
    assert_eq!(snapshot.pods.scope, Scope::All);
}

#[tokio::test]
async fn a_list_that_expires_again_and_again_is_partial_and_said_to_be() {
    let fake = Fake::default().on(
        PODS,
        [1, 2, 3].into_iter().flat_map(|_| [Answer::page(pods(["a", "b"]), "old"), Answer::refused(410, "too old")]),
    );
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(names(&snapshot.pods), ["a", "b"]);
    assert_eq!(snapshot.pods.scope, Scope::Partial);
    assert_eq!(snapshot.gaps, [gap("pods", "the list of pods changed too much while it was read")]);
}

#[tokio::test]
async fn a_forbidden_kind_names_the_permission_and_costs_only_itself() {
    let fake = Fake::default()
        .on("/api/v1/configmaps", [Answer::refused(403, "configmaps is forbidden")])
        .on(PODS, [Answer::page(pods(["a"]), "")]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(snapshot.gaps, [gap("configmaps", "missing permission: list configmaps in all namespaces")]);
    assert_eq!(snapshot.config_maps.scope, Scope::Unread);
    assert_eq!(snapshot.pods.scope, Scope::All);
}

#[tokio::test]
async fn where_all_namespaces_are_forbidden_those_of_the_focus_are_tried() {
    let fake = Fake::default()
        .on(PODS, [Answer::refused(403, "forbidden")])
        .on("/api/v1/namespaces/shop/pods", [Answer::page(pods(["a"]), "")])
        .on("/api/v1/namespaces/payments/pods", [Answer::refused(403, "forbidden")]);
    let focus = Focus { namespaces: ["payments".into(), "shop".into()].into(), ..Focus::default() };
    let snapshot = read(&fake, &ReadPlan { focus, ..lists_only() }).await;
    assert_eq!(snapshot.pods.scope, Scope::Namespaces(["shop".into()].into()));
    assert!(
        snapshot
            .gaps
            .contains(&gap("pods of namespace payments", "missing permission: list pods in namespace payments"))
    );
}

#[tokio::test]
async fn only_the_plans_namespaces_are_read() {
    let fake = Fake::default().on("/api/v1/namespaces/shop/pods", [Answer::page(pods(["a"]), "")]);
    let snapshot = read(&fake, &ReadPlan { namespaces: ["shop".into()].into(), ..lists_only() }).await;
    assert_eq!(snapshot.pods.scope, Scope::Namespaces(["shop".into()].into()));
    assert_eq!(snapshot.nodes.scope, Scope::All);
    assert_eq!(fake.requests(PODS).len(), 0);
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_a_gap() {
    let fake = Fake::default().on("/apis/autoscaling/v2/horizontalpodautoscalers", [Answer::refused(404, "not found")]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(
        snapshot.gaps,
        [gap("horizontalpodautoscalers", "horizontalpodautoscalers is not served by this cluster")]
    );
}

#[tokio::test]
async fn silence_costs_a_kind_its_time_and_no_more() {
    let fake = Fake::default().on("/api/v1/events", [Answer::Silence]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(snapshot.events.scope, Scope::Unread);
    assert_eq!(snapshot.gaps.len(), 1);
    assert_eq!(snapshot.gaps[0].what, "events");
    assert!(snapshot.gaps[0].why.starts_with("events took longer than "), "{}", snapshot.gaps[0].why);
    assert_eq!(snapshot.pods.scope, Scope::All);
}

#[tokio::test]
async fn a_body_that_breaks_off_keeps_the_pages_before_it() {
    let fake = Fake::default()
        .on(PODS, [Answer::page(pods(["a", "b"]), "next"), Answer::BrokenOff(r#"{"items":[{"metadata""#.into())]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(names(&snapshot.pods), ["a", "b"]);
    assert_eq!(snapshot.pods.scope, Scope::Partial);
    assert_eq!(snapshot.gaps.len(), 1);
    assert!(snapshot.gaps[0].why.starts_with("the answer for pods cannot be understood"), "{}", snapshot.gaps[0].why);
}

#[tokio::test]
async fn text_that_is_no_json_is_a_gap() {
    for text in ["", "<html>Bad gateway</html>", r#"{"items":[{"metadata":{"name":"a"}}"#, "[]", "{}"] {
        let fake = Fake::default().on(PODS, [Answer::Text(text.into())]);
        let snapshot = read(&fake, &lists_only()).await;
        assert_eq!(snapshot.pods.scope, Scope::Unread, "{text}");
        assert_eq!(snapshot.gaps.len(), 1, "{text}");
    }
}

#[tokio::test]
async fn an_object_of_an_unforeseen_shape_costs_only_itself() {
    let odd = json!({ "metadata": { "name": "odd", "creationTimestamp": "yesterday" } });
    let fake = Fake::default().on(PODS, [Answer::page([pod("a", json!({})), odd], "")]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(names(&snapshot.pods), ["a"]);
    assert_eq!(snapshot.gaps, [gap("1 of the pods", "their JSON cannot be understood")]);
}

#[tokio::test]
async fn null_is_an_empty_list() {
    let fake = Fake::default().on(PODS, [Answer::Json(json!({ "metadata": {}, "items": null }))]);
    assert_eq!(read(&fake, &lists_only()).await.pods.scope, Scope::All);
}

#[tokio::test]
async fn an_overloaded_api_is_asked_again() {
    let fake = Fake::default().on(
        PODS,
        [Answer::Refused(429, "too many requests", vec![("retry-after", "0")]), Answer::page(pods(["a"]), "")],
    );
    let plan = ReadPlan { request_time: std::time::Duration::from_secs(5), ..lists_only() };
    let snapshot = read(&fake, &plan).await;
    assert_eq!(names(&snapshot.pods), ["a"]);
    assert_eq!(snapshot.gaps, []);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_is_not_begun() {
    let busy = Answer::Refused(503, "shutting down", vec![("retry-after", "60")]);
    let fake = Fake::default().on(PODS, [busy]);
    let snapshot = read(&fake, &lists_only()).await;
    assert_eq!(fake.requests(PODS).len(), 1);
    assert_eq!(snapshot.gaps, [gap("pods", "the API answered pods with status 503: shutting down")]);
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let fake = Fake::default()
        .on(PODS, [Answer::Text("x".repeat(5000)), Answer::page(pods(["a"]), "next"), Answer::page(pods(["b"]), "")]);
    let snapshot = read(&fake, &ReadPlan { page_size: 8, page_bytes: 4000, ..lists_only() }).await;
    assert_eq!(names(&snapshot.pods), ["a", "b"]);
    let asked = fake.requests(PODS);
    assert_eq!(asked, ["/api/v1/pods?limit=8", "/api/v1/pods?limit=2", "/api/v1/pods?limit=2&continue=next"]);
}

#[tokio::test]
async fn the_bytes_of_all_answers_are_bounded() {
    let fake = Fake::default().on(PODS, [Answer::page(pods(["a", "b"]), "next")]);
    let snapshot = read(&fake, &ReadPlan { bytes: 20_000, ..lists_only() }).await;
    assert_eq!(snapshot.pods.scope, Scope::Partial);
    assert!(snapshot.gaps.contains(&gap("pods", "the bounds of reading were reached before pods: 20000 bytes")));
    assert!(fake.requests(PODS).len() < 100);
}

#[tokio::test]
async fn in_a_large_cluster_quiet_objects_are_left_out_and_counted() {
    let plan = ReadPlan { keep: KeepPlan { whole: 1, quiet: 1 }, ..lists_only() };
    let fake = Fake::default().on(PODS, [Answer::page(pods(["a", "b", "c"]), "")]);
    let snapshot = read(&fake, &plan).await;
    assert_eq!(names(&snapshot.pods), ["a"]);
    assert_eq!(snapshot.pods.scope, Scope::Partial);
    assert_eq!(
        snapshot.gaps,
        [gap("2 of the pods", "the cluster is large, and they are outside the namespaces that matter")]
    );
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_after_a_few_requests() {
    let mut fake = Fake::default();
    for kind in ["pods", "events", "nodes", "services", "namespaces"] {
        fake = fake.on(&format!("/api/v1/{kind}"), [Answer::refused(401, "Unauthorized")]);
    }
    for kind in ["deployments", "replicasets"] {
        fake = fake.on(&format!("/apis/apps/v1/{kind}"), [Answer::refused(401, "Unauthorized")]);
    }
    let plan = ReadPlan { concurrency: 2, ..lists_only() };
    let error = fake.cluster().read(&plan).await.expect_err("nothing can be read");
    assert!(matches!(error, ReadError::Unauthorized { .. }), "{error}");
    assert!(fake.requests("/").len() <= 4, "{:?}", fake.requests("/"));
}
