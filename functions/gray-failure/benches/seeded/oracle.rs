//! What could be known at best.
//!
//! The oracle is told how many faults each zone had to expect in that very minute, with the season, the wandering of the
//! common rate and of the zone's own, releases, incidents and sick instances in it, and by how much they come in clumps; and that
//! a zone that limps fails exactly twice as often. All that is left to doubt is chance itself. Its test is that of
//! Shiryaev and Roberts, which is next to the fastest there is at a given rate of false alarms; its threshold is set so that it
//! shifts roughly as often by mistake as is allowed, once per zone and year; the table says how often it did, 0.3 to 1.2 times
//! in the runs so far, so that it is a rough bound. A rule has to find out from the same counts what the oracle is told.
//! Of latency it is told nothing: there its column means nothing.

use std::collections::BTreeMap;

use gray_failure::decide::{Minute, ZoneId};
use statrs::function::gamma::ln_gamma;

use super::fault::Own;

/// The evidence that a shift takes, as a logarithm: found by simulation over quiet worlds, one false shift a zone and year.
const THRESHOLD: f64 = 11.8;

/// Its sums of evidence, by zone: the logarithm of the statistic of Shiryaev and Roberts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    sums: BTreeMap<ZoneId, f64>,
}

impl Oracle {
    /// The zone it would leave now.
    pub(crate) fn step(&mut self, minute: &Minute, own: &[Own]) -> Option<ZoneId> {
        let mut worst: Option<(f64, ZoneId)> = None;
        for ((id, sample), own) in minute.zones.iter().zip(own) {
            let sum = self.sums.entry(id.clone()).or_insert(f64::NEG_INFINITY);
            *sum = sum.exp().ln_1p() + ln_ratio(sample.faults, *own);
            if *sum >= THRESHOLD && worst.as_ref().is_none_or(|(most, _)| *sum > *most) {
                worst = Some((*sum, id.clone()));
            }
        }
        let (_, id) = worst?;
        self.sums.remove(&id);
        Some(id)
    }
}

/// How much better twice the expected faults explain those that came: both are negative binomials with the same clumps.
fn ln_ratio(faults: f64, own: Own) -> f64 {
    let clump = own.clump - 1.0;
    let ln_chance = |mean: f64| {
        let shape = mean / clump;
        ln_gamma(shape + faults) - ln_gamma(shape) - shape * clump.ln_1p()
    };
    if own.mean > 0.0 { ln_chance(2.0 * own.mean) - ln_chance(own.mean) } else { 0.0 }
}
