//! Writes what is measured into the metric store, under the names CloudWatch users know: Container Insights for pods and
//! nodes, ApplicationELB for what is behind the load balancer, and the services' own counts.

use std::collections::HashMap;

use super::behaviour::LEAK_FILLS_IN_S;
use super::kinds::Kind;
use super::kubelet::{PodRun, Stage};
use super::metrics::{MetricId, SeriesHandle, Shape};
use super::scheduler::quantity;
use super::shop::App;
use super::state::State;
use super::store::Key;
use super::traffic::{Minute, PodSeries};

/// Container Insights' namespace.
pub(crate) const INSIGHTS: &str = "ContainerInsights";
/// The load balancer's namespace.
pub(crate) const LOAD_BALANCER: &str = "AWS/ApplicationELB";
/// The namespace the services publish their own counts in.
pub(crate) const SERVICES: &str = "Shop/Services";

/// Series found once and written every minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauges {
    handles: HashMap<String, Vec<SeriesHandle>>,
}

/// `app/prod-eks-public/…`.
pub(crate) fn load_balancer(state: &State) -> String {
    format!("app/{}-public/{}", state.options.cluster, state.noise.of("alb").hex(16))
}

/// `targetgroup/k8s-shop-checkout-…/…`.
pub(crate) fn target_group(state: &State, app: &App) -> String {
    let noise = state.noise.of("target-group").of(&app.id());
    format!("targetgroup/k8s-{}-{}-{}/{}", app.namespace, app.name, noise.hex(10), noise.at(1).hex(16))
}

type Definition = (&'static str, &'static str, Shape);

pub(crate) fn write(
    state: &mut State,
    subject: &str,
    namespace: &str,
    dimensions: &[(&str, &str)],
    minute: i64,
    values: &[(Definition, f64)],
) {
    if !state.gauges.handles.contains_key(subject) {
        let handles = values
            .iter()
            .map(|((name, unit, shape), _)| {
                state.metrics.series(MetricId::new(namespace, name, dimensions), unit, *shape)
            })
            .collect();
        state.gauges.handles.insert(subject.to_owned(), handles);
    }
    let handles = &state.gauges.handles[subject];
    for (handle, (_, value)) in handles.iter().zip(values) {
        if !value.is_nan() {
            state.metrics.record(*handle, minute, *value);
        }
    }
}

/// Records one minute of everything.
pub(crate) fn record(state: &mut State, minute: i64, minutes: &[Minute]) {
    let apps = state.apps.clone();
    let cluster = state.options.cluster.clone();
    pods(state, minute, &cluster, minutes);
    nodes(state, minute, &cluster);
    let balancer = load_balancer(state);
    for (app, traffic) in apps.iter().zip(minutes) {
        workload(state, minute, &cluster, app);
        if traffic.requests_per_s > 0.0 {
            service(state, minute, &cluster, &balancer, app, traffic);
        }
    }
    super::zones::record(state, minute, &balancer, minutes);
}

fn pods(state: &mut State, minute: i64, cluster: &str, minutes: &[Minute]) {
    let apps = state.apps.clone();
    let now = state.now;
    let mut runs = std::mem::take(&mut state.runs);
    for (key, run) in &mut runs {
        if state.dead_nodes.contains_key(&run.node) {
            continue;
        }
        let app = run.app.map(|index| &apps[index]);
        let noise = state.noise.of(&key.name).at(minute);
        let busy = run.containers.iter().any(|container| matches!(container.stage, Stage::Running { .. }));
        let share = run.app.map_or(0.0, |index| {
            let traffic = &minutes[index];
            traffic.requests_per_s * (1.0 - 0.8 * traffic.failing) / traffic.ready.max(1) as f64
        });
        let ready = run.containers.iter().all(|container| container.ready);
        let share = if ready { share } else { 0.0 };
        let millicores =
            if busy { (6.0 + share * app.map_or(1.0, |app| app.cpu_ms)) * (1.0 + 0.08 * noise.bell()) } else { 0.0 };
        let (memory_mi, limit_mi) = memory(state, run, app, now, noise.at(1).bell());
        run.used = (millicores, memory_mi);
        let series = *run.series.get_or_insert_with(|| pod_series(state, cluster, key, app));
        let restarts: i64 = run.containers.iter().map(|container| container.restarts).sum();
        let bytes = share * 2400.0 * (1.0 + 0.1 * noise.at(2).bell());
        state.metrics.record(series.cpu, minute, millicores / 40.0);
        state.metrics.record(series.memory, minute, 100.0 * memory_mi / limit_mi.max(1.0));
        state.metrics.record(series.received, minute, bytes + 900.0);
        state.metrics.record(series.sent, minute, bytes * 3.1 + 1100.0);
        state.metrics.record(series.restarts, minute, restarts as f64);
    }
    state.runs = runs;
}

