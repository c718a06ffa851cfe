//! Every step of every action, times everything that can go wrong at it: the function is killed before and after a call, told
//! nothing, told to come again, or told something broken, and started again. Each action is to be done exactly once and taken
//! back exactly once, nothing forgotten, nothing said twice.
//!
//! A life proposes an action, has it approved, sees it through and takes it back. It is lived once without trouble, to learn its
//! calls, then once for every pair of call and fault, each time from the same moment of the same world. What an action does
//! is the same for all of them but for the requests that change the cluster, so pairs are of two kinds:
//! - of one action (a rollback, which reads most) every call to the store, Slack and Kubernetes;
//! - of every other action, every request that changes the cluster, there and back: what happens there is the action's own.
//!   Whoever is killed right after such a request finds the store as it was and the cluster changed, which is also what is
//!   found after any later death on the way to the next write of the case. Rehearsals change nothing, so they are tried once
//!   for each way of sending a request: a patch (by the rollback), a subresource, an eviction.
//!
//! Lists and logs are reading: it changes nothing, and their faults are enumerated in `reading_faults`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::model::Kind as K;
use shared::remediation::{Action, CaseId, Stage, Undo};
use sim::Options;
use sim::fault::{Call, Fault, Service};
use sim::world::{Kind, Moment, Scenario};
use tests::deeds::deeds;
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, Night, batch};
use tests::remedy::{Remedy, click};
use tests::table::{Table, drawn};
use tests::trouble::{Sited, Trouble, attempt, has_struck, is_taken};
use tokio::task::JoinSet;

const LEADS: [&str; 2] = ["U0LEAD0001", "U0LEAD0002"];

const CONFIG: &str = "
roles:
  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }
";

/// How often the queue hands a click out.
const RECEIVES: usize = 5;
/// Minutes within which everything is over, whatever goes wrong.
const MINUTES: usize = 8;
/// Lives at the same time, each in a world of its own: those of time-outs are mostly waiting.
const AT_ONCE: usize = 8;
/// An invocation of a life in which something never answers.
const SHORT: Duration = Duration::from_millis(4500);
/// The action whose every call is tried.
const WHOLE: &str = "roll-back";
/// Actions whose rehearsals are tried: a subresource, and an eviction.
const REHEARSED: [&str; 2] = ["scale", "restart-pod"];

/// What there is at the end of a life.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    stage: &'static str,
    /// The audit log's events of the case, without who and what in them.
    audited: Vec<String>,
    /// Requests that changed the cluster, in order.
    writes: Vec<String>,
    /// The object after the change, and after the way back.
    objects: [Option<String>; 2],
    /// Messages of the case, each with the stage that it shows.
    told: Vec<String>,
    /// Cases that somebody would still carry on.
    open: usize,
}

/// A world to live in.
struct Place {
    remedy: Remedy,
    moment: Moment,
}

fn schedule() -> Value {
    json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" })
}

/// Whether a call is a request that changes the cluster, if it is not a rehearsal.
fn is_write(call: &Call) -> bool {
    call.service == Service::Kubernetes
        && (call.operation.starts_with("patch ") || call.operation.starts_with("create "))
}

fn is_rehearsal(call: &Call) -> bool {
    call.operation.ends_with("(dry run)")
}

/// An object but for what every write counts on and what the node controller notes.
fn substance(object: &Value) -> String {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("status");
    for field in ["resourceVersion", "generation", "managedFields"] {
        object["metadata"].as_object_mut().unwrap().remove(field);
    }
    for taint in object["spec"]["taints"].as_array_mut().into_iter().flatten() {
        taint.as_object_mut().unwrap().remove("timeAdded");
    }
    object.to_string()
}

impl Place {
    async fn new(night: Night) -> Self {
        let remedy = Remedy::new(night, CONFIG);
        remedy.night.sim.slack().rates.enforce(false);
        let moment = remedy.night.sim.world().moment();
        Self { remedy, moment }
    }

    /// Another one that is the same.
    async fn another(&self) -> Self {
        let Night { sim, clock, more, .. } = &self.remedy.night;
        let night = Night {
            sim: sim.apart().await.unwrap(),
            store: Memory::default(),
            clock: clock.clone(),
            more: more.clone(),
        };
        Self { moment: self.moment.clone(), ..Self::new(night).await }
    }

