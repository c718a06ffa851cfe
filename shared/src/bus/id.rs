//! What makes a request the same request again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The identity of an event: the same whenever the same is asked again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// An id that its sender gave.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// An id made of `parts`, each with its length, so that no two lists of parts read the same.
    ///
    /// ```
    /// use shared::bus::EventId;
    /// let id = EventId::of("cmd", &[b"token=x&command=%2Fhealth"]);
    /// assert_eq!(id, EventId::of("cmd", &[b"token=x&command=%2Fhealth"]));
    /// assert!(id.as_str().starts_with("cmd-"));
    /// ```
    pub fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(format!("{kind}-{}", hex::encode(&hash.finalize()[..16])))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
