//! Cases of remediation, the locks on what they change, and the audit log.
//!
//! A case is changed by compare and write only: of two who carry on the same case one finds out that he is late. The
//! audit log is one partition whose sort keys count up; an entry is created where there is none, which is what makes it
//! append-only and its numbers a chain, and its head is kept apart.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{
    backend::{Key, Query, SortRange, StoreError, Version},
    table::Store,
};
use crate::model::ObjectRef;
use crate::remediation::audit::{Entry, Head, Note};
use crate::remediation::{Case, CaseId};

/// Cases outlive their incident, for those who ask what helped.
const KEEP_DAYS: i64 = 365;
/// How many entries are read at a time.
const PAGE: usize = 200;

/// A case as it was read: what a change of it has to match.
#[derive(Debug, Clone)]
pub struct KeptCase {
    /// The case.
    pub case: Case,
    version: Version,
}

/// The right to change an object. Given back by [`Store::unlock`], lost when its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Whose.
    pub case: CaseId,
    /// Until when.
    pub until: Timestamp,
}

/// A row of the list of cases that are not over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) case: CaseId,
}

fn open_key(id: &CaseId) -> Key {
    Key::new("remediation-open", id.0.as_str())
}

fn case_key(id: &CaseId) -> Key {
    Key::new(format!("remediation#{id}"), "case")
}

fn lock_key(cluster: &str, object: &ObjectRef) -> Key {
    Key::new(format!("lock#{cluster}"), object.to_string())
}

fn entry_key(seq: u64) -> Key {
    Key::new("audit", format!("{seq:020}"))
}

/// How far the audit log was exported.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Exported {
    seq: u64,
}

fn exported_key() -> Key {
    Key::new("audit-exported", "exported")
}

fn head_key() -> Key {
    Key::new("audit-head", "head")
}

impl Store {
    /// Keeps a new case. The first of an id stands; a repetition gets that one.
    pub async fn open_case(&self, case: &Case, now: Timestamp) -> Result<KeptCase, StoreError> {
        let (key, expires_at) = (case_key(&case.id), Some(now + (KEEP_DAYS * 24).hours()));
        // First the list, then the case: one that is listed and not there is passed over, never the other way round.
        self.set(&open_key(&case.id), &Listed { case: case.id.clone() }, expires_at, now).await?;
        if let Some(incident) = &case.proposal.incident {
            let of_incident = Key::new(format!("remediation-of#{incident}"), case.id.0.as_str());
            self.set(&of_incident, &Listed { case: case.id.clone() }, expires_at, now).await?;
        }
        match self.create(&key, case, expires_at, now).await {
            Ok(version) => Ok(KeptCase { case: case.clone(), version }),
            Err(error) if error.is_conflict() => {
                let kept = self.case(&case.id, now).await?;
                kept.ok_or(StoreError::Conflict(key))
            }
            Err(error) => Err(error),
        }
    }

    /// The case of this id.
    pub async fn case(&self, id: &CaseId, now: Timestamp) -> Result<Option<KeptCase>, StoreError> {
        let found = self.read::<Case>(&case_key(id), now).await?;
        Ok(found.map(|(case, version)| KeptCase { case, version }))
    }

    /// Keeps a case in the place of the one that was read; a conflict means that somebody else has carried it on.
    pub async fn keep_case(&self, read: &KeptCase, case: Case, now: Timestamp) -> Result<KeptCase, StoreError> {
        let expires_at = Some(now + (KEEP_DAYS * 24).hours());
        let version = self.replace(&case_key(&case.id), &case, expires_at, read.version, now).await?;
        Ok(KeptCase { case, version })
    }

    /// Takes a case off the list of those that are not over.
    pub async fn close_case(&self, id: &CaseId) -> Result<(), StoreError> {
        self.remove(&open_key(id), None).await
    }

