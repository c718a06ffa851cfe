//! The metrics an alarm watches, in the form of EventBridge's alarm events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One entry of `detail.configuration.metrics` in a 'CloudWatch Alarm State Change' event: a metric, or an expression over
/// others. See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmMetric {
    /// What expressions call it, for example `m1`. A plain metric alarm's is a UUID.
    pub id: String,
    /// The metric and its statistic; absent for an expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<AlarmMetricStat>,
    /// Metric math, an anomaly band or a Metrics Insights query; empty for a metric.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub expression: String,
    /// The name shown to people; empty where none was given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The period of an expression in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// Whether the alarm compares it. The rest feeds expressions.
    pub return_data: bool,
}

/// A metric and how its samples are put together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmMetricStat {
    /// Which metric.
    pub metric: AlarmMetricRef,
    /// The period in seconds.
    pub period: i32,
    /// The statistic, for example `Average` or `p95`.
    pub stat: String,
    /// The unit; empty where any will do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// A metric's identity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlarmMetricRef {
    /// The CloudWatch namespace, for example `AWS/ApplicationELB`.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, String>,
}
