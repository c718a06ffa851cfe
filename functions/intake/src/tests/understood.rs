//! What the samples of `events/` come to.

use serde_json::{Value, json};
use shared::bus::{AlertStatus, BusEvent, QuestionKind};
use shared::text::Language;

use super::kit::{decided, now, sample, slack, webhook};
use crate::answer::Refusal;
use crate::decide::{MAX_DETAIL_BYTES, understand};
use crate::request::Path;

fn events(path: Path, body: &str) -> Vec<BusEvent> {
    let request = webhook(path, body);
    understand(&request, Language::En, now()).unwrap().1
}

fn not_understood(path: Path, body: &str) -> bool {
    matches!(understand(&webhook(path, body), Language::En, now()), Err(Refusal::NotUnderstood(_)))
}

fn interaction(payload: &Value) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}

#[test]
fn a_command_is_heard_at_once_and_published() {
    let body = "command=%2Flogs&text=checkout+&user_id=U0123456789&channel_id=C0123456789&response_url=https%3A%2F%2Fx";
    let accepted = decided(&slack(Path::SlackCommands, body)).unwrap();
    let answer = accepted.answer.body.unwrap();
    assert_eq!(answer["response_type"], "ephemeral");
    assert!(answer["text"].as_str().unwrap().contains("`/logs`"));
    let detail: Value = serde_json::from_str(&accepted.entries[0].detail).unwrap();
    assert_eq!((&detail["command"], &detail["text"]), (&json!("/logs"), &json!("checkout")));
    assert_eq!(detail["response_url"], "https://x");
    // Sent twice, it is the same; another one is not.
    assert_eq!(decided(&slack(Path::SlackCommands, body)).unwrap().entries[0].id, accepted.entries[0].id);
    let other = decided(&slack(Path::SlackCommands, &body.replace("checkout", "ledger"))).unwrap();
    assert_ne!(other.entries[0].id, accepted.entries[0].id);
}

#[test]
fn slack_may_look_at_the_certificate() {
    let accepted = decided(&slack(Path::SlackCommands, "ssl_check=1&token=x")).unwrap();
    assert_eq!((accepted.answer.status, accepted.entries.len()), (200, 0));
}

#[test]
fn a_choice_from_a_menu_says_what_was_chosen_where() {
    let [BusEvent::Interaction(event)] =
        &events(Path::SlackInteractivity, &interaction(&sample("slack-interaction")))[..]
    else {
        panic!("one interaction")
    };
    assert_eq!((event.kind.as_str(), event.action_id.as_str()), ("block_actions", "logs.pick"));
    assert_eq!((event.block_id.as_str(), &event.selected[..]), ("services", &["checkout".to_owned()][..]));
    assert_eq!((event.message_ts.as_str(), event.thread_ts.as_str()), ("1795238588.000200", "1795238580.000100"));
    assert_eq!((event.user_id.as_str(), event.channel_id.as_str()), ("U0123456789", "C0123456789"));
}

#[test]
fn a_button_says_its_value_and_each_action_is_its_own_event() {
    let mut payload = sample("slack-interaction");
    payload["actions"] = json!([
        { "type": "button", "action_id": "remediation.approve", "block_id": "b", "value": "plan-7" },
        { "type": "multi_users_select", "action_id": "x.y", "block_id": "c", "selected_users": ["U1", "U2"] },
        { "type": "multi_static_select", "action_id": "x.z", "selected_options": [{ "value": "a" }, { "value": "b" }] },
        { "type": "datepicker", "action_id": "x.d", "selected_date": "2026-11-21", "initial_date": "2026-11-01" },
    ]);
    let events = events(Path::SlackInteractivity, &interaction(&payload));
    let seen: Vec<_> = events
        .iter()
        .map(|event| match event {
            BusEvent::Interaction(event) => (event.action_id.as_str(), event.value.as_str(), event.selected.join(",")),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("remediation.approve", "plan-7", String::new()),
            ("x.y", "", "U1,U2".to_owned()),
            ("x.z", "", "a,b".to_owned()),
            ("x.d", "", "2026-11-21".to_owned()),
        ]
    );
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event.id().clone()).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_submitted_view_carries_what_was_filled_in_and_not_its_blocks() {
    let payload = json!({
        "type": "view_submission", "user": { "id": "U1" }, "team": { "id": "T1" }, "trigger_id": "1.2.x",
        "view": { "id": "V1", "callback_id": "gameday.start", "private_metadata": "m", "state": { "values": {} },
            "blocks": [{ "type": "section" }] },
        "response_urls": [],
    });
    let [BusEvent::Interaction(event)] = &events(Path::SlackInteractivity, &interaction(&payload))[..] else {
        panic!("one interaction")
    };
    assert_eq!(event.action_id, "gameday.start");
    let view = event.view.as_ref().unwrap();
    assert_eq!((&view["id"], view.get("blocks")), (&json!("V1"), None));
}

#[test]
fn mentions_and_direct_messages_are_questions() {
    for (name, kind) in [("slack-event-mention", QuestionKind::Mention), ("slack-event-direct", QuestionKind::Direct)] {
        let [BusEvent::Question(question)] = &events(Path::SlackEvents, &sample(name).to_string())[..] else {
            panic!("one question")
        };
        assert_eq!((question.kind, question.id.as_str()), (kind, "Ev0123456789"));
        assert!(!question.text.is_empty());
    }
}

