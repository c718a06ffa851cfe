//! How often, how fast and how honestly the diagnosis is right, over recorded incidents.
//!
//! `cargo bench -p shared --no-default-features --bench diagnosis -- [--misses] [FILTER]`; `--misses` prints every case that
//! is not right at 1. Each case is asked a second time under other names ([`rename`]), to which the answer must be the same.
//! Last comes the time for a cluster of 200 nodes and 5,000 pods. The incidents are looked for in
//! `NIGHTSHIFT_INCIDENTS`, else in `../shared/incidents` beside the workspace; without them it says so and ends well. Each
//! case is a snapshot directory with an `alarm.json` (what started it) and an `expected.json` (the answer).

mod rename;
mod scale;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Deserialize;
use shared::{
    diagnosis::{Diagnosis, Trigger, diagnose},
    model::{Kind, ObjectRef},
    snapshot::Snapshot,
};

#[derive(Deserialize)]
struct Expected {
    root_cause: String,
    object: String,
}

struct Outcome {
    case: String,
    expected: String,
    object: String,
    diagnosis: Diagnosis,
    rank: Option<usize>,
    elapsed: Duration,
    /// What is said under other names, where that is something else.
    renamed: Option<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let show_misses = arguments.iter().any(|argument| argument == "--misses");
    let filter = arguments.iter().find(|argument| !argument.starts_with("--"));
    let Some(root) = incidents() else {
        println!("diagnosis: no recorded incidents (NIGHTSHIFT_INCIDENTS or ../shared/incidents): skipped");
        return;
    };
    let mut outcomes = Vec::new();
    for case in cases(&root) {
        if filter.is_none_or(|filter| case.to_string_lossy().contains(filter.as_str())) {
            match run(&case) {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => println!("{}: {error}", case.display()),
            }
        }
    }
    if show_misses {
        misses(&outcomes);
    }
    report(&outcomes);
    large();
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

fn incidents() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/incidents");
    let named = std::env::var_os("NIGHTSHIFT_INCIDENTS").map(PathBuf::from);
    named.into_iter().chain([beside]).find(|path| path.is_dir())
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut cases: Vec<PathBuf> = entries.map(|it| it.path()).filter(|it| it.join("expected.json").is_file()).collect();
    cases.sort();
    cases
}

fn run(case: &Path) -> Result<Outcome, Box<dyn std::error::Error>> {
    let expected: Expected = serde_json::from_slice(&std::fs::read(case.join("expected.json"))?)?;
    let alarm: serde_json::Value = serde_json::from_slice(&std::fs::read(case.join("alarm.json"))?)?;
    let mut snapshot = Snapshot::read_dir(case)?;
    let trigger = Trigger::from_alarm_event(&alarm);
    snapshot.taken_at = snapshot.taken_at.or(trigger.since);
    let start = Instant::now();
    let diagnosis = diagnose(&snapshot, &trigger);
    let elapsed = start.elapsed();
    let rank = diagnosis.causes.iter().position(|cause| {
        cause.id.as_str().replace('-', "_") == expected.root_cause
            && (is_meant(&cause.object, &expected.object)
                || (cause.id.as_str() == "gateway-misroute"
                    && cause.affected.first().is_some_and(|it| is_meant(&it.object, &expected.object))))
    });
    let names = rename::Names::of(&snapshot);
    let again = diagnose(&names.snapshot(&snapshot)?, &names.trigger(&trigger)?);
    let first = |diagnosis: &Diagnosis| diagnosis.causes.first().map(|cause| (cause.id.clone(), cause.object.clone()));
    let wanted = first(&diagnosis).map(|(id, object)| (id, names.object(&object)));
    let renamed = (first(&again) != wanted)
        .then(|| first(&again).map_or(format!("{:?}", again.verdict), |(id, object)| format!("{id} on {object}")));
    let case = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Outcome { case, expected: expected.root_cause, object: expected.object, diagnosis, rank, elapsed, renamed })
}