    /// Cases that are not over.
    pub async fn open_cases(&self, limit: usize, now: Timestamp) -> Result<Vec<KeptCase>, StoreError> {
        let query = Query { partition: "remediation-open".into(), range: SortRange::All, descending: false, limit };
        let mut cases = Vec::new();
        for (_, Listed { case }, _) in self.list(&query, now).await? {
            cases.extend(self.case(&case, now).await?);
        }
        Ok(cases)
    }

    /// Takes the lock on an object for a case, for `time`; `None` where another case has it.
    pub async fn lock(
        &self,
        (cluster, object): (&str, &ObjectRef),
        case: &CaseId,
        time: Duration,
        now: Timestamp,
    ) -> Result<Option<Lock>, StoreError> {
        let wanted = Lock { case: case.clone(), until: now + time };
        self.change(&lock_key(cluster, object), now, |held: Option<Lock>| match held {
            Some(held) if held.case != *case && held.until > now => (None, None),
            _ => (Some((wanted.clone(), Some(wanted.until + 1.hour()))), Some(wanted.clone())),
        })
        .await
    }

    /// Who has the lock on an object, where anybody has.
    pub async fn lock_of(
        &self,
        (cluster, object): (&str, &ObjectRef),
        now: Timestamp,
    ) -> Result<Option<Lock>, StoreError> {
        let held = self.read::<Lock>(&lock_key(cluster, object), now).await?;
        Ok(held.map(|(held, _)| held).filter(|held| held.until > now))
    }

    /// Gives the lock back, where it is still the case's.
    pub async fn unlock(
        &self,
        (cluster, object): (&str, &ObjectRef),
        case: &CaseId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = lock_key(cluster, object);
        match self.read::<Lock>(&key, now).await? {
            Some((held, version)) if held.case == *case => match self.remove(&key, Some(version)).await {
                Err(error) if error.is_conflict() => Ok(()),
                outcome => outcome,
            },
            _ => Ok(()),
        }
    }

