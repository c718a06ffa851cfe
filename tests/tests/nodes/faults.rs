//! Every call of a minute that finds a node ill, and of a finding, times everything that can go wrong at it: never two cases,
//! never two messages, and none forgotten.

use sim::fault::{Fault, Faults, Rule, Service};
use tests::memory::{Memory, StoreFault};
use tests::night::Clock;
use tests::table::{Table, drawn};

use super::*;

#[derive(Debug, Clone)]
enum Trouble {
    Store { call: usize, fault: StoreFault },
    Service { service: Service, operation: String, skip: usize, fault: Fault, crash: bool },
}

impl Trouble {
    fn word(&self) -> &'static str {
        match self {
            Self::Store { fault: StoreFault::Refused, .. } => "refused",
            Self::Store { fault: StoreFault::LostAnswer, .. } => "answer lost",
            Self::Store { fault: StoreFault::CrashBefore, .. } => "crash before",
            Self::Store { fault: StoreFault::CrashAfter, .. } => "crash after",
            Self::Service { crash: true, fault: Fault::Timeout, .. } => "crash before",
            Self::Service { crash: true, .. } => "crash after",
            Self::Service { fault, .. } => match fault {
                Fault::Throttle => "throttle",
                Fault::ServerError => "5xx",
                Fault::Cut => "cut before",
                Fault::Malformed => "malformed",
                Fault::CutAfterEffect => "cut after",
                Fault::Timeout | Fault::TimeoutAfterEffect => "time-out",
            },
        }
    }
}

/// How often the queue hands a message out, and how many minutes a life has.
const ATTEMPTS: usize = 6;

/// One attempt by a new process; whether it succeeded.
async fn attempt(ward: &Ward, event: Value, crashes: bool) -> bool {
    let (app, faults) = (ward.gray(), ward.remedy.night.sim.faults());
    let struck = |faults: &Faults| faults.journal().iter().filter(|call| call.fault.is_some()).count();
    let before = struck(faults);
    let service_crash = async {
        while !crashes || struck(faults) == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    tokio::select! {
        answer = Box::pin(app.handle(event, Deadline::within(INVOCATION))) => answer.is_ok_and(|answer| {
            answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty) && answer["clusters"] != 0
        }),
        () = ward.remedy.night.store.crash.notified() => false,
        () = service_crash => false,
    }
}

/// What there is at the end of a life.
type End = (Vec<(&'static str, &'static str)>, Vec<bool>);

async fn live(ward: &mut Ward, events: &[Value], trouble: Option<&Trouble>) -> (End, bool) {
    let faults = ward.remedy.night.sim.faults().clone();
    faults.clear();
    ward.remedy.night.sim.slack().clear();
    ward.remedy.night.store = match trouble {
        Some(Trouble::Store { call, fault }) => Memory::failing(*call, *fault),
        _ => Memory::default(),
    };
    // Slack's clock is the machine's, and messages are looked for around the time at which they were posted.
    ward.remedy.night.clock = Clock::at(jiff::Timestamp::now());
    let already = faults.journal().len();
    let mut crashes = false;
    if let Some(Trouble::Service { service, operation, skip, fault, crash }) = trouble {
        faults.inject(Rule { skip: *skip, ..Rule::once(*service, operation, *fault) });
        crashes = *crash;
    }
    // The queue hands events out until they are taken; minutes pass in any case.
    let mut taken = events.is_empty();
    for _ in 0..ATTEMPTS {
        let event = if taken { json!({ "detail-type": "Scheduled Event" }) } else { batch(events) };
        taken |= attempt(ward, event, crashes).await;
        ward.remedy.night.clock.advance(Duration::from_secs(60));
    }
    let has_struck = ward.remedy.night.store.has_struck()
        || faults.journal()[already.min(faults.journal().len())..].iter().any(|call| call.fault.is_some());
    faults.clear();
    let told = ward.said().iter().map(Message::is_reply).collect();
    ((ward.open().await, told), has_struck)
}

async fn enumerate(mut ward: Ward, events: &[Value], expected: &End) {
    ward.remedy.night.sim.slack().rates.enforce(false);
    let (clean, _) = live(&mut ward, events, None).await;
    assert_eq!(clean, *expected);
    let mut troubles: Vec<(String, Trouble)> = Vec::new();
    for (call, name) in ward.remedy.night.store.journal().iter().enumerate() {
        troubles.extend(StoreFault::ALL.map(|fault| (format!("store {name}"), Trouble::Store { call, fault })));
    }
    let mut seen: std::collections::BTreeMap<(Service, String), usize> = std::collections::BTreeMap::new();
    for call in ward.remedy.night.sim.faults().journal() {
        if call.service != Service::Slack && call.service != Service::Kubernetes {
            continue;
        }
        let count = seen.entry((call.service, call.operation.clone())).or_default();
        let skip = *count;
        *count += 1;
        // What every minute does is enough of once.
        if call.service == Service::Kubernetes && skip > 0 {
            continue;
        }
        let plain = [Fault::Throttle, Fault::ServerError, Fault::Cut, Fault::Malformed, Fault::CutAfterEffect];
        let crashes = [(Fault::Timeout, true), (Fault::TimeoutAfterEffect, true)];
        for (fault, crash) in plain.into_iter().map(|fault| (fault, false)).chain(crashes) {
            let (service, operation) = (call.service, call.operation.clone());
            let site = format!("{service:?} {operation}");
            troubles.push((site, Trouble::Service { service, operation, skip, fault, crash }));
        }
    }
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
