//! Who a request is from.
//!
//! Slack signs each request: `v0=` and the hex of HMAC-SHA256 over `v0:<timestamp>:<body>`
//! (<https://docs.slack.dev/authentication/verifying-requests-from-slack>). Alertmanager and Grafana show a shared secret.
//! Both are compared in constant time, and all secrets that are valid are tried, whichever fits.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use shared::config::Secret;

use crate::answer::Refusal;
use crate::request::Request;

/// How far the time of signing may be away from now, in either direction.
pub const WINDOW_SECONDS: u64 = 300;
/// Signatures that are remembered: those of five minutes, at 30 requests a second.
const REMEMBERED: usize = 10_000;

/// A signature as bytes.
pub type Signature = [u8; 32];

/// Signatures of requests that this process has accepted, for as long as their time is valid.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<Signature, i64>);

impl Seen {
    /// Whether a request with this signature was accepted.
    pub fn contains(&self, signature: &Signature) -> bool {
        self.0.contains_key(signature)
    }

    /// Remembers the signature of an accepted request.
    pub fn remember(&mut self, signature: Signature, now: Timestamp) {
        let (now, window) = (now.as_second(), WINDOW_SECONDS.cast_signed());
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        // Signed at most five minutes ahead, a request is valid for five minutes after that.
        self.0.insert(signature, now + 2 * window);
    }
}

/// Reads `v0=` and 64 hex digits.
pub fn parse_signature(header: &str) -> Option<Signature> {
    let digits = header.strip_prefix("v0=")?;
    let mut signature = Signature::default();
    hex::decode_to_slice(digits, &mut signature).ok()?;
    Some(signature)
}

/// Whether Slack sent this request, now.
///
/// # Errors
///
/// When the signature is missing, malformed, wrong, of another time, or was accepted before.
pub fn slack(request: &Request, secrets: &[Secret], seen: &Seen, now: Timestamp) -> Result<Signature, Refusal> {
    let timestamp = request.header("x-slack-request-timestamp").ok_or(Refusal::Signature("no timestamp"))?;
    let is_number =
        !timestamp.is_empty() && timestamp.len() <= 12 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let signed_at: i64 = timestamp.parse().ok().filter(|_| is_number).ok_or(Refusal::Signature("not a timestamp"))?;
    let signature = request.header("x-slack-signature").ok_or(Refusal::Signature("no signature"))?;
    let signature = parse_signature(signature).ok_or(Refusal::Signature("not a signature"))?;
    let seconds = now.as_second().abs_diff(signed_at);
    if seconds > WINDOW_SECONDS {
        return Err(Refusal::Late { seconds });
    }
    let mut fits = false;
    for secret in secrets {
        let Some(mut mac) = keyed(secret) else { continue };
        for part in [b"v0:", timestamp.as_bytes(), b":", &request.body] {
            mac.update(part);
        }
        fits |= mac.verify_slice(&signature).is_ok();
    }
    match fits {
        false if secrets.is_empty() => Err(Refusal::Signature("no signing secret is set")),
        false => Err(Refusal::Signature("wrong")),
        true if seen.contains(&signature) => Err(Refusal::Replayed),
        true => Ok(signature),
    }
}

/// Whether a sender of alerts sent this request.
///
/// # Errors
///
/// When no secret is shown, or none that is valid.
pub fn webhook(request: &Request, secrets: &[Secret]) -> Result<(), Refusal> {
    let bearer = request.header("authorization").and_then(|value| {
        let (scheme, credentials) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
    });
    let shown = [bearer, request.header("x-webhook-secret")];
    if shown.iter().all(Option::is_none) {
        return Err(Refusal::WebhookSecret("missing"));
    }
    // Compared by a keyed hash of each: equal lengths, whatever the secrets' own.
    let tag = |secret: &Secret| keyed(secret).map(|mac| mac.chain_update(b"webhook"));
    let mut fits = false;
    for shown in shown.into_iter().flatten() {
        let Some(shown) = tag(&Secret::new(shown)) else { continue };
        let shown = shown.finalize().into_bytes();
        for secret in secrets {
            fits |= tag(secret).is_some_and(|mac| mac.verify_slice(&shown).is_ok());
        }
    }
    match fits {
        true => Ok(()),
        false if secrets.is_empty() => Err(Refusal::WebhookSecret("not set up")),
        false => Err(Refusal::WebhookSecret("wrong")),
    }
}

/// HMAC-SHA256 with this secret; `None` for an empty one, which would let anybody in.
fn keyed(secret: &Secret) -> Option<Hmac<Sha256>> {
    Some(secret).filter(|secret| !secret.is_empty())?;
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()
}
