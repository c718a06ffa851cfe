//! Every call of a minute that finds a node ill, and of a finding, times everything that can go wrong at it: never two cases,
//! never two messages, and none forgotten.

use sim::fault::{Call, Service};
use tests::night::Clock;
use tests::table::{Table, drawn};
use tests::trouble::{Trouble, attempt, has_struck};

use super::*;

/// How often the queue hands a message out, and how many minutes a life has.
const ATTEMPTS: usize = 6;

/// One invocation of a new process; whether it succeeded.
async fn invoke(ward: &Ward, event: Value, crashes: bool) -> bool {
    let (app, night) = (ward.gray(), &ward.remedy.night);
    let invocation = Box::pin(app.handle(event, Deadline::within(INVOCATION)));
    let answer = attempt(invocation, &night.store, night.sim.faults(), crashes).await.and_then(Result::ok);
    answer.is_some_and(|answer| {
        answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty) && answer["clusters"] != 0
    })
}

/// What there is at the end of a life.
type End = (Vec<(&'static str, &'static str)>, Vec<bool>);

async fn live(ward: &mut Ward, events: &[Value], trouble: Option<&Trouble>) -> (End, bool) {
    let faults = ward.remedy.night.sim.faults().clone();
    faults.forget();
    ward.remedy.night.sim.slack().clear();
    ward.remedy.night.store = Trouble::inject(trouble, &faults);
    // Slack's clock is the machine's, and messages are looked for around the time at which they were posted.
    ward.remedy.night.clock = Clock::at(jiff::Timestamp::now());
    let crashes = trouble.is_some_and(Trouble::crashes);
    // The queue hands events out until they are taken; minutes pass in any case.
    let mut taken = events.is_empty();
    for _ in 0..ATTEMPTS {
        let event = if taken { json!({ "detail-type": "Scheduled Event" }) } else { batch(events) };
        taken |= invoke(ward, event, crashes).await;
        ward.remedy.night.clock.advance(Duration::from_secs(60));
    }
    let has_struck = has_struck(&ward.remedy.night.store, &faults);
    let told = ward.said().iter().map(Message::is_reply).collect();
    ((ward.open().await, told), has_struck)
}

async fn enumerate(mut ward: Ward, events: &[Value], expected: &End) {
    ward.remedy.night.sim.slack().rates.enforce(false);
    let (clean, _) = live(&mut ward, events, None).await;
    assert_eq!(clean, *expected);
    let told = |call: &Call| matches!(call.service, Service::Slack | Service::Kubernetes);
    let (store, calls) = (ward.remedy.night.store.journal(), ward.remedy.night.sim.faults().journal());
    let mut troubles = [Trouble::of_store(&store, |_| true), Trouble::of_calls(&calls, told)].concat();
    // What every minute does is enough of once, and a time-out that nobody dies of is a cut that takes longer.
    let is_again =
        |trouble: &Trouble| matches!(trouble, Trouble::Service { service: Service::Kubernetes, skip: 1.., .. });
    troubles.retain(|(_, trouble)| !is_again(trouble) && !trouble.is_time_out());
    let (mut table, mut complaints, mut idle) = (Table::new(), Vec::new(), 0);
    let total = troubles.len();
    for (site, trouble) in troubles {
        let (end, has_struck) = live(&mut ward, events, Some(&trouble)).await;
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        idle += usize::from(!has_struck);
        if end != *expected {
            cell.1 += 1;
            complaints.push(format!("{site}, {trouble:?}: {end:?}"));
        }
    }
    println!("{}", drawn(&table));
    println!("{total} pairs tried, {} wrong, {idle} never came about", complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(total > 100 && idle < total / 10);
}

#[tokio::test]
async fn a_node_found_ill_survives_every_fault() {
    let ward = Ward::new("nodes: { mode: ask }").await;
    ward.set(&name(&ward.node(2)), "KernelReady", "False");
    // It has failed for long enough when the first minute looks.
    ward.remedy.night.sim.world().advance(SignedDuration::from_mins(1));
    let since = jiff::Timestamp::now() - SignedDuration::from_mins(10);
    let mut conditions = ward.node(2)["status"]["conditions"].clone();
    for condition in conditions.as_array_mut().unwrap().iter_mut().filter(|it| it["type"] == "KernelReady") {
        condition["lastTransitionTime"] = json!(since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    let patch = json!({ "status": { "conditions": conditions } });
    ward.remedy.night.sim.world().merge(Kind::Node, &Key::new("", name(&ward.node(2))), &patch);
    enumerate(ward, &[], &(vec![("taint", "proposed")], vec![false])).await;
}

#[tokio::test]
async fn a_finding_survives_every_fault() {
    let ward = Ward::new("").await;
    let event = finding("guardduty-runtime.json", &ward.node(4));
    enumerate(ward, &[event], &(vec![("isolate", "proposed")], vec![false])).await;
}
