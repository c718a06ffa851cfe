//! GetMetricData: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::super::error::AwsError;
use super::super::value::{Value, structure};
use super::metric_math::{Operand, Scope, Series, evaluate};
use super::{metric_id, page};
use crate::world::{MetricId, Statistic, World};

/// How many queries one call may hold.
const MAX_QUERIES: usize = 500;
/// How many results a page holds. CloudWatch counts datapoints; a client has to follow tokens all the same.
const PAGE: usize = 100;

pub(super) fn get_metric_data(world: &World, input: &Value) -> Result<Value, AwsError> {
    let time = |name: &str| {
        let message = format!("The parameter {name} is required.");
        input.get(name).time().ok_or_else(|| AwsError::bad("MissingParameter", message))
    };
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let queries = input.get("MetricDataQueries").list();
    if queries.is_empty() || queries.len() > MAX_QUERIES {
        return Err(invalid(&format!("The collection MetricDataQueries must hold 1 to {MAX_QUERIES} items.")));
    }
    let mut ids = HashSet::new();
    for query in queries {
        check(query, &mut ids)?;
    }

    let ascending = input.get("ScanBy").text() == Some("TimestampAscending");
    let reading = Reading { world, queries, start, end, path: RefCell::default() };
    let mut results = Vec::new();
    for query in queries.iter().filter(|query| query.get("ReturnData").flag().unwrap_or(true)) {
        let id = query.get("Id").text().unwrap_or_default();
        let value = reading.evaluate(query).map_err(|what| invalid(&format!("Error in expression '{id}' [{what}]")))?;
        let all = match value {
            Operand::Series(series) => vec![series],
            Operand::Many(many) => many,
            Operand::Number(_) | Operand::Text(_) => {
                return Err(invalid(&format!("Error in expression '{id}' [the result is not a time series]")));
            }
        };
        results.extend(all.into_iter().map(|series| result(id, query.get("Label").text(), series, ascending)));
    }
    let (results, next) = page(results, input, PAGE)?;
    Ok(structure([
        ("MetricDataResults", Value::List(results)),
        ("NextToken", next.into()),
        ("Messages", Value::List(Vec::new())),
    ]))
}

fn invalid(message: &str) -> AwsError {
    AwsError::bad("ValidationError", message)
}

