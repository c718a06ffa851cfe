//! The publisher against a Slack that keeps what it is sent, and fails on demand, before and after the effect.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::*;
use crate::{
    config::Secret,
    diagnosis::CauseId,
    incident::{AlarmId, NewIncident, Observation, Signal, Status},
    model::{Kind, ObjectRef},
    mrkdwn,
    slack::SlackConfig,
    store::{
        Triage,
        memory::{Fault, MemoryStore},
    },
};

/// What goes wrong with a call that posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Refused,
    FailsBefore,
    FailsAfter,
    SilentAfter,
}

#[derive(Default)]
struct Channel {
    /// ts, thread, key, text.
    messages: Vec<(String, Option<String>, String, String)>,
    calls: Vec<Instant>,
    trouble: VecDeque<Trouble>,
}

type Shared = Arc<Mutex<Channel>>;

async fn call(State(channel): State<Shared>, Path(method): Path<String>, body: Bytes) -> Response {
    let trouble = {
        let mut channel = channel.lock().unwrap();
        let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |field: &str| sent[field].as_str().map(str::to_owned);
        match method.as_str() {
            "conversations.history" | "conversations.replies" => {
                let seen = channel.messages.iter();
                let seen =
                    seen.map(|(ts, _, key, _)| json!({ "ts": ts, "metadata": { "event_payload": { "key": key } } }));
                return axum::Json(json!({ "ok": true, "messages": seen.collect::<Vec<_>>() })).into_response();
            }
            "chat.update" => {
                channel.calls.push(Instant::now());
                let (ts, new) = (text("ts").unwrap(), text("text").unwrap());
                channel.messages.iter_mut().find(|message| message.0 == ts).unwrap().3 = new;
                return axum::Json(json!({ "ok": true })).into_response();
            }
            _ => {}
        }
        channel.calls.push(Instant::now());
        let trouble = channel.trouble.pop_front();
        if !matches!(trouble, Some(Trouble::Refused | Trouble::FailsBefore)) {
            let ts = format!("{}.0", channel.messages.len() + 1);
            let key = sent["metadata"]["event_payload"]["key"].as_str().unwrap().to_owned();
            channel.messages.push((ts.clone(), text("thread_ts"), key, text("text").unwrap()));
            if trouble.is_none() {
                return axum::Json(json!({ "ok": true, "channel": "C01", "ts": ts })).into_response();
            }
        }
        trouble
    };
    match trouble {
        Some(Trouble::Refused) => axum::Json(json!({ "ok": false, "error": "not_in_channel" })).into_response(),
        Some(Trouble::SilentAfter) => std::future::pending().await,
        _ => StatusCode::BAD_GATEWAY.into_response(),
    }
}

struct Words;

impl Render for Words {
    fn first(&self, incident: &Incident) -> Message {
        let status = if incident.is_open() { "open" } else { "over" };
        Message::new(&mrkdwn!("{} alarms, {}", incident.members.len(), status))
    }

    fn replies(&self, incident: &Incident) -> Vec<Reply> {
        let names: &[&str] = if incident.is_open() { &["detail"] } else { &["detail", "resolved"] };
        let reply = |name: &&str| Reply {
            name: (*name).into(),
            broadcast: false,
            message: Message::new(&mrkdwn!("{}", *name)),
        };
        names.iter().map(reply).collect()
    }
}

struct World {
    backend: MemoryStore,
    store: Store,
    channel: Shared,
    publisher: Publisher<Words>,
    ahead: Arc<AtomicI64>,
}

async fn world(trouble: impl IntoIterator<Item = Trouble>) -> World {
    let channel = Shared::default();
    channel.lock().unwrap().trouble = trouble.into_iter().collect();
    let router = Router::new().route("/api/{method}", post(call)).with_state(Arc::clone(&channel));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}/api/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let slack = Slack::new(SlackConfig { token: Secret::new("t"), api_url: Some(api_url) }).unwrap();
    let backend = MemoryStore::default();
    let store = Store::new(backend.clone());
    let ahead = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock: Clock = Arc::new(move || Timestamp::now() + seconds.load(Ordering::SeqCst).seconds());
    let publisher = Publisher::new(store.clone(), slack, Words, clock);
    World { backend, store, channel, publisher, ahead }
}

fn seen(alarm: usize, signal: Signal, second: i64) -> Observation {
    let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
    Observation { alarm: AlarmId(format!("a{alarm}")), name: format!("a{alarm}"), signal, at }
}

impl World {
    async fn handle(&self, observation: &Observation) -> Fingerprint {
        let now = self.publisher.now();
        if let Triage::Taken(incident, _) = self.store.triage("prod", observation, now).await.unwrap() {
            return incident.fingerprint;
        }
        let (object, cause) = (ObjectRef::new(Kind::Node, "", "node-1"), CauseId::new("node-not-ready"));
        let new = NewIncident {
            fingerprint: Fingerprint::of_cause("prod", &object, &cause),
            cluster: "prod".into(),
            object: Some(object),
            cause: Some(cause),
            headline: "node-1 is not ready".into(),
            channel: "C01".into(),
            report: json!({}),
            decision: None,
        };
        self.store.open_or_join(new, observation, now).await.unwrap().0.fingerprint
    }

    /// Threads and texts of what stands in the channel.
    fn stands(&self) -> Vec<(Option<String>, String)> {
        let channel = self.channel.lock().unwrap();
        channel.messages.iter().map(|(_, thread, _, text)| (thread.clone(), text.clone())).collect()
    }
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(8))
}

fn first(text: &str) -> (Option<String>, String) {
    (None, text.to_owned())
}

fn reply(text: &str) -> (Option<String>, String) {
    (Some("1.0".to_owned()), text.to_owned())
}

