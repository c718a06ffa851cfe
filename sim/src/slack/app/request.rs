//! One signed request to the app.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::signature::signature;
use super::{Connection, PATIENCE};

/// What came of a request to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It answered in time.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// It did not answer within three seconds.
    TimedOut,
    /// It could not be reached, or its answer broke off.
    Failed,
    /// It was not asked: there is no app, or what was pressed is not there.
    NotSent,
}

impl Delivery {
    /// Whether Slack takes it for an acknowledgement.
    pub fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }

    /// How Slack names what went wrong, to the person who typed a command.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Answered { status: 200..=299, .. } => None,
            Self::Answered { .. } => Some("http_service_error"),
            Self::TimedOut => Some("operation_timeout"),
            Self::Failed | Self::NotSent => Some("dispatch_failed"),
        }
    }
}

/// One client for all apps: loopback and plain HTTP, but its TLS wants a provider all the same.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Somebody else may have installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Idle connections would outlive the runtime of the test that opened them.
        reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap_or_default()
    })
}

/// Signs and sends; `more` are further headers.
pub(super) async fn send(
    connection: &Connection,
    path: &str,
    content_type: &str,
    body: String,
    more: &[(&str, String)],
) -> Delivery {
    let timestamp = Timestamp::now().as_second();
    let mut request = client()
        .post(format!("{}{path}", connection.url))
        .timeout(PATIENCE)
        .header("content-type", content_type)
        .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", signature(&connection.signing_secret, timestamp, &body));
    for (name, value) in more {
        request = request.header(*name, value);
    }
    let answered = async {
        let response = request.body(body).send().await?;
        Ok(Delivery::Answered { status: response.status().as_u16(), body: response.text().await? })
    };
    answered.await.unwrap_or_else(|error: reqwest::Error| match error.is_timeout() {
        true => Delivery::TimedOut,
        false => Delivery::Failed,
    })
}

/// A form's body.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string().replace("%20", "+")
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}
