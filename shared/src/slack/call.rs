//! How a call is made: in its turn, again where that does no harm, and what is known of its outcome when no answer comes.

use std::time::Duration;

use reqwest::{StatusCode, header};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{
    ChannelId, Slack,
    error::{SlackError, advice, is_rate_limit, is_transient},
};
use crate::deadline::Deadline;

/// Time of one call.
pub(super) const CALL: Duration = Duration::from_secs(10);
/// What is between two messages of a channel.
const PACE: Duration = Duration::from_secs(1);

impl Slack {
    /// Waits until the channel takes another message, or says that it will not before the deadline.
    pub(super) async fn pace(
        &self,
        method: &'static str,
        channel: &ChannelId,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let turn = {
            let mut next_post = self.inner.next_post.lock().await;
            let now = Instant::now();
            next_post.retain(|_, next| *next > now);
            let turn = next_post.get(channel).copied().unwrap_or(now);
            let wait = turn.saturating_duration_since(now);
            if !deadline.fits(wait, Duration::ZERO) {
                return Err(SlackError::Retry { method, reason: "no time left".into(), retry_after: Some(wait) });
            }
            next_post.insert(channel.clone(), turn + PACE);
            turn
        };
        tokio::time::sleep_until(turn).await;
        Ok(())
    }

    /// Makes a call, again where that does no harm and fits the deadline.
    pub(super) async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        body: Body<'_>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<T, SlackError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.send(method, &body, effect, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let SlackError::Retry { retry_after, .. } = &error else { return Err(error) };
            let wait = retry_after.unwrap_or(Duration::from_millis(200) * 2u32.pow(attempt));
            if attempt >= 3 || !deadline.fits(wait, Duration::from_millis(500)) {
                return Err(error);
            }
            tracing::info!(method, attempt, wait_ms = wait.as_millis() as u64, %error, "slack call is repeated");
            tokio::time::sleep(wait).await;
        }
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        body: &Body<'_>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<T, SlackError> {
        let url = self.inner.base.join(method).map_err(|error| SlackError::Client(error.to_string()))?;
        let mut request = self.inner.http.post(url).bearer_auth(self.inner.token.expose()).timeout(deadline.cap(CALL));
        request = match body {
            Body::Json(body) => {
                request.header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.to_string())
            }
            Body::Form(form) => request.form(form),
        };
        let response = request.send().await.map_err(|error| lost(method, effect, &error))?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(SlackError::Retry {
                method,
                reason: "rate limited".into(),
                retry_after: Some(retry_after(&response)),
            });
        }
        if status.is_server_error() {
            return Err(effect.unknown(method, format!("HTTP status {}", status.as_u16())));
        }
        let retry_after = retry_after(&response);
        let bytes = response.bytes().await.map_err(|error| lost(method, effect, &error))?;
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| {
            effect.unknown(method, format!("HTTP status {} with a body that is not JSON", status.as_u16()))
        })?;
        match (answer["ok"].as_bool(), answer["error"].as_str()) {
            (Some(true), _) => serde_json::from_value(answer)
                .map_err(|error| effect.unknown(method, format!("an answer without what was asked for: {error}"))),
            (_, Some(code)) if is_rate_limit(code) => {
                Err(SlackError::Retry { method, reason: code.to_owned(), retry_after: Some(retry_after) })
            }
            (_, Some(code)) if is_transient(code) => Err(effect.unknown(method, code.to_owned())),
            (_, Some(code)) => Err(SlackError::Refused { method, code: code.to_owned(), advice: advice(code) }),
            (_, None) => Err(effect.unknown(method, format!("HTTP status {} without ok or error", status.as_u16()))),
        }
    }

    /// Sends to a `response_url`, once.
    pub(super) async fn send_response(
        &self,
        response_url: &Url,
        body: &Value,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<(), SlackError> {
        let method = "response_url";
        let request = self.inner.http.post(response_url.clone()).json(body).timeout(deadline.cap(CALL));
        let answer = request.send().await.map_err(|error| lost(method, effect, &error))?;
        let status = answer.status();
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(SlackError::Retry {
                method,
                reason: "rate limited".into(),
                retry_after: Some(retry_after(&answer)),
            }),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                Err(SlackError::Refused { method, code: "expired_url".into(), advice: advice("expired_url") })
            }
            status if status.is_client_error() => {
                // The body is Slack's code, such as invalid_blocks; nothing else is taken over from it.
                let code = answer.text().await.unwrap_or_default();
                let is_code =
                    (1..60).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                let code = if is_code { code } else { format!("status {}", status.as_u16()) };
                let advice = advice(&code);
                Err(SlackError::Refused { method, code, advice })
            }
            status => Err(effect.unknown(method, format!("HTTP status {}", status.as_u16()))),
        }
    }
}

/// What is sent.
pub(super) enum Body<'a> {
    Json(&'a Value),
    Form(&'a [(&'static str, &'a str)]),
}

/// Whether making a call twice does more than making it once.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    Idempotent,
    Once,
}

impl Effect {
    fn unknown(self, method: &'static str, reason: String) -> SlackError {
        match self {
            Self::Idempotent => SlackError::Retry { method, reason, retry_after: None },
            Self::Once => SlackError::Ambiguous { method, reason },
        }
    }
}

/// A call without an answer. Before the connection stands, nothing can have happened.
pub(super) fn lost(method: &'static str, effect: Effect, error: &reqwest::Error) -> SlackError {
    // The error's own text carries the address, and a response_url is a secret.
    let reason = if error.is_connect() {
        return SlackError::Retry { method, reason: "no connection".into(), retry_after: None };
    } else if error.is_timeout() {
        "timed out"
    } else {
        "connection lost"
    };
    effect.unknown(method, reason.to_owned())
}

fn retry_after(response: &reqwest::Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}
