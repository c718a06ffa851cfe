//! `nightshift demo --headless` and `nightshift sim`, as a user or a script runs them.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sim::lambda::find_binary;
use sim::world::Scenario;

fn demo(scenario: &str, more: &[&str]) -> (Output, Vec<Value>) {
    let output = Command::new(find_binary("nightshift").expect("built by `cargo build --workspace --bins`"))
        .args(["demo", "--headless", "--format", "json", "--scenario", scenario])
        .args(more)
        .output()
        .expect("the demo runs");
    let lines =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().expect("a line of JSON")).collect();
    (output, lines)
}

/// Runs a scenario to its end: it is judged right, by a verdict that says so, and every post has its shape.
fn is_reported(scenario: Scenario) -> Vec<Value> {
    let (output, mut lines) = demo(scenario.name(), &[]);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let verdict = lines.pop().expect("a verdict");
    let expected = scenario.expected_causes();
    assert_eq!(verdict["scenario"], scenario.name());
    assert_eq!(verdict["expected"], serde_json::json!(expected), "{verdict}");
    match expected {
        [] => assert_eq!(verdict["reported"], serde_json::json!([])),
        _ => {
            let first = verdict["reported"][0].as_str().unwrap_or_default();
            assert!(expected.contains(&first), "{verdict}\n{complaint}");
        }
    }
    assert_eq!((output.status.code(), &verdict["ok"]), (Some(0), &Value::from(true)), "{verdict}\n{complaint}");
    for line in &lines {
        for name in ["time", "channel", "ts", "thread_ts", "text", "blocks", "attachments"] {
            assert!(line.get(name).is_some(), "{name} in {line}");
        }
    }
    lines
}

/// Runs a scenario in which somebody approves: it ends well; what was posted, and the verdict.
fn is_acted_on(scenario: Scenario) -> (Vec<Value>, Value) {
    let (output, mut lines) = demo(scenario.name(), &["--approve"]);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let verdict = lines.pop().expect("a verdict");
    assert_eq!((output.status.code(), &verdict["ok"]), (Some(0), &Value::from(true)), "{verdict}\n{complaint}");
    (lines, verdict)
}

/// The texts of messages that are no replies.
fn heads(lines: &[Value]) -> Vec<&str> {
    let is_reply = |line: &Value| !line["thread_ts"].is_null() && line["thread_ts"] != line["ts"];
    lines.iter().filter(|line| !is_reply(line)).filter_map(|line| line["text"].as_str()).collect()
}

#[test]
fn a_quiet_night_posts_nothing() {
    assert_eq!(is_reported(Scenario::Healthy), Vec::<Value>::new());
}

#[test]
fn a_bad_rollout_is_one_thread_about_its_workload() {
    let lines = is_reported(Scenario::BadRollout);
    let heads = heads(&lines);
    assert!(heads.len() == 1 && heads[0].contains("payments/api"), "{heads:?}");
    assert_eq!(lines.iter().filter(|line| line.to_string().contains("🎫")).count(), 1, "its ticket is linked");
}

#[test]
fn a_bad_rollout_is_rolled_back_by_a_click_and_its_thread_tells_it_all() {
    let (lines, verdict) = is_acted_on(Scenario::BadRollout);
    assert_eq!(verdict["actions"][0]["stage"], "recovered", "{verdict}");
    assert_eq!(heads(&lines).len(), 1, "{:?}", heads(&lines));
    let tickets = verdict["tickets"].as_array().expect("tickets");
    assert_eq!((tickets.len(), &tickets[0]["state"]), (1, &Value::from("closed")), "{tickets:?}");
    let link = format!(
        "{}|{}",
        tickets[0]["url"].as_str().unwrap_or_default(),
        tickets[0]["key"].as_str().unwrap_or_default()
    );
    let thread: Vec<String> = lines.iter().map(Value::to_string).collect();
    for told in [
        "DEPLOY_ENV",
        "Recovered: Roll back payments/api to revision 14",
        "approved by <@U0APPROVER>",
        "Resolved",
        link.as_str(),
    ] {
        assert!(thread.iter().any(|message| message.contains(told)), "{told} in {thread:?}");
    }
}

#[test]
fn a_memory_leak_is_one_thread_about_its_workload() {
    let lines = is_reported(Scenario::MemoryLeak);
    let heads = heads(&lines);
    assert!(heads.len() == 1 && heads[0].contains("shop/recommendation"), "{heads:?}");
}

#[test]
fn a_failed_node_is_named() {
    let lines = is_reported(Scenario::NodeFailure);
    let heads = heads(&lines);
    assert!(heads[0].contains("ip-10-0-"), "{heads:?}");
}

#[test]
fn a_wrong_image_is_one_thread_about_its_workload() {
    let lines = is_reported(Scenario::WrongImage);
    let heads = heads(&lines);
    assert!(heads.len() == 1 && heads[0].contains("shop/catalog"), "{heads:?}");
}

#[test]
fn a_storm_of_a_thousand_alarms_is_a_handful_of_threads_the_zone_first() {
    let lines = is_reported(Scenario::AlarmStorm);
    let heads = heads(&lines);
    assert!(heads.len() <= 5 && heads[0].contains("ap-northeast-2a"), "{heads:?}");
}

#[test]
fn a_zone_that_limps_is_told_and_left_by_a_click_though_no_alarm_rings() {
    let (lines, verdict) = is_acted_on(Scenario::GrayFailure);
    assert_eq!(verdict["reported"][0], "zone-degraded", "{verdict}");
    let heads = heads(&lines);
    assert!(heads.len() == 1 && heads[0].contains("apne2-az1"), "{heads:?}");
}

#[test]
fn an_unknown_scenario_is_bad_usage() {
    let (output, lines) = demo("volcano", &[]);
    assert_eq!((output.status.code(), lines.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad-rollout"), "the names that exist are listed");
}

#[test]
fn the_simulation_tells_how_to_reach_it_and_then_that_it_is_ready() {
    let mut child = Command::new(find_binary("nightshift").expect("built by `cargo build --workspace --bins`"))
        .args(["sim", "--scenario", "bad-rollout"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the simulation runs");
    let lines: Vec<String> = BufReader::new(child.stdout.take().expect("its output"))
        .lines()
        .map_while(Result::ok)
        .take_while(|line| line != "ready")
        .collect();
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    let variables: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_prefix("export ")?.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(variables.len(), lines.len(), "{lines:?}");
    for name in ["NIGHTSHIFT_KUBE_ENDPOINT", "AWS_ENDPOINT_URL", "SLACK_API_URL", "AWS_REGION", "NIGHTSHIFT_CLUSTERS"] {
        assert!(variables.contains(&name), "{name} among {variables:?}");
    }
}