#[test]
fn what_bots_say_what_is_edited_and_what_is_said_elsewhere_is_left_alone() {
    let direct = sample("slack-event-direct");
    let with = |field: &str, value: Value| {
        let mut event = direct.clone();
        event["event"][field] = value;
        event
    };
    for event in [
        sample("slack-event-own-message"),
        with("bot_id", json!("B1")),
        with("user", json!("U0NIGHTSHIFT")),
        with("subtype", json!("message_changed")),
        with("channel_type", json!("channel")),
        with("text", json!("  ")),
        with("type", json!("reaction_added")),
    ] {
        assert_eq!(events(Path::SlackEvents, &event.to_string()), [], "{event}");
    }
}

#[test]
fn slack_is_told_the_challenge_once_it_has_signed() {
    let body = sample("slack-url-verification").to_string();
    let accepted = decided(&slack(Path::SlackEvents, &body)).unwrap();
    assert_eq!(accepted.answer.body.unwrap()["challenge"], sample("slack-url-verification")["challenge"]);
    assert!(decided(&webhook(Path::SlackEvents, &body)).is_err());
}

#[test]
fn each_alert_of_a_group_is_an_event_and_a_repeated_notification_the_same_ones() {
    let body = sample("webhook-alertmanager").to_string();
    let first = decided(&webhook(Path::Alertmanager, &body)).unwrap();
    assert_eq!(first.entries.len(), 2);
    assert_eq!(decided(&webhook(Path::Alertmanager, &body)).unwrap().entries, first.entries);
    let later = events(Path::Alertmanager, &sample("webhook-alertmanager-resolved").to_string());
    let [BusEvent::Alert(over), BusEvent::Alert(still)] = &later[..] else { panic!("two alerts") };
    assert_eq!((over.status, still.status), (AlertStatus::Resolved, AlertStatus::Firing));
    assert_eq!(over.ends_at.unwrap().to_string(), "2026-11-21T05:41:10.515Z");
    assert_ne!(over.id, first.entries[0].id);
    assert_eq!(still.id, first.entries[1].id);
    assert_eq!(still.ends_at, None);
}

#[test]
fn grafana_says_the_same_in_its_own_way() {
    let [BusEvent::Alert(alert)] = &events(Path::Grafana, &sample("webhook-grafana").to_string())[..] else {
        panic!("one alert")
    };
    assert_eq!((alert.name(), alert.starts_at.to_string().as_str()), ("NodeNotReady", "2026-11-21T05:21:40Z"));
    assert_eq!(alert.values["A"], 1.0);
    assert!(matches!(&events(Path::Grafana, &sample("webhook-grafana-no-data").to_string())[..], [BusEvent::Alert(_)]));
    assert!(
        not_understood(Path::Alertmanager, &sample("webhook-grafana").to_string()),
        "version 1 is not Alertmanager's"
    );
}

#[test]
fn an_alert_that_cannot_be_read_does_not_take_its_group_with_it() {
    let mut body = sample("webhook-alertmanager");
    body["alerts"][0]["startsAt"] = json!("soon");
    let accepted = decided(&webhook(Path::Alertmanager, &body.to_string())).unwrap();
    assert_eq!(accepted.answer.body.unwrap(), json!({ "accepted": 1, "unread": 1, "suppressed": 0 }));
    body["alerts"].as_array_mut().unwrap().truncate(1);
    assert!(not_understood(Path::Alertmanager, &body.to_string()));
}

#[test]
fn a_suppressed_alert_is_not_passed_on() {
    let mut body = sample("webhook-alertmanager");
    body["alerts"][0]["status"] = json!({ "state": "suppressed", "silencedBy": ["s-1"], "inhibitedBy": [] });
    let accepted = decided(&webhook(Path::Alertmanager, &body.to_string())).unwrap();
    assert_eq!(accepted.answer.body.unwrap(), json!({ "accepted": 1, "unread": 0, "suppressed": 1 }));
}

#[test]
fn an_alert_as_large_as_a_request_may_be_still_fits_an_event() {
    let mut body = sample("webhook-alertmanager");
    let long = "\u{1}".repeat(100_000);
    for index in 0..60 {
        body["alerts"][0]["annotations"][format!("a{index}")] = json!(long[..2_000]);
        body["alerts"][0]["labels"][format!("l{index}")] = json!(long[..800]);
    }
    let accepted = decided(&webhook(Path::Alertmanager, &body.to_string())).unwrap();
    assert!(accepted.entries.iter().all(|entry| entry.detail.len() <= MAX_DETAIL_BYTES));
}

#[test]
fn an_event_that_the_bus_does_not_carry_is_refused_as_too_large() {
    let body = format!("command=%2Flogs&user_id=U1&text={}", "x".repeat(300_000));
    assert!(matches!(decided(&slack(Path::SlackCommands, &body)), Err(Refusal::TooLarge)));
}

#[test]
fn what_is_not_of_the_path_is_not_understood() {
    for (path, body) in [
        (Path::SlackCommands, "{}"),
        (Path::SlackCommands, "command=%2Fx"),
        (Path::SlackCommands, "command=x&user_id=U1"),
        (Path::SlackInteractivity, "payload=%7B"),
        (Path::SlackInteractivity, "payload=%7B%7D"),
        (Path::SlackInteractivity, "x=1"),
        (Path::SlackEvents, "command=%2Fx"),
        (Path::SlackEvents, r#"{"type":"event_callback"}"#),
        (Path::SlackEvents, "null"),
        (Path::Alertmanager, "[]"),
        (Path::Alertmanager, r#"{"version":"4"}"#),
        (Path::Grafana, "alerts"),
    ] {
        assert!(not_understood(path, body), "{body}");
    }
}
