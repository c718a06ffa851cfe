//! Restarting a rollout: all pods of a workload anew, as its strategy allows.
//!
//! What `kubectl rollout restart` does: an annotation on the template. The time in it is part of the action, so that one
//! action restarts once however often it is carried out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::patch;
use crate::model::{Kind, ObjectRef};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Roll all pods of a workload anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartRollout {
    /// A Deployment, StatefulSet or DaemonSet.
    pub workload: ObjectRef,
    /// The restart's name: when it was proposed.
    pub at: Timestamp,
}

impl Pair for RestartRollout {
    fn name(&self) -> &'static str {
        "restart-rollout"
    }

    fn target(&self) -> ObjectRef {
        self.workload.clone()
    }

    fn command(&self) -> String {
        let ObjectRef { kind, namespace, name } = &self.workload;
        format!("kubectl -n {namespace} rollout restart {}/{name}", kind.as_str().to_lowercase())
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        BlastRadius::of_rollout(facts, &self.workload, facts.unavailable_at_once(&self.workload))
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        if !matches!(self.workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) {
            let why = "only Deployments, StatefulSets and DaemonSets roll out".to_owned();
            return Err(Unmet::WrongKind { kind: self.workload.kind.to_string(), why });
        }
        if facts.object.as_ref().is_some_and(|object| object["spec"]["paused"] == true) {
            return Err(Unmet::Paused(self.target()));
        }
        let annotations = json!({ "kubectl.kubernetes.io/restartedAt": self.at.to_string() });
        patch(
            facts,
            self.target(),
            None,
            json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }),
        )
    }

    fn undo(&self, _: &Facts) -> Undo {
        Undo::Nothing { why: "the new pods have the same template as the old ones".to_owned() }
    }
}
