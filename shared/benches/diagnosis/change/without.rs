//! Parts missing: not recorded, expired, or not allowed to be read.

use jiff::SignedDuration;
use shared::snapshot::{Listing, Snapshot};

use crate::{incident::Incident, random::Random};

fn edited(incident: &Incident, has: bool, edit: impl FnOnce(&mut Snapshot)) -> Option<Incident> {
    let mut changed = has.then(|| incident.clone())?;
    edit(&mut changed.snapshot);
    Some(changed)
}

pub(super) fn logs(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.logs.is_empty(), |snapshot| snapshot.logs.clear())
}

pub(super) fn metrics(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.metrics.is_empty(), |snapshot| snapshot.metrics.clear())
}

pub(super) fn alerts(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.alerts.is_empty(), |snapshot| snapshot.alerts.clear())
}

pub(super) fn probes(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.probes.is_empty(), |snapshot| snapshot.probes = Listing::default())
}

pub(super) fn replica_sets(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.replica_sets.is_empty(), |snapshot| snapshot.replica_sets = Listing::default())
}

pub(super) fn endpoint_slices(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, !incident.snapshot.endpoint_slices.is_empty(), |snapshot| {
        snapshot.endpoint_slices = Listing::default();
    })
}

/// The API server keeps events for an hour unless told otherwise (`--event-ttl`).
pub(super) fn events_of_an_hour(incident: &Incident, _: &mut Random) -> Option<Incident> {
    younger_events(incident, 60)
}

pub(super) fn events_of_a_quarter(incident: &Incident, _: &mut Random) -> Option<Incident> {
    younger_events(incident, 15)
}

/// All of them expired: read, and none there.
pub(super) fn events(incident: &Incident, _: &mut Random) -> Option<Incident> {
    younger_events(incident, -1)
}

fn younger_events(incident: &Incident, minutes: i64) -> Option<Incident> {
    let since = incident.snapshot.taken_at? - SignedDuration::from_mins(minutes);
    let stays = |event: &shared::model::Event| minutes >= 0 && event.last_seen().is_none_or(|seen| seen >= since);
    let has = incident.snapshot.events.iter().any(|event| !stays(event));
    edited(incident, has, |snapshot| snapshot.events.items.retain(stays))
}

/// Nothing has changed, and everything is older: alarms are slow, queues are long.
pub(super) fn ten_minutes_later(incident: &Incident, _: &mut Random) -> Option<Incident> {
    edited(incident, true, |snapshot| {
        snapshot.taken_at = snapshot.taken_at.map(|at| at + SignedDuration::from_mins(10))
    })
}
