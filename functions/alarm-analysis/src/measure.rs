//! Numbers beside their usual value: what the metrics of a situation say about the incident's objects.

use jiff::{SignedDuration, Timestamp};
use shared::diagnosis::Cause;
use shared::snapshot::{Series, SeriesKind, Snapshot};

use crate::report::Measure;

/// How many are shown: a message has room for a line.
const SHOWN: usize = 3;
/// The metrics worth a place in the message, with their units, the most telling first.
const TELLING: &[(&str, &str)] = &[
    ("success_rate", "%"),
    ("5xx", ""),
    ("p95latency", "ms"),
    ("mem_utilization", "%"),
    ("cpu_utilization", "%"),
    ("rps", "/s"),
    ("restarts", ""),
];

/// What changed around `since`: first the alarm's own metrics, then those of the cause's objects. A value near its usual
/// one explains nothing and is left out.
pub fn measures(snapshot: &Snapshot, cause: Option<&Cause>, since: Timestamp) -> Vec<Measure> {
    let own = snapshot.metrics.iter().filter(|series| series.kind == SeriesKind::Other && !is_band(series));
    let mut found: Vec<Measure> = own.filter_map(|series| measure(series, series.metric.clone(), "", since)).collect();
    let concerned = |series: &&Series| {
        cause.is_some_and(|cause| {
            let objects = std::iter::once(&cause.object).chain(cause.affected.iter().map(|affected| &affected.object));
            objects.into_iter().any(|object| {
                object.name == series.name && (series.namespace.is_empty() || series.namespace == object.namespace)
            })
        })
    };
    for (metric, unit) in TELLING {
        for series in snapshot.metrics.iter().filter(concerned).filter(|series| series.metric == *metric) {
            let label = format!("{} {}", series.name, metric.replace('_', " "));
            found.extend(measure(series, label, unit, since));
        }
    }
    found.truncate(SHOWN);
    found
}

fn is_band(series: &Series) -> bool {
    series.metric.ends_with(".upper") || series.metric.ends_with(".lower")
}

/// The median of the hour before the alarm's quarter of an hour, beside the latest value.
fn measure(series: &Series, label: String, unit: &str, since: Timestamp) -> Option<Measure> {
    let before = since.saturating_sub(SignedDuration::from_mins(15)).ok()?;
    let mut usual: Vec<f64> = series
        .points
        .iter()
        .filter(|(time, value)| *time < before && value.is_finite())
        .map(|(_, value)| *value)
        .collect();
    usual.sort_by(f64::total_cmp);
    let usual = *usual.get(usual.len() / 2)?;
    let (_, now) = series.points.iter().rev().find(|(time, value)| *time >= before && value.is_finite())?;
    let changed = (now - usual).abs() > 0.2 * usual.abs().max(now.abs());
    changed.then(|| Measure { label, now: *now, usual, unit: unit.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(metric: &str, values: &[f64]) -> Series {
        let start: Timestamp = "2026-03-02T04:30:00Z".parse().unwrap();
        let points = values.iter().enumerate();
        Series {
            kind: SeriesKind::Other,
            namespace: String::new(),
            name: "ServiceName=api".to_owned(),
            metric: metric.to_owned(),
            points: points.map(|(n, value)| (start + SignedDuration::from_mins(10 * n as i64), *value)).collect(),
        }
    }

    fn snapshot(series: Series) -> Snapshot {
        Snapshot { metrics: vec![series], ..Snapshot::default() }
    }

    #[test]
    fn a_value_stands_beside_the_median_of_before() {
        let since = "2026-03-02T05:23:40Z".parse().unwrap();
        let found = measures(&snapshot(series("restarts", &[0.0, 1.0, 0.0, 0.0, 3.0, 7.0])), None, since);
        assert_eq!(found, [Measure { label: "restarts".to_owned(), now: 7.0, usual: 0.0, unit: String::new() }]);
    }

    #[test]
    fn what_did_not_change_is_left_out() {
        let since = "2026-03-02T05:23:40Z".parse().unwrap();
        assert_eq!(measures(&snapshot(series("cpu", &[50.0, 51.0, 50.0, 49.0, 52.0, 50.0])), None, since), []);
        assert_eq!(measures(&snapshot(series("cpu", &[])), None, since), []);
    }
}
