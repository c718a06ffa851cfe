//! SigV4 for Amazon Managed Service for Prometheus.

use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use jiff::Timestamp;
use url::Url;

/// Signs requests to AMP.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    region: String,
    credentials: SharedCredentialsProvider,
}

/// The region of an AMP host, `aps-workspaces.<region>.amazonaws.com` or its dual-stack and FIPS forms.
pub(super) fn amp_region(host: &str) -> Option<String> {
    let rest = host.strip_prefix("aps-workspaces-fips.").or_else(|| host.strip_prefix("aps-workspaces."))?;
    let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
    let region = suffixes.iter().find_map(|suffix| rest.strip_suffix(suffix))?;
    (!region.is_empty() && !region.contains('.')).then(|| region.to_owned())
}

impl Signer {
    pub(super) fn new(region: String, credentials: SharedCredentialsProvider) -> Self {
        Self { region, credentials }
    }

    /// The headers that sign a request without a body.
    pub(super) async fn headers(&self, method: &str, address: &Url) -> Result<Vec<(String, String)>, String> {
        self.headers_at(method, address, Timestamp::now()).await
    }

    pub(super) async fn headers_at(
        &self,
        method: &str,
        address: &Url,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, String> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|error| format!("no credentials to sign with: {error}"))?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("aps")
            .time(SystemTime::from(now))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| format!("cannot sign: {error}"))?
            .into();
        let request = SignableRequest::new(method, address.as_str(), std::iter::empty(), SignableBody::Bytes(&[]))
            .map_err(|error| format!("cannot sign: {error}"))?;
        let signed = sign(request, &params).map_err(|error| format!("cannot sign: {error}"))?;
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(headers.collect())
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;

    use super::*;

    #[test]
    fn amp_hosts_tell_their_region() {
        assert_eq!(amp_region("aps-workspaces.ap-northeast-2.amazonaws.com").as_deref(), Some("ap-northeast-2"));
        assert_eq!(amp_region("aps-workspaces-fips.us-gov-west-1.amazonaws.com").as_deref(), Some("us-gov-west-1"));
        for host in ["prometheus.monitoring", "aps-workspaces.evil.example.com", "aps-workspaces.a.b.amazonaws.com"] {
            assert_eq!(amp_region(host), None, "{host}");
        }
    }

    /// Made with botocore's SigV4Auth; the key is a test vector.
    #[tokio::test]
    async fn the_signature_is_the_one_botocore_makes() {
        let credentials = Credentials::new("TESTKEYID", "test-secret", Some("test-session".to_owned()), None, "test");
        let signer = Signer::new("ap-northeast-2".to_owned(), SharedCredentialsProvider::new(credentials));
        let address = "https://aps-workspaces.ap-northeast-2.amazonaws.com/workspaces/ws-test/api/v1/query_range\
            ?query=sum%20by%20%28pod%29%20%28rate%28x%7Ba%3D%22b%22%7D%5B5m%5D%29%29&start=1772342700&end=1772343000&step=15\
            &timeout=1000ms";
        let address = Url::parse(address).expect("an address");
        let now = "2026-03-01T05:25:00Z".parse().expect("a time");
        let headers = signer.headers_at("GET", &address, now).await.expect("signed");
        let authorization = headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.as_str());
        assert_eq!(
            authorization,
            Some(
                "AWS4-HMAC-SHA256 Credential=TESTKEYID/20260301/ap-northeast-2/aps/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-security-token, \
                 Signature=5833f415605f25ee55aa61670ad1107caf684021575ba806f1fe00b8b95e1b44"
            )
        );
    }
}
