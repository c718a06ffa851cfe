//! One scenario to its end, in the world's time.

use jiff::SignedDuration;
use serde_json::json;
use sim::lambda::DriveReport;
use sim::{Options, Sim};

use super::product::Product;
use super::{Arguments, messages};
use crate::{Format, Outcome};

/// How long the world may take to raise its first alarm; a healthy one is watched for this long.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
/// For how long no alarm may change its state before the scenario counts as over.
const SETTLED: SignedDuration = SignedDuration::from_mins(5);
/// How long a scenario runs at most.
const LIMIT: SignedDuration = SignedDuration::from_mins(60);
/// How far the world moves between two looks at its alarms.
const STEP: SignedDuration = SignedDuration::from_secs(1);

pub(super) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let options = arguments.size.apply(Options::stopped(arguments.scenario).beginning(LIMIT));
    let sim = Sim::start(options).await?;
    let product = Product::start(&sim, arguments.logs).await?;
    let work = until_settled(&sim, &product).await;

    let posted = sim.slack().messages();
    let expected = arguments.scenario.expected_causes();
    let reported = messages::reported(&posted);
    let right = match expected {
        [] => posted.is_empty(),
        _ => reported.first().is_some_and(|first| expected.contains(&first.as_str())),
    };
    let ok = right && work.dead == 0;
    match arguments.format {
        Format::Json => {
            for message in &posted {
                println!("{}", messages::line(message));
            }
            println!(
                "{}",
                json!({"scenario": arguments.scenario.name(), "expected": expected, "reported": reported, "ok": ok})
            );
        }
        Format::Text => {
            for message in &posted {
                println!("{}", messages::text(message));
            }
            let list =
                |causes: &[&str], none: &str| if causes.is_empty() { none.to_owned() } else { causes.join(" or ") };
            let reported: Vec<&str> = reported.iter().map(String::as_str).collect();
            println!(
                "\n{}: expected {}, reported {}: {}",
                arguments.scenario,
                list(expected, "nothing"),
                if posted.is_empty() { "nothing".to_owned() } else { list(&reported, "no cause") },
                if ok { "ok" } else { "not ok" },
            );
        }
    }
    if work.dead > 0 || !work.errors.is_empty() {
        complain(&work, &product);
    }
    Ok(if ok { Outcome::Done } else { Outcome::Finding })
}

/// Lets the world run and the function work until no alarm has changed for a while.
async fn until_settled(sim: &Sim, product: &Product) -> DriveReport {
    let mut total = DriveReport::default();
    let start = sim.world().now();
    let mut last_change = None;
    loop {
        tokio::task::block_in_place(|| sim.world().advance(STEP));
        let now = sim.world().now();
        if product.take_alarms(sim) > 0 {
            last_change = Some(now);
            total.absorb(product.work().await);
        }
        let over = match last_change {
            Some(changed) => now.duration_since(changed) >= SETTLED,
            None => now.duration_since(start) >= PATIENCE,
        };
        if over || now.duration_since(start) >= LIMIT {
            return total;
        }
    }
}

/// What went wrong in the function, on standard error.
fn complain(work: &DriveReport, product: &Product) {
    for error in &work.errors {
        eprintln!("nightshift: alarm-analysis: {error}");
    }
    if work.dead > 0 {
        eprintln!("nightshift: {} messages are in the dead-letter queue; the function's last lines:", work.dead);
        for line in product.last_logs(20) {
            eprintln!("  {line}");
        }
    }
}
