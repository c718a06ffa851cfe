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
