//! Traffic of a cluster over zones, as it is: none of what the judgement assumes is put in.
//!
//! - Season: a day from a quarter to seven quarters of the mean, weekends at 60 % of it; load wanders by 8 % within twenty
//!   minutes; about 1.6 rushes a day, half as much traffic again and more, for twelve minutes on average.
//! - Zones: shares of traffic from one half to three halves, wandering by 8 %; some always fail or answer by 15 % and 10 % worse.
//! - Faults: the common rate wanders by 25 % within an hour and a half, each zone's own by 4 %; what a minute has comes in
//!   clumps, with a variance of 1.1 to 1.8 times that of chance (negative binomial).
//! - Latency: wanders by 5 %, jitters by 4 % with the tails of Student's t of four degrees, more at few requests, grows with load.
//! - Releases: about 1.8 a working day, 1.3 to 3 times the faults for five minutes, half of the zones one minute before the rest.
//! - Sick instances: once a zone and day, four to five times the faults of the whole zone, for a minute or two.
//! - Incidents of all zones: once a week, ten times the faults for half an hour on average, each zone by 20 % more or less.

use std::collections::BTreeMap;

use gray_failure::decide::{Minute, Sample, ZoneId};
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp, Gamma, LogNormal, Normal, Poisson, StudentT};

use super::fault::Own;

/// By how much the logarithm of the rate of faults that all zones share wanders, and within how many minutes.
pub(crate) const COMMON: (f64, f64) = (0.25, 90.0);
/// The same of each zone's own.
pub(crate) const OWN: (f64, f64) = (0.04, 45.0);

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

/// A world: its quiet series, and what there is to know of it that no rule may see.
pub(crate) struct World {
    pub(crate) minutes: Vec<Minute>,
    /// What went on in each minute.
    pub(crate) notes: Vec<Note>,
    /// Of each zone, by how much its faults come in clumps: their variance over their mean.
    pub(crate) clumps: Vec<f64>,
}

/// What went on in a minute: 1 is nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note {
    rushing: f64,
    releasing: Vec<f64>,
    struck: Vec<f64>,
    sick: Vec<f64>,
    /// Faults that each zone had to expect.
    pub(crate) mean: Vec<f64>,
    /// The same if no rate wandered.
    still: Vec<f64>,
}

impl Note {
    /// Whether there was a release or an incident of all zones.
    pub(crate) fn is_common_trouble(&self) -> bool {
        self.releasing.iter().chain(&self.struck).any(|times| *times != 1.0)
    }
}

impl World {
    /// What each zone had to expect in this minute.
    pub(crate) fn own(&self, minute: usize) -> Vec<Own> {
        self.notes[minute]
            .mean
            .iter()
            .zip(&self.notes[minute].still)
            .zip(&self.clumps)
            .map(|((mean, still), clump)| Own { mean: *mean, still: *still, clump: *clump })
            .collect()
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut any = false;
        let mut write = |what: &str, times: &[f64]| {
            if times.iter().all(|one| *one == 1.0) {
                return Ok(());
            }
            any = true;
            let times: Vec<String> = times.iter().map(|one| format!("{one:.1}")).collect();
            write!(f, " {what} x {}", times.join("/"))
        };
        write("rush", &[self.rushing])?;
        write("release", &self.releasing)?;
        write("incident", &self.struck)?;
        write("sick", &self.sick)?;
        if any { Ok(()) } else { f.write_str(" nothing") }
    }
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
pub(crate) fn quiet(shape: &Shape) -> World {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(shape.seed);
    let mut zones: Vec<ZoneState> = (0..shape.zones).map(|_| zone(rng)).collect();
    let total: f64 = zones.iter().map(|zone| zone.share).sum();
    let begin: Timestamp = "2026-01-05T00:00:00Z".parse().expect("a time");
    let (mut load_wander, mut fault_wander) = (Wander::new(0.08, 20.0), Wander::new(COMMON.0, COMMON.1));
    let (mut rush, mut incident) = (Episode::default(), Episode::default());
    let mut release: Option<i64> = None;
    let mut release_strength = 1.0;
    let mut minutes = Vec::with_capacity(shape.days * 1440);
    let mut notes = Vec::with_capacity(shape.days * 1440);
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
        let wandered = fault_wander.next(rng).exp();
        let common = shape.fault_rate * wandered * (load / (shape.per_second * 60.0)).powf(0.15);
        let mut samples = BTreeMap::new();
        let mut note = Note { rushing, ..Note::default() };
        for (number, zone) in zones.iter_mut().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "few zones")]
            let share = zone.share / total * shape.zones as f64 * zone.share_wander.next(rng).exp();
            let requests = poisson(load * share, rng);
            episode(&mut zone.sick, 1.0 / 1440.0, 1.0, 1, 1.5, rng);
            let since = release.map(|begun| index - begun - i64::try_from(number % 2).expect("few zones"));
            let releasing = if since.is_some_and(|since| (0..5).contains(&since)) { release_strength } else { 1.0 };
            let struck = incident.strength.get(number).copied().unwrap_or(1.0);
            let sick = zone.sick.strength.first().copied().unwrap_or(1.0);
            let own_wandered = zone.fault_wander.next(rng).exp();
            let rate = common * zone.factor * own_wandered * releasing * struck * sick;
            note.releasing.push(releasing);
            note.struck.push(struck);
            note.sick.push(sick);
            note.mean.push(requests * rate.min(0.9));
            note.still.push(requests * rate.min(0.9) / (wandered * own_wandered));
            let faults = clumped(requests * rate.min(0.9), zone.clump, rng).min(requests);
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
        notes.push(note);
    }
    World { minutes, notes, clumps: zones.iter().map(|zone| zone.clump).collect() }
}

/// A negative binomial of this mean, whose variance is `clump` times as much.
pub(crate) fn clumped(mean: f64, clump: f64, rng: &mut Xoshiro256PlusPlus) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let gamma = Gamma::new(mean / (clump - 1.0), clump - 1.0).expect("a shape above 0");
    poisson(gamma.sample(rng), rng)
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
        fault_wander: Wander::new(OWN.0, OWN.1),
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
