//! A Karpenter NodePool's limits: what it may grow to. Unlike its requirements they replace no node when they change.
//! <https://karpenter.sh/docs/concepts/nodepools/#speclimits>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{object, patch};
use crate::model::{Kind, ObjectRef, Quantity};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Change what a NodePool may grow to. What is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePoolLimits {
    /// The pool.
    pub pool: String,
    /// Limits: `cpu`, `memory`, `nodes`.
    pub limits: BTreeMap<String, Quantity>,
}

impl NodePoolLimits {
    fn body(limits: &Value) -> Value {
        json!({ "spec": { "limits": limits } })
    }
}

impl Pair for NodePoolLimits {
    fn name(&self) -> &'static str {
        "set-node-pool-limits"
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::new(Kind::NodePool, "", &self.pool)
    }

    fn command(&self) -> String {
        format!("kubectl patch nodepool {} --type=merge -p '{}'", self.pool, Self::body(&json!(self.limits)))
    }

    fn blast(&self, _: &Facts) -> BlastRadius {
        // Limits stop growth; no node is taken away by them.
        BlastRadius::none()
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        if let Some((name, amount)) = self.limits.iter().find(|(_, amount)| amount.value().is_none_or(|it| it < 0.0)) {
            return Err(Unmet::OutOfBounds(format!("{name}: {amount} is no limit")));
        }
        patch(facts, self.target(), None, Self::body(&json!(self.limits)))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Ok(live) = object(facts, &self.target()) else {
            return Undo::Nothing { why: "the limits as they were are not known".to_owned() };
        };
        let was = &live["spec"]["limits"];
        let limits: serde_json::Map<String, Value> =
            self.limits.keys().map(|name| (name.clone(), was[name].clone())).collect();
        let body = Self::body(&Value::Object(limits));
        let command = format!("kubectl patch nodepool {} --type=merge -p '{body}'", self.pool);
        let requests = vec![Request::Patch { object: self.target(), subresource: None, body }];
        Undo::Requests { requests, command, except: String::new() }
    }
}
