//! Every call the function makes, times everything that can go wrong with it.
//!
//! A clean life of an incident (a firing, a second alarm that joins, the end of both) is lived once, to learn the calls.
//! Then it is lived again for every pair of call and fault, each event delivered as SQS does: again while it fails or the
//! process ends, at most five times, with the visibility time-out in between, and with the sweep of the minute after it.
//! Nothing may be lost (every message of the clean life stands, the first one in its last state) and nothing may stand twice.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use alarm_analysis::event::{Alarm, Focus};
use alarm_analysis::situation::Reading;
use alarm_analysis::{App, Clients, collect};
use jiff::Timestamp;
use serde_json::Value;
use shared::deadline::Deadline;
use shared::snapshot::Snapshot;
use shared::store::Store;
use sim::fault::Faults;
use sim::slack::Workspace;
use sim::trackers::Trackers;
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, another, aws, batch, firing, key, later, settings, sweep};
use tests::table::{Table, drawn};
use tests::trouble::{Sited, Trouble, attempt, has_struck, is_taken};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// As in the queue's redrive policy.
const RECEIVES: usize = 5;
/// As the queue's visibility time-out.
const VISIBILITY: Duration = Duration::from_secs(360);
/// Lives at the same time: most of a life is waiting for a turn or for an answer that does not come.
const AT_ONCE: usize = 32;

/// What a life needs that all of them share.
struct Stage {
    environment: Vec<(String, String)>,
    /// Made once: reading the machine's root certificates takes longer than a life.
    aws: aws_config::SdkConfig,
    snapshot: Snapshot,
    cluster: String,
    namespaces: BTreeSet<String>,
    events: Vec<Value>,
    start: Timestamp,
}

/// Where Slack and the tracker of tickets are in a life.
struct Places {
    slack: SocketAddr,
    tracker: SocketAddr,
}

/// What stands in Slack after a life.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    /// Keys of messages, each as often as it stands.
    keys: Vec<String>,
    /// The first message, at the end.
    first: String,
    /// Tickets: whether each is closed, and how many comments it has.
    tickets: Vec<(bool, usize)>,
    dead: usize,
    /// How often anything was delivered again.
    again: usize,
    /// Whether the trouble came about.
    has_struck: bool,
}

impl Stage {
    async fn new() -> (Sim, Self) {
        let sim = Sim::start(Options::stopped(Scenario::BadRollout)).await.unwrap();
        let fires = |world: &sim::world::World| {
            world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
        };
        assert!(sim.world().advance_until(jiff::SignedDuration::from_mins(30), fires));
        let alarm = firing(&sim.world().take_alarm_events());
        let second = another(&alarm, "second");
        let events = vec![alarm.clone(), second.clone(), later(&second, "OK", 300), later(&alarm, "OK", 600)];
        let mut environment = sim.environment();
        environment.retain(|(name, _)| !name.starts_with("BEDROCK"));
        let parsed = Alarm::from_event(alarm).unwrap();
        let focus = Focus::of(&parsed);
        let aws = aws(&environment);
        let clients = Clients::new(settings(&environment, &[])).with_aws(aws.clone());
        let known = clients.settings().clusters[0].clone();
        let start = sim.world().now();
        let reading = collect::read(&clients, &known, &parsed, &focus, start, Deadline::within(INVOCATION)).await;
        let (Reading::Cluster(snapshot), _) = reading else { panic!("the cluster can be read") };
        let mut snapshot = Snapshot::clone(&snapshot);
        // The decision records carry it: what is not about the namespace only costs time here.
        let concerned = |namespace: &str| focus.namespaces.is_empty() || focus.namespaces.contains(namespace);
        snapshot.logs.retain(|log| concerned(&log.namespace));
        snapshot.pods.items.retain(|pod| concerned(&pod.metadata.namespace));
        snapshot.events.items.retain(|event| concerned(&event.metadata.namespace));
        snapshot.metrics.clear();
        let (cluster, namespaces) = (known.name, focus.namespaces);
        (sim, Self { environment, aws, snapshot, cluster, namespaces, events, start })
    }

