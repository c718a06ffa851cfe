//! From the causes of a diagnosis to typed actions.
//!
//! A cause says what kind of change would mend it; here the cluster says what exactly: which revision, how many replicas,
//! which pod. What cannot be made exact (a NodePool whose limits were not read, a change of manifest) is not proposed: it
//! stays a line of advice in the message.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Action, AdjustHpa, Cordon, Drain, Facts, Proposal, Resize, RestartPod, RestartRollout, RollBack, Scale, Uncordon,
    Untaint,
};
use crate::diagnosis::{ActionKind, Cause, Diagnosis, Verdict};
use crate::model::{Kind, Object, ObjectRef, Pod, Quantity};

/// At most so many actions for one incident: people choose from two or three, not from ten.
const AT_MOST: usize = 3;

/// What would mend the first cause of a diagnosis, the most fitting first.
pub fn propose(diagnosis: &Diagnosis, facts: &Facts, incident: Option<&str>) -> Vec<Proposal> {
    let Some(cause) = diagnosis.causes.first().filter(|_| diagnosis.verdict == Verdict::CauseFound) else {
        return Vec::new();
    };
    let mut proposals: Vec<Proposal> = Vec::new();
    for advice in &cause.actions {
        let Some(action) = exact(advice.action, cause, facts) else { continue };
        if proposals.iter().any(|proposal| proposal.action == action) {
            continue;
        }
        proposals.push(Proposal {
            cluster: diagnosis.cluster.clone(),
            action,
            reason: advice.reason.clone(),
            cause: cause.id.clone(),
            object: cause.object.clone(),
            confidence: cause.confidence,
            requester: None,
            incident: incident.map(str::to_owned),
            at: facts.at,
        });
    }
    proposals.truncate(AT_MOST);
    proposals
}

/// The action of this kind on the cause's object.
fn exact(kind: ActionKind, cause: &Cause, facts: &Facts) -> Option<Action> {
    let object = &cause.object;
    let (namespace, name) = (object.namespace.as_str(), object.name.as_str());
    let of = |kind: Kind| object.kind == kind;
    match kind {
        ActionKind::Rollback if of(Kind::Deployment) => {
            RollBack::to_previous(facts, namespace, name).map(Action::RollBack)
        }
        ActionKind::RestartPod => restart_pod(facts, object),
        ActionKind::RestartRollout if of(Kind::Deployment) || of(Kind::StatefulSet) || of(Kind::DaemonSet) => {
            Some(Action::RestartRollout(RestartRollout { workload: object.clone(), at: facts.at }))
        }
        ActionKind::Scale if of(Kind::Deployment) || of(Kind::StatefulSet) => scale(facts, object),
        ActionKind::AdjustHpa => {
            let autoscaler = match object.kind {
                Kind::HorizontalPodAutoscaler => facts.snapshot.autoscalers.get(namespace, name)?,
                _ => facts.autoscaler_of(object)?,
            };
            let max = u32::try_from(autoscaler.spec.max_replicas).ok()?;
            Some(Action::AdjustHpa(AdjustHpa {
                namespace: namespace.to_owned(),
                autoscaler: autoscaler.metadata.name.clone(),
                min: None,
                max: Some(by_half(max)),
            }))
        }
        ActionKind::Resize => resize(facts, object, cause.id.as_str()),
        ActionKind::Cordon if of(Kind::Node) => Some(Action::Cordon(Cordon { node: name.to_owned() })),
        ActionKind::Uncordon if of(Kind::Node) => Some(Action::Uncordon(Uncordon { node: name.to_owned() })),
        ActionKind::Drain if of(Kind::Node) => Some(Action::Drain(Drain { node: name.to_owned() })),
        ActionKind::Untaint if of(Kind::Node) => {
            let node = facts.snapshot.nodes.get("", name)?;
            let taint = node.spec.taints.iter().find(|taint| !taint.key.starts_with("node.kubernetes.io/"))?;
            let (node, key, effect) = (name.to_owned(), taint.key.clone(), taint.effect.clone());
            Some(Action::Untaint(Untaint { node, key, effect }))
        }
        _ => None,
    }
}

/// Half as much again, rounded down so that it is at most half, and at least one more.
const fn by_half(count: u32) -> u32 {
    let more = count / 2;
    count + if more == 0 { 1 } else { more }
}

