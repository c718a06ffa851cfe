//! Requests as they arrive.

use serde_json::{Value, json};
use shared::model::{Kind, ObjectRef};

use super::*;

const COMMAND: &str = include_str!("../../../../events/bus-slack-command.json");
const INTERACTION: &str = include_str!("../../../../events/bus-slack-interaction.json");
const QUESTION: &str = include_str!("../../../../events/bus-slack-question.json");

fn ask(event: &str, change: impl FnOnce(&mut Value)) -> Result<Ask, MalformedEvent> {
    let mut event: Value = serde_json::from_str(event).unwrap();
    change(&mut event["detail"]);
    from_envelope(&event)
}

#[test]
fn a_command_is_known_by_its_name_and_carries_its_words() {
    let known = ask(COMMAND, |_| {}).unwrap();
    assert_eq!(known.what, What::Command(Command::Logs, vec!["checkout".into()]));
    assert!(matches!(known.place, Place::Response { .. }));
    let other = ask(COMMAND, |detail| detail["command"] = json!("/deploy")).unwrap();
    assert_eq!(other.what, What::UnknownCommand("/deploy".into()));
}

#[test]
fn a_choice_names_a_workload_and_nothing_else() {
    let pick = |value: &str| ask(INTERACTION, |detail| detail["selected"] = json!([value]));
    let target = Target { cluster: "prod-eks".into(), workload: ObjectRef::new(Kind::Deployment, "shop", "checkout") };
    assert_eq!(target.to_string(), "prod-eks/shop/Deployment/checkout");
    assert_eq!(pick(&target.to_string()).unwrap().what, What::Pick(Command::Logs, target));
    for forged in ["", "shop/checkout", "prod/shop/Deployment/../secrets", "prod/shop/Deployment/x?y", "prod/shop/X/x"]
    {
        assert!(matches!(pick(forged), Err(MalformedEvent::Field { field: "value", .. })), "{forged}");
    }
}

#[test]
fn a_button_carries_its_value_and_other_functions_buttons_are_theirs() {
    let pressed = ask(INTERACTION, |detail| {
        detail["action_id"] = json!("service-status.pick.3");
        detail["selected"] = json!([]);
        detail["value"] = json!("prod-eks/shop/StatefulSet/cart");
    });
    assert!(matches!(pressed.unwrap().what, What::Pick(Command::ServiceStatus, _)));
    let other = ask(INTERACTION, |detail| detail["action_id"] = json!("remediation.approve"));
    assert_eq!(other.unwrap().what, What::Elsewhere("remediation.approve".into()));
}

#[test]
fn a_question_is_answered_in_its_thread_or_below_itself() {
    let place = |thread: &str| ask(QUESTION, |detail| detail["thread_ts"] = json!(thread)).unwrap().place;
    let below = |ts: &str| Place::Thread { channel: "C0123456789".into(), ts: ts.into() };
    assert_eq!(place(""), below("1795238588.000200"));
    assert_eq!(place("1795238000.000100"), below("1795238000.000100"));
}

#[test]
fn a_malformed_record_fails_alone() {
    let record = |id: &str, body: &str| json!({ "messageId": id, "body": body, "attributes": {} });
    let alert = json!({ "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": {} });
    let batch = json!({ "Records": [record("1", "not json"), record("2", COMMAND), record("3", &alert.to_string())] });
    let Invocation::Batch(records) = Invocation::parse(batch).unwrap() else { panic!("a batch") };
    let names: Vec<_> =
        records.iter().map(|record| record.ask.as_ref().map_err(MalformedEvent::name).is_ok()).collect();
    assert_eq!(names, [false, true, false]);
    assert_eq!(records[2].ask.as_ref().unwrap_err().name(), "unknown-event");
}

#[test]
fn what_is_no_invocation_is_refused() {
    for payload in [json!([]), json!({}), json!({ "Records": {} }), json!({ "Records": [{ "body": "x" }] })] {
        assert!(Invocation::parse(payload).is_err());
    }
    let sweep = json!({ "source": "nightshift", "detail-type": SWEEP });
    assert!(matches!(Invocation::parse(sweep), Ok(Invocation::Sweep)));
}
