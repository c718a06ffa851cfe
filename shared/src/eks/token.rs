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

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        sync::atomic::{AtomicU64, Ordering},
    };

    use aws_credential_types::provider::future;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        cluster: String,
        region: String,
        time: Timestamp,
        session_token: Option<String>,
        token: String,
    }

    /// Made by botocore; see tests/judges/eks_token_vectors.py.
    const VECTORS: &str = include_str!("../../tests/vectors/eks_token.json");

    /// AWS's documented example keys: test vectors, not credentials.
    fn example_keys(session_token: Option<String>, expiry: Option<Timestamp>) -> Credentials {
        let secret = ["wJalrXUtnFEMI/K7MDENG+", "bPxRfiCYEXAMPLEKEY"].concat();
        Credentials::new(["AKID", "EXAMPLE"].concat(), secret, session_token, expiry.map(SystemTime::from), "vectors")
    }

    fn parts(token: &str) -> (String, BTreeMap<String, String>) {
        let encoded = token.strip_prefix("k8s-aws-v1.").expect("the prefix of version 1");
        let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("utf-8");
        let url = url::Url::parse(&url).expect("a URL");
        let query = url.query_pairs().into_owned().collect();
        (format!("{}://{}{}", url.scheme(), url.host_str().expect("a host"), url.path()), query)
    }

    #[test]
    fn tokens_are_those_of_botocore() {
        let vectors: Vec<Vector> = serde_json::from_str(VECTORS).expect("vectors");
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let keys = example_keys(vector.session_token, None);
            let token = presign(&vector.cluster, &vector.region, &keys, vector.time).expect("a token");
            assert_eq!(parts(&token), parts(&vector.token), "{} in {}", vector.cluster, vector.region);
        }
    }

    #[test]
    fn a_token_is_worth_nothing_at_another_cluster() {
        let keys = example_keys(None, None);
        let at = |cluster| parts(&presign(cluster, "eu-west-1", &keys, Timestamp::UNIX_EPOCH).expect("a token")).1;
        assert_ne!(at("shop")["X-Amz-Signature"], at("payments")["X-Amz-Signature"]);
    }

    /// Gives credentials that last this long, and counts how often it is asked.
    #[derive(Debug)]
    struct Counting {
        asked: Arc<AtomicU64>,
        expiry: Option<Timestamp>,
    }

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.asked.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::ready(Ok(example_keys(None, self.expiry)))
        }
    }

    /// How many of these moments (minutes) needed a new token.
    async fn renewals(minutes: &[i64], credentials_last_min: Option<i64>) -> u64 {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        let asked = Arc::new(AtomicU64::new(0));
        let expiry = credentials_last_min.map(|minutes| start + SignedDuration::from_mins(minutes));
        let provider = SharedCredentialsProvider::new(Counting { asked: asked.clone(), expiry });
        let source = TokenSource::new("shop", "eu-west-1", provider);
        for minute in minutes {
            let header = source.authorization(start + SignedDuration::from_mins(*minute)).await.expect("a token");
            assert!(header.is_sensitive());
        }
        asked.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_token_is_kept_for_14_minutes() {
        assert_eq!(renewals(&[0, 1, 13], None).await, 1);
        assert_eq!(renewals(&[0, 14, 27, 28], None).await, 3);
    }

    #[tokio::test]
    async fn a_token_does_not_outlive_its_credentials() {
        assert_eq!(renewals(&[0, 3], Some(5)).await, 1);
        assert_eq!(renewals(&[0, 4], Some(5)).await, 2);
    }
}