/// Whether `object` is the recorded one: `app/<name>` is the workload or something whose name begins with it.
fn is_meant(object: &ObjectRef, expected: &str) -> bool {
    match expected.split_once('/') {
        Some(("node", name)) => object.kind == Kind::Node && object.name == name,
        Some(("namespace", name)) => object.kind == Kind::Namespace && object.name == name,
        Some(("app", name)) => {
            !matches!(object.kind, Kind::Node | Kind::Namespace)
                && (object.name == name || object.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')))
        }
        _ => false,
    }
}

fn misses(outcomes: &[Outcome]) {
    for outcome in outcomes.iter().filter(|outcome| outcome.rank != Some(0)) {
        println!("{}: expected {} on {}", outcome.case, outcome.expected, outcome.object);
        println!("    {:?}", outcome.diagnosis.verdict);
        for cause in outcome.diagnosis.causes.iter().take(4) {
            println!("    {:.2} {} on {}: {}", cause.confidence, cause.id, cause.object, cause.summary);
        }
        for other in outcome.diagnosis.rejected.iter().filter(|it| it.id.as_str().replace('-', "_") == outcome.expected)
        {
            println!("    rejected {:?}: {}", other.object.as_ref().map(ToString::to_string), other.why);
        }
    }
}

#[derive(Default)]
struct Score {
    all: usize,
    first: usize,
    third: usize,
}

impl Score {
    fn add(&mut self, rank: Option<usize>) {
        self.all += 1;
        self.first += usize::from(rank == Some(0));
        self.third += usize::from(rank.is_some_and(|rank| rank < 3));
    }

    fn line(&self, name: &str) -> String {
        let share = |part: usize| part as f64 / self.all.max(1) as f64;
        format!("{name:<40} {:>5} {:>8.2} {:>8.2}", self.all, share(self.first), share(self.third))
    }
}

fn report(outcomes: &[Outcome]) {
    let mut total = Score::default();
    let mut categories: BTreeMap<String, Score> = BTreeMap::new();
    let mut causes: BTreeMap<String, Score> = BTreeMap::new();
    let mut confusions: BTreeMap<(String, String), usize> = BTreeMap::new();
    for outcome in outcomes {
        total.add(outcome.rank);
        let category = outcome.case.rsplit_once('-').map_or(outcome.case.as_str(), |it| it.0);
        categories.entry(category.to_owned()).or_default().add(outcome.rank);
        causes.entry(outcome.expected.clone()).or_default().add(outcome.rank);
        if outcome.rank != Some(0) {
            let said = outcome.diagnosis.causes.first();
            let said = said.map_or(format!("({:?})", outcome.diagnosis.verdict), |it| it.id.as_str().replace('-', "_"));
            *confusions.entry((outcome.expected.clone(), said)).or_default() += 1;
        }
    }
    println!("\n{:<40} {:>5} {:>8} {:>8}", "diagnosis", "cases", "right@1", "right@3");
    println!("{}", total.line("all"));
    categories.iter().for_each(|(name, score)| println!("{}", score.line(name)));
    println!();
    causes.iter().for_each(|(name, score)| println!("{}", score.line(name)));
    println!("\nconfusions (expected -> said first)");
    confusions.iter().for_each(|((expected, said), count)| println!("{count:>4}  {expected} -> {said}"));
    let differ: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.renamed.is_some()).collect();
    println!("\nunder other names: {} of {} answers differ", differ.len(), outcomes.len());
    for outcome in differ {
        println!("    {}: {}", outcome.case, outcome.renamed.as_deref().unwrap_or_default());
    }
    calibration(outcomes);
    let mut times: Vec<Duration> = outcomes.iter().map(|outcome| outcome.elapsed).collect();
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let worst = outcomes.iter().max_by_key(|outcome| outcome.elapsed).map_or("", |outcome| &outcome.case);
    println!(
        "\ntime per case: median {:.1} ms, worst {:.1} ms ({worst})",
        ms(times.get(times.len() / 2)),
        ms(times.last())
    );
}

/// Of the first causes given at about a confidence, how many are right.
fn calibration(outcomes: &[Outcome]) {
    let mut bins = [(0usize, 0usize, 0f64); 10];
    for outcome in outcomes {
        for (rank, cause) in outcome.diagnosis.causes.iter().enumerate() {
            let bin = &mut bins[((cause.confidence * 10.0) as usize).min(9)];
            bin.0 += 1;
            bin.1 += usize::from(outcome.rank == Some(rank));
            bin.2 += cause.confidence;
        }
    }
    println!("\nconfidence   causes   mean   right");
    for (index, (count, right, sum)) in bins.iter().enumerate().filter(|(_, bin)| bin.0 > 0) {
        let (low, count_f) = (index as f64 / 10.0, *count as f64);
        println!("{low:.1}-{:.1}      {count:>5}   {:.2}   {:.2}", low + 0.1, sum / count_f, *right as f64 / count_f);
    }
}