#[tokio::test]
async fn an_incident_is_one_message_that_follows_it_and_one_reply_of_each_kind() {
    let world = world([]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    assert_eq!(world.publisher.show(&fingerprint, soon()).await.unwrap(), Shown::UpToDate);
    assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")]);
    world.handle(&seen(1, Signal::Ok, 10)).await;
    world.publisher.show_rest(Some("C01"), soon()).await.unwrap();
    assert_eq!(world.publisher.show(&fingerprint, soon()).await.unwrap(), Shown::UpToDate);
    assert_eq!(world.stands(), [first("1 alarms, over"), reply("detail"), reply("resolved")]);
    assert!(world.store.unshown(None, 9, world.publisher.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_incident_that_was_replaced_before_its_end_was_shown_is_brought_to_its_end() {
    let world = world([]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    world.publisher.show(&fingerprint, soon()).await.unwrap();
    world.handle(&seen(1, Signal::Ok, 10)).await;
    world.handle(&seen(1, Signal::Alarm, 20)).await;
    world.publisher.sweep(&["prod"], Deadline::within(Duration::from_secs(15))).await.unwrap();
    let second = |text: &str| (Some("4.0".to_owned()), text.to_owned());
    assert_eq!(
        world.stands(),
        [first("1 alarms, over"), reply("detail"), reply("resolved"), first("1 alarms, open"), second("detail")]
    );
    assert!(world.store.unshown(None, 9, world.publisher.now()).await.unwrap().is_empty());
    assert!(world.store.replaced(&fingerprint, world.publisher.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_storm_is_one_thread_and_at_most_one_call_a_second() {
    let world = world([]).await;
    let began = Instant::now();
    let alarms: Vec<_> = (0..100).map(|n| seen(n, Signal::Alarm, 0)).collect();
    let invocations = alarms.chunks(10).map(|batch| {
        let world = &world;
        async move {
            for alarm in batch {
                world.handle(alarm).await;
            }
            let fingerprint = world.handle(&batch[0]).await;
            world.publisher.show(&fingerprint, soon()).await.unwrap();
            world.publisher.show_rest(Some("C01"), soon()).await.unwrap();
        }
    });
    futures::future::join_all(invocations).await;
    let took = began.elapsed();
    assert_eq!(world.stands(), [first("100 alarms, open"), reply("detail")], "the last state is shown");
    let calls = world.channel.lock().unwrap().calls.clone();
    let gaps: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(900)), "{gaps:?}");
    assert!(calls.len() as u64 <= took.as_secs() + 2, "{} calls in {took:?}", calls.len());
}

#[tokio::test]
async fn a_post_that_failed_after_its_effect_is_found_and_not_repeated() {
    let world = world([Trouble::FailsAfter, Trouble::FailsAfter]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    assert_eq!(world.publisher.show(&fingerprint, soon()).await.unwrap(), Shown::UpToDate);
    assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")]);
}

#[tokio::test]
async fn a_post_that_failed_without_effect_is_made_by_whoever_comes_next() {
    let world = world([Trouble::FailsBefore]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    assert!(world.publisher.show(&fingerprint, soon()).await.unwrap_err().is_retryable());
    assert!(world.stands().is_empty());
    world.publisher.sweep(&["prod"], soon()).await.unwrap();
    assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")]);
}

#[tokio::test]
async fn a_post_that_timed_out_after_its_effect_is_found_by_whoever_comes_next() {
    let world = world([Trouble::SilentAfter]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    let short = Deadline::within(ROOM + Duration::from_millis(200));
    assert!(world.publisher.show(&fingerprint, short).await.unwrap_err().is_retryable());
    world.publisher.sweep(&["prod"], soon()).await.unwrap();
    assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")]);
}

#[tokio::test]
async fn what_slack_refused_is_shown_once_somebody_has_mended_it() {
    let world = world([Trouble::Refused]).await;
    let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
    let error = world.publisher.show(&fingerprint, soon()).await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("/invite"), "{error}");
    world.publisher.sweep(&["prod"], soon()).await.unwrap();
    assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")]);
}

/// Interrupts the publisher at every write to the store, before it and after it, and comes back when the claims of the
/// interrupted one have run out.
#[tokio::test]
async fn interrupted_at_any_write_nothing_is_lost_and_nothing_posted_twice() {
    let undisturbed = {
        let world = world([]).await;
        let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
        let before = world.backend.writes();
        world.publisher.show(&fingerprint, soon()).await.unwrap();
        world.backend.writes() - before
    };
    assert!(undisturbed >= 10, "{undisturbed} writes");
    let runs =
        (0..undisturbed).flat_map(|nth| [(nth, Fault::Before), (nth, Fault::After)]).map(|(nth, fault)| async move {
            let world = world([]).await;
            let fingerprint = world.handle(&seen(1, Signal::Alarm, 0)).await;
            world.backend.fail_at(nth, fault);
            let interrupted = world.publisher.show(&fingerprint, soon()).await;
            world.backend.heal();
            world.ahead.store(60, Ordering::SeqCst);
            world.publisher.sweep(&["prod"], soon()).await.unwrap();
            let incident = world.store.incident(&fingerprint, world.publisher.now()).await.unwrap().unwrap();
            assert_eq!(incident.status, Status::Open);
            assert!(!incident.is_dirty());
            assert_eq!(world.stands(), [first("1 alarms, open"), reply("detail")], "write {nth}, {fault:?}");
            interrupted.is_err()
        });
    let interrupted = futures::future::join_all(runs).await;
    assert!(interrupted.iter().filter(|interrupted| **interrupted).count() >= 2 * undisturbed - 1);
}
