//! Every step of an action, times everything that can go wrong at it: the function is killed before and after each of its
//! calls, or told nothing, or something broken, and started again. Nothing may be done twice, forgotten or told twice.
//!
//! One action of each way of changing something: a patch, a subresource, an eviction. A clean life is lived once to learn its
//! calls, then once for every pair of call and fault.

#![allow(clippy::unwrap_used, reason = "helpers of a test: where they fail, the test has failed")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::model::{Kind as K, ObjectRef};
use shared::remediation::{Action, Cordon, RestartPod, Scale};
use sim::Options;
use sim::fault::{Fault, Rule, Service};
use sim::world::{Kind, Scenario};
use tests::memory::{Memory, StoreFault};
use tests::night::{Clock, INVOCATION, Night, batch};
use tests::remedy::{Remedy, click};
use tests::table::{Table, drawn};

const LEAD: &str = "U0LEAD0001";

const CONFIG: &str = "
roles:
  - { role: approver, users: [U0LEAD0001] }
";

/// How often the queue hands a click out.
const RECEIVES: usize = 5;

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

/// What there is at the end of a life.
#[derive(Debug, PartialEq, Eq)]
struct End {
    stage: &'static str,
    /// The audit log's events of the case, without who and what in them.
    audited: Vec<String>,
    /// How often the object was changed.
    changes: i64,
    /// Messages of the case, each with the stage that it shows.
    told: Vec<String>,
}

/// What is changed, how often it was, and how it is set back.
trait Subject {
    fn action(&self, remedy: &Remedy) -> Action;
    /// A number that each change moves on by one.
    fn count(&self, remedy: &Remedy) -> i64;
    async fn reset(&self, remedy: &Remedy);
}

/// A cordon: a patch of the object itself.
struct OfNode(String);
/// A scaling: a patch of a subresource.
struct OfScale;
/// A restart: an eviction.
#[derive(Default)]
struct OfPod(RefCell<BTreeSet<String>>);

impl Subject for OfNode {
    fn action(&self, _: &Remedy) -> Action {
        Action::Cordon(Cordon { node: self.0.clone() })
    }

    fn count(&self, remedy: &Remedy) -> i64 {
        let node = remedy.object(Kind::Node, "", &self.0).unwrap();
        i64::from(node["spec"]["unschedulable"] == true)
    }

    async fn reset(&self, remedy: &Remedy) {
        remedy.patch(Kind::Node, "", &self.0, &json!({ "spec": { "unschedulable": null } })).await;
    }
}

impl Subject for OfScale {
    fn action(&self, _: &Remedy) -> Action {
        Action::Scale(Scale { workload: ObjectRef::new(K::Deployment, "shop", "cart"), replicas: 3 })
    }

    fn count(&self, remedy: &Remedy) -> i64 {
        remedy.object(Kind::Deployment, "shop", "cart").unwrap()["metadata"]["generation"].as_i64().unwrap()
    }

    async fn reset(&self, remedy: &Remedy) {
        remedy.patch(Kind::Deployment, "shop", "cart", &json!({ "spec": { "replicas": 2 } })).await;
    }
}

impl Subject for OfPod {
    fn action(&self, remedy: &Remedy) -> Action {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pod = remedy.pods("shop", "cart").remove(0);
        let (pod, uid) = (text(&pod["metadata"]["name"]), text(&pod["metadata"]["uid"]));
        Action::RestartPod(RestartPod { namespace: "shop".into(), pod, uid })
    }

    /// Pods that this workload has had so far: each eviction brings one more. It is looked at after every attempt, so that
    /// none that comes and goes is missed.
    fn count(&self, remedy: &Remedy) -> i64 {
        let uids =
            remedy.pods("shop", "cart").into_iter().filter_map(|pod| Some(pod["metadata"]["uid"].as_str()?.to_owned()));
        self.0.borrow_mut().extend(uids);
        i64::try_from(self.0.borrow().len()).unwrap()
    }

    async fn reset(&self, _: &Remedy) {}
}

/// One attempt by a new process; whether it succeeded.
async fn attempt(remedy: &Remedy, event: Value, crashes: bool) -> bool {
    let app = remedy.app();
    let faults = remedy.night.sim.faults();
    let struck = || faults.journal().iter().filter(|call| call.fault.is_some()).count();
    let before = struck();
    let service_crash = async {
        while !crashes || struck() == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // The effect takes place while nobody is left to hear of it.
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    tokio::select! {
        answer = Box::pin(app.handle(event, Deadline::within(INVOCATION))) => answer.is_ok_and(|answer| {
            answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty)
        }),
        () = remedy.night.store.crash.notified() => false,
        () = service_crash => false,
    }
}

