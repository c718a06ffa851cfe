//! A zone that limps, through the function in this process: found, told, proposed, left, returned to.

use jiff::SignedDuration;
use serde_json::json;
use sim::slack::PostedKind;
use sim::world::{Key, Kind, Scenario};
use tests::limp::Limp;
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
async fn in_mode_automatic_what_the_others_can_carry_is_shifted_kept_up_and_taken_back_and_nobody_is_asked() {
    let night = Limp::new("automatic").await.with_databases_elsewhere();
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    night.pass(1).await;
    let shifts = || night.night().sim.account().zonal_shifts.active(night.night().sim.world().now());
    let shift = night.remedy.case_of("zonal-shift").await;
    assert_eq!(shift.stage.name(), "watching", "{:?}", shift.assessment);
    assert_eq!(shifts().len(), 2, "{:?}", shifts());
    assert!(night.told().contains("traffic is shifted away from apne2-az1 since"), "{}", night.told());

    // Nine hours are no season: a margin is reckoned with, and said.
    let shared::remediation::Action::ZonalShift(action) = &shift.proposal.action else { panic!("{shift:?}") };
    assert_eq!(action.growth_percent, 25);
    assert!(night.told().contains("25 % more is reckoned with"), "{}", night.told());

    // LOOP-5: what runs by itself says why it may, what it reaches and how it is taken back, and asks for nothing.
    let message = night.remedy.message(&shift).to_string();
    for said in [
        "of requests fail",
        "low",
        // How many there are goes by the hour: the world scales with its traffic.
        " pods",
        "cancel-zonal-shift",
        "automation-leaves-a-zone-that-the-others-can-carry",
    ] {
        assert!(message.contains(said), "{said}: {message}");
    }
    assert!(!message.contains("remediation.approve"), "{message}");

    // The zone limps for fifty minutes, and is not heard of while nothing is sent there.
    night.pass_until(120, "On trial").await;
    assert!(night.told().contains("extended"), "{}", night.told());
    night.pass(2).await;
    assert_eq!(shifts(), []);
    let all = night.night().sim.account().zonal_shifts.all();
    assert_eq!(all.len(), 2, "begun once, extended, never begun again: {all:?}");
    let audited = night.remedy.audited(&shift.id).await;
    assert!(!audited.iter().any(|event| event.starts_with("asked")), "nobody was asked: {audited:?}");
    for (event, least) in [("started:", 2), ("extended:", 2), ("ended:", 2)] {
        let count = audited.iter().filter(|it| it.starts_with(event)).count();
        assert!(count >= least, "{event} {count} times: {audited:?}");
    }
    night.remedy.audit_holds().await;
}

#[tokio::test]
async fn in_mode_automatic_people_are_asked_where_a_database_has_no_other_zone() {
    // The world's databases have their one pod, and its volume, in the zone.
    let night = Limp::new("automatic").await;
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    night.pass(1).await;
    let shift = night.remedy.case_of("zonal-shift").await;
    assert_eq!(shift.stage.name(), "asked");
    assert!(night.night().sim.account().zonal_shifts.all().is_empty());
    let message = night.remedy.message(&shift).to_string();
    for said in ["medium", "StatefulSet data/orders-db", "stateful-sets-go-to-a-human", "remediation.approve"] {
        assert!(message.contains(said), "{said}: {message}");
    }
    assert!(night.told().contains("press Approve in this thread"), "{}", night.told());
}

#[tokio::test]
async fn in_mode_automatic_nothing_is_shifted_and_people_are_asked_for_room_where_the_others_cannot_carry_it() {
    let night = Limp::new("automatic").await.with_databases_elsewhere();
    let world = night.night().sim.world();
    // Nodes of the other zones take nothing, and Karpenter may add nothing.
    for node in world.objects(Kind::Node, "") {
        let labels = &node["metadata"]["labels"];
        if labels["topology.k8s.aws/zone-id"] != "apne2-az1" {
            let key = Key::new("", node["metadata"]["name"].as_str().unwrap());
            world.merge(Kind::Node, &key, &json!({ "spec": { "unschedulable": true } }));
        }
    }
    for pool in world.objects(Kind::NodePool, "") {
        let key = Key::new("", pool["metadata"]["name"].as_str().unwrap());
        world.merge(Kind::NodePool, &key, &json!({ "spec": { "limits": { "cpu": "0" } } }));
    }
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    night.pass(2).await;
    let shift = night.remedy.case_of("zonal-shift").await;
    let waits = shift.waits.as_ref().unwrap();
    assert_eq!((shift.stage.name(), waits.unmet.name()), ("proposed", "no-room"));
    assert!(night.night().sim.account().zonal_shifts.all().is_empty());
    assert!(night.told().contains("waits"), "{}", night.told());
    let room = night.remedy.case_of("set-node-pool-limits").await;
    assert_eq!(room.stage.name(), "asked");
    assert!(night.remedy.message(&room).to_string().contains("remediation.approve"));
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
