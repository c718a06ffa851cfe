//! Restarting a pod: it is evicted, and its controller makes a new one.
//!
//! Eviction rather than deletion, since it asks disruption budgets; with the pod's uid as its precondition, so that the new
//! pod of a StatefulSet, which has the same name, is never evicted for the old one's sake.

use serde::{Deserialize, Serialize};

use super::object;
use crate::model::{Kind, ObjectRef};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Evict one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub pod: String,
    /// Its identity.
    pub uid: String,
}

impl Pair for RestartPod {
    fn name(&self) -> &'static str {
        "restart-pod"
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::new(Kind::Pod, &self.namespace, &self.pod)
    }

    fn command(&self) -> String {
        format!("kubectl -n {} delete pod {}", self.namespace, self.pod)
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let pod = facts.snapshot.pods.get(&self.namespace, &self.pod);
        BlastRadius::of_pods(facts, pod.as_slice())
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let live = object(facts, &self.target())?;
        if live["metadata"]["uid"] != self.uid.as_str() {
            return Err(Unmet::Replaced(self.target()));
        }
        let owners = live["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !owners.iter().any(|owner| owner["controller"] == true) {
            return Err(Unmet::Unowned(self.target()));
        }
        Ok(vec![Request::Evict { pod: self.target(), uid: self.uid.clone() }])
    }

    fn undo(&self, _: &Facts) -> Undo {
        Undo::Nothing { why: "the controller has made a new pod of the same template".to_owned() }
    }
}
