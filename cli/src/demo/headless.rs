//! One scenario to its end, in the world's time.
//!
//! The world is lived through twice: once without the product, to learn how long the scenario takes, and then such that
//! its last alarm changes at about the machine's present time, which is when the messages are posted.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sim::lambda::DriveReport;
use sim::world::World;
use sim::{Options, Sim};

use super::product::Product;
use super::{Arguments, approve, messages};
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
    let options = arguments.size.apply(Options::stopped(arguments.scenario));
    let duration = tokio::task::block_in_place(|| rehearse(&options));
    let sim = Sim::start(options.beginning(duration)).await?;
    let product = Product::start(&sim, arguments.logs).await?;
    let mut work = until_settled(&sim, &product).await;
    work.errors.extend(product.judge_zones().await.err());
    if !sim.slack().messages().is_empty() {
        work.errors.extend(product.sweep().await.err());
        work.errors.extend(product.carry_on().await.err());
    }
    if arguments.approve {
        work.absorb(approve::first(&sim, &product, arguments.logs).await);
    }

    let posted = sim.slack().messages();
    let expected = arguments.scenario.expected_causes();
    let reported = messages::reported(&posted);
    let right = match expected {
        [] => posted.is_empty(),
        _ => reported.first().is_some_and(|first| expected.contains(&first.as_str())),
    };
    let (actions, tickets) = (messages::actions(&posted), messages::tickets(&sim));
    let recovered =
        !arguments.approve || actions.iter().any(|action| action["stage"] == approve::end(arguments.scenario));
    let ok = right && recovered && work.dead == 0;
    match arguments.format {
        Format::Json => {
            for message in &posted {
                println!("{}", messages::line(message));
            }
            println!(
                "{}",
                json!({
                    "scenario": arguments.scenario.name(), "expected": expected, "reported": reported,
                    "actions": actions, "tickets": tickets, "ok": ok,
                })
            );
        }
        Format::Text => {
            for message in &posted {
                println!("{}", messages::text(message));
            }
            let list =
                |causes: &[&str], none: &str| if causes.is_empty() { none.to_owned() } else { causes.join(" or ") };
            for action in &actions {
                println!("\n{}: {}", text(&action["case"]), text(&action["stage"]));
            }
            for ticket in &tickets {
                println!("\nticket {}, {}: {}", text(&ticket["key"]), text(&ticket["state"]), text(&ticket["title"]));
            }
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

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// How long it takes until the last alarm has changed, in whole minutes: alarms are evaluated once a minute, and the world
/// has to be in the same phase of it the second time.
fn rehearse(options: &Options) -> SignedDuration {
    let world = World::new(options.world.clone());
    let mut run = Run::of(&world);
    while run.goes_on(&world, !world.take_alarm_events().is_empty()) {
        world.advance(STEP);
    }
    SignedDuration::from_mins(run.until_last_change().as_mins() + 1)
}

/// Lets the world run and the function work until no alarm has changed for a while.
async fn until_settled(sim: &Sim, product: &Product) -> DriveReport {
    let mut total = DriveReport::default();
    let mut run = Run::of(sim.world());
    loop {
        let changed = product.take_alarms(sim) > 0;
        if changed {
            total.absorb(product.work().await);
        }
        if !run.goes_on(sim.world(), changed) {
            return total;
        }
        tokio::task::block_in_place(|| sim.world().advance(STEP));
    }
}

/// How far a scenario has come.
struct Run {
    start: Timestamp,
    last_change: Option<Timestamp>,
}

impl Run {
    fn of(world: &World) -> Self {
        Self { start: world.now(), last_change: None }
    }

    fn goes_on(&mut self, world: &World, changed: bool) -> bool {
        let now = world.now();
        if changed {
            self.last_change = Some(now);
        }
        let over = match self.last_change {
            Some(changed) => now.duration_since(changed) >= SETTLED,
            None => now.duration_since(self.start) >= PATIENCE,
        };
        !over && now.duration_since(self.start) < LIMIT
    }

    fn until_last_change(&self) -> SignedDuration {
        self.last_change.map_or(PATIENCE, |changed| changed.duration_since(self.start))
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
