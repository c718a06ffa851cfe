use serde_json::{Value, json};

use super::*;

fn sample(name: &str) -> Value {
    let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_sample_of_the_bus_is_read_and_written_as_it_stands() {
    let samples = [
        ("bus-slack-command", "Slack Command"),
        ("bus-slack-interaction", "Slack Interaction"),
        ("bus-slack-question", "Slack Question"),
        ("bus-alert-firing", "Alert"),
        ("bus-alert-resolved", "Alert"),
    ];
    for (name, detail_type) in samples {
        let envelope = sample(name);
        let event = BusEvent::from_envelope(&envelope).unwrap();
        assert_eq!(event.detail_type(), detail_type);
        assert_eq!(event.id().as_str(), envelope["detail"]["id"]);
        let written: Value = serde_json::from_str(&event.detail().unwrap()).unwrap();
        assert_eq!(written, envelope["detail"], "{name}");
    }
}

#[test]
fn an_event_of_another_source_or_type_is_told_apart_from_a_broken_one() {
    let mut other = sample("bus-slack-command");
    other["source"] = json!("aws.cloudwatch");
    assert!(matches!(BusEvent::from_envelope(&other), Err(BusEventError::Unknown { .. })));
    let mut broken = sample("bus-slack-command");
    broken["detail"]["received_at"] = json!("yesterday");
    assert!(matches!(BusEvent::from_envelope(&broken), Err(BusEventError::Detail { .. })));
    assert!(matches!(BusEvent::from_envelope(&Value::Null), Err(BusEventError::Unknown { .. })));
}

#[test]
fn ids_are_of_the_parts_and_of_where_they_end() {
    assert_eq!(EventId::of("x", &[b"ab", b"c"]), EventId::of("x", &[b"ab", b"c"]));
    assert_ne!(EventId::of("x", &[b"ab", b"c"]), EventId::of("x", &[b"a", b"bc"]));
    assert_ne!(EventId::of("x", &[b"ab"]), EventId::of("y", &[b"ab"]));
}
