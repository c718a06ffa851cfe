//! Prometheus' answer to a range query: <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::queries::Wanted;
use crate::metrics::Metrics;
use crate::snapshot::{Gap, Series};

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads an answer; what is no answer is an error that says what to do.
fn read(body: &[u8], status: u16) -> Result<Answer, String> {
    let answer: Answer = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(_) if matches!(status, 401 | 403) => {
            return Err(format!("refused with http {status}: check credentials (AMP: aps:QueryMetrics) or the proxy"));
        }
        Err(_) => return Err(format!("http {status} without a prometheus answer: check PROMETHEUS_URL")),
    };
    if answer.status != "success" {
        return Err(format!("http {status}: {}", answer.error));
    }
    Ok(answer)
}

/// The rows of an answer, with their labels.
pub(super) fn rows(body: &[u8], status: u16) -> Result<Vec<super::by_minute::Row>, String> {
    let rows = read(body, status)?.data.into_iter().flat_map(|data| data.result);
    Ok(rows
        .map(|row| (row.metric, row.values.iter().filter_map(|(time, value)| point(*time, value)).collect()))
        .collect())
}

/// The series of an answer, under the names of what was wanted.
pub(super) fn series(body: &[u8], status: u16, wanted: &Wanted) -> Result<Metrics, String> {
    let answer = read(body, status)?;
    let mut metrics = Metrics::default();
    for warning in answer.warnings {
        metrics.gaps.push(Gap { what: wanted.what(), why: format!("prometheus warns: {warning}") });
    }
    for row in answer.data.into_iter().flat_map(|data| data.result) {
        let label = |name: &str| row.metric.get(name).cloned().unwrap_or_default();
        let name = if wanted.name.is_empty() { label(wanted.label) } else { wanted.name.clone() };
        // NaN is 0/0 (no traffic) and infinity x/0: neither is a value to compare.
        let points: Vec<(Timestamp, f64)> = row.values.iter().filter_map(|(time, value)| point(*time, value)).collect();
        if points.is_empty() || name.is_empty() {
            continue;
        }
        let namespace = wanted.namespace.clone();
        metrics.series.push(Series { kind: wanted.kind, namespace, name, metric: wanted.metric.to_owned(), points });
    }
    Ok(metrics)
}

fn point(time: f64, value: &str) -> Option<(Timestamp, f64)> {
    let value: f64 = value.parse().ok()?;
    let time = Timestamp::from_millisecond((time * 1000.0).round() as i64).ok()?;
    value.is_finite().then_some((time, value))
}
