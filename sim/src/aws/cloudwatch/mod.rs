//! CloudWatch: metrics and alarms of the world.

mod alarms;
mod list_metrics;
mod metric_data;
mod metric_math;
mod put_alarm;
mod search;

use super::error::AwsError;
use super::value::Value;
use crate::world::{MetricId, World};

pub(super) fn call(world: &World, operation: &str, input: &Value) -> Result<Value, AwsError> {
    match operation {
        "GetMetricData" => metric_data::get_metric_data(world, input),
        "ListMetrics" => list_metrics::list_metrics(world, input),
        "DescribeAlarms" => alarms::describe_alarms(world, input),
        "PutMetricAlarm" => put_alarm::put_metric_alarm(world, input),
        "DeleteAlarms" => put_alarm::delete_alarms(world, input),
        _ => Err(AwsError::bad("InvalidAction", format!("The action {operation} is not valid for this endpoint."))),
    }
}

/// The metric that a `Metric` structure names.
fn metric_id(metric: &Value) -> MetricId {
    let dimensions: Vec<(&str, &str)> = metric
        .get("Dimensions")
        .list()
        .iter()
        .map(|one| (one.get("Name").text().unwrap_or_default(), one.get("Value").text().unwrap_or_default()))
        .collect();
    let text = |name: &str| metric.get(name).text().unwrap_or_default().to_owned();
    MetricId::new(&text("Namespace"), &text("MetricName"), &dimensions)
}

/// A `Metric` structure.
fn metric_value(metric: &MetricId) -> Value {
    super::value::structure([
        ("Namespace", metric.namespace.as_str().into()),
        ("MetricName", metric.name.as_str().into()),
        ("Dimensions", dimensions_value(metric)),
    ])
}

fn dimensions_value(metric: &MetricId) -> Value {
    let pair = |(name, value): &(String, String)| {
        super::value::structure([("Name", name.as_str().into()), ("Value", value.as_str().into())])
    };
    Value::List(metric.dimensions.iter().map(pair).collect())
}

/// The items of one page, and the token of the next one.
fn page<T>(items: Vec<T>, input: &Value, size: usize) -> Result<(Vec<T>, Option<String>), AwsError> {
    let start = match input.get("NextToken").text() {
        Some(token) => token.parse().map_err(|_| AwsError::bad("InvalidNextToken", "The token is not valid."))?,
        None => 0_usize,
    };
    let next = (items.len() > start + size).then(|| (start + size).to_string());
    Ok((items.into_iter().skip(start).take(size).collect(), next))
}
