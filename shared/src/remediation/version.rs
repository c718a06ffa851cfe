//! Which version of an object an approval was given for.
//!
//! `resourceVersion` counts every write, those of status as well: a crash-looping Deployment has a new one every few
//! seconds, and an approval bound to it alone would never outlive the thumb on its way to the button. So an approval holds
//! for the `resourceVersion` it was given for, and for later ones of the same object that differ by status only; whatever
//! else has changed asks again. The change itself is sent with the `resourceVersion` read last, so that the API server
//! refuses it where anything at all has changed since.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// The object's identity.
    pub uid: String,
    /// The version that optimistic locking compares.
    pub resource_version: String,
    /// The hash of everything but status and bookkeeping.
    pub substance: String,
}

impl ObjectVersion {
    /// The version of an object as the API gave it.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        let mut substance = object.clone();
        if let Some(fields) = substance.as_object_mut() {
            fields.remove("status");
            fields.remove("metadata");
        }
        let kept = [&metadata["labels"], &metadata["annotations"], &metadata["deletionTimestamp"]];
        let bytes = serde_json::to_vec(&(substance, kept)).unwrap_or_default();
        Self {
            uid: text(&metadata["uid"]),
            resource_version: text(&metadata["resourceVersion"]),
            substance: hex::encode(Sha256::digest(bytes)),
        }
    }

    /// Whether an approval for this version holds for `now`.
    pub fn covers(&self, now: &Self) -> bool {
        self.uid == now.uid && (self.resource_version == now.resource_version || self.substance == now.substance)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_not_status_asks_again() {
        let object = json!({
            "metadata": { "uid": "u1", "resourceVersion": "7", "labels": { "app": "api" } },
            "spec": { "replicas": 3 }, "status": { "readyReplicas": 3 },
        });
        let approved = ObjectVersion::of(&object);
        let changed = |pointer: &str, value: Value| {
            let mut later = object.clone();
            later["metadata"]["resourceVersion"] = json!("9");
            *later.pointer_mut(pointer).unwrap() = value;
            ObjectVersion::of(&later)
        };
        assert!(approved.covers(&changed("/status/readyReplicas", json!(0))));
        assert!(!approved.covers(&changed("/spec/replicas", json!(4))));
        assert!(!approved.covers(&changed("/metadata/labels/app", json!("web"))));
        assert!(!approved.covers(&changed("/metadata/uid", json!("u2"))));
    }
}
