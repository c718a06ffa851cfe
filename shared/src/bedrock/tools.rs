//! Tool calls answered from the snapshot, and live where it holds nothing; redacted and cut to size.

use std::fmt::Write as _;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::analyst::Case;
use super::checks::Checked;
use super::prompt::clean;
use super::protocol::ToolCall;
use crate::diagnosis::{CauseId, Evidence, EvidenceId, EvidenceSource};
use crate::model::{Kind, Object, ObjectRef};
use crate::snapshot::{Listing, Snapshot};

/// Reads from the live cluster what the snapshot does not hold, with the same read-only rights.
pub trait LiveRead: Send + Sync {
    /// The answer as text; `Ok(None)` where this reader does not know either.
    fn read<'a>(&'a self, call: &'a ToolCall) -> BoxFuture<'a, Result<Option<String>, String>>;
}

/// An incident of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarIncident {
    /// When it began.
    pub began: Timestamp,
    /// Its cause.
    pub cause: CauseId,
    /// What it was about.
    pub object: ObjectRef,
    /// Its headline.
    pub summary: String,
    /// What ended it, where known.
    pub outcome: String,
}

/// The tools of one investigation; remembers what it answered, as evidence.
pub(super) struct Tools<'a> {
    case: &'a Case<'a>,
    max_bytes: usize,
    answered: Vec<Evidence>,
}

impl<'a> Tools<'a> {
    pub(super) fn new(case: &'a Case<'a>, max_bytes: usize) -> Self {
        Self { case, max_bytes, answered: Vec::new() }
    }

    /// Everything answered so far.
    pub(super) fn evidence(&self) -> &[Evidence] {
        &self.answered
    }

    /// The tool answers that checked claims cite.
    pub(super) fn cited(&self, checked: &Checked) -> Vec<Evidence> {
        let cites = |id: &EvidenceId| checked.claims().any(|claim| claim.evidence.contains(id));
        self.answered.iter().filter(|one| cites(&one.id)).cloned().collect()
    }

    /// Answers a call; an error is for the agent to read.
    pub(super) async fn answer(&mut self, call: &ToolCall) -> Result<(EvidenceId, String), String> {
        let text = match from_snapshot(call, self.case) {
            Some(text) => text,
            None => match self.case.live {
                Some(live) => live.read(call).await?.ok_or("nothing is known of that")?,
                None => return Err("nothing is known of that: it was not read, or does not exist".to_owned()),
            },
        };
        let text = clean(&text, self.max_bytes / 2);
        let id = EvidenceId(format!("t{}", self.answered.len() + 1));
        self.answered.push(Evidence {
            id: id.clone(),
            source: source(call),
            object: object(call),
            time: None,
            text: text.clone(),
        });
        Ok((id, text))
    }
}

fn source(call: &ToolCall) -> EvidenceSource {
    match call {
        ToolCall::List { .. } | ToolCall::Describe(_) => EvidenceSource::Status,
        ToolCall::Logs { .. } => EvidenceSource::Log,
        ToolCall::Metrics { .. } => EvidenceSource::Metric,
        ToolCall::SimilarIncidents { .. } => EvidenceSource::Alert,
    }
}

fn object(call: &ToolCall) -> ObjectRef {
    match call {
        ToolCall::List { namespace, .. } => ObjectRef::new(Kind::Namespace, "", namespace.clone().unwrap_or_default()),
        ToolCall::Describe(object) => object.clone(),
        ToolCall::Logs { namespace, pod, .. } => ObjectRef::new(Kind::Pod, namespace, pod),
        ToolCall::Metrics { kind, namespace, name, .. } => match kind {
            crate::snapshot::SeriesKind::Node => ObjectRef::new(Kind::Node, "", name),
            crate::snapshot::SeriesKind::Pod => ObjectRef::new(Kind::Pod, namespace, name),
            _ => ObjectRef::new(Kind::Service, namespace, name),
        },
        ToolCall::SimilarIncidents { .. } => ObjectRef::new(Kind::Namespace, "", ""),
    }
}