/// Resident memory of a pod and its limit, in MiB.
fn memory(state: &State, run: &PodRun, app: Option<&App>, now: i64, jitter: f64) -> (f64, f64) {
    let started =
        run.containers.first().and_then(|container| container.current.as_ref()).map_or(now, |run| run.started);
    if !run.containers.iter().any(|container| matches!(container.stage, Stage::Running { .. })) {
        return (0.0, app.map_or(256.0, |app| f64::from(app.memory_limit_mi)));
    }
    let Some(app) = app else { return (24.0, 256.0) };
    let limit = f64::from(app.memory_limit_mi);
    let warm = app.memory_mi * (1.0 - 0.3 * (-((now - started) as f64) / 300.0).exp()) * (1.0 + 0.02 * jitter);
    let leaked = state.leaks.get(&app.id()).map_or(0.0, |since| {
        (limit - app.memory_mi) * (now - started.max(*since)).max(0) as f64 / LEAK_FILLS_IN_S as f64
    });
    ((warm + leaked).min(limit), limit)
}

fn pod_series(state: &mut State, cluster: &str, key: &Key, app: Option<&App>) -> PodSeries {
    let workload = app.map_or(key.name.as_str(), |app| app.name.as_str());
    let dimensions = [
        ("ClusterName", cluster),
        ("Namespace", &key.namespace),
        ("PodName", workload),
        ("FullPodName", key.name.as_str()),
    ];
    let mut series = |name, unit| state.metrics.series(MetricId::new(INSIGHTS, name, &dimensions), unit, Shape::Level);
    PodSeries {
        cpu: series("pod_cpu_utilization", "Percent"),
        memory: series("pod_memory_utilization_over_pod_limit", "Percent"),
        received: series("pod_network_rx_bytes", "Bytes/Second"),
        sent: series("pod_network_tx_bytes", "Bytes/Second"),
        restarts: series("pod_number_of_container_restarts", "Count"),
    }
}

