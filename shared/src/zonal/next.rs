//! What lies between what is wanted and what stands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Comment, ResourceArn, ShiftId, Want, ZoneId};

/// Less is not worth a call: ARC counts in minutes.
const MINUTE: i64 = 60;
/// ARC allows three days.
const LONGEST_MINUTES: i64 = 3 * 24 * 60;

/// What was read of each resource.
pub type Seen = BTreeMap<ResourceArn, State>;

/// What was read of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It could not be read, which is not the same as nothing standing.
    Unread,
    /// ARC does not manage it: zonal shift is not enabled.
    Unmanaged,
    /// What stands.
    Managed(Vec<Standing>),
}

/// A shift that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its id.
    pub id: ShiftId,
    /// The zone that is left.
    pub away_from: ZoneId,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// What whoever began it wrote.
    pub comment: String,
}

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// StartZonalShift.
    Start {
        /// For what.
        resource: ResourceArn,
        /// The zone to leave.
        away_from: ZoneId,
        /// `expiresIn`, in minutes.
        minutes: i64,
        /// How it is known again.
        comment: Comment,
    },
    /// UpdateZonalShift.
    Extend {
        /// Which.
        id: ShiftId,
        /// `expiresIn` from now, in minutes.
        minutes: i64,
    },
    /// CancelZonalShift.
    Cancel {
        /// Which.
        id: ShiftId,
    },
    /// Nothing, and why: for people.
    Leave {
        /// What.
        resource: ResourceArn,
        /// Why.
        why: Why,
    },
}

/// Why nothing is done for a resource for which something is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It could not be read.
    #[error("what stands could not be read")]
    Unread,
    /// Zonal shift is not enabled.
    #[error("zonal shift is not enabled for it; enable it in its EKS or load balancer settings")]
    Unmanaged,
    /// Somebody else left this zone already.
    #[error("somebody else has shifted it away from {0} already")]
    LeftByOthers(ZoneId),
    /// Two zones would be left at once.
    #[error("traffic is shifted away from {0} by somebody else, and two zones are never left at once")]
    AnotherZone(ZoneId),
    /// What leads away from another zone has to end first.
    #[error("what leads away from {0} ends first")]
    EndsFirst(ZoneId),
}

/// The calls that bring about what is wanted for `cluster`, in any order. Repeated until there are none that change anything.
pub fn steps(cluster: &str, want: Option<&Want>, seen: &Seen, now: Timestamp) -> Vec<Step> {
    let want = want.filter(|want| want.expires_at > now);
    let standing = || seen.values().flat_map(State::standing);
    let (ours, others): (Vec<_>, Vec<_>) = standing().partition(|one| is_ours(one, cluster));
    let is_wanted = |one: &Standing| want.is_some_and(|want| want.zone == one.away_from);
    let mut steps: Vec<Step> =
        ours.iter().filter(|one| !is_wanted(one)).map(|one| Step::Cancel { id: one.id.clone() }).collect();
    let Some(want) = want else { return steps };
    let elsewhere = |of: &[&Standing]| -> Option<ZoneId> {
        let zones: BTreeSet<&ZoneId> = of.iter().map(|one| &one.away_from).collect();
        zones.into_iter().find(|zone| **zone != want.zone).cloned()
    };
    let unread = seen.values().any(|state| *state == State::Unread);
    let minutes = minutes_until(want.expires_at, now);
    for (resource, state) in seen {
        let leave = |why| Step::Leave { resource: resource.clone(), why };
        let of_this: Vec<&Standing> = state.standing().collect();
        if let Some(held) = of_this.iter().find(|one| is_ours(one, cluster) && one.away_from == want.zone) {
            if want.expires_at.as_second() - held.expires_at.as_second() >= MINUTE {
                steps.push(Step::Extend { id: held.id.clone(), minutes });
            }
            continue;
        }
        steps.push(match state {
            State::Unread => leave(Why::Unread),
            State::Unmanaged => leave(Why::Unmanaged),
            State::Managed(_) if of_this.iter().any(|one| !is_ours(one, cluster) && one.away_from == want.zone) => {
                leave(Why::LeftByOthers(want.zone.clone()))
            }
            State::Managed(_) => match (elsewhere(&others), elsewhere(&ours)) {
                (Some(zone), _) => leave(Why::AnotherZone(zone)),
                (None, Some(zone)) => leave(Why::EndsFirst(zone)),
                // What stands there may lead away from another zone.
                (None, None) if unread => leave(Why::Unread),
                (None, None) => Step::Start {
                    resource: resource.clone(),
                    away_from: want.zone.clone(),
                    minutes,
                    comment: Comment { cluster: cluster.to_owned(), since: want.since },
                },
            },
        });
    }
    steps
}

impl State {
    fn standing(&self) -> impl Iterator<Item = &Standing> {
        match self {
            Self::Managed(standing) => standing.as_slice(),
            Self::Unread | Self::Unmanaged => &[],
        }
        .iter()
    }
}

fn is_ours(one: &Standing, cluster: &str) -> bool {
    Comment::parse(&one.comment).is_some_and(|comment| comment.cluster == cluster)
}

/// Whole minutes, rounded up so that a want does not outlive its shift.
fn minutes_until(at: Timestamp, now: Timestamp) -> i64 {
    let seconds = at.as_second() - now.as_second();
    ((seconds + MINUTE - 1) / MINUTE).clamp(1, LONGEST_MINUTES)
}
