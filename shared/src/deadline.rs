//! How long there is: every call is bounded by what is left of the invocation.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// What an invocation is given whose end cannot be read.
const UNREAD: Duration = Duration::from_secs(30);

/// The moment by which work has to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// This long from now.
    pub fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The end of an invocation, in milliseconds since 1970 as Lambda's context has it. One that has passed leaves nothing.
    pub fn of_invocation(ends_at_ms: u64) -> Self {
        let end = i64::try_from(ends_at_ms).ok().and_then(|end| Timestamp::from_millisecond(end).ok());
        Self::within(
            end.map_or(UNREAD, |end| Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default()),
        )
    }

    /// The same deadline, sooner by `reserve`: room to record the outcome.
    #[must_use]
    pub fn before(self, reserve: Duration) -> Self {
        Self(self.0.checked_sub(reserve).unwrap_or(self.0))
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// A time-out for one call: `wanted`, or what is left if that is less.
    pub fn cap(self, wanted: Duration) -> Duration {
        self.remaining().min(wanted)
    }

    /// Whether `wait` and after it `work` still fit.
    pub fn fits(self, wait: Duration, work: Duration) -> bool {
        self.remaining() > wait + work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_ends_when_lambda_says_so() {
        let in_a_minute = Timestamp::now().as_millisecond().unsigned_abs() + 60_000;
        let left = Deadline::of_invocation(in_a_minute).remaining();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(30), "{left:?}");
        assert_eq!(Deadline::of_invocation(0).remaining(), Duration::ZERO);
        assert!(Deadline::of_invocation(u64::MAX).remaining() <= UNREAD);
    }
}
