//! What makes two alarms the same incident.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alarm::AlarmId;
use crate::{diagnosis::CauseId, model::ObjectRef};

/// The identity of what is wrong: stable over time, restarts and versions, and never made of a model's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a cause: the cluster, the object that must be changed, and the cause's identifier.
    ///
    /// ```
    /// use shared::{diagnosis::CauseId, incident::Fingerprint, model::{Kind, ObjectRef}};
    /// let api = ObjectRef::new(Kind::Deployment, "payments", "api");
    /// let fingerprint = Fingerprint::of_cause("prod-eks", &api, &CauseId::new("bad-rollout"));
    /// assert_eq!(fingerprint, Fingerprint::of_cause("prod-eks", &api, &CauseId::new("bad-rollout")));
    /// assert!(fingerprint.as_str().starts_with("c-"));
    /// ```
    pub fn of_cause(cluster: &str, object: &ObjectRef, cause: &CauseId) -> Self {
        Self::of("c", &[cluster, object.kind.as_str(), &object.namespace, &object.name, cause.as_str()])
    }

    /// Of an alarm whose cause is not known.
    pub fn of_alarm(cluster: &str, alarm: &AlarmId) -> Self {
        Self::of("a", &[cluster, &alarm.0])
    }

    /// As text: letters, digits and hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(kind: &str, parts: &[&str]) -> Self {
        Self(format!("{kind}-{}", digest(parts)))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Eighty bits of a hash over parts, each with its length, so that no two lists of parts read the same.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn cluster_object_and_cause_each_make_a_difference_and_nothing_else_does() {
        let api = ObjectRef::new(Kind::Deployment, "payments", "api");
        let same = Fingerprint::of_cause("prod", &api, &CauseId::new("oom-killed"));
        assert_eq!(same, Fingerprint::of_cause("prod", &api.clone(), &CauseId::new("oom-killed")));
        for other in [
            Fingerprint::of_cause("stage", &api, &CauseId::new("oom-killed")),
            Fingerprint::of_cause(
                "prod",
                &ObjectRef::new(Kind::StatefulSet, "payments", "api"),
                &CauseId::new("oom-killed"),
            ),
            Fingerprint::of_cause(
                "prod",
                &ObjectRef::new(Kind::Deployment, "paymentsa", "pi"),
                &CauseId::new("oom-killed"),
            ),
            Fingerprint::of_cause("prod", &api, &CauseId::new("memory-leak")),
        ] {
            assert_ne!(same, other);
        }
    }
}
