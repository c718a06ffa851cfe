//! What is coming: latency on its way to twice what is usual (OPS-2).
//!
//! # How it is foreseen
//!
//! Of each zone, and of all zones together weighed by their requests, the logarithm of the latency less what is usual of it at this
//! time of the week ([`super::outlook`]) is kept for an hour. A robust line through it ([`super::trend`]) that rises for certain,
//! more than the hours of this place usually do, has come a third of the way ([`RISEN`]) and stands at twice the usual within
//! [`AHEAD`], for five minutes in a row, is said once, with the time at which it does. It is said of all zones where all rise: a
//! link or a database that fills up is no zone's fault. Where a zone is watched or left already nobody has to be told that it will be
//! bad; nor is anything foreseen of all zones then, for what one does is in the mean of all. What stands at twice the usual already
//! is seen, not foreseen.
//!
//! It is taken back when for [`CALM`] minutes the line has not led there any more; what has become true stands until it is well
//! below.
//!
//! # What is assumed
//!
//! - Latency rises by the same factor in equal times, as queues do that fill up, and goes on as in the last hour. A cliff within minutes
//!   is not foreseen, it is seen.
//! - Three days are known. Before that the morning's rise, or yesterday's odd hour, could not be told from a link that fills up, and
//!   nothing is said.
//! - How much an hour usually rises or falls is measured, over two days or so; wild hours are cut down for it. An hour counts as out of
//!   the usual from two and a half deviations on, and never below [`LEAST`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Call, Evidence, Minute, Reason, Sample, Statement, ZoneId,
    numbers::Fading,
    outlook::{Outlook, Usual, median},
    trend::{SPAN, Trend},
    zone::minute_of,
};

/// What stands for all zones together where a statement names a zone.
pub const ALL_ZONES: &str = "all-zones";

/// How far ahead, in minutes.
const AHEAD: f64 = 120.0;
/// How far ahead it still stands once it is said.
const STILL_AHEAD: f64 = 240.0;
/// What is foreseen, as a logarithm: twice the usual.
const TWICE: f64 = std::f64::consts::LN_2;
/// How far it has to have come: a third slower than usual. Below that an hour that only wanders looks the same.
const RISEN: f64 = 0.3;
/// Minutes in a row that it has to lead there.
const PERSIST: u32 = 5;
/// What has become true stands down to here: half as slow again.
const STILL_BAD: f64 = 0.405;
/// The least that an hour has to rise: by a tenth.
const LEAST: f64 = 0.095;
/// Deviations of an hour's rise beyond which it is out of the usual.
const DEVIATIONS: f64 = 2.5;
/// The deviation of an hour's rise that is taken for granted, and how many hours that weighs.
const PRIOR: (f64, f64) = (0.04, 12.0);
/// Minutes after which what was learnt of it counts half: two days.
const HALF_LIFE: f64 = 2880.0;
/// Minutes after which it is taken back.
const CALM: u32 = 15;
/// Requests in a minute below which its latency says nothing.
const REQUESTS: f64 = 20.0;
/// A zone that rises no more than this many times as fast as all together rises with them.
const WITH_ALL: f64 = 1.5;

/// What is foreseen of a latency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// When it is expected at twice the usual.
    pub twice_at: Timestamp,
    /// How much it rises within an hour, in percent.
    pub percent_an_hour: f64,
}

/// What is known of the time ahead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Ahead {
    all: Course,
    zones: BTreeMap<ZoneId, Course>,
    /// What is said, and for how many minutes it has not held.
    said: BTreeMap<ZoneId, u32>,
}

/// What is known of a latency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Course {
    usual: Usual,
    /// The last hour, less what is usual: minute and logarithm.
    off: VecDeque<(i64, f32)>,
    /// Squares of what an hour rises or falls, and how many.
    rises: (Fading, Fading),
    /// Minutes in a row that the line has led to twice the usual.
    leads: u32,
}

impl Course {
    fn take(&mut self, minute: i64, requests: f64, ln_latency: Option<f64>) {
        if let (Some(latency), Some(usual)) = (ln_latency, self.usual.ln_latency(minute)) {
            #[expect(clippy::cast_possible_truncation, reason = "seven digits are plenty")]
            self.off.push_back((minute, (latency - usual) as f32));
        }
        while self.off.front().is_some_and(|(at, _)| minute - at >= SPAN) {
            self.off.pop_front();
        }
        self.usual.add(minute, requests, ln_latency);
    }

    fn trend(&self, now: i64) -> Option<Trend> {
        Trend::of(self.off.iter().map(|(at, off)| (*at, f64::from(*off))), now)
    }

    /// How much an hour usually rises or falls.
    fn deviation(&self) -> f64 {
        let (prior, weight) = (PRIOR.0 * PRIOR.0, PRIOR.1 * SPAN as f64);
        ((self.rises.0.0 + prior * weight) / (self.rises.1.0 + weight)).sqrt()
    }

    fn learn(&mut self, trend: &Trend) {
        if !trend.is_smooth {
            return;
        }
        let most = 2.5 * self.deviation();
        let rise = (trend.slope * SPAN as f64).clamp(-most, most);
        self.rises.0.add(rise * rise, HALF_LIFE);
        self.rises.1.add(1.0, HALF_LIFE);
    }

