//! The same lines as a rule file for Prometheus.
//!
//! Over what is commonly there: node-exporter, cAdvisor and kube-state-metrics, the kubelet's volume statistics, and for
//! traffic Istio and ingress-nginx; a rule over metrics that nobody exports is silent. A warning ends where the critical line
//! begins, so that one trouble is one alert. Labels are those by which Nightshift finds the object.

use serde::Serialize;

use super::levels::{Levels, Metric, Severity};

/// How long it has to last.
const FOR: &str = "3m";

/// A rule file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Group {
    name: String,
    interval: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Rule {
    alert: String,
    expr: String,
    r#for: String,
    labels: Labels,
    annotations: Annotations,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Labels {
    severity: String,
    source: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Annotations {
    summary: String,
    description: String,
}

/// What is measured: `(alert, metric, expression, subject)`.
const MEASURES: &[(&str, Metric, &str, &str)] = &[
    (
        "NodeCpu",
        Metric::Cpu,
        "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])))",
        "node {{ $labels.instance }}",
    ),
    (
        "PodCpu",
        Metric::Cpu,
        "100 * sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!=\"\"}[5m])) / sum by (namespace, pod) \
         (kube_pod_container_resource_limits{resource=\"cpu\"})",
        "pod {{ $labels.namespace }}/{{ $labels.pod }}",
    ),
    (
        "NodeMemory",
        Metric::Memory,
        "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
        "node {{ $labels.instance }}",
    ),
    (
        "PodMemory",
        Metric::Memory,
        "100 * sum by (namespace, pod) (container_memory_working_set_bytes{container!=\"\"}) / sum by (namespace, pod) \
         (kube_pod_container_resource_limits{resource=\"memory\"})",
        "pod {{ $labels.namespace }}/{{ $labels.pod }}",
    ),
    (
        "ServiceErrorRate",
        Metric::ErrorRate,
        "100 * sum by (destination_workload_namespace, destination_workload) \
         (rate(istio_requests_total{reporter=\"destination\",response_code=~\"5..\"}[5m])) / sum by \
         (destination_workload_namespace, destination_workload) (rate(istio_requests_total{reporter=\"destination\"}[5m]))",
        "{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }}",
    ),
    (
        "IngressErrorRate",
        Metric::ErrorRate,
        "100 * sum by (exported_namespace, ingress) (rate(nginx_ingress_controller_requests{status=~\"5..\"}[5m])) / sum by \
         (exported_namespace, ingress) (rate(nginx_ingress_controller_requests[5m]))",
        "ingress {{ $labels.exported_namespace }}/{{ $labels.ingress }}",
    ),
    (
        "ServiceLatency",
        Metric::Latency,
        "histogram_quantile(0.95, sum by (destination_workload_namespace, destination_workload, le) \
         (rate(istio_request_duration_milliseconds_bucket{reporter=\"destination\"}[5m])))",
        "{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }}",
    ),
    (
        "IngressLatency",
        Metric::Latency,
        "1000 * histogram_quantile(0.95, sum by (exported_namespace, ingress, le) \
         (rate(nginx_ingress_controller_request_duration_seconds_bucket[5m])))",
        "ingress {{ $labels.exported_namespace }}/{{ $labels.ingress }}",
    ),
    (
        "NodeDisk",
        Metric::Disk,
        "100 * (1 - node_filesystem_avail_bytes{fstype!~\"tmpfs|overlay|squashfs\"} / \
         node_filesystem_size_bytes{fstype!~\"tmpfs|overlay|squashfs\"})",
        "node {{ $labels.instance }}, {{ $labels.mountpoint }}",
    ),
    (
        "VolumeDisk",
        Metric::Disk,
        "100 * kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes",
        "claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }}",
    ),
];

/// The rules that settings ask for.
pub fn rules(levels: &Levels) -> RuleFile {
    let mut rules = Vec::new();
    for (alert, metric, expression, subject) in MEASURES {
        let lines = [Severity::Warning, Severity::Critical].map(|severity| levels.line(*metric, severity));
        let [Some(warning), Some(critical)] = lines else { continue };
        rules.push(rule(
            alert,
            *metric,
            Severity::Warning,
            warning,
            format!("({expression} >= {warning}) < {critical}"),
            subject,
        ));
        rules.push(rule(alert, *metric, Severity::Critical, critical, format!("{expression} >= {critical}"), subject));
    }
    RuleFile { groups: vec![Group { name: "nightshift-thresholds".into(), interval: "30s".into(), rules }] }
}

fn rule(alert: &str, metric: Metric, severity: Severity, line: f64, expr: String, subject: &str) -> Rule {
    let (name, unit) = (metric.name(), metric.unit());
    let ending = match severity {
        Severity::Warning => "High",
        Severity::Critical => "Critical",
    };
    Rule {
        alert: format!("{alert}{ending}"),
        expr,
        r#for: FOR.to_owned(),
        labels: Labels { severity: severity.name().to_owned(), source: "nightshift-thresholds".to_owned() },
        annotations: Annotations {
            summary: format!("{name} of {subject} is {{{{ $value | printf \"%.1f\" }}}} {unit}"),
            description: format!("At or above {line} {unit} for {FOR}."),
        },
    }
}

impl RuleFile {
    /// The file's text.
    pub fn yaml(&self) -> Result<String, serde_yaml_ng::Error> {
        serde_yaml_ng::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_file() {
        insta::assert_snapshot!(rules(&Levels::default()).yaml().unwrap());
    }

    #[test]
    fn every_expression_is_balanced_and_every_alert_has_a_name_of_its_own() {
        let file = rules(&Levels::default());
        let rules = &file.groups[0].rules;
        let mut names: Vec<&str> = rules.iter().map(|rule| rule.alert.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2 * MEASURES.len());
        for rule in rules {
            for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
                let count = |c| rule.expr.matches(c).count();
                assert_eq!(count(open), count(close), "{}", rule.expr);
            }
            assert_eq!(rule.expr.matches('"').count() % 2, 0, "{}", rule.expr);
        }
    }

    #[test]
    fn a_metric_that_is_off_has_no_rule() {
        let levels: Levels = serde_yaml_ng::from_str("disk_percent: { off: true }").unwrap();
        assert!(!rules(&levels).yaml().unwrap().contains("Disk"));
    }
}
