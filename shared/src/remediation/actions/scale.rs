//! Scaling: another number of replicas, by the scale subresource. Never under an autoscaler, which would set it back.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{object, patch};
use crate::model::{Kind, ObjectRef};
use crate::remediation::action::Pair;
use crate::remediation::{BlastRadius, Facts, Request, Subresource, Undo, Unmet};

/// Change a workload's number of replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// A Deployment or StatefulSet.
    pub workload: ObjectRef,
    /// How many there shall be.
    pub replicas: u32,
}

impl Scale {
    fn body(replicas: u64) -> serde_json::Value {
        json!({ "spec": { "replicas": replicas } })
    }
}

impl Pair for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn target(&self) -> ObjectRef {
        self.workload.clone()
    }

    fn command(&self) -> String {
        let ObjectRef { kind, namespace, name } = &self.workload;
        let kind = kind.as_str().to_lowercase();
        format!("kubectl -n {namespace} scale {kind}/{name} --replicas={}", self.replicas)
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let replicas = facts.replicas_of(&self.workload).unwrap_or_default();
        let fewer = replicas.saturating_sub(self.replicas as usize);
        let radius = BlastRadius::of_rollout(facts, &self.workload, fewer);
        BlastRadius { pods: fewer, ..radius }
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        if !matches!(self.workload.kind, Kind::Deployment | Kind::StatefulSet) {
            let why = "only Deployments and StatefulSets are scaled".to_owned();
            return Err(Unmet::WrongKind { kind: self.workload.kind.to_string(), why });
        }
        if !facts.snapshot.autoscalers.covers(&self.workload.namespace) {
            return Err(Unmet::Unread(format!("the autoscalers of namespace {}", self.workload.namespace)));
        }
        if let Some(autoscaler) = facts.autoscaler_of(&self.workload) {
            let autoscaler = autoscaler.metadata.name.clone();
            return Err(Unmet::UnderAutoscaler { object: self.target(), autoscaler });
        }
        patch(facts, self.target(), Some(Subresource::Scale), Self::body(self.replicas.into()))
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let before = object(facts, &self.workload).ok().and_then(|object| object["spec"]["replicas"].as_u64());
        let before = before.unwrap_or(1);
        let replicas = u32::try_from(before).unwrap_or(u32::MAX);
        Undo::Requests {
            requests: vec![Request::Patch {
                object: self.target(),
                subresource: Some(Subresource::Scale),
                body: Self::body(before),
            }],
            command: Self { replicas, ..self.clone() }.command(),
            except: String::new(),
        }
    }
}
