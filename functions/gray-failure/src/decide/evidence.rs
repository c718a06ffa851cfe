//! Evidence, gathered minute by minute, and what goes with it into a message.
//!
//! For every minute of the last hour there is the hypothesis that trouble began there. Each is weighed against "all is
//! well" by how much better it foretells what came since: a likelihood ratio, a mixture over how bad the trouble may be
//! ([`super::pool`] says how likely a course of minutes is). Their sum is the statistic of Shiryaev and Roberts. Older onsets
//! are asked one in six, which makes the sum less, never more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    noise::{CountNoise, LevelNoise},
    numbers::LogSum,
    pool::{Course, Seen},
    zone::{Entry, minute_of},
};

/// How much worse the zone may be, and the weight of that.
const TIMES: [(f64, f64); 3] = [(1.5, 0.25), (2.0, 0.5), (4.0, 0.25)];

/// Onsets of the latest minutes are all asked, of older ones only some.
const YOUNG: usize = 12;
const SELDOM: i64 = 6;
/// Evidence, as a logarithm, below which nothing is ever said.
const WORTH_WHILE: f64 = 5.5;

/// A sum of evidence, and since when it speaks loudest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gathered {
    pub(crate) ln: f64,
    /// How many of the latest entries the loudest hypothesis covers; 0 where none speaks.
    pub(crate) entries: usize,
}

fn gather<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    mut ln_ratios: impl FnMut(&'a Entry) -> Option<[f64; 3]>,
) -> Gathered {
    let (mut sum, mut best, mut length) = (LogSum::new(), 0.0, 0);
    for (index, entry) in entries.enumerate() {
        let Some(ratios) = ln_ratios(entry) else { continue };
        let mut here = LogSum::new();
        ratios.iter().zip(TIMES).for_each(|(ratio, (_, weight))| here.add(ratio + f64::ln(weight)));
        let here = here.ln();
        sum.add(here);
        if here > best {
            (best, length) = (here, index + 1);
        }
    }
    Gathered { ln: sum.ln(), entries: length }
}

/// The evidence of faults: how much better the minutes since an onset are explained by the zone failing so many times as
/// often as it should than by it being well, or off by what it drifts.
pub(crate) fn of_faults<'a>(
    newest_first: impl ExactSizeIterator<Item = &'a Entry> + Clone,
    noise: &CountNoise,
) -> Gathered {
    // Most minutes are passed over here: were it known for sure what to expect, they would still not be worth a word.
    let bounds: Vec<f64> = bounds(newest_first.clone()).collect();
    if !bounds.iter().any(|bound| *bound > WORTH_WHILE) {
        return Gathered { ln: f64::NEG_INFINITY, entries: 0 };
    }
    let drift = (3.0 * noise.drift).sqrt();
    let well = [(-drift, 1.0 / 6.0), (0.0, 2.0 / 3.0), (drift, 1.0 / 6.0)].map(|(by, weight)| (by.exp(), weight));
    let (mut sum, mut best, mut length) = (LogSum::new(), 0.0, 0);
    let entries: Vec<(&Entry, Seen)> = newest_first.map(|entry| (entry, entry.seen())).collect();
    for (begin, bound) in bounds.into_iter().enumerate() {
        let first = entries[begin].0;
        let asked = begin < YOUNG || minute_of(first.at) % SELDOM == 0;
        if !asked || bound < 0.3 * WORTH_WHILE {
            continue;
        }
        let course = |times: f64| {
            let mut course = Course::new(first.pool);
            entries[..=begin].iter().rev().for_each(|(_, seen)| course.take(seen, times));
            course.ln
        };
        let of = |hypotheses: &[(f64, f64)]| {
            let mut sum = LogSum::new();
            hypotheses.iter().for_each(|(times, weight)| sum.add(course(*times) + weight.ln()));
            sum.ln()
        };
        let here = of(&TIMES) - of(&well);
        sum.add(here);
        if here > best {
            (best, length) = (here, begin + 1);
        }
    }
    Gathered { ln: sum.ln(), entries: length }
}

