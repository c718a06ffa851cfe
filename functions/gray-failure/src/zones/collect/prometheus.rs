//! Prometheus: `query_range` at every minute's end, so that an expression over `[1m]` is of that minute.

use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::config::{ClusterSettings, ZoneQuery};
use shared::metrics::{Prometheus, PrometheusError};

use super::table::Point;
use super::{Outcome, Window};
use crate::App;

/// Reads all queries at once.
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
    let source = match app.clients.prometheus(cluster).await.unwrap_or(Err(PrometheusError::Address)) {
        Ok(source) => source,
        Err(error) => return queries.iter().map(|query| (*query, Err(error.to_string()))).collect(),
    };
    let reads = queries.iter().map(|query| async { (*query, one(&source, query, window, limit).await) });
    join_all(reads).await
}

async fn one(source: &Prometheus, query: &ZoneQuery, window: Window, limit: Duration) -> Result<Vec<Point>, String> {
    let minute = SignedDuration::from_mins(1);
    let promql = query.prometheus.as_deref().unwrap_or_default();
    let rows = source.by_minute(promql, (window.start + minute, window.end), limit).await?;
    let zone = |labels: &std::collections::BTreeMap<String, String>| match &query.zone {
        Some(zone) => Some(zone.clone()),
        None => labels.get(query.zone_by()).filter(|zone| !zone.is_empty()).cloned(),
    };
    let points = rows.into_iter().filter_map(|(labels, values)| Some((zone(&labels)?, values)));
    let points = points.flat_map(|(zone, values)| {
        values.into_iter().map(move |(end, value): (Timestamp, f64)| Point {
            zone: zone.clone(),
            at: end - minute,
            value,
        })
    });
    Ok(points.collect())
}
