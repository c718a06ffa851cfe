//! Every call that intake makes, times everything that can go wrong with it.
//!
//! A sender repeats a request until it is answered 200, as Slack and Alertmanager do. Whatever goes wrong with the bus or with
//! Secrets Manager, and wherever the process ends: 200 is answered only when every event of the request is on the bus, all of
//! them are there in the end, and those that are there twice carry one id, so that they are dealt with once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use intake::App;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::config::DoorSettings;
use shared::deadline::Deadline;
use sim::bus::PRODUCT_BUS;
use sim::fault::{Fault, Faults, Rule, Service};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::door::{notification, request, signed};
use tests::night::aws;
use tests::table::{Table, drawn};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How often a sender tries.
const TRIES: i64 = 5;
/// Lives at the same time: most of a life is waiting for an answer that does not come.
const AT_ONCE: usize = 16;
const ARN: &str = "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:nightshift/slack-signing-secret";
const NOW: i64 = 1_795_238_588;

/// What goes wrong: this many calls of the operation, after this many that go well; and whether the process ends then.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    service: Service,
    operation: &'static str,
    skip: usize,
    times: usize,
    fault: Fault,
    crash: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Command,
    /// Twelve alerts: two calls of PutEvents.
    Alerts,
}

/// The request as its sender makes it for the n-th time: Slack signs anew.
fn made(kind: Kind, attempt: i64, secret: &str) -> Value {
    match kind {
        Kind::Command => {
            let body = "command=%2Fhealth&user_id=U0123456789&trigger_id=1.2.x";
            request("/slack/commands", &signed(body.as_bytes(), NOW + attempt, secret), body)
        }
        Kind::Alerts => {
            let at = Timestamp::from_second(NOW).unwrap();
            let mut body = notification("sim", "shop", "api-0", at, None);
            let alerts =
                (0..12).map(|n| notification("sim", "shop", &format!("api-{n}"), at, None)["alerts"][0].clone());
            body["alerts"] = alerts.collect();
            request("/alerts/alertmanager", &[("x-webhook-secret".to_owned(), "in-use".to_owned())], &body.to_string())
        }
    }
}

struct Outcome {
    statuses: Vec<u64>,
    /// Ids on the bus when 200 was answered.
    ids: BTreeSet<String>,
    published: usize,
    calls: Vec<(Service, String)>,
    has_struck: bool,
}