/// What the evidence of each onset would be if what to expect were known for sure.
fn bounds<'a>(newest_first: impl Iterator<Item = &'a Entry>) -> impl Iterator<Item = f64> {
    newest_first.scan((0.0, 0.0), |(count, expected), entry| {
        if !entry.trouble {
            *count += entry.sample.faults / entry.scatter;
            *expected += entry.expected / entry.scatter;
        }
        let times = (*count / *expected).min(4.0);
        Some(if times > 1.2 { *count * times.ln() - (times - 1.0) * *expected } else { 0.0 })
    })
}

/// The evidence of latency: the ratio of normal distributions of the mean, with drift shared by a whole hypothesis. A
/// single minute counts no more than twice as slow, or three deviations where that is more, and the slowest one not at all: a
/// pause is no evidence, however long.
pub(crate) fn of_latency<'a>(newest_first: impl Iterator<Item = &'a Entry>, noise: &LevelNoise) -> Gathered {
    let most = (3.0 * noise.deviation()).max(std::f64::consts::LN_2);
    let (mut sum, mut minutes, mut worst) = (0.0, 0.0, (0.0f64, 0.0));
    gather(newest_first, move |entry| {
        let latency = entry.latency?;
        let weight = 1.0 / (latency.thin * latency.thin);
        let off = weight * latency.off().clamp(-most, most);
        sum += off;
        minutes += weight;
        if off > worst.0 {
            worst = (off, weight);
        }
        let (sum, minutes) = (sum - worst.0, minutes - worst.1);
        if minutes <= 0.0 {
            return None;
        }
        let mean = sum / minutes;
        (mean > 0.18).then(|| {
            let variance = noise.drift + noise.scatter / minutes;
            TIMES.map(|(times, _)| {
                let by = times.ln();
                by * (mean - by / 2.0) / variance
            })
        })
    })
}

/// What was found of a zone, in numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Minutes that these numbers are of.
    pub minutes: u32,
    /// Requests in that time.
    pub requests: f64,
    /// Faults in that time.
    pub faults: f64,
    /// Faults expected of as many requests, going by the other zones and how the zone usually compares.
    pub expected_faults: f64,
    /// How often requests failed, in percent.
    pub fault_percent: f64,
    /// How often they failed in the other zones together, in percent, weighed by how the zones usually compare.
    pub others_fault_percent: f64,
    /// How many times as often as expected by the others.
    pub times_others: f64,
    /// How many times as often as usual at this time.
    pub times_usual: f64,
    /// How many times as slow as expected by the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_times_others: Option<f64>,
    /// How many times as slow as usual at this time of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_times_usual: Option<f64>,
    /// The latency, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// How far below its baseline the zone performs, in percent: 50 is half as well.
    pub below_baseline_percent: f64,
    /// The evidence of faults, as a natural logarithm.
    pub log_evidence_faults: f64,
    /// The evidence of latency, as a natural logarithm.
    pub log_evidence_latency: f64,
    /// What a shift takes.
    pub log_threshold: f64,
    /// The exact test against the others pooled: how likely so many of all faults fall to this zone by chance.
    pub p_value: f64,
    /// Instances, the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<f64>,
    /// Traffic over its usual share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_times_usual: Option<f64>,
    /// What is foreseen of its latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<super::Forecast>,
    /// What else says so.
    pub corroborated_by: Vec<Corroboration>,
    /// Zones that were not heard of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<super::ZoneId>,
    /// How the other zones do against their own past: faults over usual.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<super::ZoneId, f64>,
}

/// A second witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corroboration {
    /// More than one instance serves the zone or is affected.
    Instances,
    /// More than one workload fails there.
    Workloads,
    /// Both faults and latency.
    SecondSignal,
    /// Probes from outside.
    Probes,
    /// Packets sent again.
    Packets,
    /// AWS names the zone.
    Aws,
}
