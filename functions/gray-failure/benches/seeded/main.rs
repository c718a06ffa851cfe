//! How often and how fast a limping zone is found, and how often a well one is left, beside other rules.
//!
//! `cargo bench -p gray-failure --bench seeded -- [--worlds N] [--days N]`. Worlds are made by [`world`], with 2, 3 and 4
//! zones and usual fault rates from 0.3 % to 2 %, at 100 requests a second and zone on average over the day. Each is run
//! through quietly, which gives the false shifts; on the way, every six hours after the first ten days, a fault of every
//! kind in turn is tried on a copy of each rule's state, which gives recall and delay. A delay counts minutes from the first bad one
//! to the one that decided, both included. Faults within an hour of an incident of all zones are tried like any other.

mod fault;
mod rival;
mod world;

use std::time::Instant;

use fault::Fault;
use gray_failure::decide::Rules;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rival::Rule;
use world::Shape;

/// Minutes that a fault lasts.
const LASTING: usize = 60;
/// Minutes in which a rule that shifted by mistake does not count again.
const COOL: usize = 60;

#[derive(Default, Clone)]
struct Tally {
    tried: u32,
    delays: Vec<usize>,
    wrong_zone: u32,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str, otherwise: usize| {
        let given = arguments.iter().position(|one| one == name).and_then(|at| arguments.get(at + 1)?.parse().ok());
        given.unwrap_or(otherwise)
    };
    let (worlds, days) = (option("--worlds", 12), option("--days", 60));
    let rates = [0.003, 0.005, 0.01, 0.02];
    let rules = Rules::default();
    let names: Vec<&str> = Rule::all().iter().map(Rule::name).collect();
    let mut tallies = vec![vec![Tally::default(); Fault::ALL.len()]; names.len()];
    let mut false_shifts = vec![0u32; names.len()];
    let (mut zone_minutes, mut ours) = (0usize, std::time::Duration::ZERO);
    for number in 0..worlds {
        let shape = Shape {
            seed: 1000 + number as u64,
            zones: 2 + number % 3,
            days,
            per_second: 100.0,
            fault_rate: rates[number % rates.len()],
        };
        let series = world::quiet(&shape);
        zone_minutes += series.len() * shape.zones;
        for (index, mut rule) in Rule::all().into_iter().enumerate() {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(shape.seed * 7919);
            let mut cool = 0;
            for (at, minute) in series.iter().enumerate() {
                if at >= 10 * 1440 && at % 360 == 180 && at + LASTING < series.len() && cool == 0 {
                    let kind = (at / 360 + number) % Fault::ALL.len();
                    let zone = world::id(rng.random_range(0..shape.zones));
                    let mut tried = rule.clone();
                    let tally = &mut tallies[index][kind];
                    tally.tried += 1;
                    for since in 0..LASTING {
                        let mut minute = series[at + since].clone();
                        Fault::ALL[kind].put(&mut minute, &zone, since as i64, &mut rng);
                        if let Some(left) = tried.step(&minute, &rules) {
                            if left == zone {
                                tally.delays.push(since + 1);
                            } else {
                                tally.wrong_zone += 1;
                            }
                            break;
                        }
                    }
                }
                cool = usize::saturating_sub(cool, 1);
                let start = Instant::now();
                let left = rule.step(minute, &rules);
                if index == 0 {
                    ours += start.elapsed();
                }
                if left.is_some() {
                    if cool == 0 {
                        false_shifts[index] += 1;
                    }
                    cool = COOL;
                }
            }
        }
    }
    report(&names, &tallies, &false_shifts, zone_minutes);
    println!("\n{:.2} µs a zone and minute", ours.as_secs_f64() * 1e6 / zone_minutes as f64);
}

fn report(names: &[&str], tallies: &[Vec<Tally>], false_shifts: &[u32], zone_minutes: usize) {
    let years = zone_minutes as f64 / (365.25 * 1440.0);
    println!("each cell: found within 5 min / within the hour, median and worst delay in min\n");
    print!("{:<32}{:>6}", "fault", "tried");
    names.iter().for_each(|name| print!("{name:>28}"));
    println!();
    for (kind, fault) in Fault::ALL.iter().enumerate() {
        print!("{:<32}{:>6}", fault.to_string(), tallies[0][kind].tried);
        for tallies in tallies {
            let tally = &tallies[kind];
            let percent = |found: usize| 100.0 * found as f64 / f64::from(tally.tried.max(1));
            let mut delays = tally.delays.clone();
            delays.sort_unstable();
            let soon = delays.iter().filter(|delay| **delay <= 5).count();
            let of = |index: usize| delays.get(index).map_or_else(|| "-".to_owned(), usize::to_string);
            let cell = format!(
                "{:.0} % / {:.0} %, {} {}",
                percent(soon),
                percent(delays.len()),
                of(delays.len() / 2),
                of(delays.len().saturating_sub(1))
            );
            print!("{cell:>28}");
        }
        println!();
    }
    print!("{:<38}", "wrong zone left");
    tallies.iter().for_each(|one| print!("{:>28}", one.iter().map(|tally| tally.wrong_zone).sum::<u32>()));
    print!("\n{:<38}", format!("false shifts in {years:.1} zone-years"));
    false_shifts.iter().for_each(|count| print!("{count:>28}"));
    print!("\n{:<38}", "false shifts a zone and year");
    false_shifts.iter().for_each(|count| print!("{:>28.2}", f64::from(*count) / years));
    println!();
}
