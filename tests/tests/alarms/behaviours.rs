//! How the function bears what queues, alarms, Slack and agents do.

use std::time::Duration;

use serde_json::{Value, json};
use shared::deadline::Deadline;
use sim::Options;
use sim::aws::{AGENT_ALIAS_ID, HOSTILE_AGENT_ID, MECHANICAL_AGENT_ID};
use sim::fault::{Fault, Rule, Service};
use sim::kube::{Denied, router_denying};
use sim::slack::PostedKind;
use sim::world::Scenario;
use tests::night::{INVOCATION, Night, another, causes, deliver, drive, firing, key, later, shown, sweep};

const NOTHING: Vec<Value> = Vec::new();

/// A night with a bad rollout, and the event of its first alarm.
async fn bad_rollout() -> (Night, Value) {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let alarm = firing(&night.wait_for_alarm());
    (night, alarm)
}

#[tokio::test]
async fn an_event_that_arrives_three_times_is_posted_once_and_its_end_closes_the_thread() {
    let (night, alarm) = bad_rollout().await;
    let app = night.app();
    for _ in 0..3 {
        assert_eq!(deliver(&app, std::slice::from_ref(&alarm)).await, NOTHING);
    }
    assert_eq!(night.threads().len(), 1);
    night.clock.advance(Duration::from_secs(600));
    let ok = later(&alarm, "OK", 600);
    for _ in 0..2 {
        assert_eq!(deliver(&app, std::slice::from_ref(&ok)).await, NOTHING);
    }
    let messages = night.messages();
    let resolved: Vec<_> = messages.iter().filter(|message| key(message).ends_with("/resolved")).collect();
    assert_eq!(resolved.len(), 1);
    assert_eq!(resolved[0].thread_ts.as_ref(), Some(&messages[0].ts));
    assert!(night.threads()[0].text.starts_with("✅"), "{}", night.threads()[0].text);
    assert_eq!(night.threads()[0].attachments[0]["color"], "#2EB67D");
}

#[tokio::test]
async fn an_end_that_arrives_before_its_beginning_leaves_no_open_incident() {
    let (night, alarm) = bad_rollout().await;
    let app = night.app();
    night.clock.advance(Duration::from_secs(120));
    assert_eq!(deliver(&app, &[later(&alarm, "OK", 60), alarm.clone()]).await, NOTHING);
    let threads = night.threads();
    assert_eq!(threads.len(), 1, "the firing is told");
    assert!(threads[0].text.starts_with("✅"), "and that it is over: {}", threads[0].text);
    // A later firing is news.
    assert_eq!(deliver(&app, &[later(&alarm, "ALARM", 100)]).await, NOTHING);
    assert_eq!(night.threads().len(), 2);
}

#[tokio::test]
async fn missing_data_is_noted_in_the_thread_and_ends_nothing() {
    let (night, alarm) = bad_rollout().await;
    let app = night.app();
    assert_eq!(deliver(&app, std::slice::from_ref(&alarm)).await, NOTHING);
    night.clock.advance(Duration::from_secs(120));
    assert_eq!(deliver(&app, &[later(&alarm, "INSUFFICIENT_DATA", 120)]).await, NOTHING);
    let messages = night.messages();
    assert!(messages.iter().any(|message| message.is_reply() && message.text.contains("too little data")));
    assert!(!night.threads()[0].text.starts_with("✅"));
    // With no incident there is nothing to note.
    let quiet = another(&later(&alarm, "INSUFFICIENT_DATA", 130), "another");
    assert_eq!(deliver(&app, &[quiet]).await, NOTHING);
    assert_eq!(night.messages().len(), messages.len());
}

#[tokio::test]
async fn a_thousand_alarms_make_one_thread_and_at_most_an_update_a_second() {
    let night = Night::new(Options::stopped(Scenario::AlarmStorm)).await;
    let alarm = firing(&night.wait_for_alarm());
    let app = night.app();
    let storm: Vec<Value> = (0..1000).map(|number| another(&alarm, &format!("storm-{number}"))).collect();
    assert_eq!(drive(&app, &storm, 100).await, NOTHING);
    night.clock.advance(Duration::from_secs(60));
    assert!(app.handle(sweep(), Deadline::within(INVOCATION)).await.is_ok());
    let threads = night.threads();
    assert_eq!(threads.len(), 1);
    assert!(shown(&threads[0]).contains("999 more alarms"), "{}", shown(&threads[0]));
    let named = causes(&threads[0]);
    println!("{}\n{named:?}", threads[0].text);
    assert!(Scenario::AlarmStorm.expected_causes().contains(&named[0].as_str()), "{named:?}");
    let told = &night.sim.slack().posted()[0].message.text;
    assert_eq!(told, &threads[0].text, "the first alarm's diagnosis stands");
    let posted = night.sim.slack().posted();
    let calls: Vec<_> = posted.iter().map(|posted| posted.time.as_millisecond()).collect();
    let updates = night.count(PostedKind::Update);
    println!("{} posts, {updates} updates for 1,000 alarms", night.count(PostedKind::Post));
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] >= 900), "{calls:?}");
    assert!(updates <= 12, "{updates}");
}

