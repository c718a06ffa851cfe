//! Whether something has risen for an hour and goes on rising: a robust line through the last hour.
//!
//! The hour is cut into twelve blocks of five minutes, each told by its median, so that a wild minute says nothing. The line is
//! Theil's and Sen's: its slope is the median of the slopes between all pairs of blocks, its level the median of what is left.
//! It is a trend where Kendall's test says that so ordered an hour is no chance, and where *both halves* of the hour rise: a step (a
//! release, a failover) rises in one of them alone and stays where it is, however steep the line through it. Nor is it one where a
//! single jump from one block to the next makes half of the rise: two steps are no slope either.

use super::outlook::median;

/// Minutes looked at.
pub(crate) const SPAN: i64 = 60;
/// Minutes of a block.
const BLOCK: i64 = 5;
const BLOCKS: usize = 12;
/// Blocks that may be without a value.
const GAPS: usize = 2;
/// How many more pairs have to rise than fall, of all pairs: with twelve blocks 47 of 66, by chance alone once in some thousand.
const ORDERED: f64 = 0.7;
/// Each half rises at least this part of the whole.
const EACH_HALF: f64 = 0.4;
/// The largest part of the rise that one jump may make, and what is no jump.
const JUMP: (f64, f64) = (0.45, 0.08);

/// A line through the last hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    /// Where it stands now.
    pub(crate) level: f64,
    /// How much it rises in a minute.
    pub(crate) slope: f64,
    /// Whether it rises for certain, and still.
    pub(crate) is_sure: bool,
    /// Whether no jump makes half of what it rises or falls.
    pub(crate) is_smooth: bool,
}

impl Trend {
    /// The line through values by the minute, as of `now`; nothing where too many are missing, or the latest.
    pub(crate) fn of(values: impl Iterator<Item = (i64, f64)>, now: i64) -> Option<Self> {
        let mut blocks: Vec<Vec<f64>> = vec![Vec::new(); BLOCKS];
        for (minute, value) in values {
            let back = now - minute;
            if let Ok(index) = usize::try_from(back.div_euclid(BLOCK))
                && let Some(block) = blocks.get_mut(index)
            {
                block.push(value);
            }
        }
        // From the oldest on; the middle of a block, in minutes before now.
        let points: Vec<(f64, f64)> = blocks
            .into_iter()
            .enumerate()
            .rev()
            .filter(|(_, block)| 2 * block.len() as i64 > BLOCK)
            .filter_map(|(back, block)| {
                #[expect(clippy::cast_precision_loss, reason = "at most 12")]
                let middle = -((back as f64 + 0.5) * BLOCK as f64 - 0.5);
                Some((middle, median(block)?))
            })
            .collect();
        let is_recent = points.last().is_some_and(|(at, _)| *at > -BLOCK as f64);
        if points.len() + GAPS < BLOCKS || !is_recent {
            return None;
        }
        let slope = slope(&points)?;
        let level = median(points.iter().map(|(at, value)| value - slope * at).collect())?;
        let middle = points.len() / 2;
        let (older, newer) = (self::slope(&points[..middle])?, self::slope(&points[middle..])?);
        let both = older.min(newer) >= EACH_HALF * slope;
        let jump = points.windows(2).map(|two| (two[1].1 - two[0].1).abs()).fold(0.0, f64::max);
        let rise = slope * (points.last()?.0 - points.first()?.0);
        let is_smooth = jump <= JUMP.1.max(JUMP.0 * rise.abs());
        let is_sure = slope > 0.0 && both && is_smooth && order(&points) >= ORDERED;
        Some(Self { level, slope, is_sure, is_smooth })
    }

    /// Minutes until it stands at `target`; 0 where it does, nothing where it never will.
    pub(crate) fn minutes_to(&self, target: f64) -> Option<f64> {
        if self.level >= target {
            return Some(0.0);
        }
        (self.slope > 0.0).then(|| (target - self.level) / self.slope)
    }
}

