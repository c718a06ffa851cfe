//! Which logs are worth reading.
//!
//! A cluster has thousands of containers; the few dozen logs that fit a diagnosis are, in this order: those of pods that are
//! not ready or restart (in the trigger's focus first), those of the focus itself, and those of the workloads that troubled
//! pods call or are called by, as far as environment and arguments name a Service. Of each workload two pods are enough: the
//! one with the most restarts and the newest.

use std::collections::{BTreeMap, BTreeSet};

use super::Focus;
use crate::{
    model::{Container, ContainerStatus, Object, Pod, Service},
    snapshot::Snapshot,
};

/// Pods of one workload whose logs are read.
const PODS_PER_WORKLOAD: usize = 2;

/// One log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogChoice {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: String,
    pub(super) previous: bool,
}

/// At most `count` logs, the most telling first.
pub(super) fn which_logs(snapshot: &Snapshot, focus: &Focus, count: usize) -> Vec<LogChoice> {
    let workloads = Workloads::of(snapshot);
    let mut order: Vec<&[&Pod]> = Vec::new();
    let mut seen = BTreeSet::new();

    let mut troubled: Vec<(&WorkloadKey, &Vec<&Pod>)> =
        workloads.pods.iter().filter(|(_, pods)| pods.iter().any(|pod| is_troubled(pod))).collect();
    troubled.sort_by_key(|(key, pods)| std::cmp::Reverse(focus_rank(focus, key, pods)));
    for (key, pods) in &troubled {
        seen.insert(*key);
        order.push(pods);
    }
    for (key, pods) in &workloads.pods {
        if focus_rank(focus, key, pods) == 2 && seen.insert(key) {
            order.push(pods);
        }
    }
    let centre: Vec<&WorkloadKey> = seen.iter().copied().collect();
    for key in workloads.neighbours(snapshot, &centre) {
        if let Some((key, pods)) = workloads.pods.get_key_value(&key)
            && seen.insert(key)
        {
            order.push(pods);
        }
    }

    let mut choices = Vec::new();
    for pods in order {
        for pod in telling(pods) {
            choices.extend(logs_of(pod));
        }
    }
    choices.truncate(count);
    choices
}

/// Namespace and controller (or the pod itself): the pods of one revision of a workload.
type WorkloadKey = (String, String);

struct Workloads<'a> {
    pods: BTreeMap<WorkloadKey, Vec<&'a Pod>>,
}

impl<'a> Workloads<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut pods: BTreeMap<WorkloadKey, Vec<&Pod>> = BTreeMap::new();
        for pod in &snapshot.pods.items {
            let controller = pod.metadata.controller().map_or(pod.name(), |owner| &owner.name);
            pods.entry((pod.namespace().to_owned(), controller.to_owned())).or_default().push(pod);
        }
        Self { pods }
    }

    /// Workloads that those of `centre` call by a Service's name, and those that call them.
    fn neighbours(&self, snapshot: &Snapshot, centre: &[&WorkloadKey]) -> BTreeSet<WorkloadKey> {
        if centre.is_empty() {
            return BTreeSet::new();
        }
        let mut services: BTreeMap<(&str, &str), Vec<&WorkloadKey>> = BTreeMap::new();
        for service in snapshot.services.iter().filter(|service| !service.spec.selector.is_empty()) {
            services.insert((service.namespace(), service.name()), self.behind(service));
        }
        let mut found = BTreeSet::new();
        for (key, pods) in &self.pods {
            let Some(pod) = pods.first() else { continue };
            let called = mentions(pod).into_iter().filter_map(|(host, namespace)| {
                let namespace = namespace.unwrap_or(pod.namespace());
                services.get(&(namespace, host))
            });
            for callee in called.flatten() {
                if centre.contains(&key) {
                    found.insert((*callee).clone());
                } else if centre.contains(callee) {
                    found.insert(key.clone());
                }
            }
        }
        found
    }

    fn behind(&self, service: &Service) -> Vec<&WorkloadKey> {
        let in_namespace = (service.namespace().to_owned(), String::new());
        self.pods
            .range(in_namespace..)
            .take_while(|((namespace, _), _)| namespace == service.namespace())
            .filter(|(_, pods)| {
                let labels = pods.first().map(|pod| &pod.metadata.labels);
                labels.is_some_and(|labels| {
                    service.spec.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
                })
            })
            .map(|(key, _)| key)
            .collect()
    }
}

