//! What is carried of a zone from one minute to the next.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    latency::Season,
    level::Level,
    minute::Sample,
    noise::{CountNoise, LevelNoise},
    numbers::Fading,
    pool::{Pool, Seen},
    week::Week,
};

/// Minutes over which evidence is gathered. What is older is learnt as the usual, unless it was suspect.
pub(crate) const WINDOW: i64 = 60;
/// Minutes of suspicion after which what was suspect is learnt after all: it is how the zone is now.
const LEARN_ANYWAY: u32 = 6 * 60;
/// How many times as often as usual the others fail when they are in trouble themselves.
const COMMON: f64 = 1.5;
/// How many times as often they still fail while that goes on.
const STILL: f64 = 1.25;
/// How many times as often as the rest a zone fails that is wild in a minute.
pub(crate) const WILD: f64 = 1.7;
/// By how much scatter beyond chance is greater than measured.
const MORE_SCATTER: f64 = 1.1;

/// What is carried of a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Zone {
    /// Minutes that are learnt.
    pub(crate) known: u32,
    /// The last minute it was heard of.
    pub(crate) heard: Timestamp,
    /// How often it fails, over the common rate.
    pub(crate) factor: f64,
    pub(crate) week: Week,
    level: Level,
    pool: Option<Pool>,
    pub(crate) noise: CountNoise,
    pub(crate) season: Season,
    /// Half a day's mean of how far its latency is from the others'.
    offset: Option<f64>,
    offset_minutes: u32,
    pub(crate) latency_noise: LevelNoise,
    recent: Recent,
    /// The latest hour, minute by minute.
    pub(crate) window: VecDeque<Entry>,
    suspect_run: u32,
}

/// Sums of the last hours.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Recent {
    minutes: Fading,
    requests: Fading,
    faults: Fading,
}

/// A minute of a zone beside the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) sample: Sample,
    /// Faults expected of it, going by the others.
    pub(crate) expected: f64,
    /// How uncertain that expectation is: the variance of the rate over the square of its mean.
    pub(crate) doubt: f64,
    /// How many faults come at once, so to say.
    pub(crate) scatter: f64,
    /// Faults expected of it, going by its own past.
    pub(crate) usual: f64,
    /// Its traffic, weighed by how often it usually fails.
    pub(crate) exposure: f64,
    pub(crate) others_faults: f64,
    pub(crate) others_exposure: f64,
    pub(crate) others_scatter: f64,
    /// What was known of the shared rate of faults before this minute.
    pub(crate) pool: Pool,
    /// Whether the other zones were in trouble themselves.
    pub(crate) trouble: bool,
    /// Whether they clearly were in this very minute.
    #[serde(default)]
    pub(crate) far: bool,
    pub(crate) latency: Option<Latency>,
    /// Whether the zone alone failed far more often than all the rest in this minute.
    #[serde(default)]
    pub(crate) wild: bool,
    /// Not to be learnt from.
    pub(crate) suspect: bool,
}

impl Entry {
    /// What is to be learnt of the shared rate.
    pub(crate) fn seen(&self) -> Seen {
        let own = [self.sample.faults, self.exposure, more(self.scatter)];
        Seen::new(own, [self.others_faults, self.others_exposure, more(self.others_scatter)], self.trouble)
    }
}

/// The latency of a minute, as logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Over its own past.
    pub(crate) over_past: f64,
    /// The same, less that of the others.
    pub(crate) over_others: f64,
    /// What that difference usually is.
    pub(crate) usual_difference: f64,
    /// How uncertain it is for lack of requests, at least 1.
    pub(crate) thin: f64,
}

impl Latency {
    /// How far off it is.
    pub(crate) fn off(&self) -> f64 {
        self.over_others - self.usual_difference
    }
}

/// What the other zones did in a minute, together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Others {
    pub(crate) faults: f64,
    pub(crate) exposure: f64,
    /// How many faults come at once, so to say: the mean of what is known of each.
    pub(crate) scatter: f64,
    /// The mean of their latencies over their pasts, as logarithms.
    pub(crate) latency: Option<f64>,
    /// Whether the zone whose others these are fails far more often than they do in this minute.
    pub(crate) wild: bool,
}