    /// One invocation by a new process.
    async fn invoke(
        &self,
        event: Value,
        trouble: Option<&Trouble>,
    ) -> Option<Result<Value, remediation::InvocationError>> {
        let app = self.remedy.app();
        let time = if trouble.is_some_and(Trouble::is_time_out) { SHORT } else { INVOCATION };
        let invocation = Box::pin(app.handle(event, Deadline::within(time)));
        let (store, faults) = (&self.remedy.night.store, self.remedy.night.sim.faults());
        attempt(invocation, store, faults, trouble.is_some_and(Trouble::crashes)).await
    }

    /// A click, as often as the queue hands it out.
    async fn click(&self, event: &Value, trouble: Option<&Trouble>) {
        for _ in 0..RECEIVES {
            if is_taken(self.invoke(batch(std::slice::from_ref(event)), trouble).await) {
                break;
            }
            self.remedy.night.clock.advance(Duration::from_secs(60));
        }
    }

    /// Minute by minute, until everything is carried on that is `done` with.
    async fn pass(&self, id: &CaseId, trouble: Option<&Trouble>, done: impl Fn(&Stage) -> bool) {
        for _ in 0..MINUTES {
            let carried_on = self.invoke(schedule(), trouble).await;
            let open = self.open().await;
            let is_settled = matches!(carried_on, Some(Ok(answer)) if answer["carriedOn"] == open);
            if is_settled && done(&self.remedy.case(id).await.stage) {
                break;
            }
            self.minute();
        }
    }

    fn minute(&self) {
        self.remedy.night.sim.world().advance(SignedDuration::from_mins(1));
        self.remedy.night.clock.advance(Duration::from_secs(60));
    }

    async fn open(&self) -> usize {
        self.remedy.store().open_cases(10, self.remedy.night.clock.now()).await.unwrap().len()
    }

    fn object(&self, action: &Action) -> Option<String> {
        let target = action.target();
        let kind = match target.kind {
            K::Deployment => Kind::Deployment,
            K::HorizontalPodAutoscaler => Kind::HorizontalPodAutoscaler,
            K::Node => Kind::Node,
            K::NodePool => Kind::NodePool,
            K::Pod => Kind::Pod,
            other => panic!("{other:?}"),
        };
        Some(substance(&self.remedy.object(kind, &target.namespace, &target.name)?))
    }

    /// Lives a life; whether its trouble came about.
    async fn live(&mut self, action: &Action, trouble: Option<&Trouble>) -> (End, bool) {
        let night = &mut self.remedy.night;
        let faults = night.sim.faults().clone();
        faults.forget();
        night.sim.slack().clear();
        night.sim.world().go_back(&self.moment);
        night.store = Trouble::inject(trouble, &faults);
        // Slack's clock is the machine's, and messages are looked for around the time at which they were posted.
        night.clock = Clock::at(Timestamp::now());

        let id = self.remedy.propose(action.clone()).await;
        self.pass(&id, trouble, |stage| matches!(stage, Stage::Asked { .. })).await;
        let asked = self.remedy.case(&id).await;
        let Stage::Asked { requirement } = &asked.stage else { panic!("{}: {:?}", action.name(), asked.stage) };
        for user in LEADS.into_iter().take(usize::from(requirement.people)) {
            self.click(&click("remediation.approve", &asked, user), trouble).await;
        }
        self.minute();
        self.pass(&id, trouble, |stage| matches!(stage, Stage::Done { .. })).await;
        let changed = self.object(action);
        let done = self.remedy.case(&id).await;
        if done.shown.as_ref().is_some_and(|shown| matches!(shown.undo, Undo::Requests { .. })) {
            self.click(&click("remediation.undo", &done, LEADS[0]), trouble).await;
            self.pass(&id, trouble, |stage| matches!(stage, Stage::Undone { .. })).await;
        }
        // Once more: there is nothing left to be done.
        self.invoke(schedule(), trouble).await;

        let took_effect =
            |call: &Call| is_write(call) && !is_rehearsal(call) && call.fault.is_none_or(Fault::takes_effect);
        let told = self.remedy.night.messages().into_iter().filter_map(|message| {
            let payload = message.metadata?["event_payload"].clone();
            (payload["case"] == id.0.as_str()).then(|| payload["stage"].as_str().unwrap_or_default().to_owned())
        });
        let told = told.collect();
        let audited = self.remedy.audited(&id).await;
        self.remedy.audit_holds().await;
        let end = End {
            stage: self.remedy.case(&id).await.stage.name(),
            audited: audited.iter().map(|event| event.split(':').next().unwrap_or_default().to_owned()).collect(),
            writes: faults.journal().into_iter().filter(took_effect).map(|call| call.operation).collect(),
            objects: [changed, self.object(action)],
            told,
            open: self.open().await,
        };
        (end, has_struck(&self.remedy.night.store, &faults))
    }
}

