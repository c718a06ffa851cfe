//! Tool calls answered from the snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::analyst::Case;
use super::protocol::ToolCall;
use crate::model::{Deployment, Kind, Node, Object, ObjectRef, Pod};
use crate::snapshot::{Listing, Scope, Series, SeriesKind, Snapshot};

/// Objects in one list.
const MAX_OBJECTS: usize = 200;
/// Events with one object.
const MAX_EVENTS: usize = 10;
/// Points of one series.
const MAX_POINTS: usize = 8;

/// The answer; `Ok(None)` where the snapshot does not cover the question. An error is for the agent to read.
pub(super) fn answer(call: &ToolCall, case: &Case<'_>) -> Result<Option<String>, String> {
    let snapshot = case.snapshot;
    match call {
        ToolCall::List { kind, namespace, labels } => {
            if let Some(name) = namespace
                && !kind.is_namespaced()
            {
                return Err(format!("{kind} has no namespace; leave {name} out"));
            }
            Ok(list(snapshot, *kind, namespace.as_deref(), labels))
        }
        ToolCall::Describe(object) => Ok(describe(snapshot, object)),
        ToolCall::Logs { namespace, pod, container, previous, tail } => {
            Ok(logs(snapshot, namespace, pod, container.as_deref(), *previous, *tail))
        }
        ToolCall::Metrics { kind, namespace, name, metric } => {
            Ok(metrics(snapshot, *kind, namespace, name, metric.as_deref()))
        }
        ToolCall::SimilarIncidents { cause } => Ok(Some(similar(case, cause.as_deref()))),
    }
}

fn list(snapshot: &Snapshot, kind: Kind, namespace: Option<&str>, labels: &BTreeMap<String, String>) -> Option<String> {
    let mut lines = Vec::new();
    macro_rules! lists {
        ($($kind:ident => $field:ident $line:expr),* $(,)?) => {
            match kind {
                $(Kind::$kind => collect(&snapshot.$field, namespace, labels, &mut lines, $line)?,)*
                Kind::Event => {
                    let events = snapshot.events.iter().filter(|event| namespace.is_none_or(|name| event.namespace() == name));
                    let mut events: Vec<_> = events.collect();
                    events.sort_by_key(|event| std::cmp::Reverse(event.last_seen()));
                    lines.extend(events.into_iter().take(MAX_OBJECTS).map(event));
                }
                _ => return None,
            }
        };
    }
    lists! {
        Pod => pods pod, Node => nodes node, Deployment => deployments deployment, ReplicaSet => replica_sets plain,
        StatefulSet => stateful_sets plain, DaemonSet => daemon_sets plain, Job => jobs plain, CronJob => cron_jobs plain,
        Service => services plain, EndpointSlice => endpoint_slices plain, Ingress => ingresses plain, NetworkPolicy => network_policies plain,
        HorizontalPodAutoscaler => autoscalers plain, PodDisruptionBudget => disruption_budgets plain, PersistentVolumeClaim => claims plain,
        PersistentVolume => persistent_volumes plain, StorageClass => storage_classes plain, ResourceQuota => quotas plain,
        ServiceAccount => service_accounts plain, Namespace => namespaces plain,
    }
    Some(if lines.is_empty() { "none".to_owned() } else { lines.join("\n") })
}

fn collect<T: Object>(
    listing: &Listing<T>,
    namespace: Option<&str>,
    labels: &BTreeMap<String, String>,
    into: &mut Vec<String>,
    line: fn(&T) -> String,
) -> Option<()> {
    let covered = match (&listing.scope, namespace) {
        (Scope::Unread, _) => false,
        (Scope::All, _) => true,
        (_, Some(name)) => listing.covers(name) || listing.in_namespace(name).next().is_some(),
        (_, None) => !listing.is_empty(),
    };
    if !covered {
        return None;
    }
    let wanted = listing.iter().filter(|item| namespace.is_none_or(|name| item.namespace() == name));
    let matching: Vec<&T> = wanted
        .filter(|item| labels.iter().all(|(key, value)| item.metadata().labels.get(key) == Some(value)))
        .collect();
    into.extend(matching.iter().take(MAX_OBJECTS).map(|item| line(item)));
    if matching.len() > MAX_OBJECTS {
        into.push(format!("… and {} more", matching.len() - MAX_OBJECTS));
    }
    Some(())
}

