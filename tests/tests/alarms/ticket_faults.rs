//! Every call that a ticket takes, to its tracker and to the store, times everything that can go wrong with it.
//!
//! A life: an alarm opens an incident with a cause, the agent finds something more, another alarm joins at once, somebody doubts
//! the cause, and all is over. It is lived once to learn the calls, and then again for every pair of call and fault, each event
//! delivered as SQS does. Two more rounds begin with a ticket whose opening was not heard of, there or not, so that every look-up
//! before another one is opened, and that opening, goes wrong as well; Jira's index is half a minute behind all the while. In
//! the end there is one ticket, linked once, on which everything has been said once, and it is closed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use alarm_analysis::event::{Alarm, Focus};
use alarm_analysis::situation::Reading;
use alarm_analysis::{App, Clients, collect};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::incident::NewIncident;
use shared::snapshot::Snapshot;
use shared::store::Store;
use sim::Options;
use sim::fault::{Fault, Faults, Rule, Service};
use sim::slack::Workspace;
use sim::trackers::{GITHUB_REPOSITORY, Issue, JIRA_PROJECT, TOKEN, Trackers};
use sim::world::Scenario;
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, Night, another, aws, batch, firing, later, settings, shown, sweep, vote};
use tests::table::{Table, drawn};
use tests::trouble::Trouble;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// As in the queue's redrive policy.
const RECEIVES: usize = 5;
/// As the queue's visibility time-out.
const VISIBILITY: Duration = Duration::from_secs(360);
/// How far Jira's index is behind.
const LAG: SignedDuration = SignedDuration::from_secs(30);
/// Lives at the same time: most of a life is waiting for an answer that does not come.
const AT_ONCE: usize = 24;
/// All that is asked of a tracker.
const KNOWN: [&str; 11] = [
    "create issue",
    "search",
    "list issues",
    "read issue",
    "update issue",
    "edit issue",
    "read comments",
    "list comments",
    "comment",
    "read transitions",
    "transition",
];

/// What all lives share.
struct Stage {
    service: Service,
    alarm: Value,
    snapshot: Snapshot,
    cluster: String,
    namespaces: BTreeSet<String>,
    environment: Vec<(String, String)>,
    aws: aws_config::SdkConfig,
    start: jiff::Timestamp,
}

/// What came of a life.
#[derive(Debug)]
struct Outcome {
    issues: Vec<Issue>,
    links: usize,
    dead: usize,
    has_struck: bool,
}

impl Outcome {
    fn holds(&self) -> bool {
        let said = |what: &str| {
            let comments = self.issues.iter().flat_map(|issue| &issue.comments);
            comments.filter(|comment| comment.body.to_string().contains(what)).count()
        };
        self.issues.len() == 1
            && self.issues[0].closed
            && self.issues[0].comments.len() == 3
            && ["took a variable away", "is not the cause", "back to OK"].iter().all(|what| said(what) == 1)
            && (self.links, self.dead) == (1, 0)
    }
}

/// One life's own world.
struct Life<'a> {
    stage: &'a Stage,
    more: Vec<(&'static str, String)>,
    store: Memory,
    faults: Faults,
    clock: Clock,
    crashes: bool,
}

impl Stage {
    async fn new(service: Service) -> Self {
        let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
        let alarm = firing(&night.wait_for_alarm());
        let mut environment = night.sim.environment();
        environment.retain(|(name, _)| !name.starts_with("BEDROCK"));
        let aws = aws(&environment);
        let clients = Clients::new(settings(&environment, &[])).with_aws(aws.clone());
        let parsed = Alarm::from_event(alarm.clone()).unwrap();
        let focus = Focus::of(&parsed);
        let (known, start) = (clients.settings().clusters[0].clone(), night.sim.world().now());
        let reading = collect::read(&clients, &known, &parsed, &focus, start, Deadline::within(INVOCATION)).await;
        let (Reading::Cluster(snapshot), _) = reading else { panic!("the cluster can be read") };
        let mut snapshot = Snapshot::clone(&snapshot);
        snapshot.metrics.clear();
        Self { service, alarm, snapshot, cluster: known.name, namespaces: focus.namespaces, environment, aws, start }
    }

