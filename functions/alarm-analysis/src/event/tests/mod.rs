//! Events as AWS documents them, and events as they should not be.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// A file of `events/`.
fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn alarm(name: &str) -> Alarm {
    Alarm::from_event(sample(name)).unwrap()
}

fn from_text(text: &str) -> Result<Alarm, MalformedEvent> {
    match Event::from_text(text)? {
        Event::Alarm(alarm) => Ok(*alarm),
        Event::Click(click) => panic!("not an alarm: {click:?}"),
    }
}

#[test]
fn a_click_under_a_diagnosis_comes_by_the_same_queue() {
    let click = sample("bus-diagnosis-vote.json");
    assert!(
        matches!(Event::from_event(click.clone()), Ok(Event::Click(click)) if click.action_id == "diagnosis.right")
    );
    let mut broken = click;
    broken["detail"] = json!({ "id": "act-1" });
    assert!(matches!(Event::from_event(broken), Err(MalformedEvent::Field { field: "detail", .. })));
}

#[test]
fn a_metric_alarm_says_what_it_watches_and_why_it_fired() {
    let alarm = alarm("alarm-metric.json");
    assert_eq!(alarm.name, "prod-payments-api-restarts");
    assert_eq!((alarm.state, alarm.previous), (AlarmState::Alarm, Some(AlarmState::Ok)));
    assert_eq!(alarm.kind, AlarmKind::Metric);
    assert_eq!((alarm.threshold, alarm.latest_datapoint()), (Some(3.0), Some(7.0)));
    assert_eq!(alarm.changed_at, "2026-03-02T05:23:40.515Z".parse::<Timestamp>().unwrap());
    assert_eq!(alarm.metrics[0].metric_stat.as_ref().unwrap().metric.dimensions["PodName"], "api");
}

#[test]
fn every_documented_kind_of_alarm_is_told_apart() {
    assert_eq!(
        alarm("alarm-metric-math.json").kind,
        AlarmKind::MetricMath { expression: "100*errors/requests".to_owned() }
    );
    assert_eq!(alarm("alarm-anomaly-detection.json").kind, AlarmKind::AnomalyDetection);
    let composite = alarm("alarm-composite.json");
    assert!(matches!(composite.kind, AlarmKind::Composite { ref rule } if rule.contains(" AND ")));
    assert_eq!(composite.triggered_by, ["prod-payments-api-restarts"]);
    assert_eq!(composite.suppression, None);
    assert_eq!(alarm("alarm-composite-suppressed.json").suppression.unwrap().by, "WaitPeriod");
}

#[test]
fn every_state_is_told_apart() {
    assert_eq!(alarm("alarm-metric-ok.json").state, AlarmState::Ok);
    assert_eq!(alarm("alarm-metric-insufficient-data.json").state, AlarmState::InsufficientData);
}

#[test]
fn dimensions_say_where_to_look() {
    let focus = Focus::of(&alarm("alarm-metric.json"));
    assert!(
        focus.clusters.contains("prod") && focus.namespaces.contains("payments") && focus.workloads.contains("api")
    );
    let focus = Focus::of(&alarm("alarm-node.json"));
    assert!(focus.nodes.contains("ip-10-0-1-7.ap-northeast-2.compute.internal"));
    assert!(focus.instances.contains("i-0123456789abcdef0"));
    let focus = Focus::of(&alarm("alarm-metric-math.json"));
    let balancer = focus.load_balancers.first().unwrap();
    assert!(balancer.may_mean("shop", "checkout") && !balancer.may_mean("shop", "cart"));
    assert!(Focus::of(&alarm("alarm-composite.json")).is_empty());
}

#[test]
fn load_balancer_names_are_cut_as_the_controller_cuts_them() {
    let name = LoadBalancerName::parse("targetgroup/k8s-payments-ledgerap-0123456789/6d0ecf831eec9f09").unwrap();
    assert!(name.may_mean("payments", "ledger-api-gateway"));
    assert_eq!(LoadBalancerName::parse("app/k8s-shared-0123456789/50dc6c495c0c9188"), None);
    assert_eq!(LoadBalancerName::parse("app/my-balancer/50dc6c495c0c9188"), None);
}

#[test]
fn a_batch_keeps_each_records_id_and_delivery_count() {
    let Invocation::Batch(records) = Invocation::parse(sample("sqs-batch.json")).unwrap() else { panic!("a batch") };
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record.event.is_ok() && record.receive_count == 1));
}

