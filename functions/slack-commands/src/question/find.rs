//! Looking things up in a snapshot.

use std::collections::BTreeMap;

use shared::model::{Kind, LabelSelector, Object, ObjectRef, Pod};
use shared::snapshot::Snapshot;

/// Ready and wanted pods of a workload, or of what stands behind a Service of this name.
pub(super) fn replicas(snapshot: &Snapshot, of: &ObjectRef) -> Option<(i32, i32)> {
    let (namespace, name) = (&of.namespace, &of.name);
    let deployment = snapshot.deployments.get(namespace, name);
    let set = snapshot.stateful_sets.get(namespace, name);
    let daemon = snapshot.daemon_sets.get(namespace, name);
    deployment
        .map(|one| (one.status.ready_replicas, one.spec.replicas.unwrap_or(1)))
        .or_else(|| set.map(|one| (one.status.ready_replicas, one.spec.replicas.unwrap_or(1))))
        .or_else(|| daemon.map(|one| (one.status.number_ready, one.status.desired_number_scheduled)))
}

fn selector<'a>(snapshot: &'a Snapshot, of: &ObjectRef) -> Option<&'a LabelSelector> {
    let (namespace, name) = (&of.namespace, &of.name);
    let deployment = snapshot.deployments.get(namespace, name).map(|one| &one.spec.selector);
    let set = || snapshot.stateful_sets.get(namespace, name).map(|one| &one.spec.selector);
    let daemon = || snapshot.daemon_sets.get(namespace, name).map(|one| &one.spec.selector);
    deployment.or_else(set).or_else(daemon)
}

/// Labels of a workload's pods, or those that a Service selects.
pub(super) fn labels(snapshot: &Snapshot, of: &ObjectRef) -> BTreeMap<String, String> {
    let (namespace, name) = (&of.namespace, &of.name);
    let template = snapshot.deployments.get(namespace, name).map(|one| &one.spec.template.metadata.labels);
    let set = || snapshot.stateful_sets.get(namespace, name).map(|one| &one.spec.template.metadata.labels);
    let service = || snapshot.services.get(namespace, name).map(|one| &one.spec.selector);
    template.or_else(set).or_else(service).cloned().unwrap_or_default()
}

/// Whether a pod is this pod, on this node, or of this workload.
pub(super) fn belongs(snapshot: &Snapshot, pod: &Pod, of: &ObjectRef) -> bool {
    match of.kind {
        Kind::Node => pod.spec.node_name == of.name,
        Kind::Pod => pod.name() == of.name && pod.namespace() == of.namespace,
        _ if pod.namespace() != of.namespace => false,
        _ => match selector(snapshot, of) {
            Some(selector) => selector.matches(&pod.metadata.labels),
            None => {
                let selected = labels(snapshot, of);
                !selected.is_empty() && selected.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
            }
        },
    }
}

/// What the latest warning about a pod says, or why it has no node, or why its container waits.
pub(super) fn said_of(snapshot: &Snapshot, pod: &Pod) -> Option<String> {
    let about = pod.reference();
    let warnings = snapshot.events.in_namespace(pod.namespace()).filter(|event| event.type_ == "Warning");
    let latest = warnings.filter(|event| event.about().as_ref() == Some(&about)).max_by_key(|event| event.last_seen());
    let statuses = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let waiting =
        statuses.filter_map(|status| status.state.waiting.as_ref()).find(|waiting| !waiting.message.is_empty());
    let unscheduled = pod.status.conditions.iter().find(|one| one.type_ == "PodScheduled" && one.status == "False");
    latest
        .map(|event| event.message.clone())
        .or_else(|| unscheduled.map(|condition| condition.message.clone()))
        .or_else(|| waiting.map(|waiting| waiting.message.clone()))
}
