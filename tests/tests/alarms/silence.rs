//! An alert whose sender falls silent about it: silenced there, or its rule removed. No `resolved` ever comes.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::deadline::Deadline;
use sim::Options;
use sim::world::Scenario;
use tests::judges::repository;
use tests::night::{INVOCATION, Night, deliver, shown, sweep};

/// What intake makes of the alert each time that Alertmanager sends it: the same event, received at another time.
fn alert(night: &Night, began: jiff::Timestamp) -> Value {
    let file = std::fs::read_to_string(repository().join("events/bus-alert-firing.json")).unwrap();
    let mut event: Value = serde_json::from_str(&file).unwrap();
    let cluster = night.sim.world().options().cluster.clone();
    let detail = &mut event["detail"];
    detail["labels"]["cluster"] = json!(cluster);
    detail["labels"]["namespace"] = json!("shop");
    detail["starts_at"] = json!(began.to_string());
    detail["received_at"] = json!(night.clock.now().to_string());
    event
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_that_nobody_repeats_is_closed_with_that_said_and_opens_anew_when_it_is_sent_again() {
    let night = Night::new(Options::stopped(Scenario::WrongImage)).await;
    night.wait_for_alarm();
    let began = night.clock.now() - SignedDuration::from_mins(2);
    let send = async || assert_eq!(deliver(&night.app(), &[alert(&night, began)]).await, [] as [Value; 0]);
    let minute = async || drop(night.app().handle(sweep(), Deadline::within(INVOCATION)).await.unwrap());
    send().await;
    assert_eq!(night.threads().len(), 1);
    let first = night.threads()[0].text.clone();

    // Repeated every four hours, it stays open for a day and more.
    for _ in 0..8 {
        night.clock.advance(Duration::from_secs(4 * 3600));
        send().await;
        minute().await;
    }
    assert_eq!((night.threads().len(), night.threads()[0].text.clone()), (1, first));

    // Then it is silenced at its sender, which tells nobody.
    night.clock.advance(Duration::from_secs(12 * 3600 - 60));
    minute().await;
    assert!(!night.threads()[0].text.contains("Closed"));
    night.clock.advance(Duration::from_secs(120));
    minute().await;
    assert!(night.threads()[0].text.contains("Closed without an all-clear"), "{}", night.threads()[0].text);
    let said = |text: &str| night.messages().iter().filter(|message| shown(message).contains(text)).count();
    assert_eq!(said("has not repeated this alert for 12 h"), 1, "{:#?}", night.messages());

    // The silence is over, and it fires still: that is news, told once however often it is repeated.
    night.clock.advance(Duration::from_secs(600));
    send().await;
    assert_eq!(night.threads().len(), 2, "{:#?}", night.threads());
    night.clock.advance(Duration::from_secs(4 * 3600));
    send().await;
    minute().await;
    assert_eq!(night.threads().len(), 2);
    assert!(!night.threads()[1].text.contains("Closed"));
    assert_eq!(said("has not repeated this alert"), 1);
}
