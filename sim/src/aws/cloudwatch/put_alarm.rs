//! PutMetricAlarm and DeleteAlarms:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>.
//!
//! An alarm watches one metric, or the share of one sum in another (`100 * errors / requests`), which is what the world can
//! evaluate; other expressions are refused rather than ignored.

use super::super::error::AwsError;
use super::super::value::Value;
use super::metric_id;
use crate::world::{Alarm, AlarmState, Comparison, Line, MissingData, StateValue, Statistic, Watched, World};

fn refused(message: impl Into<String>) -> AwsError {
    AwsError::bad("ValidationError", message)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn put_metric_alarm(world: &World, input: &Value) -> Result<Value, AwsError> {
    let name = input.get("AlarmName").text().filter(|name| (1..=255).contains(&name.len()));
    let name = name.ok_or_else(|| refused("AlarmName must be between 1 and 255 characters long"))?;
    if world.alarms().iter().any(|alarm| alarm.name == name && matches!(alarm.watched, Watched::AnyOf(_))) {
        return Err(refused(format!("A composite alarm of the name {name} exists")));
    }
    let count = |field: &str| -> Result<Option<usize>, AwsError> {
        match input.get(field) {
            Value::Null => Ok(None),
            value => value
                .integer()
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| *count > 0)
                .map(Some)
                .ok_or_else(|| refused(format!("{field} must be at least 1"))),
        }
    };
    let evaluation_periods = count("EvaluationPeriods")?.ok_or_else(|| refused("EvaluationPeriods is required"))?;
    let datapoints_to_alarm = count("DatapointsToAlarm")?.unwrap_or(evaluation_periods);
    if datapoints_to_alarm > evaluation_periods {
        return Err(refused("DatapointsToAlarm must not be greater than EvaluationPeriods"));
    }
    let comparison = input.get("ComparisonOperator").text().and_then(Comparison::parse);
    let comparison =
        comparison.ok_or_else(|| refused("ComparisonOperator is not one that compares with a threshold"))?;
    let missing = input.get("TreatMissingData").text().unwrap_or("missing");
    let missing =
        MissingData::parse(missing).ok_or_else(|| refused(format!("TreatMissingData {missing} is not known")))?;
    let (watched, period_s) = watched(input)?;
    let texts = |field: &str| input.get(field).texts().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let options = world.options();
    let now = world.now();
    world.put_alarm(Alarm {
        name: name.to_owned(),
        arn: format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", options.region, options.account),
        description: input.get("AlarmDescription").text().unwrap_or_default().to_owned(),
        watched,
        line: Line {
            period_s,
            evaluation_periods,
            datapoints_to_alarm,
            threshold: number(input.get("Threshold")).ok_or_else(|| refused("Threshold is required"))?,
            comparison,
            missing,
        },
        actions: texts("AlarmActions"),
        configured: now,
        state: AlarmState {
            value: StateValue::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: String::new(),
            since: now,
        },
    });
    Ok(Value::Map(indexmap::IndexMap::new()))
}

/// What the alarm watches, and in periods of how many seconds.
fn watched(input: &Value) -> Result<(Watched, i64), AwsError> {
    let queries = input.get("Metrics").list();
    if queries.is_empty() {
        let named = ["Namespace", "MetricName"].iter().all(|field| input.get(field).text().is_some());
        let statistic = match (input.get("Statistic").text(), input.get("ExtendedStatistic").text()) {
            (Some(one), None) | (None, Some(one)) => one,
            _ => return Err(refused("Exactly one of Statistic and ExtendedStatistic is required")),
        };
        let period = input.get("Period").integer().filter(|period| matches!(period, 10 | 20 | 30) || period % 60 == 0);
        let (true, Some(period)) = (named, period) else {
            return Err(refused("Namespace, MetricName and Period (10, 20, 30 or a multiple of 60) are required"));
        };
        let statistic: Statistic =
            statistic.parse().map_err(|error: crate::world::UnknownStatistic| refused(error.to_string()))?;
        return Ok((Watched::Metric { metric: metric_id(input), statistic }, period));
    }
    if input.get("MetricName").text().is_some() {
        return Err(refused("MetricName and Metrics must not be given together"));
    }
    let returned = queries.iter().filter(|query| query.get("ReturnData").flag() != Some(false)).count();
    let expression = queries.iter().find_map(|query| query.get("Expression").text()).unwrap_or_default();
    let sum = |id: &str| {
        let stat = queries.iter().find(|query| query.get("Id").text() == Some(id))?.get("MetricStat");
        (stat.get("Stat").text() == Some("Sum")).then_some(stat)
    };
    let plain: String = expression.split_whitespace().collect();
    match (sum("errors"), sum("requests"), plain.as_str()) {
        (Some(errors), Some(requests), "100*errors/requests") if returned == 1 => {
            let period = errors.get("Period").integer().unwrap_or(60);
            let (errors, requests) = (metric_id(errors.get("Metric")), metric_id(requests.get("Metric")));
            Ok((Watched::ErrorPercent { errors, requests }, period))
        }
        _ if returned != 1 => Err(refused("Exactly one of Metrics must return data")),
        _ => Err(refused("sim evaluates only 100 * errors / requests, both as sums")),
    }
}

pub(super) fn delete_alarms(world: &World, input: &Value) -> Result<Value, AwsError> {
    let names = input.get("AlarmNames").texts();
    if names.is_empty() || names.len() > 100 {
        return Err(refused("AlarmNames must hold between 1 and 100 names"));
    }
    let known = world.alarms();
    if let Some(unknown) = names.iter().find(|name| known.iter().all(|alarm| alarm.name != **name)) {
        return Err(AwsError::not_found("ResourceNotFound", format!("Alarm {unknown} does not exist")));
    }
    world.delete_alarms(&names);
    Ok(Value::Map(indexmap::IndexMap::new()))
}