fn pairs(points: &[(f64, f64)]) -> impl Iterator<Item = ((f64, f64), (f64, f64))> {
    points.iter().enumerate().flat_map(|(index, one)| points[index + 1..].iter().map(|other| (*one, *other)))
}

fn slope(points: &[(f64, f64)]) -> Option<f64> {
    median(pairs(points).map(|(one, other)| (other.1 - one.1) / (other.0 - one.0)).collect())
}

/// Kendall's tau: the part of pairs that rise, less the part that fall.
fn order(points: &[(f64, f64)]) -> f64 {
    let (sum, count) = pairs(points).fold((0.0, 0.0), |(sum, count), (one, other)| {
        let sign = if other.1 > one.1 {
            1.0
        } else if other.1 < one.1 {
            -1.0
        } else {
            0.0
        };
        (sum + sign, count + 1.0)
    });
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: impl Fn(i64) -> f64) -> Option<Trend> {
        Trend::of((0..SPAN).map(|minute| (minute, value(minute))), SPAN - 1)
    }

    #[test]
    fn a_line_is_found_as_it_is() {
        let trend = of(|minute| 0.1 + 0.004 * minute as f64).unwrap();
        assert!((trend.slope - 0.004).abs() < 1e-9 && (trend.level - 0.336).abs() < 1e-9 && trend.is_sure, "{trend:?}");
        assert!((trend.minutes_to(0.736).unwrap() - 100.0).abs() < 1e-6);
        assert_eq!(trend.minutes_to(0.3), Some(0.0));
    }

    #[test]
    fn a_step_is_no_trend_wherever_it_is() {
        for at in 1..SPAN {
            let trend = of(|minute| if minute >= at { 0.5 } else { 0.0 } + 1e-4 * (minute % 7) as f64).unwrap();
            assert!(!trend.is_sure, "{at}: {trend:?}");
        }
    }

    #[test]
    fn what_has_stopped_rising_is_no_trend() {
        assert!(!of(|minute| 0.01 * minute.min(28) as f64).unwrap().is_sure);
        assert!(!of(|minute| -0.01 * minute as f64).unwrap().is_sure);
        assert_eq!(of(|minute| -0.01 * minute as f64).unwrap().minutes_to(1.0), None);
    }

    #[test]
    fn where_the_latest_minutes_or_many_are_missing_there_is_no_line() {
        let with = |keep: &dyn Fn(i64) -> bool| {
            Trend::of((0..SPAN).filter(|minute| keep(*minute)).map(|minute| (minute, 0.01 * minute as f64)), SPAN - 1)
        };
        assert!(with(&|_| true).is_some());
        assert!(with(&|minute| !(20..30).contains(&minute)).is_some());
        assert!(with(&|minute| minute < 55).is_none());
        assert!(with(&|minute| minute >= 20).is_none());
    }

    proptest! {
        #[test]
        fn wild_minutes_do_not_move_it(wild in prop::collection::vec((0..12i64, -9.0..9.0f64), 0..12)) {
            let is_wild = |minute: i64| {
                wild.iter().find(|(block, _)| block * BLOCK + 2 == minute).map(|(_, value)| *value)
            };
            let trend = of(|minute| is_wild(minute).unwrap_or(0.004 * minute as f64)).unwrap();
            // One wild minute of a block moves its median by one minute at most.
            prop_assert!((trend.slope - 0.004).abs() < 0.001 && trend.is_sure, "{trend:?}");
        }

        #[test]
        fn what_is_added_to_all_of_it_changes_the_level_alone(by in -5.0..5.0f64, slope in -0.01..0.01f64) {
            let (one, other) = (of(|minute| slope * minute as f64).unwrap(), of(|minute| by + slope * minute as f64).unwrap());
            prop_assert!((one.slope - other.slope).abs() < 1e-9 && (other.level - one.level - by).abs() < 1e-9);
        }
    }
}
