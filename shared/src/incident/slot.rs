//! One message a second and channel, whoever sends it.
//!
//! Invocations run side by side and know nothing of each other but what the store holds. For each channel it holds the
//! time from which on the next message may go. Who wants to send moves that time on by a second and waits for the time
//! that was there: turns are handed out in order, a second apart.
//!
//! A post waits as long as its invocation can. An update does not: it only takes a turn that is at most a second away.
//! Where turns are taken further ahead than that, somebody else has yet to send, and before they are done they look for what
//! is left to show; they will see what we have written by then. So the last state is shown, by them or by the sweep of
//! the minute, and a thousand changes cost an update a second.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The pace.
const PACE: Duration = Duration::from_secs(1);

/// A channel's turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    next: Timestamp,
}

impl Slot {
    /// How long an update waits.
    pub const UPDATE_WAIT: Duration = PACE;

    /// Takes the next turn if it is at most `patience` away: when it is, and what is left for the others.
    pub fn take(slot: Option<Self>, now: Timestamp, patience: Duration) -> Option<(Timestamp, Self)> {
        let turn = slot.map_or(now, |slot| slot.next.max(now));
        (turn <= now + patience).then_some((turn, Self { next: turn + PACE }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn turns_are_a_second_apart_and_within_patience(
            asks in proptest::collection::vec((0i64..400, 0u64..5000), 1..60),
        ) {
            let (mut now, mut slot, mut turns) = (Timestamp::UNIX_EPOCH, None, Vec::new());
            for (wait, patience) in asks {
                now += Duration::from_millis(wait.unsigned_abs());
                let patience = Duration::from_millis(patience);
                if let Some((turn, left)) = Slot::take(slot, now, patience) {
                    prop_assert!(turn >= now && turn <= now + patience);
                    turns.push(turn);
                    slot = Some(left);
                }
            }
            prop_assert!(turns.is_sorted());
            prop_assert!(turns.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= PACE.try_into().unwrap()));
        }

        #[test]
        fn at_most_one_update_waits(now in 0i64..1000, ahead in 0u64..3000) {
            let now = Timestamp::from_second(now).unwrap();
            let taken = Some(Slot { next: now + Duration::from_millis(ahead) });
            if let Some((_, left)) = Slot::take(taken, now, Slot::UPDATE_WAIT) {
                prop_assert!(ahead == 0 || Slot::take(Some(left), now, Slot::UPDATE_WAIT).is_none());
            }
        }
    }
}
