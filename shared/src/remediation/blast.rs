//! What an action would reach.

use serde::{Deserialize, Serialize};

use super::Facts;
use crate::model::{Kind, ObjectRef, Pod};

/// What an action would reach.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlastRadius {
    /// The largest share of one workload's replicas that is taken away at once, in percent, rounded up. A rolling change
    /// takes away what the workload's strategy lets it; raising a bound takes nothing away.
    pub share_percent: u32,
    /// Pods that go, or are replaced.
    pub pods: usize,
    /// Replicas of the workload that is reached most.
    pub replicas: usize,
    /// StatefulSets among the workloads reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stateful: Vec<ObjectRef>,
    /// The tightest disruption budget over the pods reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Headroom>,
    /// What data may be lost, and where; empty where none is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_at_risk: Vec<String>,
}

/// How many pods a disruption budget lets go now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headroom {
    /// The budget, `namespace/name`.
    pub budget: String,
    /// How many may go.
    pub allowed: i32,
}

impl BlastRadius {
    /// What a change of one object reaches that replaces no pod.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// What it reaches to take these pods away.
    pub(super) fn of_pods(facts: &Facts, pods: &[&Pod]) -> Self {
        let mut radius = Self { pods: pods.len(), ..Self::default() };
        let mut by_owner: std::collections::BTreeMap<ObjectRef, usize> = std::collections::BTreeMap::new();
        for pod in pods {
            radius.budgets(facts, pod);
            radius.volumes(facts, pod);
            if let Some(owner) = facts.owner_of(pod) {
                *by_owner.entry(owner).or_default() += 1;
            }
        }
        for (owner, taken) in by_owner {
            if owner.kind == Kind::StatefulSet {
                radius.stateful.push(owner.clone());
            }
            // Without a known count the worst is assumed.
            let replicas = facts.replicas_of(&owner).unwrap_or(taken).max(taken);
            let share = share_percent(taken, replicas);
            if share >= radius.share_percent {
                (radius.share_percent, radius.replicas) = (share, replicas);
            }
        }
        radius
    }

    /// What it reaches to replace all pods of a workload, `at_once` of them at a time.
    pub(super) fn of_rollout(facts: &Facts, workload: &ObjectRef, at_once: usize) -> Self {
        let pods: Vec<&Pod> = facts.pods_of(workload).collect();
        let replicas = facts.replicas_of(workload).unwrap_or(pods.len());
        let mut radius = Self {
            pods: pods.len(),
            replicas,
            share_percent: share_percent(at_once.min(replicas), replicas),
            stateful: Some(workload.clone()).filter(|it| it.kind == Kind::StatefulSet).into_iter().collect(),
            ..Self::default()
        };
        // What a rollout replaces, every rollout has replaced: its pods keep nothing that matters on their nodes.
        for pod in pods {
            radius.budgets(facts, pod);
        }
        radius
    }

    fn budgets(&mut self, facts: &Facts, pod: &Pod) {
        for budget in facts.budgets_over(pod) {
            let found = Headroom {
                budget: format!("{}/{}", budget.metadata.namespace, budget.metadata.name),
                allowed: budget.status.disruptions_allowed,
            };
            if self.headroom.as_ref().is_none_or(|tightest| found.allowed < tightest.allowed) {
                self.headroom = Some(found);
            }
        }
    }

    fn volumes(&mut self, facts: &Facts, pod: &Pod) {
        for volume in &pod.spec.volumes {
            // A memory-backed or scratch volume goes with its pod; what only caches or unpacks into one loses nothing, but
            // nothing here tells the two apart.
            let kind = match (&volume.empty_dir, &volume.host_path) {
                (Some(_), _) => "emptyDir",
                (_, Some(_)) if facts.owner_of(pod).is_none_or(|owner| owner.kind != Kind::DaemonSet) => "hostPath",
                _ => continue,
            };
            self.data_at_risk.push(format!("{kind} {} of {}", volume.name, pod.metadata.name));
        }
    }
}

/// `part` of `whole` in percent, rounded up: a share just above a limit counts as above it.
pub(super) fn share_percent(part: usize, whole: usize) -> u32 {
    match whole {
        0 => 0,
        whole => u32::try_from((part * 100).div_ceil(whole)).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_just_above_half_is_above_half() {
        assert_eq!(share_percent(1, 2), 50);
        assert_eq!(share_percent(501, 1000), 51);
        assert_eq!(share_percent(0, 0), 0);
        assert_eq!(share_percent(3, 3), 100);
    }
}
