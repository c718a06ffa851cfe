//! From an observation to its incident.

use jiff::Timestamp;

use super::keys::{self, keep};
use crate::{
    incident::{Change, Incident, NewIncident, Observation, Signal, Step, Track},
    store::{
        backend::{StoreError, Version},
        table::Store,
    },
};

/// What an observation means before anything is diagnosed.
#[derive(Debug)]
pub enum Triage {
    /// It fires and belongs to no open incident: diagnose, then [`Store::open_or_join`].
    Fires,
    /// It is part of this incident, and this is what it changed. Where the incident is dirty, it is to be shown: also when
    /// nothing changed, because whoever changed it may have been interrupted.
    Taken(Box<Incident>, Change),
    /// It is about no incident: remembered, and nothing to show.
    Remembered,
}

type Known = Option<(Track, Version)>;

impl Store {
    /// What an observation means. What does not need a diagnosis is taken in at once.
    pub async fn triage(&self, cluster: &str, observation: &Observation, now: Timestamp) -> Result<Triage, StoreError> {
        let mut seen = Change::Unchanged;
        // From the start again whenever somebody else changed the alarm's track meanwhile.
        loop {
            let known = self.track(cluster, observation, now).await?;
            let track = known.as_ref().map(|(track, _)| track);
            let step = Track::step(track, observation);
            let incident = self.incident_of(track, observation, now).await?;
            let Some(incident) = incident else {
                match step {
                    Step::Fires { .. } => return Ok(Triage::Fires),
                    Step::Stale => return Ok(Triage::Remembered),
                    Step::Clears | Step::HasNoData => {
                        // Whoever is diagnosing its firing right now finds this when they write the track.
                        if self.put_track(cluster, observation, known, None, now).await? {
                            return Ok(Triage::Remembered);
                        }
                        continue;
                    }
                }
            };
            let taken = match step {
                Step::Stale => return Ok(Triage::Taken(Box::new(incident), seen)),
                Step::Fires { then: Some((signal, at)) } if covers(&incident, observation) => {
                    let later = Observation { signal, at, ..observation.clone() };
                    let taken = self.alter(&incident, now, |incident| incident.observe(&later)).await?;
                    Some(taken.unwrap_or((incident, Change::Unchanged)))
                }
                Step::Fires { then: None } if incident.is_open() => {
                    self.alter(&incident, now, |incident| incident.observe(observation)).await?
                }
                Step::Fires { .. } => None,
                Step::Clears | Step::HasNoData => {
                    let taken = self.alter(&incident, now, |incident| incident.observe(observation)).await?;
                    Some(taken.unwrap_or((incident, Change::Unchanged)))
                }
            };
            let Some((incident, change)) = taken else { return Ok(Triage::Fires) };
            // It ended before it could take this firing in.
            if matches!(step, Step::Fires { then: None }) && !incident.is_open() {
                return Ok(Triage::Fires);
            }
            if change != Change::Unchanged {
                seen = change;
            }
            if self.put_track(cluster, observation, known, Some(&incident), now).await? {
                return Ok(Triage::Taken(Box::new(incident), seen));
            }
        }
    }

    /// Takes a firing into the open incident of its fingerprint, or opens one.
    pub async fn open_or_join(
        &self,
        new: NewIncident,
        observation: &Observation,
        now: Timestamp,
    ) -> Result<(Incident, Change), StoreError> {
        let cluster = new.cluster.clone();
        let mut seen = Change::Unchanged;
        loop {
            let known = self.track(&cluster, observation, now).await?;
            let track = known.as_ref().map(|(track, _)| track);
            let then = match Track::step(track, observation) {
                Step::Fires { then } => then,
                // Somebody else has taken it in meanwhile.
                _ => match self.incident_of(track, observation, now).await? {
                    Some(incident) => return Ok((incident, seen)),
                    None => None,
                },
            };
            let Some(fingerprint) = track.and_then(|track| track.planned_for(observation)).cloned() else {
                let fingerprint = self.choose_fingerprint(&new, now).await?;
                let (track, version) = known.unzip();
                let plan = Track::plan(track, observation, fingerprint);
                self.write_track(&cluster, observation, &plan, version, now).await?;
                continue;
            };
            let new = NewIncident { fingerprint, ..new.clone() };
            let over = then.filter(|(signal, _)| *signal == Signal::Ok).map(|(_, at)| at);
            let (mut incident, change) = self.take_in(&new, observation, over, now).await?;
            if let Some((signal, at)) = then {
                let later = Observation { signal, at, ..observation.clone() };
                let altered = self.alter(&incident, now, |incident| incident.observe(&later)).await?;
                incident = altered.map_or(incident, |(incident, _)| incident);
            }
            if seen == Change::Unchanged {
                seen = change;
            }
            if self.put_track(&cluster, observation, known, Some(&incident), now).await? {
                return Ok((incident, seen));
            }
        }
    }

    async fn track(&self, cluster: &str, observation: &Observation, now: Timestamp) -> Result<Known, StoreError> {
        self.read(&keys::track(cluster, &observation.alarm), now).await
    }

    /// The incident that the alarm belongs to, or was about to be taken into when somebody was interrupted.
    async fn incident_of(
        &self,
        track: Option<&Track>,
        observation: &Observation,
        now: Timestamp,
    ) -> Result<Option<Incident>, StoreError> {
        let Some(track) = track else { return Ok(None) };
        if let Some(fingerprint) = track.planned_for(observation) {
            let planned = self.incident(fingerprint, now).await?;
            return Ok(planned.filter(|incident| incident.members.contains_key(&observation.alarm)));
        }
        let Some((fingerprint, id)) = &track.incident else { return Ok(None) };
        Ok(self.incident(fingerprint, now).await?.filter(|incident| incident.id == *id))
    }

    /// Writes what is known after `observation`; `false` where somebody else wrote meanwhile.
    async fn put_track(
        &self,
        cluster: &str,
        observation: &Observation,
        known: Known,
        incident: Option<&Incident>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (track, version) = known.unzip();
        let incident = incident.map(|incident| (incident.fingerprint.clone(), incident.id.clone()));
        let after = Track::after(track, observation, incident);
        self.write_track(cluster, observation, &after, version, now).await
    }

    async fn write_track(
        &self,
        cluster: &str,
        observation: &Observation,
        track: &Track,
        version: Option<Version>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = keys::track(cluster, &observation.alarm);
        let written = match version {
            Some(version) => self.replace(&key, track, keep(now), version, now).await,
            None => self.create(&key, track, keep(now), now).await,
        };
        match written {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a firing that is over belongs to this incident of its alarm.
fn covers(incident: &Incident, observation: &Observation) -> bool {
    incident.opened_at <= observation.at && incident.ended_at().is_none_or(|ended| observation.at <= ended)
}