fn nodes(state: &mut State, minute: i64, cluster: &str) {
    let mut used: HashMap<String, (f64, f64, usize)> = HashMap::new();
    for run in state.runs.values() {
        let sum = used.entry(run.node.clone()).or_default();
        sum.0 += run.used.0;
        sum.1 += run.used.1;
        sum.2 += 1;
    }
    let nodes: Vec<_> = state.store.list(Kind::Node, "").map(|(_, node)| node.clone()).collect();
    let mut failed = 0;
    // Container Insights keeps these of all nodes together as well; of many samples a minute, the largest is kept here.
    let mut fullest = [f64::NAN; 3];
    for node in &nodes {
        let name = Key::of(node).name;
        let ready = super::pods::ready(node);
        failed += usize::from(!ready);
        let dead = state.dead_nodes.contains_key(&name);
        let noise = state.noise.of(&name).at(minute);
        let (millicores, memory_mi, pods) = used.get(&name).copied().unwrap_or_default();
        let cores = quantity(&node["status"]["capacity"]["cpu"]).max(1.0);
        let capacity_mi = quantity(&node["status"]["capacity"]["memory"]).max(1.0) / 1_048_576.0;
        let measured = |value: f64| if dead { f64::NAN } else { value };
        let instance = node["spec"]["providerID"].as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default();
        let dimensions = [("ClusterName", cluster), ("NodeName", name.as_str()), ("InstanceId", instance)];
        let values = [
            (
                ("node_cpu_utilization", "Percent", Shape::Level),
                measured((millicores + 120.0) / cores / 10.0 + 0.5 * noise.bell()),
            ),
            (("node_memory_utilization", "Percent", Shape::Level), measured(100.0 * (memory_mi + 900.0) / capacity_mi)),
            (("node_filesystem_utilization", "Percent", Shape::Level), measured(34.0 + 4.0 * noise.at(3).bell())),
            (
                ("node_network_total_bytes", "Bytes/Second", Shape::Level),
                measured(pods as f64 * 21_000.0 * (1.0 + 0.1 * noise.at(4).bell())),
            ),
            (("node_number_of_running_pods", "Count", Shape::Level), measured(pods as f64)),
            (("node_status_condition_ready", "Count", Shape::Level), f64::from(u8::from(ready))),
        ];
        fullest.iter_mut().zip(&values).for_each(|(most, (_, value))| *most = most.max(*value));
        write(state, &format!("node/{name}"), INSIGHTS, &dimensions, minute, &values);
    }
    let values = [
        (("node_cpu_utilization", "Percent", Shape::Level), fullest[0]),
        (("node_memory_utilization", "Percent", Shape::Level), fullest[1]),
        (("node_filesystem_utilization", "Percent", Shape::Level), fullest[2]),
        (("cluster_failed_node_count", "Count", Shape::Level), failed as f64),
        (("cluster_node_count", "Count", Shape::Level), nodes.len() as f64),
        (("cluster_number_of_running_pods", "Count", Shape::Level), state.runs.len() as f64),
    ];
    write(state, "cluster", INSIGHTS, &[("ClusterName", cluster)], minute, &values);
}

/// The pods of an application that are on a node and not on their way out.
pub(crate) fn runs_of(state: &State, index: usize) -> impl Iterator<Item = (&Key, &PodRun)> {
    let (namespace, prefix) = match state.apps.get(index) {
        Some(app) => (app.namespace.clone(), format!("{}-", app.name)),
        None => (String::new(), String::new()),
    };
    let from = Key::new(&namespace, &prefix);
    let named = state
        .runs
        .range(from..)
        .take_while(move |(key, _)| key.namespace == namespace && key.name.starts_with(&prefix));
    named.filter(move |(_, run)| run.app == Some(index) && run.gone_at.is_none())
}

fn workload(state: &mut State, minute: i64, cluster: &str, app: &App) {
    let (mut ready, mut total, mut looping, mut unpulled, mut killed, mut restarts) = (0, 0, 0, 0, 0, 0);
    let (mut millicores, mut fullest) = (0.0, 0.0f64);
    let recent = state.now - 600;
    let index = state.apps_by_id.get(&app.id()).copied().unwrap_or(usize::MAX);
    for (_, run) in runs_of(state, index) {
        let dead = state.dead_nodes.contains_key(&run.node);
        total += 1;
        ready += usize::from(!dead && run.containers.iter().all(|container| container.ready));
        millicores += run.used.0;
        fullest = fullest.max(100.0 * run.used.1 / f64::from(app.memory_limit_mi.max(1)));
        for container in &run.containers {
            restarts += container.restarts;
            looping += usize::from(matches!(container.stage, Stage::BackOff { .. }) && container.restarts > 0);
            unpulled += usize::from(matches!(container.stage, Stage::PullFailed { .. }));
            let ended = container.current.iter().chain(&container.last).filter_map(|run| run.ended.as_ref());
            killed += ended.filter(|(at, how)| *at >= recent && how.reason() == "OOMKilled").count();
        }
    }
    let dimensions = [("ClusterName", cluster), ("Namespace", app.namespace.as_str()), ("PodName", app.name.as_str())];
    let values = [
        (("pod_cpu_utilization", "Percent", Shape::Level), millicores / 40.0 / f64::from(total.max(1))),
        (("pod_memory_utilization_over_pod_limit", "Percent", Shape::Level), fullest),
        (("pod_number_of_container_restarts", "Count", Shape::Level), restarts as f64),
        (("pod_container_status_waiting_reason_crash_loop_back_off", "Count", Shape::Level), looping as f64),
        (("pod_container_status_waiting_reason_image_pull_error", "Count", Shape::Level), unpulled as f64),
        (("pod_container_status_terminated_reason_oom_killed", "Count", Shape::Level), killed as f64),
        (("replicas_ready", "Count", Shape::Level), ready as f64),
        (("status_replicas_unavailable", "Count", Shape::Level), (total as usize - ready) as f64),
    ];
    write(state, &format!("workload/{}", app.id()), INSIGHTS, &dimensions, minute, &values);
}

