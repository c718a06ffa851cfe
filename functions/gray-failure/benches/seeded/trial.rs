//! A world, run through quietly with every rule, and faults tried on the way.

use std::time::{Duration, Instant};

use gray_failure::decide::Rules;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

use super::{
    fault::Fault,
    rival::Rule,
    world::{self, Shape, World},
};

/// Minutes that a fault lasts.
const LASTING: usize = 60;
/// Minutes in which a rule that shifted by mistake does not count again.
const COOL: usize = 60;
/// Days by which a rule may know the world before faults are tried.
const KNOWN: usize = 10;

/// A fault that was tried on a rule.
pub(crate) struct Trial {
    pub(crate) fault: Fault,
    pub(crate) zones: usize,
    /// Requests a second of the zone as the fault began.
    pub(crate) per_second: f64,
    pub(crate) fault_rate: f64,
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
}

/// Runs a rule through a world. With `list`, every false shift and every missed doubling of faults is told.
pub(crate) fn run(rule: Rule, shape: &Shape, world: &World, list: bool, outcome: &mut Outcome) {
    let series = &world.minutes;
    let mut rule = rule;
    let rules = Rules::default();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(shape.seed * 7919);
    let mut cool = 0;
    outcome.zone_minutes += series.len() * shape.zones;
    for (at, minute) in series.iter().enumerate() {
        if at >= KNOWN * 1440 && at % 360 == 180 && at + LASTING < series.len() && cool == 0 {
            let fault = Fault::ALL[(at / 360 + usize::try_from(shape.seed).expect("small")) % Fault::ALL.len()];
            let number = rng.random_range(0..shape.zones);
            let zone = world::id(number);
            let mut trial = Trial {
                fault,
                zones: shape.zones,
                per_second: minute.zones[&zone].requests / 60.0,
                fault_rate: shape.fault_rate,
                delay: None,
                wrong_zone: false,
            };
            let mut tried = rule.clone();
            for since in 0..LASTING {
                let mut minute = series[at + since].clone();
                fault.put(&mut minute, &zone, since, world.clumps[number], &mut rng);
                let left = tried.step(&minute, &rules);
                if let Some(left) = left {
                    if left == zone {
                        trial.delay = Some(since + 1);
                    } else {
                        trial.wrong_zone = true;
                    }
                    break;
                }
            }
            if list && fault == Fault::Errors(2.0) && trial.per_second > 100.0 && trial.delay.is_none_or(|d| d > 5) {
                let (begin, end) = (&world.notes[at], &world.notes[at + 5]);
                println!(
                    "missed: seed {} minute {at} {zone} at {:.0}/s, {} %, delay {:?}:{begin};{end}",
                    shape.seed,
                    trial.per_second,
                    100.0 * shape.fault_rate,
                    trial.delay
                );
            }
            outcome.trials.push(trial);
        }
        cool = usize::saturating_sub(cool, 1);
        let start = Instant::now();
        let left = rule.step(minute, &rules);
        outcome.took += start.elapsed();
        if let Some(zone) = left {
            if cool == 0 {
                outcome.false_shifts += 1;
                if list {
                    println!(
                        "false shift: seed {} day {} {:02}:{:02} {zone} of {}, {:.0}/s, {} %",
                        shape.seed,
                        at / 1440,
                        at % 1440 / 60,
                        at % 60,
                        shape.zones,
                        minute.zones[&zone].requests / 60.0,
                        100.0 * shape.fault_rate
                    );
                    for ago in (0..12).rev() {
                        let of = series[at - ago].zones.values().zip(&world.notes[at - ago].mean);
                        let of = of.map(|(one, mean)| format!("{:.0}/{:.0} ({mean:.0})", one.faults, one.requests));
                        let of: Vec<String> = of.collect();
                        println!("  -{ago:<3}{:<70}{}", of.join("  "), world.notes[at - ago]);
                    }
                }
            }
            cool = COOL;
        }
    }
}
