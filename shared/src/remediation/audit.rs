//! The audit log: who asked for, approved, denied and did what, when, why, and the hash of exactly what.
//!
//! Append-only, and each entry carries the hash of the one before it: whoever changes, removes, inserts or reorders an
//! entry breaks the chain at that place ([`verify`]). What a chain cannot show by itself is that its end was cut off, or that
//! all of it was written anew; for that the number and hash of the latest entry are kept apart from it ([`verify_kept`]),
//! and entries are exported to a bucket with Object Lock as they are written (infra/template.yaml).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ActionHash, CaseId};

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is to be noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The case.
    pub case: CaseId,
    /// What happened, for example `approved`: once a case, unless it is numbered.
    pub event: String,
    /// Who: a person's id, or `nightshift`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Exactly what, by hash.
    pub action: ActionHash,
    /// The same in kubectl's words.
    pub command: String,
    /// Particulars: reasons, policies, versions, results.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1 for the first.
    pub seq: u64,
    /// The hash of the entry before it.
    pub previous: String,
    /// What is noted.
    pub note: Note,
    /// The hash of all of the above.
    pub hash: String,
}

/// The latest entry, kept apart from the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its place.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl Entry {
    /// The entry after `previous`.
    pub fn after(previous: Option<&Self>, note: Note) -> Self {
        let seq = previous.map_or(0, |entry| entry.seq) + 1;
        let previous = previous.map_or_else(|| GENESIS.to_owned(), |entry| entry.hash.clone());
        let hash = hash(seq, &previous, &note);
        Self { seq, previous, note, hash }
    }

    /// What the log's head says once this is the latest entry.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash.clone() }
    }
}

pub(super) fn hash(seq: u64, previous: &str, note: &Note) -> String {
    // Fields and maps are written in a fixed order, so the text is the same every time.
    let text = serde_json::to_vec(&(seq, previous, note)).unwrap_or_default();
    hex::encode(Sha256::digest(text))
}

/// What is wrong with a log, at the first place where something is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampering {
    /// An entry does not match its own hash.
    #[error("entry {0} was changed: it does not match its hash")]
    Changed(u64),
    /// Entries are missing before this one.
    #[error("entry {expected} is missing: {found} comes in its place")]
    Missing {
        /// The place.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// An entry does not follow the one before it.
    #[error("entry {0} does not follow the one before it: entries were removed, put in or reordered")]
    Unchained(u64),
    /// The log ends before its head.
    #[error("the log ends at entry {last}, but its head is at {head}: its end was cut off")]
    Truncated {
        /// The last entry there is.
        last: u64,
        /// The head.
        head: u64,
    },
    /// There are entries and no head.
    #[error(
        "there are {0} entries and no head: it was removed, so that nothing shows whether the end was cut off; compare with the export"
    )]
    Headless(u64),
    /// The entry at the head's place is another one.
    #[error("entry {0} is not the one that the head names: the log was written anew")]
    Rewritten(u64),
}

/// Verifies a log from its first entry on; returns how many entries hold.
///
/// # Errors
///
/// The first place where something is wrong.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a Entry>, head: Option<&Head>) -> Result<u64, Tampering> {
    let mut previous = GENESIS.to_owned();
    let mut last = 0;
    let mut met_head = head.is_none();
    for entry in entries {
        if hash(entry.seq, &entry.previous, &entry.note) != entry.hash {
            return Err(Tampering::Changed(entry.seq));
        }
        if entry.seq != last + 1 {
            return Err(Tampering::Missing { expected: last + 1, found: entry.seq });
        }
        if entry.previous != previous {
            return Err(Tampering::Unchained(entry.seq));
        }
        if let Some(head) = head.filter(|head| head.seq == entry.seq) {
            if head.hash != entry.hash {
                return Err(Tampering::Rewritten(entry.seq));
            }
            met_head = true;
        }
        previous.clone_from(&entry.hash);
        last = entry.seq;
    }
    match head {
        // The head is written after the entry: it may be behind, never ahead.
        Some(head) if !met_head && head.seq > 0 => Err(Tampering::Truncated { last, head: head.seq }),
        _ => Ok(last),
    }
}

/// Verifies a log as a store keeps it: with its head, which is there as soon as there is an entry. Only an export, which has
/// none, is verified without ([`verify`]).
///
/// # Errors
///
/// The first place where something is wrong.
pub fn verify_kept<'a>(entries: impl IntoIterator<Item = &'a Entry>, head: Option<&Head>) -> Result<u64, Tampering> {
    match (verify(entries, head)?, head) {
        (count, None) if count > 0 => Err(Tampering::Headless(count)),
        (count, _) => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(length: usize) -> Vec<Entry> {
        let mut log: Vec<Entry> = Vec::new();
        for number in 0..length {
            let note = Note {
                case: CaseId(format!("act-{}", number % 3)),
                event: "approved".into(),
                by: format!("U{number}"),
                at: "2026-03-01T12:00:00Z".parse().unwrap(),
                action: ActionHash("a".into()),
                command: "kubectl cordon node-a".into(),
                details: BTreeMap::from([("reason".to_owned(), "because".to_owned())]),
            };
            log.push(Entry::after(log.last(), note));
        }
        log
    }

    #[test]
    fn an_untouched_log_holds_also_when_its_head_is_behind() {
        let entries = log(6);
        assert_eq!(verify(&entries, Some(&entries[5].head())), Ok(6));
        assert_eq!(verify(&entries, Some(&entries[3].head())), Ok(6));
        assert_eq!(verify(&entries, None), Ok(6));
        assert_eq!(verify([], None), Ok(0));
    }

    #[test]
    fn every_single_tampering_is_found() {
        let entries = log(6);
        let head = entries[5].head();
        for place in 0..6 {
            let mut changed = entries.clone();
            changed[place].note.by = "U-ELSE".into();
            assert!(verify(&changed, Some(&head)).is_err(), "changed {place}");
            // Whoever changes an entry and its hash breaks the next link, or the head.
            changed[place].hash = hash(changed[place].seq, &changed[place].previous, &changed[place].note);
            assert!(verify(&changed, Some(&head)).is_err(), "changed {place} with its hash");
            let mut removed = entries.clone();
            removed.remove(place);
            assert!(verify(&removed, Some(&head)).is_err(), "removed {place}");
            let mut twice = entries.clone();
            twice.insert(place, entries[place].clone());
            assert!(verify(&twice, Some(&head)).is_err(), "inserted {place}");
            assert!(verify(&entries[..place], Some(&head)).is_err(), "truncated to {place}");
            if place < 5 {
                let mut reordered = entries.clone();
                reordered.swap(place, place + 1);
                assert!(verify(&reordered, Some(&head)).is_err(), "reordered {place}");
            }
        }
        assert_eq!(verify(&entries[..4], Some(&head)), Err(Tampering::Truncated { last: 4, head: 6 }));
    }

    #[test]
    fn a_log_written_anew_from_the_start_differs_from_its_head() {
        let (old, mut new) = (log(4), log(4));
        new[0].note.by = "U-ELSE".into();
        let mut rewritten: Vec<Entry> = Vec::new();
        for entry in new {
            rewritten.push(Entry::after(rewritten.last(), entry.note));
        }
        assert_eq!(verify(&rewritten, None), Ok(4));
        assert_eq!(verify(&rewritten, Some(&old[3].head())), Err(Tampering::Rewritten(4)));
    }
}
