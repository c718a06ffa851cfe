//! The tables.

use std::{collections::BTreeMap, time::Duration};

use shared::diagnosis::Diagnosis;

use crate::{Again, Outcome, change::Change};

/// Every case that is not right at 1.
pub(crate) fn misses(outcomes: &[Outcome]) {
    for outcome in outcomes.iter().filter(|outcome| outcome.rank != Some(0)) {
        let incident = &outcome.incident;
        println!("{}: expected {} on {}", incident.name, incident.cause, incident.object);
        println!("    {:?}", outcome.diagnosis.verdict);
        for cause in outcome.diagnosis.causes.iter().take(4) {
            println!("    {:.2} {} on {}: {}", cause.confidence, cause.id, cause.object, cause.summary);
        }
        let expected = |id: &str| id.replace('-', "_") == incident.cause;
        for other in outcome.diagnosis.rejected.iter().filter(|it| expected(it.id.as_str())) {
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

/// What was said first.
fn said(diagnosis: &Diagnosis) -> String {
    let first = diagnosis.causes.first();
    first.map_or(format!("({:?})", diagnosis.verdict), |it| it.id.as_str().replace('-', "_"))
}

/// By category, by cause, and what was taken for what.
pub(crate) fn accuracy(outcomes: &[Outcome]) {
    let mut total = Score::default();
    let mut categories: BTreeMap<&str, Score> = BTreeMap::new();
    let mut causes: BTreeMap<&str, Score> = BTreeMap::new();
    let mut confusions: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for Outcome { incident, diagnosis, rank, .. } in outcomes {
        total.add(*rank);
        let category = incident.name.rsplit_once('-').map_or(incident.name.as_str(), |it| it.0);
        categories.entry(category).or_default().add(*rank);
        causes.entry(&incident.cause).or_default().add(*rank);
        if *rank != Some(0) {
            *confusions.entry((&incident.cause, said(diagnosis))).or_default() += 1;
        }
    }
    println!("\n{:<40} {:>5} {:>8} {:>8}", "diagnosis", "cases", "right@1", "right@3");
    println!("{}", total.line("all"));
    categories.iter().for_each(|(name, score)| println!("{}", score.line(name)));
    println!();
    causes.iter().for_each(|(name, score)| println!("{}", score.line(name)));
    println!("\nconfusions (expected -> said first)");
    confusions.iter().for_each(|((expected, said), count)| println!("{count:>4}  {expected} -> {said}"));
}

/// Of the causes given at about a confidence, how many are right.
pub(crate) fn calibration<'d>(title: &str, all: impl Iterator<Item = (&'d Diagnosis, Option<usize>)>) {
    let mut bins = [(0usize, 0usize, 0f64); 10];
    for (diagnosis, right) in all {
        for (rank, cause) in diagnosis.causes.iter().enumerate() {
            let bin = &mut bins[((cause.confidence * 10.0) as usize).min(9)];
            bin.0 += 1;
            bin.1 += usize::from(right == Some(rank));
            bin.2 += cause.confidence;
        }
    }
    println!("\n{title:<20} causes   mean   right");
    for (index, (count, right, sum)) in bins.iter().enumerate().filter(|(_, bin)| bin.0 > 0) {
        let (low, all) = (index as f64 / 10.0, *count as f64);
        println!("{low:.1}-{:.1} {count:>18}   {:.2}   {:.2}", low + 0.1, sum / all, *right as f64 / all);
    }
}

/// The median and the worst case.
pub(crate) fn times(outcomes: &[Outcome]) {
    let mut times: Vec<Duration> = outcomes.iter().map(|outcome| outcome.elapsed).collect();
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let worst = outcomes.iter().max_by_key(|outcome| outcome.elapsed).map_or("", |outcome| &outcome.incident.name);
    let (median, most) = (ms(times.get(times.len() / 2)), ms(times.last()));
    println!("\ntime per case: median {median:.1} ms, worst {most:.1} ms ({worst})");
}

/// What each change makes of the answers, and with `show` which cases it loses.
pub(crate) fn changes(changes: &[&Change], answers: &[Vec<Again>], before: &[Outcome], show: bool) {
    println!("\n{:<40} {:>5} {:>8} {:>8}   lost", "changed", "cases", "right@1", "right@3");
    for (change, again) in changes.iter().zip(answers) {
        let mut score = Score::default();
        again.iter().for_each(|it| score.add(it.rank));
        let was_right = |name: &str| before.iter().any(|it| it.incident.name == name && it.rank == Some(0));
        let lost: Vec<&Again> = again.iter().filter(|it| it.rank != Some(0) && was_right(&it.name)).collect();
        let mut kinds: BTreeMap<(&str, String), Vec<&Again>> = BTreeMap::new();
        for it in &lost {
            kinds.entry((&it.cause, said(&it.diagnosis))).or_default().push(it);
        }
        println!("{}   {}", score.line(change.name), lost.len());
        for ((expected, said), cases) in kinds.iter().filter(|_| show) {
            let first = cases[0].diagnosis.causes.first();
            let object = first.map_or(String::new(), |it| format!(" on {} ({:.2})", it.object, it.confidence));
            println!("    {:>3}  {expected} -> {said}{object}, as in {}", cases.len(), cases[0].name);
        }
    }
}
