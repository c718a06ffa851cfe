//! The bearer token EKS takes: a presigned `sts:GetCallerIdentity` that the API server's authenticator sends to STS itself.
//!
//! No call is made to get one. The request names the cluster in the signed header `x-k8s-aws-id`, so that a token made for
//! one cluster is worth nothing at another. The authenticator takes it for 15 minutes from its date, whatever
//! `X-Amz-Expires` says; it is renewed at 14, or before the credentials that signed it expire.
//! See <https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

/// How long the presigned request is valid for; the authenticator refuses more than 15 minutes and expects 60 seconds.
const EXPIRES_IN: Duration = Duration::from_secs(60);
/// How old a token may get. The authenticator's limit is 15 minutes.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(14);
/// How long before its credentials end a token is given up.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No credentials.
    #[error(
        "no AWS credentials to sign the cluster's token with: give the function a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    )]
    Credentials(#[source] CredentialsError),
    /// Credentials or cluster name cannot be signed with.
    #[error("the cluster's token could not be signed")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A token and until when it is used.
#[derive(Clone)]
struct Token {
    header: http::HeaderValue,
    renew_at: Timestamp,
}

/// Makes tokens for one cluster and keeps the last one until it has to be renewed.
#[derive(Clone)]
pub struct TokenSource {
    cluster: String,
    region: String,
    credentials: SharedCredentialsProvider,
    last: Arc<Mutex<Option<Token>>>,
}

impl TokenSource {
    /// A source of tokens for `cluster` in `region`, signed with these credentials.
    pub fn new(cluster: impl Into<String>, region: impl Into<String>, credentials: SharedCredentialsProvider) -> Self {
        Self { cluster: cluster.into(), region: region.into(), credentials, last: Arc::default() }
    }

    /// The `Authorization` header's value at this moment: the last one while it is young enough, else a new one.
    pub async fn authorization(&self, now: Timestamp) -> Result<http::HeaderValue, TokenError> {
        let mut last = self.last.lock().await;
        if let Some(token) = last.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.header.clone());
        }
        let credentials = self.credentials.provide_credentials().await.map_err(TokenError::Credentials)?;
        let token = presign(&self.cluster, &self.region, &credentials, now)?;
        let mut header =
            http::HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| TokenError::Sign(error.into()))?;
        header.set_sensitive(true);
        let end_of_credentials = credentials
            .expiry()
            .and_then(|expiry| Timestamp::try_from(expiry).ok())
            .map_or(Timestamp::MAX, |expiry| expiry.saturating_sub(MARGIN).unwrap_or(expiry));
        let renew_at = now.saturating_add(RENEW_AFTER).unwrap_or(now).min(end_of_credentials);
        *last = Some(Token { header: header.clone(), renew_at });
        Ok(header)
    }
}

/// A token for `cluster`, as of `now`.
fn presign(cluster: &str, region: &str, credentials: &Credentials, now: Timestamp) -> Result<String, TokenError> {
    let other = |error: Box<dyn std::error::Error + Send + Sync>| TokenError::Sign(error);
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES_IN);
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .map_err(|error| other(error.into()))?
        .into();
    let url = format!("https://{}/?Action=GetCallerIdentity&Version=2011-06-15", sts_host(region));
    let headers = [("x-k8s-aws-id", cluster)];
    let request = SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::Bytes(&[]))
        .map_err(|error| other(error.into()))?;
    let (instructions, _signature) = sign(request, &parameters).map_err(|error| other(error.into()))?.into_parts();
    let mut request = http::Request::get(&url).body(()).map_err(|error| other(error.into()))?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(format!("k8s-aws-v1.{}", BASE64_URL_SAFE_NO_PAD.encode(request.uri().to_string())))
}

/// STS's regional host. Partitions: <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>.
fn sts_host(region: &str) -> String {
    let suffix = match region.split('-').next().unwrap_or_default() {
        "cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    format!("sts.{region}.{suffix}")
}