fn plain<T: Object>(object: &T) -> String {
    object.reference().to_string()
}

fn pod(pod: &Pod) -> String {
    let statuses = &pod.status.container_statuses;
    let ready = statuses.iter().filter(|status| status.ready).count();
    let restarts: i32 = statuses.iter().map(|status| status.restart_count).sum();
    let mut line = format!("{}: {}, {ready}/{} ready", pod.reference(), pod.status.phase, pod.spec.containers.len());
    if restarts > 0 {
        let _ = write!(line, ", {restarts} restarts");
    }
    for status in pod.status.init_container_statuses.iter().chain(statuses) {
        if let Some(waiting) = &status.state.waiting {
            let _ = write!(line, ", {} waits: {}", status.name, waiting.reason);
        }
        if let Some(ended) = &status.last_state.terminated {
            let _ = write!(line, ", {} last ended: {} ({})", status.name, ended.reason, ended.exit_code);
        }
    }
    if !pod.spec.node_name.is_empty() {
        let _ = write!(line, ", on {}", pod.spec.node_name);
    }
    line
}

fn node(node: &Node) -> String {
    let conditions: Vec<String> =
        node.status.conditions.iter().map(|condition| format!("{}={}", condition.type_, condition.status)).collect();
    format!("{}: {}", node.reference(), conditions.join(", "))
}

fn deployment(deployment: &Deployment) -> String {
    let wanted = deployment.spec.replicas.unwrap_or(1);
    format!("{}: {}/{wanted} ready", deployment.reference(), deployment.status.ready_replicas)
}

fn event(event: &crate::model::Event) -> String {
    let when = event.last_seen().map(|time| time.to_string()).unwrap_or_default();
    let about = &event.involved_object;
    format!(
        "{when} {} {} {}/{} ×{}: {}",
        event.type_,
        event.reason,
        about.kind,
        about.name,
        event.times(),
        event.message
    )
}

/// One object as YAML, then what events say of it.
fn describe(snapshot: &Snapshot, object: &ObjectRef) -> Option<String> {
    macro_rules! value {
        ($($kind:ident => $field:ident),* $(,)?) => {
            match object.kind {
                $(Kind::$kind => serde_json::to_value(snapshot.$field.get(&object.namespace, &object.name)?).ok()?,)*
                _ => return None,
            }
        };
    }
    let mut value = value! {
        Pod => pods, Node => nodes, Deployment => deployments, ReplicaSet => replica_sets, StatefulSet => stateful_sets,
        DaemonSet => daemon_sets, Job => jobs, CronJob => cron_jobs, Service => services, EndpointSlice => endpoint_slices,
        Ingress => ingresses, NetworkPolicy => network_policies, HorizontalPodAutoscaler => autoscalers,
        PodDisruptionBudget => disruption_budgets, PersistentVolumeClaim => claims, PersistentVolume => persistent_volumes,
        StorageClass => storage_classes, ResourceQuota => quotas, ServiceAccount => service_accounts, Namespace => namespaces,
    };
    hide(&mut value);
    let mut text = serde_yaml_ng::to_string(&value).ok()?;
    let mut events: Vec<_> = snapshot.events.iter().filter(|event| event.about().as_ref() == Some(object)).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.last_seen()));
    for one in events.into_iter().take(MAX_EVENTS) {
        let _ = writeln!(text, "event: {}", event(one));
    }
    Some(text)
}

/// Takes out what may hold secrets under an innocent name: environment values that are no address, number or switch, and the
/// copy of the manifest that `kubectl apply` keeps.
fn hide(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(annotations)) = map.get_mut("annotations") {
                annotations.retain(|key, _| key != "kubectl.kubernetes.io/last-applied-configuration");
            }
            if let Some(Value::Array(variables)) = map.get_mut("env") {
                for variable in variables {
                    if let Some(Value::String(value)) = variable.get_mut("value")
                        && !is_setting(value)
                    {
                        *value = crate::redact::HIDDEN.to_owned();
                    }
                }
            }
            map.values_mut().for_each(hide);
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

