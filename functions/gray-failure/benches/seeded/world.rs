//! Traffic of a cluster over zones, as it is: none of what the judgement assumes is put in.
//!
//! Daily and weekly season with rushes, uneven shares that wander, faults in clumps (negative binomial) around a rate that
//! wanders for all zones together and for each by itself, heavy-tailed latency that grows with load, releases that reach one zone
//! a minute before the next, single sick instances, and incidents that strike all zones, some more than others.

use std::collections::BTreeMap;

use gray_failure::decide::{Minute, Sample, ZoneId};
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Normal, Poisson, StudentT};

/// What a world is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) zones: usize,
    pub(crate) days: usize,
    /// Requests a second and zone, the mean over a day.
    pub(crate) per_second: f64,
    /// The usual rate of faults.
    pub(crate) fault_rate: f64,
}

/// A process that returns to 0: the logarithm of something that wanders.
#[derive(Debug, Clone)]
struct Wander {
    value: f64,
    keep: f64,
    deviation: f64,
}

impl Wander {
    fn new(deviation: f64, minutes: f64) -> Self {
        Self { value: 0.0, keep: (-1.0 / minutes).exp(), deviation }
    }

    fn next(&mut self, rng: &mut Xoshiro256PlusPlus) -> f64 {
        let step = self.deviation * (1.0 - self.keep * self.keep).sqrt();
        self.value = self.keep * self.value + step * normal(rng);
        self.value
    }
}

fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    Normal::new(0.0, 1.0).expect("a normal distribution").sample(rng)
}

fn poisson(mean: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    if mean <= 0.0 { 0.0 } else { Poisson::new(mean).expect("a mean above 0").sample(rng) }
}

/// Something that begins now and then and lasts for a while.
#[derive(Debug, Clone, Default)]
struct Episode {
    left: i64,
    strength: Vec<f64>,
}

struct ZoneState {
    share: f64,
    share_wander: Wander,
    factor: f64,
    fault_wander: Wander,
    clump: f64,
    latency: f64,
    latency_wander: Wander,
    sick: Episode,
}

