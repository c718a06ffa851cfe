//! DescribeAlarms: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>.

use super::super::error::AwsError;
use super::super::value::{Value, structure};
use super::{dimensions_value, metric_value, page};
use crate::world::{Alarm, MetricId, Statistic, Watched, World};

pub(super) fn describe_alarms(world: &World, input: &Value) -> Result<Value, AwsError> {
    let (names, prefix) = (input.get("AlarmNames").texts(), input.get("AlarmNamePrefix").text());
    if !names.is_empty() && prefix.is_some() {
        let message = "The parameters AlarmNamePrefix and AlarmNames can't be used together";
        return Err(AwsError::bad("ValidationError", message));
    }
    let state = input.get("StateValue").text();
    let types = input.get("AlarmTypes").texts();
    // Without AlarmTypes only metric alarms are returned, even where a composite one is named.
    let wanted = |alarm: &Alarm| match alarm.watched {
        Watched::AnyOf(_) => types.contains(&"CompositeAlarm"),
        _ => types.is_empty() || types.contains(&"MetricAlarm"),
    };
    let mut alarms = world.alarms();
    alarms.retain(|alarm| {
        wanted(alarm)
            && (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| alarm.state.value.as_str() == state)
    });
    alarms.sort_by(|a, b| a.name.cmp(&b.name));
    let size = input.get("MaxRecords").integer().unwrap_or(50);
    if !(1..=100).contains(&size) {
        return Err(AwsError::bad("ValidationError", "The parameter MaxRecords must be between 1 and 100."));
    }
    let (alarms, next) = page(alarms, input, usize::try_from(size).unwrap_or(50))?;
    let (composite, metric): (Vec<_>, Vec<_>) =
        alarms.iter().partition(|alarm| matches!(alarm.watched, Watched::AnyOf(_)));
    Ok(structure([
        ("CompositeAlarms", Value::List(composite.into_iter().map(composite_alarm).collect())),
        ("MetricAlarms", Value::List(metric.into_iter().map(metric_alarm).collect())),
        ("NextToken", next.into()),
    ]))
}

/// What metric and composite alarms have in common.
fn common(alarm: &Alarm) -> [(&'static str, Value); 12] {
    let actions = || Value::from(alarm.actions.iter().map(String::as_str).collect::<Vec<_>>());
    let reason_data = Some(alarm.state.reason_data.as_str()).filter(|data| !data.is_empty());
    [
        ("AlarmName", alarm.name.as_str().into()),
        ("AlarmArn", alarm.arn.as_str().into()),
        ("AlarmDescription", alarm.description.as_str().into()),
        ("AlarmConfigurationUpdatedTimestamp", alarm.configured.into()),
        ("ActionsEnabled", true.into()),
        ("OKActions", actions()),
        ("AlarmActions", actions()),
        ("InsufficientDataActions", Value::List(Vec::new())),
        ("StateValue", alarm.state.value.as_str().into()),
        ("StateReason", alarm.state.reason.as_str().into()),
        ("StateReasonData", reason_data.into()),
        ("StateUpdatedTimestamp", alarm.state.since.into()),
    ]
}

fn with(common: [(&'static str, Value); 12], more: Value) -> Value {
    let (Value::Map(mut all), Value::Map(more)) = (structure(common), more) else { return Value::Null };
    all.extend(more);
    Value::Map(all)
}

fn composite_alarm(alarm: &Alarm) -> Value {
    let Watched::AnyOf(children) = &alarm.watched else { return Value::Null };
    let rule = children.iter().map(|child| format!("ALARM({child:?})")).collect::<Vec<_>>().join(" OR ");
    let more = [("AlarmRule", rule.into()), ("StateTransitionedTimestamp", alarm.state.since.into())];
    with(common(alarm), structure(more))
}

fn metric_alarm(alarm: &Alarm) -> Value {
    let line = &alarm.line;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let watched = match &alarm.watched {
        Watched::Metric { metric, statistic } => {
            let percentile = matches!(statistic, Statistic::Percentile(_));
            let named = statistic.to_string();
            structure([
                ("MetricName", metric.name.as_str().into()),
                ("Namespace", metric.namespace.as_str().into()),
                ("Dimensions", dimensions_value(metric)),
                ("Period", line.period_s.into()),
                ("Statistic", (!percentile).then(|| named.clone()).into()),
                ("ExtendedStatistic", percentile.then_some(named).into()),
            ])
        }
        Watched::ErrorPercent { errors, requests } => {
            let expression = structure([
                ("Id", "e1".into()),
                ("Expression", "100 * errors / requests".into()),
                ("Label", "Error rate (%)".into()),
                ("ReturnData", true.into()),
            ]);
            let sum = |id: &str, metric: &MetricId| {
                let stat = structure([
                    ("Metric", metric_value(metric)),
                    ("Period", line.period_s.into()),
                    ("Stat", "Sum".into()),
                ]);
                structure([("Id", id.into()), ("MetricStat", stat), ("ReturnData", false.into())])
            };
            structure([("Metrics", Value::List(vec![expression, sum("errors", errors), sum("requests", requests)]))])
        }
        Watched::AnyOf(_) => Value::Null,
    };
    let more = structure([
        ("EvaluationPeriods", count(line.evaluation_periods).into()),
        ("DatapointsToAlarm", count(line.datapoints_to_alarm).into()),
        ("Threshold", line.threshold.into()),
        ("ComparisonOperator", line.comparison.as_str().into()),
        ("TreatMissingData", line.missing.as_str().into()),
        ("StateTransitionedTimestamp", alarm.state.since.into()),
    ]);
    let (Value::Map(mut all), Value::Map(watched)) = (more, watched) else { return Value::Null };
    all.extend(watched);
    with(common(alarm), Value::Map(all))
}