/// Numbers, switches, host names with or without a port, addresses without a user, short words.
fn is_setting(value: &str) -> bool {
    let host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '/' | '_');
    let mixed = value.bytes().any(|byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let address = value.contains(['.', ':', '/']) || !mixed || value.len() < 12;
    let word = value.len() <= 16 && value.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'));
    value.len() <= 120 && !value.contains('@') && (word || (address && value.chars().all(host)))
}

fn logs(
    snapshot: &Snapshot,
    namespace: &str,
    pod: &str,
    container: Option<&str>,
    previous: bool,
    tail: usize,
) -> Option<String> {
    let log = snapshot.logs.iter().find(|log| {
        log.namespace == namespace
            && log.pod == pod
            && log.previous == previous
            && container.is_none_or(|name| log.container == name)
    })?;
    if let Some(error) = &log.error {
        return Some(format!("no log: {error}"));
    }
    let lines: Vec<&str> = log.text.lines().collect();
    let from = lines.len().saturating_sub(tail.clamp(1, 500));
    Some(if lines.is_empty() { "the log is empty".to_owned() } else { lines[from..].join("\n") })
}

fn metrics(snapshot: &Snapshot, kind: SeriesKind, namespace: &str, name: &str, metric: Option<&str>) -> Option<String> {
    let same = |series: &&Series| {
        series.kind == kind
            && series.name == name
            && (series.namespace.is_empty() || namespace.is_empty() || series.namespace == namespace)
            && metric.is_none_or(|wanted| series.metric == wanted)
    };
    let lines: Vec<String> = snapshot.metrics.iter().filter(same).filter_map(in_words).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A series in a line: the last value, the usual one (the median of the first two thirds), extremes, some points.
fn in_words(series: &Series) -> Option<String> {
    let (time, last) = series.points.last()?;
    let values: Vec<f64> = series.points.iter().map(|(_, value)| *value).collect();
    let mut early = values[..(values.len() * 2).div_ceil(3)].to_vec();
    early.sort_by(f64::total_cmp);
    let usual = early[early.len() / 2];
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let step = values.len().div_ceil(MAX_POINTS);
    let points: Vec<String> = values.iter().rev().step_by(step).map(|value| rounded(*value)).collect();
    let points: Vec<&str> = points.iter().rev().map(String::as_str).collect();
    Some(format!(
        "{}: now {} at {time}, usually {}, lowest {}, highest {}; course {}",
        series.metric,
        rounded(*last),
        rounded(usual),
        rounded(low),
        rounded(high),
        points.join(" ")
    ))
}

/// Three decimals at most, and none that say nothing.
fn rounded(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn similar(case: &Case<'_>, cause: Option<&str>) -> String {
    let matching = case.similar.iter().filter(|one| cause.is_none_or(|id| one.cause.as_str() == id));
    let lines: Vec<String> = matching
        .take(10)
        .map(|one| format!("{} {} {}: {} ({})", one.began, one.cause, one.object, one.summary, one.outcome))
        .collect();
    if lines.is_empty() { "no similar incident is known".to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_values_are_shown_only_where_they_are_settings() {
        for value in
            ["8080", "true", "db.payments.svc:5432", "http://ledger:8080/v1", "INFO", "production", "10.0.1.7", "api"]
        {
            assert!(is_setting(value), "{value}");
        }
        // TEST VECTORS, no secrets.
        for value in ["a9b8c7d6e5f4a3b2c1", "Xy7pQ2", "user@host", "p@ss", "two words", "MIIEvQ=="] {
            assert!(!is_setting(value), "{value}");
        }
    }

    #[test]
    fn a_series_is_told_with_its_usual_value() {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let points = (0..9).map(|index| (at(index), if index < 7 { 10.0 } else { 95.25 })).collect();
        let series = Series {
            kind: SeriesKind::Pod,
            namespace: "shop".into(),
            name: "api".into(),
            metric: "cpu".into(),
            points,
        };
        let told = in_words(&series).unwrap();
        assert_eq!(
            told,
            "cpu: now 95.25 at 1970-01-01T00:00:08Z, usually 10, lowest 10, highest 95.25; course 10 10 10 10 95.25"
        );
    }
}