    /// When it will be at twice the usual, in minutes, where that is for certain.
    fn leads(&self, trend: &Trend) -> Option<f64> {
        let rise = trend.slope * SPAN as f64;
        let is_unusual = rise >= LEAST.max(DEVIATIONS * self.deviation()) && trend.level >= RISEN;
        let is_ahead = |minutes: &f64| *minutes > 0.0 && *minutes <= AHEAD;
        trend.minutes_to(TWICE).filter(|minutes| trend.is_sure && is_unusual && is_ahead(minutes))
    }

    fn evidence(&self, at: Timestamp, trend: &Trend, minutes: f64) -> Evidence {
        #[expect(clippy::cast_possible_truncation, reason = "at most 120")]
        let ahead = SignedDuration::from_mins(minutes.ceil() as i64);
        let usual = self.usual.ln_latency(minute_of(at)).map(f64::exp);
        let latest = self.off.iter().rev().take(5).map(|(_, off)| f64::from(*off)).collect();
        let times = median(latest).map(f64::exp);
        Evidence {
            minutes: u32::try_from(SPAN).unwrap_or_default(),
            latency_times_usual: times,
            latency_ms: usual.zip(times).map(|(usual, times)| usual * times),
            forecast: Some(Forecast {
                twice_at: at.saturating_add(ahead).unwrap_or(Timestamp::MAX),
                percent_an_hour: 100.0 * ((trend.slope * SPAN as f64).exp() - 1.0),
            }),
            ..Evidence::default()
        }
    }
}

fn ln_latency(sample: &Sample) -> Option<f64> {
    let latency = sample.latency_ms.filter(|latency| *latency > 0.0 && latency.is_finite())?;
    (sample.requests >= REQUESTS).then(|| latency.ln())
}

impl Ahead {
    /// Takes in a minute. `is_whole` is whether all zones are in it that serve.
    pub(crate) fn observe(&mut self, minute: &Minute, is_whole: bool) {
        let now = minute_of(minute.at);
        for (id, sample) in &minute.zones {
            self.zones.entry(id.clone()).or_default().take(now, sample.requests, ln_latency(sample));
        }
        if is_whole {
            let requests: f64 = minute.zones.values().map(|sample| sample.requests).sum();
            let (sum, weight) = minute.zones.values().fold((0.0, 0.0), |(sum, weight), sample| {
                ln_latency(sample).map_or((sum, weight), |ln| (sum + sample.requests * ln, weight + sample.requests))
            });
            self.all.take(now, requests, (weight > 0.0).then(|| sum / weight));
        }
    }

    /// Forgets zones that are none of ours any more.
    pub(crate) fn retain(&mut self, is_ours: impl Fn(&ZoneId) -> bool) {
        self.zones.retain(|id, _| is_ours(id));
        self.said.retain(|id, _| id.0 == ALL_ZONES || is_ours(id));
    }

    /// What demand is coming after this minute.
    pub(crate) fn outlook(&self, at: Timestamp) -> Outlook {
        self.all.usual.outlook(at)
    }

    /// What is said of the time ahead, and stands.
    pub(crate) fn said(&self) -> impl Iterator<Item = &ZoneId> {
        self.said.keys()
    }

    /// Says what is foreseen. Of zones that are `known` to be bad nothing is.
    pub(crate) fn foresee(&mut self, at: Timestamp, known: &BTreeSet<ZoneId>) -> Vec<Statement> {
        let now = minute_of(at);
        let of_all = self.all.trend(now);
        let mut statements = Vec::new();
        let said = &mut self.said;
        let mut say = |id: &ZoneId, course: &mut Course, trend: Trend, may_say: bool| {
            let leads = course.leads(&trend).filter(|_| may_say);
            course.learn(&trend);
            course.leads = if leads.is_some() { course.leads + 1 } else { 0 };
            if let Some(calm) = said.get_mut(id) {
                let stands = trend.level >= STILL_BAD || trend.minutes_to(TWICE).is_some_and(|it| it <= STILL_AHEAD);
                *calm = if stands { 0 } else { *calm + 1 };
            } else if let Some(minutes) = leads.filter(|_| course.leads >= PERSIST) {
                said.insert(id.clone(), 0);
                let evidence = course.evidence(at, &trend, minutes);
                statements.push(Statement::new(at, id, Call::Watch, Reason::SlowerSoon, evidence));
            }
        };
        let all = ZoneId(ALL_ZONES.to_owned());
        if let Some(trend) = of_all {
            say(&all, &mut self.all, trend, known.is_empty());
        }
        let is_of_all = of_all.is_some_and(|trend| self.all.leads(&trend).is_some());
        for (id, course) in &mut self.zones {
            let Some(trend) = course.trend(now) else { continue };
            let with_all = of_all.is_some_and(|all| all.slope > 0.0 && trend.slope < WITH_ALL * all.slope);
            say(id, course, trend, !with_all && !is_of_all && !known.contains(id));
        }
        self.said.retain(|id, calm| *calm < CALM && !known.contains(id));
        statements
    }
}

#[cfg(test)]
mod tests;
