//! Where incidents and what belongs to them are.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::{
    incident::{AlarmId, Fingerprint, Incident, IncidentId},
    store::backend::Key,
};

const KEEP_DAYS: i64 = 180;

/// An entry of a list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) fingerprint: Fingerprint,
}

pub(super) fn current(fingerprint: &Fingerprint) -> Key {
    Key::new(format!("incident#{fingerprint}"), "current")
}

/// An incident that another one of its fingerprint has replaced before all of it was shown.
pub(super) fn replaced(fingerprint: &Fingerprint, id: &IncidentId) -> Key {
    Key::new(format!("incident#{fingerprint}"), format!("replaced#{id}"))
}

pub(super) fn alias(fingerprint: &Fingerprint) -> Key {
    Key::new(format!("incident#{fingerprint}"), "alias")
}

pub(super) fn track(cluster: &str, alarm: &AlarmId) -> Key {
    Key::new(format!("alarm#{cluster}#{alarm}"), "track")
}

pub(super) fn open(cluster: &str, fingerprint: &Fingerprint) -> Key {
    Key::new(format!("open#{cluster}"), fingerprint.as_str())
}

pub(super) fn past(incident: &Incident) -> Key {
    Key::new(format!("past#{}", incident.cluster), format!("{:.3}#{}", incident.opened_at, incident.id))
}

pub(super) fn unshown(channel: &str, fingerprint: &Fingerprint) -> Key {
    Key::new("unshown", format!("{channel}#{fingerprint}"))
}

pub(super) fn gathering(cluster: &str, channel: &str) -> Key {
    Key::new(format!("gathering#{cluster}#{channel}"), "gathering")
}

pub(super) fn slot(channel: &str) -> Key {
    Key::new(format!("slot#{channel}"), "slot")
}

pub(super) fn keep(now: Timestamp) -> Option<Timestamp> {
    Some(now + (KEEP_DAYS * 24).hours())
}