/// The quiet series of a world.
pub(crate) fn quiet(shape: &Shape) -> Vec<Minute> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(shape.seed);
    let mut zones: Vec<ZoneState> = (0..shape.zones).map(|_| zone(rng)).collect();
    let total: f64 = zones.iter().map(|zone| zone.share).sum();
    let begin: Timestamp = "2026-01-05T00:00:00Z".parse().expect("a time");
    let (mut load_wander, mut fault_wander) = (Wander::new(0.08, 20.0), Wander::new(0.25, 90.0));
    let (mut rush, mut incident) = (Episode::default(), Episode::default());
    let mut release: Option<i64> = None;
    let mut release_strength = 1.0;
    let mut minutes = Vec::with_capacity(shape.days * 1440);
    for index in 0..i64::try_from(shape.days * 1440).expect("days") {
        let (of_day, day) = (index % 1440, index / 1440);
        let weekend = day % 7 >= 5;
        #[expect(clippy::cast_precision_loss, reason = "below 1440")]
        let phase = (of_day as f64 - 840.0) / 1440.0 * std::f64::consts::TAU;
        let season = (1.0 + 0.75 * phase.cos()) * if weekend { 0.6 } else { 1.1 };
        episode(&mut rush, 1.0 / 900.0, 12.0, 1, 0.5, rng);
        episode(&mut incident, 1.0 / (7.0 * 1440.0), 25.0, shape.zones, 2.3, rng);
        if release.is_none() && !weekend && (540..1080).contains(&of_day) && rng.random_bool(1.0 / 300.0) {
            (release, release_strength) = (Some(index), 1.0 + rng.random_range(0.3..2.0));
        }
        let rushing = rush.strength.first().map_or(1.0, |strength| *strength);
        let load = shape.per_second * 60.0 * season * rushing * load_wander.next(rng).exp();
        let common = shape.fault_rate * fault_wander.next(rng).exp() * (load / (shape.per_second * 60.0)).powf(0.15);
        let mut samples = BTreeMap::new();
        for (number, zone) in zones.iter_mut().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "few zones")]
            let share = zone.share / total * shape.zones as f64 * zone.share_wander.next(rng).exp();
            let requests = poisson(load * share, rng);
            episode(&mut zone.sick, 1.0 / 1440.0, 1.0, 1, 1.5, rng);
            let since = release.map(|begun| index - begun - i64::try_from(number % 2).expect("few zones"));
            let releasing = if since.is_some_and(|since| (0..5).contains(&since)) { release_strength } else { 1.0 };
            let struck = incident.strength.get(number).copied().unwrap_or(1.0);
            let sick = zone.sick.strength.first().copied().unwrap_or(1.0);
            let rate = common * zone.factor * zone.fault_wander.next(rng).exp() * releasing * struck * sick;
            let mean = (requests * rate.min(0.9)).max(0.0);
            let clumped = if mean > 0.0 {
                // Of shape m/(c−1) and mean m, a Poisson over it has the variance c·m.
                Gamma::new(mean / (zone.clump - 1.0), zone.clump - 1.0).expect("a shape above 0").sample(rng)
            } else {
                0.0
            };
            let faults = poisson(clumped, rng).min(requests);
            let noise: f64 = StudentT::new(4.0).expect("a shape").sample(rng);
            let thin = (3000.0 / requests.max(1.0)).sqrt().clamp(0.5, 10.0);
            let latency = zone.latency
                * (0.25 * season.ln()
                    + zone.latency_wander.next(rng)
                    + 0.04 * thin * noise
                    + 0.3 * (releasing - 1.0)
                    + 0.25 * struck.ln()
                    + 0.5 * (rushing - 1.0).max(0.0))
                .exp();
            let instances = (requests / 900.0).ceil().max(2.0);
            let sample = Sample {
                requests,
                faults,
                latency_ms: (requests > 0.0).then_some(latency),
                instances: Some(instances),
                ..Sample::default()
            };
            samples.insert(id(number), sample);
        }
        if release.is_some_and(|begun| index - begun > 30) {
            release = None;
        }
        let at = begin + SignedDuration::from_mins(index);
        minutes.push(Minute { at, zones: samples });
    }
    minutes
}

/// The zone of this number.
pub(crate) fn id(number: usize) -> ZoneId {
    ZoneId(format!("use1-az{}", number + 1))
}

fn zone(rng: &mut Xoshiro256PlusPlus) -> ZoneState {
    ZoneState {
        share: rng.random_range(0.5..1.5),
        share_wander: Wander::new(0.08, 600.0),
        factor: (0.15 * normal(rng)).exp(),
        fault_wander: Wander::new(0.04, 45.0),
        clump: 1.0 + rng.random_range(0.1..0.8),
        latency: 80.0 * (0.1 * normal(rng)).exp(),
        latency_wander: Wander::new(0.05, 60.0),
        sick: Episode::default(),
    }
}

fn episode(
    episode: &mut Episode,
    chance: f64,
    minutes: f64,
    zones: usize,
    strength: f64,
    rng: &mut Xoshiro256PlusPlus,
) {
    if episode.left > 0 {
        episode.left -= 1;
        if episode.left == 0 {
            episode.strength.clear();
        }
    } else if rng.random_bool(chance) {
        let common = LogNormal::new(strength, 0.5).expect("a distribution").sample(rng);
        let lasting: f64 = Exp::new(1.0 / minutes).expect("a rate").sample(rng);
        #[expect(clippy::cast_possible_truncation, reason = "minutes")]
        let lasting = lasting.round() as i64;
        episode.left = lasting.max(1).min(if minutes <= 1.0 { 2 } else { 180 });
        episode.strength = (0..zones).map(|_| (common * (0.2 * normal(rng)).exp()).max(1.0)).collect();
    }
}
