//! Adjusting an autoscaler's bounds, by at most half of what they are.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{object, patch};
use crate::model::{Kind, ObjectRef};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// How far a bound may be moved at once, in percent.
const AT_MOST_PERCENT: u64 = 50;

/// Change an autoscaler's bounds. A bound that is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustHpa {
    /// The autoscaler's namespace.
    pub namespace: String,
    /// The autoscaler.
    pub autoscaler: String,
    /// The lower bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// The bounds an autoscaler has.
fn bounds(object: &Value) -> (u64, u64) {
    let spec = &object["spec"];
    (spec["minReplicas"].as_u64().unwrap_or(1), spec["maxReplicas"].as_u64().unwrap_or(1))
}

/// By how many percent a bound changes, rounded up.
fn percent(from: u64, to: Option<u32>) -> u64 {
    let to = to.map_or(from, u64::from);
    (from.abs_diff(to) * 100).div_ceil(from.max(1))
}

impl AdjustHpa {
    /// By how many percent the bound changes that changes most; `None` where the autoscaler is not known. For
    /// policies.
    #[cfg(any(feature = "policy", test))]
    pub(in crate::remediation) fn change_percent(&self, facts: &Facts) -> Option<u64> {
        let autoscaler = facts.snapshot.autoscalers.get(&self.namespace, &self.autoscaler)?;
        let least = u64::try_from(autoscaler.spec.min_replicas.unwrap_or(1)).unwrap_or(1);
        let most = u64::try_from(autoscaler.spec.max_replicas).unwrap_or(1);
        Some(percent(least, self.min).max(percent(most, self.max)))
    }

    fn workload(&self, facts: &Facts) -> Option<ObjectRef> {
        let target = &facts.snapshot.autoscalers.get(&self.namespace, &self.autoscaler)?.spec.scale_target_ref;
        Some(ObjectRef::new(Kind::parse(&target.kind)?, &self.namespace, &target.name))
    }

    fn body(min: Option<u64>, max: Option<u64>) -> Value {
        let mut spec = json!({});
        if let Some(min) = min {
            spec["minReplicas"] = json!(min);
        }
        if let Some(max) = max {
            spec["maxReplicas"] = json!(max);
        }
        json!({ "spec": spec })
    }

    fn text(&self, min: Option<u64>, max: Option<u64>) -> String {
        let body = Self::body(min, max);
        format!("kubectl -n {} patch hpa {} --type=merge -p '{body}'", self.namespace, self.autoscaler)
    }
}

impl Pair for AdjustHpa {
    fn name(&self) -> &'static str {
        "adjust-hpa"
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::new(Kind::HorizontalPodAutoscaler, &self.namespace, &self.autoscaler)
    }

    fn command(&self) -> String {
        self.text(self.min.map(u64::from), self.max.map(u64::from))
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let Some(workload) = self.workload(facts) else { return BlastRadius::none() };
        let replicas = facts.replicas_of(&workload).unwrap_or_default();
        // A lower upper bound takes away what is above it; anything else only adds.
        let fewer = self.max.map_or(0, |max| replicas.saturating_sub(max as usize));
        BlastRadius { pods: fewer, ..BlastRadius::of_rollout(facts, &workload, fewer) }
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let (least, most) = bounds(object(facts, &self.target())?);
        let (min, max) = (self.min.map_or(least, u64::from), self.max.map_or(most, u64::from));
        if min < 1 || min > max {
            return Err(Unmet::OutOfBounds(format!("minReplicas {min} and maxReplicas {max} are no bounds")));
        }
        for (word, from, to) in [("minReplicas", least, self.min), ("maxReplicas", most, self.max)] {
            if percent(from, to) > AT_MOST_PERCENT {
                let to = to.unwrap_or_default();
                return Err(Unmet::OutOfBounds(format!("{word} from {from} to {to} is more than half at once")));
            }
        }
        patch(facts, self.target(), None, Self::body(self.min.map(u64::from), self.max.map(u64::from)))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Ok(live) = object(facts, &self.target()) else {
            return Undo::Nothing { why: "the bounds as they were are not known".to_owned() };
        };
        let (least, most) = bounds(live);
        let (min, max) = (self.min.map(|_| least), self.max.map(|_| most));
        Undo::Requests {
            requests: vec![Request::Patch { object: self.target(), subresource: None, body: Self::body(min, max) }],
            command: self.text(min, max),
            except: String::new(),
        }
    }
}
