//! Every call of `gray-failure`, times everything that can go wrong with it: in the end one thread stands, nothing in it stands
//! twice, and one shift is proposed.
//!
//! The zone has limped for a quarter of an hour when the function starts, so that one invocation makes all of its calls:
//! metrics, zones, the cluster, Slack.
//!
//! Calls to the store are enumerated minute by minute from the first sign on: the process ends before and after each of them, in
//! every minute whose calls are not those of the minute before.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::deadline::Deadline;
use sim::fault::{Fault, Faults, Rule, Service};
use tests::limp::Limp;
use tests::memory::{Memory, StoreFault};
use tests::night::{INVOCATION, key};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Minutes from the first sign on, within which the zone is told of, to be left, and proposed to be.
const MINUTES: usize = 9;
/// Lives at the same time.
const AT_ONCE: usize = 8;

/// The calls. A chart is begun at most once, and may be missing.
const CALLS: [(Service, &str); 7] = [
    (Service::CloudWatch, "GetMetricData"),
    (Service::Ec2, "DescribeAvailabilityZones"),
    (Service::Eks, "DescribeCluster"),
    (Service::Slack, "chat.postMessage"),
    (Service::Slack, "chat.update"),
    (Service::Slack, "files.getUploadURLExternal"),
    (Service::Slack, "files.completeUploadExternal"),
];

const FAULTS: [Fault; 7] = [
    Fault::Throttle,
    Fault::ServerError,
    Fault::Timeout,
    Fault::Cut,
    Fault::Malformed,
    Fault::TimeoutAfterEffect,
    Fault::CutAfterEffect,
];

