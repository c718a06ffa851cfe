//! What is measured, minute by minute, kept for [`KEPT_MINUTES`].
//!
//! A series holds one value a minute. What that value is, and thus what statistics mean on it, is its [`Shape`]: a level, a
//! count within the minute, or the mean of a latency distribution from which percentiles are derived.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

/// How long a minute's value is kept: ten hours.
pub const KEPT_MINUTES: usize = 10 * 60;

/// A metric as CloudWatch identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct MetricId {
    /// Namespace, for example `AWS/ApplicationELB`.
    pub namespace: String,
    /// Name, for example `HTTPCode_Target_5XX_Count`.
    pub name: String,
    /// Dimensions, sorted by name.
    pub dimensions: Vec<(String, String)>,
}

impl MetricId {
    /// A metric; dimensions in any order.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let mut dimensions: Vec<(String, String)> =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        dimensions.sort();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }

    /// The value of one dimension.
    pub fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a minute's value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A level, sampled once a minute.
    Level,
    /// A count within the minute; statistics are sums.
    Count,
    /// The mean of a latency (log-normal, sigma 0.6), in seconds.
    Latency,
}

/// A CloudWatch statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// `Average`.
    Average,
    /// `Sum`.
    Sum,
    /// `Minimum`.
    Minimum,
    /// `Maximum`.
    Maximum,
    /// `SampleCount`.
    SampleCount,
    /// `p99` and the like, 0 to 100.
    Percentile(f64),
}

impl std::fmt::Display for Statistic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Average => f.write_str("Average"),
            Self::Sum => f.write_str("Sum"),
            Self::Minimum => f.write_str("Minimum"),
            Self::Maximum => f.write_str("Maximum"),
            Self::SampleCount => f.write_str("SampleCount"),
            Self::Percentile(rank) => write!(f, "p{rank}"),
        }
    }
}

/// A statistic that CloudWatch does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown statistic {0:?}; use Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99")]
pub struct UnknownStatistic(String);

impl std::str::FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, UnknownStatistic> {
        Ok(match text {
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            _ => {
                let rank = text.strip_prefix('p').and_then(|rank| rank.parse::<f64>().ok());
                let rank = rank.filter(|rank| (0.0..=100.0).contains(rank));
                Self::Percentile(rank.ok_or_else(|| UnknownStatistic(text.to_owned()))?)
            }
        })
    }
}

/// A series within a [`MetricStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesHandle(usize);

#[derive(Debug, Clone)]
struct Series {
    id: MetricId,
    unit: &'static str,
    shape: Shape,
    first_minute: i64,
    values: VecDeque<f32>,
}

/// All series.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetricStore {
    series: Vec<Series>,
    by_id: HashMap<MetricId, usize>,
}

impl MetricStore {
    /// The series of this metric, made where there is none.
    pub(crate) fn series(&mut self, id: MetricId, unit: &'static str, shape: Shape) -> SeriesHandle {
        if let Some(index) = self.by_id.get(&id) {
            return SeriesHandle(*index);
        }
        let index = self.series.len();
        self.by_id.insert(id.clone(), index);
        self.series.push(Series { id, unit, shape, first_minute: 0, values: VecDeque::new() });
        SeriesHandle(index)
    }

    /// Writes one minute's value; minutes in between hold none.
    pub(crate) fn record(&mut self, handle: SeriesHandle, minute: i64, value: f64) {
        let series = &mut self.series[handle.0];
        if series.values.is_empty() {
            series.first_minute = minute;
        }
        while series.first_minute + (series.values.len() as i64) < minute {
            series.values.push_back(f32::NAN);
            if series.values.len() > KEPT_MINUTES {
                series.values.pop_front();
                series.first_minute += 1;
            }
        }
        if series.first_minute + (series.values.len() as i64) == minute {
            series.values.push_back(value as f32);
        }
        if series.values.len() > KEPT_MINUTES {
            series.values.pop_front();
            series.first_minute += 1;
        }
    }

