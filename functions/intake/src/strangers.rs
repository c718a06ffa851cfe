//! What strangers may send, as functions over bytes: each is run by a fuzz target of `fuzz/` and, over samples and
//! mutations of them, by the tests. None of them may panic, and what they say holds for every input.

use jiff::Timestamp;
use shared::config::Secret;
use shared::text::Language;

use crate::answer::{Answer, Refusal};
use crate::decide::{MAX_DETAIL_BYTES, decide, understand};
use crate::guard::{Seen, parse_signature};
use crate::request::{MAX_BODY_BYTES, Path, Request, decode};

/// One of these functions.
pub type Target = fn(&[u8]);

/// All of them, by the names of their fuzz targets.
pub const TARGETS: &[(&str, Target)] = &[
    ("signature", signature),
    ("base64", base64),
    ("request", request),
    ("command", |body| understood(Path::SlackCommands, body)),
    ("interaction", |body| understood(Path::SlackInteractivity, body)),
    ("event", |body| understood(Path::SlackEvents, body)),
    ("alertmanager", |body| understood(Path::Alertmanager, body)),
    ("grafana", |body| understood(Path::Grafana, body)),
];

/// A signature's header: one of 64 hex digits is read as what it says, nobody without the secret is let in.
pub fn signature(header: &[u8]) {
    let header = String::from_utf8_lossy(header);
    if let Some(signature) = parse_signature(&header) {
        assert!(header.trim_start_matches("v0=").eq_ignore_ascii_case(&hex::encode(signature)));
    }
    let now = Timestamp::UNIX_EPOCH;
    for name in ["x-slack-signature", "x-slack-request-timestamp", "authorization", "x-webhook-secret"] {
        let fixed = [("x-slack-request-timestamp", "0"), ("x-slack-signature", "v0=00")];
        let fixed =
            fixed.iter().filter(|(known, _)| *known != name).map(|(name, value)| ((*name).into(), (*value).into()));
        let headers: Vec<(String, String)> = fixed.chain([(name.to_owned(), header.clone().into_owned())]).collect();
        for path in [Path::SlackCommands, Path::Alertmanager] {
            let request = Request::new(path, headers.clone(), b"command=/x&user_id=U".to_vec());
            let outcome = decide(&request, &[Secret::new("not to be guessed")], &Seen::default(), Language::En, now);
            assert!(matches!(outcome, Err(refusal) if refusal.status() == 401));
        }
    }
}

/// A body that says that it is base64.
pub fn base64(text: &[u8]) {
    if let Ok(text) = std::str::from_utf8(text)
        && let Ok(bytes) = decode(text)
    {
        assert!(bytes.len() <= text.len());
    }
}

/// A whole event of a function URL, or anything else that is JSON: it gets an answer that Lambda takes.
pub fn request(event: &[u8]) {
    let Ok(event) = serde_json::from_slice(event) else { return };
    match Request::parse(event) {
        Ok(request) => assert!(request.body.len() <= MAX_BODY_BYTES),
        Err(refusal) => {
            assert!(matches!(refusal.status(), 400 | 404 | 405 | 413));
            assert!(Answer::from(&refusal).into_payload()["statusCode"].is_u64());
        }
    }
}

/// A body on a path, signature aside: it is refused as what it is, or makes events that the bus carries, the same ones each
/// time.
fn understood(path: Path, body: &[u8]) {
    let request = Request::new(path, Vec::new(), body.to_vec());
    match understand(&request, Language::Ko, Timestamp::UNIX_EPOCH) {
        Err(refusal) => assert!(matches!(refusal, Refusal::NotUnderstood(_) | Refusal::Encoding(_)), "{refusal}"),
        Ok((answer, events)) => {
            assert_eq!(answer.status, 200);
            let later = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(60);
            let again = understand(&request, Language::En, later).map(|(_, events)| events).unwrap_or_default();
            let ids =
                |events: &[shared::bus::BusEvent]| events.iter().map(|event| event.id().clone()).collect::<Vec<_>>();
            assert_eq!(ids(&events), ids(&again));
            let is_alert = matches!(path, Path::Alertmanager | Path::Grafana);
            for event in &events {
                let detail = event.detail().unwrap_or_default();
                assert!(!detail.is_empty() && (!is_alert || detail.len() <= MAX_DETAIL_BYTES));
            }
        }
    }
}
