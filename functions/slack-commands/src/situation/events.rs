//! The latest events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The latest events of a place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LatestEvents {
    /// How many there are in all.
    pub count: usize,
    /// The latest, the latest first.
    pub latest: Vec<EventLine>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// When it was last seen.
    pub time: Option<Timestamp>,
    /// Whether it is a warning.
    pub warning: bool,
    /// Why it was written.
    pub reason: String,
    /// The kind of object it is about.
    pub kind: String,
    /// That object's namespace.
    pub namespace: String,
    /// That object.
    pub name: String,
    /// What it says.
    pub message: String,
    /// How often it was seen.
    pub times: i32,
}
