//! Workloads: what keeps pods running, with the pods, seen as one thing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::{
    model::{Condition, ContainerStatus, Kind, Metadata, Object, ObjectRef, Pod, PodSpec, ReplicaSet},
    snapshot::Snapshot,
};

/// A Deployment, StatefulSet, DaemonSet, Job, lone ReplicaSet or lone Pod, with its pods.
///
/// A controller whose own object was not read but whose pods were is a workload too: its template is that of a pod.
#[derive(Debug)]
pub struct Workload<'a> {
    /// The controller.
    pub object: ObjectRef,
    /// Its metadata; that of a pod where the controller itself was not read.
    pub metadata: &'a Metadata,
    /// Its pods' specification, as the controller has it now.
    pub template: &'a PodSpec,
    /// Its pods' labels, as the controller has them now.
    pub labels: &'a BTreeMap<String, String>,
    /// Pods wanted.
    pub desired: i32,
    /// Pods ready.
    pub ready: i32,
    /// The controller's conditions.
    pub conditions: &'a [Condition],
    /// Its pods, those being deleted and those that have ended included, by name.
    pub pods: Vec<&'a Pod>,
    /// Its ReplicaSets, the newest revision first.
    pub replica_sets: Vec<&'a ReplicaSet>,
    /// Whether its controller object was read.
    pub read: bool,
}

impl<'a> Workload<'a> {
    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.object.namespace
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.object.name
    }

    /// Whether it runs to an end rather than for ever.
    pub fn is_job(&self) -> bool {
        self.object.kind == Kind::Job
    }

    /// Pods that should be working: not being deleted, not ended.
    pub fn live_pods(&self) -> impl Iterator<Item = &'a Pod> {
        self.pods.iter().copied().filter(|pod| is_live(pod))
    }

    /// Live pods made from the current template; all live pods where revisions are unknown.
    pub fn current_pods(&self) -> impl Iterator<Item = &'a Pod> {
        let newest = self.replica_sets.first().map(|set| set.metadata.name.as_str());
        self.live_pods().filter(move |pod| match (newest, pod.metadata.controller()) {
            (Some(newest), Some(owner)) => owner.name == newest,
            _ => true,
        })
    }

    /// Live pods that wait for a node.
    pub fn unscheduled_pods(&self) -> impl Iterator<Item = &'a Pod> {
        self.live_pods().filter(|pod| pod.spec.node_name.is_empty() && pod.status.phase == "Pending")
    }

    /// Whether fewer pods are ready than wanted.
    pub fn is_short(&self) -> bool {
        !self.is_job() && self.ready < self.desired
    }

    /// When the current template was rolled out, where that was not the workload's creation.
    pub fn rolled_out_at(&self) -> Option<Timestamp> {
        (self.replica_sets.len() > 1).then(|| self.replica_sets[0].metadata.creation_timestamp).flatten()
    }

    /// The template before the current one.
    pub fn previous_template(&self) -> Option<&'a PodSpec> {
        self.replica_sets.get(1).map(|set| &set.spec.template.spec)
    }

    /// Statuses of all containers of live pods, with their pods; init containers last.
    pub fn containers(&self) -> impl Iterator<Item = (&'a Pod, &'a ContainerStatus)> {
        self.live_pods().flat_map(|pod| {
            pod.status
                .container_statuses
                .iter()
                .chain(&pod.status.init_container_statuses)
                .map(move |status| (pod, status))
        })
    }

    /// Whether `pod` is the name of one of its pods.
    pub fn has_pod(&self, pod: &str) -> bool {
        self.pods.iter().any(|own| own.name() == pod)
    }
}

/// A revision as people call it: `revision 5 (v2.3.1)`.
pub fn revision_label(set: &ReplicaSet) -> String {
    let revision = set.metadata.annotations.get("deployment.kubernetes.io/revision");
    let image = set.spec.template.spec.containers.first().map(|it| it.image.as_str()).unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once('@').map_or(name, |(name, _)| name).split_once(':').map(|(_, tag)| tag);
    match (revision, tag) {
        (Some(revision), Some(tag)) => format!("revision {revision} ({tag})"),
        (Some(revision), None) => format!("revision {revision}"),
        (None, Some(tag)) => tag.to_owned(),
        (None, None) => set.metadata.name.clone(),
    }
}

