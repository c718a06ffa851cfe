//! One signed request to an AWS service for which a client would be too much: S3's SDK alone is megabytes of binary.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::Endpoints;

/// The largest answer that is read.
const MOST: usize = 1024 * 1024;

/// A request, and which service in which region it is signed for.
#[derive(Debug)]
pub struct Request<'a> {
    /// The service, as signatures name it.
    pub service: &'static str,
    /// The region.
    pub region: &'a str,
    /// The method.
    pub method: &'static str,
    /// The address.
    pub address: &'a str,
    /// Headers beside those of the signature.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: Vec<u8>,
    /// Time for all of it.
    pub time: Duration,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The region that a bucket is in, where S3 says so.
    pub bucket_region: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is nothing to sign with, or nothing that can be signed.
    #[error("the request cannot be signed: {0}")]
    Sign(String),
    /// It did not arrive, or its answer did not.
    #[error("no answer: {0}")]
    Lost(String),
    /// The answer is too long.
    #[error("the answer is longer than {} KB", MOST / 1024)]
    TooLarge,
}

/// Signs and sends.
///
/// # Errors
///
/// Where there is no answer; an answer of any status is one.
pub async fn send(config: &SdkConfig, request: &Request<'_>) -> Result<Answer, SendError> {
    let signing = |error: &dyn std::fmt::Display| SendError::Sign(error.to_string());
    let provider = config.credentials_provider().ok_or_else(|| signing(&"no credentials"))?;
    let identity = provider.provide_credentials().await.map_err(|error| signing(&error))?.into();
    let mut settings = SigningSettings::default();
    if request.service == "s3" {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(request.service)
        .time(SystemTime::from(jiff::Timestamp::now()))
        .settings(settings)
        .build()
        .map_err(|error| signing(&error))?
        .into();
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(request.method, request.address, request.headers.iter().copied(), body)
        .map_err(|error| signing(&error))?;
    let (signed, _) = sign(signable, &parameters).map_err(|error| signing(&error))?.into_parts();
    let mut sent = HttpRequest::new(SdkBody::from(request.body.clone()));
    sent.set_method(request.method).map_err(|error| signing(&error))?;
    sent.set_uri(request.address.to_owned()).map_err(|error| signing(&error))?;
    for (name, value) in request.headers {
        sent.headers_mut().insert((*name).to_owned(), (*value).to_owned());
    }
    for (name, value) in signed.headers() {
        sent.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    let secure = request.address.starts_with("https:");
    let answer = async {
        use aws_smithy_runtime_api::client::http::HttpConnector as _;
        let connector = super::transport::connector(super::CONNECT, request.time, secure);
        let answer = connector.call(sent).await.map_err(|error| SendError::Lost(crate::chain(&error)))?;
        let header = |name: &str| answer.headers().get(name).map(str::to_owned);
        if header("content-length").and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > MOST) {
            return Err(SendError::TooLarge);
        }
        let (status, bucket_region) = (answer.status().as_u16(), header("x-amz-bucket-region"));
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| SendError::Lost(error.to_string()))?.to_vec();
        Ok(Answer { status, bucket_region, body })
    };
    tokio::time::timeout(request.time, answer).await.map_err(|_| SendError::Lost("timed out".to_owned()))?
}

/// Where `service` answers: its own endpoint, the one for all, or the region's.
pub fn endpoint(config: &SdkConfig, service: &str, region: &str) -> String {
    let set = Endpoints.own(service).or_else(|| config.endpoint_url().map(str::to_owned));
    match set {
        Some(address) => address.trim_end_matches('/').to_owned(),
        None => format!("https://{}.{region}.{}", service.to_lowercase().replace(' ', "-"), domain(region)),
    }
}

pub(super) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}
