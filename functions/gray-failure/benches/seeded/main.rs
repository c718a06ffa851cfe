//! How often and how fast a limping zone is found, and how often a well one is left, beside other rules.
//!
//! `cargo bench -p gray-failure --bench seeded -- [--worlds N] [--days N] [--seed FIRST] [--jobs N] [--every MINUTES]
//! [--faults PART-OF-NAME] [--ours] [--list] [--why]`. Worlds are made by [`world`], which states their parameters, with
//! 2, 3 and 4 zones and usual fault rates from 0.3 % to 2 %, at 100 requests a second and zone on average over the day. Each
//! is run through quietly, which gives the false shifts; on the way, every six hours after the first ten days, a fault of
//! every kind in turn is tried on a copy of each rule's state, which gives recall and delay. A delay counts minutes from the
//! first bad one to the one that decided, both included. Faults within an hour of an incident of all zones, a rush, a release or
//! a sick instance are tried like any other. Trials are told apart by whether the zone had 100 requests a second as the
//! fault began.
//!
//! Beside the rules stand two bounds of what can be known. The *informed* one ([`informed`]) is told all of the world, its releases
//! and incidents too, but how far the rates of faults have wandered; the *oracle* ([`oracle`]) is told the rates as well. What
//! the informed one does not find in five minutes is hardly to be found in five minutes by any rule that has to learn the rates
//! from the same counts, at such a rate of false shifts.
//!
//! # What is reached, and what is not
//!
//! Fewer than one false shift per zone and year is reached, and with room. Every doubling of faults at 100 requests a second
//! within five minutes is reached but for a few in a thousand at usual rates of 1 % and 2 %, where all zones are not in a
//! release or an incident, of which nothing is concluded. At 0.3 % the zone has 18 faults a minute where 36 would be a doubling, and
//! they come in clumps: there the informed bound itself misses one in ten, and this rule one in seven. `--why` says of each late
//! one what held it back: in the fifth minute it is evidence in nine of ten.
//!
//! A fault is drawn around what the zone had to expect in that minute, with the zone's own clumps. It once was drawn
//! around what the zone happened to have, which made its variance two and a half times that of the zone's own faults; of a
//! failing switch or disk no such thing is known, and the description never said so. The earlier rule found 88 % of the
//! doublings with either.
//!
//! `--ours` leaves out the other rules; `--every 0` tries no faults, for many quiet years; `--faults "error rate x 2"` tries only
//! these, more often with `--every 30`. `--list` tells every false shift with what the world did. `--why` tells of every doubling
//! of faults at 100 requests a second what held the shift back, minute by minute, and sums it up. Seeds from 1 and from 1000
//! on are what the judgement was made with; those from 5000 on are held out.

mod fault;
mod informed;
mod oracle;
mod report;
mod rival;
mod trial;
mod why;
mod world;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use fault::Fault;
use rival::Rule;
use trial::{Outcome, Plan};
use world::Shape;

/// The usual rates of faults.
pub(crate) const RATES: [f64; 4] = [0.003, 0.005, 0.01, 0.02];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |name: &str| arguments.iter().position(|one| one == name).and_then(|at| arguments.get(at + 1));
    let option = |name: &str, otherwise: usize| text(name).and_then(|one| one.parse().ok()).unwrap_or(otherwise);
    let flag = |name: &str| arguments.iter().any(|one| one == name);
    let (worlds, days, seed) = (option("--worlds", 12), option("--days", 60), option("--seed", 1000));
    let part = text("--faults").cloned().unwrap_or_default();
    let plan = Plan {
        every: option("--every", 360),
        faults: Fault::ALL.into_iter().filter(|fault| fault.to_string().contains(&part)).collect(),
        list: flag("--list"),
        why: flag("--why"),
    };
    let rules = || Rule::all().into_iter().filter(|rule| !flag("--ours") || rule.is_ours_or_oracle());
    let names: Vec<&str> = rules().map(|rule| rule.name()).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Vec<Outcome>>>> = Mutex::new((0..worlds).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..option("--jobs", 2).max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= worlds {
                        return;
                    }
                    let shape = Shape {
                        seed: (seed + number) as u64,
                        zones: 2 + number % 3,
                        days,
                        per_second: 100.0,
                        fault_rate: RATES[number % RATES.len()],
                    };
                    let world = world::quiet(&shape);
                    let outcomes = rules().map(|rule| trial::run(rule, &shape, &world, &plan)).collect();
                    done.lock().expect("no thread panics")[number] = Some(outcomes);
                }
            });
        }
    });
    let mut outcomes: Vec<Outcome> = names.iter().map(|_| Outcome::default()).collect();
    for of_world in done.into_inner().expect("no thread panics").into_iter().flatten() {
        outcomes.iter_mut().zip(of_world).for_each(|(sum, one)| sum.add(one));
    }
    outcomes.iter().flat_map(|one| &one.told).for_each(|line| println!("{line}"));
    report::print(&names, &outcomes, &plan);
}
