//! A zone that limps, through the function in this process: found, told, proposed, left, returned to.

#![allow(clippy::unwrap_used, reason = "helpers of a test: where they fail, the test has failed")]

use jiff::SignedDuration;
use serde_json::json;
use shared::deadline::Deadline;
use sim::slack::PostedKind;
use sim::world::Scenario;
use tests::limp::Limp;
use tests::memory::StoreFault;
use tests::night::INVOCATION;
use tests::remedy::click;

#[tokio::test]
async fn in_mode_observe_it_is_said_once_and_nothing_is_done() {
    let night = Limp::new("observe").await;
    assert_eq!(night.sweep().await, json!({ "clusters": 1 }));
    assert_eq!(night.first().map(|message| message.text), None);
    let minutes = night.pass_until(12, "apne2-az1 (ap-northeast-2a)").await;
    assert!(minutes <= 9, "{minutes} minutes until the first word");
    night.pass_until(12, "🔴").await;
    let told = night.told();
    assert!(told.contains("mode observe") && told.contains("would be proposed now"), "{told}");
    // Until it is well again the message is edited, and nothing else is posted.
    night.pass_until(120, "All clear").await;
    let posts: Vec<_> = night.night().messages().into_iter().filter(|message| message.files.is_empty()).collect();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert!(night.night().sim.account().zonal_shifts.all().is_empty());
    let open = night.remedy.store().open_cases(10, night.night().clock.now()).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn where_all_is_well_nothing_is_said() {
    let night = Limp::of(Scenario::Healthy, "ask").await;
    night.sweep().await;
    night.pass(30).await;
    assert_eq!(night.night().count(PostedKind::Post), 0, "{:?}", night.night().messages());
    // What was judged is not read again: one call a minute, one day a call; and the disks of nodes every half hour.
    let calls = night.night().sim.faults().journal();
    let reads = calls.iter().filter(|call| call.operation == "GetMetricData").count();
    assert!(reads <= 34, "{reads} readings in 31 minutes");
    assert_eq!(calls.iter().filter(|call| call.operation == "DescribeAvailabilityZones").count(), 1);
}

#[tokio::test]
async fn in_mode_ask_it_is_proposed_pressed_begun_kept_up_and_taken_back_when_the_zone_is_well() {
    let night = Limp::new("ask").await;
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    night.pass(1).await;
    let shifts = || night.night().sim.account().zonal_shifts.active(night.night().sim.world().now());
    assert!(shifts().is_empty(), "nothing is done before somebody agrees");
    let told = night.told();
    assert!(told.contains("proposed; press Approve in this thread"), "{told}");

    // The proposal stands in the zone's thread, and whoever may presses.
    let asked = night.remedy.case_of("zonal-shift").await;
    let message = night.remedy.message(&asked);
    assert_eq!(message["thread_ts"], json!(night.first().unwrap().ts), "{message}");
    for user in ["U0LEAD0001", "U0LEAD0002"] {
        night.remedy.click(&click("remediation.approve", &asked, user)).await;
    }
    night.pass(1).await;
    let begun = shifts();
    assert_eq!(begun.len(), 2, "the cluster and its load balancer: {begun:?}");
    assert!(begun.iter().all(|shift| shift.away_from == "apne2-az1"), "{begun:?}");
    assert!(night.told().contains("traffic is shifted away from apne2-az1 since"), "{}", night.told());

    // Nothing is heard of a zone that gets nothing: it is extended, then returns on trial, and is well by then.
    night.pass_until(120, "On trial").await;
    assert!(night.told().contains("extended"), "{}", night.told());
    night.pass(2).await;
    assert_eq!(shifts(), []);
    assert!(night.told().contains("traffic returns to apne2-az1"), "{}", night.told());
    let all = night.night().sim.account().zonal_shifts.all();
    assert_eq!(all.len(), 2, "begun once, extended, never begun again: {all:?}");
    night.remedy.audit_holds().await;
    // The chart: at the first sign, when it was to be left, in the end.
    let files: Vec<_> = night.night().messages().into_iter().flat_map(|message| message.files).collect();
    assert!((2..=3).contains(&files.len()), "{:?}", files.iter().map(|file| &file.title).collect::<Vec<_>>());
    assert!(files.iter().all(|file| file.content.starts_with(b"\x89PNG")));
}

#[tokio::test]
#[ignore = "takes minutes: make faults"]
async fn a_process_killed_at_any_call_says_and_proposes_the_same_once() {
    let night = Limp::new("ask").await;
    night.sweep().await;
    let mut enumerated = 0;
    for _ in 0..11 {
        night.minute();
        for fault in [StoreFault::CrashBefore, StoreFault::CrashAfter] {
            for call in 0.. {
                let (app, store) = (night.app(), &night.night().store);
                store.strike(call, fault);
                tokio::select! {
                    _ = Box::pin(app.handle(json!({ "source": "aws.scheduler" }), Deadline::within(INVOCATION))) => {}
                    () = store.crash.notified() => {}
                }
                if !store.has_struck() {
                    break;
                }
                enumerated += 1;
            }
        }
        night.sweep().await;
    }
    assert!(enumerated > 100, "{enumerated} ends of a process");
    night.remedy.sweep().await;
    let said = night.first().unwrap();
    assert!(said.text.contains("🔴"), "{}", said.text);
    let open = night.remedy.store().open_cases(10, night.night().clock.now()).await.unwrap();
    assert_eq!(open.len(), 1, "one proposal");
    let keys: Vec<String> =
        night.night().messages().iter().map(tests::night::key).filter(|key| !key.is_empty()).collect();
    let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!(keys.len(), distinct.len(), "{keys:?}");
}

#[tokio::test]
async fn what_aws_says_of_a_zone_is_known_and_a_practice_run_is_no_word_about_it() {
    let night = Limp::new("observe").await;
    let now = night.night().clock.now();
    let event = |name: &str, minutes: i64| -> serde_json::Value {
        let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let mut event: serde_json::Value = std::fs::read_to_string(path).unwrap().parse().unwrap();
        event["time"] = json!((now + SignedDuration::from_mins(minutes)).to_string());
        event
    };
    let known = async || {
        let named = night.remedy.store().named_zones("ap-northeast-2", now).await;
        named.unwrap().into_iter().map(|(zone, _)| zone.0).collect::<Vec<_>>()
    };
    for (name, minutes, zones) in [
        ("zone-practice-run", 0, vec![]),
        ("zone-autoshift-in-progress", 0, vec!["apne2-az1"]),
        ("zone-autoshift-in-progress", 0, vec!["apne2-az1"]),
        ("zone-autoshift-completed", 1, vec![]),
        // Late.
        ("zone-autoshift-in-progress", 0, vec![]),
    ] {
        assert!(night.deliver(&event(name, minutes)).await, "{name}");
        assert_eq!(known().await, zones, "{name}");
    }
    assert!(!night.deliver(&event("alarm-metric", 0)).await, "what is not ours goes back to the queue");
}
