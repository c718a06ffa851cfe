//! What is answered, and why a request is refused.

use serde_json::{Value, json};
use shared::config::SecretError;

use crate::act::PutError;
use crate::request::MAX_BODY_BYTES;

/// An answer to a function URL's request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, if any.
    pub body: Option<Value>,
    headers: &'static [(&'static str, &'static str)],
}

impl Answer {
    /// 200 with nothing to say.
    pub const fn empty() -> Self {
        Self { status: 200, body: None, headers: &[] }
    }

    /// 200 with this body.
    pub const fn json(body: Value) -> Self {
        Self { status: 200, body: Some(body), headers: &[] }
    }

    /// As Lambda wants it:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>.
    pub fn into_payload(self) -> Value {
        let mut headers = serde_json::Map::new();
        for (name, value) in self.headers {
            headers.insert((*name).to_owned(), json!(value));
        }
        if self.body.is_some() {
            headers.insert("content-type".to_owned(), json!("application/json; charset=utf-8"));
        }
        let body = self.body.map(|body| body.to_string()).unwrap_or_default();
        json!({ "statusCode": self.status, "headers": headers, "body": body, "isBase64Encoded": false })
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        let headers: &[_] = match refusal {
            Refusal::Method => &[("allow", "POST")],
            Refusal::Secret(_) | Refusal::Bus(_) => &[("retry-after", "1")],
            _ => &[],
        };
        Self { status: refusal.status(), body: Some(json!({ "error": refusal.name() })), headers }
    }
}

/// Why a request is not accepted. The sender is told the short name, the log the sentence.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The invocation is no HTTP request.
    #[error("the event is not a function URL's (payload format 2.0); invoke the function through its URL")]
    NotARequest,
    /// No such path.
    #[error(
        "there is nothing at this path; see docs/operations.md for the addresses to give to Slack and Alertmanager"
    )]
    NotFound,
    /// Not POST.
    #[error("the method is not POST")]
    Method,
    /// Too large.
    #[error("the request has more than {MAX_BODY_BYTES} bytes, or makes an event that EventBridge does not carry")]
    TooLarge,
    /// The body says that it is base64 and is not, or is no UTF-8.
    #[error("the body cannot be decoded ({0})")]
    Encoding(&'static str),
    /// Slack's signature is missing, malformed or wrong.
    #[error("the signature is not Slack's ({0}); check SLACK_SIGNING_SECRET if this is a new app")]
    Signature(&'static str),
    /// Signed more than five minutes ago, or ahead.
    #[error("the request was signed {seconds} s away from now; at most 300 s are accepted")]
    Late {
        /// How far away.
        seconds: u64,
    },
    /// The same signed request once more.
    #[error("the very same request was accepted before")]
    Replayed,
    /// The webhook secret is missing or wrong.
    #[error(
        "the webhook's secret is {0}; it belongs into Authorization: Bearer or X-Webhook-Secret, and is set as WEBHOOK_SECRET"
    )]
    WebhookSecret(&'static str),
    /// The body is not what this path takes.
    #[error("the body is not understood ({0})")]
    NotUnderstood(String),
    /// The secret cannot be read now.
    #[error("the secret that guards this path cannot be read: {0}")]
    Secret(#[from] SecretError),
    /// The bus does not take the events now.
    #[error(transparent)]
    Bus(#[from] PutError),
}

impl Refusal {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotARequest | Self::Encoding(_) | Self::NotUnderstood(_) => 400,
            Self::Signature(_) | Self::Late { .. } | Self::Replayed | Self::WebhookSecret(_) => 401,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::TooLarge => 413,
            Self::Secret(_) | Self::Bus(_) => 503,
        }
    }

    /// A short name for the answer, logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotARequest => "not-a-request",
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::TooLarge => "too-large",
            Self::Encoding(_) => "encoding",
            Self::Signature(_) => "signature",
            Self::Late { .. } => "late",
            Self::Replayed => "replayed",
            Self::WebhookSecret(_) => "secret",
            Self::NotUnderstood(_) => "not-understood",
            Self::Secret(_) => "secret-unavailable",
            Self::Bus(_) => "bus-unavailable",
        }
    }
}