    fn settings(&self, slack: &str, tracker: &str) -> Vec<(&'static str, String)> {
        let mut more = vec![("SLACK_API_URL", format!("{slack}api/"))];
        match self.service {
            Service::Jira => more.extend([
                ("JIRA_URL", tracker.to_owned()),
                ("JIRA_PROJECT", JIRA_PROJECT.to_owned()),
                ("JIRA_USER", "nightshift@example.com".to_owned()),
                ("JIRA_TOKEN", TOKEN.to_owned()),
            ]),
            _ => more.extend([
                ("GITHUB_ISSUES_API_URL", tracker.to_owned()),
                ("GITHUB_ISSUES_REPOSITORY", GITHUB_REPOSITORY.to_owned()),
                ("GITHUB_ISSUES_TOKEN", TOKEN.to_owned()),
            ]),
        }
        more
    }

    /// A life that begins with this fault of the opening, and in which this goes wrong then.
    async fn live(&self, opening: Option<Fault>, trouble: Option<&Trouble>) -> (Outcome, Memory, Faults) {
        let (workspace, trackers) = (Workspace::default(), Trackers::default());
        workspace.rates.enforce(false);
        let (store, faults) = Trouble::arm(trouble);
        if let Some(fault) = opening {
            faults.inject(Rule::once(self.service, "create issue", fault));
        }
        let serve = async |router: axum::Router| {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = format!("http://{}/", listener.local_addr().unwrap());
            (address, tokio::spawn(async move { axum::serve(listener, router).await }))
        };
        let (slack, one) = serve(sim::slack::router(workspace.clone(), Faults::default())).await;
        let (tracker, two) = serve(sim::trackers::router(trackers.clone(), faults.clone())).await;
        let clock = Clock::at(self.start);
        let told = clock.clone();
        trackers.set_clock(move || told.now());
        trackers.set_index_lag(LAG);
        trackers.serve_at(tracker.clone());
        let more = self.settings(&slack, &tracker);
        let crashes = trouble.is_some_and(Trouble::crashes);
        let life =
            Life { stage: self, more, store: store.clone(), faults: faults.clone(), clock: clock.clone(), crashes };
        let second = another(&self.alarm, "second");
        let mut dead = life.deliver(&self.alarm).await;
        clock.advance(Duration::from_secs(5));
        let id = life.learn().await;
        dead += life.deliver(&second).await;
        dead += life.deliver(&vote("wrong", &id, "U0ONE", 1)).await;
        life.sweeps(2).await;
        for event in [&self.alarm, &second] {
            dead += life.deliver(&later(event, "OK", 1800)).await;
        }
        life.sweeps(3).await;
        one.abort();
        two.abort();
        let has_struck = store.has_struck() || faults.journal().iter().any(|call| call.fault.is_some());
        let issues = if self.service == Service::Jira { trackers.jira() } else { trackers.github() };
        let links = workspace.messages().iter().filter(|message| shown(message).contains("🎫")).count();
        (Outcome { issues, links, dead, has_struck }, store, faults)
    }
}

