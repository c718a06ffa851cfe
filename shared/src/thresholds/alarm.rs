//! The alarms that settings ask for.
//!
//! Of each cluster the fullest node, by Container Insights' metrics over all its nodes (dimension `ClusterName`, statistic
//! Maximum: the nodes' own series appear and go with the nodes, an alarm cannot follow them). Of each service named in the
//! settings its pods against their limit, and, where its load balancer is named, errors and latency at it. See
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-EKS.html> and
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>.

use sha2::{Digest, Sha256};

use super::levels::{Levels, Metric, Severity};
use crate::config::{ClusterSettings, ServiceSettings};

/// How every alarm's name begins.
pub const PREFIX: &str = "nightshift-threshold-";
/// What stands in the description of every alarm that is ours: only such are changed or deleted.
pub const MARK: &str = "[kept by nightshift thresholds]";
/// CloudWatch's bound on a name.
const MAX_NAME: usize = 255;

/// What an alarm looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// One metric.
    One {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// `Maximum`, `Average`, or a percentile such as `p95`.
        statistic: String,
        /// Its dimensions, in the order of their names.
        dimensions: Vec<(String, String)>,
    },
    /// `100 * errors / requests`, sums of two metrics of ApplicationELB.
    ErrorPercent {
        /// Dimensions of both.
        dimensions: Vec<(String, String)>,
    },
}

/// An alarm as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Deterministic: cluster, what it is about, metric, severity.
    pub name: String,
    /// For people, with [`MARK`].
    pub description: String,
    /// What it looks at.
    pub measure: Measure,
    /// Where the line is, in the metric's own unit (seconds for latency).
    pub threshold: f64,
    /// Length of a period, in seconds.
    pub period_s: i32,
    /// Periods looked at.
    pub evaluation_periods: i32,
    /// How many of them have to be at or above the line.
    pub datapoints_to_alarm: i32,
    /// `missing`, or `notBreaching` where no traffic is no trouble.
    pub missing: &'static str,
    /// ARNs told.
    pub actions: Vec<String>,
    /// Tags, set when it is made.
    pub tags: Vec<(String, String)>,
}

/// The alarms that settings ask for, by name.
pub fn desired(clusters: &[ClusterSettings], services: &[ServiceSettings], levels: &Levels) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for cluster in clusters {
        let scope = [("ClusterName", cluster.name.as_str())];
        for (metric, name) in [
            (Metric::Cpu, "node_cpu_utilization"),
            (Metric::Memory, "node_memory_utilization"),
            (Metric::Disk, "node_filesystem_utilization"),
        ] {
            let measure = one("ContainerInsights", name, "Maximum", &scope);
            let what = format!("the fullest node of {}", cluster.name);
            alarms.extend(both(levels, metric, &cluster.name, "nodes", &what, &measure));
        }
        for service in services.iter().filter(|service| service.cluster.as_ref().is_none_or(|it| *it == cluster.name)) {
            alarms.extend(of_service(levels, &cluster.name, service));
        }
    }
    alarms.sort_by(|a, b| a.name.cmp(&b.name));
    alarms.dedup_by(|a, b| a.name == b.name);
    alarms
}

fn of_service(levels: &Levels, cluster: &str, service: &ServiceSettings) -> Vec<Alarm> {
    let workload =
        service.workload.as_deref().and_then(|it| it.split_once('/')).map_or(service.name.as_str(), |it| it.1);
    let about = format!("{}-{}", service.namespace, service.name);
    let scope = [("ClusterName", cluster), ("Namespace", &service.namespace), ("PodName", workload)];
    let pods = |name: &str| one("ContainerInsights", name, "Maximum", &scope);
    let what = format!("the pods of {}/{workload} against their limit", service.namespace);
    let mut alarms = both(levels, Metric::Cpu, cluster, &about, &what, &pods("pod_cpu_utilization_over_pod_limit"));
    alarms.extend(both(levels, Metric::Memory, cluster, &about, &what, &pods("pod_memory_utilization_over_pod_limit")));
    // ApplicationELB has no series of a target group without its load balancer.
    if let Some(balancer) = &service.load_balancer {
        let mut dimensions = vec![("LoadBalancer", balancer.as_str())];
        dimensions.extend(service.target_group.as_deref().map(|group| ("TargetGroup", group)));
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let errors = Measure::ErrorPercent { dimensions: owned(&dimensions) };
        let what = format!("{}/{} at its load balancer", service.namespace, service.name);
        alarms.extend(both(levels, Metric::ErrorRate, cluster, &about, &what, &errors));
        let latency = one("AWS/ApplicationELB", "TargetResponseTime", "p95", &dimensions);
        alarms.extend(both(levels, Metric::Latency, cluster, &about, &what, &latency));
    }
    alarms
}

