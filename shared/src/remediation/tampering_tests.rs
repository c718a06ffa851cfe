//! Whatever is done to an audit log as it is kept, verifying it finds it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::audit::{Entry, GENESIS, Note, hash, verify, verify_kept};
use super::{ActionHash, CaseId};

fn notes() -> impl Strategy<Value = Vec<Note>> {
    let details = proptest::collection::btree_map("[a-z]{1,4}", "[a-zA-Z0-9\"{}: ]{0,8}", 0..3);
    let note = (0..4u8, "[a-z-]{1,8}", "U[0-9]{1,3}", 0..9_999i64, "[0-9a-f]{4}", "kubectl [a-z ]{1,12}", details);
    let note =
        note.prop_map(|(case, event, by, second, action, command, details): (_, _, _, _, _, _, BTreeMap<_, _>)| {
            let at = jiff::Timestamp::from_second(1_800_000_000 + second).unwrap();
            let (case, action) = (CaseId(format!("act-{case}")), ActionHash(action));
            Note { case, event, by, at, action, command, details }
        });
    proptest::collection::vec(note, 1..12)
}

fn chained(notes: Vec<Note>) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for note in notes {
        log.push(Entry::after(log.last(), note));
    }
    log
}

/// What somebody does to a log.
#[derive(Debug, Clone)]
enum Tampering {
    /// Changes one field, hash included.
    Change {
        place: prop::sample::Index,
        field: usize,
    },
    /// Changes one field and makes the entry's own hash fit.
    ChangeAndHash {
        place: prop::sample::Index,
        field: usize,
    },
    /// Changes one field and chains all that follows anew.
    ChangeAndChain {
        place: prop::sample::Index,
        field: usize,
    },
    Delete {
        place: prop::sample::Index,
    },
    /// Deletes one and chains all that follows anew.
    DeleteAndChain {
        place: prop::sample::Index,
    },
    Swap {
        one: prop::sample::Index,
        other: prop::sample::Index,
    },
    Copy {
        from: prop::sample::Index,
        to: prop::sample::Index,
    },
    /// Puts a well-made entry in and chains all that follows anew.
    Insert {
        place: prop::sample::Index,
    },
    Truncate {
        to: prop::sample::Index,
    },
}

fn tamperings() -> impl Strategy<Value = Tampering> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), 0..10usize).prop_map(|(place, field)| Tampering::Change { place, field }),
        (index(), 0..10usize).prop_map(|(place, field)| Tampering::ChangeAndHash { place, field }),
        (index(), 0..10usize).prop_map(|(place, field)| Tampering::ChangeAndChain { place, field }),
        index().prop_map(|place| Tampering::Delete { place }),
        index().prop_map(|place| Tampering::DeleteAndChain { place }),
        (index(), index()).prop_map(|(one, other)| Tampering::Swap { one, other }),
        (index(), index()).prop_map(|(from, to)| Tampering::Copy { from, to }),
        index().prop_map(|place| Tampering::Insert { place }),
        index().prop_map(|to| Tampering::Truncate { to }),
    ]
}

fn change(entry: &mut Entry, field: usize) {
    match field {
        0 => entry.seq += 1,
        1 => entry.previous = if entry.previous == GENESIS { "f".repeat(64) } else { GENESIS.to_owned() },
        2 => entry.hash = "f".repeat(64),
        3 => entry.note.case.0.push('x'),
        4 => entry.note.event.push('x'),
        5 => entry.note.by.push('x'),
        6 => entry.note.at += jiff::SignedDuration::from_secs(1),
        7 => entry.note.action.0.push('x'),
        8 => entry.note.command.push('x'),
        _ => drop(entry.note.details.insert("added".to_owned(), String::new())),
    }
}

fn tampered(log: &[Entry], tampering: &Tampering) -> Vec<Entry> {
    let mut log = log.to_vec();
    let length = log.len();
    let chain = |log: Vec<Entry>| chained(log.into_iter().map(|entry| entry.note).collect());
    match tampering {
        Tampering::Change { place, field } => change(&mut log[place.index(length)], *field),
        Tampering::ChangeAndHash { place, field } => {
            let entry = &mut log[place.index(length)];
            change(entry, *field);
            entry.hash = hash(entry.seq, &entry.previous, &entry.note);
        }
        Tampering::ChangeAndChain { place, field } => {
            change(&mut log[place.index(length)], *field);
            log = chain(log);
        }
        Tampering::Delete { place } => drop(log.remove(place.index(length))),
        Tampering::DeleteAndChain { place } => {
            log.remove(place.index(length));
            log = chain(log);
        }
        Tampering::Swap { one, other } => log.swap(one.index(length), other.index(length)),
        Tampering::Copy { from, to } => {
            let copy = log[from.index(length)].clone();
            log.insert(to.index(length + 1), copy);
        }
        Tampering::Insert { place } => {
            let mut forged = log[place.index(length)].clone();
            forged.note.by = "U-ELSE".to_owned();
            log.insert(place.index(length), forged);
            log = chain(log);
        }
        Tampering::Truncate { to } => log.truncate(to.index(length)),
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_done_to_a_kept_log_is_found(notes in notes(), tampering in tamperings()) {
        let log = chained(notes);
        let head = log.last().unwrap().head();
        prop_assert_eq!(verify_kept(&log, Some(&head)), Ok(log.len() as u64));
        let after = tampered(&log, &tampering);
        if after == log {
            // A swap with itself, or a chain that came out as it was.
            return Ok(());
        }
        prop_assert!(verify_kept(&after, Some(&head)).is_err(), "{:?} is not found", tampering);
        // Taking the head away as well is found by its absence, unless all is taken away: that is what the export is for.
        prop_assert!(after.is_empty() || verify_kept(&after, None).is_err());
    }

    #[test]
    fn a_changed_character_of_the_export_is_found(notes in notes(), place: prop::sample::Index, byte in b' '..b'~') {
        let log = chained(notes);
        let head = log.last().unwrap().head();
        let lines: Vec<String> = log.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let mut text = lines.join("\n").into_bytes();
        let place = place.index(text.len());
        text[place] = byte;
        let text = String::from_utf8(text).unwrap();
        let read: Result<Vec<Entry>, _> = text.lines().map(serde_json::from_str::<Entry>).collect();
        let Ok(read) = read else { return Ok(()) };
        prop_assert!(read == log || verify(&read, Some(&head)).is_err());
    }
}
