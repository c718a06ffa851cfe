//! The incident's item and its lists.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::{self, Pointer, keep};
use crate::{
    diagnosis::CauseId,
    incident::{Change, Fingerprint, Incident, IncidentId, NewIncident, Observation, Thread, TicketLink},
    model::ObjectRef,
    store::{
        backend::{Query, SortRange, StoreError},
        table::Store,
    },
};

/// How long after the first alarm without a known cause others without one share its incident.
const GATHER: Duration = Duration::from_secs(60);

/// An incident that is over, in the list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastIncident {
    /// Its identity.
    pub id: IncidentId,
    /// What was wrong.
    pub fingerprint: Fingerprint,
    /// The object that had to be changed, where known.
    pub object: Option<ObjectRef>,
    /// The cause, where known.
    pub cause: Option<CauseId>,
    /// One line that names it.
    pub headline: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How many alarms it had.
    pub alarms: usize,
    /// Its thread.
    pub thread: Option<Thread>,
}

#[derive(Serialize, Deserialize)]
struct Gathering {
    fingerprint: Fingerprint,
    since: Timestamp,
}

impl Store {
    /// The current incident of a fingerprint, open or over.
    pub async fn incident(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<Option<Incident>, StoreError> {
        Ok(self.read(&keys::current(fingerprint), now).await?.map(|(incident, _)| incident))
    }

    /// The open incident of a fingerprint: its own, or the one that learnt this cause later.
    pub async fn open_incident(
        &self,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Incident>, StoreError> {
        let own = self.incident(fingerprint, now).await?.filter(Incident::is_open);
        if own.is_some() {
            return Ok(own);
        }
        let Some((pointer, _)) = self.read::<Pointer>(&keys::alias(fingerprint), now).await? else { return Ok(None) };
        Ok(self.incident(&pointer.fingerprint, now).await?.filter(Incident::is_open))
    }

    /// Incidents of a cluster that are not over.
    pub async fn open_incidents(&self, cluster: &str, now: Timestamp) -> Result<Vec<Incident>, StoreError> {
        let partition = format!("open#{cluster}");
        let query = Query { partition, range: SortRange::All, descending: false, limit: 1000 };
        let mut incidents = Vec::new();
        for (key, pointer, version) in self.list::<Pointer>(&query, now).await? {
            match self.incident(&pointer.fingerprint, now).await? {
                Some(incident) if incident.is_open() => incidents.push(incident),
                // Whoever opens another one writes the entry anew, and it is no longer in this version.
                _ => self.remove_unless_changed(&key, version).await?,
            }
        }
        Ok(incidents)
    }

    /// Incidents of a cluster that are over and began since `since`, the latest first.
    pub async fn past_incidents(
        &self,
        cluster: &str,
        since: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<PastIncident>, StoreError> {
        let query = Query {
            partition: format!("past#{cluster}"),
            range: SortRange::Between(format!("{since:.3}"), "~".to_owned()),
            descending: true,
            limit,
        };
        Ok(self.list(&query, now).await?.into_iter().map(|(_, past, _)| past).collect())
    }

    /// Gives an open incident a cause that was found later; from now on alarms of that cause join it.
    pub async fn learn_cause(
        &self,
        incident: &Incident,
        found: NewIncident,
        now: Timestamp,
    ) -> Result<Option<(Incident, Change)>, StoreError> {
        if found.fingerprint != incident.fingerprint {
            let pointer = Pointer { fingerprint: incident.fingerprint.clone() };
            self.set(&keys::alias(&found.fingerprint), &pointer, keep(now), now).await?;
        }
        self.alter(incident, now, |incident| incident.learn(found.clone(), now)).await
    }

    /// Notes an incident's ticket; `None` where another incident has taken its place.
    pub async fn set_ticket(
        &self,
        fingerprint: &Fingerprint,
        id: &IncidentId,
        ticket: &TicketLink,
        now: Timestamp,
    ) -> Result<Option<Incident>, StoreError> {
        let Some(incident) = self.incident(fingerprint, now).await?.filter(|incident| incident.id == *id) else {
            return Ok(None);
        };
        let altered = self.alter(&incident, now, |incident| incident.ticket_opened(ticket.clone())).await?;
        Ok(altered.map(|(incident, _)| incident))
    }

    /// Notes that something has been said on an incident's ticket.
    pub async fn ticket_says(
        &self,
        fingerprint: &Fingerprint,
        id: &IncidentId,
        topic: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(incident) = self.incident(fingerprint, now).await?.filter(|incident| incident.id == *id) {
            self.alter(&incident, now, |incident| incident.ticket_says(topic)).await?;
        }
        Ok(())
    }

    /// Under which fingerprint a new incident goes: its own; that of an open incident which learnt this cause later; or,
    /// while the cause is unknown, that of the alarms which fired within the last minute without one.
    pub(super) async fn choose_fingerprint(
        &self,
        new: &NewIncident,
        now: Timestamp,
    ) -> Result<Fingerprint, StoreError> {
        if let Some((pointer, _)) = self.read::<Pointer>(&keys::alias(&new.fingerprint), now).await? {
            let aliased = self.incident(&pointer.fingerprint, now).await?;
            if aliased.is_some_and(|incident| incident.is_open()) {
                return Ok(pointer.fingerprint);
            }
        }
        if new.cause.is_some() { Ok(new.fingerprint.clone()) } else { self.gather(new, now).await }
    }

    async fn gather(&self, new: &NewIncident, now: Timestamp) -> Result<Fingerprint, StoreError> {
        let own = Gathering { fingerprint: new.fingerprint.clone(), since: now };
        let key = keys::gathering(&new.cluster, &new.channel);
        loop {
            let found = self.read::<Gathering>(&key, now).await?;
            let written = match found {
                None => self.create(&key, &own, Some(now + GATHER), now).await,
                Some((gathering, version)) => {
                    let incident = self.incident(&gathering.fingerprint, now).await?;
                    let is_over = incident.is_some_and(|incident| !incident.is_open());
                    if gathering.since + GATHER > now && !is_over {
                        return Ok(gathering.fingerprint);
                    }
                    self.replace(&key, &own, Some(now + GATHER), version, now).await
                }
            };
            match written {
                Ok(_) => return Ok(own.fingerprint),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes a firing into the open incident of `new`'s fingerprint, or opens one. `over` is when it ended, if it did.
    pub(super) async fn take_in(
        &self,
        new: &NewIncident,
        observation: &Observation,
        over: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Incident, Change), StoreError> {
        let mut saved: Option<Incident> = None;
        let (incident, change) = loop {
            let taken = self
                .change::<Incident, _>(&keys::current(&new.fingerprint), now, |found| {
                    let fresh = Incident::open(new.clone(), observation, found.as_ref());
                    let write =
                        |incident: Incident, change| (Some((incident.clone(), keep(now))), Ok((incident, change)));
                    let Some(mut found) = found else { return write(fresh, Change::Opened) };
                    if found.id == fresh.id {
                        // Opened by this very observation, before it was interrupted.
                        return (None, Ok((found, Change::Unchanged)));
                    }
                    if found.is_open() {
                        return match found.observe(observation) {
                            Change::Unchanged => (None, Ok((found, Change::Unchanged))),
                            change => write(found, change),
                        };
                    }
                    if over.is_some_and(|over| found.observe_late(observation, over)) {
                        return write(found, Change::Joined);
                    }
                    if found.is_dirty() && saved.as_ref() != Some(&found) {
                        return (None, Err(Box::new(found)));
                    }
                    write(fresh, Change::Opened)
                })
                .await?;
            match taken {
                Ok(taken) => break taken,
                // Its end has yet to be shown: it is put aside before another one takes its place.
                Err(unshown) => {
                    self.set(&keys::replaced(&unshown.fingerprint, &unshown.id), &*unshown, keep(now), now).await?;
                    saved = Some(*unshown);
                }
            }
        };
        self.write_lists(&incident, now).await?;
        Ok((incident, change))
    }

    /// Changes an incident in a way that people should see; `None` where another one has taken its place.
    pub(super) async fn alter(
        &self,
        incident: &Incident,
        now: Timestamp,
        mut alter: impl FnMut(&mut Incident) -> Change,
    ) -> Result<Option<(Incident, Change)>, StoreError> {
        let altered = self
            .change::<Incident, _>(&keys::current(&incident.fingerprint), now, |found| match found {
                Some(mut found) if found.id == incident.id => match alter(&mut found) {
                    Change::Unchanged => (None, Some((found, Change::Unchanged))),
                    change => (Some((found.clone(), keep(now))), Some((found, change))),
                },
                _ => (None, None),
            })
            .await?;
        if let Some((altered, _)) = &altered {
            self.write_lists(altered, now).await?;
        }
        Ok(altered)
    }

    /// Puts an incident on the lists it belongs on. Written even where it is there: an entry's new version tells whoever
    /// is about to take it away that there is something new.
    async fn write_lists(&self, incident: &Incident, now: Timestamp) -> Result<(), StoreError> {
        let pointer = Pointer { fingerprint: incident.fingerprint.clone() };
        if incident.is_dirty() {
            let key = keys::unshown(&incident.channel, &incident.fingerprint);
            self.set(&key, &pointer, keep(now), now).await?;
        }
        let Some(ended_at) = incident.ended_at() else {
            return self.set(&keys::open(&incident.cluster, &incident.fingerprint), &pointer, keep(now), now).await;
        };
        let entry = PastIncident {
            id: incident.id.clone(),
            fingerprint: incident.fingerprint.clone(),
            object: incident.object.clone(),
            cause: incident.cause.clone(),
            headline: incident.headline.clone(),
            opened_at: incident.opened_at,
            ended_at,
            alarms: incident.members.len(),
            thread: incident.thread.clone(),
        };
        self.set(&keys::past(incident), &entry, keep(now), now).await
    }
}
