//! Conditions of nodes: which say what, and how they change.
//!
//! A condition is ill when it is not what it should be: `Ready` and those of the EKS node monitoring agent
//! (<https://docs.aws.amazon.com/eks/latest/userguide/node-health.html>) should be True, pressures and what the node problem
//! detector reports (<https://github.com/kubernetes/node-problem-detector>) should be False. Others are not known and not
//! judged.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::config::NodeRules;
use shared::model::Condition;

use super::sign::{Sign, Strength};

/// A condition that is known: its name, what it should be, and whether Kubernetes puts a taint of its own on the node.
/// <https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-not-ready>
const KNOWN: &[(&str, &str, bool)] = &[
    ("Ready", "True", true),
    ("MemoryPressure", "False", true),
    ("DiskPressure", "False", true),
    ("PIDPressure", "False", true),
    ("NetworkUnavailable", "False", true),
    ("KernelReady", "True", false),
    ("NetworkingReady", "True", false),
    ("StorageReady", "True", false),
    ("ContainerRuntimeReady", "True", false),
    ("AcceleratedHardwareReady", "True", false),
    ("KernelDeadlock", "False", false),
    ("ReadonlyFilesystem", "False", false),
    ("FrequentKubeletRestart", "False", false),
    ("FrequentContainerdRestart", "False", false),
    ("FrequentUnregisterNetDevice", "False", false),
    ("KubeletUnhealthy", "False", false),
    ("ContainerRuntimeUnhealthy", "False", false),
];

/// Changes of one condition that are remembered.
const MOST_CHANGES: usize = 32;

/// What is remembered of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Turned {
    ill: bool,
    /// When it last changed, as the API says.
    since: Timestamp,
    /// When it changed, oldest first.
    changes: Vec<Timestamp>,
}

/// The conditions of a node that have something to tell.
pub(super) type Conditions = BTreeMap<String, Turned>;

fn known(condition: &Condition) -> Option<(&'static str, bool, bool)> {
    let (name, well, kept_off) = KNOWN.iter().find(|(name, ..)| *name == condition.type_)?;
    Some((name, condition.status != *well, *kept_off))
}

/// Whether any known condition is ill now.
pub(super) fn is_any_ill(conditions: &[Condition]) -> bool {
    conditions.iter().filter_map(known).any(|(_, ill, _)| ill)
}

/// Takes in what conditions say now; returns what is remembered of those that changed within the window or are ill.
pub(super) fn remember(was: &Conditions, now: &[Condition], at: Timestamp, window: SignedDuration) -> Conditions {
    let mut all = Conditions::new();
    for condition in now {
        let Some((name, ill, _)) = known(condition) else { continue };
        let since = condition.last_transition_time.unwrap_or(at).min(at);
        let before = was.get(name);
        let mut changes = before.map(|turned| turned.changes.clone()).unwrap_or_default();
        match before {
            // Changed, once at least.
            Some(turned) if turned.ill != ill => changes.push(since.max(turned.since)),
            // As it was, and yet it changed: away and back between two looks.
            Some(turned) if since > turned.since => {
                changes.extend([turned.since.max(since - SignedDuration::from_secs(1)), since])
            }
            Some(_) => {}
            None if at.duration_since(since) < window => changes.push(since),
            None => {}
        }
        changes.retain(|change| at.duration_since(*change) < window);
        let left_out = changes.len().saturating_sub(MOST_CHANGES);
        changes.drain(..left_out);
        let since = before.map_or(since, |turned| since.max(turned.since));
        if ill || !changes.is_empty() {
            all.insert(name.to_owned(), Turned { ill, since, changes });
        }
    }
    all
}

/// When a condition last changed.
pub(super) fn last_change(conditions: &Conditions) -> Option<Timestamp> {
    conditions.values().filter_map(|turned| turned.changes.last().copied()).max()
}

/// What conditions say of the node.
pub(super) fn signs(remembered: &Conditions, now: &[Condition], at: Timestamp, rules: &NodeRules) -> Vec<Sign> {
    let mut signs = Vec::new();
    for condition in now {
        let Some((name, ill, kept_off)) = known(condition) else { continue };
        let Some(turned) = remembered.get(name) else { continue };
        let changes = u32::try_from(turned.changes.len()).unwrap_or(u32::MAX);
        // Two changes are one failure and its end.
        if changes >= rules.flap_changes.div_ceil(2).max(3) {
            let strength = if changes >= rules.flap_changes { Strength::Strong } else { Strength::Weak };
            let within_minutes = rules.window_minutes;
            signs.push(Sign::Flapping { condition: name.to_owned(), changes, within_minutes, strength });
        }
        let minutes = u32::try_from(at.duration_since(turned.since).as_mins()).unwrap_or(0);
        if ill && minutes >= rules.failing_minutes {
            let (condition, reason) = (name.to_owned(), condition.reason.clone());
            signs.push(Sign::Failing { condition, reason, minutes, kept_off, strength: Strength::Strong });
        }
    }
    signs
}