fn one(namespace: &str, name: &str, statistic: &str, dimensions: &[(&str, &str)]) -> Measure {
    Measure::One {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        statistic: statistic.to_owned(),
        dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// The warning and the critical alarm of one measure.
fn both(levels: &Levels, metric: Metric, cluster: &str, about: &str, what: &str, measure: &Measure) -> Vec<Alarm> {
    let alarm = |severity: Severity| {
        let line = levels.line(metric, severity)?;
        // Load balancers count time in seconds.
        let threshold = if metric == Metric::Latency { line / 1000.0 } else { line };
        let traffic = matches!(metric, Metric::ErrorRate | Metric::Latency);
        let words = match metric {
            Metric::Cpu => "CPU",
            Metric::Memory => "Memory",
            Metric::Disk => "Disk",
            Metric::ErrorRate => "5xx rate",
            Metric::Latency => "p95 latency",
        };
        Some(Alarm {
            name: name(cluster, about, metric, severity),
            description: format!(
                "{words} of {what} is at or above {line} {} ({}). {MARK}",
                metric.unit(),
                severity.name()
            ),
            measure: measure.clone(),
            threshold,
            period_s: 60,
            evaluation_periods: 5,
            datapoints_to_alarm: 3,
            missing: if traffic { "notBreaching" } else { "missing" },
            actions: levels.actions.clone(),
            tags: vec![
                ("nightshift:cluster".to_owned(), cluster.to_owned()),
                ("nightshift:metric".to_owned(), metric.name().to_owned()),
                ("nightshift:severity".to_owned(), severity.name().to_owned()),
            ],
        })
    };
    [Severity::Warning, Severity::Critical].into_iter().filter_map(alarm).collect()
}

/// The name; one that would be too long ends in a digest of what it was cut from.
fn name(cluster: &str, about: &str, metric: Metric, severity: Severity) -> String {
    let end = format!("-{}-{}", metric.name(), severity.name());
    let full = format!("{PREFIX}{cluster}-{about}");
    if full.len() + end.len() <= MAX_NAME {
        return full + &end;
    }
    let digest = hex::encode(&Sha256::digest(full.as_bytes())[..8]);
    let room = MAX_NAME - end.len() - digest.len() - 1;
    let kept: String = full.chars().take(room).collect();
    format!("{kept}-{digest}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str) -> ClusterSettings {
        ClusterSettings { name: name.into(), ..ClusterSettings::default() }
    }

    fn service(balancer: Option<&str>) -> ServiceSettings {
        ServiceSettings {
            name: "checkout".into(),
            namespace: "shop".into(),
            load_balancer: balancer.map(str::to_owned),
            target_group: Some("targetgroup/checkout/0123456789abcdef".into()),
            ..ServiceSettings::default()
        }
    }

    #[test]
    fn the_alarms_of_a_cluster_and_a_service() {
        let alarms = desired(&[cluster("prod-eks")], &[service(Some("app/shop/0123456789abcdef"))], &Levels::default());
        let lines: Vec<String> = alarms
            .iter()
            .map(|alarm| {
                format!("{} >= {} {:?}\n    {}", alarm.name, alarm.threshold, alarm.measure, alarm.description)
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_service_without_load_balancer_has_no_alarm_on_its_traffic() {
        let alarms = desired(&[cluster("prod-eks")], &[service(None)], &Levels::default());
        assert_eq!(alarms.len(), 10);
        assert!(
            alarms.iter().all(
                |alarm| matches!(&alarm.measure, Measure::One { namespace, .. } if namespace == "ContainerInsights")
            )
        );
    }

    #[test]
    fn a_long_name_keeps_within_bounds_and_apart_from_its_like() {
        let long = "a".repeat(300);
        let alarms = desired(&[cluster(&format!("{long}x")), cluster(&format!("{long}y"))], &[], &Levels::default());
        assert_eq!(alarms.len(), 12);
        assert!(alarms.iter().all(|alarm| alarm.name.len() <= 255));
    }
}