    /// Appends a note to the audit log, once: where an entry after `since` notes the same event of the same case, that one
    /// is returned. `since` is the place of the last entry that the case knows of.
    pub async fn audit(&self, note: &Note, since: u64, now: Timestamp) -> Result<Entry, StoreError> {
        let mut since = since;
        let mut last: Option<Entry> = None;
        loop {
            let mut full = true;
            while full {
                let page = self.audit_entries(since, PAGE, now).await?;
                full = page.len() == PAGE;
                for entry in page {
                    if entry.note.case == note.case && entry.note.event == note.event {
                        self.audit_head_is(&entry, now).await?;
                        return Ok(entry);
                    }
                    since = entry.seq;
                    last = Some(entry);
                }
            }
            // The case knows of an entry, and there is none after it.
            if last.is_none() && since > 0 {
                last = self.read::<Entry>(&entry_key(since), now).await?.map(|(entry, _)| entry);
            }
            let entry = Entry::after(last.as_ref(), note.clone());
            match self.create(&entry_key(entry.seq), &entry, None, now).await {
                Ok(_) => {
                    self.audit_head_is(&entry, now).await?;
                    return Ok(entry);
                }
                // Somebody else was faster: look at what they wrote, then try the next place.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn audit_head_is(&self, entry: &Entry, now: Timestamp) -> Result<(), StoreError> {
        let new = entry.head();
        self.change(&head_key(), now, |head: Option<Head>| match head {
            Some(head) if head.seq >= new.seq => (None, ()),
            _ => (Some((new.clone(), None)), ()),
        })
        .await
    }

    /// Entries of the audit log after this place, in order.
    pub async fn audit_entries(&self, after: u64, limit: usize, now: Timestamp) -> Result<Vec<Entry>, StoreError> {
        let range = SortRange::Between(format!("{:020}", after + 1), format!("{:020}", u64::MAX));
        let query = Query { partition: "audit".into(), range, descending: false, limit };
        Ok(self.list(&query, now).await?.into_iter().map(|(_, entry, _)| entry).collect())
    }

    /// The place of the last entry that was exported; 0 where none was.
    pub async fn audit_exported(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.read::<Exported>(&exported_key(), now).await?.map_or(0, |(exported, _)| exported.seq))
    }

    /// Notes how far entries were exported.
    pub async fn audit_exported_is(&self, seq: u64, now: Timestamp) -> Result<(), StoreError> {
        self.change(&exported_key(), now, |exported: Option<Exported>| match exported {
            Some(exported) if exported.seq >= seq => (None, ()),
            _ => (Some((Exported { seq }, None)), ()),
        })
        .await
    }

    /// The audit log's head.
    pub async fn audit_head(&self, now: Timestamp) -> Result<Option<Head>, StoreError> {
        Ok(self.read(&head_key(), now).await?.map(|(head, _)| head))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::remediation::ActionHash;
    use crate::remediation::audit::verify;
    use crate::store::memory::MemoryStore;

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn note(case: &str, event: &str) -> Note {
        Note {
            case: CaseId(case.into()),
            event: event.into(),
            by: "nightshift".into(),
            at: NOON.parse().unwrap(),
            action: ActionHash("a".into()),
            command: String::new(),
            details: BTreeMap::new(),
        }
    }

    #[tokio::test]
    async fn an_event_of_a_case_is_noted_once_however_often_it_is_noted() {
        let (store, now) = (Store::new(MemoryStore::default()), NOON.parse().unwrap());
        let first = store.audit(&note("act-1", "proposed"), 0, now).await.unwrap();
        store.audit(&note("act-2", "proposed"), 0, now).await.unwrap();
        assert_eq!(store.audit(&note("act-1", "proposed"), 0, now).await.unwrap(), first);
        let second = store.audit(&note("act-1", "approved"), first.seq, now).await.unwrap();
        assert_eq!(second.seq, 3);
        let entries = store.audit_entries(0, 100, now).await.unwrap();
        assert_eq!(verify(&entries, store.audit_head(now).await.unwrap().as_ref()), Ok(3));
    }

    #[tokio::test]
    async fn those_who_write_at_the_same_time_make_one_chain() {
        let (store, now) = (Store::new(MemoryStore::default()), NOON.parse().unwrap());
        let notes: Vec<Note> = (0..20).map(|number| note(&format!("act-{number}"), "proposed")).collect();
        let outcomes = futures::future::join_all(notes.iter().map(|note| store.audit(note, 0, now))).await;
        assert!(outcomes.iter().all(Result::is_ok));
        let entries = store.audit_entries(0, 100, now).await.unwrap();
        assert_eq!(verify(&entries, store.audit_head(now).await.unwrap().as_ref()), Ok(20));
    }

    #[tokio::test]
    async fn one_case_at_a_time_has_an_object() {
        let (store, now): (_, Timestamp) = (Store::new(MemoryStore::default()), NOON.parse().unwrap());
        let object = ObjectRef::new(crate::model::Kind::Deployment, "shop", "api");
        let (one, other) = (CaseId("act-1".into()), CaseId("act-2".into()));
        let (place, time) = (("prod", &object), Duration::from_secs(60));
        assert!(store.lock(place, &one, time, now).await.unwrap().is_some());
        assert!(store.lock(place, &one, time, now).await.unwrap().is_some());
        assert!(store.lock(place, &other, time, now).await.unwrap().is_none());
        assert!(store.lock(("stage", &object), &other, time, now).await.unwrap().is_some());
        store.unlock(place, &other, now).await.unwrap();
        assert!(store.lock(place, &other, time, now).await.unwrap().is_none());
        assert!(store.lock(place, &other, time, now + 61.seconds()).await.unwrap().is_some());
        store.unlock(place, &other, now).await.unwrap();
        assert!(store.lock(place, &one, time, now).await.unwrap().is_some());
    }
}
