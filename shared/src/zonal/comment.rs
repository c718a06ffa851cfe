//! How a shift is known to be ours: by its comment, the only field of it that is free.

use std::fmt;

use jiff::Timestamp;

/// A comment of ours: `nightshift CLUSTER since TIME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The cluster it was begun for: two clusters may stand behind one load balancer.
    pub cluster: String,
    /// Since when the zone is to be left.
    pub since: Timestamp,
}

impl Comment {
    /// Reads a comment; `None` where it is somebody else's.
    pub fn parse(text: &str) -> Option<Self> {
        let (cluster, since) = text.strip_prefix("nightshift ")?.split_once(" since ")?;
        Some(Self { cluster: cluster.to_owned(), since: since.parse().ok()? })
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nightshift {} since {}", self.cluster, self.since)
    }
}
