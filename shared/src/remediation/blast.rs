//! What an action would reach.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Facts;
use crate::diagnosis::is_ready;
use crate::model::{Kind, ObjectRef, Pod, PodDisruptionBudget};

/// What an action would reach.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlastRadius {
    /// The largest share of one workload's replicas that is taken away at once, in percent, rounded up. A rolling change
    /// takes away what the workload's strategy lets it; raising a bound takes nothing away.
    pub share_percent: u32,
    /// The same of the pods that serve, that is, are ready: a workload that is down loses nothing by a rollback.
    #[serde(default)]
    pub serving_percent: u32,
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
        let mut by_owner: BTreeMap<ObjectRef, (usize, usize)> = BTreeMap::new();
        for pod in pods {
            radius.budgets(facts, pod);
            radius.volumes(facts, pod);
            if let Some(owner) = facts.owner_of(pod) {
                let (taken, serving) = by_owner.entry(owner).or_default();
                (*taken, *serving) = (*taken + 1, *serving + usize::from(is_ready(pod)));
            }
        }
        for (owner, (taken, serving)) in by_owner {
            if owner.kind == Kind::StatefulSet {
                radius.stateful.push(owner.clone());
            }
            // Without a known count the worst is assumed.
            let replicas = facts.replicas_of(&owner).unwrap_or(taken).max(taken);
            let share = share_percent(taken, replicas);
            let of_serving = share_percent(serving, facts.ready_of(&owner).max(serving));
            radius.serving_percent = radius.serving_percent.max(of_serving);
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
        let ready = facts.ready_of(workload);
        let taken = match workload.kind {
            // A Deployment's controller first takes away what does not serve.
            // https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
            Kind::Deployment => ready.saturating_sub(replicas.saturating_sub(at_once)),
            _ => at_once.min(ready),
        };
        let mut radius = Self {
            pods: pods.len(),
            replicas,
            share_percent: share_percent(at_once.min(replicas), replicas),
            serving_percent: share_percent(taken, ready),
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
        for budget in facts.budgets_over(pod).filter(|budget| !lets_unready_go(budget, pod)) {
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

/// Whether a budget lets a pod that is not ready go, however few are left.
/// <https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy>
fn lets_unready_go(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    let status = &budget.status;
    let is_healthy = status.desired_healthy > 0 && status.current_healthy >= status.desired_healthy;
    !is_ready(pod) && (is_healthy || budget.spec.unhealthy_pod_eviction_policy == "AlwaysAllow")
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
