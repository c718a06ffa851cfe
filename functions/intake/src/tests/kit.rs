//! Requests as their senders make them.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use shared::config::Secret;
use shared::text::Language;

use crate::answer::Refusal;
use crate::decide::{Accepted, decide};
use crate::guard::Seen;
use crate::request::{Path, Request};

/// A test's secret, made here.
pub(super) fn secret() -> Secret {
    Secret::new(["for", "tests", "only"].join("-"))
}

/// The time of these tests.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_795_238_588).unwrap()
}

/// The headers by which Slack signs `body` at `at`.
pub(super) fn signature(body: &[u8], at: Timestamp, secret: &Secret) -> Vec<(String, String)> {
    let time = at.as_second().to_string();
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap();
    let tag = mac.chain_update("v0:").chain_update(&time).chain_update(":").chain_update(body).finalize().into_bytes();
    vec![
        ("x-slack-request-timestamp".to_owned(), time),
        ("x-slack-signature".to_owned(), format!("v0={}", hex::encode(tag))),
    ]
}

/// A request that Slack signed now.
pub(super) fn slack(path: Path, body: &str) -> Request {
    Request::new(path, signature(body.as_bytes(), now(), &secret()), body.as_bytes().to_vec())
}

/// What comes of it.
pub(super) fn decided(request: &Request) -> Result<Accepted, Refusal> {
    decide(request, &[secret()], &Seen::default(), Language::En, now())
}

/// A webhook's request with the secret.
pub(super) fn webhook(path: Path, body: &str) -> Request {
    let header = ("authorization".to_owned(), format!("Bearer {}", secret().expose()));
    Request::new(path, vec![header], body.as_bytes().to_vec())
}

/// A file of `events/`.
pub(super) fn sample(name: &str) -> serde_json::Value {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
