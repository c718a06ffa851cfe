//! How often and how fast a limping zone is found, and how often a well one is left, beside other rules.
//!
//! `cargo bench -p gray-failure --bench seeded -- [--worlds N] [--days N] [--seed FIRST] [--ours] [--list]`. Worlds are made by
//! [`world`], which states their parameters, with 2, 3 and 4 zones and usual fault rates from 0.3 % to 2 %, at 100 requests a
//! second and zone on average over the day. Each is run through quietly, which gives the false shifts; on the way, every
//! six hours after the first ten days, a fault of every kind in turn is tried on a copy of each rule's state, which gives recall
//! and delay. A delay counts minutes from the first bad one to the one that decided, both included. Faults within an hour of an
//! incident of all zones, a rush, a release or a sick instance are tried like any other. Trials are told apart by whether
//! the zone had 100 requests a second as the fault began. `--list` tells every false shift with what the world did, and every doubling
//! of faults that took longer than five minutes; seeds from 1000 on are what the judgement was made with, those from
//! 5000 on are held out.

mod fault;
mod report;
mod rival;
mod trial;
mod world;

use rival::Rule;
use trial::Outcome;
use world::Shape;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str, otherwise: usize| {
        let given = arguments.iter().position(|one| one == name).and_then(|at| arguments.get(at + 1)?.parse().ok());
        given.unwrap_or(otherwise)
    };
    let (worlds, days, seed) = (option("--worlds", 12), option("--days", 60), option("--seed", 1000));
    let list = arguments.iter().any(|one| one == "--list");
    let only = arguments.iter().any(|one| one == "--ours");
    let rates = [0.003, 0.005, 0.01, 0.02];
    let names: Vec<&str> = Rule::all().iter().map(Rule::name).take(if only { 1 } else { 5 }).collect();
    let mut outcomes: Vec<Outcome> = names.iter().map(|_| Outcome::default()).collect();
    for number in 0..worlds {
        let shape = Shape {
            seed: (seed + number) as u64,
            zones: 2 + number % 3,
            days,
            per_second: 100.0,
            fault_rate: rates[number % rates.len()],
        };
        let world = world::quiet(&shape);
        for (index, (rule, outcome)) in Rule::all().into_iter().zip(&mut outcomes).enumerate() {
            trial::run(rule, &shape, &world, list && index == 0, outcome);
        }
    }
    report::print(&names, &outcomes);
}
