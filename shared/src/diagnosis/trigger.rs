//! What started a diagnosis: an alarm, as far as it says where to look.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an alarm said. All of it may be empty: a person asking "what is wrong" is a trigger too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trigger {
    /// The alarm's name.
    pub name: String,
    /// Its description and the reason of its state, as text.
    pub text: String,
    /// The metric it watches, where it watches one.
    pub metric: Option<String>,
    /// The namespace it is about.
    pub namespace: Option<String>,
    /// The workload, Service or pod it is about.
    pub workload: Option<String>,
    /// The node it is about.
    pub node: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Trigger {
    /// The trigger in a CloudWatch "Alarm State Change" event of EventBridge. Fields that are not there stay empty.
    ///
    /// Event form: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>;
    /// dimension names: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-EKS.html>.
    pub fn from_alarm_event(event: &serde_json::Value) -> Self {
        let detail = &event["detail"];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let metrics = detail["configuration"]["metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
        let metric =
            metrics.iter().map(|metric| &metric["metricStat"]["metric"]).find(|metric| metric["name"].is_string());
        let dimension = |names: &[&str]| {
            metrics.iter().find_map(|metric| {
                let dimensions = &metric["metricStat"]["metric"]["dimensions"];
                names.iter().find_map(|name| dimensions[*name].as_str().map(str::to_owned))
            })
        };
        Self {
            name: text(&detail["alarmName"]),
            text: format!("{} {}", text(&detail["configuration"]["description"]), text(&detail["state"]["reason"])),
            metric: metric.map(|metric| text(&metric["name"])),
            namespace: dimension(&["Namespace", "namespace"]),
            workload: dimension(&["Service", "PodName", "service", "pod"]),
            node: dimension(&["NodeName", "node"]),
            since: ["timestamp", "time"]
                .iter()
                .find_map(|key| parse_time(&detail["state"][*key]))
                .or_else(|| parse_time(&event["time"])),
        }
    }
}

/// CloudWatch writes `+0000` where RFC 3339 has `Z`.
fn parse_time(value: &serde_json::Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    text.parse().ok().or_else(|| text.replace("+0000", "Z").parse().ok())
}
