//! How far a zone strays from what is expected of it while it is well.
//!
//! Faults are not coin tosses: they come in bursts, and a zone that is a little worse in one minute is often so in the
//! next. Both are measured, by how far sums over one minute and over fifteen are off: what averages out over fifteen
//! minutes is *scatter*, what does not is *drift*. Wild minutes are cut down to two and a half deviations, so that
//! past trouble does not blind the judgement for days.

use serde::{Deserialize, Serialize};

use super::numbers::Fading;

const BLOCK: u32 = 15;
/// Two days of minutes.
const HALF_LIFE: f64 = 2880.0;
/// The part of the doubt about what to expect that does not average out over fifteen minutes.
const DOUBT_LASTS: f64 = 0.5;
/// Deviations beyond which a minute counts no more.
const CUT: f64 = 2.5;
/// A zone may always be off by 4 % for a while.
const LEAST_DRIFT: f64 = 0.04 * 0.04;
const MOST_DRIFT: f64 = 0.25;

/// How far the counts of a zone stray: the variance of a sum with expectation m is `scatter·m + drift·m²`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct CountNoise {
    /// At least 1, which is chance alone.
    pub(crate) scatter: f64,
    /// The relative variance that does not average out.
    pub(crate) drift: f64,
    minute: Moments,
    block: Moments,
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Moments {
    count: Fading,
    off: Fading,
    mean: Fading,
}

impl Moments {
    fn add(&mut self, off: f64, mean: f64, half_life: f64) {
        self.count.add(1.0, half_life);
        self.off.add(off, half_life);
        self.mean.add(mean, half_life);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Open {
    minutes: u32,
    off: f64,
    mean: f64,
    doubt: f64,
}

impl Default for CountNoise {
    fn default() -> Self {
        Self { scatter: 1.3, drift: 0.01, minute: Moments::default(), block: Moments::default(), open: Open::default() }
    }
}

impl CountNoise {
    /// Takes in a well minute: what came, what was expected, and how uncertain that was, which is not the zone's doing and
    /// is taken off. Each minute weighs the same, however much was expected: an hour of trouble in all zones would otherwise
    /// outweigh days.
    pub(crate) fn learn(&mut self, count: f64, expected: f64, doubt: f64) {
        if expected <= 0.0 {
            return;
        }
        let cut = |off: f64, expected: f64, noise: &Self| {
            let most = CUT * (noise.scatter * expected + noise.drift * expected * expected).sqrt();
            off.clamp(-most, most)
        };
        let off = cut(count - expected, expected, self);
        self.minute.add(off * off / expected - doubt * expected, expected, HALF_LIFE);
        self.open.minutes += 1;
        self.open.off += off;
        self.open.mean += expected;
        self.open.doubt += doubt * expected;
        if self.open.minutes == BLOCK {
            let off = cut(self.open.off, self.open.mean, self);
            self.block.add(
                off * off / self.open.mean - DOUBT_LASTS * self.open.doubt,
                self.open.mean,
                HALF_LIFE / f64::from(BLOCK),
            );
            self.open = Open::default();
            self.solve();
        }
    }

    /// Two equations, two unknowns; an hour's worth of the prior keeps the first day sane.
    fn solve(&mut self) {
        let with_prior = |moments: &Moments, weight: f64| {
            let mean = moments.mean.0 / moments.count.0;
            ((moments.off.0 + weight * (1.3 + 0.01 * mean)) / (moments.count.0 + weight), mean)
        };
        let (minute, minute_mean) = with_prior(&self.minute, 60.0);
        let (block, block_mean) = with_prior(&self.block, 8.0);
        // Where there are next to no faults, drift cannot be seen and stays what it was taken for.
        let drift = (block - minute + 0.01) / (block_mean - minute_mean + 1.0);
        self.drift = drift.clamp(LEAST_DRIFT, MOST_DRIFT);
        self.scatter = (minute - self.drift * minute_mean).clamp(1.0, 100.0);
    }
}

/// How far the logarithm of a zone's latency strays from what is expected of it: the variance of the mean over n minutes
/// is `scatter/n + drift`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct LevelNoise {
    /// The variance that averages out.
    pub(crate) scatter: f64,
    /// The variance that does not.
    pub(crate) drift: f64,
    minute: Moments,
    block: Moments,
    open: Open,
}

impl Default for LevelNoise {
    fn default() -> Self {
        Self {
            scatter: 0.04,
            drift: 0.01,
            minute: Moments::default(),
            block: Moments::default(),
            open: Open::default(),
        }
    }
}

impl LevelNoise {
    /// The deviation of a single minute.
    pub(crate) fn deviation(&self) -> f64 {
        (self.scatter + self.drift).sqrt()
    }

    /// Takes in how far a well minute was off.
    pub(crate) fn learn(&mut self, off: f64) {
        let most = CUT * self.deviation();
        let off = off.clamp(-most, most);
        self.minute.add(off * off, 1.0, HALF_LIFE);
        self.open.minutes += 1;
        self.open.off += off;
        if self.open.minutes == BLOCK {
            let mean = self.open.off / f64::from(BLOCK);
            self.block.add(mean * mean, 1.0, HALF_LIFE / f64::from(BLOCK));
            self.open = Open::default();
            let minute = (self.minute.off.0 + 60.0 * 0.05) / (self.minute.mean.0 + 60.0);
            let block = (self.block.off.0 + 8.0 * 0.0127) / (self.block.mean.0 + 8.0);
            let drift = (f64::from(BLOCK) * block - minute) / f64::from(BLOCK - 1);
            self.drift = drift.clamp(LEAST_DRIFT, MOST_DRIFT);
            self.scatter = (minute - self.drift).clamp(0.0004, 4.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator, enough to be uneven: uniform in 0..1.
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(*state >> 32).unwrap()) / f64::from(u32::MAX)
    }

    #[test]
    fn scatter_and_drift_are_told_apart() {
        let (mut scattered, mut drifting, mut state) = (CountNoise::default(), CountNoise::default(), 7);
        let mut slow = 0.0;
        for minute in 0..20_000 {
            // Variance of a uniform over ±a is a²/3: ±30 around 100 is 300, three times chance.
            scattered.learn(100.0 + 60.0 * (uniform(&mut state) - 0.5), 100.0, 0.0);
            if minute % 60 == 0 {
                slow = uniform(&mut state) - 0.5;
            }
            drifting.learn(100.0 + 35.0 * (uniform(&mut state) - 0.5) + 80.0 * slow, 100.0, 0.0);
        }
        assert!((scattered.scatter - 3.0).abs() < 0.5 && scattered.drift < 0.005, "{scattered:?}");
        assert!(drifting.drift > 0.03 && drifting.scatter < 2.5, "{drifting:?}");
    }

    #[test]
    fn a_wild_hour_does_not_blind() {
        let (mut noise, mut state) = (CountNoise::default(), 7);
        for minute in 0..6000 {
            let wild = if (3000..3060).contains(&minute) { 900.0 } else { 0.0 };
            noise.learn(100.0 + 35.0 * (uniform(&mut state) - 0.5) + wild, 100.0, 0.0);
        }
        assert!(noise.scatter < 2.0 && noise.drift < 0.02, "{noise:?}");
    }
}
