//! A snapshot, indexed: what analyzers and ranking ask about a cluster.
//!
//! Built once a diagnosis. Everything in it borrows from the snapshot; lists are in a fixed order, so that the same
//! snapshot always gives the same diagnosis.

mod call;
mod dangling;
mod dependency;
mod logs;
mod names;
mod service;
mod trend;
mod workload;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

pub use call::{CallFailure, FailedCall, call_failure, is_meant};
pub use dangling::Dangling;
pub use dependency::{Dependency, config_maps};
pub use logs::{Level, LogPattern, level, time_of};
pub use names::{Host, hosts};
pub use service::ServiceView;
pub use trend::{Trend, median};
pub use workload::{Workload, is_live, is_ready, revision_label};

use super::Trigger;
use crate::{
    model::{Event, Kind, Node, Object, ObjectRef, Pod},
    snapshot::{ContainerLog, Series, SeriesKind, Snapshot},
};

/// A snapshot, indexed.
#[derive(Debug)]
pub struct View<'a> {
    /// The snapshot itself, for what has no index.
    pub snapshot: &'a Snapshot,
    /// What started the diagnosis.
    pub trigger: &'a Trigger,
    /// The moment the snapshot shows. Its `taken_at`, else the newest time found in it.
    pub now: Timestamp,
    workloads: Vec<Workload<'a>>,
    by_object: HashMap<ObjectRef, usize>,
    by_pod: HashMap<(&'a str, &'a str), usize>,
    services: Vec<ServiceView<'a>>,
    by_service: HashMap<(&'a str, &'a str), usize>,
    by_address: HashMap<&'a str, usize>,
    by_node: HashMap<&'a str, &'a Node>,
    pods_by_node: HashMap<&'a str, Vec<&'a Pod>>,
    events_by_workload: HashMap<usize, Vec<&'a Event>>,
    events_by_object: HashMap<ObjectRef, Vec<&'a Event>>,
    patterns: Vec<LogPattern>,
    patterns_by_workload: HashMap<usize, std::ops::Range<usize>>,
    dependencies: Vec<Dependency>,
    dangling: Vec<Dangling>,
    failed_calls: Vec<FailedCall>,
}