    /// Metrics that match, in order of their series' making.
    pub(crate) fn list(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
        dimensions: &[(String, Option<String>)],
    ) -> Vec<MetricId> {
        let matches = |id: &MetricId| {
            namespace.is_none_or(|namespace| id.namespace == namespace)
                && name.is_none_or(|name| id.name == name)
                && dimensions.iter().all(|(name, value)| {
                    id.dimension(name).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
                })
        };
        self.series.iter().filter(|series| matches(&series.id)).map(|series| series.id.clone()).collect()
    }

    /// A metric's unit, in CloudWatch's words.
    pub(crate) fn unit(&self, id: &MetricId) -> Option<&'static str> {
        self.by_id.get(id).map(|index| self.series[*index].unit)
    }

    /// One statistic a period, oldest first; a period is named by its start and left out where nothing was measured.
    pub(crate) fn statistic(
        &self,
        id: &MetricId,
        statistic: Statistic,
        start: Timestamp,
        end: Timestamp,
        period_s: i64,
    ) -> Vec<(Timestamp, f64)> {
        let Some(series) = self.by_id.get(id).map(|index| &self.series[*index]) else { return Vec::new() };
        let period_s = period_s.max(60);
        let mut at = start.as_second().div_euclid(period_s) * period_s;
        let kept_from = series.first_minute * 60;
        if at < kept_from {
            at += (kept_from - at).div_euclid(period_s) * period_s;
        }
        let end = end.as_second().min((series.first_minute + series.values.len() as i64) * 60);
        let mut points = Vec::new();
        while at < end {
            let minutes = at.div_euclid(60)..(at + period_s).div_euclid(60);
            let values: Vec<f64> = minutes
                .filter_map(|minute| usize::try_from(minute - series.first_minute).ok())
                .filter_map(|index| series.values.get(index))
                .map(|value| f64::from(*value))
                .filter(|value| !value.is_nan())
                .collect();
            if let Some(value) = reduce(series.shape, statistic, &values)
                && let Ok(time) = Timestamp::from_second(at)
            {
                points.push((time, value));
            }
            at += period_s;
        }
        points
    }
}

fn reduce(shape: Shape, statistic: Statistic, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().sum();
    let mean = sum / values.len() as f64;
    Some(match statistic {
        Statistic::Sum => sum,
        Statistic::SampleCount => values.len() as f64,
        Statistic::Average => mean,
        Statistic::Percentile(rank) if shape == Shape::Latency => mean * log_normal_quantile(rank / 100.0),
        Statistic::Maximum if shape == Shape::Latency => {
            values.iter().copied().fold(f64::MIN, f64::max) * log_normal_quantile(0.9999)
        }
        Statistic::Minimum if shape == Shape::Latency => {
            values.iter().copied().fold(f64::MAX, f64::min) * log_normal_quantile(0.0001)
        }
        Statistic::Maximum => values.iter().copied().fold(f64::MIN, f64::max),
        Statistic::Minimum => values.iter().copied().fold(f64::MAX, f64::min),
        Statistic::Percentile(rank) => {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted[((rank / 100.0) * (sorted.len() - 1) as f64).round() as usize]
        }
    })
}

/// The quantile of a log-normal distribution with mean 1 and sigma 0.6.
fn log_normal_quantile(p: f64) -> f64 {
    const SIGMA: f64 = 0.6;
    (SIGMA * normal_quantile(p) - SIGMA * SIGMA / 2.0).exp()
}

/// The normal quantile by the logistic approximation; within 2 % where latencies are read (p50 to p99.99).
fn normal_quantile(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    let odds = (p / (1.0 - p)).ln();
    odds.signum() * solve_logistic(odds.abs())
}

/// Solves `0.07056 z^3 + 1.5976 z = odds` for `z` (Bowling et al., 2009) by Newton's method.
fn solve_logistic(odds: f64) -> f64 {
    let mut z = odds / 1.7;
    for _ in 0..8 {
        z -= (0.07056 * z.powi(3) + 1.5976 * z - odds) / (3.0 * 0.07056 * z * z + 1.5976);
    }
    z
}
