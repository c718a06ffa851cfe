//! What the function URL hands over, and who is let in by a shared secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::config::Secret;
use shared::text::Language;

use super::kit::{now, sample, secret, webhook};
use crate::answer::{Answer, Refusal};
use crate::decide::decide;
use crate::guard::Seen;
use crate::request::{MAX_BODY_BYTES, Path, Request};

fn event(method: &str, path: &str, body: &str, is_base64: bool) -> Value {
    let mut event = sample("url-alertmanager");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(is_base64);
    event
}

fn status(event: Value) -> u16 {
    Request::parse(event).map_or_else(|refusal| refusal.status(), |_| 200)
}

#[test]
fn only_post_to_one_of_five_paths_comes_in() {
    for path in ["/slack/commands", "/slack/interactivity", "/slack/events", "/alerts/alertmanager", "/alerts/grafana"]
    {
        assert_eq!(status(event("POST", path, "", false)), 200, "{path}");
        assert_eq!(status(event("POST", &format!("{path}/"), "", false)), 200, "{path}");
        assert_eq!(status(event("GET", path, "", false)), 405, "{path}");
        assert_eq!(status(event("POST", &path.to_uppercase(), "", false)), 404, "{path}");
    }
    for path in ["", "/", "//slack/commands", "/slack/commands/../events", "/slack%2Fcommands", "/health"] {
        assert_eq!(status(event("POST", path, "", false)), 404, "{path}");
    }
    for other in [json!(null), json!([]), json!({ "Records": [] }), json!({ "rawPath": "/slack/commands" })] {
        assert_eq!(status(other), 400);
    }
}

#[test]
fn a_megabyte_is_the_most_encoded_or_not() {
    let (fits, over) = ("x".repeat(MAX_BODY_BYTES), "x".repeat(MAX_BODY_BYTES + 1));
    for (body, expected) in [(&fits, 200), (&over, 413)] {
        assert_eq!(status(event("POST", "/alerts/grafana", body, false)), expected);
        assert_eq!(status(event("POST", "/alerts/grafana", &STANDARD.encode(body), true)), expected);
    }
}

#[test]
fn base64_bodies_are_decoded_and_wrong_ones_refused() {
    let request = Request::parse(event("POST", "/slack/commands", &STANDARD.encode([0xff, 0x00, b'a']), true)).unwrap();
    assert_eq!(request.body, [0xff, 0x00, b'a']);
    assert!(matches!(request.text(), Err(Refusal::Encoding(_))));
    for wrong in ["%", "YQ", "YQ==x", "Y Q=", "é"] {
        assert_eq!(status(event("POST", "/slack/commands", wrong, true)), 400, "{wrong}");
    }
}

#[test]
fn headers_are_found_whatever_their_case() {
    let mut with_header = event("POST", "/slack/commands", "", false);
    with_header["headers"] = json!({ "X-Slack-Retry-Num": "1", "odd": ["not", "text"] });
    assert!(Request::parse(with_header).unwrap().is_retry());
}

#[test]
fn both_secrets_let_in_by_either_header_and_nothing_else_does() {
    let body = sample("webhook-alertmanager").to_string();
    let secrets = [secret(), Secret::new("the-one-before")];
    let let_in = |headers: &[(&str, &str)], secrets: &[Secret]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request::new(Path::Alertmanager, headers, body.clone().into_bytes());
        match decide(&request, secrets, &Seen::default(), Language::En, now()) {
            Ok(_) => true,
            Err(Refusal::WebhookSecret(_)) => false,
            Err(other) => panic!("{other}"),
        }
    };
    for secret in &secrets {
        assert!(let_in(&[("authorization", &format!("Bearer {}", secret.expose()))], &secrets));
        assert!(let_in(&[("authorization", &format!("bearer  {}", secret.expose()))], &secrets));
        assert!(let_in(&[("x-webhook-secret", secret.expose())], &secrets));
    }
    let right = secret();
    assert!(!let_in(&[], &secrets));
    assert!(!let_in(&[("authorization", right.expose())], &secrets));
    assert!(!let_in(&[("authorization", "Bearer ")], &secrets));
    assert!(!let_in(&[("x-webhook-secret", "")], &secrets));
    assert!(!let_in(&[("x-webhook-secret", &right.expose()[1..])], &secrets));
    assert!(!let_in(&[("x-webhook-secret", &format!("{} ", right.expose()))], &secrets));
    assert!(!let_in(&[("x-webhook-secret", right.expose())], &[]));
    assert!(!let_in(&[("x-webhook-secret", "")], &[Secret::new("")]));
}

#[test]
fn answers_are_what_lambda_takes() {
    let payload = Answer::from(&Refusal::Method).into_payload();
    assert_eq!(payload["statusCode"], 405);
    assert_eq!(payload["headers"]["allow"], "POST");
    assert_eq!(payload["body"], r#"{"error":"method"}"#);
    let payload = Answer::empty().into_payload();
    assert_eq!((&payload["statusCode"], &payload["body"]), (&json!(200), &json!("")));
}

#[test]
fn the_log_of_a_refusal_carries_no_secret() {
    let refused = decide(&webhook(Path::Grafana, "{}"), &[Secret::new("x")], &Seen::default(), Language::En, now());
    let text = format!("{refused:?} {}", refused.as_ref().unwrap_err());
    assert!(!text.contains(secret().expose()));
}
