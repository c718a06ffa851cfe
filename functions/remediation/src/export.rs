//! The audit log in a bucket with Object Lock: an object an entry, put there once, in order.
//!
//! Entries are in the table first. The sweep puts what is new into the bucket and keeps how far it has come; whoever is
//! killed in between puts the same object again, which `If-None-Match` refuses, so that nothing is ever written over.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::time::Duration;

use aws_config::SdkConfig;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use shared::aws::s3;
use shared::aws::signed::{Request, send};
use shared::deadline::Deadline;
use shared::remediation::audit::Entry;

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
    let status = put_once(aws, bucket, &format!("audit/{:020}.json", entry.seq), body, time).await.map_err(failed)?;
    match status {
        // 412: it is there.
        200..=299 | 412 => Ok(()),
        status => Err(ExportError::Refused { seq: entry.seq, bucket: bucket.to_owned(), status }),
    }
}

/// Puts an object where none is, and returns the status.
async fn put_once(aws: &SdkConfig, bucket: &str, key: &str, body: Vec<u8>, time: Duration) -> Result<u16, String> {
    let region = aws.region().ok_or("no region: set AWS_REGION")?.as_ref();
    let address = s3::address(aws, bucket, key, region).ok_or("NIGHTSHIFT_AUDIT_BUCKET is not the name of a bucket")?;
    // A bucket with Object Lock takes nothing without a checksum.
    let checksum = BASE64_STANDARD.encode(Sha256::digest(&body));
    let headers =
        &[("content-type", "application/json"), ("if-none-match", "*"), ("x-amz-checksum-sha256", checksum.as_str())];
    let request = Request { service: "s3", region, method: "PUT", address: &address, headers, body, time };
    Ok(send(aws, &request).await.map_err(|error| error.to_string())?.status)
}
