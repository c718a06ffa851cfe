//! Every call of `gray-failure`, times everything that can go wrong with it: in the end one thread stands, nothing in it stands
//! twice, and one shift is proposed.
//!
//! The zone has limped for a quarter of an hour when the function starts, so that one invocation makes all of its calls:
//! metrics, zones, the cluster, Slack. (Those of the store are in `gray_failure`, where the process ends at each of them.)

#![allow(clippy::unwrap_used, reason = "helpers of a test: where they fail, the test has failed")]

use std::sync::Arc;

use jiff::SignedDuration;
use sim::fault::{Fault, Faults, Rule, Service};
use tests::limp::Limp;
use tests::night::key;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

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
