//! Fetching container logs: the last lines of each, many at the same time, within their own bounds.

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::{
    Cluster, ReadError,
    budget::Reading,
    page::{Body, Wanted},
    which_logs::LogChoice,
};
use crate::snapshot::ContainerLog;

impl Cluster {
    /// The chosen logs, in the order of the choice. A log that the API refuses is there with its error.
    pub(super) async fn logs(&self, reading: &Reading<'_>, chosen: Vec<LogChoice>) -> Vec<ContainerLog> {
        let plan = &reading.plan.logs;
        let deadline = Instant::now() + plan.time;
        let total = chosen.len();
        let mut running: FuturesUnordered<_> = chosen
            .into_iter()
            .enumerate()
            .map(|(index, choice)| async move { (index, self.log(reading, &choice).await, choice) })
            .collect();
        let mut logs = Vec::with_capacity(total);
        let mut forbidden = None;
        let mut answered = 0;
        let (mut failed, mut why) = (0, None);
        while let Ok(Some((index, result, choice))) = tokio::time::timeout_at(deadline, running.next()).await {
            answered += 1;
            match result {
                Ok(text) => logs.push((index, choice.log(text, None))),
                Err(error @ (ReadError::Forbidden { .. } | ReadError::Budget { .. })) => forbidden = Some(error),
                Err(error) => {
                    // A container without a log, or without an earlier run, is answered with 400 or 404.
                    let is_usual = matches!(error, ReadError::NotFound { .. } | ReadError::Status { status: 400, .. });
                    if !is_usual {
                        failed += 1;
                        why.get_or_insert_with(|| error.chain());
                    }
                    logs.push((index, choice.log(String::new(), Some(error.chain()))));
                }
            }
        }
        if let Some(error) = forbidden {
            reading.missing("container logs", error);
        }
        if let Some(why) = why {
            reading.left_out(format!("{failed} of {total} container logs"), why);
        }
        if answered < total {
            let why = format!("they took longer than {} ms", plan.time.as_millis());
            reading.left_out(format!("{} of {total} container logs", total - answered), why);
        }
        logs.sort_by_key(|(index, _)| *index);
        logs.into_iter().map(|(_, log)| log).collect()
    }

    pub(super) async fn log(&self, reading: &Reading<'_>, choice: &LogChoice) -> Result<String, ReadError> {
        let plan = &reading.plan.logs;
        let LogChoice { namespace, pod, container, previous } = choice;
        let which = if *previous { "previous log" } else { "log" };
        let wanted = Wanted {
            what: format!("{which} of {namespace}/{pod}/{container}"),
            verb: "get",
            resource: "pods/log",
            scope: format!("namespace {namespace}"),
        };
        let mut path =
            format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&tailLines={}", plan.lines);
        if *previous {
            path.push_str("&previous=true");
        }
        let bytes = self.get(reading, &path, &wanted, Body::Tail(plan.bytes)).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl LogChoice {
    fn log(self, text: String, error: Option<String>) -> ContainerLog {
        let Self { namespace, pod, container, previous } = self;
        ContainerLog { namespace, pod, container, previous, text, error }
    }
}
