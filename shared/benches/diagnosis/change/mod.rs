//! The same incident as it would look on another cluster, recorded by other means, or read with parts missing.
//!
//! A right answer that a change loses shows a rule that knows these recordings rather than the failure, or evidence without
//! which nobody could tell. Every change is deterministic: its chance comes from the incident's name.

mod database;
mod format;
mod kubelet;
mod neighbours;
mod number;
mod order;
pub(crate) mod rename;
mod without;
mod wording;

use crate::{incident::Incident, random::Random};

/// One way to change an incident.
pub(crate) struct Change {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// The changed incident; `None` where there is nothing to change.
    pub(crate) make: fn(&Incident, &mut Random) -> Option<Incident>,
}

/// All of them, in the order of the table.
pub(crate) const CHANGES: &[Change] = &[
    Change { name: "other names", make: rename::names },
    Change { name: "other pod hashes", make: rename::hashes },
    Change { name: "lists in another order", make: order::shuffled },
    Change { name: "other ports and container names", make: number::changed },
    Change { name: "healthy neighbours and old noise", make: neighbours::added },
    Change { name: "read ten minutes later", make: without::ten_minutes_later },
    Change { name: "errors of other stacks", make: wording::other_stack },
    Change { name: "errors of yet other stacks", make: wording::third_stack },
    Change { name: "errors in other languages", make: wording::other_language },
    Change { name: "another database", make: database::postgres },
    Change { name: "messages of CRI-O and old kubelets", make: kubelet::cri_o },
    Change { name: "messages of Docker and new schedulers", make: kubelet::docker },
    Change { name: "logs in JSON", make: format::json },
    Change { name: "logs in logfmt", make: format::logfmt },
    Change { name: "logs of klog", make: format::klog },
    Change { name: "logs with syslog times", make: format::syslog },
    Change { name: "logs without times", make: format::timeless },
    Change { name: "without logs", make: without::logs },
    Change { name: "without metrics", make: without::metrics },
    Change { name: "without alerts", make: without::alerts },
    Change { name: "without connection attempts", make: without::probes },
    Change { name: "without events over an hour old", make: without::events_of_an_hour },
    Change { name: "without events over 15 minutes old", make: without::events_of_a_quarter },
    Change { name: "without events", make: without::events },
    Change { name: "without ReplicaSets", make: without::replica_sets },
    Change { name: "without endpoint slices", make: without::endpoint_slices },
];
