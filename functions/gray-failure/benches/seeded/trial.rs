//! A world, run through quietly with a rule, and faults tried on the way.

use std::time::{Duration, Instant};

use gray_failure::decide::Rules;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::{
    fault::Fault,
    rival::Rule,
    why::{Held, Why},
    world::{self, Note, Shape, World},
};

/// Minutes that a fault lasts.
const LASTING: usize = 60;
/// Minutes in which a rule that shifted by mistake does not count again.
const COOL: usize = 60;
/// Days by which a rule may know the world before faults are tried.
const KNOWN: usize = 10;
/// Minutes within which a doubling at 100 requests a second is to be found.
pub(crate) const SOON: usize = 5;

/// What is to be tried and told.
pub(crate) struct Plan {
    /// Minutes between faults; 0 for none.
    pub(crate) every: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) list: bool,
    pub(crate) why: bool,
}

/// A fault that was tried on a rule.
pub(crate) struct Trial {
    pub(crate) fault: Fault,
    pub(crate) zones: usize,
    /// Requests a second of the zone as the fault began.
    pub(crate) per_second: f64,
    pub(crate) fault_rate: f64,
    /// Requests a second of the zone with the fewest.
    pub(crate) least_per_second: f64,
    /// Whether all zones had a release or an incident in its first minutes.
    pub(crate) in_trouble: bool,
    /// Minutes until the zone was left.
    pub(crate) delay: Option<usize>,
    pub(crate) wrong_zone: bool,
}

/// What came of a rule.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) trials: Vec<Trial>,
    pub(crate) false_shifts: u32,
    pub(crate) zone_minutes: usize,
    pub(crate) took: Duration,
    /// What was asked to be told.
    pub(crate) told: Vec<String>,
    pub(crate) why: Why,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.trials.extend(other.trials);
        self.false_shifts += other.false_shifts;
        self.zone_minutes += other.zone_minutes;
        self.took += other.took;
        self.told.extend(other.told);
        self.why.add(other.why);
    }
}

/// Runs a rule through a world.
pub(crate) fn run(rule: Rule, shape: &Shape, world: &World, plan: &Plan) -> Outcome {
    let series = &world.minutes;
    let (mut rule, rules) = (rule, Rules::default());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(shape.seed * 7919);
    let mut outcome = Outcome { zone_minutes: series.len() * shape.zones, ..Outcome::default() };
    let mut cool = 0;
    for (at, minute) in series.iter().enumerate() {
        let due = plan.every > 0 && at >= KNOWN * 1440 && at % plan.every == plan.every / 2;
        if due && at + LASTING < series.len() && cool == 0 && !plan.faults.is_empty() {
            let turn = at / plan.every + usize::try_from(shape.seed).expect("small");
            let struck =
                Struck { fault: plan.faults[turn % plan.faults.len()], at, zone: rng.random_range(0..shape.zones) };
            struck.put(&rule, shape, world, plan, &mut rng, &mut outcome);
        }
        cool = usize::saturating_sub(cool, 1);
        let own = world.own(at);
        let start = Instant::now();
        let left = rule.step(minute, &own, &rules);
        outcome.took += start.elapsed();
        if let Some(zone) = left {
            if cool == 0 {
                outcome.false_shifts += 1;
                if plan.list && matches!(rule, Rule::Ours(_)) {
                    tell(shape, world, at, &zone, &mut outcome.told);
                    if let Rule::Ours(memory) = &rule {
                        outcome.told.push(format!("  {}", Held::of(memory, &zone, minute, own[0], &rules)));
                    }
                }
            }
            cool = COOL;
        }
    }
    outcome
}

/// A fault in a zone, from a minute on.
struct Struck {
    fault: Fault,
    at: usize,
    zone: usize,
}

impl Struck {
    fn put(
        &self,
        rule: &Rule,
        shape: &Shape,
        world: &World,
        plan: &Plan,
        rng: &mut Xoshiro256PlusPlus,
        outcome: &mut Outcome,
    ) {
        let (rules, zone) = (Rules::default(), world::id(self.zone));
        let mut trial = Trial {
            fault: self.fault,
            zones: shape.zones,
            per_second: world.minutes[self.at].zones[&zone].requests / 60.0,
            fault_rate: shape.fault_rate,
            least_per_second: world.minutes[self.at]
                .zones
                .values()
                .map(|one| one.requests / 60.0)
                .fold(f64::MAX, f64::min),
            in_trouble: world.notes[self.at..self.at + SOON].iter().any(Note::is_common_trouble),
            delay: None,
            wrong_zone: false,
        };
        let mut tried = rule.clone();
        let mut course = Vec::new();
        for since in 0..LASTING {
            let mut minute = world.minutes[self.at + since].clone();
            let own = world.own(self.at + since);
            self.fault.put(&mut minute, &zone, since, own[self.zone], rng);
            let left = tried.step(&minute, &own, &rules);
            if let Rule::Ours(memory) = &tried
                && plan.why
                && since < SOON
                && left.is_none()
            {
                course.push(Held::of(memory, &zone, &minute, own[self.zone], &rules));
            }
            if let Some(left) = left {
                trial.wrong_zone = left != zone;
                trial.delay = (left == zone).then_some(since + 1);
                break;
            }
        }
        if plan.why && self.fault == Fault::Errors(2.0) && trial.per_second >= 100.0 && matches!(rule, Rule::Ours(_)) {
            if trial.delay.is_none_or(|delay| delay > SOON) {
                outcome.told.push(format!(
                    "late: seed {} minute {} {zone} of {} at {:.0}/s, {} %, clumps {:.1}, delay {:?}:{};{}",
                    shape.seed,
                    self.at,
                    shape.zones,
                    trial.per_second,
                    100.0 * shape.fault_rate,
                    world.clumps[self.zone],
                    trial.delay,
                    world.notes[self.at],
                    world.notes[self.at + SOON]
                ));
                outcome.told.extend(course.iter().map(|held| format!("    {held}")));
            }
            outcome.why.take(course);
        }
        outcome.trials.push(trial);
    }
}

fn tell(shape: &Shape, world: &World, at: usize, zone: &gray_failure::decide::ZoneId, told: &mut Vec<String>) {
    told.push(format!(
        "false shift: seed {} day {} {:02}:{:02} {zone} of {}, {:.0}/s, {} %",
        shape.seed,
        at / 1440,
        at % 1440 / 60,
        at % 60,
        shape.zones,
        world.minutes[at].zones[zone].requests / 60.0,
        100.0 * shape.fault_rate
    ));
    for ago in (0..12).rev().filter(|ago| *ago <= at) {
        let of = world.minutes[at - ago].zones.values().zip(&world.notes[at - ago].mean);
        let of: Vec<String> = of
            .map(|(one, mean)| {
                format!(
                    "{:.0}/{:.0} ({mean:.0}) {:.0} ms",
                    one.faults,
                    one.requests,
                    one.latency_ms.unwrap_or_default()
                )
            })
            .collect();
        told.push(format!("  -{ago:<3}{:<90}{}", of.join("  "), world.notes[at - ago]));
    }
}
