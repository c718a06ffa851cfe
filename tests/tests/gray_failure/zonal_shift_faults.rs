//! Between decision and shift: every call that a zonal shift's case makes, times everything that can go wrong at it. A zone is
//! proposed, agreed to, left, kept left for longer and returned to; the function is killed before and after each call on the
//! way, or told nothing, or something broken, and started again. Never two shifts, never one forgotten, and each call in the
//! audit log.
//!
//! A clean life is lived once to learn its calls, then once for every pair of call and fault, each time from the same moment of
//! a world. Where ARC or Slack fails, it fails the SDK's second try as well: what goes wrong once would not be noticed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::remediation::CaseId;
use shared::zonal::Want;
use sim::Options;
use sim::aws::ZonalShift;
use sim::fault::{Call, Rule, Service};
use sim::world::{Moment, Scenario};
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, Night, batch};
use tests::remedy::{Remedy, click};
use tests::table::{Table, drawn};
use tests::trouble::{Sited, Trouble, has_struck};
use tests::zones::{BALANCER, keep, propose, want};
use tokio::task::JoinSet;

const PEOPLE: [&str; 2] = ["U0LEAD0001", "U0LEAD0002"];
const CLUSTER: &str = "prod-eks";
const ZONE: &str = "apne2-az2";

const CONFIG: &str = "
roles:
  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }
";

/// How often the queue hands a click out.
const RECEIVES: usize = 5;

/// Lives at the same time, each in a world of its own: those of time-outs are mostly waiting.
const AT_ONCE: usize = 12;
/// An invocation of a life in which something never answers.
const SHORT: Duration = Duration::from_millis(4500);

/// The operations whose calls are gone through.
const KNOWN: [&str; 6] = [
    "GetManagedResource",
    "StartZonalShift",
    "UpdateZonalShift",
    "CancelZonalShift",
    "chat.postMessage",
    "chat.update",
];

/// What there is at the end of a life.
#[derive(Debug, PartialEq, Eq)]
struct End {
    stage: &'static str,
    /// What the audit log has of the case, without who and what; each once, in the order of their first.
    audited: Vec<String>,
    /// How many shifts were begun.
    begun: usize,
    /// How many stood when the zone was left, and when it was left for longer: of the cluster and of its load balancer.
    stood: [usize; 2],
    /// How many stand at last.
    left: usize,
    /// Messages of the case, each with the stage that it shows.
    told: Vec<String>,
}

fn sweep() -> Value {
    json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" })
}

/// A world to live in.
struct Place {
    remedy: Remedy,
    moment: Moment,
}

impl Place {
    async fn new() -> Self {
        let night = Night::new(Options::stopped(Scenario::Healthy)).await;
        let moment = night.sim.world().moment();
        Self { remedy: Remedy::new(night, CONFIG), moment }.ready()
    }

    /// Another one that is the same.
    async fn another(&self) -> Self {
        let Night { sim, clock, more, .. } = &self.remedy.night;
        let sim = sim.apart().await.unwrap();
        let night = Night { sim, store: Memory::default(), clock: clock.clone(), more: more.clone() };
        Self { remedy: self.remedy.again(night), moment: self.moment.clone() }.ready()
    }

    fn ready(self) -> Self {
        self.remedy.night.sim.account().zonal_shifts.manage(BALANCER);
        self.remedy.night.sim.slack().rates.enforce(false);
        self
    }

    /// One invocation; whether it succeeded.
    async fn invoke(&self, event: Value, trouble: Option<&Trouble>) -> bool {
        let limit = if trouble.is_some_and(Trouble::is_time_out) { SHORT } else { INVOCATION };
        let succeeded = self.remedy.attempt(event, limit, trouble.is_some_and(Trouble::crashes)).await;
        self.at_most_one_zone_and_one_each();
        succeeded
    }