impl<'a> View<'a> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'a Snapshot, trigger: &'a Trigger) -> Self {
        let workloads = workload::workloads(snapshot);
        let mut view = Self {
            snapshot,
            trigger,
            now: snapshot.taken_at.or_else(|| newest_time(snapshot)).unwrap_or(Timestamp::UNIX_EPOCH),
            by_object: workloads.iter().enumerate().map(|(index, it)| (it.object.clone(), index)).collect(),
            by_pod: HashMap::new(),
            services: service::services(snapshot, &workloads),
            workloads,
            by_service: HashMap::new(),
            by_address: HashMap::new(),
            by_node: snapshot.nodes.items.iter().map(|node| (node.name(), node)).collect(),
            pods_by_node: HashMap::new(),
            events_by_workload: HashMap::new(),
            events_by_object: HashMap::new(),
            patterns: Vec::new(),
            patterns_by_workload: HashMap::new(),
            dependencies: Vec::new(),
            dangling: Vec::new(),
            failed_calls: Vec::new(),
        };
        for (index, workload) in view.workloads.iter().enumerate() {
            view.by_pod.extend(workload.pods.iter().map(|pod| ((pod.namespace(), pod.name()), index)));
        }
        for (index, service) in view.services.iter().enumerate() {
            view.by_service.insert((service.service.namespace(), service.service.name()), index);
            let address = service.service.spec.cluster_ip.as_str();
            if !matches!(address, "" | "None") {
                view.by_address.insert(address, index);
            }
        }
        for pod in snapshot.pods.items.iter().filter(|pod| !pod.spec.node_name.is_empty() && is_live(pod)) {
            view.pods_by_node.entry(&pod.spec.node_name).or_default().push(pod);
        }
        view.index_events();
        view.mine_logs();
        view.dependencies = dependency::dependencies(&view);
        view.dangling = dangling::dangling(&view);
        view.failed_calls = call::failed_calls(&view);
        view
    }

    fn index_events(&mut self) {
        let mut events: Vec<&'a Event> = self.snapshot.events.iter().collect();
        events.sort_by_key(|event| (event.last_seen(), event.name()));
        for event in events {
            if let Some(index) = self.workload_index_of_event(event) {
                self.events_by_workload.entry(index).or_default().push(event);
            }
            if let Some(object) = event.about() {
                self.events_by_object.entry(object).or_default().push(event);
            }
        }
    }

    fn workload_index_of_event(&self, event: &Event) -> Option<usize> {
        let object = event.about()?;
        let namespace = object.namespace.as_str();
        let deployment = |set: &str| {
            let owner = self.snapshot.replica_sets.get(namespace, set).and_then(|set| set.metadata.controller());
            let name = owner.map(|owner| owner.name.as_str()).or_else(|| workload::without_hash(set))?;
            self.by_object.get(&ObjectRef::new(Kind::Deployment, namespace, name)).copied()
        };
        match object.kind {
            // The pod may be gone: then its name tells its controller.
            Kind::Pod => self.by_pod.get(&(namespace, object.name.as_str())).copied().or_else(|| {
                let (owner, _) = object.name.rsplit_once('-')?;
                deployment(owner).or_else(|| {
                    [Kind::StatefulSet, Kind::DaemonSet, Kind::Job]
                        .iter()
                        .find_map(|kind| self.by_object.get(&ObjectRef::new(*kind, namespace, owner)).copied())
                })
            }),
            Kind::ReplicaSet => self.by_object.get(&object).copied().or_else(|| deployment(&object.name)),
            _ => self.by_object.get(&object).copied(),
        }
    }

    fn mine_logs(&mut self) {
        let mut by_workload: Vec<Vec<&ContainerLog>> = vec![Vec::new(); self.workloads.len()];
        for log in &self.snapshot.logs {
            if let Some(index) = self.by_pod.get(&(log.namespace.as_str(), log.pod.as_str())) {
                by_workload[*index].push(log);
            }
        }
        for (index, logs) in by_workload.iter().enumerate().filter(|(_, logs)| !logs.is_empty()) {
            let start = self.patterns.len();
            logs::mine(&self.workloads[index].object, logs, &mut self.patterns);
            self.patterns_by_workload.insert(index, start..self.patterns.len());
        }
    }

    /// All workloads, by kind, namespace and name.
    pub fn workloads(&self) -> &[Workload<'a>] {
        &self.workloads
    }

    /// The workload of this reference.
    pub fn workload(&self, object: &ObjectRef) -> Option<&Workload<'a>> {
        self.by_object.get(object).map(|index| &self.workloads[*index])
    }

    /// The workload called `name`, of whatever kind.
    pub fn workload_named(&self, namespace: &str, name: &str) -> Option<&Workload<'a>> {
        [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::ReplicaSet, Kind::Pod]
            .iter()
            .find_map(|kind| self.workload(&ObjectRef::new(*kind, namespace, name)))
    }

    /// The workload a pod belongs to.
    pub fn workload_of_pod(&self, namespace: &str, pod: &str) -> Option<&Workload<'a>> {
        self.by_pod.get(&(namespace, pod)).map(|index| &self.workloads[*index])
    }

    /// All Services.
    pub fn services(&self) -> &[ServiceView<'a>] {
        &self.services
    }

    /// The Service of this name.
    pub fn service(&self, namespace: &str, name: &str) -> Option<&ServiceView<'a>> {
        self.by_service.get(&(namespace, name)).map(|index| &self.services[*index])
    }

    /// Services whose selector is met by the workload's pods.
    pub fn services_of(&self, workload: &Workload<'_>) -> impl Iterator<Item = &ServiceView<'a>> {
        let object = workload.object.clone();
        self.services.iter().filter(move |service| service.workloads.contains(&object))
    }

    /// The workloads behind a Service.
    pub fn workloads_behind(&self, service: &ServiceView<'_>) -> impl Iterator<Item = &Workload<'a>> {
        service.workloads.iter().filter_map(|object| self.workload(object))
    }

    /// The Service that a host name or cluster address means, as seen from `namespace`.
    ///
    /// Name forms: <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>.
    pub fn service_at(&self, host: &str, namespace: &str) -> Option<&ServiceView<'a>> {
        if let Some(index) = self.by_address.get(host) {
            return Some(&self.services[*index]);
        }
        let mut labels = host.split('.');
        let (first, second, third) = (labels.next()?, labels.next(), labels.next());
        let home = |label: Option<&'_ str>| label.filter(|label| *label != "svc").map(str::to_owned);
        self.service(&home(second).unwrap_or_else(|| namespace.to_owned()), first).or_else(|| {
            // A StatefulSet's pod: pod.service[.namespace].
            self.service(&home(third).unwrap_or_else(|| namespace.to_owned()), second?)
        })
    }

    /// Events about a workload, its ReplicaSets and its pods (those gone included), oldest first.
    pub fn events_about(&self, workload: &Workload<'_>) -> &[&'a Event] {
        let index = self.by_object.get(&workload.object);
        index.and_then(|index| self.events_by_workload.get(index)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Events about exactly this object, oldest first.
    pub fn events_on(&self, object: &ObjectRef) -> &[&'a Event] {
        self.events_by_object.get(object).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the object an event is about still exists, as far as its kind was read.
    pub fn is_about_existing(&self, event: &Event) -> bool {
        let Some(object) = event.about() else { return true };
        match object.kind {
            Kind::Pod => {
                !self.snapshot.pods.covers(&object.namespace)
                    || self.by_pod.contains_key(&(object.namespace.as_str(), object.name.as_str()))
            }
            Kind::ReplicaSet => {
                !self.snapshot.replica_sets.covers(&object.namespace)
                    || self.snapshot.replica_sets.get(&object.namespace, &object.name).is_some()
            }
            _ => true,
        }
    }

    /// The log patterns of a workload, in the order they first appeared.
    pub fn patterns_of(&self, workload: &Workload<'_>) -> &[LogPattern] {
        let index = self.by_object.get(&workload.object);
        match index.and_then(|index| self.patterns_by_workload.get(index)) {
            Some(range) => &self.patterns[range.clone()],
            None => &[],
        }
    }

    /// All log patterns.
    pub fn patterns(&self) -> &[LogPattern] {
        &self.patterns
    }

    /// Dependencies of one workload on Services.
    pub fn dependencies_of(&self, workload: &ObjectRef) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(move |dependency| dependency.from == *workload)
    }

    /// All dependencies.
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// Hosts in specifications that look like a Service of the cluster and are none.
    pub fn dangling(&self) -> &[Dangling] {
        &self.dangling
    }

    /// Whether a log line was written in the last `minutes`; true where lines carry no time.
    ///
    /// Loggers that write local time without a zone are hours off. A log whose newest line lies in the future, or before
    /// its container's start, is off by the least half hours that put it right.
    pub fn is_recent(&self, pattern: &LogPattern, minutes: i64) -> bool {
        let Some(last) = pattern.last_seen else { return true };
        let Some(workload) = self.workload(&pattern.workload) else { return false };
        let current = self.patterns_of(workload).iter().filter(|it| it.container == pattern.container && !it.previous);
        let newest = current.filter_map(|it| it.last_seen).max().unwrap_or(last);
        let started = workload
            .containers()
            .filter(|(_, status)| status.name == pattern.container)
            .filter_map(|(_, status)| status.state.running.as_ref()?.started_at)
            .max();
        let half_hours = |off: SignedDuration| (off.as_secs() + 1799).div_euclid(1800);
        let ahead = newest.duration_since(self.now);
        let behind = started.map_or(SignedDuration::ZERO, |started| started.duration_since(newest));
        let off = if ahead > SignedDuration::from_mins(2) {
            half_hours(ahead)
        } else if behind > SignedDuration::from_mins(2) {
            -half_hours(behind)
        } else {
            0
        };
        let age = self.now.duration_since(last) + SignedDuration::from_mins(30 * off);
        age <= SignedDuration::from_mins(minutes)
    }

    /// Calls that failed lately, as log lines tell.
    pub fn failed_calls(&self) -> &[FailedCall] {
        &self.failed_calls
    }

    /// Failed calls of one Service.
    pub fn failed_calls_of(&self, service: &ObjectRef) -> impl Iterator<Item = &FailedCall> {
        self.failed_calls.iter().filter(move |call| call.to == *service)
    }

    /// Workloads that depend on a Service, directly.
    pub fn dependents_on(&self, service: &ObjectRef) -> impl Iterator<Item = &Workload<'a>> {
        let mut seen = std::collections::HashSet::new();
        self.dependencies
            .iter()
            .filter(move |dependency| dependency.to == *service && seen.insert(dependency.from.clone()))
            .filter_map(|dependency| self.workload(&dependency.from))
    }

    /// Live pods on a node.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &'a Pod> {
        self.pods_by_node.get(node).into_iter().flatten().copied()
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.by_node.get(name).copied()
    }

    /// A metric series of a Service, node or pod, by name.
    pub fn series(&self, kind: SeriesKind, name: &str, metric: &str) -> Option<&'a Series> {
        self.snapshot
            .metrics
            .iter()
            .find(|series| series.kind == kind && series.name == name && series.metric == metric)
    }

    /// How long ago something was; never negative.
    pub fn age(&self, time: Option<Timestamp>) -> Option<SignedDuration> {
        time.map(|time| self.now.duration_since(time).max(SignedDuration::ZERO))
    }

    /// Whether something happened in the last `minutes`; false where its time is unknown.
    pub fn within(&self, time: Option<Timestamp>, minutes: i64) -> bool {
        self.age(time).is_some_and(|age| age <= SignedDuration::from_mins(minutes))
    }
}

/// The newest time anything recorded carries.
fn newest_time(snapshot: &Snapshot) -> Option<Timestamp> {
    let events = snapshot.events.iter().filter_map(Event::last_seen);
    let pods = snapshot.pods.iter().flat_map(|pod| {
        let changes = pod.status.conditions.iter().filter_map(|condition| condition.last_transition_time);
        changes.chain(pod.metadata.creation_timestamp)
    });
    let beats = snapshot
        .nodes
        .iter()
        .flat_map(|node| node.status.conditions.iter().filter_map(|condition| condition.last_heartbeat_time));
    let points = snapshot.metrics.iter().filter_map(|series| series.points.last().map(|point| point.0));
    events.chain(pods).chain(beats).chain(points).max()
}
