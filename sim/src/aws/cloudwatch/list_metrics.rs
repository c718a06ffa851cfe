//! ListMetrics.

use super::super::error::AwsError;
use super::super::value::{Value, structure};
use super::{metric_value, page};
use crate::world::World;

/// How many metrics a page holds.
const PAGE: usize = 500;

pub(super) fn list_metrics(world: &World, input: &Value) -> Result<Value, AwsError> {
    let dimensions: Vec<(String, Option<String>)> = input
        .get("Dimensions")
        .list()
        .iter()
        .filter_map(|one| Some((one.get("Name").text()?.to_owned(), one.get("Value").text().map(str::to_owned))))
        .collect();
    let found = world.list_metrics(input.get("Namespace").text(), input.get("MetricName").text(), &dimensions);
    let (metrics, next) = page(found, input, PAGE)?;
    Ok(structure([("Metrics", Value::List(metrics.iter().map(metric_value).collect())), ("NextToken", next.into())]))
}