async fn live(stage: &Sim, kind: Kind, trouble: Option<Trouble>) -> Outcome {
    let faults = Faults::default();
    let sim = stage.beside(faults.clone()).await.unwrap();
    let environment = sim.environment();
    let secret = environment.iter().find(|(name, _)| name == "SLACK_SIGNING_SECRET").unwrap().1.clone();
    if let Some(Trouble { service, operation, skip, times, fault, .. }) = trouble {
        faults.inject(Rule { skip, times: Some(times), ..Rule::once(service, operation, fault) });
    }
    let lookup = |name: &str| match name {
        "NIGHTSHIFT_BUS" => Some(PRODUCT_BUS.to_owned()),
        "SLACK_SIGNING_SECRET_SECRET_ARN" => Some(ARN.to_owned()),
        "WEBHOOK_SECRET" => Some("in-use".to_owned()),
        _ => None,
    };
    let settings = DoorSettings::from_lookup(&lookup).unwrap();
    let config = aws(&environment);
    let struck = || faults.journal().iter().any(|call| call.fault.is_some());
    let mut statuses = Vec::new();
    let mut crashes = trouble.is_some_and(|trouble| trouble.crash);
    for attempt in 0..TRIES {
        // A new process each time: what an earlier one remembers does not help.
        let clock = Timestamp::from_second(NOW + attempt).unwrap();
        let app = App::with(settings.clone(), &config, Arc::new(move || clock));
        let crash = async {
            while !crashes || !struck() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let answer = tokio::select! {
            answer = app.handle(made(kind, attempt, &secret), Deadline::within(Duration::from_millis(2500))) => Some(answer),
            () = crash => None,
        };
        crashes &= answer.is_some();
        statuses.push(answer.as_ref().map_or(0, |answer| u64::from(answer.status)));
        if answer.is_some_and(|answer| answer.status == 200) {
            break;
        }
    }
    let events = sim.buses().events(PRODUCT_BUS);
    Outcome {
        statuses,
        ids: events.iter().map(|event| event["detail"]["id"].as_str().unwrap().to_owned()).collect(),
        published: events.len(),
        calls: faults.journal().iter().map(|call| (call.service, call.operation.clone())).collect(),
        has_struck: struck(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_any_call_loses_an_event_or_makes_two_of_it() {
    let stage = Arc::new(Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap());
    let (places, mut lives) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    let mut total = 0;
    for (kind, events) in [(Kind::Command, 1), (Kind::Alerts, 12)] {
        let clean = Arc::new(live(&stage, kind, None).await);
        assert_eq!((&clean.statuses[..], clean.published, clean.ids.len()), (&[200][..], events, events), "{kind:?}");
        let mut troubles = Vec::new();
        for (operation, service) in [("GetSecretValue", Service::SecretsManager), ("PutEvents", Service::EventBridge)] {
            let calls = clean.calls.iter().filter(|call| call.1 == operation).count();
            for skip in 0..calls {
                for fault in Fault::ALL {
                    // Once, which the client itself gets over, and for as long as a client tries.
                    troubles.extend([1, 3].map(|times| Trouble {
                        service,
                        operation,
                        skip,
                        times,
                        fault,
                        crash: false,
                    }));
                }
                for fault in [Fault::Timeout, Fault::TimeoutAfterEffect] {
                    troubles.push(Trouble { service, operation, skip, times: 1, fault, crash: true });
                }
            }
        }
        for skip in 0..events {
            for (fault, times) in [(Fault::Throttle, 1), (Fault::ServerError, 1), (Fault::ServerError, 12)] {
                let (service, operation) = (Service::EventBridge, "PutEvents entry");
                troubles.push(Trouble { service, operation, skip, times, fault, crash: false });
            }
        }
        total += troubles.len();
        for trouble in troubles {
            let (stage, places, clean) = (Arc::clone(&stage), Arc::clone(&places), Arc::clone(&clean));
            lives.spawn(async move {
                let _place = places.acquire().await;
                let outcome = live(&stage, kind, Some(trouble)).await;
                (kind, trouble, outcome, clean)
            });
        }
    }
    let (mut table, mut complaints, mut again, mut twice) = (Table::new(), Vec::new(), 0, 0);
    while let Some(life) = lives.join_next().await {
        let (kind, trouble, outcome, clean) = life.unwrap();
        let is_right = outcome.statuses.last() == Some(&200)
            && outcome.ids == clean.ids
            && outcome.statuses.iter().all(|status| [0, 200, 503].contains(status));
        // Of an entry that fails, only the call that follows tells.
        let has_struck = outcome.has_struck || outcome.calls.len() > clean.calls.len();
        let cell = table.entry((format!("{kind:?} {}", trouble.operation), word(trouble))).or_default();
        cell.0 += 1;
        again += outcome.statuses.len() - 1;
        twice += outcome.published - outcome.ids.len();
        if !is_right || !has_struck {
            cell.1 += 1;
            complaints.push(format!(
                "{kind:?}, {trouble:?}: {:?}, {} of {}",
                outcome.statuses,
                outcome.ids.len(),
                clean.ids.len()
            ));
        }
    }
    println!("{}", drawn(&table));
    println!(
        "{total} pairs tried, {again} requests sent again, {twice} events on the bus a second time under their id, {} lost",
        complaints.len()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn word(trouble: Trouble) -> &'static str {
    match (trouble.crash, trouble.fault) {
        (true, Fault::Timeout) => "crash before",
        (true, _) => "crash after",
        (_, Fault::Throttle) => "throttle",
        (_, Fault::ServerError) => "5xx",
        (_, Fault::Timeout) => "time-out before",
        (_, Fault::Cut) => "cut before",
        (_, Fault::Malformed) => "malformed",
        (_, Fault::TimeoutAfterEffect) => "time-out after",
        (_, Fault::CutAfterEffect) => "cut after",
    }
}

#[tokio::test]
async fn while_the_bus_refuses_everything_the_sender_is_asked_to_come_again() {
    let stage = Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap();
    stage.faults().inject(Rule::always(Service::EventBridge, Fault::Throttle));
    let environment = stage.environment();
    let secret = environment.iter().find(|(name, _)| name == "SLACK_SIGNING_SECRET").unwrap().1.clone();
    let lookup = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let now = Timestamp::from_second(NOW).unwrap() + SignedDuration::from_secs(1);
    let app = App::with(DoorSettings::from_lookup(&lookup).unwrap(), &aws(&environment), Arc::new(move || now));
    let answer = app.handle(made(Kind::Command, 0, &secret), Deadline::within(Duration::from_millis(2500))).await;
    let payload = answer.into_payload();
    assert_eq!((&payload["statusCode"], &payload["headers"]["retry-after"]), (&json!(503), &json!("1")));
    assert_eq!(stage.buses().events(PRODUCT_BUS).len(), 0);
}
