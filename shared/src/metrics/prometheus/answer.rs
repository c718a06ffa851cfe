//! Prometheus' answers, and the rows of a range query:
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::queries::Wanted;
use crate::metrics::Metrics;
use crate::snapshot::{Gap, Series};

#[derive(Deserialize)]
#[serde(bound(deserialize = "Row: Deserialize<'de>"))]
struct Answer<Row> {
    status: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    data: Option<Data<Row>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "Row: Deserialize<'de>"))]
struct Data<Row> {
    #[serde(default)]
    result: Vec<Row>,
}

/// What an answer says, beside its warnings.
pub(super) struct Said<Row> {
    warnings: Vec<String>,
    /// Its rows.
    pub(super) rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads an answer; what is no answer is an error that says what to do.
pub(super) fn read<Row: DeserializeOwned>(body: &[u8], status: u16) -> Result<Said<Row>, String> {
    let answer: Answer<Row> = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(_) if matches!(status, 401 | 403) => {
            return Err(format!("refused with http {status}: check credentials (AMP: aps:QueryMetrics) or the proxy"));
        }
        Err(_) => return Err(format!("http {status} without a prometheus answer: check PROMETHEUS_URL")),
    };
    if answer.status != "success" {
        return Err(format!("http {status}: {}", answer.error));
    }
    Ok(Said { warnings: answer.warnings, rows: answer.data.map(|data| data.result).unwrap_or_default() })
}

/// The rows of an answer, with their labels.
pub(super) fn rows(body: &[u8], status: u16) -> Result<Vec<super::by_minute::Row>, String> {
    let rows: Vec<Row> = read(body, status)?.rows;
    Ok(rows
        .into_iter()
        .map(|row| (row.metric, row.values.iter().filter_map(|(time, value)| point(*time, value)).collect()))
        .collect())
}

/// The series of an answer, under the names of what was wanted.
pub(super) fn series(body: &[u8], status: u16, wanted: &Wanted) -> Result<Metrics, String> {
    let answer = read::<Row>(body, status)?;
    let mut metrics = Metrics::default();
    for warning in answer.warnings {
        metrics.gaps.push(Gap { what: wanted.what(), why: format!("prometheus warns: {warning}") });
    }
    for row in answer.rows {
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
