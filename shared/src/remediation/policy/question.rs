//! What a policy is asked: the action, the object, and all that is known about what the one would do to the other.

use serde_json::{Value, json};

use crate::model::{Kind, ObjectRef, Pod};
use crate::remediation::actions::is_previous;
use crate::remediation::{Action, Facts};

/// One question. Its fields are the schema's attributes; see `infra/policies/nightshift.cedarschema`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The action's name.
    pub action: String,
    /// The object.
    pub object: ObjectRef,
    /// `production`, `staging` or `development`.
    pub environment: String,
    /// Whether the settings let low-risk actions run by themselves there.
    pub automation: bool,
    /// Whether the settings say that nothing is done there.
    pub restricted: bool,
    /// The action in kubectl's words.
    pub command: String,
    /// The largest share of a workload's replicas taken away at once, in percent.
    pub share_percent: u32,
    /// Pods that go or are replaced.
    pub pods: usize,
    /// Whether a StatefulSet is reached.
    pub stateful: bool,
    /// Whether data may be lost.
    pub data_loss: bool,
    /// Pods that disruption budgets let go now; -1 where there is no budget.
    pub headroom: i64,
    /// Whether the pod is in CrashLoopBackOff.
    pub crash_loop: bool,
    /// How often its container has restarted.
    pub restarts: i64,
    /// Whether a rollback goes to the revision right before.
    pub to_previous: bool,
    /// By how many percent a bound changes; -1 where it is not known.
    pub change_percent: i64,
    /// Whether the node is short of memory or disk.
    pub pressure: bool,
    /// Whether the other zones can carry what a zonal shift takes away.
    pub carried: bool,
    /// Whether a rollout is on its way, which may be the cause.
    pub rollout: bool,
    /// Whether the settings let exactly this run by itself: a mark of ours on a node, or its isolation.
    pub mandate: bool,
    /// Whether the node, or the pod's node, is isolated because of a finding.
    pub evidence: bool,
    /// How sure the cause is, in percent.
    pub confidence: u32,
}

impl Question {
    /// The question about an action.
    pub fn of(action: &Action, facts: &Facts) -> Self {
        let (object, blast) = (action.target(), action.blast(facts));
        let pod = match action {
            Action::RestartPod(restart) => facts.snapshot.pods.get(&restart.namespace, &restart.pod),
            _ => None,
        };
        // A pod belongs to its workload: what is true of a StatefulSet is true of its pods.
        let owner = pod.and_then(|pod| facts.owner_of(pod));
        let stateful = |object: &ObjectRef| object.kind == Kind::StatefulSet;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100")]
        let confidence = (facts.confidence.clamp(0.0, 1.0) * 100.0).floor() as u32;
        Self {
            action: action.name().to_owned(),
            environment: facts.rules.environment.as_str().to_owned(),
            automation: facts.rules.automation,
            restricted: facts.rules.restricted,
            command: action.command(),
            share_percent: blast.share_percent,
            pods: blast.pods,
            stateful: !blast.stateful.is_empty() || stateful(&object) || owner.as_ref().is_some_and(stateful),
            data_loss: !blast.data_at_risk.is_empty(),
            headroom: blast.headroom.map_or(-1, |headroom| headroom.allowed.into()),
            crash_loop: pod.is_some_and(is_crash_looping),
            restarts: pod.map_or(0, restarts),
            to_previous: matches!(action, Action::RollBack(roll_back) if is_previous(roll_back, facts)),
            change_percent: match action {
                Action::AdjustHpa(adjust) => {
                    adjust.change_percent(facts).map_or(-1, |percent| i64::try_from(percent).unwrap_or(i64::MAX))
                }
                _ => 0,
            },
            mandate: facts.rules.mandate,
            evidence: match object.kind {
                Kind::Node => facts.is_isolated(&object.name),
                _ => pod.is_some_and(|pod| facts.is_isolated(&pod.spec.node_name)),
            },
            pressure: object.kind == Kind::Node && is_under_pressure(facts, &object.name),
            carried: matches!(action, Action::ZonalShift(shift) if shift.room(facts).is_ok_and(|room| room.carries())),
            rollout: matches!(action, Action::ZonalShift(shift) if shift.rollout(facts).is_some()),
            confidence,
            object,
        }
    }

    /// The resource's name in Cedar: `Deployment shop/api`.
    pub(super) fn resource(&self) -> String {
        self.object.to_string()
    }

    pub(super) fn entities(&self) -> Value {
        json!([{
            "uid": { "type": "Nightshift::Object", "id": self.resource() },
            "attrs": {
                "kind": self.object.kind.as_str(), "namespace": self.object.namespace, "name": self.object.name,
                "environment": self.environment, "automation": self.automation, "restricted": self.restricted,
            },
            "parents": [],
        }])
    }

    pub(super) fn context(&self) -> Value {
        json!({
            "command": self.command, "sharePercent": self.share_percent, "pods": self.pods, "stateful": self.stateful,
            "dataLoss": self.data_loss, "headroom": self.headroom, "crashLoop": self.crash_loop, "restarts": self.restarts,
            "toPrevious": self.to_previous, "changePercent": self.change_percent, "pressure": self.pressure,
            "carried": self.carried, "rollout": self.rollout, "confidence": self.confidence,
            "mandate": self.mandate, "evidence": self.evidence,
        })
    }
}

fn is_crash_looping(pod: &Pod) -> bool {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    statuses.filter_map(|status| status.state.waiting.as_ref()).any(|waiting| waiting.reason == "CrashLoopBackOff")
}

/// Restarts of the container that restarted most.
fn restarts(pod: &Pod) -> i64 {
    let statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    statuses.map(|status| i64::from(status.restart_count)).max().unwrap_or(0)
}

fn is_under_pressure(facts: &Facts, node: &str) -> bool {
    facts.snapshot.nodes.get("", node).is_some_and(|node| {
        let pressed = |name: &str| matches!(name, "MemoryPressure" | "DiskPressure");
        node.status.conditions.iter().any(|condition| pressed(&condition.type_) && condition.status == "True")
    })
}