impl Zone {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self {
            known: 0,
            heard: at,
            factor: 1.0,
            week: Week::default(),
            level: Level::default(),
            pool: None,
            noise: CountNoise::default(),
            season: Season::default(),
            offset: None,
            offset_minutes: 0,
            latency_noise: LevelNoise::default(),
            recent: Recent::default(),
            window: VecDeque::new(),
            suspect_run: 0,
        }
    }

    /// Its latency over its own past, as a logarithm.
    pub(crate) fn latency_over_past(&self, at: Timestamp, sample: &Sample) -> Option<f64> {
        let latency = sample.latency_ms.filter(|latency| *latency > 0.0 && latency.is_finite())?.ln();
        Some(latency - self.season.usual(minute_of(at)).unwrap_or(latency))
    }

    /// What is older than so many minutes is no evidence any more: the zone was left for it, and traffic returns.
    pub(crate) fn acquit(&mut self, at: Timestamp, minutes: u32) {
        let since = minute_of(at) - i64::from(minutes);
        self.window.retain(|entry| minute_of(entry.at) > since);
    }

    /// Takes in a minute.
    pub(crate) fn observe(&mut self, at: Timestamp, sample: &Sample, others: &Others) {
        self.heard = at;
        let own_rate = self.week.rate(hour_of(at));
        if sample.requests > 0.0 && others.exposure > 0.0 {
            self.level.observe(others.faults / others.scatter, others.exposure / others.scatter);
            if let Some(rate) = self.level.rate() {
                let exposure = sample.requests * self.factor;
                let expected = exposure * rate.mean;
                let recent_rate = (self.recent.requests.0 > 0.0).then(|| self.recent.faults.0 / self.recent.requests.0);
                let usual = own_rate.into_iter().chain(recent_rate).fold(0.0, f64::max);
                let latency = self.latency_over_past(at, sample).zip(others.latency).map(|(own, others)| {
                    let mean = self.recent.requests.0 / self.recent.minutes.0.max(1.0);
                    Latency {
                        over_past: own,
                        over_others: own - others,
                        usual_difference: self.offset.unwrap_or(own - others),
                        thin: (mean / sample.requests).sqrt().max(1.0),
                    }
                });
                let usual = sample.requests * usual;
                let calm = self.calm(exposure).unwrap_or(usual);
                let far = is_far_above(expected, calm, rate.doubt);
                // A minute of little traffic may look calm in the midst of it.
                let goes_on = self.window.iter().rev().take(2).any(|before| before.far) && expected > STILL * calm;
                let mut entry = Entry {
                    at,
                    sample: sample.clone(),
                    expected,
                    doubt: rate.doubt,
                    scatter: self.noise.scatter,
                    usual,
                    exposure,
                    others_faults: others.faults,
                    others_exposure: others.exposure,
                    others_scatter: others.scatter,
                    pool: Pool::default(),
                    far,
                    trouble: far || goes_on,
                    latency,
                    wild: others.wild,
                    suspect: false,
                };
                let seen = entry.seen();
                entry.pool = self.pool.unwrap_or_else(|| Pool::first(&seen));
                self.pool = Some(entry.pool.after(&seen));
                self.window.push_back(entry);
            }
        }
        while self.window.front().is_some_and(|entry| minute_of(at) - minute_of(entry.at) >= WINDOW) {
            if let Some(entry) = self.window.pop_front() {
                self.learn(&entry);
            }
        }
    }

    /// Faults to expect by the last hour of the others, without minutes of trouble; `None` where there are too few others.
    fn calm(&self, exposure: f64) -> Option<f64> {
        let calm = self.window.iter().filter(|entry| !entry.trouble);
        let (faults, traffic, minutes) =
            calm.fold((0.0, 0.0, 0), |sum, one| (sum.0 + one.others_faults, sum.1 + one.others_exposure, sum.2 + 1));
        (minutes >= 20).then(|| exposure * faults / traffic)
    }

    fn learn(&mut self, entry: &Entry) {
        // What it is like while it, or all zones, are in trouble is not what is usual.
        let odd = entry.suspect || entry.trouble;
        self.suspect_run = if odd { self.suspect_run + 1 } else { 0 };
        if odd && self.suspect_run < LEARN_ANYWAY {
            return;
        }
        let sample = &entry.sample;
        self.known = self.known.saturating_add(1);
        self.week.add(hour_of(entry.at), sample.requests, sample.faults);
        // Two hours.
        self.recent.minutes.add(1.0, 120.0);
        self.recent.requests.add(sample.requests, 120.0);
        self.recent.faults.add(sample.faults, 120.0);
        if self.known > 30 {
            self.noise.learn(sample.faults, entry.expected, entry.doubt);
        }
        if let Some(latency) = sample.latency_ms.filter(|latency| *latency > 0.0 && latency.is_finite()) {
            let deviation = self.latency_noise.deviation().max(0.05);
            self.season.learn(minute_of(entry.at), latency.ln(), deviation);
        }
        if let Some(latency) = &entry.latency {
            self.offset_minutes = (self.offset_minutes + 1).min(720);
            let most = 3.0 * self.latency_noise.deviation().max(0.05);
            let offset = self.offset.unwrap_or(latency.over_others);
            let off = (latency.over_others - offset).clamp(-most, most);
            self.offset = Some(offset + off / f64::from(self.offset_minutes));
            if self.known > 30 {
                self.latency_noise.learn(latency.off() / latency.thin);
            }
        }
    }

    /// Marks what the window holds of the last `minutes` as not to be learnt from.
    pub(crate) fn suspect(&mut self, minutes: usize) {
        self.window.iter_mut().rev().take(minutes).for_each(|entry| entry.suspect = true);
    }
}