async fn live(remedy: &mut Remedy, subject: &impl Subject, trouble: Option<&Trouble>) -> (End, bool) {
    let faults = remedy.night.sim.faults().clone();
    faults.clear();
    remedy.night.sim.slack().clear();
    let mut crashes = false;
    remedy.night.store = match trouble {
        Some(Trouble::Store { call, fault }) => Memory::failing(*call, *fault),
        _ => Memory::default(),
    };
    let schedule = || json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" });
    // Slack's clock is the machine's, and messages are looked for around the time at which they were posted.
    remedy.night.clock = Clock::at(Timestamp::now());
    let before = subject.count(remedy);
    let id = remedy.propose(subject.action(remedy)).await;
    let already = faults.journal().len();
    if let Some(Trouble::Service { service, operation, skip, fault, crash }) = trouble {
        // Calls of lives before this one are in the journal, not in the rule's count.
        faults.inject(Rule { skip: *skip, ..Rule::once(*service, operation, *fault) });
        crashes = *crash;
    }
    for _ in 0..2 {
        attempt(remedy, schedule(), crashes).await;
        remedy.night.clock.advance(Duration::from_secs(60));
    }
    let asked = remedy.case(&id).await;
    for _ in 0..RECEIVES {
        if attempt(remedy, batch(&[click("remediation.approve", &asked, LEAD)]), crashes).await {
            break;
        }
        subject.count(remedy);
        remedy.night.clock.advance(Duration::from_secs(60));
    }
    for _ in 0..3 {
        remedy.night.sim.world().advance(SignedDuration::from_mins(1));
        remedy.night.clock.advance(Duration::from_secs(60));
        attempt(remedy, schedule(), crashes).await;
        subject.count(remedy);
    }
    let has_struck = remedy.night.store.has_struck()
        || faults.journal()[already.min(faults.journal().len())..].iter().any(|call| call.fault.is_some());
    faults.clear();
    let case = remedy.case(&id).await;
    let told = remedy.night.messages().into_iter().filter_map(|message| {
        let payload = message.metadata?["event_payload"].clone();
        (payload["case"] == id.0.as_str()).then(|| payload["stage"].as_str().unwrap_or_default().to_owned())
    });
    let audited = remedy.audited(&id).await;
    remedy.audit_holds().await;
    let end = End {
        stage: case.stage.name(),
        audited: audited.iter().map(|event| event.split(':').next().unwrap_or_default().to_owned()).collect(),
        changes: subject.count(remedy) - before,
        told: told.collect(),
    };
    subject.reset(remedy).await;
    remedy.night.sim.world().advance(SignedDuration::from_mins(1));
    (end, has_struck)
}

/// Lives a life for every pair of call and fault.
async fn enumerate(subject: impl Subject, mut remedy: Remedy) {
    remedy.night.sim.slack().rates.enforce(false);
    let (clean, _) = live(&mut remedy, &subject, None).await;
    let expected = End {
        stage: "done",
        audited: ["asked", "approved", "changing", "changed", "done"].map(str::to_owned).to_vec(),
        changes: 1,
        told: vec!["recovered".to_owned()],
    };
    assert_eq!(clean, expected);
    let mut troubles: Vec<(String, Trouble)> = Vec::new();
    for (call, name) in remedy.night.store.journal().iter().enumerate() {
        for fault in StoreFault::ALL {
            troubles.push((format!("store {name}"), Trouble::Store { call, fault }));
        }
    }
    let faults = remedy.night.sim.faults().clone();
    let from = faults.journal().len();
    live(&mut remedy, &subject, None).await;
    let mut seen: BTreeMap<(Service, String), usize> = BTreeMap::new();
    for call in &faults.journal()[from.min(faults.journal().len())..] {
        let is_ours = match call.service {
            Service::Slack => true,
            // Lists are reading, whose faults have an enumeration of their own.
            Service::Kubernetes => !call.operation.starts_with("list ") && !call.operation.ends_with("discovery"),
            _ => false,
        };
        if !is_ours {
            continue;
        }
        let count = seen.entry((call.service, call.operation.clone())).or_default();
        let skip = *count;
        *count += 1;
        let crashes = [(Fault::Timeout, true), (Fault::TimeoutAfterEffect, true)];
        // A time-out is a cut that takes longer.
        let plain = [Fault::Throttle, Fault::ServerError, Fault::Cut, Fault::Malformed, Fault::CutAfterEffect];
        for (fault, crash) in plain.into_iter().map(|fault| (fault, false)).chain(crashes) {
            let (service, operation) = (call.service, call.operation.clone());
            troubles.push((
                format!("{service:?} {operation}"),
                Trouble::Service { service, operation, skip, fault, crash },
            ));
        }
    }
    let (mut table, mut complaints, mut idle) = (Table::new(), Vec::new(), 0);
    let total = troubles.len();
    for (site, trouble) in troubles {
        let (end, has_struck) = live(&mut remedy, &subject, Some(&trouble)).await;
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        idle += usize::from(!has_struck);
        if end != expected {
            cell.1 += 1;
            complaints.push(format!("{site}, {trouble:?}: {end:?}"));
        }
    }
    println!("{}", drawn(&table));
    println!("{total} pairs tried, {} wrong, {idle} never came about", complaints.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

async fn healthy() -> Remedy {
    Remedy::new(Night::new(Options::stopped(Scenario::Healthy)).await, CONFIG)
}

#[tokio::test]
async fn a_cordon_survives_every_fault_at_every_step() {
    let remedy = healthy().await;
    let node = remedy.pods("shop", "cart")[0]["spec"]["nodeName"].as_str().unwrap().to_owned();
    enumerate(OfNode(node), remedy).await;
}

#[tokio::test]
async fn a_scaling_survives_every_fault_at_every_step() {
    enumerate(OfScale, healthy().await).await;
}

#[tokio::test]
async fn a_restart_of_a_pod_survives_every_fault_at_every_step() {
    enumerate(OfPod::default(), healthy().await).await;
}
