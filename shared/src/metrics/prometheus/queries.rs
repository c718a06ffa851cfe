//! The standard queries, in the names of cAdvisor, kube-state-metrics, node-exporter, Istio and the usual HTTP libraries.

use crate::metrics::Focus;
use crate::snapshot::SeriesKind;

/// One query and what its results are.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) kind: SeriesKind,
    pub(super) namespace: String,
    /// The name of the one series; empty where `label` of each result is the name.
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) metric: &'static str,
    pub(super) promql: String,
}

impl Wanted {
    /// What is missing when this fails.
    pub(super) fn what(&self) -> String {
        let place: Vec<&str> =
            [self.namespace.as_str(), self.name.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        format!("metric {} of {}", self.metric, place.join("/"))
    }
}

/// Per pod, summed over its containers. `SEL` is the selector of pods.
const POD: &[(&str, &str)] = &[
    ("cpu", r#"sum by (pod) (rate(container_cpu_usage_seconds_total{SEL,container!="",container!="POD"}[5m]))"#),
    (
        "cpu_cfs",
        r#"sum by (pod) (rate(container_cpu_cfs_throttled_seconds_total{SEL,container!="",container!="POD"}[5m]))"#,
    ),
    ("mem", r#"sum by (pod) (container_memory_working_set_bytes{SEL,container!="",container!="POD"})"#),
    ("restarts", r#"sum by (pod) (kube_pod_container_status_restarts_total{SEL})"#),
    ("network_receive", r#"sum by (pod) (rate(container_network_receive_packets_total{SEL}[5m]))"#),
    ("network_transmit", r#"sum by (pod) (rate(container_network_transmit_packets_total{SEL}[5m]))"#),
];

/// Per service: from the mesh where there is one, else from the workload's own metrics. `MESH` and `OWN` are selectors.
const SERVICE: &[(&str, &str)] = &[
    (
        "rps",
        "label_replace(sum by (destination_service_name) (rate(istio_requests_total{MESH}[5m])), \
         \"service\", \"$1\", \"destination_service_name\", \"(.*)\") or \
         sum by (service) (rate(http_requests_total{OWN}[5m])) or \
         sum by (service) (rate(http_server_requests_seconds_count{OWN}[5m]))",
    ),
    (
        "success_rate",
        "label_replace(100 * sum by (destination_service_name) (rate(istio_requests_total{MESH,response_code!~\"5..|0\"}[5m])) \
         / sum by (destination_service_name) (rate(istio_requests_total{MESH}[5m])), \
         \"service\", \"$1\", \"destination_service_name\", \"(.*)\") or \
         100 * sum by (service) (rate(http_requests_total{OWN,code!~\"5..\"}[5m])) \
         / sum by (service) (rate(http_requests_total{OWN}[5m])) or \
         100 * sum by (service) (rate(http_server_requests_seconds_count{OWN,status!~\"5..\"}[5m])) \
         / sum by (service) (rate(http_server_requests_seconds_count{OWN}[5m]))",
    ),
    ("p50latency", LATENCY_50),
    ("p95latency", LATENCY_95),
];

const LATENCY_50: &str = "label_replace(histogram_quantile(0.5, sum by (destination_service_name, le) \
    (rate(istio_request_duration_milliseconds_bucket{MESH}[5m]))), \"service\", \"$1\", \"destination_service_name\", \"(.*)\") or \
    1000 * histogram_quantile(0.5, sum by (service, le) (rate(http_request_duration_seconds_bucket{OWN}[5m])))";

const LATENCY_95: &str = "label_replace(histogram_quantile(0.95, sum by (destination_service_name, le) \
    (rate(istio_request_duration_milliseconds_bucket{MESH}[5m]))), \"service\", \"$1\", \"destination_service_name\", \"(.*)\") or \
    1000 * histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket{OWN}[5m])))";

/// Of one node. `NODE` matches the kubelet's label, `INSTANCE` node-exporter's.
const NODE: &[(&str, &str)] = &[
    ("cpu", r#"sum(rate(container_cpu_usage_seconds_total{id="/",NODE}[5m]))"#),
    ("mem", r#"sum(container_memory_working_set_bytes{id="/",NODE})"#),
    (
        "cpu_utilization",
        r#"100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle",INSTANCE}[5m]) or rate(node_cpu_seconds_total{mode="idle",NODE}[5m])))"#,
    ),
    (
        "mem_utilization",
        r"100 * (1 - avg(node_memory_MemAvailable_bytes{INSTANCE} or node_memory_MemAvailable_bytes{NODE}) / avg(node_memory_MemTotal_bytes{INSTANCE} or node_memory_MemTotal_bytes{NODE}))",
    ),
    (
        "disk_utilization",
        r#"100 * max(1 - node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs",INSTANCE} / node_filesystem_size_bytes{fstype!~"tmpfs|overlay|squashfs",INSTANCE})"#,
    ),
    (
        "tcp_retrans",
        r"sum(rate(node_netstat_Tcp_RetransSegs{INSTANCE}[5m]) or rate(node_netstat_Tcp_RetransSegs{NODE}[5m]))",
    ),
];

/// The queries for one focus; none for what Prometheus does not know.
pub(super) fn standard(focus: &Focus) -> Vec<Wanted> {
    match focus {
        Focus::Namespace(namespace) => {
            let pods = format!("namespace=\"{}\"", literal(namespace));
            let mesh = format!("reporter=\"destination\",destination_service_namespace=\"{}\"", literal(namespace));
            workload(namespace, &pods, &mesh, &pods)
        }
        Focus::Workload { namespace, name } => {
            // Pods of a Deployment end in -<hash>-<suffix>, of a DaemonSet in -<suffix>, of a StatefulSet in -<ordinal>.
            let pods = format!(
                "namespace=\"{}\",pod=~\"{}(-[a-z0-9]{{6,10}})?-[a-z0-9]{{1,5}}\"",
                literal(namespace),
                literal(&pattern(name))
            );
            let mesh = format!(
                "reporter=\"destination\",destination_service_namespace=\"{}\",destination_service_name=\"{}\"",
                literal(namespace),
                literal(name)
            );
            let own = format!("namespace=\"{}\",service=\"{}\"", literal(namespace), literal(name));
            workload(namespace, &pods, &mesh, &own)
        }
        Focus::Node(node) => {
            let kubelet = format!("node=\"{}\"", literal(node));
            let instance = format!("instance=~\"{}(:[0-9]+)?\"", literal(&pattern(node)));
            let wanted = NODE.iter().map(|(metric, promql)| Wanted {
                kind: SeriesKind::Node,
                namespace: String::new(),
                name: node.clone(),
                label: "node",
                metric,
                promql: promql.replace("INSTANCE", &instance).replace("NODE", &kubelet),
            });
            wanted.collect()
        }
        Focus::LoadBalancer { .. } => Vec::new(),
    }
}

fn workload(namespace: &str, pods: &str, mesh: &str, own: &str) -> Vec<Wanted> {
    let wanted = |kind, label, metric, promql| Wanted {
        kind,
        namespace: namespace.to_owned(),
        name: String::new(),
        label,
        metric,
        promql,
    };
    let per_pod =
        POD.iter().map(|(metric, promql)| wanted(SeriesKind::Pod, "pod", *metric, promql.replace("SEL", pods)));
    let per_service = SERVICE.iter().map(|(metric, promql)| {
        wanted(SeriesKind::Service, "service", *metric, promql.replace("MESH", mesh).replace("OWN", own))
    });
    per_pod.chain(per_service).collect()
}

/// A value inside PromQL's double quotes.
fn literal(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A value inside a regular expression.
fn pattern(value: &str) -> String {
    regex::escape(value)
}
