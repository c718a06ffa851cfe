//! Every incident gets one ticket, in Jira or GitHub: opened once, linked in the thread, closed with the incident.

#![allow(clippy::unwrap_used, reason = "helpers of a test: where they fail, the test has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use alarm_analysis::event::{Alarm, Focus};
use alarm_analysis::situation::Reading;
use alarm_analysis::{App, Clients, collect};
use futures::StreamExt;
use serde_json::Value;
use shared::deadline::Deadline;
use shared::snapshot::Snapshot;
use shared::store::Store;
use sim::Options;
use sim::fault::{Fault, Faults, Rule, Service};
use sim::lambda::{FunctionProcess, Queue};
use sim::slack::Workspace;
use sim::trackers::{GITHUB_REPOSITORY, Issue, JIRA_PROJECT, TOKEN, Trackers};
use sim::world::Scenario;
use tests::binary::binary;
use tests::memory::Memory;
use tests::night::{Clock, INVOCATION, Night, aws, deliver, firing, later, settings, shown, sweep};
use tests::table::{Table, drawn};

/// A night whose tickets go to this tracker, with an alarm and its end.
async fn night(service: Service) -> (Night, Value, Value) {
    let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let environment = match service {
        Service::Jira => night.sim.jira_environment(),
        _ => night.sim.github_environment(),
    };
    for (name, value) in environment {
        night.more.push((String::leak(name), String::leak(value)));
    }
    let alarm = firing(&night.wait_for_alarm());
    let end = later(&alarm, "OK", 600);
    (night, alarm, end)
}

fn issues(night: &Night, service: Service) -> Vec<Issue> {
    match service {
        Service::Jira => night.sim.trackers().jira(),
        _ => night.sim.trackers().github(),
    }
}

async fn minute(night: &Night) {
    night.clock.advance(Duration::from_secs(60));
    night.app().handle(sweep(), Deadline::within(INVOCATION)).await.unwrap();
}

fn links(night: &Night) -> usize {
    night.messages().iter().filter(|message| message.is_reply() && shown(message).contains("🎫")).count()
}

#[tokio::test]
async fn an_incident_has_one_ticket_that_is_linked_and_closed_with_it() {
    for service in [Service::Jira, Service::GitHub] {
        let (night, alarm, end) = night(service).await;
        for _ in 0..2 {
            assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
        }
        let opened = issues(&night, service);
        assert_eq!(opened.len(), 1, "{service:?}");
        let (body, marked) = (opened[0].body.to_string(), format!("{opened:?}"));
        assert!(opened[0].title.contains("payments/api"), "{:?}", opened[0].title);
        for said in ["DEPLOY_ENV", "inc-", "slack.com/archives", "kubectl -n payments"] {
            assert!(body.contains(said), "{said} in {body}");
        }
        assert!(marked.contains("nightshift"), "{marked}");
        assert_eq!((links(&night), opened[0].closed), (1, false));
        let link = night.messages().iter().map(shown).find(|shown| shown.contains("🎫")).unwrap();
        assert!(link.contains(if service == Service::Jira { "/browse/OPS-1|OPS-1" } else { "/issues/1|#" }), "{link}");
        night.clock.advance(Duration::from_secs(600));
        for _ in 0..2 {
            assert!(deliver(&night.app(), std::slice::from_ref(&end)).await.is_empty());
        }
        minute(&night).await;
        let closed = issues(&night, service);
        assert_eq!((closed.len(), closed[0].closed, closed[0].comments.len()), (1, true, 1), "{service:?}");
        assert!(closed[0].comments[0].body.to_string().contains("back to OK"), "{:?}", closed[0].comments);
        assert_eq!(links(&night), 1);
    }
}

/// What a life of an incident needs that all of them share.
struct Stage {
    service: Service,
    alarm: Value,
    end: Value,
    snapshot: Snapshot,
    cluster: String,
    namespaces: BTreeSet<String>,
    environment: Vec<(String, String)>,
    aws: aws_config::SdkConfig,
    start: jiff::Timestamp,
}

impl Stage {
    async fn new(service: Service) -> (Night, Self) {
        let (night, alarm, end) = night(service).await;
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
        let (cluster, namespaces) = (known.name, focus.namespaces);
        (night, Self { service, alarm, end, snapshot, cluster, namespaces, environment, aws, start })
    }

