//! Container logs and metrics.k8s.io.

use serde_json::{Value, json};

use super::{
    fake::{Answer, Fake, pod},
    lists_only,
};
use crate::{
    eks::{LogPlan, ReadPlan},
    snapshot::{ContainerLog, Gap, Series, SeriesKind},
};

const LOG: &str = "/api/v1/namespaces/shop/pods/api-1/log";

fn crashing() -> Value {
    json!({
        "ready": false,
        "restartCount": 4,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1 } },
    })
}

fn with_logs() -> ReadPlan {
    ReadPlan { page_size: 500, logs: LogPlan { lines: 20, bytes: 16, ..LogPlan::default() }, ..lists_only() }
}

fn log(previous: bool, text: &str, error: Option<&str>) -> ContainerLog {
    ContainerLog {
        namespace: "shop".into(),
        pod: "api-1".into(),
        container: "app".into(),
        previous,
        text: text.into(),
        error: error.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_crashing_containers_logs_are_read_now_and_before() {
    let fake = Fake::default()
        .on("/api/v1/pods", [Answer::page([pod("api-1", crashing()), pod("api-2", json!({}))], "")])
        .on(LOG, [Answer::Text("starting\nKeyError: 'X'\n".into())]);
    let snapshot = fake.cluster().read(&with_logs()).await.expect("a snapshot");
    assert_eq!(snapshot.logs, [log(true, "KeyError: 'X'\n", None), log(false, "KeyError: 'X'\n", None)]);
    assert_eq!(
        fake.requests(LOG),
        [format!("{LOG}?container=app&tailLines=20&previous=true"), format!("{LOG}?container=app&tailLines=20")]
    );
    assert_eq!(fake.requests("/api/v1/namespaces/shop/pods/api-2"), [""; 0]);
}

#[tokio::test]
async fn a_container_that_never_started_has_no_log_to_ask_for() {
    let waiting = json!({ "ready": false, "state": { "waiting": { "reason": "ImagePullBackOff" } } });
    let fake = Fake::default().on("/api/v1/pods", [Answer::page([pod("api-1", waiting)], "")]);
    let snapshot = fake.cluster().read(&with_logs()).await.expect("a snapshot");
    assert_eq!(snapshot.logs, []);
    assert_eq!(fake.requests(LOG), [""; 0]);
}

#[tokio::test]
async fn a_refused_log_says_why_in_its_place() {
    let fake = Fake::default()
        .on("/api/v1/pods", [Answer::page([pod("api-1", crashing())], "")])
        .on(LOG, [Answer::refused(400, "previous terminated container not found"), Answer::Text("ok\n".into())]);
    let snapshot = fake.cluster().read(&with_logs()).await.expect("a snapshot");
    let refused =
        "the API answered previous log of shop/api-1/app with status 400: previous terminated container not found";
    assert_eq!(snapshot.logs, [log(true, "", Some(refused)), log(false, "ok\n", None)]);
}

#[tokio::test]
async fn forbidden_logs_are_one_gap() {
    let fake = Fake::default()
        .on("/api/v1/pods", [Answer::page([pod("api-1", crashing())], "")])
        .on(LOG, [Answer::refused(403, "forbidden")]);
    let snapshot = fake.cluster().read(&with_logs()).await.expect("a snapshot");
    let why = "missing permission: get pods/log in namespace shop";
    assert_eq!(snapshot.gaps, [Gap { what: "container logs".into(), why: why.into() }]);
    assert_eq!(snapshot.logs, []);
}

#[tokio::test]
async fn usage_is_summed_over_a_pods_containers() {
    let nodes = json!({ "items": [{
        "metadata": { "name": "n1" }, "timestamp": "2026-03-01T14:22:50Z", "window": "20s",
        "usage": { "cpu": "1500m", "memory": "2Gi" },
    }] });
    let pods = json!({ "items": [{
        "metadata": { "name": "api-1", "namespace": "shop" }, "timestamp": "2026-03-01T14:22:51Z",
        "containers": [
            { "name": "app", "usage": { "cpu": "250m", "memory": "100Ki" } },
            { "name": "proxy", "usage": { "cpu": "1000000n", "memory": "24Ki" } },
        ],
    }] });
    let fake = Fake::default()
        .on("/apis/metrics.k8s.io/v1beta1/nodes", [Answer::Json(nodes)])
        .on("/apis/metrics.k8s.io/v1beta1/pods", [Answer::Json(pods)]);
    let snapshot = fake.cluster().read(&ReadPlan { usage: true, ..lists_only() }).await.expect("a snapshot");
    let of = |kind, namespace: &str, name: &str, metric: &str, time: &str, value| Series {
        kind,
        namespace: namespace.into(),
        name: name.into(),
        metric: metric.into(),
        points: vec![(time.parse().unwrap(), value)],
    };
    assert_eq!(
        snapshot.metrics,
        [
            of(SeriesKind::Node, "", "n1", "cpu", "2026-03-01T14:22:50Z", 1.5),
            of(SeriesKind::Node, "", "n1", "mem", "2026-03-01T14:22:50Z", 2_147_483_648.0),
            of(SeriesKind::Pod, "shop", "api-1", "cpu", "2026-03-01T14:22:51Z", 0.251),
            of(SeriesKind::Pod, "shop", "api-1", "mem", "2026-03-01T14:22:51Z", 126_976.0),
        ]
    );
}

#[tokio::test]
async fn a_cluster_without_metrics_server_says_so() {
    let fake = Fake::default()
        .on("/apis/metrics.k8s.io/v1beta1/nodes", [Answer::refused(404, "not found")])
        .on("/apis/metrics.k8s.io/v1beta1/pods", [Answer::refused(404, "not found")]);
    let snapshot = fake.cluster().read(&ReadPlan { usage: true, ..lists_only() }).await.expect("a snapshot");
    assert_eq!(snapshot.gaps.len(), 2);
    assert_eq!(snapshot.gaps[0].why, "usage of nodes (metrics.k8s.io) is not served by this cluster");
}
