//! How often requests fail at the moment, going by the other zones.
//!
//! Three memories of the others' faults stand beside each other: a long one, one of two minutes, and one of this minute
//! alone. Each is a Gamma distribution of the rate, and each is believed as far as it foresaw what came (dynamic
//! model averaging). In quiet times the long memory wins and the expectation is sharp; when all zones fail at once, the
//! short ones win in that same minute and the expectation rises with them.
//!
//! How long the long memory is depends on how much there is to remember. The rate is taken to wander by a few percent a
//! minute ([`WANDER`]); the more faults a minute has, the sooner older minutes say less than the newest one. The gain that
//! balances both (the steady state of a Kalman filter) is the square root of wander times count, and the doubt that
//! remains is the gain over the count.

use serde::{Deserialize, Serialize};

use super::numbers::ln_negative_binomial;

/// What is kept of the shorter memories from one minute to the next.
const SHORT: [f64; 2] = [0.5, 0.0];
/// The variance by which the logarithm of the rate moves within a minute: 3 %.
const WANDER: f64 = 0.03 * 0.03;
/// The least and the most that the long memory takes on in a minute.
const GAIN: std::ops::RangeInclusive<f64> = 0.03..=0.5;
/// The least belief in each.
const LEAST: f64 = 0.01;
/// The certainty of the rate, as a shape, is never above this: 5 % of doubt remain.
const MOST: f64 = 400.0;

/// What is known of the common rate of faults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Level {
    memories: Vec<Memory>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Memory {
    shape: f64,
    rate: f64,
    belief: f64,
}

/// A rate, and how certain it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) mean: f64,
    /// The variance of the rate over the square of its mean.
    pub(crate) doubt: f64,
}

impl Level {
    /// Takes in a minute of the others: their faults, and the traffic in which they arose.
    pub(crate) fn observe(&mut self, faults: f64, exposure: f64) {
        if exposure <= 0.0 {
            return;
        }
        if self.memories.is_empty() {
            let first = Memory { shape: faults + 0.5, rate: exposure, belief: 1.0 / 3.0 };
            self.memories = vec![first; 1 + SHORT.len()];
            return;
        }
        let usual = self.memories[0].shape / self.memories[0].rate;
        let gain = (WANDER * usual * exposure).sqrt().clamp(*GAIN.start(), *GAIN.end());
        let mut foreseen = [0.0; 1 + SHORT.len()];
        let kept = std::iter::once(1.0 - gain).chain(SHORT);
        for ((memory, kept), foreseen) in self.memories.iter_mut().zip(kept).zip(&mut foreseen) {
            // What is forgotten is replaced by half a fault's worth of the usual.
            memory.shape = memory.shape * kept + (1.0 - kept) * 0.5;
            memory.rate = memory.rate * kept + (1.0 - kept) * 0.5 / usual;
            *foreseen = ln_negative_binomial(faults, memory.shape, memory.rate, exposure);
            memory.shape += faults;
            memory.rate += exposure;
            let excess = (memory.shape / MOST).max(1.0);
            memory.shape /= excess;
            memory.rate /= excess;
        }
        let best = foreseen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let beliefs = self
            .memories
            .iter()
            .zip(foreseen)
            .map(|(memory, foreseen)| memory.belief.powf(0.95) * (foreseen - best).exp());
        let beliefs: Vec<f64> = beliefs.collect();
        let total: f64 = beliefs.iter().sum();
        for (memory, belief) in self.memories.iter_mut().zip(beliefs) {
            memory.belief = (belief / total).max(LEAST);
        }
    }

    /// The rate now.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let total: f64 = self.memories.iter().map(|memory| memory.belief).sum();
        if total <= 0.0 {
            return None;
        }
        let (mut mean, mut square) = (0.0, 0.0);
        for memory in &self.memories {
            let (belief, rate) = (memory.belief / total, memory.shape / memory.rate);
            mean += belief * rate;
            square += belief * rate * rate * (1.0 + 1.0 / memory.shape);
        }
        Some(Rate { mean, doubt: (square / (mean * mean) - 1.0).max(0.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_quiet_the_rate_is_sharp_and_one_odd_minute_moves_it_little() {
        let mut level = Level::default();
        (0..120).for_each(|minute| level.observe(12.0 + f64::from(minute % 3) - 1.0, 12_000.0));
        let quiet = level.rate().unwrap();
        assert!((quiet.mean - 0.001).abs() < 5e-5 && quiet.doubt < 0.02, "{quiet:?}");
        level.observe(6.0, 12_000.0);
        assert!(level.rate().unwrap().mean > 0.0009);
    }

    #[test]
    fn when_all_fail_the_expectation_rises_in_the_same_minute() {
        let mut level = Level::default();
        (0..120).for_each(|_| level.observe(12.0, 12_000.0));
        level.observe(240.0, 12_000.0);
        assert!((level.rate().unwrap().mean - 0.02).abs() < 0.002, "{:?}", level.rate());
    }
}
