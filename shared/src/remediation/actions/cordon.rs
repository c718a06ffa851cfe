//! Cordoning and uncordoning: whether a node takes new pods. Each is the other's undo.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::patch;
use crate::model::{Kind, ObjectRef};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Keep new pods off a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cordon {
    /// The node.
    pub node: String,
}

/// Allow new pods on a node again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncordon {
    /// The node.
    pub node: String,
}

pub(super) fn node(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::Node, "", name)
}

/// Absent is how the API writes false.
pub(super) fn unschedulable(is: bool) -> Value {
    json!({ "spec": { "unschedulable": if is { Value::Bool(true) } else { Value::Null } } })
}

fn set_back(node: ObjectRef, is: bool, command: String) -> Undo {
    let requests = vec![Request::Patch { object: node, subresource: None, body: unschedulable(is) }];
    Undo::Requests { requests, command, except: String::new() }
}

impl Pair for Cordon {
    fn name(&self) -> &'static str {
        "cordon"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        format!("kubectl cordon {}", self.node)
    }

    fn blast(&self, _: &Facts) -> BlastRadius {
        BlastRadius::none()
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        patch(facts, self.target(), None, unschedulable(true))
    }

    fn undo(&self, _: &Facts) -> Undo {
        set_back(self.target(), false, Uncordon { node: self.node.clone() }.command())
    }
}

impl Pair for Uncordon {
    fn name(&self) -> &'static str {
        "uncordon"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        format!("kubectl uncordon {}", self.node)
    }

    fn blast(&self, _: &Facts) -> BlastRadius {
        BlastRadius::none()
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        patch(facts, self.target(), None, unschedulable(false))
    }

    fn undo(&self, _: &Facts) -> Undo {
        set_back(self.target(), true, Cordon { node: self.node.clone() }.command())
    }
}
