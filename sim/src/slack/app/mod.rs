//! The app that is installed in the workspace: what people do reaches it, signed as Slack signs it.
//!
//! [`Workspace::connect`] names the app's address. From then on [`Workspace::command`], [`Workspace::say`] and
//! [`Workspace::press`] do what the composer, the buttons and the menus of the page do:
//!
//! - a slash command is a form to `slack/commands`, a click or a submitted dialog one to `slack/interactivity`; both have to be acknowledged
//!   within three seconds and are not repeated;
//! - a mention or a direct message is an event to `slack/events`, repeated up to three times (at once, after a minute,
//!   after five) with `X-Slack-Retry-Num` where it is not acknowledged.

mod command;
mod event;
mod interaction;
mod request;
mod signature;
mod view;

use std::time::Duration;

use serde_json::json;

use super::workspace::Workspace;

pub use command::{COMMANDS, SlashCommand};
pub use request::Delivery;
pub use signature::signature;

/// How long Slack waits for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the app is, and how Slack talks to it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What `slack/commands`, `slack/interactivity` and `slack/events` are below; ends in a slash.
    pub url: String,
    /// What requests are signed with.
    pub signing_secret: String,
    /// How long to wait before an event is sent again: after its first, second and third failure.
    pub retry_after: [Duration; 3],
}

impl Connection {
    /// An app at `url`, with Slack's own waits.
    pub fn new(url: impl Into<String>, signing_secret: impl Into<String>) -> Self {
        let retry_after = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];
        Self { url: url.into(), signing_secret: signing_secret.into(), retry_after }
    }
}

/// The app did not prove that its address is its own.
#[derive(Debug, thiserror::Error)]
#[error("the app does not answer url_verification at {url}slack/events with the challenge: {delivery:?}")]
pub struct NotVerified {
    /// The address.
    pub url: String,
    /// What came of the request.
    pub delivery: Delivery,
}

impl Workspace {
    /// Installs the app: its address has to answer `url_verification` with the challenge, as when it is entered at Slack.
    pub async fn connect(&self, connection: Connection) -> Result<(), NotVerified> {
        let challenge = self.token(24);
        let body = json!({"token": "sim", "challenge": challenge, "type": "url_verification"}).to_string();
        let delivery = request::send(&connection, "slack/events", "application/json", body, &[]).await;
        let answered = match &delivery {
            Delivery::Answered { status: 200, body } => {
                *body == challenge
                    || serde_json::from_str::<serde_json::Value>(body).is_ok_and(|body| body["challenge"] == challenge)
            }
            _ => false,
        };
        if !answered {
            return Err(NotVerified { url: connection.url, delivery });
        }
        self.set_connection(connection);
        Ok(())
    }
}
