//! sim's AWS account, judged by boto3.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use sim::bus::PRODUCT_BUS;
use sim::lambda::Queue;
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::judges;

/// A simulation in which the alarm has gone off.
async fn broken() -> Sim {
    let sim = Sim::start(Options::stopped(Scenario::BadRollout)).await.expect("sim starts");
    let rang = sim.world().advance_until(SignedDuration::from_mins(15), |world| {
        world.alarms().iter().any(|alarm| alarm.state.value.as_str() == "ALARM")
    });
    assert!(rang, "no alarm within a quarter of an hour");
    sim
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_finds_the_account_as_aws_has_it() {
    let Some(python) = judges::python() else { return };
    let sim = broken().await;
    sim.account().stores.put_table("judged");
    sim.account().stores.put_bucket("judged");
    sim.account().stores.put_bucket("orders-prod");
    sim.account().stores.put_table("carts");
    let queue = Arc::new(Queue::new("judge"));
    let pattern = json!({"source": ["nightshift.intake"], "detail": {"command": ["/health"]}});
    sim.buses().rule(PRODUCT_BUS, &pattern, &queue).expect("a valid pattern");
    let knowledge = &sim.account().knowledge;
    knowledge.put("inc-judge-1.txt", "rollout without DEPLOY_ENV", json!({"incident": "inc-judge-1"}));
    knowledge.put("inc-judge-2.txt", "disk full", json!({"incident": "inc-judge-2"}));
    sim.account().parameters.put("/nightshift/settings", "roles: []");
    sim.account().stores.put_object("settings-bucket", "a/nightshift.yaml", "roles: []");
    let output = tokio::process::Command::new(python)
        .arg(judges::script("sim_aws.py"))
        .env_clear()
        .envs(sim.environment())
        .env("SIM_NOW", sim.world().now().to_string())
        .output()
        .await
        .expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    println!("{said}");
    assert_eq!(said.lines().count(), 15, "{said}");

    let events = sim.buses().events(PRODUCT_BUS);
    let (first, timed) = (&events[0], &events[1]);
    assert_eq!((&first["version"], &first["detail-type"]), (&json!("0"), &json!("Slack Command")));
    assert_eq!((&first["account"], &first["region"]), (&json!("111122223333"), &json!("ap-northeast-2")));
    assert_eq!((&first["resources"], &first["detail"]["text"]), (&json!(["judge"]), &json!("shop 파드")));
    assert_eq!(timed["time"], "2026-01-02T03:04:05Z");
    assert_eq!((events.len(), queue.depth()), (5, 3), "three are commands, two are too large to be any");
}
