//! Every scenario of sim, through the function in this process: the right cause, once; none where nothing is wrong.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;
use shared::deadline::Deadline;
use sim::Options;
use sim::slack::PostedKind;
use sim::world::Scenario;
use tests::night::{INVOCATION, Night, causes, drive, sweep};

/// Sends all events of the scenario and returns the night after it.
async fn live_through(scenario: Scenario) -> Night {
    let night = Night::new(Options::stopped(scenario)).await;
    let events = night.wait_for_alarm();
    let app = night.app();
    assert_eq!(drive(&app, &events, 100).await, Vec::<Value>::new());
    let swept = app.handle(sweep(), Deadline::within(INVOCATION)).await;
    assert!(swept.is_ok(), "{swept:?}");
    night
}

async fn names_its_cause_once(scenario: Scenario) {
    let night = live_through(scenario).await;
    let threads = night.threads();
    for thread in &threads {
        println!("{}\n{:?}", thread.text, causes(thread));
    }
    // A storm may be more than one trouble; no trouble is told twice.
    let is_storm = scenario == Scenario::AlarmStorm;
    assert!(threads.len() == 1 || is_storm, "one thread, not {}", threads.len());
    let headlines: BTreeSet<_> = threads.iter().map(|thread| thread.text.as_str()).collect();
    assert_eq!(headlines.len(), threads.len());
    let first = causes(&threads[0]).into_iter().next().unwrap_or_default();
    assert!(scenario.expected_causes().contains(&first.as_str()), "{first}");
}

#[tokio::test]
async fn a_bad_rollout_is_named() {
    names_its_cause_once(Scenario::BadRollout).await;
}

#[tokio::test]
async fn a_memory_leak_is_named() {
    names_its_cause_once(Scenario::MemoryLeak).await;
}

#[tokio::test]
async fn a_failed_node_is_named() {
    names_its_cause_once(Scenario::NodeFailure).await;
}

#[tokio::test]
async fn a_wrong_image_is_named() {
    names_its_cause_once(Scenario::WrongImage).await;
}

#[tokio::test]
async fn a_storm_is_named_and_no_trouble_is_told_twice() {
    names_its_cause_once(Scenario::AlarmStorm).await;
}

#[tokio::test]
async fn a_healthy_cluster_raises_no_alarm_and_posts_nothing() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    night.sim.world().advance(SignedDuration::from_mins(30));
    let events = night.sim.world().take_alarm_events();
    assert_eq!(events, Vec::<Value>::new());
    assert_eq!(night.count(PostedKind::Post), 0);
}
