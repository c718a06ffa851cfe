//! One signed request to an AWS service for which a client would be too much.

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

/// Time of one request.
const TIME: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const MOST: usize = 1024 * 1024;

/// A request, and which service in which region it is signed for.
pub(crate) struct Request<'a> {
    /// The service, as signatures name it.
    pub(crate) service: &'static str,
    /// The region.
    pub(crate) region: &'a str,
    /// The method.
    pub(crate) method: &'static str,
    /// The address.
    pub(crate) address: &'a str,
    /// Headers beside those of the signature.
    pub(crate) headers: &'a [(&'static str, &'static str)],
    /// The body.
    pub(crate) body: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The region that a bucket is in, where S3 says so.
    pub(crate) bucket_region: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
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
pub(crate) async fn send(config: &SdkConfig, request: &Request<'_>) -> Result<Answer, SendError> {
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
    let body = SignableBody::Bytes(request.body.as_bytes());
    let signable = SignableRequest::new(request.method, request.address, request.headers.iter().copied(), body)
        .map_err(|error| signing(&error))?;
    let (signed, _) = sign(signable, &parameters).map_err(|error| signing(&error))?.into_parts();
    let mut sent = HttpRequest::new(SdkBody::from(request.body.clone()));
    sent.set_method(request.method).map_err(|error| signing(&error))?;
    sent.set_uri(request.address.to_owned()).map_err(|error| signing(&error))?;
    for (name, value) in request.headers {
        sent.headers_mut().insert(*name, *value);
    }
    for (name, value) in signed.headers() {
        sent.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    let secure = request.address.starts_with("https:");
    let answer = async {
        use aws_smithy_runtime_api::client::http::HttpConnector as _;
        let connector = super::transport::connector(super::CONNECT, TIME, secure);
        let answer = connector.call(sent).await.map_err(|error| SendError::Lost(chain(&error)))?;
        let header = |name: &str| answer.headers().get(name).map(str::to_owned);
        if header("content-length").and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > MOST) {
            return Err(SendError::TooLarge);
        }
        let (status, bucket_region) = (answer.status().as_u16(), header("x-amz-bucket-region"));
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| SendError::Lost(error.to_string()))?.to_vec();
        Ok(Answer { status, bucket_region, body })
    };
    tokio::time::timeout(TIME, answer).await.map_err(|_| SendError::Lost("timed out".to_owned()))?
}

fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let lines: Vec<String> = sources.map(ToString::to_string).collect();
    lines.join(": ")
}
