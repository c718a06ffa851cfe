//! Everything the world holds, behind one lock, and the loop that makes time pass.
//!
//! Two things make something happen: a timer that is due ([`Wake`]) and an object that somebody wrote, which leaves work to
//! the controllers that watch it ([`Work`]). Both are ordered, so that the same world always lives the same life.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Options;
use super::alarms::AlarmBook;
use super::controllers;
use super::gauges::Gauges;
use super::kinds::Kind;
use super::kubelet::{self, PodRun};
use super::metrics::MetricStore;
use super::noise::Noise;
use super::objects::stamp;
use super::scenario;
use super::scheduler::Usage;
use super::shop::App;
use super::store::{Key, Object, Store};
use super::traffic::Traffic;
use super::zones::Zones;

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The kubelet has something to do for a pod.
    Pod(Key),
    /// A controller looks at an object again.
    Again(Work),
    /// The node controller misses a node's heartbeat.
    NodeSilent(String),
    /// Tolerations of a NotReady node's taint run out.
    Evict(String),
    /// A minute is over: metrics, autoscalers, cron jobs.
    Minute,
    /// The minute's metrics have arrived at CloudWatch: alarms.
    Evaluate,
    /// The scenario breaks something.
    Break,
}

/// Work for a controller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    Deployment(Key),
    ReplicaSet(Key),
    StatefulSet(Key),
    DaemonSet(Key),
    Job(Key),
    Schedule(Key),
    Endpoints(Key),
    Budget(Key),
}

/// The world's state. Time inside is whole seconds since the epoch: Kubernetes' own resolution.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) now: i64,
    pub(crate) noise: Noise,
    pub(crate) store: Store,
    pub(crate) metrics: MetricStore,
    pub(crate) alarms: AlarmBook,
    pub(crate) apps: Arc<Vec<App>>,
    pub(crate) apps_by_id: HashMap<String, usize>,
    pub(crate) runs: BTreeMap<Key, PodRun>,
    pub(crate) usage: HashMap<String, Usage>,
    /// Nodes whose kubelet is dead, and since when.
    pub(crate) dead_nodes: BTreeMap<String, i64>,
    /// Applications that hold on to memory, and since when.
    pub(crate) leaks: BTreeMap<String, i64>,
    pub(crate) traffic: Traffic,
    pub(crate) zones: Zones,
    pub(crate) gauges: Gauges,
    /// Pods that no node takes.
    pub(crate) pending: BTreeSet<Key>,
    pub(crate) drawn: i64,
    /// Events before this time would be forgotten before anybody sees them, and are not written.
    pub(crate) remembered_from: i64,
    queue: BTreeMap<(i64, u64), Wake>,
    queued: u64,
    work: BTreeSet<Work>,
}

impl State {
    pub(crate) fn new(options: Options, apps: Vec<App>, now: i64) -> Self {
        let noise = Noise::new(options.seed);
        let apps_by_id = apps.iter().enumerate().map(|(index, app)| (app.id(), index)).collect();
        Self {
            options,
            now,
            noise,
            store: Store::default(),
            metrics: MetricStore::default(),
            alarms: AlarmBook::default(),
            apps: Arc::new(apps),
            apps_by_id,
            runs: BTreeMap::new(),
            usage: HashMap::new(),
            dead_nodes: BTreeMap::new(),
            leaks: BTreeMap::new(),
            traffic: Traffic::default(),
            zones: Zones::default(),
            gauges: Gauges::default(),
            pending: BTreeSet::new(),
            drawn: 0,
            remembered_from: i64::MIN,
            queue: BTreeMap::new(),
            queued: 0,
            work: BTreeSet::new(),
        }
    }