/// Whether a pod should be working: not being deleted and not ended.
pub fn is_live(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Whether a pod's `Ready` condition holds.
pub fn is_ready(pod: &Pod) -> bool {
    pod.status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// The revision the Deployment controller notes on each ReplicaSet.
fn revision(set: &ReplicaSet) -> i64 {
    set.metadata.annotations.get("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The Deployment's name in its ReplicaSet's: `api` of `api-7d4b9c6f5`.
pub(super) fn without_hash(name: &str) -> Option<&str> {
    name.rsplit_once('-').map(|(deployment, _)| deployment)
}

/// Which controller a pod belongs to in the end.
fn controller_of(pod: &Pod, sets: &HashMap<(&str, &str), &ReplicaSet>) -> ObjectRef {
    let namespace = pod.namespace();
    let Some(owner) = pod.metadata.controller() else { return pod.reference() };
    match owner.kind.as_str() {
        "ReplicaSet" => match sets.get(&(namespace, owner.name.as_str())).and_then(|set| set.metadata.controller()) {
            Some(deployment) => ObjectRef::new(Kind::Deployment, namespace, &deployment.name),
            None if sets.contains_key(&(namespace, owner.name.as_str()))
                && !pod.metadata.labels.contains_key("pod-template-hash") =>
            {
                ObjectRef::new(Kind::ReplicaSet, namespace, &owner.name)
            }
            None => {
                ObjectRef::new(Kind::Deployment, namespace, without_hash(&owner.name).unwrap_or(owner.name.as_str()))
            }
        },
        "StatefulSet" => ObjectRef::new(Kind::StatefulSet, namespace, &owner.name),
        "DaemonSet" => ObjectRef::new(Kind::DaemonSet, namespace, &owner.name),
        "Job" => ObjectRef::new(Kind::Job, namespace, &owner.name),
        // Static pods belong to their node, other controllers are not known: the pod stands for itself.
        _ => pod.reference(),
    }
}

/// All workloads of a snapshot, by reference.
pub(super) fn workloads(snapshot: &Snapshot) -> Vec<Workload<'_>> {
    let sets: HashMap<(&str, &str), &ReplicaSet> =
        snapshot.replica_sets.iter().map(|set| ((set.namespace(), set.name()), set)).collect();
    let mut all: BTreeMap<ObjectRef, Workload<'_>> = BTreeMap::new();
    macro_rules! replicated {
        (of $it:ident) => { Workload {
            desired: $it.spec.replicas.unwrap_or(1),
            ready: $it.status.ready_replicas,
            conditions: &$it.status.conditions,
            ..blank($it, &$it.spec.template)
        } };
        ($($field:ident)*) => { $(for it in snapshot.$field.iter() {
            all.insert(it.reference(), replicated!(of it));
        })* };
    }
    replicated!(deployments stateful_sets);
    for it in snapshot.daemon_sets.iter() {
        let workload = Workload {
            desired: it.status.desired_number_scheduled,
            ready: it.status.number_ready,
            ..blank(it, &it.spec.template)
        };
        all.insert(it.reference(), workload);
    }
    for it in snapshot.jobs.iter() {
        let workload =
            Workload { desired: it.status.active, conditions: &it.status.conditions, ..blank(it, &it.spec.template) };
        all.insert(it.reference(), workload);
    }
    for set in snapshot.replica_sets.iter() {
        match set.metadata.controller() {
            Some(owner) => {
                let deployment = ObjectRef::new(Kind::Deployment, set.namespace(), &owner.name);
                if let Some(workload) = all.get_mut(&deployment) {
                    workload.replica_sets.push(set);
                }
            }
            None => {
                all.insert(set.reference(), replicated!(of set));
            }
        }
    }
    for pod in snapshot.pods.iter() {
        let controller = controller_of(pod, &sets);
        let workload = all.entry(controller).or_insert_with_key(|controller| Workload {
            object: controller.clone(),
            metadata: &pod.metadata,
            template: &pod.spec,
            labels: &pod.metadata.labels,
            desired: 0,
            ready: 0,
            conditions: &[],
            pods: Vec::new(),
            replica_sets: Vec::new(),
            read: false,
        });
        if !workload.read && is_live(pod) {
            workload.desired += 1;
            workload.ready += i32::from(is_ready(pod));
        }
        workload.pods.push(pod);
    }
    let mut all: Vec<Workload<'_>> = all.into_values().collect();
    for workload in &mut all {
        workload.pods.sort_by_key(|pod| pod.name());
        workload.replica_sets.sort_by_key(|set| {
            (std::cmp::Reverse(revision(set)), std::cmp::Reverse(set.metadata.creation_timestamp), set.name())
        });
    }
    all
}

fn blank<'a, T: Object>(object: &'a T, template: &'a crate::model::PodTemplate) -> Workload<'a> {
    Workload {
        object: object.reference(),
        metadata: object.metadata(),
        template: &template.spec,
        labels: &template.metadata.labels,
        desired: 0,
        ready: 0,
        conditions: &[],
        pods: Vec::new(),
        replica_sets: Vec::new(),
        read: true,
    }
}
