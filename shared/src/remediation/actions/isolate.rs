//! Isolating a node: it is cordoned and tainted at once, and nothing on it is touched, so that what happened there can still be
//! looked at. What goes further (draining it, ending it) is another action, and people's.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cordon::{node, unschedulable};
use super::taint::taints;
use super::{object, patch};
use crate::model::ObjectRef;
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// The taint of a node that is isolated because of a finding.
pub const ISOLATED: &str = "nightshift.io/isolated";

/// The taint of what is cordoned.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Keep new pods off a node, for as long as people look at what happened there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolate {
    /// The node.
    pub node: String,
    /// Its identity: another of the same name is none of the finding's.
    pub uid: String,
    /// The taint's value: what it was isolated for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
}

impl Pair for Isolate {
    fn name(&self) -> &'static str {
        "isolate"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        let equals = if self.value.is_empty() { "" } else { "=" };
        let (node, value) = (&self.node, &self.value);
        format!("kubectl cordon {node} && kubectl taint node {node} {ISOLATED}{equals}{value}:NoSchedule")
    }

    fn blast(&self, _: &Facts) -> BlastRadius {
        BlastRadius::none()
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let live = object(facts, &self.target())?;
        if live["metadata"]["uid"] != self.uid.as_str() {
            return Err(Unmet::Replaced(self.target()));
        }
        let mut after = taints(live);
        let mut taint = json!({ "key": ISOLATED, "effect": "NoSchedule" });
        if !self.value.is_empty() {
            taint["value"] = json!(self.value);
        }
        match after.iter_mut().find(|taint| taint["key"] == ISOLATED && taint["effect"] == "NoSchedule") {
            Some(there) => *there = taint,
            None => after.push(taint),
        }
        // The node controller puts this one on whatever is cordoned; here it comes with the rest, so that the list is as sent.
        if after.iter().all(|taint| taint["key"] != UNSCHEDULABLE) {
            after.push(json!({ "key": UNSCHEDULABLE, "effect": "NoSchedule" }));
        }
        let mut body = unschedulable(true);
        body["spec"]["taints"] = json!(after);
        patch(facts, self.target(), None, body)
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Ok(live) = object(facts, &self.target()) else {
            return Undo::Nothing { why: "the node as it was is not known".to_owned() };
        };
        let (node, was_cordoned) = (&self.node, live["spec"]["unschedulable"] == true);
        let mut body = unschedulable(was_cordoned);
        let before = taints(live);
        body["spec"]["taints"] = if before.is_empty() { Value::Null } else { json!(before) };
        let untaint = format!("kubectl taint node {node} {ISOLATED}:NoSchedule-");
        let command = if was_cordoned { untaint } else { format!("{untaint} && kubectl uncordon {node}") };
        let requests = vec![Request::Patch { object: self.target(), subresource: None, body }];
        Undo::Requests { requests, command, except: String::new() }
    }
}
