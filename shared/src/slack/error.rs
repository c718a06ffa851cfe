//! What can go wrong with a call, told apart by what the caller does about it.

use std::time::Duration;

/// A failed call to Slack.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// Nothing was done; the same call may be made again.
    #[error("slack {method} did nothing ({reason}); retry{}", after(.retry_after))]
    Retry {
        /// The Web API method.
        method: &'static str,
        /// Why.
        reason: String,
        /// How long Slack wants us to wait, where it said so.
        retry_after: Option<Duration>,
    },
    /// The call was sent and its outcome is unknown: look for the message by its key before posting again.
    #[error(
        "slack {method} was sent and its outcome is unknown ({reason}); look for the message before posting it again"
    )]
    Ambiguous {
        /// The Web API method.
        method: &'static str,
        /// What was seen instead of an answer.
        reason: String,
    },
    /// Slack refused, and will again until somebody changes something.
    #[error("slack {method} refused with {code}: {advice}")]
    Refused {
        /// The Web API method.
        method: &'static str,
        /// Slack's error code.
        code: String,
        /// What to do.
        advice: &'static str,
    },
    /// The client cannot be made.
    #[error("slack client cannot be made: {0}")]
    Client(String),
}

fn after(retry_after: &Option<Duration>) -> String {
    retry_after.map(|wait| format!(" after {} s", wait.as_secs())).unwrap_or_default()
}

impl SlackError {
    /// Whether the same call may simply be made again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// Whether Slack refused because of the one message that was to be edited, not because of channel, app or token.
    pub fn is_about_the_message(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if matches!(code.as_str(), "message_not_found" | "cant_update_message" | "edit_window_closed"))
    }

    /// Whether the message may stand in the channel although the call failed.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Ambiguous { .. })
    }
}

/// What to do about an error code of the Web API.
pub(super) fn advice(code: &str) -> &'static str {
    match code {
        "channel_not_found" => "set SLACK_CHANNEL to the channel's id, and for a private channel invite the app to it",
        "not_in_channel" => "invite the app to the channel: /invite @nightshift",
        "is_archived" => "the channel is archived; set SLACK_CHANNEL to another one",
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "the bot token is not accepted; install the app again and store its token (SLACK_BOT_TOKEN_SECRET_ARN)"
        }
        "missing_scope" | "no_permission" => {
            "the app lacks a scope; compare its manifest with docs/slack-app.md and install it again"
        }
        "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_thread_only_channel" => {
            "the workspace forbids the app to post there; ask its administrator or set SLACK_CHANNEL to another channel"
        }
        "message_not_found" | "cant_update_message" | "edit_window_closed" => {
            "the message cannot be edited any more; post a new one"
        }
        "thread_not_found" => "the thread's first message is gone; post a new one",
        "expired_url" | "used_url" => {
            "the response_url is good for 30 minutes and five answers; post to the channel instead"
        }
        _ => "see https://docs.slack.dev/reference/methods for the code",
    }
}

/// Codes with which Slack says that it failed, not we.
pub(super) fn is_transient(code: &str) -> bool {
    matches!(code, "internal_error" | "fatal_error" | "service_unavailable" | "team_added_to_org" | "request_timeout")
}

/// Codes with which Slack limits us inside a 200 answer.
pub(super) fn is_rate_limit(code: &str) -> bool {
    matches!(code, "ratelimited" | "rate_limited" | "message_limit_exceeded")
}