    /// Minutes, until the case's stage and the shifts that stand are as they are to be, and one in which nothing is left to do.
    async fn minutes_until(
        &self,
        most: usize,
        id: &CaseId,
        trouble: Option<&Trouble>,
        done: impl Fn(&str, &[ZonalShift]) -> bool,
    ) {
        let world = self.remedy.night.sim.world();
        for _ in 0..most {
            let active = self.remedy.night.sim.account().zonal_shifts.active(world.now());
            let is_done = done(self.remedy.case(id).await.stage.name(), &active);
            world.advance(SignedDuration::from_mins(1));
            self.remedy.night.clock.advance(Duration::from_secs(60));
            self.invoke(sweep(), trouble).await;
            if is_done {
                break;
            }
        }
    }

    fn at_most_one_zone_and_one_each(&self) {
        let active = self.remedy.night.sim.account().zonal_shifts.active(self.remedy.night.sim.world().now());
        assert!(active.iter().all(|one| one.away_from == ZONE), "{active:?}");
        let resources: BTreeSet<&str> = active.iter().map(|one| one.resource.as_str()).collect();
        assert_eq!(resources.len(), active.len(), "{active:?}");
    }

    /// Makes everything as it was, but for what goes wrong.
    fn begin(&mut self, trouble: Option<&Trouble>) {
        let night = &mut self.remedy.night;
        night.sim.slack().clear();
        night.sim.account().zonal_shifts.forget();
        // Slack's clock is the machine's, and messages are looked for around the time at which they were posted.
        night.sim.world().go_back(&self.moment);
        night.sim.world().tick(Timestamp::now());
        night.clock = Clock::at(night.sim.world().now());
        let faults = night.sim.faults();
        faults.forget();
        night.store = match trouble {
            Some(Trouble::Service { service: service @ Service::ZonalShift, operation, skip, fault, crash: false }) => {
                faults.inject(Rule { skip: *skip, times: Some(2), ..Rule::once(*service, operation, *fault) });
                Memory::default()
            }
            other => Trouble::inject(other, faults),
        };
    }

    /// Lives a life; whether its trouble came about.
    async fn live(&mut self, trouble: Option<&Trouble>) -> (End, bool) {
        self.begin(trouble);
        let remedy = &self.remedy;
        let (sim, clock) = (&remedy.night.sim, &remedy.night.clock);
        let shifts = &sim.account().zonal_shifts;
        let first = want(ZONE, clock.now());
        let id = propose(&remedy.store(), sim, &first, clock.now()).await;
        self.minutes_until(4, &id, trouble, |stage, _| stage == "asked").await;
        for user in PEOPLE {
            for _ in 0..RECEIVES {
                let asked = remedy.case(&id).await;
                if self.invoke(batch(&[click("remediation.approve", &asked, user)]), trouble).await {
                    break;
                }
            }
        }
        let standing = |shifts: &[ZonalShift], until: Timestamp| {
            let near = |one: &&ZonalShift| one.expires_at.duration_since(until).abs() <= SignedDuration::from_mins(1);
            shifts.iter().filter(near).count()
        };
        let standing_now = |until| standing(&shifts.active(sim.world().now()), until);
        self.minutes_until(4, &id, trouble, |_, active| standing(active, first.expires_at) == 2).await;
        let begun = standing_now(first.expires_at);
        let longer = Want { expires_at: first.expires_at + SignedDuration::from_mins(30), ..first };
        keep(&remedy.store(), CLUSTER, Some(&longer), clock.now()).await;
        self.minutes_until(4, &id, trouble, |_, active| standing(active, longer.expires_at) == 2).await;
        let extended = standing_now(longer.expires_at);
        keep(&remedy.store(), CLUSTER, None, clock.now()).await;
        self.minutes_until(5, &id, trouble, |stage, active| stage == "done" && active.is_empty()).await;
        let case = remedy.case(&id).await;
        let told = remedy.night.messages().into_iter().filter_map(|message| {
            let payload = message.metadata?["event_payload"].clone();
            (payload["case"] == id.0.as_str()).then(|| payload["stage"].as_str().unwrap_or_default().to_owned())
        });
        let mut audited: Vec<String> = Vec::new();
        for event in remedy.audited(&id).await {
            let name = event.split(':').next().unwrap_or_default().to_owned();
            if !audited.contains(&name) {
                audited.push(name);
            }
        }
        remedy.audit_holds().await;
        let end = End {
            stage: case.stage.name(),
            audited,
            begun: shifts.all().len(),
            stood: [begun, extended],
            left: shifts.active(sim.world().now()).len(),
            told: told.collect(),
        };
        (end, has_struck(&remedy.night.store, sim.faults()))
    }
}

