//! What breaks, by name.

use jiff::SignedDuration;

use super::behaviour::{self, Ending, LEAK_FILLS_IN_S};
use super::build;
use super::controllers::node;
use super::kinds::Kind;
use super::kubelet::Stage;
use super::state::State;
use super::store::Key;
use super::zones::LIMPS_S;

/// A scenario: what happens to the cluster once it has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scenario {
    /// Nothing breaks.
    #[default]
    Healthy,
    /// `payments/api` is rolled out to v2.3.1 without the variable it now insists on.
    BadRollout,
    /// `shop/recommendation` holds on to memory until the kernel kills it.
    MemoryLeak,
    /// The kubelet of one node stops reporting.
    NodeFailure,
    /// `shop/catalog` is rolled out to a tag that was never pushed.
    WrongImage,
    /// All nodes of one zone stop reporting, and with them the database that most services need.
    AlarmStorm,
    /// One zone fails a little more often and is slower, for fifty minutes; no alarm notices.
    GrayFailure,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Scenario; 7] = [
        Self::Healthy,
        Self::BadRollout,
        Self::MemoryLeak,
        Self::NodeFailure,
        Self::WrongImage,
        Self::AlarmStorm,
        Self::GrayFailure,
    ];

    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::BadRollout => "bad-rollout",
            Self::MemoryLeak => "memory-leak",
            Self::NodeFailure => "node-failure",
            Self::WrongImage => "wrong-image",
            Self::AlarmStorm => "alarm-storm",
            Self::GrayFailure => "gray-failure",
        }
    }

    /// The cause identifiers that a right diagnosis may put first; empty where there is nothing to find.
    pub fn expected_causes(self) -> &'static [&'static str] {
        match self {
            Self::Healthy => &[],
            Self::BadRollout => &["bad-rollout", "missing-environment-variable"],
            Self::MemoryLeak => &["memory-leak", "oom-killed"],
            Self::NodeFailure => &["node-not-ready", "kubelet-unavailable"],
            Self::WrongImage => &["incorrect-image-reference"],
            Self::AlarmStorm => &["zone-degraded", "node-not-ready", "kubelet-unavailable"],
            Self::GrayFailure => &["zone-degraded"],
        }
    }

    /// How much of the past has to lie behind a world in which it happens: what is usual of a zone has to be known.
    pub fn history(self) -> SignedDuration {
        SignedDuration::from_hours(if self == Self::GrayFailure { 9 } else { 2 })
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A scenario name that does not exist.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown scenario {0:?}; use healthy, bad-rollout, memory-leak, node-failure, wrong-image, alarm-storm or gray-failure"
)]
pub struct UnknownScenario(String);

impl std::str::FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == text).ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}

/// How long before anybody notices a scenario's break begins.
pub(crate) fn lead_s(scenario: Scenario) -> i64 {
    match scenario {
        // The first container reaches its limit when the others break.
        Scenario::MemoryLeak => LEAK_FILLS_IN_S,
        _ => 0,
    }
}

/// Breaks what the scenario breaks.
pub(crate) fn break_something(state: &mut State) {
    let registry = state.registry();
    let app = |state: &State, id: &str| state.apps_by_id.get(id).map(|index| state.apps[*index].clone());
    match state.options.scenario {
        Scenario::Healthy => {}
        Scenario::BadRollout => {
            if let Some(mut app) = app(state, "payments/api") {
                app.environment.retain(|(name, _)| *name != "DEPLOY_ENV");
                build::roll_out(state, &app, &registry, "v2.3.1");
            }
        }
        Scenario::WrongImage => {
            if let Some(app) = app(state, "shop/catalog") {
                build::roll_out(state, &app, &registry, "v1.8.4-rc.2");
            }
        }
        Scenario::MemoryLeak => leak(state, "shop/recommendation"),
        Scenario::NodeFailure => {
            // A node that carries much, so that its loss is felt, but not the databases.
            let stateful = [pod_node(state, "data", "orders-db-0"), pod_node(state, "data", "sessions-0")];
            let mut nodes: Vec<(usize, String)> = state
                .store
                .list(Kind::Node, "")
                .map(|(key, _)| (state.runs.values().filter(|run| run.node == key.name).count(), key.name.clone()))
                .filter(|(_, name)| !stateful.contains(&Some(name.clone())))
                .collect();
            nodes.sort();
            if let Some((_, name)) = nodes.pop() {
                node::fail(state, &name);
            }
        }
        Scenario::GrayFailure => state.zones.limp(state.now + LIMPS_S),
        Scenario::AlarmStorm => {
            let zone = format!("{}a", state.options.region);
            let nodes: Vec<String> = state
                .store
                .list(Kind::Node, "")
                .filter(|(_, node)| node["metadata"]["labels"]["topology.kubernetes.io/zone"] == zone.as_str())
                .map(|(key, _)| key.name.clone())
                .collect();
            for name in nodes {
                node::fail(state, &name);
            }
        }
    }
}

fn pod_node(state: &State, namespace: &str, pod: &str) -> Option<String> {
    state.store.get(Kind::Pod, namespace, pod)?["spec"]["nodeName"].as_str().map(str::to_owned)
}

/// Lets an application hold on to memory from now on.
fn leak(state: &mut State, id: &str) {
    let now = state.now;
    state.leaks.insert(id.to_owned(), now);
    let Some(index) = state.apps_by_id.get(id).copied() else { return };
    let keys: Vec<Key> =
        state.runs.iter().filter(|(_, run)| run.app == Some(index)).map(|(key, _)| key.clone()).collect();
    for (order, key) in keys.into_iter().enumerate() {
        let Some(pod) = state.store.at(Kind::Pod, &key).cloned() else { continue };
        let Some(mut run) = state.runs.remove(&key) else { continue };
        for (container, spec) in
            run.containers.iter_mut().zip(pod["spec"]["containers"].as_array().into_iter().flatten())
        {
            let started = container.current.as_ref().map_or(now, |instance| instance.started);
            if let Stage::Running { end, .. } = &mut container.stage {
                // The first of them ends when the break was promised, the others one after the other.
                let at = behaviour::leak_ends(state, id, spec, started).unwrap_or(now + LEAK_FILLS_IN_S);
                *end = Some((at.min(now + LEAK_FILLS_IN_S + 40 * order as i64), Ending::OutOfMemory));
            }
        }
        state.runs.insert(key.clone(), run);
        state.after(1, super::state::Wake::Pod(key));
    }
}
