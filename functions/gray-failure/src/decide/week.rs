//! What is usual of a zone: seven days by the hour, and from them how the zones compare when all are well.
//!
//! A zone may always fail a little more than its sisters: other workloads, other clients. Its *factor* says by how much,
//! as a standardized ratio: its faults over those it would have had with every hour's common rate. Comparing hour by hour
//! keeps a zone that works mostly in bad hours from looking bad. Hours with far more faults than usual weigh no more than
//! an hour with four times the usual number, and days count half after two.

use serde::{Deserialize, Serialize};

/// Hours of a week.
const HOURS: i64 = 7 * 24;
/// Faults' worth of doubt: a zone is taken to be like the others until its own faults outnumber these.
const DOUBT: f64 = 20.0;

/// Requests and faults of a zone by the hour, of the last seven days.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Week(Vec<Hour>);

/// An hour since 1970, its requests and faults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Hour(i64, f64, f64);

impl Week {
    /// Adds a minute.
    pub(crate) fn add(&mut self, hour: i64, requests: f64, faults: f64) {
        match self.0.last_mut() {
            Some(last) if last.0 == hour => {
                last.1 += requests;
                last.2 += faults;
            }
            _ => self.0.push(Hour(hour, requests, faults)),
        }
        self.0.retain(|known| known.0 > hour - HOURS);
    }

    fn hour(&self, hour: i64) -> Option<&Hour> {
        self.0.binary_search_by_key(&hour, |known| known.0).ok().map(|index| &self.0[index])
    }

    /// The usual rate of faults at this hour: mostly of the same time of day, of the whole week where that is too little.
    pub(crate) fn rate(&self, hour: i64) -> Option<f64> {
        let (mut near, mut all) = ((0.0, 0.0), (0.0, 0.0));
        for Hour(known, requests, faults) in &self.0 {
            let apart = (known - hour).rem_euclid(24);
            if apart <= 1 || apart == 23 {
                near = (near.0 + requests, near.1 + faults);
            }
            all = (all.0 + requests, all.1 + faults);
        }
        let usual = (all.0 > 0.0).then(|| (all.1 + 0.5) / all.0)?;
        Some((near.1 + DOUBT) / (near.0 + DOUBT / usual))
    }
}

/// The factor of each zone, in the order of `weeks`.
pub(crate) fn factors(weeks: &[&Week], now: i64) -> Vec<f64> {
    let mut totals = Vec::new();
    for hour in now - HOURS..=now {
        let sum =
            weeks.iter().filter_map(|week| week.hour(hour)).fold((0.0, 0.0), |sum, one| (sum.0 + one.1, sum.1 + one.2));
        if sum.0 > 0.0 && sum.1 > 0.0 {
            totals.push((hour, sum.1 / sum.0, sum.1));
        }
    }
    let mut faults: Vec<f64> = totals.iter().map(|total| total.2).collect();
    faults.sort_by(f64::total_cmp);
    let most = faults.get(faults.len() / 2).map_or(f64::INFINITY, |median| 4.0 * median);
    let factor = |week: &&Week| {
        let (mut seen, mut expected) = (DOUBT, DOUBT);
        for (hour, rate, all) in &totals {
            let Some(Hour(_, requests, own)) = week.hour(*hour) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "at most 168")]
            let weight = 0.5f64.powf((now - hour) as f64 / 48.0) * (most / all).min(1.0);
            seen += weight * own;
            expected += weight * requests * rate;
        }
        (seen / expected).clamp(0.01, 100.0)
    };
    weeks.iter().map(factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(hours: std::ops::Range<i64>, requests: f64, rate: impl Fn(i64) -> f64) -> Week {
        let mut week = Week::default();
        hours.for_each(|hour| week.add(hour, requests, requests * rate(hour)));
        week
    }

    #[test]
    fn a_zone_that_always_fails_twice_as_often_has_twice_the_factor() {
        let (a, b) = (week(0..168, 1e5, |_| 0.02), week(0..168, 1e5, |_| 0.01));
        let factors = factors(&[&a, &b], 168);
        assert!((factors[0] / factors[1] - 2.0).abs() < 0.01, "{factors:?}");
    }

    #[test]
    fn a_zone_that_works_at_the_bad_hours_is_not_a_bad_zone() {
        let bad = |hour: i64| if hour % 24 < 6 { 0.05 } else { 0.01 };
        let (mut night, mut day) = (Week::default(), Week::default());
        for hour in 0..168 {
            let (n, d) = if hour % 24 < 6 { (2e5, 1e4) } else { (1e4, 2e5) };
            night.add(hour, n, n * bad(hour));
            day.add(hour, d, d * bad(hour));
        }
        let factors = factors(&[&night, &day], 168);
        assert!((factors[0] / factors[1] - 1.0).abs() < 0.01, "{factors:?}");
    }

    #[test]
    fn the_usual_rate_is_that_of_the_time_of_day() {
        let week = week(0..168, 1e6, |hour| if hour % 24 == 3 { 0.02 } else { 0.001 });
        assert!(week.rate(168 + 3).unwrap() > 0.006);
        assert!(week.rate(168 + 12).unwrap() < 0.0012);
        assert_eq!(Week::default().rate(3), None);
    }
}
