//! A function URL's event as a request for one of our paths.
//!
//! Payload format 2.0 (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload>): header
//! names in lower case, values of repeated headers joined by commas, a body that is base64 where its content type is not
//! text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::Refusal;

/// The largest body that is looked at.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// A slash command.
    SlackCommands,
    /// A click, a choice, a form.
    SlackInteractivity,
    /// Mentions and direct messages.
    SlackEvents,
    /// Alertmanager's webhook.
    Alertmanager,
    /// Grafana's webhook.
    Grafana,
}

/// Who may ask it, and so by which secret they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Slack, by a signature over the body.
    Slack,
    /// Alertmanager and Grafana, by a shared secret.
    Webhook,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub path: Path,
    /// Headers, names in lower case.
    headers: Vec<(String, String)>,
    /// The body, byte for byte as it was sent.
    pub body: Vec<u8>,
}

impl Path {
    /// The path of this text.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path.strip_suffix('/').unwrap_or(path) {
            "/slack/commands" => Self::SlackCommands,
            "/slack/interactivity" => Self::SlackInteractivity,
            "/slack/events" => Self::SlackEvents,
            "/alerts/alertmanager" => Self::Alertmanager,
            "/alerts/grafana" => Self::Grafana,
            _ => return None,
        })
    }

    /// Who may ask.
    pub const fn sender(self) -> Sender {
        match self {
            Self::SlackCommands | Self::SlackInteractivity | Self::SlackEvents => Sender::Slack,
            Self::Alertmanager | Self::Grafana => Sender::Webhook,
        }
    }
}

impl Request {
    /// A request with these headers, names in lower case.
    pub const fn new(path: Path, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { path, headers, body }
    }

    /// Reads a function URL's event.
    ///
    /// # Errors
    ///
    /// When it is none, the path or method is not ours, or the body too large or not decodable.
    pub fn parse(payload: Value) -> Result<Self, Refusal> {
        let event: Event = serde_json::from_value(payload).map_err(|_| Refusal::NotARequest)?;
        let path = Path::parse(&event.raw_path).ok_or(Refusal::NotFound)?;
        if event.request_context.http.method != "POST" {
            return Err(Refusal::Method);
        }
        let text = event.body.unwrap_or_default();
        let limit = if event.is_base64_encoded { MAX_BODY_BYTES.div_ceil(3) * 4 } else { MAX_BODY_BYTES };
        if text.len() > limit {
            return Err(Refusal::TooLarge);
        }
        let body = if event.is_base64_encoded { decode(&text)? } else { text.into_bytes() };
        if body.len() > MAX_BODY_BYTES {
            return Err(Refusal::TooLarge);
        }
        let header = |(name, value): (String, Value)| {
            let Value::String(value) = value else { return None };
            Some((name.to_ascii_lowercase(), value))
        };
        let headers = event.headers.into_iter().filter_map(header).collect();
        Ok(Self { path, headers, body })
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8.
    pub fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(&self.body).map_err(|_| Refusal::Encoding("not UTF-8"))
    }

    /// Whether Slack says that it sends this again.
    pub fn is_retry(&self) -> bool {
        self.header("x-slack-retry-num").is_some()
    }
}

/// Decodes a body that Lambda encoded.
///
/// # Errors
///
/// When it is not base64.
pub fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(|_| Refusal::Encoding("not base64"))
}

/// What is read of the event. Missing parts are empty, so that whatever a stranger sends gets a fitting answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    raw_path: String,
    request_context: Context,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}