/// The pod that has restarted most.
fn restart_pod(facts: &Facts, object: &ObjectRef) -> Option<Action> {
    let restarts = |pod: &Pod| pod.status.container_statuses.iter().map(|it| it.restart_count).max().unwrap_or(0);
    let pod = match object.kind {
        Kind::Pod => facts.snapshot.pods.get(&object.namespace, &object.name)?,
        _ => facts.pods_of(object).max_by_key(|pod| (restarts(pod), std::cmp::Reverse(pod.name().to_owned())))?,
    };
    Some(Action::RestartPod(RestartPod {
        namespace: pod.metadata.namespace.clone(),
        pod: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
    }))
}

/// Half as many replicas again; under an autoscaler, its lower bound; from zero, what there was before.
fn scale(facts: &Facts, object: &ObjectRef) -> Option<Action> {
    if let Some(autoscaler) = facts.autoscaler_of(object) {
        let min = u32::try_from(autoscaler.spec.min_replicas.unwrap_or(1)).ok()?;
        let max = u32::try_from(autoscaler.spec.max_replicas).ok()?;
        let wanted = by_half(min).min(max);
        return (wanted > min).then(|| {
            Action::AdjustHpa(AdjustHpa {
                namespace: object.namespace.clone(),
                autoscaler: autoscaler.metadata.name.clone(),
                min: Some(wanted),
                max: None,
            })
        });
    }
    let replicas = match u32::try_from(facts.replicas_of(object)?).ok()? {
        0 => {
            let sets = facts.replica_sets(&object.namespace, &object.name);
            let newest = sets.max_by_key(|set| super::facts::revision_of(&set.metadata));
            let had = newest?.metadata.annotations.get("deployment.kubernetes.io/desired-replicas")?;
            had.parse::<u32>().ok().filter(|had| *had > 0)?
        }
        some => by_half(some),
    };
    Some(Action::Scale(Scale { workload: object.clone(), replicas }))
}

/// Half as much memory again for a container that ran out of it, or CPU for one that is held back.
fn resize(facts: &Facts, object: &ObjectRef, cause: &str) -> Option<Action> {
    let resource = if cause.contains("cpu") { "cpu" } else { "memory" };
    let pods = facts.pods_of(object).filter(|pod| pod.status.phase == "Running");
    let ended_so = |pod: &Pod, container: &str| {
        let status = pod.status.container_statuses.iter().find(|status| status.name == container);
        status.is_some_and(|status| {
            [&status.state, &status.last_state]
                .into_iter()
                .filter_map(|state| state.terminated.as_ref())
                .any(|ended| ended.reason == "OOMKilled")
        })
    };
    for pod in pods {
        for container in &pod.spec.containers {
            if resource == "memory" && !ended_so(pod, &container.name) {
                continue;
            }
            let Some(limit) = container.resources.limits.get(resource).and_then(Quantity::value) else { continue };
            let more = match resource {
                "cpu" => Quantity::new(format!("{}m", (limit * 1500.0).round())),
                _ => Quantity::new(format!("{}Mi", (limit * 1.5 / 1024.0 / 1024.0).ceil())),
            };
            let limits = BTreeMap::from([(resource.to_owned(), more.clone())]);
            // Where request and limit are equal they stay so, since the QoS class has to.
            let equal = container.resources.requests.get(resource).and_then(Quantity::value) == Some(limit);
            let requests = if equal { limits.clone() } else { BTreeMap::new() };
            return Some(Action::Resize(Resize {
                namespace: pod.metadata.namespace.clone(),
                pod: pod.metadata.name.clone(),
                uid: pod.metadata.uid.clone(),
                container: container.name.clone(),
                requests,
                limits,
            }));
        }
    }
    None
}

/// A proposal that a person makes: by a command or a question, about no incident.
pub fn by_person(cluster: &str, action: Action, reason: &str, user: &str, at: Timestamp) -> Proposal {
    Proposal {
        cluster: cluster.to_owned(),
        object: action.target(),
        action,
        reason: reason.to_owned(),
        cause: crate::diagnosis::CauseId::new("asked-for"),
        confidence: 1.0,
        requester: Some(user.to_owned()),
        incident: None,
        at,
    }
}
