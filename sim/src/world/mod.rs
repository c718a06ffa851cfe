//! The world: one cluster, its traffic and its clock. Scenarios break it; everything served is a view of it.
//!
//! The clock is the world's own. Nothing here reads the machine's: [`World::tick`] tells it how late it is, and everything
//! that should have happened until then happens, in order, in no time. A test steps it by seconds or hours; a demo ticks it
//! from a timer. The same [`Options`] and the same ticks give the same world.
//!
//! A world starts with history: [`Options::history`] of healthy life lie behind it when [`World::new`] returns, and
//! [`Options::break_after`] later its [`Scenario`] breaks something.

mod alarm_event;
mod alarms;
mod behaviour;
mod build;
mod controllers;
mod events;
mod gauges;
mod kinds;
mod kubelet;
mod logs;
mod metrics;
mod noise;
mod objects;
mod pod_status;
mod pods;
mod scenario;
mod scheduler;
mod shop;
mod state;
mod store;
mod traffic;
mod views;
mod watch;
mod zones;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use alarms::{Alarm, Comparison, Line, MissingData, State as AlarmState, StateValue, Watched};
pub use kinds::{Kind, Resource};
pub use metrics::{KEPT_MINUTES, MetricId, Shape, Statistic, UnknownStatistic};
pub use scenario::{Scenario, UnknownScenario};
pub use store::{Change, ChangeType, Key, Object, Store};
pub use views::{LogRequest, Usage};

pub(crate) use objects::seconds;
pub(crate) use pods::qos_class;
pub(crate) use state::selects;
pub(crate) use views::{accept, new_suffix, writable};

use state::State;

/// What a world is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What breaks.
    pub scenario: Scenario,
    /// The cluster's name.
    pub cluster: String,
    /// AWS region.
    pub region: String,
    /// AWS account.
    pub account: String,
    /// Number of nodes, over three zones.
    pub nodes: usize,
    /// Number of pods, about; the shop needs its fifty, the rest is filled up with other teams' services.
    pub pods: usize,
    /// Seed of all randomness.
    pub seed: u64,
    /// The world's time when [`World::new`] returns.
    pub start: Timestamp,
    /// How long the world has been running by then.
    pub history: SignedDuration,
    /// How long after `start` the scenario breaks something.
    pub break_after: SignedDuration,
}

impl Options {
    /// A default world at this time: six nodes, about fifty pods, two hours of history.
    pub fn at(start: Timestamp) -> Self {
        Self {
            scenario: Scenario::Healthy,
            cluster: "prod-eks".to_owned(),
            region: "ap-northeast-2".to_owned(),
            account: "111122223333".to_owned(),
            nodes: 6,
            pods: 50,
            seed: 1,
            start,
            history: SignedDuration::from_hours(2),
            break_after: SignedDuration::from_secs(5),
        }
    }

    /// The cluster's ARN.
    pub fn cluster_arn(&self) -> String {
        format!("arn:aws:eks:{}:{}:cluster/{}", self.region, self.account, self.cluster)
    }
}

/// A world as it was at one moment.
#[derive(Clone)]
pub struct Moment(Box<State>);

impl std::fmt::Debug for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Moment").field(&self.0.time()).finish()
    }
}

/// One cluster and everything around it. Shared by all of sim: `Arc<World>`.
pub struct World {
    options: Options,
    state: Mutex<State>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("options", &self.options).finish_non_exhaustive()
    }
}

impl World {
    /// A world that has lived through its history.
    pub fn new(options: Options) -> Self {
        let apps = shop::applications(options.nodes, options.pods);
        let mut state = State::new(options.clone(), apps, options.start.as_second());
        build::boot(&mut state);
        Self { options, state: Mutex::new(state) }
    }

    /// Another world that goes on from this moment.
    pub fn from(moment: &Moment) -> Self {
        Self { options: moment.0.options.clone(), state: Mutex::new(State::clone(&moment.0)) }
    }

    /// What it was made from.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The world's time, in whole seconds.
    pub fn now(&self) -> Timestamp {
        self.state().time()
    }

    /// Everything as it is now, to be gone back to.
    pub fn moment(&self) -> Moment {
        Moment(Box::new(self.state().clone()))
    }

