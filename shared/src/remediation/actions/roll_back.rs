//! Rolling back: a Deployment gets the template of an earlier revision.
//!
//! What `kubectl rollout undo --to-revision` does. The revision is named by its ReplicaSet as well, since revisions are
//! renumbered when they are gone back to, and a ReplicaSet's name holds the hash of its template.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::object;
use crate::model::{Deployment, Kind, ObjectRef, ReplicaSet};
use crate::remediation::action::Pair;
use crate::remediation::facts::revision_of;
use crate::remediation::request::difference;
use crate::remediation::{BlastRadius, Facts, Request, Undo, Unmet};

/// Give a Deployment the template of an earlier revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    /// The Deployment's namespace.
    pub namespace: String,
    /// The Deployment.
    pub deployment: String,
    /// The revision, as it is numbered when this is proposed.
    pub revision: u64,
    /// Its ReplicaSet.
    pub replica_set: String,
}

/// The ReplicaSet that a Deployment runs now.
fn current<'a>(facts: &'a Facts, deployment: &'a Deployment) -> Option<&'a ReplicaSet> {
    let (namespace, name) = (deployment.metadata.namespace.as_str(), deployment.metadata.name.as_str());
    let revision = revision_of(&deployment.metadata);
    facts.replica_sets(namespace, name).find(|set| revision_of(&set.metadata) == revision)
}

/// The ReplicaSet of the revision before the one that runs now.
fn previous<'a>(facts: &'a Facts, deployment: &'a Deployment) -> Option<&'a ReplicaSet> {
    let (namespace, name) = (deployment.metadata.namespace.as_str(), deployment.metadata.name.as_str());
    let now = revision_of(&deployment.metadata)?;
    let older = facts.replica_sets(namespace, name).filter_map(|set| Some((revision_of(&set.metadata)?, set)));
    older.filter(|(revision, _)| *revision < now).max_by_key(|(revision, _)| *revision).map(|(_, set)| set)
}

/// Whether a rollback goes to the revision right before the one that runs now: for policies.
#[cfg(any(feature = "policy", test))]
pub(in crate::remediation) fn is_previous(action: &RollBack, facts: &Facts) -> bool {
    facts
        .deployment(&action.namespace, &action.deployment)
        .and_then(|deployment| previous(facts, deployment))
        .is_some_and(|set| set.metadata.name == action.replica_set)
}

impl RollBack {
    /// The rollback to the revision before the one that runs now.
    pub fn to_previous(facts: &Facts, namespace: &str, deployment: &str) -> Option<Self> {
        let set = previous(facts, facts.deployment(namespace, deployment)?)?;
        Some(Self {
            namespace: namespace.to_owned(),
            deployment: deployment.to_owned(),
            revision: revision_of(&set.metadata)?,
            replica_set: set.metadata.name.clone(),
        })
    }
}

/// The template as its author wrote it, without the hash that the controller adds.
fn plain_template(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    template
}

impl Pair for RollBack {
    fn name(&self) -> &'static str {
        "roll-back"
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::new(Kind::Deployment, &self.namespace, &self.deployment)
    }

    fn command(&self) -> String {
        let Self { namespace, deployment, revision, .. } = self;
        format!("kubectl -n {namespace} rollout undo deployment/{deployment} --to-revision={revision}")
    }

    fn blast(&self, facts: &Facts) -> BlastRadius {
        let target = self.target();
        BlastRadius::of_rollout(facts, &target, facts.unavailable_at_once(&target))
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let live = object(facts, &self.target())?;
        if live["spec"]["paused"] == true {
            return Err(Unmet::Paused(self.target()));
        }
        let set = facts.revisions.iter().find(|set| set["metadata"]["name"] == self.replica_set.as_str());
        let set = set.ok_or_else(|| Unmet::NoRevision { object: self.target(), revision: self.revision })?;
        let change = difference(&live["spec"]["template"], &plain_template(set));
        let template = change.ok_or_else(|| Unmet::AlreadySo(self.target()))?;
        Ok(vec![Request::Patch {
            object: self.target(),
            subresource: None,
            body: json!({ "spec": { "template": template } }),
        }])
    }

    fn undo(&self, facts: &Facts) -> Undo {
        let Ok(requests) = self.requests(facts) else {
            return Undo::Nothing { why: "there is nothing to change".to_owned() };
        };
        let Some(before) = facts.object.as_ref() else {
            return Undo::Nothing { why: "the template as it was is not known".to_owned() };
        };
        let mut after = before.clone();
        for request in &requests {
            if let Request::Patch { body, .. } = request {
                after = crate::remediation::request::merged(&after, body);
            }
        }
        let back = difference(&after["spec"]["template"], &before["spec"]["template"]).unwrap_or_default();
        let running = facts.deployment(&self.namespace, &self.deployment);
        let running = running.and_then(|deployment| current(facts, deployment));
        let revision = running.and_then(|set| revision_of(&set.metadata)).unwrap_or_default();
        Undo::Requests {
            requests: vec![Request::Patch {
                object: self.target(),
                subresource: None,
                body: json!({ "spec": { "template": back } }),
            }],
            command: Self { revision, ..self.clone() }.command(),
            except: String::new(),
        }
    }
}
