//! Alerts of Alertmanager and Grafana, as intake puts them on the bus.

use serde_json::{Value, json};
use shared::bus::AlertSender;

use super::*;

fn alert(change: impl FnOnce(&mut Value)) -> Alarm {
    let mut event = sample("bus-alert-firing.json");
    change(&mut event["detail"]);
    Alarm::from_event(event).unwrap()
}

fn focus(labels: Value) -> Focus {
    Focus::of(&alert(|detail| detail["labels"] = labels))
}

fn set(names: &[&str]) -> std::collections::BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn an_alert_is_an_alarm_with_its_own_identity_and_times() {
    let firing = alert(|_| {});
    assert_eq!((firing.name.as_str(), firing.state), ("KubePodCrashLooping", AlarmState::Alarm));
    assert_eq!(firing.arn, "alertmanager:6b1f3ad0f4a1c2e7");
    assert_eq!(firing.changed_at.to_string(), "2026-11-21T05:21:40Z");
    assert_eq!(firing.description, "Pod is crash looping.");
    let details = firing.alert().unwrap();
    assert_eq!((details.sender, details.severity), (AlertSender::Alertmanager, Some(Severity::Critical)));
    let resolved = Alarm::from_event(sample("bus-alert-resolved.json")).unwrap();
    assert_eq!((resolved.state, &resolved.arn), (AlarmState::Ok, &firing.arn));
    assert_eq!(resolved.changed_at.to_string(), "2026-11-21T05:41:10Z");
    assert_ne!(resolved.event_id, firing.event_id);
}

#[test]
fn an_end_that_its_sender_does_not_know_is_when_it_was_heard() {
    let mut event = sample("bus-alert-resolved.json");
    event["detail"]["ends_at"] = json!("0001-01-01T00:00:00Z");
    assert_eq!(Alarm::from_event(event).unwrap().changed_at.to_string(), "2026-11-21T05:42:08.101Z");
}

#[test]
fn labels_say_where_to_look() {
    let found = Focus::of(&alert(|_| {}));
    assert_eq!((found.clusters, found.namespaces), (set(&["prod-eks"]), set(&["payments"])));
    assert_eq!((found.pods, found.nodes), (set(&["api-7c9d6c5b8f-x2x7q"]), set(&[])));
    let found = focus(
        json!({ "alertname": "x", "cluster": "arn:aws:eks:eu-west-1:111122223333:cluster/stage", "deployment": "api" }),
    );
    assert_eq!((found.clusters, found.workloads), (set(&["stage"]), set(&["api"])));
    let found =
        focus(json!({ "alertname": "x", "statefulset": "ledger", "service": "ledger-db", "namespace": "payments" }));
    assert_eq!(found.workloads, set(&["ledger", "ledger-db"]));
}

#[test]
fn an_exporters_own_place_is_not_what_an_alert_is_about() {
    let found = focus(json!({
        "alertname": "x", "job": "kube-state-metrics", "service": "kube-state-metrics", "instance": "10.0.3.17:8080",
        "namespace": "payments", "pod": "api-1", "container": "api",
    }));
    assert_eq!((found.workloads, found.nodes, found.pods), (set(&[]), set(&[]), set(&["api-1"])));
    let found = focus(json!({
        "alertname": "x", "job": "node-exporter", "namespace": "monitoring", "pod": "node-exporter-x", "service": "node-exporter",
        "instance": "ip-10-0-1-7.ap-northeast-2.compute.internal:9100",
    }));
    assert_eq!(found.nodes, set(&["ip-10-0-1-7.ap-northeast-2.compute.internal"]));
    assert_eq!((found.namespaces, found.pods, found.workloads), (set(&[]), set(&[]), set(&[])));
    let found = focus(
        json!({ "alertname": "x", "namespace": "monitoring", "exported_namespace": "shop", "exported_pod": "cart-1" }),
    );
    assert_eq!((found.namespaces, found.pods), (set(&["shop"]), set(&["cart-1"])));
}

#[test]
fn what_is_about_the_alerting_itself_is_quiet() {
    for name in ["Watchdog", "DeadMansSwitch", "Dead Man's Switch", "InfoInhibitor"] {
        assert!(
            alert(|detail| detail["labels"] = json!({ "alertname": name, "severity": "critical" })).is_quiet(),
            "{name}"
        );
    }
    assert!(alert(|detail| detail["labels"]["severity"] = json!("none")).is_quiet());
    assert!(!alert(|_| {}).is_quiet());
    assert!(!alert(|detail| detail["labels"]["alertname"] = json!("WatchdogTimerFailed")).is_quiet());
    assert!(!alarm("alarm-metric.json").is_quiet());
}

#[test]
fn a_rule_without_data_is_doubt_under_the_rules_name() {
    let alarm = alert(|detail| {
        detail["sender"] = json!("grafana");
        detail["labels"] = json!({ "alertname": "DatasourceNoData", "rulename": "NodeNotReady" });
    });
    assert_eq!((alarm.name.as_str(), alarm.state), ("NodeNotReady", AlarmState::InsufficientData));
}

#[test]
fn severities_are_told_apart_in_the_words_that_are_in_use() {
    for (label, severity) in [
        ("critical", Some(Severity::Critical)),
        ("PAGE", Some(Severity::Critical)),
        ("warning", Some(Severity::Warning)),
        ("info", Some(Severity::Info)),
        ("whatever", None),
    ] {
        assert_eq!(Severity::parse(label), severity, "{label}");
    }
}

#[test]
fn an_alert_that_is_not_as_intake_writes_it_says_what_is_wrong() {
    let mut event = sample("bus-alert-firing.json");
    event["detail"]["starts_at"] = json!("soon");
    let error = Alarm::from_event(event).unwrap_err();
    assert_eq!(error.name(), "bad-field");
}