/// Host names a pod's containers may call, as `(service, namespace)`.
fn mentions(pod: &Pod) -> BTreeSet<(&str, Option<&str>)> {
    fn texts(container: &Container) -> impl Iterator<Item = &str> {
        let values = container.env.iter().filter_map(|variable| variable.value.as_deref());
        values.chain(container.args.iter().chain(&container.command).map(String::as_str))
    }
    let mut found = BTreeSet::new();
    for text in pod.spec.containers.iter().flat_map(texts) {
        for token in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.')) {
            let mut labels = token.split('.');
            if let Some(name) = labels.next().filter(|name| !name.is_empty()) {
                found.insert((name, labels.next().filter(|namespace| !namespace.is_empty())));
            }
        }
    }
    found
}

/// 2 for the workload that is asked about, 1 for its namespace, 0 for others.
fn focus_rank(focus: &Focus, key: &WorkloadKey, pods: &[&Pod]) -> u8 {
    let (namespace, controller) = key;
    if !focus.namespaces.is_empty() && !focus.namespaces.contains(namespace) {
        return 0;
    }
    // A ReplicaSet is its Deployment's name and a hash, a pod its controller's and a suffix.
    let is_part =
        |whole: &str, part: &str| whole.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let named = focus.names.iter().any(|name| is_part(controller, name) || pods.iter().any(|pod| pod.name() == name));
    if named { 2 } else { u8::from(!focus.namespaces.is_empty()) }
}

/// Not ready, restarting, or ended badly.
fn is_troubled(pod: &Pod) -> bool {
    let status = &pod.status;
    let mut containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    match status.phase.as_str() {
        "Succeeded" => false,
        "Failed" => true,
        _ => {
            status.container_statuses.iter().any(|container| !container.ready)
                || containers.any(|container| container.restart_count > 0)
        }
    }
}

/// The one with the most restarts and the newest of those in trouble, or of all where none is.
fn telling<'a>(pods: &[&'a Pod]) -> Vec<&'a Pod> {
    let mut candidates: Vec<&Pod> = pods.iter().copied().filter(|pod| is_troubled(pod)).collect();
    if candidates.is_empty() {
        candidates = pods.to_vec();
    }
    let restarts =
        |pod: &Pod| pod.status.container_statuses.iter().map(|container| container.restart_count).sum::<i32>();
    candidates.sort_by(|a, b| restarts(b).cmp(&restarts(a)).then_with(|| a.name().cmp(b.name())));
    let newest = candidates.iter().copied().max_by_key(|pod| pod.metadata.creation_timestamp);
    let mut chosen: Vec<&Pod> = candidates.first().copied().into_iter().collect();
    if let Some(newest) = newest.filter(|newest| chosen.iter().all(|pod| pod.name() != newest.name())) {
        chosen.push(newest);
    }
    let names: BTreeSet<&str> = chosen.iter().map(|pod| pod.name()).collect();
    let others: Vec<&Pod> = candidates.into_iter().filter(|pod| !names.contains(pod.name())).collect();
    chosen.extend(others);
    chosen.truncate(PODS_PER_WORKLOAD);
    chosen
}

/// The logs a pod has: of containers that have started, now and before their last restart.
fn logs_of(pod: &Pod) -> Vec<LogChoice> {
    let mut statuses: Vec<&ContainerStatus> =
        pod.status.init_container_statuses.iter().filter(|status| !status.ready).collect();
    statuses.extend(&pod.status.container_statuses);
    let mut choices = Vec::new();
    for status in statuses {
        let choice = |previous| LogChoice {
            namespace: pod.namespace().to_owned(),
            pod: pod.name().to_owned(),
            container: status.name.clone(),
            previous,
        };
        if status.last_state.terminated.is_some() {
            choices.push(choice(true));
        }
        if status.state.running.is_some() || status.state.terminated.is_some() || status.last_state.terminated.is_some()
        {
            choices.push(choice(false));
        }
    }
    choices
}