fn service(state: &mut State, minute: i64, cluster: &str, balancer: &str, app: &App, traffic: &Minute) {
    let requests = (traffic.requests_per_s * 60.0).round();
    let faults = (requests * traffic.failing).round();
    let latency = if traffic.failing > 0.99 { traffic.latency_ms.max(900.0) } else { traffic.latency_ms };
    let dimensions = [("ClusterName", cluster), ("Namespace", app.namespace.as_str()), ("Service", app.name.as_str())];
    let values = [
        (("Requests", "Count", Shape::Count), requests),
        (("Faults", "Count", Shape::Count), faults),
        (("Latency", "Milliseconds", Shape::Latency), latency),
    ];
    write(state, &format!("service/{}", app.id()), SERVICES, &dimensions, minute, &values);
    if state.options.scenario == super::Scenario::AlarmStorm {
        routes(state, minute, &dimensions, app, traffic, latency);
    }
    if app.public {
        let group = target_group(state, app);
        let dimensions = [("LoadBalancer", balancer), ("TargetGroup", group.as_str())];
        let healthy = traffic.ready - traffic.unreachable;
        // Without a healthy target the load balancer answers 503 itself.
        let (target, own) = if healthy == 0 { (0.0, requests) } else { (faults, 0.0) };
        let values = [
            (("RequestCount", "Count", Shape::Count), requests),
            (("HTTPCode_Target_2XX_Count", "Count", Shape::Count), requests - faults),
            (("HTTPCode_Target_5XX_Count", "Count", Shape::Count), target),
            (("HTTPCode_ELB_5XX_Count", "Count", Shape::Count), own),
            (("TargetResponseTime", "Seconds", Shape::Latency), if healthy == 0 { f64::NAN } else { latency / 1000.0 }),
            (("HealthyHostCount", "Count", Shape::Level), healthy as f64),
            (("UnHealthyHostCount", "Count", Shape::Level), (traffic.pods - healthy.min(traffic.pods)) as f64),
        ];
        write(state, &format!("target/{}", app.id()), LOAD_BALANCER, &dimensions, minute, &values);
    }
}

/// Counts per route and zone.
fn routes(state: &mut State, minute: i64, dimensions: &[(&str, &str)], app: &App, traffic: &Minute, latency_ms: f64) {
    let region = state.options.region.clone();
    let share = 1.0 / (app.routes.len() * 3) as f64;
    for (index, route) in app.routes.iter().enumerate() {
        for letter in ["a", "b", "c"] {
            let zone = format!("{region}{letter}");
            let mut dimensions = dimensions.to_vec();
            dimensions.extend([("Route", *route), ("Zone", zone.as_str())]);
            let requests =
                (traffic.requests_per_s * 60.0 * share * (1.2 - 0.4 * index as f64 / app.routes.len() as f64)).ceil();
            let values = [
                (("Requests", "Count", Shape::Count), requests),
                (("Faults", "Count", Shape::Count), (requests * traffic.failing).round()),
                (("Latency", "Milliseconds", Shape::Latency), latency_ms),
            ];
            write(state, &format!("route/{}/{route}/{letter}", app.id()), SERVICES, &dimensions, minute, &values);
        }
    }
}
