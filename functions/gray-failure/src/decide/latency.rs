//! What latency is usual of a zone at this time of the week.
//!
//! In logarithms, so that twice as slow is the same distance everywhere. A level that follows within a day, and what each
//! half hour of the week adds to it, learnt from one week to the next in steps that an outlier cannot enlarge.

use serde::{Deserialize, Serialize};

/// Half hours of a week.
const SLOTS: usize = 7 * 48;

/// What is usual.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Season {
    level: Option<f64>,
    minutes: u32,
    added: Vec<f32>,
    seen: Vec<u16>,
}

impl Season {
    /// The usual logarithm of the latency at this minute since 1970.
    pub(crate) fn usual(&self, minute: i64) -> Option<f64> {
        Some(self.level? + self.added(minute))
    }

    /// Between the middles of two half hours, what is learnt of both.
    fn added(&self, minute: i64) -> f64 {
        if self.added.is_empty() {
            return 0.0;
        }
        let (slot, part) = position(minute - 15);
        let next = (slot + 1) % SLOTS;
        let of = |slot: usize| {
            let seen = f64::from(self.seen[slot]);
            f64::from(self.added[slot]) * seen / (seen + 10.0)
        };
        of(slot) * (1.0 - part) + of(next) * part
    }

    /// Takes in a well minute's latency; `deviation` is how far one minute usually is off.
    pub(crate) fn learn(&mut self, minute: i64, ln_latency: f64, deviation: f64) {
        let Some(level) = self.level else {
            self.level = Some(ln_latency);
            self.minutes = 1;
            return;
        };
        if self.added.is_empty() {
            self.added = vec![0.0; SLOTS];
            self.seen = vec![0; SLOTS];
        }
        let most = 3.0 * deviation;
        let off = (ln_latency - level - self.added(minute)).clamp(-most, most);
        self.minutes = self.minutes.saturating_add(1);
        self.level = Some(level + off / f64::from(self.minutes.min(1440)));
        let (slot, _) = position(minute);
        self.seen[slot] = self.seen[slot].saturating_add(1);
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are plenty")]
        let step = (off / f64::from(self.seen[slot].clamp(20, 90))) as f32;
        self.added[slot] += step;
    }
}

/// The half hour of the week, and how far within it.
fn position(minute: i64) -> (usize, f64) {
    let of_week = minute.rem_euclid(7 * 1440);
    #[expect(clippy::cast_precision_loss, reason = "below 30")]
    let part = (of_week % 30) as f64 / 30.0;
    (usize::try_from(of_week / 30).unwrap_or(0), part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_two_weeks_the_nights_are_known() {
        let mut season = Season::default();
        let latency = |minute: i64| if minute % 1440 < 360 { 4.0f64.ln() } else { 2.0f64.ln() };
        (0..21 * 1440).for_each(|minute| season.learn(minute, latency(minute), 0.1));
        for minute in [180, 720] {
            let off = season.usual(21 * 1440 + minute).unwrap() - latency(minute);
            assert!(off.abs() < 0.3, "{minute}: {off}");
        }
    }
}
