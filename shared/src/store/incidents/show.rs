//! What people have been shown of an incident, and whose turn it is to show more.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use super::keys::{self, Pointer, keep};
use crate::{
    incident::{Fingerprint, Incident, Slot, Thread},
    store::{
        backend::{Key, Query, SortRange, StoreError, Version},
        table::Store,
    },
};

impl Store {
    /// Fingerprints of incidents that people have yet to be shown something of, with their channels: of one channel, or
    /// of all.
    pub async fn unshown(
        &self,
        channel: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Fingerprint)>, StoreError> {
        let range = channel.map_or(SortRange::All, |channel| SortRange::Prefix(format!("{channel}#")));
        let query = Query { partition: "unshown".into(), range, descending: false, limit };
        let entries = self.list::<Pointer>(&query, now).await?;
        Ok(entries
            .into_iter()
            .filter_map(|(key, pointer, _)| Some((key.sort.rsplit_once('#')?.0.to_owned(), pointer.fingerprint)))
            .collect())
    }

    /// Records where an incident's thread is, and which revision its first message shows.
    pub async fn set_thread(
        &self,
        incident: &Incident,
        thread: Thread,
        shown: u64,
        now: Timestamp,
    ) -> Result<Incident, StoreError> {
        self.touch(incident, now, |incident| {
            incident.thread.get_or_insert_with(|| thread.clone());
            incident.first_shown = incident.first_shown.max(shown);
        })
        .await
        .map(|(incident, _)| incident)
    }

    /// Records that a reply stands in an incident's thread.
    pub async fn set_replied(&self, incident: &Incident, name: &str, now: Timestamp) -> Result<Incident, StoreError> {
        self.touch(incident, now, |incident| {
            incident.replied.insert(name.to_owned());
        })
        .await
        .map(|(incident, _)| incident)
    }

    /// Records that people were shown this revision of an incident, first message and replies.
    pub async fn set_shown(&self, incident: &Incident, revision: u64, now: Timestamp) -> Result<Incident, StoreError> {
        let key = keys::unshown(&incident.channel, &incident.fingerprint);
        let entry = self.read::<Pointer>(&key, now).await?.map(|(_, version)| version);
        let (incident, is_current) = self
            .touch(incident, now, |incident| {
                incident.shown = incident.shown.max(revision);
                incident.first_shown = incident.first_shown.max(revision);
            })
            .await?;
        // Whoever changes the incident writes the entry anew afterwards, so this takes away none that is still needed.
        if let Some(version) = entry.filter(|_| is_current && !incident.is_dirty()) {
            self.remove_unless_changed(&key, version).await?;
        }
        Ok(incident)
    }

    /// Takes an entry off the list of what is left to show, whose incident is gone or replaced.
    pub async fn forget_unshown(
        &self,
        channel: &str,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = keys::unshown(channel, fingerprint);
        let Some((_, version)) = self.read::<Pointer>(&key, now).await? else { return Ok(()) };
        let current = self.incident(fingerprint, now).await?;
        if current.is_some_and(|incident| incident.channel == channel && incident.is_dirty()) {
            return Ok(());
        }
        self.remove_unless_changed(&key, version).await
    }

    /// Takes a channel's next turn if it is at most `patience` away.
    pub async fn take_turn(
        &self,
        channel: &str,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.change(&keys::slot(channel), now, |slot: Option<Slot>| match Slot::take(slot, now, patience) {
            Some((turn, left)) => (Some((left, Some(now + 1.hour()))), Some(turn)),
            None => (None, None),
        })
        .await
    }

    /// Incidents of a fingerprint that another one has replaced before all of them was shown, the oldest first.
    pub async fn replaced(&self, fingerprint: &Fingerprint, now: Timestamp) -> Result<Vec<Incident>, StoreError> {
        let query = Query {
            partition: keys::current(fingerprint).partition,
            range: SortRange::Prefix("replaced#".into()),
            descending: false,
            limit: 20,
        };
        let mut incidents: Vec<Incident> =
            self.list(&query, now).await?.into_iter().map(|(_, incident, _)| incident).collect();
        incidents.sort_by_key(|incident| incident.opened_at);
        Ok(incidents)
    }

    /// Forgets a replaced incident that has been shown.
    pub async fn forget_replaced(&self, incident: &Incident) -> Result<(), StoreError> {
        self.remove(&keys::replaced(&incident.fingerprint, &incident.id), None).await
    }

    /// Changes what is recorded about an incident and is nothing to show, wherever it is kept; says whether it is its
    /// fingerprint's current one.
    pub(super) async fn touch(
        &self,
        incident: &Incident,
        now: Timestamp,
        mut touch: impl FnMut(&mut Incident),
    ) -> Result<(Incident, bool), StoreError> {
        for (key, is_current) in
            [(keys::current(&incident.fingerprint), true), (keys::replaced(&incident.fingerprint, &incident.id), false)]
        {
            let touched = self
                .change::<Incident, _>(&key, now, |found| match found {
                    Some(mut found) if found.id == incident.id => {
                        let before = found.clone();
                        touch(&mut found);
                        let new = (found != before).then(|| (found.clone(), keep(now)));
                        (new, Some(found))
                    }
                    _ => (None, None),
                })
                .await?;
            if let Some(touched) = touched {
                return Ok((touched, is_current));
            }
        }
        let mut gone = incident.clone();
        touch(&mut gone);
        Ok((gone, false))
    }

    pub(super) async fn remove_unless_changed(&self, key: &Key, version: Version) -> Result<(), StoreError> {
        match self.remove(key, Some(version)).await {
            Err(error) if error.is_conflict() => Ok(()),
            outcome => outcome,
        }
    }
}
