//! CloudWatch: GetMetricData, with one SEARCH a query, so that zones need not be known before.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>. The label of a result is the
//! value of the dimension that tells the zone.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataQuery, ScanBy, StatusCode};
use jiff::Timestamp;
use shared::config::{ClusterSettings, ZoneQuery};

use super::table::Point;
use super::{Outcome, Window};
use crate::App;

/// Pages that are followed; each holds up to 100,800 points.
const PAGES: usize = 20;

/// Reads all queries in one call and its pages.
pub(super) async fn read<'a>(
    app: &App,
    cluster: &ClusterSettings,
    queries: &[&'a ZoneQuery],
    window: Window,
    limit: Duration,
) -> Vec<Outcome<'a>> {
    if queries.is_empty() {
        return Vec::new();
    }
    let answered = match tokio::time::timeout(limit, pages(app, cluster, queries, window)).await {
        Ok(answered) => answered,
        Err(_) => Err(format!("cloudwatch:GetMetricData: no answer within {} s", limit.as_secs())),
    };
    match answered {
        Ok(mut found) => queries.iter().enumerate().map(|(at, query)| (*query, take(&mut found, at))).collect(),
        Err(why) => queries.iter().map(|query| (*query, Err(why.clone()))).collect(),
    }
}

type Found = HashMap<String, Result<Vec<Point>, String>>;

fn take(found: &mut Found, at: usize) -> Result<Vec<Point>, String> {
    // A search that finds nothing has no results.
    found.remove(&format!("q{at}")).unwrap_or_else(|| Ok(Vec::new()))
}

/// The expression of a query.
fn expression(query: &ZoneQuery) -> String {
    let zone_by = query.zone.is_none().then(|| query.zone_by());
    let dimensions = query.dimensions.keys().map(String::as_str).chain(query.any.iter().map(String::as_str));
    let schema: Vec<&str> = std::iter::once(query.namespace.as_str()).chain(zone_by).chain(dimensions).collect();
    let terms: Vec<String> = query.dimensions.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!(
        "SEARCH('{{{}}} MetricName=\"{}\" {}', '{}', 60)",
        schema.join(","),
        query.metric,
        terms.join(" "),
        query.statistic()
    )
}

async fn pages(app: &App, cluster: &ClusterSettings, queries: &[&ZoneQuery], window: Window) -> Result<Found, String> {
    let client = Client::new(&app.clients.aws_of(cluster).await.map_err(|error| error.to_string())?);
    let wanted: Vec<MetricDataQuery> = queries
        .iter()
        .enumerate()
        .map(|(at, query)| {
            let label = match &query.zone {
                Some(zone) => zone.clone(),
                None => format!("${{PROP('Dim.{}')}}", query.zone_by()),
            };
            MetricDataQuery::builder().id(format!("q{at}")).expression(expression(query)).label(label).build()
        })
        .collect();
    let (mut found, mut token) = (Found::new(), None);
    for _ in 0..PAGES {
        let sent = client
            .get_metric_data()
            .set_metric_data_queries(Some(wanted.clone()))
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token.take())
            .send()
            .await;
        let answer = sent.map_err(|error| {
            let code = error.code().unwrap_or("no answer").to_owned();
            format!("cloudwatch:GetMetricData: {code}: {}", DisplayErrorContext(&error))
        })?;
        for result in answer.metric_data_results() {
            let id = result.id().unwrap_or_default().to_owned();
            let points = found.entry(id).or_insert_with(|| Ok(Vec::new()));
            match result.status_code() {
                Some(StatusCode::Forbidden) => *points = Err("cloudwatch refused it: Forbidden".to_owned()),
                Some(StatusCode::InternalError) => *points = Err("cloudwatch failed: InternalError".to_owned()),
                _ => {}
            }
            if let Ok(points) = points {
                let zone = result.label().unwrap_or_default();
                let values = result.timestamps().iter().zip(result.values());
                points.extend(values.filter_map(|(time, value)| {
                    let at = Timestamp::from_second(time.secs()).ok()?;
                    Some(Point { zone: zone.to_owned(), at, value: *value })
                }));
            }
        }
        match answer.next_token().filter(|next| !next.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(found),
        }
    }
    Err(format!("cloudwatch:GetMetricData: more than {PAGES} pages; name fewer queries"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_names_every_dimension() {
        let queries = ZoneQuery::of_load_balancer("app/shop/0123456789abcdef");
        assert_eq!(
            expression(&queries[0]),
            "SEARCH('{AWS/ApplicationELB,AvailabilityZone,LoadBalancer} MetricName=\"RequestCount\" \
             LoadBalancer=\"app/shop/0123456789abcdef\"', 'Sum', 60)"
        );
        assert_eq!(
            expression(&queries[3]),
            "SEARCH('{AWS/ApplicationELB,AvailabilityZone,LoadBalancer,TargetGroup} MetricName=\"HealthyHostCount\" \
             LoadBalancer=\"app/shop/0123456789abcdef\"', 'Average', 60)"
        );
    }
}
