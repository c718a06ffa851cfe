//! What people do on the page, done by itself: the first action that is proposed is approved, by a click that goes through
//! `intake` and the bus like theirs, and the world goes on until the action is over and its alarms are quiet.
//!
//! Whether a workload has recovered is judged by the functions' clock, which is the machine's: the world runs faster than
//! it meanwhile, so that this takes about a minute.

use std::time::Duration;

use jiff::SignedDuration;
use sim::Sim;
use sim::lambda::DriveReport;
use sim::slack::{APPROVER, Message};
use sim::world::{Scenario, StateValue};
use tokio::time::Instant;

use super::messages::actions;
use super::product::Product;

/// How often the world is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How far it moves between two looks.
const STEP: SignedDuration = SignedDuration::from_secs(2);
/// Looks between two of `remediation` after what is not over.
const CARRY_ON: u32 = 5;
/// For how long at most.
const LIMIT: Duration = Duration::from_secs(180);
/// Stages in which nothing more happens by itself.
const OVER: [&str; 9] = [
    "recovered",
    "not-recovered",
    "worse",
    "needs-review",
    "dry-run-refused",
    "overtaken",
    "expired",
    "undone",
    "failed",
];

/// The stage that shows that all went well. A zonal shift stands for as long as the zone is not well.
pub(super) fn end(scenario: Scenario) -> &'static str {
    if scenario == Scenario::GrayFailure { "watching" } else { "recovered" }
}

/// Approves the first action; returns what the functions did meanwhile.
pub(super) async fn first(sim: &Sim, product: &Product, logs: bool) -> DriveReport {
    let mut total = DriveReport::default();
    let _door = product.open(sim, logs).await;
    let Some(asked) = sim.slack().messages().into_iter().find(|message| stage(message) == "asked") else {
        return total;
    };
    sim.slack().press(APPROVER.id, &asked.channel, &asked.ts, "remediation.approve", None).await;
    let (end, mut looks, mut count) = (Instant::now() + LIMIT, tokio::time::interval(LOOK), 0u32);
    while Instant::now() < end {
        looks.tick().await;
        tokio::task::block_in_place(|| sim.world().advance(STEP));
        product.take_alarms(sim);
        if product.has_work() {
            total.absorb(product.work().await);
        }
        count += 1;
        if count.is_multiple_of(CARRY_ON) {
            total.errors.extend(product.carry_on().await.err());
        }
        let now = sim.slack().messages().into_iter().find(|message| message.ts == asked.ts);
        let end = self::end(sim.world().options().scenario);
        let is_over = now.is_some_and(|message| {
            let stage = stage(&message);
            stage == end || OVER.contains(&stage.as_str())
        });
        let is_quiet = sim.world().alarms().iter().all(|alarm| alarm.state.value != StateValue::Alarm);
        if is_over && is_quiet {
            break;
        }
    }
    total.errors.extend(product.sweep().await.err());
    total.errors.extend(product.judge_zones().await.err());
    total
}

/// The stage that an action's message shows; empty where it is none.
fn stage(message: &Message) -> String {
    let of_this = actions(std::slice::from_ref(message));
    of_this.first().and_then(|action| action["stage"].as_str()).unwrap_or_default().to_owned()
}
