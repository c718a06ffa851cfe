//! How long there is: every call is bounded by what is left of the invocation.

use std::time::Duration;

use tokio::time::Instant;

/// The moment by which work has to be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// This long from now.
    pub fn within(time: Duration) -> Self {
        Self(Instant::now() + time)
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
