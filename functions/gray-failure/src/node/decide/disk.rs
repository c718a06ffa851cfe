//! When a disk will be full: a line through its use that a few odd points cannot bend.
//!
//! The slope is the median of the slopes between all pairs of points (Theil and Sen), the height the median of what is left;
//! up to 29 % of the points may be anything. A disk fills steadily only where most pairs rise: the lower quarter of the
//! slopes has to as well. Images that are fetched and collected give a saw-tooth, whose lower quarter falls.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::config::NodeRules;

use super::sign::{Sign, Strength};

/// Fewer points make no line.
const LEAST_POINTS: usize = 12;
/// Points that are used, the latest: pairs grow with the square.
const MOST_POINTS: usize = 120;
/// A shorter time makes no line, in hours.
const LEAST_HOURS: f64 = 0.75;
/// Less use is not worth a word however it grows: a node that begins is filled by its images.
const LEAST_PERCENT: f64 = 50.0;

/// A disk that fills.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Filling {
    /// Its use now, by the line, in percent.
    pub percent: f64,
    /// How fast it grows.
    pub percent_per_hour: f64,
    /// When kubelet begins to evict pods, in percent.
    pub threshold_percent: f64,
    /// Until then, in hours.
    pub hours_left: f64,
}

impl Filling {
    /// The line through points of use in percent, oldest first; `None` where it does not fill or too little is known.
    pub fn of(points: &[(Timestamp, f64)], threshold_percent: f64) -> Option<Self> {
        let points = &points[points.len().saturating_sub(MOST_POINTS)..];
        let (first, last) = (points.first()?.0, points.last()?.0);
        let hours = |at: Timestamp| at.duration_since(first).as_secs_f64() / 3600.0;
        if points.len() < LEAST_POINTS || hours(last) < LEAST_HOURS {
            return None;
        }
        let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
        for (index, (at, use_then)) in points.iter().enumerate() {
            for (later, use_later) in &points[index + 1..] {
                let apart = hours(*later) - hours(*at);
                if apart > 0.0 && use_then.is_finite() && use_later.is_finite() {
                    slopes.push((use_later - use_then) / apart);
                }
            }
        }
        let slope = quantile(&mut slopes, 0.5)?;
        if slope <= 0.0 || quantile(&mut slopes, 0.25)? <= 0.0 {
            return None;
        }
        let mut heights: Vec<f64> = points.iter().map(|(at, used)| used - slope * hours(*at)).collect();
        let percent = quantile(&mut heights, 0.5)? + slope * hours(last);
        let hours_left = ((threshold_percent - percent) / slope).max(0.0);
        Some(Self { percent, percent_per_hour: slope, threshold_percent, hours_left })
    }

    /// What it says of the node.
    pub(super) fn sign(self, rules: &NodeRules) -> Option<Sign> {
        let strength = match self.hours_left {
            hours if hours <= f64::from(rules.disk_hours) / 4.0 => Strength::Strong,
            hours if hours <= f64::from(rules.disk_hours) => Strength::Weak,
            _ => return None,
        };
        (self.percent >= LEAST_PERCENT).then_some(Sign::DiskFilling { filling: self, strength })
    }
}

fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
    let index = ((values.len().checked_sub(1)?) as f64 * share).round() as usize;
    values.get(index).copied()
}