/// The scatter that evidence reckons with. What is measured is less than what there is, since wild minutes are cut down for it.
fn more(scatter: f64) -> f64 {
    1.0 + MORE_SCATTER * (scatter - 1.0)
}

/// Whether so much more is expected than in calm that it cannot be for want of knowledge.
fn is_far_above(expected: f64, calm: f64, doubt: f64) -> bool {
    calm > 0.0 && expected > COMMON * calm * 2.0f64.mul_add(doubt.sqrt(), 1.0)
}

/// What the other zones did, for each zone. A zone that is wild in this minute, where all the rest is not, says nothing of
/// what all share: it is left out as long as another remains.
pub(crate) fn others(zones: &BTreeMap<super::ZoneId, Zone>, at: Timestamp, minute: &super::Minute) -> Vec<Others> {
    let each: Vec<Others> = minute
        .zones
        .iter()
        .map(|(id, sample)| {
            let zone = zones.get(id);
            Others {
                faults: sample.faults,
                exposure: sample.requests * zone.map_or(1.0, |zone| zone.factor),
                scatter: zone.map_or(1.0, |zone| zone.noise.scatter),
                latency: zone.and_then(|zone| zone.latency_over_past(at, sample)).filter(|_| sample.requests > 0.0),
                wild: false,
            }
        })
        .collect();
    let without = |own: usize, wild: &[bool]| {
        let but = |other: usize| other != own && !wild[other];
        let nobody = !(0..each.len()).any(|other| but(other) && each[other].exposure > 0.0);
        let (mut sum, mut latency, mut count) = (Others { wild: wild[own], ..Others::default() }, 0.0, 0.0);
        for (_, one) in each.iter().enumerate().filter(|(other, _)| but(*other) || (nobody && *other != own)) {
            sum.faults += one.faults;
            sum.exposure += one.exposure;
            sum.scatter += one.exposure * one.scatter;
            if let Some(one) = one.latency {
                latency += one;
                count += 1.0;
            }
        }
        sum.scatter = if sum.exposure > 0.0 { sum.scatter / sum.exposure } else { 1.0 };
        sum.latency = (count > 0.0).then_some(latency / count);
        sum
    };
    let calm = vec![false; each.len()];
    let wild: Vec<bool> =
        (0..each.len()).map(|own| each.len() > 2 && is_wild(&each[own], &without(own, &calm))).collect();
    (0..each.len()).map(|own| without(own, &wild)).collect()
}

/// Whether a zone fails so much more often than the rest that chance is no explanation.
fn is_wild(own: &Others, rest: &Others) -> bool {
    if rest.exposure <= 0.0 {
        return false;
    }
    let part = own.exposure / rest.exposure;
    let expected = part * rest.faults;
    let variance = own.scatter * expected + part * part * rest.scatter * rest.faults;
    own.faults > WILD * expected + 3.0 * variance.sqrt() + 1.0
}

/// Minutes since 1970.
pub(crate) fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Hours since 1970.
pub(crate) fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}
