//! What is wanted of the zones after a judgement: what the judgement takes to be left.
//!
//! It is not gathered from statements but read off the memory that is written with it. Who catches up on hours begins the
//! shift that is due now, and none that was due once.

use shared::zonal::Want;

use crate::decide::Memory;

/// What is wanted where this is what is carried over.
pub fn of(memory: &Memory) -> Option<Want> {
    memory.shift().map(|shift| Want { zone: shift.zone.clone(), since: shift.since, expires_at: shift.expires_at })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::decide::{Call, Minute, Rules, Sample, ZoneId};

    #[test]
    fn what_is_wanted_is_what_was_said_and_lasts_as_long() {
        let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let (rules, mut memory, mut wanted) = (Rules::default(), Memory::default(), None);
        let mut calls = Vec::new();
        for minute in 0..640 {
            let at = start + SignedDuration::from_mins(minute);
            let sample = |zone: usize| {
                let bad = zone == 0 && (540..600).contains(&minute);
                let faults = if bad { 400.0 } else { 8.0 };
                Sample { requests: 6000.0, faults, latency_ms: Some(80.0), instances: Some(4.0), ..Sample::default() }
            };
            let zones: BTreeMap<_, _> = (0..3).map(|zone| (ZoneId(format!("use1-az{zone}")), sample(zone))).collect();
            let statements = memory.step(&Minute { at, zones }, &rules);
            calls.extend(statements.iter().map(|said| said.decision));
            let before = std::mem::replace(&mut wanted, of(&memory));
            for said in &statements {
                match said.decision {
                    Call::Watch => {}
                    Call::Shift => assert_eq!(wanted.as_ref().map(|want| want.since), Some(at)),
                    Call::Extend => assert!(wanted.as_ref().unwrap().expires_at > before.as_ref().unwrap().expires_at),
                    Call::End => assert_eq!(wanted, None),
                }
            }
        }
        assert!(calls.contains(&Call::Shift) && calls.contains(&Call::Extend), "{calls:?}");
        assert!(calls.contains(&Call::End) && wanted.is_none(), "{calls:?}");
    }
}
