//! CloudWatch: GetMetricData with Container Insights, load balancer and the alarm's own metrics.

mod plan;

use std::collections::HashMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MessageData, MetricDataQuery, ScanBy, StatusCode};
use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;

use self::plan::{Batch, Target};
use super::{MetricQuery, MetricSource, Metrics, Window};
use crate::snapshot::{Gap, Series};

/// Pages of one call that are followed; each holds up to 100,800 points.
const MAX_PAGES: usize = 10;

/// Metrics from CloudWatch.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
}

impl CloudWatch {
    /// A source over the account and region of `config`.
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// A source over a client.
    pub fn from_client(client: Client) -> Self {
        Self { client }
    }

    /// One GetMetricData call and its pages.
    async fn fetch(&self, batch: &Batch, window: Window) -> Metrics {
        let queries: Vec<MetricDataQuery> = batch.entries.iter().map(|(query, _)| query.clone()).collect();
        let mut found: Vec<Partial> = Vec::new();
        let mut metrics = Metrics::default();
        let mut token = None;
        for page in 0..MAX_PAGES {
            let sent = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_secs(window.start.as_second()))
                .end_time(DateTime::from_secs(window.end.as_second()))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token.take())
                .send()
                .await;
            let answer = match sent {
                Ok(answer) => answer,
                Err(error) => {
                    let code = error.code().unwrap_or("no answer").to_owned();
                    let why = format!("cloudwatch:GetMetricData: {code}: {}", DisplayErrorContext(&error));
                    metrics.gaps.push(gap(&batch.what, &why));
                    break;
                }
            };
            for message in answer.messages() {
                metrics.gaps.push(gap(&batch.what, &text_of(message)));
            }
            for result in answer.metric_data_results() {
                let id = result.id().unwrap_or_default();
                let label = result.label().unwrap_or_default();
                let index = match found.iter().position(|one| one.id == id && one.label == label && one.page != page) {
                    Some(index) => index,
                    None => {
                        found.push(Partial { id: id.to_owned(), label: label.to_owned(), ..Partial::default() });
                        found.len() - 1
                    }
                };
                let partial = &mut found[index];
                partial.page = page;
                partial.status = result.status_code().cloned();
                partial.messages.extend(result.messages().iter().map(text_of));
                let points = result.timestamps().iter().zip(result.values());
                partial.points.extend(points.filter_map(|(time, value)| {
                    Some((Timestamp::from_second(time.secs()).ok()?, *value)).filter(|(_, value)| value.is_finite())
                }));
            }
            match answer.next_token() {
                Some(next) if !next.is_empty() && page + 1 < MAX_PAGES => token = Some(next.to_owned()),
                Some(next) if !next.is_empty() => {
                    metrics.gaps.push(gap(&batch.what, &format!("cut off after {MAX_PAGES} pages")));
                    break;
                }
                _ => break,
            }
        }
        assemble(batch, found, &mut metrics);
        metrics
    }
}

/// One result, gathered over pages.
#[derive(Default)]
struct Partial {
    id: String,
    label: String,
    page: usize,
    status: Option<StatusCode>,
    messages: Vec<String>,
    points: Vec<(Timestamp, f64)>,
}

/// Turns results into series under the names of the plan.
fn assemble(batch: &Batch, found: Vec<Partial>, metrics: &mut Metrics) {
    let targets: HashMap<&str, &Target> =
        batch.entries.iter().filter_map(|(query, target)| Some((query.id()?, target))).collect();
    let mut by_id: HashMap<String, Vec<Partial>> = HashMap::new();
    let mut order = Vec::new();
    for partial in found {
        let same = by_id.entry(partial.id.clone()).or_default();
        if same.is_empty() {
            order.push(partial.id.clone());
        }
        same.push(partial);
    }
    for id in order {
        let (Some(target), Some(mut results)) = (targets.get(id.as_str()), by_id.remove(&id)) else { continue };
        for result in &results {
            let what = || format!("metric {} of {}", target.metric, target.named(&result.label));
            match result.status {
                Some(StatusCode::Forbidden) => metrics.gaps.push(gap(&what(), "cloudwatch refused it: Forbidden")),
                Some(StatusCode::InternalError) => metrics.gaps.push(gap(&what(), "cloudwatch failed: InternalError")),
                Some(StatusCode::PartialData) => metrics.gaps.push(gap(&what(), "cloudwatch returned part of it")),
                _ => {}
            }
            for message in &result.messages {
                metrics.gaps.push(gap(&what(), message));
            }
        }
        let band = target.band && results.len() == 2;
        if band {
            results.sort_by(|a, b| mean(&b.points).total_cmp(&mean(&a.points)));
        }
        for (index, mut result) in results.into_iter().enumerate() {
            if result.points.is_empty() {
                continue;
            }
            result.points.sort_by_key(|(time, _)| *time);
            let suffix = if band { [".upper", ".lower"][index] } else { "" };
            metrics.series.push(Series {
                kind: target.kind,
                namespace: target.namespace.clone(),
                name: target.named(&result.label),
                metric: format!("{}{suffix}", target.metric),
                points: result.points.into_iter().map(|(time, value)| (time, value * target.scale)).collect(),
            });
        }
    }
}

fn mean(points: &[(Timestamp, f64)]) -> f64 {
    points.iter().map(|(_, value)| value).sum::<f64>() / points.len().max(1) as f64
}

fn text_of(message: &MessageData) -> String {
    format!("{}: {}", message.code().unwrap_or("message"), message.value().unwrap_or_default())
}

fn gap(what: &str, why: &str) -> Gap {
    Gap { what: what.to_owned(), why: why.to_owned() }
}

impl MetricSource for CloudWatch {
    fn read<'a>(&'a self, query: &'a MetricQuery) -> BoxFuture<'a, Metrics> {
        Box::pin(async move {
            let batches = plan::plan(query);
            let reads = batches.iter().map(|batch| async {
                match tokio::time::timeout(query.limit, self.fetch(batch, batch.window)).await {
                    Ok(metrics) => metrics,
                    Err(_) => {
                        let why = format!("cloudwatch did not answer within {} ms", query.limit.as_millis());
                        Metrics { series: Vec::new(), gaps: vec![gap(&batch.what, &why)] }
                    }
                }
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
