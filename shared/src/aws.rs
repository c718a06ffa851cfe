//! The AWS SDK configuration every client is made from: region, credentials, one HTTP client, time-outs.
//!
//! Region, credentials and endpoints come from the environment by the names every AWS tool reads (`AWS_REGION`,
//! `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>` …). What is set here is what the defaults leave open or too generous for a
//! function that is paid by the millisecond: TLS by ring, and bounds on connecting, on one attempt and on all of them.

#[cfg(any(feature = "clients", feature = "cloudwatch"))]
pub mod account;
#[cfg(feature = "signed")]
pub mod s3;
#[cfg(feature = "signed")]
pub mod signed;
mod transport;
#[cfg(feature = "signed")]
pub mod zone_ids;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// Time from the request to the first byte of the answer.
const READ: Duration = Duration::from_secs(10);
/// Time of a whole call, retries and pauses between them included. A streamed body is not part of it.
const OPERATION: Duration = Duration::from_secs(25);
/// Attempts of one call, the first included.
const ATTEMPTS: u32 = 3;
/// The longest pause between two attempts.
const BACKOFF: Duration = Duration::from_secs(2);

/// The configuration a function makes its AWS clients from; build it once and share it.
///
/// Region, credentials and endpoints are the environment's, which is where Lambda puts them, and nothing is sent. Profiles,
/// containers and instance metadata are a laptop's and a server's ways ([`laptop_config`]): half a megabyte that no function
/// has to load.
pub fn sdk_config() -> SdkConfig {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).map(Region::new);
    let mut config = SdkConfig::builder()
        .behavior_version(behavior())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .service_config(Endpoints)
        .use_fips(is_true("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"))
        .http_client(http_client())
        .timeout_config(timeouts())
        .retry_config(retries());
    config.set_endpoint_url(Endpoints.of(None));
    config.build()
}

/// The configuration of the command line: profiles, SSO caches of other tools, containers and instance metadata as well.
#[cfg(feature = "laptop")]
pub async fn laptop_config() -> SdkConfig {
    aws_config::defaults(behavior())
        .http_client(http_client())
        .timeout_config(timeouts())
        .retry_config(retries())
        .load()
        .await
}

fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_timeout(OPERATION).build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(BACKOFF)
}

/// `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is set.
/// See <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
#[derive(Debug)]
struct Endpoints;

impl Endpoints {
    fn of(&self, service: Option<&str>) -> Option<String> {
        service.and_then(|id| self.own(id)).or_else(|| Self::set(ENDPOINT))
    }

    /// The service's own.
    fn own(&self, service: &str) -> Option<String> {
        Self::set(&format!("{ENDPOINT}_{}", service.to_uppercase().replace(' ', "_")))
    }

    fn set(name: &str) -> Option<String> {
        if is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") { None } else { variable(name) }
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() == ENDPOINT { self.of(Some(key.service_id())) } else { variable(key.env()) }
    }
}

const ENDPOINT: &str = "AWS_ENDPOINT_URL";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_true(name: &str) -> bool {
    variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// One connection pool for all AWS clients, TLS by ring, roots from the operating system where any endpoint needs them.
pub fn http_client() -> SharedHttpClient {
    transport::http_client(CONNECT, !all_plain())
}

/// Whether every endpoint is set, and set to HTTP: a simulated account.
fn all_plain() -> bool {
    let own = std::env::vars().filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL_")).map(|(_, url)| url);
    let plain = |url: &str| url.starts_with("http://");
    Endpoints.of(None).as_deref().is_some_and(plain) && own.into_iter().all(|url| plain(&url))
}
