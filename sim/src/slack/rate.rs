//! Slack's rate limits: a message a second and channel, fifty updates a minute.
//!
//! <https://docs.slack.dev/apis/web-api/rate-limits/>. Slack lets short bursts pass without saying how long; here a burst
//! is one, so that a client which counts on more is found out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Limits and what has been used of them; clones share both.
#[derive(Debug, Clone, Default)]
pub struct Rates(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    off: AtomicBool,
    /// When the next call of this kind may come.
    next: Mutex<HashMap<(&'static str, String), Instant>>,
}

impl Rates {
    /// Switches the limits on (as they are from the start) or off.
    pub fn enforce(&self, on: bool) {
        self.0.off.store(!on, Ordering::Relaxed);
    }

    /// Takes one message to `channel`; `Err` is how long to wait.
    pub(super) fn message(&self, channel: &str, now: Instant) -> Result<(), Duration> {
        // A tenth of tolerance: a client that waits a second by its own clock is on time.
        self.take("message", channel, Duration::from_millis(900), 0, now)
    }

    /// Takes one call of a method of tier 3 (50 a minute and more); `Err` is how long to wait.
    pub(super) fn tier3(&self, method: &'static str, now: Instant) -> Result<(), Duration> {
        self.take(method, "", Duration::from_millis(1200), 49, now)
    }

    /// A bucket of `burst + 1` that fills by one every `interval`.
    fn take(&self, kind: &'static str, of: &str, interval: Duration, burst: u32, now: Instant) -> Result<(), Duration> {
        if self.0.off.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut all = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        let next = all.entry((kind, of.to_owned())).or_insert(now);
        if *next > now + interval * burst {
            return Err(*next - (now + interval * burst));
        }
        *next = (*next).max(now) + interval;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_message_to_a_channel_has_to_wait_and_one_to_another_channel_has_not() {
        let (rates, now) = (Rates::default(), Instant::now());
        assert_eq!(rates.message("C1", now), Ok(()));
        assert_eq!(rates.message("C1", now), Err(Duration::from_millis(900)));
        assert_eq!(rates.message("C2", now), Ok(()));
        assert_eq!(rates.message("C1", now + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn fifty_updates_pass_at_once_and_the_next_has_to_wait() {
        let (rates, now) = (Rates::default(), Instant::now());
        assert!((0..50).all(|_| rates.tier3("chat.update", now).is_ok()));
        assert!(rates.tier3("chat.update", now).is_err());
        rates.enforce(false);
        assert!(rates.tier3("chat.update", now).is_ok());
    }
}
