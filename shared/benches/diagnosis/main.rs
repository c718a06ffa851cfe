//! How often, how fast and how honestly the diagnosis is right, over recorded incidents.
//!
//! `cargo bench -p shared --no-default-features --bench diagnosis -- [--misses] [--changes=SUBSTRING] [FILTER]`; `--misses`
//! prints every case that is not right at 1, and for each change the cases it loses. Each incident is asked again in many
//! changed forms ([`change`]): what a change loses without taking evidence away is a rule that is too narrow. Then come a
//! thousand healthy clusters ([`healthy`]), in which nothing may be found, and the time for a cluster of 200 nodes and 5,000
//! pods. The incidents are looked for in `NIGHTSHIFT_INCIDENTS`, else in `../shared/incidents` beside the workspace; without
//! them it says so and measures the rest. Each case is a snapshot directory with an `alarm.json` (what started it) and an
//! `expected.json` (the answer).

mod change;
mod healthy;
mod incident;
mod random;
mod report;
mod scale;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use shared::diagnosis::{Diagnosis, Trigger, Verdict, diagnose};

use change::{CHANGES, Change};
use incident::Incident;
use random::Random;

/// An incident and what was said of it.
struct Outcome {
    incident: Incident,
    diagnosis: Diagnosis,
    rank: Option<usize>,
    elapsed: Duration,
}

/// What was said of one incident after one change.
struct Again {
    name: String,
    cause: String,
    rank: Option<usize>,
    diagnosis: Diagnosis,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let show_misses = arguments.iter().any(|argument| argument == "--misses");
    let only = arguments.iter().find_map(|argument| argument.strip_prefix("--changes="));
    let filter = arguments.iter().find(|argument| !argument.starts_with("--"));
    match incident::directory() {
        Some(root) => {
            let chosen = incident::directories(&root);
            let chosen =
                chosen.iter().filter(|it| filter.is_none_or(|filter| it.to_string_lossy().contains(filter.as_str())));
            let mut outcomes = Vec::new();
            for case in chosen {
                match Incident::read(case) {
                    Ok(incident) => outcomes.push(asked(incident)),
                    Err(error) => println!("{}: {error}", case.display()),
                }
            }
            recorded(&outcomes, show_misses, only);
        }
        None => println!("diagnosis: no recorded incidents (NIGHTSHIFT_INCIDENTS or ../shared/incidents): skipped"),
    }
    if only.is_none() && filter.is_none() {
        thousand_healthy(show_misses);
        large();
    }
}

fn recorded(outcomes: &[Outcome], show_misses: bool, only: Option<&str>) {
    if show_misses {
        report::misses(outcomes);
    }
    if only.is_none() {
        report::accuracy(outcomes);
        report::calibration("confidence", outcomes.iter().map(|it| (&it.diagnosis, it.rank)));
        report::times(outcomes);
    }
    let changes: Vec<&Change> = CHANGES.iter().filter(|it| only.is_none_or(|only| it.name.contains(only))).collect();
    let answers: Vec<Vec<Again>> = changes.iter().map(|change| changed(change, outcomes)).collect();
    report::changes(&changes, &answers, outcomes, show_misses);
    let again = answers.iter().flatten();
    report::calibration("confidence, changed", again.map(|it| (&it.diagnosis, it.rank)));
}

fn asked(incident: Incident) -> Outcome {
    let start = Instant::now();
    let diagnosis = diagnose(&incident.snapshot, &incident.trigger);
    let elapsed = start.elapsed();
    let rank = incident.rank(&diagnosis);
    Outcome { incident, diagnosis, rank, elapsed }
}

/// All incidents after one change, on all processors.
fn changed(change: &Change, outcomes: &[Outcome]) -> Vec<Again> {
    let work = |outcome: &Outcome| {
        let changed = (change.make)(&outcome.incident, &mut Random::of(&outcome.incident.name))?;
        let diagnosis = diagnose(&changed.snapshot, &changed.trigger);
        let rank = changed.rank(&diagnosis);
        Some(Again { name: changed.name, cause: changed.cause, rank, diagnosis })
    };
    in_parallel(outcomes.len(), |at| work(&outcomes[at])).into_iter().flatten().collect()
}

/// The results of `work` for 0 to `count`, in order.
fn in_parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let run = move || {
            let mut own = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return own;
                }
                own.push((at, work(at)));
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().flat_map(|it| it.join().unwrap_or_default()).collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Healthy clusters with the noise of ordinary days.
fn thousand_healthy(show: bool) {
    const COUNT: usize = 1000;
    let said = in_parallel(COUNT, |seed| match healthy::cluster(seed as u64) {
        Ok(snapshot) => Some(diagnose(&snapshot, &Trigger::default())),
        Err(error) => {
            println!("healthy cluster {seed}: {error}");
            None
        }
    });
    let said: Vec<(usize, &Diagnosis)> =
        said.iter().enumerate().filter_map(|(seed, it)| Some((seed, it.as_ref()?))).collect();
    let wrong: Vec<_> = said.iter().filter(|(_, diagnosis)| !diagnosis.causes.is_empty()).collect();
    let unsure: Vec<_> = said.iter().filter(|(_, it)| it.verdict == Verdict::Inconclusive).collect();
    println!("\nhealthy clusters: {} of {} given a cause, {} inconclusive", wrong.len(), said.len(), unsure.len());
    for (seed, diagnosis) in wrong.into_iter().take(if show { 30 } else { 5 }) {
        let cause = &diagnosis.causes[0];
        println!("    {seed}: {:.2} {} on {}: {}", cause.confidence, cause.id, cause.object, cause.summary);
    }
    for (seed, diagnosis) in unsure.into_iter().take(if show { 30 } else { 0 }) {
        let text: Vec<&str> = diagnosis.evidence.iter().map(|it| it.text.as_str()).take(3).collect();
        println!("    {seed}: inconclusive: {}", text.join("; "));
    }
}

/// The time for a large cluster.
fn large() {
    match scale::cluster(200, 5000) {
        Ok((snapshot, object)) => {
            let start = Instant::now();
            let diagnosis = diagnose(&snapshot, &Trigger::default());
            let elapsed = start.elapsed();
            let right =
                diagnosis.causes.first().is_some_and(|it| it.id.as_str() == "oom-killed" && it.object == object);
            println!(
                "200 nodes, 5,000 pods: {:.0} ms, {}",
                elapsed.as_secs_f64() * 1000.0,
                if right { "right" } else { "wrong" }
            );
        }
        Err(error) => println!("200 nodes, 5,000 pods: {error}"),
    }
}
