//! What is usual at a time of the week, by the half hour, and from it how much more demand is coming.
//!
//! # What is usual
//!
//! Of each half hour of the last seven days the mean of a minute is kept. Usual at a time is the median of three: a week ago,
//! a day ago, and the median of the last seven days, each at this time of the day. A single odd day, whichever of them it is,
//! thereby says nothing; weekends are known by the week ago once there was one. Between the middles of two half hours, what is
//! known of both. What was measured less than ten minutes of a half hour is not known.
//!
//! # How much more is coming
//!
//! A zone that is left is left for as long as it is ill, half an hour at a time. The others have to carry the busiest of that
//! time, not only the minute in which somebody looks: the highest usual demand of the next [`HORIZON`] over the usual demand now,
//! never below 0. Both are usual, so that a day on which all is twice as much is no growth. Under a day of history nothing is
//! known of the season, and [`UNKNOWN`] is taken for it.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::zone::minute_of;

/// Minutes of a slot.
const SLOT: i64 = 30;
/// Slots kept: a week, and what is needed to look between two of them.
const SLOTS: i64 = 7 * 48 + 2;
/// Minutes by which a slot is known.
const LEAST: u32 = 10;
const DAY: i64 = 24 * 60;

/// How far ahead demand is looked at, in minutes: a shift of half an hour, extended for as long as most zonal faults last.
pub(crate) const HORIZON: i64 = 3 * 60;
/// How often within it.
const STEP: usize = 15;
/// The growth that is reckoned with where the season is not known, in percent.
pub const UNKNOWN: u32 = 25;
/// The most that is reckoned with: from the dead of night to noon no forecast of this kind is to be believed.
const MOST: f64 = 300.0;

/// What demand is coming while a zone is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// How much more than now, in percent.
    pub growth_percent: u32,
    /// Up to when was looked.
    pub until: Timestamp,
    /// Whether the season is known; else the growth is a margin.
    pub is_known: bool,
}

/// A half hour since 1970: minutes, their requests, minutes with a latency and the sum of its logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Slot(i64, u32, f64, u32, f32);

/// A week of half hours.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Usual(VecDeque<Slot>);

impl Usual {
    /// Takes in a minute.
    pub(crate) fn add(&mut self, minute: i64, requests: f64, ln_latency: Option<f64>) {
        let at = minute.div_euclid(SLOT);
        if self.0.back().is_none_or(|last| last.0 != at) {
            self.0.push_back(Slot(at, 0, 0.0, 0, 0.0));
            while self.0.front().is_some_and(|slot| slot.0 <= at - SLOTS) {
                self.0.pop_front();
            }
        }
        let Some(Slot(_, minutes, sum, with_latency, latency)) = self.0.back_mut() else { return };
        *minutes += 1;
        *sum += requests;
        if let Some(ln_latency) = ln_latency {
            *with_latency += 1;
            #[expect(clippy::cast_possible_truncation, reason = "seven digits are plenty")]
            let ln_latency = ln_latency as f32;
            *latency += ln_latency;
        }
    }

    /// The usual requests of a minute.
    pub(crate) fn requests(&self, minute: i64) -> Option<f64> {
        self.usual(minute, 1, |Slot(_, minutes, requests, ..)| {
            (*minutes >= LEAST).then(|| requests / f64::from(*minutes))
        })
    }

    /// The usual logarithm of the latency of a minute; by three days at least, of which one may be odd.
    pub(crate) fn ln_latency(&self, minute: i64) -> Option<f64> {
        self.usual(minute, 3, |Slot(.., minutes, latency)| {
            (*minutes >= LEAST).then(|| f64::from(*latency) / f64::from(*minutes))
        })
    }

    fn usual(&self, minute: i64, least: usize, of: impl Fn(&Slot) -> Option<f64>) -> Option<f64> {
        let slot = |at: i64| {
            let index = self.0.binary_search_by_key(&at, |slot| slot.0).ok()?;
            of(&self.0[index])
        };
        let on = |day: i64| {
            let at = minute - day * DAY - SLOT / 2;
            #[expect(clippy::cast_precision_loss, reason = "below 30")]
            let part = at.rem_euclid(SLOT) as f64 / SLOT as f64;
            let at = at.div_euclid(SLOT);
            Some(slot(at)? * (1.0 - part) + slot(at + 1)? * part)
        };
        let days: Vec<Option<f64>> = (1..=7).map(on).collect();
        let known: Vec<f64> = days.iter().copied().flatten().collect();
        let all = if known.len() < least { None } else { median(known) }?;
        Some(match (days[0], days[6]) {
            (Some(day), Some(week)) => day.max(week).min(all.max(day.min(week))),
            _ => all,
        })
    }