async fn lived(night: &Limp, service: Service, operation: &'static str, fault: Fault) -> Result<(), String> {
    let faults = Faults::default();
    faults.inject(Rule { times: Some(2), ..Rule::once(service, operation, fault) });
    let night = night.beside(faults, "ask").await;
    for _ in 0..4 {
        night.sweep().await;
        night.night().clock.advance(std::time::Duration::from_secs(60));
    }
    let fail = |what: String| Err(format!("{operation}, {fault:?}: {what}"));
    if !night.night().sim.faults().journal().iter().any(|call| call.fault.is_some()) {
        return fail("the fault did not strike".to_owned());
    }
    let Some(first) = night.first() else { return fail("nobody was told".to_owned()) };
    if !night.told().contains("press Approve") {
        return fail(format!("the message is not up to date: {}", first.text));
    }
    let keys: Vec<String> = night.night().messages().iter().map(key).filter(|key| !key.is_empty()).collect();
    let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
    if keys.len() != distinct.len() {
        return fail(format!("told twice: {keys:?}"));
    }
    let files = night.night().messages().iter().map(|message| message.files.len()).sum::<usize>();
    if files > 1 {
        return fail(format!("{files} charts"));
    }
    let open = night.remedy.store().open_cases(10, night.night().clock.now()).await.unwrap();
    if open.len() != 1 {
        return fail(format!("{} proposals", open.len()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_call_goes_wrong_one_thread_stands_and_one_shift_is_proposed() {
    let night = Arc::new(Limp::new("ask").await);
    night.night().sim.world().advance(SignedDuration::from_mins(15));
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let (mut lives, mut failed) = (JoinSet::new(), Vec::new());
    for (service, operation) in CALLS {
        for fault in FAULTS {
            let night = Arc::clone(&night);
            let permits = Arc::clone(&permits);
            lives.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                lived(&night, service, operation, fault).await
            });
        }
    }
    let mut count = 0;
    while let Some(outcome) = lives.join_next().await {
        failed.extend(outcome.unwrap().err());
        count += 1;
    }
    println!("{count} pairs of call and fault");
    assert_eq!(failed, Vec::<String>::new());
    assert_eq!(count, CALLS.len() * FAULTS.len());
}

/// A minute that is to come: the store and the time before it, and what it calls the store for.
struct Coming {
    store: Memory,
    at: Timestamp,
    calls: Vec<String>,
}

/// So many minutes of a night from this store and time on; in one of them the process ends at one of its calls to the store.
/// Returns each minute, and whether there was a crash.
async fn minutes(
    night: &Limp,
    (store, at): (&Memory, Timestamp),
    count: usize,
    crash: Option<(usize, usize, StoreFault)>,
) -> (Limp, Vec<Coming>, bool) {
    let night = night.beside_from(Faults::default(), "ask", (store.copied(), at)).await;
    let (mut all, mut has_struck) = (Vec::new(), false);
    for minute in 0..count {
        let store = &night.night().store;
        let (kept, at) = (store.copied(), night.night().clock.now());
        night.night().clock.advance(std::time::Duration::from_secs(60));
        let before = store.journal().len();
        match crash {
            Some((at, call, fault)) if at == minute => {
                let app = night.app();
                store.strike(call, fault);
                tokio::select! {
                    _ = Box::pin(app.handle(json!({ "source": "aws.scheduler" }), Deadline::within(INVOCATION))) => {}
                    () = store.crash.notified() => {}
                }
                has_struck = store.has_struck();
                // One that came too late to strike would end a later minute, with nobody there to notice.
                store.spare();
            }
            _ => drop(night.sweep().await),
        }
        all.push(Coming { store: kept, at, calls: store.journal().split_off(before) });
    }
    (night, all, has_struck)
}

/// What stands in the end: the first message, the keys of all of them, the charts, the proposals.
async fn stands(night: &Limp) -> Result<(), String> {
    let Some(first) = night.first() else { return Err("nobody was told".to_owned()) };
    if !first.text.contains("🔴") || !night.told().contains("press Approve") {
        return Err(format!("the message is not up to date: {}", first.text));
    }
    let keys: Vec<String> = night.night().messages().iter().map(key).filter(|key| !key.is_empty()).collect();
    let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
    if keys.len() != distinct.len() {
        return Err(format!("told twice: {keys:?}"));
    }
    match night.remedy.store().open_cases(10, night.night().clock.now()).await.unwrap().len() {
        1 => Ok(()),
        count => Err(format!("{count} proposals")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_call_says_and_proposes_the_same_once() {
    let night = Limp::new("ask").await;
    night.sweep().await;
    let (store, at) = (night.night().store.copied(), night.night().clock.now());
    night.night().sim.world().advance(SignedDuration::from_mins(MINUTES as i64 + 3));
    let (undisturbed, mut coming, _) = minutes(&night, (&store, at), MINUTES, None).await;
    stands(&undisturbed).await.unwrap();

    // Minutes in which nothing is told yet are all alike: what is enumerated begins with the last of them.
    let first = coming.iter().position(|minute| minute.calls != coming[0].calls).unwrap() - 1;
    let coming = coming.split_off(first);
    let minutes_left = coming.len();
    let begin = Arc::new((coming[0].store.copied(), coming[0].at));
    let (night, permits) = (Arc::new(night), Arc::new(Semaphore::new(AT_ONCE)));
    let mut lives = JoinSet::new();
    for (minute, made) in coming.iter().enumerate() {
        if minute > 0 && coming[minute - 1].calls == made.calls {
            continue;
        }
        println!("minute {}: {} calls", first + minute, made.calls.len());
        for (call, name) in made.calls.iter().enumerate() {
            for fault in [StoreFault::CrashBefore, StoreFault::CrashAfter] {
                let (night, permits, begin) = (Arc::clone(&night), Arc::clone(&permits), Arc::clone(&begin));
                let name = name.clone();
                lives.spawn(async move {
                    let _permit = permits.acquire().await.unwrap();
                    let crash = Some((minute, call, fault));
                    let (night, _, has_struck) = minutes(&night, (&begin.0, begin.1), minutes_left, crash).await;
                    let outcome = if has_struck { stands(&night).await } else { Err("no crash".to_owned()) };
                    outcome.map_err(|why| format!("minute {minute}, {name} ({call}), {fault:?}: {why}"))
                });
            }
        }
    }
    let (mut enumerated, mut failed) = (0, Vec::new());
    while let Some(outcome) = lives.join_next().await {
        failed.extend(outcome.unwrap().err());
        enumerated += 1;
    }
    println!("{enumerated} ends of a process");
    assert_eq!(failed, Vec::<String>::new());
    assert!(enumerated > 100, "{enumerated} ends of a process");
}