/// What a life comes to, whatever goes wrong. An answer that was lost is not in the audit log; that it was asked for is.
fn is_as_expected(end: &End, expected: &End) -> bool {
    let answers = ["started", "extended", "ended"];
    let without = |audited: &[String]| -> BTreeSet<String> {
        audited.iter().filter(|name| !answers.contains(&name.as_str())).cloned().collect()
    };
    (end.stage, end.begun, end.stood, end.left) == (expected.stage, expected.begun, expected.stood, expected.left)
        && end.told == expected.told
        && without(&end.audited) == without(&expected.audited)
}

/// Lives all lives of these troubles; they are as many as they are known to be.
async fn enumerate(pairs: usize, part: impl Fn(&Trouble) -> bool) {
    let started = Instant::now();
    let mut first = Place::new().await;
    let (expected, _) = first.live(None).await;
    let audited = [
        "asked", "approved", "changing", "start", "started", "changed", "extend", "extended", "cancel", "ended", "done",
    ];
    let clean = End {
        stage: "done",
        audited: audited.map(str::to_owned).to_vec(),
        begun: 2,
        stood: [2, 2],
        left: 0,
        told: vec!["recovered".to_owned()],
    };
    assert_eq!(expected, clean);
    println!("a clean life took {} ms", started.elapsed().as_millis());
    let ours = |call: &Call| matches!(call.service, Service::ZonalShift) || KNOWN.contains(&call.operation.as_str());
    let calls: Vec<Call> = first.remedy.night.sim.faults().journal().into_iter().filter(ours).collect();
    let mut lives = Trouble::all(&first.remedy.night.store, &calls, &KNOWN);
    lives.retain(|(_, trouble)| part(trouble));
    // What waits longest begins first.
    lives.sort_by_key(|(_, trouble)| !trouble.is_time_out());
    let total = lives.len();
    let lives = Arc::new(Mutex::new(VecDeque::<Sited>::from(lives)));
    let mut places = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (lives, mut place) = (Arc::clone(&lives), first.another().await);
        places.spawn(async move {
            let mut lived = Vec::new();
            loop {
                let Some((site, trouble)) = lives.lock().unwrap().pop_front() else { break lived };
                let (end, struck) = place.live(Some(&trouble)).await;
                lived.push((site, trouble, end, struck));
            }
        });
    }
    let (mut table, mut complaints, mut idle) = (Table::new(), Vec::new(), Vec::new());
    while let Some(lived) = places.join_next().await {
        for (site, trouble, end, struck) in lived.unwrap() {
            let is_wrong = !is_as_expected(&end, &expected);
            let at = format!("{site}, {trouble:?}");
            let cell = table.entry((site, trouble.word())).or_default();
            cell.0 += 1;
            cell.1 += usize::from(is_wrong);
            idle.extend((!struck).then(|| at.clone()));
            complaints.extend(is_wrong.then(|| format!("{at}: {end:?}")));
        }
    }
    println!("{}", drawn(&table));
    println!("{total} pairs tried, {} wrong, in {} s", complaints.len(), started.elapsed().as_secs());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // A life is the same up to its trouble, so every one of them comes about.
    assert!(idle.is_empty(), "never came about: {}", idle.join("\n"));
    assert_eq!(total, pairs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_store_does_there_are_never_two_shifts_and_none_is_forgotten() {
    enumerate(530, |trouble| matches!(trouble, Trouble::Store { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_arc_does_there_are_never_two_shifts_and_none_is_forgotten() {
    enumerate(216, |trouble| matches!(trouble, Trouble::Service { service: Service::ZonalShift, .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_slack_does_there_are_never_two_shifts_and_none_is_forgotten() {
    enumerate(36, |trouble| matches!(trouble, Trouble::Service { service: Service::Slack, .. })).await;
}