    /// A life with this trouble: what the tracker was asked, its tickets, and how many links stand in the thread.
    async fn live(&self, trouble: Option<(&str, Fault)>) -> (Vec<String>, Vec<Issue>, usize) {
        let (workspace, trackers, faults) = (Workspace::default(), Trackers::default(), Faults::default());
        workspace.rates.enforce(false);
        let serve = async |router: axum::Router| {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = format!("http://{}/", listener.local_addr().unwrap());
            (address, tokio::spawn(async move { axum::serve(listener, router).await }))
        };
        let (slack, one) = serve(sim::slack::router(workspace.clone(), Faults::default())).await;
        let (tracker, two) = serve(sim::trackers::router(trackers.clone(), faults.clone())).await;
        trackers.serve_at(tracker.clone());
        if let Some((operation, fault)) = trouble {
            faults.inject(Rule::once(self.service, operation, fault));
        }
        let slack = format!("{slack}api/");
        let mut more = vec![("SLACK_API_URL", slack.as_str())];
        match self.service {
            Service::Jira => more.extend([
                ("JIRA_URL", tracker.as_str()),
                ("JIRA_PROJECT", JIRA_PROJECT),
                ("JIRA_USER", "nightshift@example.com"),
                ("JIRA_TOKEN", TOKEN),
            ]),
            _ => more.extend([
                ("GITHUB_ISSUES_API_URL", tracker.as_str()),
                ("GITHUB_ISSUES_REPOSITORY", GITHUB_REPOSITORY),
                ("GITHUB_ISSUES_TOKEN", TOKEN),
            ]),
        }
        let (store, clock) = (Memory::default(), Clock::at(self.start));
        for event in [&self.alarm, &self.end] {
            let app = self.app(&more, &store, &clock).await;
            assert!(deliver(&app, std::slice::from_ref(event)).await.is_empty(), "{trouble:?} holds up a message");
            for _ in 0..2 {
                clock.advance(Duration::from_secs(60));
                let app = self.app(&more, &store, &clock).await;
                app.handle(sweep(), Deadline::within(INVOCATION)).await.unwrap();
            }
        }
        one.abort();
        two.abort();
        let struck = faults.journal().iter().any(|call| call.fault.is_some());
        assert_eq!(struck, trouble.is_some(), "{trouble:?} has to come about");
        let asked = faults.journal().into_iter().map(|call| call.operation).collect();
        let issues = if self.service == Service::Jira { trackers.jira() } else { trackers.github() };
        (asked, issues, workspace.messages().iter().filter(|message| shown(message).contains("🎫")).count())
    }

    async fn app(&self, more: &[(&str, &str)], store: &Memory, clock: &Clock) -> App {
        let clients = Clients::new(settings(&self.environment, more))
            .with_store(Store::new(store.clone()))
            .with_aws(self.aws.clone());
        clients.remember(&self.cluster, self.namespaces.clone(), self.snapshot.clone()).await;
        let clock = clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_tracker_loses_a_ticket_or_opens_two() {
    let mut table = Table::new();
    let mut complaints = Vec::new();
    for service in [Service::Jira, Service::GitHub] {
        let (_night, stage) = Stage::new(service).await;
        let (asked, clean, links) = stage.live(None).await;
        assert_eq!((clean.len(), clean[0].closed, clean[0].comments.len(), links), (1, true, 1, 1), "{clean:?}");
        let calls: BTreeSet<String> = asked.into_iter().collect();
        assert!(calls.len() >= 5, "{calls:?}");
        let lives = calls.iter().flat_map(|call| Fault::ALL.map(|fault| (call.as_str(), fault)));
        let lives: Vec<_> = lives
            .map(|trouble| {
                let stage = &stage;
                async move { (trouble, stage.live(Some(trouble)).await) }
            })
            .collect();
        let outcomes: Vec<_> = futures::stream::iter(lives).buffer_unordered(16).collect().await;
        for ((call, fault), (_, issues, links)) in outcomes {
            let holds = issues.len() == 1 && issues[0].closed && issues[0].comments.len() == 1 && links == 1;
            let cell = table.entry((format!("{service:?} {call}"), word(fault))).or_default();
            cell.0 += 1;
            if !holds {
                cell.1 += 1;
                complaints.push(format!("{service:?} {call} {fault:?}: {links} links, {issues:?}"));
            }
        }
    }
    println!("{}", drawn(&table));
    println!(
        "{} pairs of call and fault, {} lost or repeated",
        table.values().map(|cell| cell.0).sum::<usize>(),
        complaints.len()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

const fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::Throttle => "throttle",
        Fault::ServerError => "5xx",
        Fault::Timeout => "time-out before",
        Fault::Cut => "cut before",
        Fault::Malformed => "malformed",
        Fault::TimeoutAfterEffect => "time-out after",
        Fault::CutAfterEffect => "cut after",
    }
}

#[tokio::test]
async fn a_tracker_that_refuses_costs_the_ticket_and_nothing_else() {
    let (mut night, alarm, end) = night(Service::Jira).await;
    night.more.retain(|(name, _)| *name != "JIRA_TOKEN");
    night.more.push(("JIRA_TOKEN", "another"));
    assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
    assert!(deliver(&night.app(), std::slice::from_ref(&end)).await.is_empty());
    minute(&night).await;
    assert!(issues(&night, Service::Jira).is_empty() && links(&night) == 0);
    assert!(night.threads()[0].text.starts_with("✅"));
}

/// The function as Lambda runs it, with its own settings and transport.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_binary_opens_and_closes_a_ticket() {
    let (night, alarm, end) = night(Service::GitHub).await;
    let directory = tempfile::tempdir().unwrap();
    let mut environment = night.sim.environment();
    environment.retain(|(name, _)| !name.starts_with("BEDROCK"));
    environment.extend(night.sim.github_environment());
    environment.push(("NIGHTSHIFT_STORE".into(), format!("file:{}", directory.path().join("store.redb").display())));
    let function = FunctionProcess::start(&binary("alarm-analysis"), environment).await.unwrap();
    let queue = Queue::new("alarms");
    queue.send(&alarm);
    queue.drive(&function).await;
    assert_eq!(night.sim.trackers().github().iter().map(|issue| issue.closed).collect::<Vec<_>>(), [false]);
    queue.send(&end);
    queue.drive(&function).await;
    let issues = night.sim.trackers().github();
    assert_eq!(issues.iter().map(|issue| (issue.closed, issue.comments.len())).collect::<Vec<_>>(), [(true, 1)]);
    function.stop().await;
}
