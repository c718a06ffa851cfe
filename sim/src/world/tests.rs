//! The world lives as a cluster would: settled when healthy, broken in the named way otherwise.

use jiff::{SignedDuration, Timestamp};

use super::*;

fn options(scenario: Scenario) -> Options {
    let start: Timestamp = "2026-03-12T05:20:00Z".parse().expect("a time");
    Options { scenario, ..Options::at(start) }
}

fn pods(world: &World, namespace: &str) -> Vec<std::sync::Arc<Object>> {
    world.state().store.list(Kind::Pod, namespace).map(|(_, pod)| pod.clone()).collect()
}

#[test]
fn a_healthy_world_is_settled_and_raises_no_alarm() {
    let world = World::new(options(Scenario::Healthy));
    let running = pods(&world, "").iter().filter(|pod| pod["status"]["phase"] == "Running").count();
    assert!((48..=54).contains(&running), "{running} pods run");
    for _ in 0..360 {
        world.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(world.take_alarm_events(), Vec::<serde_json::Value>::new());
    for pod in pods(&world, "").iter().filter(|pod| pod["metadata"]["ownerReferences"][0]["kind"] != "Job") {
        assert!(super::pods::ready(pod), "{pod:#?}");
        assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "{}", pod["metadata"]["name"]);
    }
    let warnings: Vec<_> = world
        .state()
        .store
        .list(Kind::Event, "")
        .filter(|(_, event)| event["type"] == "Warning")
        .map(|(_, event)| event["message"].clone())
        .collect();
    assert_eq!(warnings, Vec::<serde_json::Value>::new());
}

#[test]
fn every_broken_scenario_raises_alarms_after_it_breaks_and_not_before() {
    // Nobody rings when a zone limps.
    let is_quiet = |scenario: &Scenario| matches!(scenario, Scenario::Healthy | Scenario::GrayFailure);
    for scenario in Scenario::ALL.into_iter().filter(|scenario| !is_quiet(scenario)) {
        let world = World::new(options(scenario));
        assert_eq!(world.take_alarm_events().len(), 0, "{scenario} is settled at first");
        let rang = world.advance_until(SignedDuration::from_mins(5), |world| {
            world.alarms().iter().any(|alarm| alarm.state.value == StateValue::Alarm)
        });
        assert!(rang, "{scenario} raises an alarm");
        println!("{scenario}: first alarm at {}", world.now());
        world.advance(SignedDuration::from_mins(6));
        for event in world.take_alarm_events().iter().take(30) {
            println!("  {} {} {}", event["time"], event["detail"]["alarmName"], event["detail"]["state"]["value"]);
        }
    }
}

#[test]
fn nobody_rings_when_a_zone_limps() {
    let world = World::new(options(Scenario::GrayFailure));
    world.advance(SignedDuration::from_mins(30));
    let ringing: Vec<_> = world.alarm_history().iter().map(|event| event["detail"]["alarmName"].clone()).collect();
    assert_eq!(ringing, Vec::<serde_json::Value>::new());
}

#[test]
fn an_alarm_storm_raises_about_a_thousand_alarms_within_a_minute() {
    let world = World::new(options(Scenario::AlarmStorm));
    let mut most = 0;
    for _ in 0..5 {
        world.advance(SignedDuration::from_mins(1));
        let raised =
            world.take_alarm_events().iter().filter(|event| event["detail"]["state"]["value"] == "ALARM").count();
        println!("{raised}");
        most = most.max(raised);
    }
    assert!((700..2000).contains(&most), "{most} alarms in a minute");
}

#[test]
fn a_bad_rollout_leaves_the_new_revision_crashing_and_the_old_one_known() {
    let world = World::new(options(Scenario::BadRollout));
    world.advance(SignedDuration::from_mins(3));
    let state = world.state();
    let deployment = state.store.get(Kind::Deployment, "payments", "api").expect("the Deployment");
    assert_eq!(deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "15");
    assert!(deployment["status"]["readyReplicas"].is_null(), "{:#}", deployment["status"]);
    let sets: Vec<_> =
        state.store.list(Kind::ReplicaSet, "payments").filter(|(key, _)| key.name.starts_with("api-")).collect();
    assert_eq!(sets.len(), 4);
    let (_, pod) =
        state.store.list(Kind::Pod, "payments").find(|(key, _)| key.name.starts_with("api-")).expect("a pod");
    let status = &pod["status"]["containerStatuses"][0];
    assert!(status["restartCount"].as_i64().expect("a count") >= 2, "{status:#}");
}

#[test]
fn a_large_cluster_is_filled_to_the_size_asked_for() {
    let world = World::new(Options { nodes: 30, pods: 700, ..options(Scenario::Healthy) });
    let all = pods(&world, "");
    let ready = all.iter().filter(|pod| super::pods::ready(pod)).count();
    assert!((690..=710).contains(&ready), "{ready} of {} ready", all.len());
}
