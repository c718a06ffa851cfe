//! Incidents: fingerprints, joining, storms, resolution.
//!
//! Alarms arrive at least once, in any order, at any time, a thousand a minute. What people want is one thread an
//! incident. The way there:
//!
//! - Each alarm has a [`Track`]: the latest state seen, by the time at which the alarm changed and not by the time of
//!   arrival, and how far its firings are covered by incidents. From it follows what an observation means ([`Step`]):
//!   nothing new, firing, cleared, or noted.
//! - A firing alarm joins the open incident of its [`Fingerprint`] or opens one. The fingerprint is made of cluster,
//!   object and cause; before a cause is known, of the alarm, and alarms without a known cause that fire within a minute of
//!   each other share one incident.
//! - An [`Incident`] holds all its alarms and is over when each of them is OK. Missing data is not health.
//! - A new firing after the end opens a new incident, which points to the one before: a resolved incident swallows nothing.
//!   A firing that arrives after its own end was seen is told as one that is over.
//! - What people see follows the incident's revision: every change raises it, and the thread's first message is brought up
//!   to the latest revision at most once a second and channel ([`Slot`]), however many changes there were.
//!
//! All this is pure and kept by [`crate::store`]; `publish` (feature `slack`) shows it.

mod alarm;
mod fingerprint;
#[cfg(feature = "slack")]
pub mod publish;
mod record;
mod slot;

pub use alarm::{AlarmId, Observation, Signal, Step, Track};
pub use fingerprint::Fingerprint;
#[cfg(feature = "remediation")]
pub(crate) use fingerprint::digest;
pub use record::{
    Change, Happening, Incident, IncidentId, Member, NewIncident, Previous, Status, Thread, TicketLink, What,
};
pub use slot::Slot;
