//! A metric compared with its own past.

use jiff::Timestamp;

use crate::snapshot::Series;

/// A series seen as a past and a present.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Median of the past.
    pub before: f64,
    /// Median of the present.
    pub after: f64,
    /// The highest value of the present.
    pub peak: f64,
    /// The median absolute deviation of the past: what is usual noise.
    pub noise: f64,
}

impl Trend {
    /// Splits a series at `since`. `None` where either side has fewer than two points.
    pub fn at(series: &Series, since: Timestamp) -> Option<Self> {
        let split = series.points.partition_point(|(time, _)| *time < since);
        let values: Vec<f64> = series.points.iter().map(|(_, value)| *value).collect();
        let (past, present) = values.split_at(split);
        if past.len() < 2 || present.len() < 2 {
            return None;
        }
        let before = median(past);
        let deviations: Vec<f64> = past.iter().map(|value| (value - before).abs()).collect();
        Some(Self {
            before,
            after: median(present),
            peak: present.iter().copied().fold(f64::MIN, f64::max),
            noise: median(&deviations),
        })
    }

    /// How many times the past the present is; a past of nothing counts as `floor`.
    pub fn ratio(&self, floor: f64) -> f64 {
        self.after / self.before.max(floor)
    }

    /// Whether the present lies outside what the past's noise explains, by `times` its deviation.
    pub fn is_beyond_noise(&self, times: f64) -> bool {
        (self.after - self.before).abs() > times * self.noise.max(self.before.abs() * 0.02)
    }
}

/// The median; 0 for no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}
