//! The embedded metric format: one JSON line that CloudWatch Logs turns into metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Nightshift";
/// Values one metric may have in a line.
const VALUES: usize = 100;

/// What a metric counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Percent, 0 to 100.
    Percent,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Bytes => "Bytes",
            Self::Percent => "Percent",
        }
    }
}

/// The metrics of one invocation, by function and cluster.
#[derive(Debug)]
pub struct Metrics {
    function: &'static str,
    gathered: Mutex<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    properties: Map<String, Value>,
    values: BTreeMap<&'static str, (Unit, Vec<f64>)>,
}

impl Metrics {
    /// Metrics with the dimension `Function`.
    pub fn new(function: &'static str) -> Self {
        Self { function, gathered: Mutex::default() }
    }

    /// Adds a value. Counts are summed, everything else keeps each value.
    pub fn add(&self, name: &'static str, unit: Unit, value: f64) {
        if !value.is_finite() {
            return;
        }
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let values = &mut gathered.values.entry(name).or_insert((unit, Vec::new())).1;
        if unit == Unit::Count && !values.is_empty() {
            values[0] += value;
        } else if values.len() < VALUES {
            values.push(value);
        }
    }

    /// Counts one.
    pub fn count(&self, name: &'static str) {
        self.add(name, Unit::Count, 1.0);
    }

    /// Adds a field that is searchable in the logs and is no dimension (`request_id`, `cold_start`, `cluster`).
    pub fn property(&self, name: &str, value: impl Into<Value>) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.properties.insert(name.to_owned(), value.into());
    }

    /// The line, and an empty start for the next invocation; `None` when nothing was measured.
    pub fn take(&self, now: Timestamp) -> Option<String> {
        let gathered = std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.values.is_empty() {
            return None;
        }
        let definitions: Vec<Value> =
            gathered.values.iter().map(|(name, (unit, _))| json!({ "Name": name, "Unit": unit.as_str() })).collect();
        let mut line = gathered.properties;
        line.insert("Function".into(), json!(self.function));
        for (name, (_, values)) in &gathered.values {
            let value = if let [value] = values[..] { json!(value) } else { json!(values) };
            line.insert((*name).into(), value);
        }
        line.insert(
            "_aws".into(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["Function"]], "Metrics": definitions }],
            }),
        );
        Some(Value::Object(line).to_string())
    }

    /// Writes the line to stdout. To be called when the invocation ends, whatever its outcome.
    pub fn flush(&self, now: Timestamp) {
        if let Some(line) = self.take(now) {
            let mut stdout = std::io::stdout().lock();
            let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_ends_in_one_line_that_cloudwatch_reads() {
        let metrics = Metrics::new("alarm-analysis");
        metrics.count("AlarmsReceived");
        metrics.count("AlarmsReceived");
        metrics.add("DiagnosisTime", Unit::Milliseconds, 12.0);
        metrics.add("DiagnosisTime", Unit::Milliseconds, 30.5);
        metrics.add("DiagnosisTime", Unit::Milliseconds, f64::NAN);
        metrics.property("request_id", "r-1");
        let line: Value = serde_json::from_str(&metrics.take(Timestamp::UNIX_EPOCH).unwrap()).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 0,
                    "CloudWatchMetrics": [{
                        "Namespace": "Nightshift",
                        "Dimensions": [["Function"]],
                        "Metrics": [
                            { "Name": "AlarmsReceived", "Unit": "Count" },
                            { "Name": "DiagnosisTime", "Unit": "Milliseconds" },
                        ],
                    }],
                },
                "Function": "alarm-analysis",
                "request_id": "r-1",
                "AlarmsReceived": 2.0,
                "DiagnosisTime": [12.0, 30.5],
            })
        );
        assert_eq!(metrics.take(Timestamp::UNIX_EPOCH), None);
    }
}
