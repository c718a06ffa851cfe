//! All reading: the secrets, from their settings or from Secrets Manager, kept for some minutes.
//!
//! A secret that is rotated is read again after [`KEPT`]; until then the one before it is valid by `WEBHOOK_SECRET_PREVIOUS`.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use shared::config::{DoorSettings, Secret, SecretError, SecretSource};
use shared::deadline::Deadline;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::request::Sender;

/// For how long a secret of Secrets Manager is used before it is read again.
const KEPT: Duration = Duration::from_secs(300);
/// One attempt at Secrets Manager, and all of them.
const ATTEMPT: Duration = Duration::from_millis(900);
const OPERATION: Duration = Duration::from_millis(2000);

/// The secrets of both kinds of senders.
pub struct Secrets {
    aws: SdkConfig,
    slack: Guarded,
    webhook: Guarded,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// The secrets that guard one kind of path. The first is needed; others are valid beside it.
struct Guarded {
    sources: Vec<SecretSource>,
    kept: Mutex<Option<(Instant, Vec<Secret>)>>,
}

impl Guarded {
    fn new(sources: impl IntoIterator<Item = SecretSource>) -> Self {
        Self { sources: sources.into_iter().collect(), kept: Mutex::default() }
    }

    async fn secrets(&self, aws: &SdkConfig, deadline: Deadline) -> Result<Vec<Secret>, SecretError> {
        let mut kept = self.kept.lock().await;
        if let Some((_, secrets)) = kept.as_ref().filter(|(read_at, _)| read_at.elapsed() < KEPT) {
            return Ok(secrets.clone());
        }
        let read = self.sources.iter().map(|source| read(source, aws, deadline));
        let mut secrets = Vec::new();
        for (place, secret) in futures::future::join_all(read).await.into_iter().enumerate() {
            match secret {
                Ok(secret) => secrets.push(secret),
                // Better the secrets of five minutes ago than none.
                Err(error) if place == 0 => {
                    return match kept.as_ref() {
                        Some((_, before)) => {
                            tracing::warn!(%error, "the secret of some minutes ago is used on");
                            Ok(before.clone())
                        }
                        None => Err(error),
                    };
                }
                Err(error) => tracing::warn!(%error, "the previous secret is left out"),
            }
        }
        *kept = Some((Instant::now(), secrets.clone()));
        Ok(secrets)
    }
}

async fn read(source: &SecretSource, aws: &SdkConfig, deadline: Deadline) -> Result<Secret, SecretError> {
    match tokio::time::timeout(deadline.remaining(), source.resolve(async || aws.clone())).await {
        Ok(secret) => secret,
        Err(elapsed) => {
            let arn = if let SecretSource::Arn(arn) = source { arn.clone() } else { String::new() };
            Err(SecretError::Unreadable { arn, source: Box::new(elapsed) })
        }
    }
}

impl Secrets {
    /// Secrets by these settings; nothing is read yet.
    pub fn new(settings: &DoorSettings, aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        Self {
            aws: aws.clone().into_builder().timeout_config(timeouts).build(),
            slack: Guarded::new(settings.signing_secret.clone()),
            webhook: Guarded::new(settings.webhook_secrets.iter().cloned()),
        }
    }

    /// The secrets by which this sender is known; none where none are set.
    ///
    /// # Errors
    ///
    /// When they cannot be read before `deadline` and never were.
    pub async fn keys(&self, sender: Sender, deadline: Deadline) -> Result<Vec<Secret>, SecretError> {
        let guarded = match sender {
            Sender::Slack => &self.slack,
            Sender::Webhook => &self.webhook,
        };
        guarded.secrets(&self.aws, deadline).await
    }
}
