//! What is wanted of the zones after a judgement.

use jiff::SignedDuration;
use shared::zonal::Want;

use crate::decide::{Call, Statement};

/// What is wanted after these statements, where `expires_in` minutes are asked for at a time.
pub fn after(want: Option<Want>, statements: &[Statement], expires_in: u32) -> Option<Want> {
    let lasting = SignedDuration::from_mins(i64::from(expires_in));
    statements.iter().fold(want, |want, one| match one.decision {
        Call::Watch => want,
        Call::Shift => Some(Want { zone: one.zone.clone(), since: one.timestamp, expires_at: one.timestamp + lasting }),
        // The judgement extends before the end of what stands: what is left is not lost.
        Call::Extend => want.map(|want| Want { expires_at: want.expires_at.max(one.timestamp) + lasting, ..want }),
        Call::End => None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::decide::{Evidence, Reason, ZoneId};

    fn at(minute: i64) -> Timestamp {
        "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    fn want(name: &str, since: i64, until: i64) -> Want {
        Want { zone: ZoneId(name.to_owned()), since: at(since), expires_at: at(until) }
    }

    #[test]
    fn what_is_wanted_follows_the_judgement() {
        let said = |minute, zone_name: &str, decision| Statement {
            timestamp: at(minute),
            zone: ZoneId(zone_name.to_owned()),
            decision,
            reason: Reason::Faults,
            evidence: Evidence::default(),
        };
        let after = |want, statements: &[Statement]| super::after(want, statements, 30);
        let begun = after(None, &[said(0, "use1-az2", Call::Watch), said(1, "use1-az1", Call::Shift)]);
        assert_eq!(begun, Some(want("use1-az1", 1, 31)));
        let extended = after(begun.clone(), &[said(26, "use1-az1", Call::Extend)]);
        assert_eq!(extended, Some(want("use1-az1", 1, 61)));
        assert_eq!(after(extended, &[said(40, "use1-az1", Call::End)]), None);
        // An extension of nothing begins nothing.
        assert_eq!(after(None, &[said(26, "use1-az1", Call::Extend)]), None);
    }
}
