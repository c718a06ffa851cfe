//! Which GetMetricData queries answer a [`MetricQuery`], and what their results are called.
//!
//! Container Insights: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-EKS.html>;
//! its `PodName` dimension is the name of the workload, not of the pod. Load balancer:
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, StandardUnit};
use jiff::{SignedDuration, Timestamp};

use super::super::{AlarmMetric, Focus, MetricQuery, Window, distinct};
use crate::snapshot::SeriesKind;

/// Queries one GetMetricData call takes.
pub(super) const MAX_QUERIES: usize = 500;

/// One GetMetricData call.
pub(super) struct Batch {
    /// What it reads, for gaps.
    pub(super) what: String,
    /// The window, on the boundaries of the longest period.
    pub(super) window: Window,
    /// Queries, each with what its results are.
    pub(super) entries: Vec<(MetricDataQuery, Target)>,
}

/// What the results of one query are.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) kind: SeriesKind,
    pub(super) namespace: String,
    /// The name; `None` where each result's label is the name.
    pub(super) name: Option<String>,
    pub(super) metric: String,
    /// What values are multiplied by.
    pub(super) scale: f64,
    /// Whether two results of the same id are the band around a metric.
    pub(super) band: bool,
}

impl Target {
    pub(super) fn named(&self, label: &str) -> String {
        self.name.clone().unwrap_or_else(|| label.to_owned())
    }
}

/// The calls for a query.
pub(super) fn plan(query: &MetricQuery) -> Vec<Batch> {
    let mut batches = Vec::new();
    if !query.alarm.is_empty() {
        batches.extend(alarm(&query.alarm, query.window));
    }
    let mut focus: Vec<Focus> = distinct(&query.focus).into_iter().cloned().collect();
    for behind in load_balancers(&query.alarm) {
        if !focus.contains(&behind) {
            focus.push(behind);
        }
    }
    let mut entries = Vec::new();
    let period = period_for(query.window);
    for one in &focus {
        standard(&query.cluster, one, period, &mut entries);
    }
    for (index, (metric_query, _)) in entries.iter_mut().enumerate() {
        metric_query.id = Some(format!("q{index}"));
    }
    let window = aligned(query.window, period);
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(MAX_QUERIES));
        batches.push(Batch { what: "metrics from cloudwatch".into(), window, entries });
        entries = rest;
    }
    batches
}

/// The shortest period, a multiple of a minute, that gives at most 300 points.
fn period_for(window: Window) -> i32 {
    let minutes = (window.seconds() as u64).div_ceil(300 * 60).max(1);
    i32::try_from(minutes * 60).unwrap_or(86_400)
}

/// CloudWatch answers best when start and end lie on period boundaries.
fn aligned(window: Window, period: i32) -> Window {
    let period = i64::from(period.max(1));
    let start = window.start.as_second().div_euclid(period) * period;
    let end = (window.end.as_second() + period - 1).div_euclid(period) * period;
    let at = |second, otherwise| Timestamp::from_second(second).unwrap_or(otherwise);
    Window { start: at(start, window.start), end: at(end.max(start + period), window.end) }
}