#[test]
fn a_bad_record_does_not_spoil_its_batch_mates() {
    let Invocation::Batch(records) = Invocation::parse(sample("sqs-batch-malformed.json")).unwrap() else {
        panic!("a batch")
    };
    let outcome: Vec<_> =
        records.iter().map(|record| record.event.as_ref().map_or_else(|e| e.name(), |_| "ok")).collect();
    assert_eq!(outcome, ["not-json", "not-json", "unknown-event", "ok", "not-json"]);
    assert_eq!(records[3].receive_count, 2);
}

#[test]
fn a_bare_event_is_taken_as_it_is() {
    let invocation = Invocation::parse(sample("alarm-metric.json")).unwrap();
    assert!(matches!(invocation, Invocation::Single(alarm) if alarm.is_ok()));
}

#[test]
fn an_invocation_of_another_kind_is_refused_with_advice() {
    for payload in [json!([]), json!("x"), json!({"Records": 1}), json!({"hello": "world"})] {
        let error = Invocation::parse(payload).unwrap_err().to_string();
        assert!(error.contains("neither an SQS batch"), "{error}");
    }
    assert!(Invocation::parse(json!({"Records": [{"body": "{}"}]})).unwrap_err().to_string().contains("messageId"));
}

#[test]
fn an_event_cut_off_anywhere_is_refused_and_never_panics() {
    let text = sample("alarm-composite.json").to_string();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(matches!(from_text(&text[..end]), Err(MalformedEvent::NotJson { .. })), "cut at {end}");
    }
}

#[test]
fn an_event_without_a_field_names_the_field() {
    for (pointer, field) in [("/detail", "alarmName"), ("/detail", "state")] {
        let mut event = sample("alarm-metric.json");
        event.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap().remove(field);
        let error = Alarm::from_event(event).unwrap_err().to_string();
        assert!(error.contains(&format!("detail.{field} is missing")), "{error}");
    }
    let mut event = sample("alarm-metric.json");
    event["detail"]["state"]["value"] = json!("BROKEN");
    assert!(Alarm::from_event(event).unwrap_err().to_string().contains("\"BROKEN\", not ALARM, OK"));
    let mut event = sample("alarm-metric.json");
    event["detail"]["state"]["timestamp"] = json!("yesterday");
    assert!(Alarm::from_event(event).unwrap_err().to_string().contains("not a time"));
}

#[test]
fn an_oversized_event_is_refused_before_it_is_parsed() {
    let mut event = sample("alarm-metric.json");
    event["detail"]["state"]["reason"] = json!("x".repeat(256 * 1024));
    let error = from_text(&event.to_string()).unwrap_err();
    assert!(matches!(error, MalformedEvent::TooLarge { .. }), "{error}");
    assert!(matches!(Alarm::from_event(event), Err(MalformedEvent::TooLarge { .. })));
}

#[test]
fn long_text_within_the_limit_is_cut_at_a_character() {
    let mut event = sample("alarm-metric.json");
    event["detail"]["state"]["reason"] = json!("가".repeat(20_000));
    let alarm = from_text(&event.to_string()).unwrap();
    assert!(alarm.reason.len() <= 10_300 && alarm.reason.ends_with('…'));
}

#[test]
fn reason_data_of_another_form_costs_the_datapoints_only() {
    for data in ["", "{", "[]", r#"{"recentDatapoints":[null,1.5],"threshold":null}"#] {
        let mut event = sample("alarm-metric.json");
        event["detail"]["state"]["reasonData"] = json!(data);
        let alarm = Alarm::from_event(event).unwrap();
        assert_eq!(alarm.threshold, None);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,400}") {
        let _ = from_text(&text);
    }

    #[test]
    fn no_value_in_any_field_makes_the_parser_panic(pointer in 0_usize..9, value in 0_usize..7) {
        let pointers = ["/id", "/time", "/resources", "/detail", "/detail/alarmName", "/detail/state", "/detail/state/reasonData",
            "/detail/configuration", "/detail/configuration/metrics"];
        let values = [json!(null), json!(1), json!(""), json!([]), json!({}), json!([{}]), json!({"a": {"b": []}})];
        let mut event = sample("alarm-metric.json");
        *event.pointer_mut(pointers[pointer]).unwrap() = values[value].clone();
        let _ = Alarm::from_event(event);
    }
}

mod alerts;
