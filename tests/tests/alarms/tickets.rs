//! Every incident gets one ticket, in Jira or GitHub: opened once, linked in the thread, closed with the incident.

use std::sync::Arc;
use std::time::Duration;

use alarm_analysis::{App, Clients};
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::incident::{IncidentId, NewIncident};
use shared::store::Store;
use sim::Options;
use sim::fault::Service;
use sim::lambda::{FunctionProcess, Queue};
use sim::trackers::Issue;
use sim::world::Scenario;
use tests::binary::binary;
use tests::night::{INVOCATION, Night, another, aws, deliver, firing, incident, later, settings, shown, sweep, vote};

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

/// Takes something into the incident's report, as whoever has looked further does.
async fn learn(night: &Night, change: impl FnOnce(&mut Value)) {
    let store = Store::new(night.store.clone());
    let now = night.clock.now();
    let incident = store.open_incidents("prod-eks", now).await.unwrap().remove(0);
    let mut report = incident.report.clone();
    change(&mut report);
    store.learn_cause(&incident, NewIncident::with_report(&incident, report), now).await.unwrap();
}

fn said(issue: &Issue, what: &str) -> usize {
    issue.comments.iter().filter(|comment| comment.body.to_string().contains(what)).count()
}

#[tokio::test]
async fn what_is_learnt_later_is_said_on_the_ticket_once() {
    for service in [Service::Jira, Service::GitHub] {
        let (night, alarm, end) = night(service).await;
        // The first symptom fires before the cluster shows why: its ticket is called by the alarm.
        let early = later(&another(&alarm, "front-latency"), "ALARM", -120);
        let blind = Night { more: night.more.clone(), ..Night::new(Options::stopped(Scenario::Healthy)).await };
        let mut more = night.more.clone();
        more.push(("NIGHTSHIFT_KUBE_ENDPOINT", String::leak(blind.sim.kube_endpoint())));
        let environment = night.sim.environment();
        let clients = Clients::new(settings(&environment, &more))
            .with_store(Store::new(night.store.clone()))
            .with_aws(aws(&environment));
        let clock = night.clock.clone();
        let unseeing = App::with(clients, Arc::new(move || clock.now()));
        assert!(deliver(&unseeing, std::slice::from_ref(&early)).await.is_empty());
        let first = issues(&night, service);
        assert_eq!(first.len(), 1);
        assert!(first[0].title.contains("front-latency") && !first[0].title.contains("payments/api"), "{first:?}");
        // Then it does: the same ticket is told, and is called by its cause from now on.
        for _ in 0..2 {
            assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
            minute(&night).await;
        }
        let told = issues(&night, service);
        assert_eq!((told.len(), told[0].comments.len(), said(&told[0], "DEPLOY_ENV")), (1, 1, 1), "{told:?}");
        assert!(told[0].title.contains("payments/api"), "{:?}", told[0].title);
        // What the agent finds, what the knowledge base recalls, and what people think of it: each once.
        learn(&night, |report| report["further"] = json!(["the rollout took a variable away [e1]"])).await;
        let earlier = json!({"began": "2026-11-01T00:00:00Z", "object": null, "cause": null, "summary": "ledger lost a variable"});
        learn(&night, |report| report["recalled"] = json!([earlier])).await;
        let id = IncidentId(incident(&night));
        for (verdict, user, second) in [
            ("wrong", "U0ONE", 1),
            ("wrong", "U0TWO", 2),
            ("right", "U0ONE", 3),
            ("right", "U0TWO", 4),
            ("wrong", "U0TWO", 5),
        ] {
            assert!(deliver(&night.app(), &[vote(verdict, &id.0, user, second)]).await.is_empty());
        }
        for name in ["other-latency", "third-latency"] {
            assert!(deliver(&night.app(), &[another(&alarm, name)]).await.is_empty());
            minute(&night).await;
        }
        let told = issues(&night, service).remove(0);
        for (what, times) in [
            ("took a variable away", 1),
            ("ledger lost a variable", 1),
            ("People say that this is not the cause", 1),
            ("People say that this is the cause after all", 1),
            ("DEPLOY_ENV", 1),
        ] {
            assert_eq!(said(&told, what), times, "{what}: {:?}", told.comments);
        }
        night.clock.advance(Duration::from_secs(600));
        let ends = [early, end, another(&alarm, "other-latency"), another(&alarm, "third-latency")];
        let ends = ends.map(|event| later(&event, "OK", 900));
        assert!(deliver(&night.app(), &ends).await.is_empty());
        let closed = issues(&night, service);
        assert_eq!((closed.len(), closed[0].closed, closed[0].comments.len()), (1, true, 6), "{closed:?}");
        assert_eq!(links(&night), 1);
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