    /// The function as a new process of a storm would have it: the reading of some seconds ago is at hand.
    async fn app(&self, places: &Places, store: &Memory, clock: &Clock) -> App {
        let (slack, tracker) = (format!("http://{}/api/", places.slack), format!("http://{}/", places.tracker));
        let more = [
            ("SLACK_API_URL", slack.as_str()),
            ("GITHUB_ISSUES_API_URL", tracker.as_str()),
            ("GITHUB_ISSUES_REPOSITORY", sim::trackers::GITHUB_REPOSITORY),
            ("GITHUB_ISSUES_TOKEN", sim::trackers::TOKEN),
        ];
        let clients = Clients::new(settings(&self.environment, &more))
            .with_store(Store::new(store.clone()))
            .with_aws(self.aws.clone());
        clients.remember(&self.cluster, self.namespaces.clone(), self.snapshot.clone()).await;
        let clock = clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    async fn live(&self, trouble: Option<&Trouble>) -> (Outcome, Memory, Faults) {
        let workspace = Workspace::default();
        let (store, faults) = Trouble::arm(trouble);
        let crashes = trouble.is_some_and(Trouble::crashes);
        // Lives are told in fast motion; Slack's clock is not.
        workspace.rates.enforce(false);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let slack = listener.local_addr().unwrap();
        // Its own faults are enumerated in tickets.rs; here it is what the store's faults must not double or lose.
        let trackers = Trackers::default();
        let tracker_listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tracker = tracker_listener.local_addr().unwrap();
        trackers.serve_at(format!("http://{tracker}/"));
        let tracker_router = sim::trackers::router(trackers.clone(), Faults::default());
        let tracker_server = tokio::spawn(async move { axum::serve(tracker_listener, tracker_router).await });
        let places = &Places { slack, tracker };
        let router = sim::slack::router(workspace.clone(), faults.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Clock::at(self.start);
        let (mut dead, mut again) = (0, 0);
        for event in &self.events {
            let mut receives = 0;
            loop {
                receives += 1;
                if self.deliver(event, places, &store, &faults, &clock, crashes).await {
                    break;
                }
                again += 1;
                clock.advance(VISIBILITY);
                if receives == RECEIVES {
                    dead += 1;
                    break;
                }
            }
            clock.advance(Duration::from_secs(20));
        }
        // The schedule of the minute comes again and again.
        for _ in 0..3 {
            clock.advance(VISIBILITY);
            let app = self.app(places, &store, &clock).await;
            attempt(app.handle(sweep(), Deadline::within(INVOCATION)), &store, &faults, crashes).await;
        }
        server.abort();
        tracker_server.abort();
        let tickets = trackers.github().iter().map(|issue| (issue.closed, issue.comments.len())).collect();
        let mut keys: Vec<String> = workspace.messages().iter().map(key).collect();
        keys.sort();
        let first = workspace.messages().into_iter().find(|message| !message.is_reply());
        let first = first.map(|message| message.text).unwrap_or_default();
        let has_struck = has_struck(&store, &faults);
        (Outcome { keys, first, tickets, dead, again, has_struck }, store, faults)
    }

    /// One delivery by a new process; whether it succeeded.
    async fn deliver(
        &self,
        event: &Value,
        places: &Places,
        store: &Memory,
        faults: &Faults,
        clock: &Clock,
        crashes: bool,
    ) -> bool {
        let app = self.app(places, store, clock).await;
        let invocation = app.handle(batch(std::slice::from_ref(event)), Deadline::within(INVOCATION));
        is_taken(attempt(invocation, store, faults, crashes).await)
    }
}

/// What went wrong with the outcome, in words.
fn complaint(outcome: &Outcome, clean: &Outcome) -> Option<String> {
    let lost: Vec<_> = clean.keys.iter().filter(|key| !outcome.keys.contains(key)).collect();
    let twice: Vec<_> = outcome.keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    let odd: Vec<_> = outcome.keys.iter().filter(|key| !clean.keys.contains(key)).collect();
    if outcome.dead > 0 {
        return Some(format!("{} dead letters", outcome.dead));
    }
    if !lost.is_empty() || !twice.is_empty() || !odd.is_empty() {
        return Some(format!("lost {lost:?}, twice {twice:?}, unexpected {odd:?}"));
    }
    if outcome.tickets != clean.tickets {
        return Some(format!("tickets {:?}", outcome.tickets));
    }
    (outcome.first != clean.first).then(|| format!("the first message says {:?}", outcome.first))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_any_call_loses_or_repeats_a_message() {
    let (_sim, stage) = Stage::new().await;
    let stage = Arc::new(stage);
    let (clean, store, faults) = stage.live(None).await;
    assert_eq!((clean.dead, clean.again), (0, 0), "{clean:?}");
    assert!(clean.first.starts_with("✅"), "{clean:?}");
    assert!(clean.keys.len() >= 5, "{clean:?}");
    assert_eq!(clean.tickets, [(true, 1)]);

    let troubles = Trouble::all(&store, &faults.journal(), &["chat.postMessage", "chat.update"]);
    judge(&stage, &clean, troubles).await;
}

async fn judge(stage: &Arc<Stage>, clean: &Outcome, troubles: Vec<Sited>) {
    let total = troubles.len();
    let (places, mut lives) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (site, trouble) in troubles {
        let (stage, places, clean) = (Arc::clone(stage), Arc::clone(&places), clean.clone());
        lives.spawn(async move {
            let _place = places.acquire().await;
            let (outcome, _, _) = stage.live(Some(&trouble)).await;
            (site, trouble, complaint(&outcome, &clean), outcome)
        });
    }
    let mut table = Table::new();
    let (mut complaints, mut again, mut idle) = (Vec::new(), 0, 0);
    println!("{total} pairs of call and fault");
    while let Some(life) = lives.join_next().await {
        let (site, trouble, complaint, outcome) = life.unwrap();
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        again += outcome.again;
        idle += usize::from(!outcome.has_struck);
        if let Some(complaint) = complaint {
            cell.1 += 1;
            complaints.push(format!("{site}, {trouble:?}: {complaint}"));
        }
    }
    println!("{}", drawn(&table));
    println!(
        "{total} pairs tried, {again} redeliveries, {} lost or repeated; {idle} never came about",
        complaints.len()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(idle, 0, "every fault has to come about");
}