impl Life<'_> {
    async fn app(&self) -> App {
        let more: Vec<(&str, &str)> = self.more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let clients = Clients::new(settings(&self.stage.environment, &more))
            .with_store(Store::new(self.store.clone()))
            .with_aws(self.stage.aws.clone());
        clients.remember(&self.stage.cluster, self.stage.namespaces.clone(), self.stage.snapshot.clone()).await;
        let clock = self.clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    /// Delivers as SQS does; 1 where the event ends among the dead letters.
    async fn deliver(&self, event: &Value) -> usize {
        for _ in 0..RECEIVES {
            let answer = self.invoke(batch(std::slice::from_ref(event))).await;
            if answer.is_some_and(|answer| answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty)) {
                return 0;
            }
            self.clock.advance(VISIBILITY);
        }
        1
    }

    async fn sweeps(&self, count: usize) {
        for _ in 0..count {
            self.clock.advance(Duration::from_secs(60));
            self.invoke(sweep()).await;
        }
    }

    /// One invocation of a new process, which may end before it answers.
    async fn invoke(&self, payload: Value) -> Option<Value> {
        let app = self.app().await;
        let fatal = || {
            let is_fatal = |fault| matches!(fault, Some(Fault::Timeout | Fault::TimeoutAfterEffect));
            self.faults.journal().iter().filter(|call| is_fatal(call.fault)).count()
        };
        let before = fatal();
        let crash = async {
            while !self.crashes || fatal() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The effect takes place while nobody is left to hear of it.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        tokio::select! {
            answer = app.handle(payload, Deadline::within(INVOCATION)) => answer.ok(),
            () = self.store.crash.notified() => None,
            () = crash => None,
        }
    }

    /// What the agent finds; the incident's id.
    async fn learn(&self) -> String {
        let (store, now) = (Store::new(self.store.quietly()), self.clock.now());
        let incident = store.open_incidents(&self.stage.cluster, now).await.unwrap().remove(0);
        let mut report = incident.report.clone();
        report["further"] = json!(["the rollout took a variable away [e1]"]);
        store.learn_cause(&incident, NewIncident::with_report(&incident, report), now).await.unwrap();
        incident.id.0
    }
}

/// What can go wrong with the calls of these lives: in the first round all of them, and what is written to the store of errands
/// and incidents; in the others what comes of an opening that was not heard of.
fn troubles(store: &Memory, faults: &Faults, opening: Option<Fault>, with_store: bool) -> Vec<(String, Trouble)> {
    let mut troubles = Trouble::all(store, &faults.journal(), &KNOWN);
    troubles.retain(|(site, trouble)| match (trouble, opening) {
        (Trouble::Store { .. }, None) => {
            with_store && ["store put outbox", "store put incident"].contains(&site.as_str())
        }
        (Trouble::Store { .. }, Some(_)) => false,
        (Trouble::Service { .. }, None) => true,
        (Trouble::Service { operation, skip, .. }, Some(_)) => match operation.as_str() {
            "create issue" => *skip > 0,
            operation => ["search", "list issues"].contains(&operation),
        },
    });
    troubles
}

async fn enumerate(service: Service, with_store: bool) {
    let stage = Arc::new(Stage::new(service).await);
    let mut pairs = Vec::new();
    for opening in [None, Some(Fault::Cut), Some(Fault::CutAfterEffect)] {
        let (clean, store, faults) = stage.live(opening, None).await;
        assert!(clean.holds(), "{opening:?}: {clean:?}");
        for (site, trouble) in troubles(&store, &faults, opening, with_store) {
            let site = match opening {
                None => site,
                Some(Fault::Cut) => format!("{site}, first lost"),
                Some(_) => format!("{site}, first unheard of"),
            };
            pairs.push((opening, site, trouble));
        }
    }
    let (slots, mut lives, mut table) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new(), Table::new());
    let count = pairs.len();
    for (opening, site, trouble) in pairs {
        let (stage, slots) = (Arc::clone(&stage), Arc::clone(&slots));
        lives.spawn(async move {
            let _slot = slots.acquire().await;
            let outcome = stage.live(opening, Some(&trouble)).await.0;
            (site, trouble, outcome)
        });
    }
    let mut complaints = Vec::new();
    while let Some(life) = lives.join_next().await {
        let (site, trouble, outcome) = life.unwrap();
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        if !outcome.holds() || !outcome.has_struck {
            cell.1 += 1;
            complaints.push(format!("{site} {trouble:?}: {outcome:?}"));
        }
    }
    println!("{}\n{count} pairs of call and fault, {} lost or repeated", drawn(&table), complaints.len());
    assert!(complaints.is_empty(), "{} of {count}\n{}", complaints.len(), complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_jira_loses_a_ticket_or_opens_two() {
    enumerate(Service::Jira, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_github_or_of_the_store_loses_a_ticket_or_opens_two() {
    enumerate(Service::GitHub, true).await;
}
