//! One query at every minute's end: <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Prometheus, answer};

/// Labels, and values by time.
pub type Row = (BTreeMap<String, String>, Vec<(Timestamp, f64)>);

impl Prometheus {
    /// What `promql` is at every minute from the first to the last of `ends`, both included. Neither NaN nor infinity is
    /// a value.
    ///
    /// # Errors
    ///
    /// What went wrong and what to do about it; the address is not part of it.
    pub async fn by_minute(
        &self,
        promql: &str,
        ends: (Timestamp, Timestamp),
        limit: Duration,
    ) -> Result<Vec<Row>, String> {
        let form = [
            ("query", promql.to_owned()),
            ("start", ends.0.as_second().to_string()),
            ("end", ends.1.as_second().to_string()),
            ("step", "60".to_owned()),
            ("timeout", format!("{}ms", limit.as_millis())),
        ];
        match tokio::time::timeout(limit, self.get(self.base.clone(), &form)).await {
            Ok(answer) => answer.and_then(|(status, body)| answer::rows(&body, status)),
            Err(_elapsed) => Err(format!("no answer within {} ms", limit.as_millis())),
        }
    }
}