    /// What demand is coming after this minute.
    pub(crate) fn outlook(&self, at: Timestamp) -> Outlook {
        let now = minute_of(at);
        let times = || {
            let usual = self.requests(now).filter(|usual| *usual > 0.0)?;
            let mut coming = (now..=now + HORIZON).step_by(STEP).map(|minute| self.requests(minute));
            let most = coming.try_fold(0.0, |most: f64, one| Some(most.max(one?)))?;
            Some(most / usual)
        };
        let until = at.saturating_add(SignedDuration::from_mins(HORIZON)).unwrap_or(Timestamp::MAX);
        match times() {
            Some(times) => {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 300")]
                let growth_percent = (100.0 * (times - 1.0)).clamp(0.0, MOST).ceil() as u32;
                Outlook { growth_percent, until, is_known: true }
            }
            None => Outlook { growth_percent: UNKNOWN, until, is_known: false },
        }
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Days of a demand by the minute, as of the minute after the last of them.
    fn days(minutes: i64, demand: impl Fn(i64) -> f64) -> Usual {
        let mut usual = Usual::default();
        (0..minutes).for_each(|minute| usual.add(minute, demand(minute), Some(demand(minute).ln())));
        usual
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    /// Least at midnight, most at noon: 1 and 5.
    fn wave(minute: i64) -> f64 {
        let of_day = minute.rem_euclid(DAY) as f64 / DAY as f64;
        3.0 - 2.0 * (std::f64::consts::TAU * of_day).cos()
    }

    #[test]
    fn in_the_morning_more_is_coming_and_after_noon_nothing_is() {
        let growth = |hour: i64| days(3 * DAY + hour * 60, wave).outlook(at(3 * DAY + hour * 60));
        let morning = growth(6);
        // From 3 to 3 + 2·cos 45°.
        assert!(morning.is_known && (44..=50).contains(&morning.growth_percent), "{morning:?}");
        assert_eq!(morning.until, at(3 * DAY + 9 * 60));
        assert_eq!(growth(13).growth_percent, 0);
        assert!((1..=25).contains(&growth(10).growth_percent), "{:?}", growth(10));
    }

    #[test]
    fn under_a_day_of_history_a_margin_is_taken_and_said() {
        for minutes in [0, 60, DAY - 60, DAY] {
            let outlook = days(minutes, wave).outlook(at(minutes));
            assert_eq!((outlook.growth_percent, outlook.is_known), (UNKNOWN, false), "{minutes}");
        }
        assert!(days(DAY + HORIZON + 60, wave).outlook(at(DAY + 60)).is_known);
    }

    #[test]
    fn one_odd_day_says_nothing_whichever_it_is() {
        for odd in 0..7 {
            let demand = |minute: i64| {
                let is_odd = minute / DAY == odd && (7..9).contains(&(minute % DAY / 60));
                wave(minute) * if is_odd { 5.0 } else { 1.0 }
            };
            let outlook = days(7 * DAY + 6 * 60, demand).outlook(at(7 * DAY + 6 * 60));
            assert!((40..=55).contains(&outlook.growth_percent), "{odd}: {outlook:?}");
        }
    }

    #[test]
    fn a_day_twice_as_busy_as_all_others_is_no_growth() {
        let demand = |minute: i64| if minute >= 6 * DAY { 200.0 } else { 100.0 };
        assert_eq!(days(6 * DAY + 600, demand).outlook(at(6 * DAY + 600)).growth_percent, 0);
    }

    #[test]
    fn a_week_is_kept_and_no_more() {
        let usual = days(20 * DAY, wave);
        assert!(usual.0.len() as i64 <= SLOTS, "{}", usual.0.len());
        let text = serde_json::to_string(&usual).unwrap();
        assert!(text.len() < 16 * 1024, "{} bytes", text.len());
    }

    proptest! {
        #[test]
        fn growth_is_never_below_nothing_nor_beyond_its_most(
            demand in prop::collection::vec(0.0..1e7f64, 48..49),
            now in 2 * DAY..3 * DAY,
        ) {
            let usual = days(now, |minute| demand[usize::try_from(minute % DAY / SLOT).unwrap()]);
            let outlook = usual.outlook(at(now));
            prop_assert!(outlook.growth_percent <= 300);
        }

        #[test]
        fn twice_the_traffic_grows_as_much(times in 0.1..100.0f64, hour in 0..24i64) {
            let now = 2 * DAY + hour * 60;
            let (one, other) = (days(now, wave), days(now, |minute| times * wave(minute)));
            let (one, other) = (one.outlook(at(now)), other.outlook(at(now)));
            prop_assert!(one.growth_percent.abs_diff(other.growth_percent) <= 1);
        }
    }
}
