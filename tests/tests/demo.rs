//! `nightshift demo --headless` and `nightshift sim`, as a user or a script runs them.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sim::lambda::find_binary;

fn demo(scenario: &str) -> (Output, Vec<Value>) {
    let output = Command::new(find_binary("nightshift").expect("built by `cargo build --workspace --bins`"))
        .args(["demo", "--headless", "--format", "json", "--scenario", scenario])
        .output()
        .expect("the demo runs");
    let lines =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().expect("a line of JSON")).collect();
    (output, lines)
}

#[test]
fn a_quiet_night_posts_nothing() {
    let (output, lines) = demo("healthy");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdict = serde_json::json!({"scenario": "healthy", "expected": [], "reported": [], "ok": true});
    assert_eq!(lines, [verdict]);
}

#[test]
fn a_wrong_image_is_posted_and_judged() {
    let (output, mut lines) = demo("wrong-image");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdict = lines.pop().expect("a verdict");
    assert_eq!(
        (&verdict["ok"], &verdict["reported"][0]),
        (&Value::from(true), &Value::from("incorrect-image-reference"))
    );
    let first = &lines[0];
    assert!(first["thread_ts"].is_null() || first["thread_ts"] == first["ts"], "{first}");
    for name in ["time", "channel", "ts", "thread_ts", "text", "blocks", "attachments"] {
        assert!(first.get(name).is_some(), "{name} in {first}");
    }
    let head = first["text"].as_str().unwrap_or_default();
    assert!(head.contains("shop/catalog"), "{head}");
}

#[test]
fn an_unknown_scenario_is_bad_usage() {
    let (output, lines) = demo("volcano");
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