/// The alarm's own metrics, inputs of expressions included, all in one call: expressions refer to the others by id.
fn alarm(metrics: &[AlarmMetric], window: Window) -> Option<Batch> {
    let mut longest = 60;
    let mut entries = Vec::new();
    for (index, metric) in metrics.iter().take(MAX_QUERIES).enumerate() {
        // A plain metric alarm's id is a UUID, which GetMetricData refuses: it wants ^[a-z][a-zA-Z0-9_]*$.
        let valid = metric.id.starts_with(|c: char| c.is_ascii_lowercase())
            && metric.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let id = if valid { metric.id.clone() } else { format!("alarm{index}") };
        let mut built = MetricDataQuery::builder().id(id).return_data(true);
        let (name, called);
        if let Some(stat) = &metric.metric_stat {
            longest = longest.max(stat.period);
            let dimensions = stat.metric.dimensions.iter().map(|(name, value)| dimension(name, value)).collect();
            let mut wanted = MetricStat::builder()
                .metric(
                    Metric::builder()
                        .namespace(&stat.metric.namespace)
                        .metric_name(&stat.metric.name)
                        .set_dimensions(Some(dimensions))
                        .build(),
                )
                .period(stat.period.max(1))
                .stat(&stat.stat);
            if !stat.unit.is_empty() {
                wanted = wanted.unit(StandardUnit::from(stat.unit.as_str()));
            }
            built = built.metric_stat(wanted.build());
            let pairs: Vec<String> =
                stat.metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            name = pairs.join(",");
            called = stat.metric.name.clone();
        } else if !metric.expression.is_empty() {
            longest = longest.max(metric.period.unwrap_or(60));
            built = built.expression(&metric.expression).set_period(metric.period);
            name = String::new();
            called = metric.id.clone();
        } else {
            continue;
        }
        if !metric.label.is_empty() {
            built = built.label(&metric.label);
        }
        let target = Target {
            kind: SeriesKind::Other,
            namespace: String::new(),
            name: Some(name),
            metric: if metric.label.is_empty() { called } else { metric.label.clone() },
            scale: 1.0,
            band: metric.expression.trim_start().to_ascii_uppercase().starts_with("ANOMALY_DETECTION_BAND"),
        };
        entries.push((built.build(), target));
    }
    (!entries.is_empty()).then(|| {
        // A few periods before the window, or an alarm with a long period has no point to show.
        let before = SignedDuration::from_secs(i64::from(longest) * 3);
        let start = window.start.min(window.end.saturating_sub(before).unwrap_or(window.start));
        let window = aligned(Window { start, end: window.end }, longest);
        Batch { what: "the alarm's own metrics".into(), window, entries }
    })
}

/// The load balancers the alarm's metrics are about: their other metrics say what the one that alarmed does not.
fn load_balancers(metrics: &[AlarmMetric]) -> Vec<Focus> {
    let stats = metrics.iter().filter_map(|metric| metric.metric_stat.as_ref());
    stats
        .filter(|stat| stat.metric.namespace == "AWS/ApplicationELB")
        .filter_map(|stat| {
            Some(Focus::LoadBalancer {
                load_balancer: stat.metric.dimensions.get("LoadBalancer")?.clone(),
                target_group: stat.metric.dimensions.get("TargetGroup").cloned().unwrap_or_default(),
            })
        })
        .collect()
}

