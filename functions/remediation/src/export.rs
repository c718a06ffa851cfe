//! The audit log in a bucket with Object Lock: an object an entry, put there once, in order.
//!
//! Entries are in the table first. The sweep puts what is new into the bucket and keeps how far it has come; whoever is
//! killed in between puts the same object again, which `If-None-Match` refuses, so that nothing is ever written over. One
//! signed PUT, for which the whole S3 SDK would be megabytes of binary.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use shared::deadline::Deadline;
use shared::remediation::audit::Entry;
use url::Url;

use crate::{App, RunError};

/// Entries of one sweep.
const AT_ONCE: usize = 100;
/// Time for one object.
const PATIENCE: Duration = Duration::from_secs(5);
/// What has to be left for another object.
const ROOM: Duration = Duration::from_secs(1);

/// Why an entry is not in the bucket.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The request could not be made.
    #[error("entry {seq} of the audit log cannot be exported: {why}")]
    Request {
        /// The entry.
        seq: u64,
        /// Why.
        why: String,
    },
    /// S3 refuses it.
    #[error(
        "entry {seq} of the audit log is refused by bucket {bucket} with status {status}; allow s3:PutObject on audit/* and see NIGHTSHIFT_AUDIT_BUCKET"
    )]
    Refused {
        /// The entry.
        seq: u64,
        /// The bucket.
        bucket: String,
        /// HTTP status.
        status: u16,
    },
}

/// Puts new entries into the bucket, where there is one; returns how many.
pub(crate) async fn export(app: &App, deadline: Deadline) -> Result<usize, RunError> {
    let Some(bucket) = &app.clients.settings().audit_bucket else { return Ok(0) };
    let store = app.clients.store().await?;
    let before = store.audit_exported(app.now()).await?;
    let (mut last, mut outcome) = (before, Ok(()));
    for entry in store.audit_entries(before, AT_ONCE, app.now()).await? {
        if deadline.remaining() < ROOM {
            break;
        }
        outcome = put(app.clients.aws().await, bucket, &entry, deadline.cap(PATIENCE)).await;
        if outcome.is_err() {
            break;
        }
        last = entry.seq;
    }
    if last > before {
        store.audit_exported_is(last, app.now()).await?;
    }
    outcome?;
    Ok(usize::try_from(last - before).unwrap_or(usize::MAX))
}

/// Puts one entry there; where it is already, it stays as it is.
async fn put(aws: &SdkConfig, bucket: &str, entry: &Entry, time: Duration) -> Result<(), ExportError> {
    let failed = |why: String| ExportError::Request { seq: entry.seq, why };
    let mut body = serde_json::to_vec(entry).map_err(|error| failed(error.to_string()))?;
    body.push(b'\n');
    let status = send(aws, bucket, &format!("audit/{:020}.json", entry.seq), body, time).await.map_err(failed)?;
    match status {
        // 412: it is there.
        200..=299 | 412 => Ok(()),
        status => Err(ExportError::Refused { seq: entry.seq, bucket: bucket.to_owned(), status }),
    }
}

async fn send(aws: &SdkConfig, bucket: &str, key: &str, body: Vec<u8>, time: Duration) -> Result<u16, String> {
    let region = aws.region().ok_or("no region: set AWS_REGION")?.as_ref();
    let address = address(aws.endpoint_url(), bucket, key, region)?;
    let provider = aws.credentials_provider().ok_or("no credentials")?;
    let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::Headers;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("s3")
        .time(SystemTime::from(jiff::Timestamp::now()))
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    // A bucket with Object Lock takes nothing without a checksum.
    let checksum = BASE64_STANDARD.encode(Sha256::digest(&body));
    let headers =
        [("content-type", "application/json"), ("if-none-match", "*"), ("x-amz-checksum-sha256", checksum.as_str())];
    let request = SignableRequest::new("PUT", address.as_str(), headers.into_iter(), SignableBody::Bytes(&body))
        .map_err(|error| error.to_string())?;
    let (signed, _) = sign(request, &parameters).map_err(|error| error.to_string())?.into_parts();
    let http = shared::http::client(&address, Duration::from_secs(1)).map_err(|error| error.to_string())?;
    let mut request = http.put(address).timeout(time).body(body);
    for (name, value) in headers.into_iter().chain(signed.headers()) {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
    Ok(answer.status().as_u16())
}

/// A bucket has a host of its own, unless one endpoint stands for all services or its name does not fit a certificate.
fn address(endpoint: Option<&str>, bucket: &str, key: &str, region: &str) -> Result<Url, String> {
    let is_name = bucket.len() >= 3 && bucket.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if !is_name {
        return Err("NIGHTSHIFT_AUDIT_BUCKET is not the name of a bucket".to_owned());
    }
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let text = match endpoint {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None if bucket.contains('.') => format!("https://s3.{region}.{domain}/{bucket}/{key}"),
        None => format!("https://{bucket}.s3.{region}.{domain}/{key}"),
    };
    Url::parse(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_host_of_its_own_where_it_can() {
        let of = |endpoint, bucket, region| address(endpoint, bucket, "audit/1.json", region).unwrap().to_string();
        assert_eq!(of(None, "night-audit", "eu-west-1"), "https://night-audit.s3.eu-west-1.amazonaws.com/audit/1.json");
        assert_eq!(
            of(None, "night.audit", "cn-north-1"),
            "https://s3.cn-north-1.amazonaws.com.cn/night.audit/audit/1.json"
        );
        assert_eq!(
            of(Some("http://127.0.0.1:1/"), "night-audit", "eu-west-1"),
            "http://127.0.0.1:1/night-audit/audit/1.json"
        );
        assert!(address(None, "../x", "audit/1.json", "eu-west-1").is_err());
    }
}
