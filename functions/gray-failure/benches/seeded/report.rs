//! The table.

use statrs::function::gamma::gamma_lr;

use super::{
    RATES,
    fault::Fault,
    trial::{Outcome, Plan, Trial},
};

/// Prints what came of the rules.
pub(crate) fn print(names: &[&str], outcomes: &[Outcome], plan: &Plan) {
    println!(
        "faults of the zones come in clumps (1.1 to 1.8 times chance) around a rate that wanders by 25 %; see world.rs"
    );
    println!("each cell: found within 5 min / within the hour, median and worst delay in min\n");
    print!("{:<38}{:>6}", "fault", "tried");
    names.iter().for_each(|name| print!("{name:>28}"));
    println!();
    for fault in plan.faults.iter().copied() {
        row(&fault.to_string(), outcomes, |trial| trial.fault == fault && trial.per_second >= 100.0);
    }
    println!("below 100 requests a second");
    for fault in plan.faults.iter().copied() {
        row(&fault.to_string(), outcomes, |trial| trial.fault == fault && trial.per_second < 100.0);
    }
    println!("error rate x 2 at 100 requests a second, by the usual rate of faults and by zones");
    let doubled = |trial: &Trial| trial.fault == Fault::Errors(2.0) && trial.per_second >= 100.0;
    for rate in RATES {
        let of_rate = |trial: &Trial| doubled(trial) && trial.fault_rate == rate;
        row(&format!("  of {:.1} %", 100.0 * rate), outcomes, of_rate);
        for zones in 2..=4 {
            row(&format!("    in one of {zones}"), outcomes, |trial| of_rate(trial) && trial.zones == zones);
        }
        row("    but not in common trouble", outcomes, |trial| of_rate(trial) && !trial.in_trouble);
        let all = |trial: &Trial| of_rate(trial) && !trial.in_trouble && trial.least_per_second >= 100.0;
        row("    nor a zone below 100 a second", outcomes, all);
    }
    row("  in a release or incident of all zones", outcomes, |trial| doubled(trial) && trial.in_trouble);
    row("  in no such", outcomes, |trial| doubled(trial) && !trial.in_trouble);
    let years = outcomes[0].zone_minutes as f64 / (365.25 * 1440.0);
    let line = |name: &str, of: &dyn Fn(&Outcome) -> String| {
        print!("{name:<44}");
        outcomes.iter().for_each(|outcome| print!("{:>28}", of(outcome)));
        println!();
    };
    line("wrong zone left", &|one| one.trials.iter().filter(|trial| trial.wrong_zone).count().to_string());
    if plan.why {
        outcomes[0].why.print();
    }
    line(&format!("false shifts in {years:.1} zone-years"), &|one| one.false_shifts.to_string());
    line("false shifts a zone and year", &|one| format!("{:.2}", f64::from(one.false_shifts) / years));
    line("  90 % interval of that", &|one| {
        let (least, most) = interval(one.false_shifts);
        format!("{:.2} to {:.2}", least / years, most / years)
    });
    line("µs a zone and minute", &|one| format!("{:.2}", one.took.as_secs_f64() * 1e6 / one.zone_minutes as f64));
}

fn row(name: &str, outcomes: &[Outcome], which: impl Fn(&Trial) -> bool) {
    let of = |outcome: &Outcome| {
        let mut delays: Vec<Option<usize>> =
            outcome.trials.iter().filter(|trial| which(trial)).map(|trial| trial.delay).collect();
        // What was not found comes last.
        delays.sort_unstable_by_key(|delay| delay.unwrap_or(usize::MAX));
        delays
    };
    print!("{name:<38}{:>6}", of(&outcomes[0]).len());
    for outcome in outcomes {
        let delays = of(outcome);
        let percent = |found: usize| 100.0 * found as f64 / delays.len().max(1) as f64;
        let within = |most: usize| percent(delays.iter().flatten().filter(|delay| **delay <= most).count());
        let at = |index: usize| delays.get(index).copied().flatten().map_or_else(|| "-".to_owned(), |d| d.to_string());
        let cell = format!(
            "{} / {} %, {} {}",
            percent_text(within(5)),
            percent_text(within(60)),
            at(delays.len() / 2),
            at(delays.len().saturating_sub(1))
        );
        print!("{cell:>28}");
    }
    println!();
}

/// A share in percent: only what is whole is called 100.
fn percent_text(percent: f64) -> String {
    if percent > 99.0 && percent < 100.0 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

/// The means of a Poisson distribution that give so few, or so many, no more often than once in twenty (Garwood).
fn interval(count: u32) -> (f64, f64) {
    let count = f64::from(count);
    // gamma_lr(k, m) is the chance of k or more at a mean of m.
    let solve = |shape: f64, chance: f64| {
        let (mut low, mut high) = (0.0, 10.0 * shape + 10.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if gamma_lr(shape, middle) < chance { low = middle } else { high = middle }
        }
        low
    };
    (if count > 0.0 { solve(count, 0.05) } else { 0.0 }, solve(count + 1.0, 0.95))
}
