//! What is wrong, before asking why: the things a cause has to account for.

use jiff::Timestamp;

use super::{Case, EvidenceId, ServiceView, View, Workload, is_ready};
use crate::{
    model::{Kind, Node, Object, ObjectRef, Pod},
    snapshot::Alert,
};

/// What kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymptomKind {
    /// Fewer pods ready than wanted.
    Short,
    /// Containers restarted lately.
    Restarting,
    /// A Service has no ready endpoint.
    NoEndpoints,
    /// Connecting to a Service fails.
    Unreachable,
    /// A node is not ready.
    NodeDown,
    /// An alert fires.
    Alerting,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Symptom {
    /// What kind.
    pub kind: SymptomKind,
    /// On which workload, Service, Node or Namespace.
    pub object: ObjectRef,
    /// Since when, where known.
    pub since: Option<Timestamp>,
    /// How much it asks to be explained, 0 to 1.
    pub weight: f64,
    /// The evidence.
    pub evidence: EvidenceId,
    /// In a few words, for example `0/5 ready`.
    pub text: String,
}

/// A pod younger than this may simply be starting.
const STARTING_SECONDS: i64 = 120;
/// Restarts longer ago than this are history.
const RECENT_MINUTES: i64 = 30;

/// Waiting reasons that starting containers do not have.
const BAD_WAITING: &[&str] = &[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Everything that is wrong in the view.
pub(super) fn symptoms(case: &mut Case<'_, '_>) -> Vec<Symptom> {
    let view = case.view;
    let mut all = Vec::new();
    for workload in view.workloads() {
        short(case, workload, &mut all);
        restarting(case, workload, &mut all);
    }
    for service in view.services() {
        let object = service.object();
        if service.selects()
            && let Some(endpoints) = service.endpoints
            && endpoints.ready == 0
        {
            let text = format!("no ready endpoint ({} unready)", endpoints.unready);
            let evidence = case.status(&object, None, &text);
            // Behind a workload that is at zero, or only starting, that is as it should be.
            let behind = view.workloads_behind(service).all(|it| !is_troubled(view, it)) && !is_alarming(view, service);
            let expected = behind && (!service.workloads.is_empty() || !is_wanted(view, service));
            let weight = if expected { 0.2 } else { 0.8 };
            all.push(Symptom {
                kind: SymptomKind::NoEndpoints,
                object: object.clone(),
                since: None,
                weight,
                evidence,
                text,
            });
        }
        if let Some(probe) = service.probes.iter().find(|probe| !probe.ok) {
            let evidence = case.probe(&object, probe);
            let text = format!("port {} does not answer", probe.port);
            all.push(Symptom { kind: SymptomKind::Unreachable, object, since: None, weight: 1.0, evidence, text });
        }
    }
    for probe in view.snapshot.probes.iter().filter(|probe| !probe.ok) {
        let known = view.snapshot.services.covers(&probe.namespace);
        if known && view.service(&probe.namespace, &probe.service).is_none() {
            let object = ObjectRef::new(Kind::Service, &probe.namespace, &probe.service);
            let evidence = case.probe(&object, probe);
            let text = "does not exist".to_owned();
            all.push(Symptom { kind: SymptomKind::Unreachable, object, since: None, weight: 1.0, evidence, text });
        }
    }
    for node in view.snapshot.nodes.iter() {
        let Some(ready) = node.status.conditions.iter().find(|it| it.type_ == "Ready" && it.status != "True") else {
            continue;
        };
        if is_joining(view, node) {
            continue;
        }
        let text = format!("Ready is {}: {}", ready.status, ready.message);
        let evidence = case.status(&node.reference(), ready.last_transition_time, &text);
        all.push(Symptom {
            kind: SymptomKind::NodeDown,
            object: node.reference(),
            since: ready.last_transition_time,
            weight: 1.0,
            evidence,
            text: "not ready".into(),
        });
    }
    for alert in view.snapshot.alerts.iter().filter(|alert| alert.status != "resolved" && !is_heartbeat(alert)) {
        let object = alert_object(view, alert);
        let evidence = case.alert(&object, alert);
        let text = alert.labels.get("alertname").cloned().unwrap_or_default();
        all.push(Symptom { kind: SymptomKind::Alerting, object, since: alert.starts_at, weight: 0.5, evidence, text });
    }
    all
}

/// A node younger than this may simply be joining: its network plugin comes after it.
const JOINING_SECONDS: i64 = 180;

/// Whether a node has only just been made, as autoscalers do all day.
pub(super) fn is_joining(view: &View<'_>, node: &Node) -> bool {
    view.age(node.metadata.creation_timestamp).is_some_and(|age| age.as_secs() < JOINING_SECONDS)
}

/// Whether an alert is one that fires while all is well, to show that alerting works, or to silence others
/// (<https://runbooks.prometheus-operator.dev/runbooks/general/watchdog/>).
fn is_heartbeat(alert: &Alert) -> bool {
    alert.labels.get("severity").is_some_and(|severity| severity == "none")
        || alert
            .labels
            .get("alertname")
            .is_some_and(|name| matches!(name.as_str(), "Watchdog" | "InfoInhibitor" | "DeadMansSwitch"))
}

/// Whether anybody is known to use a Service.
fn is_wanted(view: &View<'_>, service: &ServiceView<'_>) -> bool {
    let object = service.object();
    view.dependents_on(&object).next().is_some()
        || view.failed_calls_of(&object).next().is_some()
        || service.is_reachable() == Some(false)
        || view.trigger.workload.as_deref() == Some(object.name.as_str())
}

/// Whether an alarm fires that may be about this Service while none of the pods it should have is ready: pods that only
/// start do not set off alarms.
fn is_alarming(view: &View<'_>, service: &ServiceView<'_>) -> bool {
    let trigger = view.trigger;
    let concerned = trigger.namespace.as_ref().is_none_or(|namespace| *namespace == service.object().namespace);
    let fires = !trigger.name.is_empty() && concerned;
    fires && view.workloads_behind(service).any(|workload| workload.desired > 0 && workload.ready == 0)
}

/// Whether a workload that is short of pods is so for longer or for worse than starting takes.
pub(super) fn is_troubled(view: &View<'_>, workload: &Workload<'_>) -> bool {
    if !workload.is_short() {
        return false;
    }
    let mut unready = workload.live_pods().filter(|pod| !is_ready(pod)).peekable();
    if unready.peek().is_none() {
        // Pods are missing altogether: being made, or refused.
        let refused = workload.conditions.iter().any(|it| it.type_ == "ReplicaFailure" && it.status == "True");
        let since = workload.replica_sets.first().map_or(workload.metadata, |set| &set.metadata).creation_timestamp;
        return refused || view.age(since).is_none_or(|age| age.as_secs() > STARTING_SECONDS);
    }
    unready.any(|pod| is_stuck(view, pod))
}

/// Whether a pod that is not ready is so for longer or for worse than starting takes.
fn is_stuck(view: &View<'_>, pod: &Pod) -> bool {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let bad = statuses.into_iter().any(|status| {
        status.state.waiting.as_ref().is_some_and(|waiting| BAD_WAITING.contains(&waiting.reason.as_str()))
            || status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code != 0)
            || status.last_state.terminated.is_some()
    });
    let unschedulable = pod.status.conditions.iter().any(|it| it.type_ == "PodScheduled" && it.status == "False");
    let unready_since = pod
        .status
        .conditions
        .iter()
        .filter(|condition| condition.type_ == "Ready")
        .find_map(|condition| condition.last_transition_time)
        .or(pod.metadata.creation_timestamp);
    let patience = pod.spec.containers.iter().filter_map(|it| it.readiness_probe.as_ref()?.initial_delay_seconds).max();
    bad || unschedulable
        || view.age(unready_since).is_none_or(|age| age.as_secs() > STARTING_SECONDS + i64::from(patience.unwrap_or(0)))
}

