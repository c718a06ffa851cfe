//! Where a cluster is not in the function's own region or account: the configuration for what is there.
//!
//! Another account is reached by a role of it that the function may assume. STS gives keys for an hour; they are kept until
//! shortly before their end, as SDK clients, signed requests and the cluster's tokens all ask for them.

use std::time::{Duration, SystemTime};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::time::SystemTimeSource;
use tokio::sync::Mutex;

use super::variable;

/// How long before their end keys are given up: longer than any invocation lasts.
const MARGIN: Duration = Duration::from_secs(15 * 60);
/// STS takes no longer names of sessions.
const LONGEST_NAME: usize = 64;

/// `config` for what is in `region`, by `role`; each as it is where it is left out.
///
/// Nothing is sent: the role is assumed when its credentials are first asked for.
pub async fn config_for(config: &SdkConfig, region: Option<&str>, role: Option<&str>) -> SdkConfig {
    let config = config.to_builder().time_source(SystemTimeSource::new()).build();
    let mut builder = config.to_builder();
    if let Some(region) = region {
        builder.set_region(Region::new(region.to_owned()));
    }
    if let Some(role) = role {
        // STS is asked in the function's own region, where its keys are good for every region.
        let assumed = AssumeRoleProvider::builder(role).configure(&config).session_name(session()).build().await;
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(Kept::of(assumed))));
    }
    builder.build()
}

/// The session's name, by which the other account's trail tells who it was.
fn session() -> String {
    let mut name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "nightshift".to_owned());
    name.truncate(LONGEST_NAME);
    name
}

/// Credentials that are kept until shortly before their end.
#[derive(Debug)]
struct Kept<P> {
    source: P,
    last: Mutex<Option<Credentials>>,
}

impl<P: ProvideCredentials> Kept<P> {
    fn of(source: P) -> Self {
        Self { source, last: Mutex::default() }
    }

    async fn at(&self, now: SystemTime) -> provider::Result {
        let mut last = self.last.lock().await;
        let is_good = |kept: &&Credentials| kept.expiry().is_some_and(|end| now + MARGIN < end);
        if let Some(kept) = last.as_ref().filter(is_good) {
            return Ok(kept.clone());
        }
        let fresh = self.source.provide_credentials().await?;
        *last = Some(fresh.clone());
        Ok(fresh)
    }
}

impl<P: ProvideCredentials> ProvideCredentials for Kept<P> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.at(SystemTime::from(jiff::Timestamp::now())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Gives keys named by how often it was asked, good for this long after the epoch.
    #[derive(Debug)]
    struct Counting {
        asked: AtomicU64,
        minutes: Option<u64>,
    }

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let times = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let end = self.minutes.map(|minutes| after(minutes * times));
            future::ProvideCredentials::ready(Ok(Credentials::new(times.to_string(), "none", None, end, "test")))
        }
    }

    fn after(minutes: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(60 * minutes)
    }

    async fn keys(lasting: Option<u64>, minutes: &[u64]) -> Vec<String> {
        let kept = Kept::of(Counting { asked: AtomicU64::new(0), minutes: lasting });
        let mut keys = Vec::new();
        for minute in minutes {
            keys.push(kept.at(after(*minute)).await.unwrap().access_key_id().to_owned());
        }
        keys
    }

    #[tokio::test]
    async fn keys_are_kept_until_shortly_before_their_end() {
        assert_eq!(keys(Some(60), &[0, 44, 45, 46, 104, 105]).await, ["1", "1", "2", "2", "2", "3"]);
    }

    #[tokio::test]
    async fn keys_of_which_no_end_is_known_are_not_kept() {
        assert_eq!(keys(None, &[0, 1]).await, ["1", "2"]);
    }
}