/// The answer from what is known; `None` where the snapshot does not cover the question.
fn from_snapshot(call: &ToolCall, case: &Case<'_>) -> Option<String> {
    let snapshot = case.snapshot;
    match call {
        ToolCall::Logs { namespace, pod, container, previous, tail } => {
            let log = snapshot.logs.iter().find(|log| {
                log.namespace == *namespace
                    && log.pod == *pod
                    && log.previous == *previous
                    && container.as_ref().is_none_or(|name| log.container == *name)
            })?;
            if let Some(error) = &log.error {
                return Some(format!("no log: {error}"));
            }
            let lines: Vec<&str> = log.text.lines().collect();
            let from = lines.len().saturating_sub((*tail).clamp(1, 500));
            Some(lines[from..].join("\n"))
        }
        ToolCall::SimilarIncidents { cause } => {
            let matching = case.similar.iter().filter(|one| cause.as_ref().is_none_or(|id| one.cause.as_str() == id));
            let mut text = String::new();
            for one in matching.take(10) {
                let _ = writeln!(text, "{} {} {}: {} ({})", one.began, one.cause, one.object, one.summary, one.outcome);
            }
            Some(if text.is_empty() { "no similar incident is known".to_owned() } else { text })
        }
        ToolCall::Metrics { kind, namespace, name, metric } => {
            let mut text = String::new();
            for series in &snapshot.metrics {
                let same = series.kind == *kind
                    && series.name == *name
                    && (series.namespace.is_empty() || namespace.is_empty() || series.namespace == *namespace)
                    && metric.as_ref().is_none_or(|wanted| series.metric == *wanted);
                if same && let Some((time, last)) = series.points.last() {
                    let values: Vec<f64> = series.points.iter().map(|(_, value)| *value).collect();
                    let (low, high) = values
                        .iter()
                        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
                    let _ =
                        writeln!(text, "{}: {last:.3} at {time}, lowest {low:.3}, highest {high:.3}", series.metric);
                }
            }
            (!text.is_empty()).then_some(text)
        }
        ToolCall::Describe(object) => describe(snapshot, object),
        ToolCall::List { kind, namespace, labels } => {
            let mut names = Vec::new();
            macro_rules! list {
                ($($kind:ident => $field:ident),* $(,)?) => {
                    match kind {
                        $(Kind::$kind => collect(&snapshot.$field, namespace.as_deref(), labels, &mut names)?,)*
                        _ => return None,
                    }
                };
            }
            list! {
                Pod => pods, Node => nodes, Deployment => deployments, ReplicaSet => replica_sets,
                StatefulSet => stateful_sets, DaemonSet => daemon_sets, Job => jobs, CronJob => cron_jobs,
                Service => services, EndpointSlice => endpoint_slices, HorizontalPodAutoscaler => autoscalers,
                PodDisruptionBudget => disruption_budgets, PersistentVolumeClaim => claims, ResourceQuota => quotas,
                Namespace => namespaces, Ingress => ingresses, NetworkPolicy => network_policies,
                ServiceAccount => service_accounts, Event => events, PersistentVolume => persistent_volumes,
                StorageClass => storage_classes,
            }
            Some(if names.is_empty() { "none".to_owned() } else { names.join("\n") })
        }
    }
}

fn collect<T: Object>(
    listing: &Listing<T>,
    namespace: Option<&str>,
    labels: &std::collections::BTreeMap<String, String>,
    into: &mut Vec<String>,
) -> Option<()> {
    if matches!(listing.scope, crate::snapshot::Scope::Unread) {
        return None;
    }
    let wanted = listing.items.iter().filter(|item| namespace.is_none_or(|name| item.namespace() == name));
    let matching =
        wanted.filter(|item| labels.iter().all(|(key, value)| item.metadata().labels.get(key) == Some(value)));
    into.extend(matching.take(200).map(|item| item.reference().to_string()));
    Some(())
}

/// One object as YAML.
fn describe(snapshot: &Snapshot, object: &ObjectRef) -> Option<String> {
    macro_rules! yaml {
        ($($kind:ident => $field:ident),* $(,)?) => {
            match object.kind {
                $(Kind::$kind => serde_yaml_ng::to_string(snapshot.$field.get(&object.namespace, &object.name)?).ok(),)*
                _ => None,
            }
        };
    }
    yaml! {
        Pod => pods, Node => nodes, Deployment => deployments, ReplicaSet => replica_sets, StatefulSet => stateful_sets,
        DaemonSet => daemon_sets, Job => jobs, CronJob => cron_jobs, Service => services, EndpointSlice => endpoint_slices,
        HorizontalPodAutoscaler => autoscalers, PodDisruptionBudget => disruption_budgets, PersistentVolumeClaim => claims,
        ResourceQuota => quotas, Namespace => namespaces, Ingress => ingresses, NetworkPolicy => network_policies,
        ServiceAccount => service_accounts, PersistentVolume => persistent_volumes, StorageClass => storage_classes,
    }
}
