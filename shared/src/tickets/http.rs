//! Calls to a tracker: what came of them, told apart.

use std::time::Duration;

use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::config::Secret;
use crate::deadline::Deadline;

const CALL: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(2);
/// Bytes of an answer that are read.
const ANSWER: usize = 4 * 1024 * 1024;

/// Why a call to a tracker came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// Nothing happened; the same may succeed later.
    #[error("{tracker} could not be asked to {doing} ({reason}); it is tried again")]
    Retry {
        /// `jira` or `github`.
        tracker: &'static str,
        /// What was tried.
        doing: &'static str,
        /// What happened.
        reason: String,
    },
    /// It may have happened.
    #[error("{tracker} may or may not have done it ({doing}: {reason}); it is looked for before it is done again")]
    Ambiguous {
        /// `jira` or `github`.
        tracker: &'static str,
        /// What was tried.
        doing: &'static str,
        /// What happened.
        reason: String,
    },
    /// It will be refused until somebody changes something.
    #[error("{tracker} refused to {doing} ({reason}): {advice}")]
    Refused {
        /// `jira` or `github`.
        tracker: &'static str,
        /// What was tried.
        doing: &'static str,
        /// What it said.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// There is no client.
    #[error("no client for the tracker can be made: {0}")]
    Client(String),
}

impl TicketError {
    /// Whether it is not known if it happened.
    pub const fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Ambiguous { .. })
    }

    /// Whether the same may succeed later.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry { .. } | Self::Ambiguous { .. })
    }
}

/// Whether doing it twice does more than doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Idempotent,
    Once,
}

/// Calls to one tracker.
pub(super) struct Http {
    tracker: &'static str,
    client: reqwest::Client,
    base: Url,
    authorization: Secret,
    accept: &'static str,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http")
            .field("tracker", &self.tracker)
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// A call.
pub(super) struct Call<'a> {
    doing: &'static str,
    method: Method,
    /// Under the base address, without a slash at its beginning.
    path: &'a str,
    query: &'a [(&'static str, &'a str)],
    body: Option<Value>,
    effect: Effect,
}

impl<'a> Call<'a> {
    /// Reads.
    pub(super) const fn get(doing: &'static str, path: &'a str, query: &'a [(&'static str, &'a str)]) -> Self {
        Self { doing, method: Method::GET, path, query, body: None, effect: Effect::Idempotent }
    }

    /// Asks with a body, or writes what may be written twice.
    pub(super) const fn post(doing: &'static str, path: &'a str, body: Value) -> Self {
        Self { doing, method: Method::POST, path, query: &[], body: Some(body), effect: Effect::Idempotent }
    }

    /// The same by another method.
    pub(super) fn by(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// The same, which done twice does more than done once.
    pub(super) fn once(self) -> Self {
        Self { effect: Effect::Once, ..self }
    }
}

impl Http {
    pub(super) fn new(
        tracker: &'static str,
        base: &Url,
        authorization: Secret,
        accept: &'static str,
    ) -> Result<Self, TicketError> {
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let client = crate::http::client(&base, CONNECT).map_err(|error| TicketError::Client(error.to_string()))?;
        Ok(Self { tracker, client, base, authorization, accept })
    }

    /// The address under the base.
    pub(super) fn address(&self, path: &str) -> Result<Url, TicketError> {
        self.base.join(path).map_err(|error| TicketError::Client(error.to_string()))
    }

    /// Makes a call; the answer's JSON, null where it has none.
    pub(super) async fn call(&self, call: Call<'_>, deadline: Deadline) -> Result<Value, TicketError> {
        let (tracker, doing, effect) = (self.tracker, call.doing, call.effect);
        let unknown = |reason: String| match effect {
            Effect::Once => TicketError::Ambiguous { tracker, doing, reason },
            Effect::Idempotent => TicketError::Retry { tracker, doing, reason },
        };
        let mut request = self
            .client
            .request(call.method, self.address(call.path)?)
            .query(call.query)
            .header(header::AUTHORIZATION, self.authorization.expose())
            .header(header::ACCEPT, self.accept)
            .timeout(deadline.cap(CALL));
        if tracker == "github" {
            request = request.header("x-github-api-version", "2022-11-28");
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                return Err(TicketError::Retry { tracker, doing, reason: "no connection".into() });
            }
            Err(error) if error.is_timeout() => return Err(unknown("timed out".into())),
            Err(_) => return Err(unknown("connection lost".into())),
        };
        let status = answer.status();
        let limited = is_rate_limited(&answer);
        let bytes = answer.bytes().await.map_err(|_| unknown("connection lost".into()))?;
        let body: Result<Value, _> = match bytes.len() {
            0 => Ok(Value::Null),
            1..=ANSWER => serde_json::from_slice(&bytes),
            _ => return Err(unknown("an answer that is too long".into())),
        };
        match status {
            status if status.is_success() => {
                body.map_err(|_| unknown(format!("HTTP status {} with a body that is not JSON", status.as_u16())))
            }
            _ if limited => Err(TicketError::Retry { tracker, doing, reason: "rate limited".into() }),
            status if status.is_server_error() => Err(unknown(format!("HTTP status {}", status.as_u16()))),
            StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT => {
                Err(TicketError::Retry { tracker, doing, reason: format!("HTTP status {}", status.as_u16()) })
            }
            status => {
                let said = body.unwrap_or_default();
                let reason = format!("HTTP status {}: {}", status.as_u16(), said_in(&said));
                Err(TicketError::Refused { tracker, doing, reason, advice: advice(tracker, status) })
            }
        }
    }
}

/// GitHub says so with 403 as well: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
fn is_rate_limited(answer: &reqwest::Response) -> bool {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => header("retry-after").is_some() || header("x-ratelimit-remaining") == Some("0"),
        _ => false,
    }
}

/// What an error body says, in one line: Jira's `errorMessages` and `errors`, GitHub's `message`.
fn said_in(body: &Value) -> String {
    let mut said: Vec<String> = Vec::new();
    said.extend(body["message"].as_str().map(str::to_owned));
    said.extend(body["errorMessages"].as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)));
    if let Some(fields) = body["errors"].as_object() {
        said.extend(fields.iter().map(|(field, why)| format!("{field}: {}", why.as_str().unwrap_or_default())));
    }
    super::one_line(&crate::redact::redact(&said.join("; ")), 300)
}

fn advice(tracker: &str, status: StatusCode) -> &'static str {
    match (tracker, status) {
        ("jira", StatusCode::UNAUTHORIZED) => "check JIRA_USER and the API token, which expires",
        ("jira", StatusCode::FORBIDDEN) => "let the user browse the project, create, comment on and transition issues",
        ("jira", StatusCode::NOT_FOUND) => "check JIRA_URL and JIRA_PROJECT, and that the user may browse the project",
        ("jira", StatusCode::BAD_REQUEST) => {
            "check JIRA_PROJECT and JIRA_ISSUE_TYPE; summary, description and labels have to be on the create screen, and no other field required"
        }
        ("github", StatusCode::UNAUTHORIZED) => "check the token, which expires",
        ("github", StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) => {
            "check GITHUB_ISSUES_REPOSITORY; the token needs read and write access to its issues"
        }
        ("github", StatusCode::GONE) => "issues are switched off in the repository's settings",
        _ => "see the tracker's API documentation",
    }
}
