//! 'CloudWatch Alarm State Change' events, in the shape EventBridge delivers them.
//!
//! Shape: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::alarms::{Alarm, State, StateValue, Watched};
use super::metrics::{MetricId, Statistic};
use super::noise::Noise;

/// The event that tells of a change from `previous` to the alarm's state.
pub(super) fn state_change(alarm: &Alarm, previous: &State) -> Value {
    let mut parts = alarm.arn.splitn(6, ':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    json!({
        "version": "0",
        "id": Noise::new(0).of(&alarm.arn).at(alarm.state.since.as_millisecond()).uuid(),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": alarm.state.since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": region,
        "resources": [alarm.arn],
        "detail": {
            "alarmName": alarm.name,
            "configuration": configuration(alarm),
            "previousState": state_document(previous),
            "state": state_document(&alarm.state),
        },
    })
}

fn state_document(state: &State) -> Value {
    let mut document = json!({
        "reason": state.reason,
        "timestamp": long_time(state.since),
        "value": state.value.as_str(),
    });
    if !state.reason_data.is_empty() {
        document["reasonData"] = json!(state.reason_data);
    }
    document
}

fn configuration(alarm: &Alarm) -> Value {
    let metric_stat = |id: &str, metric: &MetricId, statistic: Statistic, returned: bool| {
        json!({
            "id": id,
            "metricStat": {
                "metric": {
                    "dimensions": metric.dimensions.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                    "name": metric.name,
                    "namespace": metric.namespace,
                },
                "period": alarm.line.period_s,
                "stat": statistic.to_string(),
            },
            "returnData": returned,
        })
    };
    match &alarm.watched {
        Watched::Metric { metric, statistic } => json!({
            "description": alarm.description,
            "metrics": [metric_stat(&Noise::new(1).of(&alarm.arn).uuid(), metric, *statistic, true)],
        }),
        Watched::ErrorPercent { errors, requests } => json!({
            "description": alarm.description,
            "metrics": [
                { "id": "e1", "expression": "100 * errors / requests", "label": "Error rate (%)", "returnData": true },
                metric_stat("errors", errors, Statistic::Sum, false),
                metric_stat("requests", requests, Statistic::Sum, false),
            ],
        }),
        Watched::AnyOf(_) => json!({ "description": alarm.description, "alarmRule": rule(alarm) }),
    }
}

/// A composite alarm's rule; empty for other alarms.
pub(super) fn rule(alarm: &Alarm) -> String {
    match &alarm.watched {
        Watched::AnyOf(children) => {
            children.iter().map(|child| format!("ALARM({child:?})")).collect::<Vec<_>>().join(" OR ")
        }
        _ => String::new(),
    }
}

/// The state a metric alarm is in after seeing these datapoints.
pub(super) fn metric_state(alarm: &Alarm, value: StateValue, recent: &[(i64, f64)], now: Timestamp) -> State {
    let line = &alarm.line;
    let count = recent.len();
    let shown: Vec<String> =
        recent.iter().rev().map(|(at, value)| format!("{value:?} ({})", short_time(*at))).collect();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let reason = match value {
        StateValue::InsufficientData => {
            format!(
                "Insufficient Data: {} datapoint{} were unknown.",
                line.evaluation_periods,
                plural(line.evaluation_periods)
            )
        }
        _ if count == 0 => format!(
            "Threshold Crossed: no datapoints were received for {} period{} and {} missing datapoint{} were treated as [{}].",
            line.evaluation_periods,
            plural(line.evaluation_periods),
            line.evaluation_periods,
            plural(line.evaluation_periods),
            if value == StateValue::Alarm { "Breaching" } else { "NonBreaching" },
        ),
        _ => {
            let breaching = value == StateValue::Alarm;
            let verb = match (count == 1, breaching) {
                (true, true) => "was",
                (true, false) => "was not",
                (false, true) => "were",
                (false, false) => "were not",
            };
            format!(
                "Threshold Crossed: {count} out of the last {} datapoint{} [{}] {verb} {} the threshold ({:?}) (minimum {} datapoint{} for {} transition).",
                line.evaluation_periods,
                plural(line.evaluation_periods),
                shown.join(", "),
                line.comparison.words(),
                line.threshold,
                if breaching {
                    line.datapoints_to_alarm
                } else {
                    line.evaluation_periods - line.datapoints_to_alarm + 1
                },
                plural(if breaching {
                    line.datapoints_to_alarm
                } else {
                    line.evaluation_periods - line.datapoints_to_alarm + 1
                }),
                if breaching { "OK -> ALARM" } else { "ALARM -> OK" },
            )
        }
    };
    let mut data = json!({
        "version": "1.0",
        "queryDate": long_time(now),
        "period": line.period_s,
        "recentDatapoints": recent.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        "threshold": line.threshold,
        "evaluatedDatapoints": recent.iter().rev().map(|(at, value)| json!({
            "timestamp": Timestamp::from_second(*at).map(long_time).unwrap_or_default(),
            "value": value,
        })).collect::<Vec<_>>(),
    });
    if let Some((first, _)) = recent.first() {
        data["startDate"] = json!(Timestamp::from_second(*first).map(long_time).unwrap_or_default());
    }
    if let Watched::Metric { statistic, .. } = &alarm.watched {
        data["statistic"] = json!(statistic.to_string());
    }
    State { value, reason, reason_data: data.to_string(), since: now }
}

/// The state a composite alarm is in while these of its children ring.
pub(super) fn composite_state(alarm: &Alarm, value: StateValue, ringing: &[&Alarm], now: Timestamp) -> State {
    let at = now.to_zoned(TimeZone::UTC).strftime("%A %d %B, %Y %H:%M:%S UTC").to_string();
    let trigger = ringing.first().map_or(alarm.arn.as_str(), |child| child.arn.as_str());
    let triggering: Vec<Value> = ringing
        .iter()
        .map(|child| {
            json!({ "arn": child.arn, "state": { "value": child.state.value.as_str(), "timestamp": long_time(child.state.since) } })
        })
        .collect();
    State {
        value,
        reason: format!("{trigger} transitioned to {} at {at}", value.as_str()),
        reason_data: json!({ "triggeringAlarms": triggering }).to_string(),
        since: now,
    }
}

/// `2019-10-02T17:04:40.989+0000`.
fn long_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// `02/10/19 16:59:00`.
fn short_time(at: i64) -> String {
    Timestamp::from_second(at).map(|time| time.strftime("%d/%m/%y %H:%M:%S").to_string()).unwrap_or_default()
}