fn check<'a>(query: &'a Value, ids: &mut HashSet<&'a str>) -> Result<(), AwsError> {
    let id = query.get("Id").text().unwrap_or_default();
    let valid = id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.len() <= 255
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return Err(invalid(&format!(
            "The value {id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    if !ids.insert(id) {
        return Err(invalid(&format!("The values for parameter id in MetricDataQueries are not unique: {id}.")));
    }
    let (stat, expression) = (query.get("MetricStat"), query.get("Expression"));
    if (*stat == Value::Null) == (*expression == Value::Null) {
        return Err(invalid("Exactly one of the parameters MetricStat and Expression has to be given."));
    }
    if *stat != Value::Null {
        let period = stat.get("Period").integer().unwrap_or(0);
        if !(matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
            return Err(invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."));
        }
        let statistic = stat.get("Stat").text().unwrap_or_default();
        statistic.parse::<Statistic>().map_err(|_| {
            invalid(&format!(
                "The value {statistic} for parameter MetricDataQueries.member.MetricStat.Stat is not supported."
            ))
        })?;
    }
    Ok(())
}

fn result(id: &str, label: Option<&str>, series: Series, ascending: bool) -> Value {
    let label = match label {
        Some(label) => dynamic(label, &series.properties),
        None => series.label,
    };
    let mut points: Vec<(i64, f64)> = series.points.into_iter().collect();
    if !ascending {
        points.reverse();
    }
    let times = points.iter().filter_map(|(at, _)| Timestamp::from_second(*at).ok());
    structure([
        ("Id", id.into()),
        ("Label", label.into()),
        ("Timestamps", times.collect::<Vec<_>>().into()),
        ("Values", points.iter().map(|(_, value)| *value).collect::<Vec<_>>().into()),
        ("StatusCode", "Complete".into()),
    ])
}

/// Fills in `${PROP('Dim.PodName')}` and its like; unknown properties become nothing.
fn dynamic(label: &str, properties: &BTreeMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = label;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        filled.push_str(&rest[..start]);
        let inner = rest[start + 2..start + length].trim();
        let name = inner.strip_prefix("PROP('").and_then(|name| name.strip_suffix("')"));
        filled.push_str(name.and_then(|name| properties.get(name)).map_or("", String::as_str));
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    filled
}

/// The queries of one call, over the window of the call.
struct Reading<'a> {
    world: &'a World,
    queries: &'a [Value],
    start: Timestamp,
    end: Timestamp,
    /// The queries being evaluated, each referred to by the one before it.
    path: RefCell<Vec<String>>,
}

impl Reading<'_> {
    fn evaluate(&self, query: &Value) -> Result<Operand, String> {
        let id = query.get("Id").text().unwrap_or_default().to_owned();
        if self.path.borrow().contains(&id) {
            return Err(format!("{id} refers to itself"));
        }
        self.path.borrow_mut().push(id);
        let value = match query.get("Expression").text() {
            Some(expression) => evaluate(expression, self),
            None => Ok(Operand::Series(self.metric_stat(query.get("MetricStat")))),
        };
        self.path.borrow_mut().pop();
        value
    }

    fn metric_stat(&self, stat: &Value) -> Series {
        let metric = metric_id(stat.get("Metric"));
        let statistic = stat.get("Stat").text().and_then(|name| name.parse().ok()).unwrap_or(Statistic::Average);
        self.series(&metric, statistic, stat.get("Period").integer().unwrap_or(60))
    }

    fn series(&self, metric: &MetricId, statistic: Statistic, period_s: i64) -> Series {
        let points = self.world.statistic(metric, statistic, self.start, self.end, period_s);
        let mut properties: BTreeMap<String, String> =
            metric.dimensions.iter().map(|(name, value)| (format!("Dim.{name}"), value.clone())).collect();
        properties.insert("MetricName".to_owned(), metric.name.clone());
        properties.insert("Namespace".to_owned(), metric.namespace.clone());
        properties.insert("Stat".to_owned(), statistic.to_string());
        properties.insert("Period".to_owned(), period_s.to_string());
        Series {
            label: metric.name.clone(),
            properties,
            points: points.into_iter().map(|(time, value)| (time.as_second(), value)).collect(),
        }
    }
}

impl Scope for Reading<'_> {
    fn named(&self, id: &str) -> Result<Operand, String> {
        let query = self.queries.iter().find(|query| query.get("Id").text() == Some(id));
        self.evaluate(query.ok_or_else(|| format!("{id} is not the id of a query"))?)
    }

    fn metrics(&self) -> Result<Vec<Series>, String> {
        let stats = self.queries.iter().map(|query| query.get("MetricStat")).filter(|stat| **stat != Value::Null);
        Ok(stats.map(|stat| self.metric_stat(stat)).collect())
    }

    fn search(&self, expression: &str, statistic: &str, period_s: i64) -> Result<Vec<Series>, String> {
        let statistic: Statistic = statistic.parse().map_err(|error| format!("{error}"))?;
        let found = super::search::search(self.world, expression)?;
        Ok(found.iter().take(100).map(|metric| self.series(metric, statistic, period_s)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_labels_take_properties() {
        let properties = BTreeMap::from([("Dim.PodName".to_owned(), "api".to_owned())]);
        assert_eq!(dynamic("cpu of ${PROP('Dim.PodName')}${LABEL}!", &properties), "cpu of api!");
        assert_eq!(dynamic("plain ${open", &properties), "plain ${open");
    }
}