/// `(metric there, statistic, name here, scale)`.
type Standard = (&'static str, &'static str, &'static str, f64);

const WORKLOAD: &[Standard] = &[
    ("pod_cpu_usage_total", "Average", "cpu", 0.001),
    ("pod_cpu_utilization", "Average", "cpu_utilization", 1.0),
    ("pod_memory_working_set", "Average", "mem", 1.0),
    ("pod_memory_utilization", "Average", "mem_utilization", 1.0),
    ("pod_cpu_utilization_over_pod_limit", "Average", "cpu_of_limit", 1.0),
    ("pod_memory_utilization_over_pod_limit", "Maximum", "mem_of_limit", 1.0),
    ("pod_number_of_container_restarts", "Maximum", "restarts", 1.0),
    ("pod_network_rx_bytes", "Average", "network_receive_bytes", 1.0),
    ("pod_network_tx_bytes", "Average", "network_transmit_bytes", 1.0),
];

const NODE: &[Standard] = &[
    ("node_cpu_usage_total", "Average", "cpu", 0.001),
    ("node_cpu_utilization", "Average", "cpu_utilization", 1.0),
    ("node_memory_working_set", "Average", "mem", 1.0),
    ("node_memory_utilization", "Average", "mem_utilization", 1.0),
    ("node_filesystem_utilization", "Maximum", "disk_utilization", 1.0),
    ("node_network_total_bytes", "Average", "network_bytes", 1.0),
];

const LOAD_BALANCER: &[Standard] = &[
    ("RequestCount", "Sum", "requests", 1.0),
    ("HTTPCode_Target_5XX_Count", "Sum", "5xx", 1.0),
    ("HTTPCode_ELB_5XX_Count", "Sum", "balancer_5xx", 1.0),
    ("TargetResponseTime", "p50", "p50latency", 1000.0),
    ("TargetResponseTime", "p95", "p95latency", 1000.0),
    ("TargetResponseTime", "p99", "p99latency", 1000.0),
];

const TARGET_GROUP: &[Standard] =
    &[("HealthyHostCount", "Minimum", "healthy_hosts", 1.0), ("UnHealthyHostCount", "Maximum", "unhealthy_hosts", 1.0)];

/// The standard queries for one focus.
fn standard(cluster: &str, focus: &Focus, period: i32, entries: &mut Vec<(MetricDataQuery, Target)>) {
    let target = |kind, namespace: &str, name: Option<&str>, metric: &str, scale| Target {
        kind,
        namespace: namespace.to_owned(),
        name: name.map(str::to_owned),
        metric: metric.to_owned(),
        scale,
        band: false,
    };
    match focus {
        Focus::Workload { namespace, name } => {
            let dimensions = [("ClusterName", cluster), ("Namespace", namespace), ("PodName", name)];
            for (metric, stat, called, scale) in WORKLOAD {
                let query = metric_query("ContainerInsights", metric, &dimensions, stat, period);
                entries.push((query, target(SeriesKind::Service, namespace, Some(name), called, *scale)));
            }
        }
        Focus::Namespace(namespace) => {
            for (metric, stat, called, scale) in WORKLOAD {
                let expression = format!(
                    "SEARCH('{{ContainerInsights,ClusterName,Namespace,PodName}} ClusterName=\"{}\" Namespace=\"{}\" \
                     MetricName=\"{metric}\"', '{stat}', {period})",
                    quoted(cluster),
                    quoted(namespace),
                );
                let query = MetricDataQuery::builder()
                    .expression(expression)
                    .label("${PROP('Dim.PodName')}")
                    .return_data(true)
                    .build();
                entries.push((query, target(SeriesKind::Service, namespace, None, called, *scale)));
            }
        }
        Focus::Node(node) => {
            for (metric, stat, called, scale) in NODE {
                // The InstanceId dimension is always there and not known here: search over it.
                let expression = format!(
                    "SEARCH('{{ContainerInsights,ClusterName,InstanceId,NodeName}} ClusterName=\"{}\" NodeName=\"{}\" \
                     MetricName=\"{metric}\"', '{stat}', {period})",
                    quoted(cluster),
                    quoted(node),
                );
                let query = MetricDataQuery::builder().expression(expression).label(node).return_data(true).build();
                entries.push((query, target(SeriesKind::Node, "", Some(node), called, *scale)));
            }
        }
        Focus::LoadBalancer { load_balancer, target_group } => {
            let mut dimensions = vec![("LoadBalancer", load_balancer.as_str())];
            let mut wanted = LOAD_BALANCER.to_vec();
            let mut name = load_balancer.as_str();
            if !target_group.is_empty() {
                dimensions.push(("TargetGroup", target_group));
                wanted.extend(TARGET_GROUP);
                name = target_group;
            }
            for (metric, stat, called, scale) in wanted {
                let query = metric_query("AWS/ApplicationELB", metric, &dimensions, stat, period);
                entries.push((query, target(SeriesKind::Other, "", Some(name), called, scale)));
            }
        }
    }
}

/// A value inside a search expression's double quotes; names of Kubernetes never hold what is taken out here.
fn quoted(value: &str) -> String {
    value.chars().filter(|c| c.is_ascii_alphanumeric() || "-._/:@ ".contains(*c)).collect()
}

fn metric_query(
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
    stat: &str,
    period: i32,
) -> MetricDataQuery {
    let dimensions = dimensions.iter().map(|(name, value)| dimension(name, value)).collect();
    let metric = Metric::builder().namespace(namespace).metric_name(metric).set_dimensions(Some(dimensions)).build();
    let stat = MetricStat::builder().metric(metric).period(period).stat(stat).build();
    MetricDataQuery::builder().metric_stat(stat).return_data(true).build()
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}
