//! Times and durations as people of a time zone read them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time zone's clock.
///
/// ```
/// use shared::text::Clock;
/// let clock = Clock::new(jiff::tz::TimeZone::get("Asia/Seoul").unwrap());
/// let time = "2026-03-02T05:23:40Z".parse().unwrap();
/// assert_eq!(clock.minute(time), "14:23 KST");
/// assert_eq!(clock.second(time), "14:23:40");
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// The clock of `zone`.
    pub const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// `14:23 KST`.
    pub fn minute(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%H:%M %Z").to_string()
    }

    /// `14:23:40`, for entries beside each other.
    pub fn second(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }

    /// `2026-03-02 14:23 KST`.
    pub fn day(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }
}

/// A duration in its two largest units.
///
/// ```
/// use shared::text::Duration;
/// assert_eq!(Duration(jiff::SignedDuration::from_secs(3_900)).to_string(), "1 h 5 min");
/// assert_eq!(Duration(jiff::SignedDuration::from_secs(40)).to_string(), "40 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(pub SignedDuration);

impl super::Phrases {
    /// A duration as people of this language read it: `1 h 5 min`, `1시간 5분`.
    pub fn duration(&self, duration: Duration) -> String {
        let text = duration.to_string();
        match self.language {
            super::Language::En => text,
            super::Language::Ko => {
                let units = [(" min", "분"), (" d", "일"), (" h", "시간"), (" s", "초")];
                units.into_iter().fold(text, |text, (unit, said)| text.replace(unit, said))
            }
        }
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs().max(0);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, minutes) => write!(f, "{minutes} min"),
            (0, hours, 0) => write!(f, "{hours} h"),
            (0, hours, minutes) => write!(f, "{hours} h {minutes} min"),
            (days, 0, _) => write!(f, "{days} d"),
            (days, hours, _) => write!(f, "{days} d {hours} h"),
        }
    }
}