    /// Makes everything as it was at a moment of this world or of another one, time and revisions included: nobody should be
    /// watching.
    pub fn go_back(&self, to: &Moment) {
        *self.state() = State::clone(&to.0);
    }

    /// Lets everything happen that should have happened until `now`. Time does not run backwards.
    pub fn tick(&self, now: Timestamp) {
        self.state().run_until(now.as_second());
    }

    /// Lets this much time pass.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state();
        let until = state.now + by.as_secs();
        state.run_until(until);
    }

    /// Ticks second by second until `done`, at most for `limit`; whether it came to be.
    pub fn advance_until(&self, limit: SignedDuration, done: impl Fn(&World) -> bool) -> bool {
        let last = self.now().as_second() + limit.as_secs();
        while !done(self) {
            if self.now().as_second() >= last {
                return false;
            }
            self.advance(SignedDuration::from_secs(1));
        }
        true
    }

    /// Makes an alarm, or configures one anew.
    pub fn put_alarm(&self, alarm: Alarm) {
        self.state().alarms.put(alarm);
    }

    /// Deletes alarms by name.
    pub fn delete_alarms(&self, names: &[&str]) {
        self.state().alarms.delete(names);
    }

    /// An object as it is now.
    pub fn object(&self, kind: Kind, key: &Key) -> Option<Value> {
        self.state().store.at(kind, key).map(|object| Value::clone(object))
    }

    /// The objects of a kind, of one namespace or of all where it is empty.
    pub fn objects(&self, kind: Kind, namespace: &str) -> Vec<Value> {
        self.state().store.list(kind, namespace).map(|(_, object)| Value::clone(object)).collect()
    }

    /// Merges a patch (RFC 7386) into an object, as somebody else would through the API; whether it exists.
    pub fn merge(&self, kind: Kind, key: &Key, patch: &Value) -> bool {
        let mut state = self.state();
        let found = state.change(kind, key, |object| json_patch::merge(object, patch)).is_some();
        state.settle();
        found
    }

    /// Sets a condition of a node, as its kubelet or an agent on it would; whether the node exists.
    pub fn set_node_condition(&self, node: &str, condition: &str, status: &str, reason: &str) -> bool {
        let mut state = self.state();
        let (now, key) = (state.now, Key::new("", node));
        let set = |node: &mut Value| pods::set_condition(node, now, condition, status, reason, "");
        let found = state.change(Kind::Node, &key, set).is_some();
        state.settle();
        found
    }

    /// Traffic leaves these zones, by their ids, until then, and no others.
    pub(crate) fn leave_zones(&self, left: &[(String, Timestamp)]) {
        let left: Vec<_> = left.iter().map(|(zone, until)| (zone.clone(), until.as_second())).collect();
        self.state().zones.leave(&left);
    }

    /// The public load balancer, by its `LoadBalancer` dimension.
    pub fn load_balancer(&self) -> String {
        gauges::load_balancer(&self.state())
    }

    /// All alarms with their states.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.state().alarms.all().to_vec()
    }

    /// The state changes since the last call, oldest first, as EventBridge delivers them.
    pub fn take_alarm_events(&self) -> Vec<Value> {
        self.state().alarms.take_changes()
    }

    /// All state changes since `start`, oldest first, taken or not.
    pub fn alarm_history(&self) -> Vec<Value> {
        self.state().alarms.history().to_vec()
    }

    /// Metrics that match; a dimension without a value matches any value.
    pub fn list_metrics(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
        dimensions: &[(String, Option<String>)],
    ) -> Vec<MetricId> {
        self.state().metrics.list(namespace, name, dimensions)
    }

    /// One statistic of a metric, a point a period (a multiple of 60 s), oldest first. A period is named by its start, and
    /// left out where nothing was measured.
    pub fn statistic(
        &self,
        metric: &MetricId,
        statistic: Statistic,
        start: Timestamp,
        end: Timestamp,
        period_s: i64,
    ) -> Vec<(Timestamp, f64)> {
        self.state().metrics.statistic(metric, statistic, start, end, period_s)
    }

    /// A metric's unit in CloudWatch's words (`Percent`, `Count`, `Seconds`, `Bytes/Second` …).
    pub fn unit(&self, metric: &MetricId) -> Option<&'static str> {
        self.state().metrics.unit(metric)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere (a failed test) says nothing about the data.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