#[tokio::test]
async fn an_outage_of_slack_loses_nothing_and_repeats_nothing() {
    let (night, alarm) = bad_rollout().await;
    night.sim.faults().inject(Rule::always(Service::Slack, Fault::ServerError));
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, std::slice::from_ref(&alarm));
    night.sim.faults().clear();
    night.clock.advance(Duration::from_secs(360));
    assert_eq!(deliver(&night.app(), &[alarm]).await, NOTHING);
    assert_eq!(night.threads().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let (night, alarm) = bad_rollout().await;
    night.sim.faults().inject(Rule::once(Service::Slack, "chat.postMessage", Fault::Throttle));
    assert_eq!(deliver(&night.app(), &[alarm]).await, NOTHING);
    assert_eq!(night.threads().len(), 1);
}

#[tokio::test]
async fn a_cluster_out_of_reach_is_said_beside_what_the_alarm_says() {
    let (mut night, alarm) = bad_rollout().await;
    night.more.push(("NIGHTSHIFT_KUBE_ENDPOINT", "http://127.0.0.1:9"));
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, NOTHING);
    let threads = night.threads();
    assert_eq!(threads.len(), 1);
    let name = alarm["detail"]["alarmName"].as_str().unwrap();
    assert!(threads[0].text.contains("could not be read") && threads[0].text.contains(name), "{}", threads[0].text);
    assert!(shown(&threads[0]).contains("cannot be reached"), "{}", shown(&threads[0]));
}

/// Whoever opened the thread without a cause has it told there: first, once, in the same thread.
fn assert_upgraded(night: &Night) {
    let (threads, messages) = (night.threads(), night.messages());
    assert_eq!(threads.len(), 1, "{threads:?}");
    let named = causes(&threads[0]);
    assert!(Scenario::BadRollout.expected_causes().contains(&named[0].as_str()), "{named:?}");
    assert!(threads[0].text.contains("payments/api"), "{}", threads[0].text);
    assert_eq!(messages.iter().filter(|message| key(message).ends_with("/details")).count(), 1);
}

#[tokio::test]
async fn a_cause_that_a_later_alarm_brings_is_told_in_the_thread_that_stands_without_one() {
    let (mut night, alarm) = bad_rollout().await;
    night.more.push(("NIGHTSHIFT_KUBE_ENDPOINT", "http://127.0.0.1:9"));
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, NOTHING);
    assert_eq!(causes(&night.threads()[0]), Vec::<String>::new());
    night.more.pop();
    night.clock.advance(Duration::from_secs(120));
    let second = another(&alarm, "second");
    for _ in 0..2 {
        assert_eq!(deliver(&night.app(), std::slice::from_ref(&second)).await, NOTHING);
    }
    assert_upgraded(&night);
    // Others of that cause join, and the end of all of them ends it.
    night.clock.advance(Duration::from_secs(120));
    let third = another(&alarm, "third");
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&third)).await, NOTHING);
    assert!(shown(&night.threads()[0]).contains("2 more alarms"), "{}", shown(&night.threads()[0]));
    night.clock.advance(Duration::from_secs(120));
    let ends = [later(&alarm, "OK", 400), later(&second, "OK", 400), later(&third, "OK", 400)];
    assert_eq!(deliver(&night.app(), &ends).await, NOTHING);
    assert_upgraded(&night);
    assert!(night.threads()[0].text.starts_with("✅"), "{}", night.threads()[0].text);
}

#[tokio::test]
async fn an_alarm_without_a_cause_that_fires_again_is_looked_at_again() {
    let (mut night, alarm) = bad_rollout().await;
    night.more.push(("NIGHTSHIFT_KUBE_ENDPOINT", "http://127.0.0.1:9"));
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, NOTHING);
    night.clock.advance(Duration::from_secs(120));
    assert_eq!(deliver(&night.app(), &[later(&alarm, "INSUFFICIENT_DATA", 100)]).await, NOTHING);
    night.more.pop();
    assert_eq!(deliver(&night.app(), &[later(&alarm, "ALARM", 110)]).await, NOTHING);
    assert_upgraded(&night);
}