/// What can go wrong in the life that these places have just lived.
fn troubles(place: &Place, action: &Action) -> Vec<Sited> {
    let night = &place.remedy.night;
    let (store, calls) = (night.store.journal(), night.sim.faults().journal());
    if action.name() == WHOLE {
        let is_reading = |call: &Call| call.operation.starts_with("list ") || call.operation == "get log";
        let concerned = |call: &Call| match call.service {
            Service::Slack => true,
            Service::Kubernetes => !is_reading(call) && !call.operation.ends_with("discovery"),
            _ => false,
        };
        return [Trouble::of_store(&store, |_| true), Trouble::of_calls(&calls, concerned)].concat();
    }
    let is_rehearsed = REHEARSED.contains(&action.name());
    Trouble::of_calls(&calls, |call| is_write(call) && (is_rehearsed || !is_rehearsal(call)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_survives_every_fault_at_every_step() {
    let started = std::time::Instant::now();
    let mut first = Place::new(Night::new(Options::stopped(Scenario::Healthy)).await).await;
    let actions = deeds(&first.remedy).await;
    first.moment = first.remedy.night.sim.world().moment();
    let (mut lives, mut tables) = (VecDeque::new(), vec![Table::new(); actions.len()]);
    let mut ends = Vec::new();
    for (number, action) in actions.iter().enumerate() {
        let (clean, _) = first.live(action, None).await;
        let undoable = clean.stage == "undone";
        let mut expected = vec!["asked", "approved", "changing", "changed", "done"];
        expected.extend(if undoable { &["undo-asked", "undone"][..] } else { &[] });
        let mut audited: Vec<&str> = clean.audited.iter().map(String::as_str).collect();
        audited.dedup();
        assert_eq!(audited, expected, "{}: {clean:?}", action.name());
        assert_eq!((clean.told.len(), clean.open), (1, 0), "{}: {clean:?}", action.name());
        lives.extend(troubles(&first, action).into_iter().map(|(site, trouble)| (number, site, trouble)));
        ends.push(clean);
    }
    let total = lives.len();
    println!("{} actions, {total} pairs; clean lives took {} ms", actions.len(), started.elapsed().as_millis());

    // What waits longest begins first.
    let waits = |(_, _, trouble): &(usize, String, Trouble)| trouble.is_time_out();
    lives.make_contiguous().sort_by_key(|life| !waits(life));
    let lives = Arc::new(Mutex::new(lives));
    let (actions, ends) = (Arc::new(actions), Arc::new(ends));
    let mut places = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (lives, actions, ends) = (Arc::clone(&lives), Arc::clone(&actions), Arc::clone(&ends));
        let mut place = first.another().await;
        places.spawn(async move {
            let mut lived = Vec::new();
            loop {
                let Some((number, site, trouble)) = lives.lock().unwrap().pop_front() else { break lived };
                let (end, struck) = place.live(&actions[number], Some(&trouble)).await;
                let wrong = (end != ends[number]).then(|| format!("{end:?}\ninstead of {:?}", ends[number]));
                lived.push((number, site, trouble, struck, wrong));
            }
        });
    }
    let (mut complaints, mut idle) = (Vec::new(), Vec::new());
    while let Some(lived) = places.join_next().await {
        for (number, site, trouble, struck, wrong) in lived.unwrap() {
            let cell = tables[number].entry((site.clone(), trouble.word())).or_default();
            let at = format!("{}, {site}, {trouble:?}", actions[number].name());
            cell.0 += 1;
            cell.1 += usize::from(wrong.is_some());
            complaints.extend(wrong.map(|wrong| format!("{at}: {wrong}")));
            idle.extend((!struck).then_some(at));
        }
    }
    for (action, table) in actions.iter().zip(&tables) {
        println!("{}\n{}\n", action.command(), drawn(table));
    }
    println!("{total} pairs tried, {} wrong, in {} s", complaints.len(), started.elapsed().as_secs());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // A life is the same up to its trouble, so every one of them comes about.
    assert!(idle.is_empty(), "never came about: {}", idle.join("\n"));
}
