//! What could be known at best without being told the rates.
//!
//! It is told all of the world but how far the shared rate of faults and each zone's own have wandered: their laws, each
//! zone's factor and clumps, every release, rush, incident and sick instance with its strength in that very minute, and that a zone
//! that limps fails exactly twice as often. What it has to find out is what any rule has to: by how much a rate has wandered
//! since, from counts. That is done by a Kalman filter over the logarithms of all rates, fed with one count after the other
//! (assumed density: each count's negative binomial is integrated over what was known of its rate, in five points). Every onset
//! in every zone has its own such filter from its minute on; the test is that of Shiryaev and Roberts, as the oracle's.
//! An onset that has come to be a thousand times less likely than none is given up.

use std::collections::BTreeMap;

use gray_failure::decide::{Minute, ZoneId};
use statrs::function::gamma::ln_gamma;

use super::{
    fault::Own,
    world::{COMMON, OWN},
};

/// The evidence that a shift takes, as a logarithm: found by simulation, as the oracle's.
const THRESHOLD: f64 = 11.8;
/// The likelihood ratio, as a logarithm, below which an onset is given up.
const GIVEN_UP: f64 = -7.0;
/// Points and weights of a standard normal distribution (Gauss and Hermite).
const POINTS: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];

/// What is known of the logarithms of the rates: the shared one first, then each zone's own.
#[derive(Debug, Clone, Default)]
struct Rates {
    mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

impl Rates {
    fn new(zones: usize) -> Self {
        let variance = |at: usize| if at == 0 { COMMON.0 * COMMON.0 } else { OWN.0 * OWN.0 };
        let row = |at: usize| (0..=zones).map(|other| if at == other { variance(at) } else { 0.0 }).collect();
        Self { mean: vec![0.0; zones + 1], covariance: (0..=zones).map(row).collect() }
    }

    /// A minute passes.
    fn pass(&mut self) {
        let law = |at: usize| if at == 0 { COMMON } else { OWN };
        let keep: Vec<f64> = (0..self.mean.len()).map(|at| (-1.0 / law(at).1).exp()).collect();
        for (at, kept) in keep.iter().enumerate() {
            self.mean[at] *= kept;
            for (other, also) in keep.iter().enumerate() {
                self.covariance[at][other] *= kept * also;
            }
            self.covariance[at][at] += law(at).0 * law(at).0 * (1.0 - kept * kept);
        }
    }

    /// Takes in a zone's count, of which `still` would be expected if no rate wandered; returns how likely it was, as a logarithm.
    fn take(&mut self, zone: usize, faults: f64, still: f64, clump: f64) -> f64 {
        let with: Vec<f64> = self.covariance.iter().map(|row| row[0] + row[zone + 1]).collect();
        let (mean, variance) = (self.mean[0] + self.mean[zone + 1], with[0] + with[zone + 1]);
        let chances = POINTS.map(|(point, weight)| {
            let at = mean + point * variance.sqrt();
            (at, weight.ln() + ln_chance(faults, still * at.exp(), clump))
        });
        let most = chances.iter().map(|(_, ln)| *ln).fold(f64::NEG_INFINITY, f64::max);
        let (mut all, mut first, mut second) = (0.0, 0.0, 0.0);
        for (at, ln) in chances {
            let chance = (ln - most).exp();
            all += chance;
            first += chance * at;
            second += chance * at * at;
        }
        let (new_mean, new_variance) = (first / all, (second / all - (first / all) * (first / all)).max(1e-9));
        let (by, less) = ((new_mean - mean) / variance, (variance - new_variance) / (variance * variance));
        for at in 0..with.len() {
            self.mean[at] += with[at] * by;
            for other in 0..with.len() {
                self.covariance[at][other] -= with[at] * with[other] * less;
            }
        }
        most + all.ln()
    }

    /// Takes in a minute in which `limping` fails twice as often.
    fn observe(&mut self, minute: &Minute, own: &[Own], limping: Option<usize>) -> f64 {
        self.pass();
        let counts = minute.zones.values().zip(own).enumerate().filter(|(_, (_, own))| own.still > 0.0);
        counts
            .map(|(zone, (sample, own))| {
                let times = if limping == Some(zone) { 2.0 } else { 1.0 };
                self.take(zone, sample.faults, times * own.still, own.clump)
            })
            .sum()
    }
}

/// The chance of so many, but for what does not depend on the mean: a negative binomial.
fn ln_chance(faults: f64, mean: f64, clump: f64) -> f64 {
    let shape = mean / (clump - 1.0);
    ln_gamma(shape + faults) - ln_gamma(shape) - shape * clump.ln()
}

/// What it knows, and what every onset that is not given up would have it know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Informed {
    known: Option<Rates>,
    onsets: BTreeMap<ZoneId, Vec<(Rates, f64)>>,
}

impl Informed {
    /// The zone it would leave now.
    pub(crate) fn step(&mut self, minute: &Minute, own: &[Own]) -> Option<ZoneId> {
        let before = self.known.clone().unwrap_or_else(|| Rates::new(own.len()));
        let mut known = before.clone();
        let well = known.observe(minute, own, None);
        self.known = Some(known);
        let mut worst: Option<(f64, ZoneId)> = None;
        for (zone, id) in minute.zones.keys().enumerate() {
            let onsets = self.onsets.entry(id.clone()).or_default();
            onsets.push((before.clone(), 0.0));
            for (rates, ln) in onsets.iter_mut() {
                *ln += rates.observe(minute, own, Some(zone)) - well;
            }
            onsets.retain(|(_, ln)| *ln > GIVEN_UP);
            let sum = onsets.iter().map(|(_, ln)| ln.exp()).sum::<f64>().ln();
            if sum >= THRESHOLD && worst.as_ref().is_none_or(|(most, _)| sum > *most) {
                worst = Some((sum, id.clone()));
            }
        }
        let (_, id) = worst?;
        self.onsets.remove(&id);
        Some(id)
    }
}