    /// The clock.
    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap_or_default()
    }

    /// The registry that the shop's images come from.
    pub(crate) fn registry(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com", self.options.account, self.options.region)
    }

    /// Fresh noise, different at every call.
    pub(crate) fn draw(&mut self) -> Noise {
        self.drawn += 1;
        self.noise.of("draw").at(self.drawn)
    }

    /// The application a pod belongs to, by its namespace and its `app.kubernetes.io/name` label.
    pub(crate) fn app_of(&self, object: &Value) -> Option<usize> {
        let metadata = &object["metadata"];
        let name = metadata["labels"]["app.kubernetes.io/name"].as_str()?;
        self.apps_by_id.get(&format!("{}/{name}", metadata["namespace"].as_str()?)).copied()
    }

    /// Sets a timer.
    pub(crate) fn after(&mut self, seconds: i64, wake: Wake) {
        self.queued += 1;
        self.queue.insert((self.now + seconds.max(0), self.queued), wake);
    }

    /// Leaves work to a controller.
    pub(crate) fn enqueue(&mut self, work: Work) {
        self.work.insert(work);
    }

    /// Lets time pass until `now`.
    pub(crate) fn run_until(&mut self, now: i64) {
        self.settle();
        while let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= now
        {
            self.now = self.now.max(entry.key().0);
            let wake = entry.remove();
            self.wake(wake);
            if self.queue.first_key_value().is_none_or(|((at, _), _)| *at > self.now) {
                self.settle();
            }
        }
        self.now = self.now.max(now);
    }

    fn wake(&mut self, wake: Wake) {
        match wake {
            Wake::Pod(key) => kubelet::step(self, &key),
            Wake::Again(work) => self.enqueue(work),
            Wake::NodeSilent(node) => controllers::node::silent(self, &node),
            Wake::Evict(node) => controllers::node::evict(self, &node),
            Wake::Minute => controllers::minute(self),
            Wake::Evaluate => controllers::evaluate(self),
            Wake::Break => scenario::break_something(self),
        }
    }

    /// Lets the controllers do what there is to do now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000_000 {
            let Some(work) = self.work.pop_first() else { return };
            match work {
                Work::Deployment(key) => controllers::deployment::reconcile(self, &key),
                Work::ReplicaSet(key) => controllers::replica_set::reconcile(self, &key),
                Work::StatefulSet(key) => controllers::stateful_set::reconcile(self, &key),
                Work::DaemonSet(key) => controllers::daemon_set::reconcile(self, &key),
                Work::Job(key) => controllers::job::reconcile(self, &key),
                Work::Schedule(key) => super::scheduler::schedule(self, &key),
                Work::Endpoints(key) => controllers::endpoints::reconcile(self, &key),
                Work::Budget(key) => controllers::budget::reconcile(self, &key),
            }
        }
        tracing::error!("the controllers do not come to rest");
    }

    /// Writes an object: completes its metadata, counts its generation, and tells the controllers.
    pub(crate) fn write(&mut self, kind: Kind, mut value: Value) -> Arc<Object> {
        let key = Key::of(&value);
        let before = self.store.at(kind, &key).cloned();
        if kind == Kind::Node {
            controllers::node::taint(&mut value, self.now);
        }
        let metadata = &mut value["metadata"];
        match &before {
            None => {
                metadata["uid"] = json!(self.draw().uuid());
                metadata["creationTimestamp"] = json!(stamp(self.now));
                if value.get("spec").is_some()
                    && !matches!(kind, Kind::Pod | Kind::Service | Kind::Namespace | Kind::Node)
                {
                    value["metadata"]["generation"] = json!(1);
                }
            }
            Some(before) => {
                metadata["uid"] = before["metadata"]["uid"].clone();
                metadata["creationTimestamp"] = before["metadata"]["creationTimestamp"].clone();
                if let Some(generation) = before["metadata"]["generation"].as_i64() {
                    let changed = before["spec"] != value["spec"];
                    value["metadata"]["generation"] = json!(generation + i64::from(changed));
                }
            }
        }
        let object = self.store.put(kind, value);
        // Most of what becomes of a pod on its node is nothing to the controllers.
        let is_inside = kind == Kind::Pod
            && object["spec"]["nodeName"].is_string()
            && before.is_some_and(|before| outside_view(&before) == outside_view(&object));
        if !is_inside {
            self.touched(kind, &key, &object);
        }
        object
    }

    /// Changes an object where it exists and tells the controllers if that made a difference.
    pub(crate) fn change(&mut self, kind: Kind, key: &Key, change: impl FnOnce(&mut Value)) -> Option<Arc<Object>> {
        let before = self.store.at(kind, key)?.clone();
        let mut value = Value::clone(&before);
        change(&mut value);
        if value == **before {
            return Some(before);
        }
        Some(self.write(kind, value))
    }

    /// Removes an object and whatever it owns.
    pub(crate) fn remove(&mut self, kind: Kind, key: &Key) -> Option<Arc<Object>> {
        let object = self.store.remove(kind, key)?;
        if kind == Kind::Pod {
            self.runs.remove(key);
            super::scheduler::release(self, &object);
        }
        self.touched(kind, key, &object);
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let owned: Vec<(Kind, Key)> = self.store.controlled(uid).map(|(kind, key, _)| (kind, key.clone())).collect();
        for (kind, key) in owned {
            self.delete(kind, &key);
        }
        Some(object)
    }

    /// Deletes an object as the API does: pods get their time to end.
    pub(crate) fn delete(&mut self, kind: Kind, key: &Key) -> Option<Arc<Object>> {
        if kind == Kind::Pod { kubelet::terminate(self, key) } else { self.remove(kind, key) }
    }

    /// Tells the controllers that watch an object that it was written or removed.
    fn touched(&mut self, kind: Kind, key: &Key, object: &Value) {
        match kind {
            Kind::Deployment => self.enqueue(Work::Deployment(key.clone())),
            Kind::ReplicaSet => {
                self.enqueue(Work::ReplicaSet(key.clone()));
                self.touch_owner(key, object);
            }
            Kind::StatefulSet => self.enqueue(Work::StatefulSet(key.clone())),
            Kind::DaemonSet => self.enqueue(Work::DaemonSet(key.clone())),
            Kind::Job => self.enqueue(Work::Job(key.clone())),
            Kind::Service => self.enqueue(Work::Endpoints(key.clone())),
            Kind::PodDisruptionBudget => self.enqueue(Work::Budget(key.clone())),
            Kind::Pod => {
                self.touch_owner(key, object);
                if object["spec"]["nodeName"].is_null() {
                    self.enqueue(Work::Schedule(key.clone()));
                }
                let labels = &object["metadata"]["labels"];
                let mut found = Vec::new();
                for (service, value) in self.store.list(Kind::Service, &key.namespace) {
                    if selects(&value["spec"]["selector"], labels) {
                        found.push(Work::Endpoints(service.clone()));
                    }
                }
                for (budget, value) in self.store.list(Kind::PodDisruptionBudget, &key.namespace) {
                    if selects(&value["spec"]["selector"]["matchLabels"], labels) {
                        found.push(Work::Budget(budget.clone()));
                    }
                }
                self.work.extend(found);
            }
            Kind::Node => {
                let sets: Vec<Work> =
                    self.store.list(Kind::DaemonSet, "").map(|(key, _)| Work::DaemonSet(key.clone())).collect();
                self.work.extend(sets);
                controllers::retry_pending(self);
            }
            _ => {}
        }
    }

    fn touch_owner(&mut self, key: &Key, object: &Value) {
        let Some(owner) = owner(object) else { return };
        let name = Key::new(&key.namespace, owner["name"].as_str().unwrap_or_default());
        match owner["kind"].as_str().unwrap_or_default() {
            "Deployment" => self.enqueue(Work::Deployment(name)),
            "ReplicaSet" => self.enqueue(Work::ReplicaSet(name)),
            "StatefulSet" => self.enqueue(Work::StatefulSet(name)),
            "DaemonSet" => self.enqueue(Work::DaemonSet(name)),
            "Job" => self.enqueue(Work::Job(name)),
            _ => {}
        }
    }
}

/// What the controllers look at of a pod.
fn outside_view(pod: &Value) -> (bool, [&Value; 6]) {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let fields = [
        &metadata["labels"],
        &metadata["ownerReferences"],
        &metadata["deletionTimestamp"],
        &spec["nodeName"],
        &status["phase"],
        &status["podIP"],
    ];
    (super::pods::ready(pod), fields)
}

/// The controlling owner reference of an object.
pub(crate) fn owner(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// Whether every label of a non-empty equality selector is on the object.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    selector
        .as_object()
        .is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value))
}
