//! Tainting and untainting a node. Each is the other's undo.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cordon::node;
use super::{object, patch};
use crate::model::{ObjectRef, Pod};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// The taint that Nightshift puts on a node that is ill, and knows again when it is well.
pub const UNHEALTHY: &str = "nightshift.io/unhealthy";

/// Put a taint on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// The node.
    pub node: String,
    /// The taint.
    pub key: String,
    /// Its value; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// Take a taint off a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untaint {
    /// The node.
    pub node: String,
    /// The taint.
    pub key: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

pub(super) fn taints(object: &Value) -> Vec<Value> {
    object["spec"]["taints"].as_array().cloned().unwrap_or_default()
}

fn without(taints: &[Value], key: &str, effect: &str) -> Vec<Value> {
    taints.iter().filter(|taint| taint["key"] != key || taint["effect"] != effect).cloned().collect()
}

/// The list is one value to the API, so a patch carries all of it; that nobody else has changed it meanwhile is what the
/// patch's `resourceVersion` is for.
fn body(taints: Vec<Value>) -> Value {
    json!({ "spec": { "taints": if taints.is_empty() { Value::Null } else { Value::Array(taints) } } })
}

fn back(target: ObjectRef, facts: &Facts, command: String) -> Undo {
    match object(facts, &target) {
        Ok(live) => Undo::Requests {
            requests: vec![Request::Patch { object: target, subresource: None, body: body(taints(live)) }],
            command,
            except: String::new(),
        },
        Err(_) => Undo::Nothing { why: "the taints as they were are not known".to_owned() },
    }
}

impl Pair for Taint {
    fn name(&self) -> &'static str {
        "taint"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        let equals = if self.value.is_empty() { "" } else { "=" };
        format!("kubectl taint node {} {}{equals}{}:{}", self.node, self.key, self.value, self.effect)
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        if self.effect != "NoExecute" {
            return BlastRadius::none();
        }
        let tolerates = |pod: &Pod| {
            pod.spec.tolerations.iter().any(|toleration| {
                let key = toleration.key.is_empty() || toleration.key == self.key;
                let effect = toleration.effect.is_empty() || toleration.effect == self.effect;
                let value = toleration.operator == "Exists" || toleration.value == self.value;
                key && effect && value
            })
        };
        let pods: Vec<&Pod> = facts.pods_on(&self.node).filter(|pod| !tolerates(pod)).collect();
        BlastRadius::of_pods(facts, &pods)
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        if !matches!(self.effect.as_str(), "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return Err(Unmet::OutOfBounds(format!("{} is no effect of a taint", self.effect)));
        }
        let mut after = without(&taints(object(facts, &self.target())?), &self.key, &self.effect);
        let mut taint = json!({ "key": self.key, "effect": self.effect });
        if !self.value.is_empty() {
            taint["value"] = json!(self.value);
        }
        after.push(taint);
        patch(facts, self.target(), None, body(after))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Self { node, key, effect, .. } = self.clone();
        let command = Untaint { node, key, effect }.command();
        back(self.target(), facts, command)
    }
}

impl Pair for Untaint {
    fn name(&self) -> &'static str {
        "untaint"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        format!("kubectl taint node {} {}:{}-", self.node, self.key, self.effect)
    }

    fn blast(&self, _: &Facts) -> BlastRadius {
        BlastRadius::none()
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let after = without(&taints(object(facts, &self.target())?), &self.key, &self.effect);
        patch(facts, self.target(), None, body(after))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let was = facts.object.as_ref().map(taints).unwrap_or_default();
        let was = was.iter().find(|taint| taint["key"] == self.key.as_str() && taint["effect"] == self.effect.as_str());
        let value = was.and_then(|taint| taint["value"].as_str()).unwrap_or_default().to_owned();
        let Self { node, key, effect } = self.clone();
        let command = Taint { node, key, value, effect }.command();
        back(self.target(), facts, command)
    }
}
