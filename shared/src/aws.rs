//! The AWS SDK configuration every client is made from: region, credentials, one HTTP client, time-outs.
//!
//! Region, credentials and endpoints come from the environment the way every AWS tool reads them
//! (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_CONTAINER_CREDENTIALS_FULL_URI`, `AWS_WEB_IDENTITY_TOKEN_FILE`,
//! `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>` …). What is set here is what the defaults leave open or too generous for a
//! function that is paid by the millisecond: TLS by ring, and bounds on connecting, on one attempt and on all of them.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};

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

/// The configuration to make AWS clients from; build it once and share it.
///
/// Nothing is sent: credentials are resolved by the first call that needs them. Only where the environment names no region
/// (never so in Lambda) is the instance's metadata asked for it.
pub async fn sdk_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_timeout(OPERATION).build(),
        )
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(BACKOFF))
        .load()
        .await
}

/// One connection pool for all AWS clients, TLS by ring, roots from the operating system.
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
}
