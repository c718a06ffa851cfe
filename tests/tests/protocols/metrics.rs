//! Metric sources over their real protocols: CloudWatch as sim speaks it (held to boto3 by
//! `sim_aws`; moto does not route rpc-v2-cbor), Prometheus as its documentation shows it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::metrics::{
    AlarmMetric, AlarmMetricRef, AlarmMetricStat, CloudWatch, Focus, MetricQuery, MetricSource, Prometheus, Window,
};
use shared::snapshot::SeriesKind;
use sim::fault::{Fault, Rule, Service};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::night::aws_at;

fn query(cluster: &str, focus: Vec<Focus>, now: Timestamp) -> MetricQuery {
    let window = Window { start: now.checked_sub(SignedDuration::from_mins(30)).expect("a time"), end: now };
    MetricQuery { cluster: cluster.to_owned(), focus, alarm: Vec::new(), window, limit: Duration::from_secs(5) }
}

fn metric(id: &str, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> AlarmMetric {
    let dimensions: BTreeMap<String, String> =
        dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let metric = AlarmMetricRef { namespace: namespace.into(), name: name.into(), dimensions };
    let stat = AlarmMetricStat { metric, period: 60, stat: "Average".into(), unit: String::new() };
    AlarmMetric { id: id.into(), metric_stat: Some(stat), return_data: true, ..AlarmMetric::default() }
}

fn expression(id: &str, text: &str, label: &str) -> AlarmMetric {
    AlarmMetric {
        id: id.into(),
        expression: text.into(),
        label: label.into(),
        return_data: true,
        ..AlarmMetric::default()
    }
}

/// A workload and a node of the simulated cluster.
async fn world() -> (Sim, String, String, String) {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.expect("sim starts");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let get = |path: &str| http.get(format!("{}{path}", sim.kube_endpoint())).send();
    let deployments: Value = get("/apis/apps/v1/deployments").await.expect("listed").json().await.expect("json");
    let of = |item: &Value, field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
    let apps = deployments["items"].as_array().expect("items");
    let app = apps.iter().find(|item| !of(item, "namespace").starts_with("kube-")).expect("a workload");
    let (namespace, name) = (of(app, "namespace"), of(app, "name"));
    let nodes: Value = get("/api/v1/nodes").await.expect("listed").json().await.expect("json");
    let node = of(&nodes["items"][0], "name");
    (sim, namespace, name, node)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloudwatch_gives_workload_namespace_and_node_their_series() {
    let (sim, namespace, name, node) = world().await;
    let source = CloudWatch::new(&aws_at(&sim.aws_endpoint(), "ap-northeast-2"));
    let focus = vec![
        Focus::Workload { namespace: namespace.clone(), name: name.clone() },
        Focus::Namespace(namespace.clone()),
        Focus::Node(node.clone()),
        Focus::Node(node.clone()),
    ];
    let metrics = source.read(&query(&sim.world().options().cluster, focus, sim.world().now())).await;
    assert_eq!(metrics.gaps, []);
    let has = |kind, name: &str, metric: &str| {
        metrics.series.iter().filter(|one| one.kind == kind && one.name == name && one.metric == metric).count()
    };
    assert!(has(SeriesKind::Service, &name, "cpu_utilization") >= 1, "{:?}", names(&metrics.series));
    assert_eq!(has(SeriesKind::Node, &node, "cpu_utilization"), 1, "{:?}", names(&metrics.series));
    for one in &metrics.series {
        assert!(one.points.is_sorted_by_key(|(time, _)| *time) && !one.points.is_empty());
    }
}

fn names(series: &[shared::snapshot::Series]) -> Vec<String> {
    series
        .iter()
        .map(|one| format!("{:?} {}/{} {} {}", one.kind, one.namespace, one.name, one.metric, one.points.len()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloudwatch_reads_the_alarms_own_metrics_math_and_band() {
    let (sim, namespace, name, _) = world().await;
    let cluster = sim.world().options().cluster.clone();
    let dimensions = [("ClusterName", cluster.as_str()), ("Namespace", namespace.as_str()), ("PodName", name.as_str())];
    let mut asked = query(&cluster, Vec::new(), sim.world().now());
    asked.alarm = vec![
        metric("m1", "ContainerInsights", "pod_cpu_utilization", &dimensions),
        expression("e1", "m1 * 2", "twice"),
        expression("ad1", "ANOMALY_DETECTION_BAND(m1, 2)", "band"),
        metric(
            "0b7c9a3e-1f2d-4c5b-8a6e-9d0f1e2a3b4c",
            "ContainerInsights",
            "pod_memory_utilization_over_pod_limit",
            &dimensions,
        ),
    ];
    let metrics = CloudWatch::new(&aws_at(&sim.aws_endpoint(), "ap-northeast-2")).read(&asked).await;
    assert_eq!(metrics.gaps, []);
    let series = |metric: &str| {
        metrics
            .series
            .iter()
            .find(|one| one.metric == metric)
            .unwrap_or_else(|| panic!("{metric}: {:?}", names(&metrics.series)))
    };
    let (own, twice) = (series("pod_cpu_utilization"), series("twice"));
    assert_eq!(own.name, format!("ClusterName={cluster},Namespace={namespace},PodName={name}"));
    assert!((own.points[0].1 * 2.0 - twice.points[0].1).abs() < 1e-6);
    assert!(series("band.upper").points[0].1 >= series("band.lower").points[0].1);
    assert!(
        !series("pod_memory_utilization_over_pod_limit").points.is_empty(),
        "a plain alarm's UUID is no id for GetMetricData"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloudwatch_that_fails_is_a_gap_and_no_error() {
    let (sim, namespace, name, _) = world().await;
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Timeout, Fault::Cut, Fault::Malformed] {
        sim.faults().clear();
        sim.faults().inject(Rule::always(Service::CloudWatch, fault));
        let focus = vec![Focus::Workload { namespace: namespace.clone(), name: name.clone() }];
        let mut asked = query("any", focus, sim.world().now());
        asked.limit = Duration::from_millis(700);
        let metrics = CloudWatch::new(&aws_at(&sim.aws_endpoint(), "ap-northeast-2")).read(&asked).await;
        assert!(metrics.series.is_empty() && metrics.gaps.len() == 1, "{fault:?}: {metrics:?}");
    }
}

/// A Prometheus that answers each query by a function of its PromQL.
async fn prometheus(answer: fn(&str) -> (u16, String)) -> (String, Arc<Mutex<Vec<BTreeMap<String, String>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let journal = Arc::clone(&asked);
    let handler = move |axum::extract::Query(parameters): axum::extract::Query<BTreeMap<String, String>>| {
        let (status, body) = answer(parameters.get("query").map(String::as_str).unwrap_or_default());
        journal.lock().expect("journal").push(parameters);
        async move { (axum::http::StatusCode::from_u16(status).expect("a status"), body) }
    };
    let routes = axum::Router::new().route("/prom/api/v1/query_range", axum::routing::get(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/prom/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, asked)
}

fn workload() -> Vec<Focus> {
    vec![Focus::Workload { namespace: "shop".into(), name: "api".into() }]
}

#[tokio::test]
async fn prometheus_series_are_read_and_not_a_number_is_left_out() {
    let (address, asked) = prometheus(|promql| {
        let result = if promql.contains("container_cpu_usage") {
            json!([{"metric": {"pod": "api-7d4b9-x2x1z"}, "values": [[1772342700, "0.25"], [1772342715.5, "NaN"], [1772342730, "+Inf"], [1772342745, "1e-1"]]},
                {"metric": {"pod": "api-7d4b9-k8m4p"}, "values": [[1772342700, "NaN"]]},
                {"metric": {}, "values": [[1772342700, "1"]]}])
        } else if promql.contains("istio_requests_total") && !promql.contains("100 *") {
            json!([{"metric": {"service": "api", "destination_service_name": "api"}, "values": [[1772342700, "41.5"]]}])
        } else {
            json!([])
        };
        (200, json!({"status": "success", "data": {"resultType": "matrix", "result": result}}).to_string())
    })
    .await;
    let now = "2026-03-01T05:25:00Z".parse().expect("a time");
    let source = Prometheus::new(&address, false, &aws_at("http://127.0.0.1:9", "us-east-1")).expect("a source");
    let metrics = source.read(&query("prod", workload(), now)).await;
    assert_eq!(metrics.gaps, []);
    let names = names(&metrics.series);
    assert_eq!(names, ["Pod shop/api-7d4b9-x2x1z cpu 2", "Service shop/api rps 1"]);
    let asked = asked.lock().expect("journal");
    assert!(asked.iter().all(|one| one["step"] == "15" && one["end"] == "1772342700"), "{asked:?}");
    assert!(asked.iter().any(|one| one["query"].contains(r#"pod=~"api(-[a-z0-9]{6,10})?-[a-z0-9]{1,5}""#)));
}

#[tokio::test]
async fn what_prometheus_refuses_is_a_gap_for_each_metric() {
    let (address, _) = prometheus(|promql| {
        if promql.contains("memory") {
            (422, json!({"status": "error", "errorType": "execution", "error": "query processing would load too many samples"}).to_string())
        } else if promql.contains("throttled") {
            (403, "<html>Forbidden</html>".to_owned())
        } else if promql.contains("restarts") {
            (200, "{\"status\":\"success\",\"data\":{\"resu".to_owned())
        } else {
            (200, json!({"status": "success", "data": {"resultType": "matrix", "result": []}, "warnings": ["partial response"]}).to_string())
        }
    })
    .await;
    let now = "2026-03-01T05:25:00Z".parse().expect("a time");
    let source = Prometheus::new(&address, false, &aws_at("http://127.0.0.1:9", "us-east-1")).expect("a source");
    let metrics = source.read(&query("prod", workload(), now)).await;
    let why: Vec<&str> = metrics.gaps.iter().map(|gap| gap.why.as_str()).collect();
    assert_eq!(metrics.gaps.len(), 10, "{why:?}");
    for part in ["too many samples", "aps:QueryMetrics", "check PROMETHEUS_URL", "partial response"] {
        assert!(why.iter().any(|why| why.contains(part)), "{part}: {why:?}");
    }
}

#[tokio::test]
async fn a_prometheus_that_is_not_there_is_a_gap_in_time() {
    let source =
        Prometheus::new("http://127.0.0.1:9", false, &aws_at("http://127.0.0.1:9", "us-east-1")).expect("a source");
    let mut asked = query("prod", workload(), "2026-03-01T05:25:00Z".parse().expect("a time"));
    asked.limit = Duration::from_millis(500);
    let metrics = source.read(&asked).await;
    assert!(metrics.series.is_empty() && metrics.gaps.len() == 10);
    assert!(metrics.gaps.iter().all(|gap| gap.why.contains("cannot connect")), "{:?}", metrics.gaps[0]);
}

#[test]
fn addresses_that_are_none_are_refused_with_advice() {
    let config = aws_at("http://127.0.0.1:9", "us-east-1");
    for address in ["", "prometheus:9090", "ftp://prometheus", "not an address"] {
        let error = Prometheus::new(address, false, &config).expect_err(address);
        assert!(error.to_string().contains("PROMETHEUS_URL"), "{error}");
    }
    let unsigned = aws_config::SdkConfig::builder().build();
    assert!(
        Prometheus::new("https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1", false, &unsigned).is_err()
    );
}
