//! One query at one moment: <https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries>.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::Prometheus;
use super::answer::read;

/// A value with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Labels; none for a sum over everything.
    pub labels: BTreeMap<String, String>,
    /// The value; never NaN or infinite.
    pub value: f64,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

impl Prometheus {
    /// What `promql` is at `at`. An expression of which nothing is known has no samples.
    ///
    /// # Errors
    ///
    /// What went wrong and what to do about it; the address is not part of it.
    pub async fn instant(&self, promql: &str, at: Timestamp, limit: Duration) -> Result<Vec<Sample>, String> {
        let form = [
            ("query", promql.to_owned()),
            ("time", at.as_second().to_string()),
            ("timeout", format!("{}ms", limit.as_millis())),
        ];
        let mut address = self.base.clone();
        let path = address.path().trim_end_matches("_range").to_owned();
        address.set_path(&path);
        match tokio::time::timeout(limit, self.get(address, &form)).await {
            Ok(answer) => answer.and_then(|(status, body)| samples(&body, status)),
            Err(_elapsed) => Err(format!("no answer within {} ms", limit.as_millis())),
        }
    }
}

fn samples(body: &[u8], status: u16) -> Result<Vec<Sample>, String> {
    let rows: Vec<Row> = read(body, status)?.rows;
    let sample = |row: Row| Some(Sample { labels: row.metric, value: row.value.1.parse().ok()? });
    Ok(rows.into_iter().filter_map(sample).filter(|sample| sample.value.is_finite()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_with_their_labels_and_without_what_is_no_number() {
        let body = br#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{},"value":[1795238588.1,"1048576"]},{"metric":{"node":"a"},"value":[1795238588.1,"NaN"]}]}}"#;
        let samples = samples(body, 200).unwrap();
        assert_eq!(samples, [Sample { labels: BTreeMap::new(), value: 1_048_576.0 }]);
    }

    #[test]
    fn what_is_no_answer_says_what_to_do() {
        assert!(samples(b"<html>", 403).unwrap_err().contains("aps:QueryMetrics"));
        assert!(samples(b"<html>", 200).unwrap_err().contains("PROMETHEUS_URL"));
        assert_eq!(samples(br#"{"status":"error","error":"parse error"}"#, 400).unwrap_err(), "http 400: parse error");
    }
}
