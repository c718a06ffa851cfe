//! Draining: a node is cordoned, then its pods are evicted one after the other.
//!
//! Which pods is settled when the drain is judged, by uid: what is placed there later was placed by somebody who wanted it.
//! Pods of DaemonSets stay, as their controller would put them back; a pod without a controller would not come back, so the
//! node is not drained at all. An eviction that a disruption budget refuses is tried again while the drain is watched, and
//! reported as stuck when it does not get through.

use serde::{Deserialize, Serialize};

use super::cordon::{Cordon, Uncordon, node, unschedulable};
use super::object;
use crate::model::{Kind, Object, ObjectRef, Pod};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Keep new pods off a node and evict those that can move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// The node.
    pub node: String,
}

impl Drain {
    /// The pods that have to go: all but those of DaemonSets and static pods.
    fn leaving<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Pod> {
        facts.pods_on(&self.node).filter(|pod| {
            let controller = pod.metadata.controller().map(|owner| owner.kind.as_str());
            let is_static = pod.metadata.annotations.contains_key("kubernetes.io/config.mirror");
            controller != Some("DaemonSet") && !is_static
        })
    }
}

impl Pair for Drain {
    fn name(&self) -> &'static str {
        "drain"
    }

    fn target(&self) -> ObjectRef {
        node(&self.node)
    }

    fn command(&self) -> String {
        format!("kubectl drain {} --ignore-daemonsets", self.node)
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let pods: Vec<&Pod> = self.leaving(facts).collect();
        BlastRadius::of_pods(facts, &pods)
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let live = object(facts, &self.target())?;
        if facts.snapshot.pods.scope != crate::snapshot::Scope::All {
            return Err(Unmet::Unread(format!("the pods of node {}", self.node)));
        }
        let cordon = Request::Patch { object: self.target(), subresource: None, body: unschedulable(true) };
        let mut requests: Vec<Request> = Some(cordon).filter(|cordon| !cordon.holds(Some(live))).into_iter().collect();
        for pod in self.leaving(facts) {
            let reference = ObjectRef::new(Kind::Pod, pod.namespace(), pod.name());
            if pod.metadata.controller().is_none() {
                return Err(Unmet::Unowned(reference));
            }
            requests.push(Request::Evict { pod: reference, uid: pod.metadata.uid.clone() });
        }
        if requests.is_empty() { Err(Unmet::AlreadySo(self.target())) } else { Ok(requests) }
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let was_cordoned = facts.object.as_ref().is_some_and(|object| object["spec"]["unschedulable"] == true);
        if was_cordoned {
            return Undo::Nothing { why: "the node was cordoned before, and evicted pods run elsewhere".to_owned() };
        }
        let Undo::Requests { requests, .. } = (Cordon { node: self.node.clone() }).undo(facts) else {
            return Undo::Nothing { why: "the node as it was is not known".to_owned() };
        };
        let command = Uncordon { node: self.node.clone() }.command();
        Undo::Requests { requests, command, except: "evicted pods stay where they run by then".to_owned() }
    }
}