fn short(case: &mut Case<'_, '_>, workload: &Workload<'_>, all: &mut Vec<Symptom>) {
    if !is_troubled(case.view, workload) {
        return;
    }
    let text = format!("{}/{} ready", workload.ready, workload.desired);
    let since = workload
        .live_pods()
        .filter(|pod| !is_ready(pod))
        .flat_map(|pod| pod.status.conditions.iter().filter(|it| it.type_ == "Ready"))
        .filter_map(|condition| condition.last_transition_time)
        .min();
    let evidence = case.status(&workload.object, since, &text);
    let object = workload.object.clone();
    all.push(Symptom { kind: SymptomKind::Short, object, since, weight: 1.0, evidence, text });
}

fn restarting(case: &mut Case<'_, '_>, workload: &Workload<'_>, all: &mut Vec<Symptom>) {
    let view = case.view;
    let recent = workload.containers().filter_map(|(_, status)| {
        let ended = status.last_state.terminated.as_ref()?;
        (status.restart_count > 0 && view.within(ended.finished_at, RECENT_MINUTES))
            .then_some((status.restart_count, ended.finished_at))
    });
    let (mut restarts, mut since) = (0, None);
    for (count, at) in recent {
        restarts += count;
        since = [since, at].into_iter().flatten().min();
    }
    if restarts > 0 {
        let text = format!("{restarts} restart(s)");
        let evidence = case.status(&workload.object, since, &text);
        let object = workload.object.clone();
        // Whoever restarted once and works again has less to explain.
        let weight = if workload.is_short() || restarts > 2 { 0.8 } else { 0.4 };
        all.push(Symptom { kind: SymptomKind::Restarting, object, since, weight, evidence, text });
    }
}

/// What an alert is about: the most exact object among its labels.
pub(super) fn alert_object(view: &View<'_>, alert: &Alert) -> ObjectRef {
    let label = |names: &[&str]| names.iter().find_map(|name| alert.labels.get(*name)).map(String::as_str);
    let namespace = label(&["namespace", "exported_namespace"]).unwrap_or_default();
    if let Some(pod) = label(&["pod", "pod_name"])
        && let Some(workload) = view.workload_of_pod(namespace, pod)
    {
        return workload.object.clone();
    }
    if let Some(cron) = label(&["cronjob"]).and_then(|name| view.snapshot.cron_jobs.get(namespace, name)) {
        return cron.reference();
    }
    let names = ["deployment", "statefulset", "daemonset", "job_name", "service", "app", "workload", "job"];
    for name in names.iter().filter_map(|name| label(&[name])) {
        if let Some(workload) = view.workload_named(namespace, name) {
            return workload.object.clone();
        }
        if let Some(service) = view.service(namespace, name) {
            return service.object();
        }
    }
    if let Some(node) = label(&["node", "nodename", "instance"]).and_then(|name| view.node(name)) {
        return node.reference();
    }
    ObjectRef::new(Kind::Namespace, "", namespace)
}