#[tokio::test]
async fn an_alarm_of_errors_as_it_fires_is_not_called_healthy() {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let is_errors = |event: &Value| {
        let name = event["detail"]["alarmName"].as_str().unwrap_or_default();
        event["detail"]["state"]["value"] == "ALARM" && name.contains("5xx")
    };
    let before = night.sim.world().now();
    let fires = |world: &sim::world::World| world.alarm_history().iter().any(is_errors);
    assert!(night.sim.world().advance_until(jiff::SignedDuration::from_mins(30), fires));
    night.clock.advance(Duration::try_from(night.sim.world().now().duration_since(before)).unwrap());
    let alarm = night.sim.world().take_alarm_events().into_iter().find(is_errors).unwrap();
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, NOTHING);
    println!("{}", shown(&night.threads()[0]));
    assert!(!night.threads()[0].text.contains("nothing wrong"), "{}", night.threads()[0].text);
    night.sim.world().advance(jiff::SignedDuration::from_mins(2));
    night.clock.advance(Duration::from_secs(120));
    assert_eq!(deliver(&night.app(), &[another(&alarm, "second")]).await, NOTHING);
    assert_upgraded(&night);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let (night, alarm) = bad_rollout().await;
    let denied = Denied { verb: "list".to_owned(), resource: "replicasets".to_owned(), ..Denied::default() };
    let router = router_denying(std::sync::Arc::clone(night.sim.world()), vec![denied]);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut environment = night.sim.environment();
    environment.retain(|(name, _)| !name.starts_with("BEDROCK"));
    let clients =
        alarm_analysis::Clients::new(tests::night::settings(&environment, &[("NIGHTSHIFT_KUBE_ENDPOINT", &endpoint)]))
            .with_store(shared::store::Store::new(night.store.clone()))
            .with_aws(tests::night::aws(&environment));
    let clock = night.clock.clone();
    let app = alarm_analysis::App::with(clients, std::sync::Arc::new(move || clock.now()));
    assert_eq!(deliver(&app, &[alarm]).await, NOTHING);
    server.abort();
    let first = shown(&night.threads()[0]);
    assert!(first.contains("Missing permission: list replicasets in all namespaces"), "{first}");
}

#[tokio::test]
async fn a_malformed_record_goes_back_and_its_batch_mates_are_posted() {
    let (night, alarm) = bad_rollout().await;
    let mut oversized = another(&alarm, "large");
    oversized["detail"]["state"]["reason"] = json!("x".repeat(256 * 1024));
    let cut = json!(alarm.to_string()[..700].to_owned());
    let unknown =
        json!({"id": "1", "source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}});
    let bad = [json!("not json"), cut, unknown, oversized];
    let batch = [bad[0].clone(), bad[1].clone(), alarm, bad[2].clone(), bad[3].clone()];
    assert_eq!(deliver(&night.app(), &batch).await, bad);
    assert_eq!(night.threads().len(), 1);
}

#[tokio::test]
async fn korean_is_a_setting() {
    let (mut night, alarm) = bad_rollout().await;
    night.more.extend([("NIGHTSHIFT_LANG", "ko"), ("NIGHTSHIFT_TZ", "Asia/Seoul")]);
    assert_eq!(deliver(&night.app(), std::slice::from_ref(&alarm)).await, NOTHING);
    let first = night.threads().remove(0);
    println!("{}", shown(&first));
    assert!(first.text.starts_with("🔴 *[INFRA] payments/api"), "{}", first.text);
    for part in ["📌 요약", "🔍 원인", "🔧 조치", "KST"] {
        assert!(shown(&first).contains(part), "{part}: {}", shown(&first));
    }
    night.clock.advance(Duration::from_secs(600));
    assert_eq!(deliver(&night.app(), &[later(&alarm, "OK", 600)]).await, NOTHING);
    assert!(night.threads()[0].text.starts_with("✅ *[해결됨]"), "{}", night.threads()[0].text);
    assert!(night.threads()[0].text.contains("이슈가 정상화되었습니다."));
}

#[tokio::test]
async fn a_good_agent_adds_to_the_thread() {
    let (mut night, alarm) = bad_rollout().await;
    night.more =
        vec![("BEDROCK_ANALYSIS_AGENT_ID", MECHANICAL_AGENT_ID), ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", AGENT_ALIAS_ID)];
    assert_eq!(deliver(&night.app(), &[alarm]).await, NOTHING);
    let messages = night.messages();
    let added: Vec<_> = messages.iter().filter(|message| key(message).ends_with("/further")).collect();
    assert_eq!(added.len(), 1);
    println!("{}", shown(added[0]));
}

#[tokio::test]
async fn a_hostile_agent_reaches_nothing() {
    let (mut night, alarm) = bad_rollout().await;
    night.more =
        vec![("BEDROCK_ANALYSIS_AGENT_ID", HOSTILE_AGENT_ID), ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", AGENT_ALIAS_ID)];
    assert_eq!(deliver(&night.app(), &[alarm]).await, NOTHING);
    assert!(Scenario::BadRollout.expected_causes().contains(&causes(&night.threads()[0])[0].as_str()));
    for message in night.messages() {
        let text = shown(&message);
        for word in [
            "10-9-9-9",
            "exploded",
            "kubectl delete",
            "delete-cluster",
            "delete pods",
            "delete namespace",
            "<!channel>",
        ] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

#[tokio::test]
async fn a_silent_or_throttled_agent_costs_detail_only() {
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Cut, Fault::Malformed] {
        let (mut night, alarm) = bad_rollout().await;
        night.more = vec![
            ("BEDROCK_ANALYSIS_AGENT_ID", MECHANICAL_AGENT_ID),
            ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", AGENT_ALIAS_ID),
        ];
        night.sim.faults().inject(Rule::always(Service::Bedrock, fault));
        assert_eq!(deliver(&night.app(), &[alarm]).await, NOTHING, "{fault:?}");
        assert_eq!(night.threads().len(), 1, "{fault:?}");
        assert!(night.messages().iter().all(|message| !key(message).ends_with("/further")), "{fault:?}");
    }
}
