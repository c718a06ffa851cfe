//! Prometheus and Amazon Managed Service for Prometheus: `query_range` with the standard queries.
//!
//! Requests to AMP workspaces (`aps-workspaces.<region>.amazonaws.com`) are signed with SigV4, others go out as they are. The
//! step is chosen so that a series stays far below Prometheus' limit of 11,000 points.

mod answer;
mod by_minute;
mod instant;
mod queries;
mod sign;

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use thiserror::Error;
use url::Url;

pub use self::by_minute::Row;
pub use self::instant::Sample;
use self::queries::Wanted;
use self::sign::Signer;
use super::{MetricQuery, MetricSource, Metrics, Window, distinct};
use crate::snapshot::Gap;

/// The largest answer that is read. A range of 300 points over a thousand series fits.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Metrics from a Prometheus HTTP API.
#[derive(Debug, Clone)]
pub struct Prometheus {
    base: Url,
    http: reqwest::Client,
    signer: Option<Signer>,
}

/// Why a source cannot be made.
#[derive(Debug, Error)]
pub enum PrometheusError {
    /// The address does not parse.
    #[error("PROMETHEUS_URL is no http(s) address: set it like http://prometheus.monitoring:9090")]
    Address,
    /// The HTTP client cannot be built.
    #[error("cannot build the http client for prometheus")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Signing is needed and nothing to sign with is there.
    #[error("{0} has to be signed: give the function a region and credentials")]
    Unsigned(String),
}

impl Prometheus {
    /// A source at `address`, the part before `/api/v1/…`. Requests are signed where the host is an AMP workspace, or
    /// where `sign` says so (an AMP endpoint behind a name of one's own).
    pub fn new(address: &str, sign: bool, config: &aws_config::SdkConfig) -> Result<Self, PrometheusError> {
        let mut base = Url::parse(address.trim()).map_err(|_| PrometheusError::Address)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(PrometheusError::Address);
        }
        let path = base.path().trim_end_matches('/').trim_end_matches("/api/v1/query_range");
        let path = path.trim_end_matches("/api/v1").trim_end_matches('/').to_owned();
        base.set_path(&format!("{path}/api/v1/query_range"));
        let host = base.host_str().unwrap_or_default().to_owned();
        let amp = sign::amp_region(&host);
        let signer = if sign || amp.is_some() {
            let region = amp.or_else(|| config.region().map(|region| region.as_ref().to_owned()));
            match (region, config.credentials_provider()) {
                (Some(region), Some(credentials)) => Some(Signer::new(region, credentials)),
                _ => return Err(PrometheusError::Unsigned(host)),
            }
        } else {
            None
        };
        let http = crate::http::client(&base, Duration::from_secs(1))
            .map_err(|error| PrometheusError::Client(error.into()))?;
        Ok(Self { base, http, signer })
    }

    /// One range query.
    async fn range(&self, wanted: &Wanted, window: Window, step: i64, limit: Duration) -> Result<Metrics, String> {
        let form = [
            ("query", wanted.promql.clone()),
            ("start", window.start.as_second().to_string()),
            ("end", window.end.as_second().to_string()),
            ("step", step.to_string()),
            ("timeout", format!("{}ms", limit.as_millis())),
        ];
        let (status, body) = self.get(self.base.clone(), &form).await?;
        answer::series(&body, status, wanted)
    }

    /// The status and body of a query.
    async fn get(&self, mut address: Url, form: &[(&str, String)]) -> Result<(u16, Vec<u8>), String> {
        address.query_pairs_mut().extend_pairs(form);
        // SigV4 knows a space as %20 only; a plus sign that is meant has been written %2B.
        let query = address.query().unwrap_or_default().replace('+', "%20");
        address.set_query(Some(&query));
        let mut request = self.http.get(address.clone());
        if let Some(signer) = &self.signer {
            for (name, value) in signer.headers("GET", &address).await? {
                request = request.header(name, value);
            }
        }
        let mut response = request.send().await.map_err(|error| format!("no answer: {}", chain(&error)))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| format!("answer cut off: {}", chain(&error)))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(format!("the answer is larger than {MAX_ANSWER_BYTES} bytes: narrow the query"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status.as_u16(), body))
    }
}

/// An error and its causes, without the address: it may carry a password.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "timed out".to_owned()
    } else if error.is_connect() {
        "cannot connect".to_owned()
    } else {
        "failed".to_owned()
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A step of at least 15 s and at most 300 points.
fn step_for(window: Window) -> i64 {
    (window.seconds() / 300).max(15).div_euclid(15) * 15
}

impl MetricSource for Prometheus {
    fn read<'a>(&'a self, query: &'a MetricQuery) -> BoxFuture<'a, Metrics> {
        Box::pin(async move {
            let wanted: Vec<Wanted> = distinct(&query.focus).into_iter().flat_map(queries::standard).collect();
            let step = step_for(query.window);
            let reads = wanted.iter().map(|one| async move {
                let read = self.range(one, query.window, step, query.limit);
                let why = match tokio::time::timeout(query.limit, read).await {
                    Ok(Ok(metrics)) => return metrics,
                    Ok(Err(why)) => why,
                    Err(_) => format!("no answer within {} ms", query.limit.as_millis()),
                };
                let gap = Gap { what: one.what(), why: format!("prometheus: {why}") };
                Metrics { series: Vec::new(), gaps: vec![gap] }
            });
            let mut all = Metrics::default();
            for metrics in join_all(reads).await {
                all.series.extend(metrics.series);
                all.gaps.extend(metrics.gaps);
            }
            all
        })
    }
}
