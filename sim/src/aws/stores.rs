//! What is kept: S3's buckets (HeadBucket, GetObject, and PutObject that overwrites nothing where it is asked not to) and DynamoDB's
//! tables.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Account;
use super::error::AwsError;
use super::tables::Table;
use super::value::{Value, structure};

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<String, BTreeMap<String, Bytes>>,
    tables: BTreeMap<String, Table>,
}

/// Buckets with their objects and tables with their items; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Stores(Arc<Mutex<State>>);

impl Stores {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a bucket.
    pub fn put_bucket(&self, name: &str) {
        self.state().buckets.entry(name.to_owned()).or_default();
    }

    /// Puts an object into a bucket, which it makes where there is none.
    pub fn put_object(&self, bucket: &str, key: &str, text: &str) {
        let mut state = self.state();
        state.buckets.entry(bucket.to_owned()).or_default().insert(key.to_owned(), Bytes::from(text.to_owned()));
    }

    /// Makes a table with the string keys `pk` and `sk`.
    pub fn put_table(&self, name: &str) {
        self.state().tables.entry(name.to_owned()).or_default();
    }

    /// The objects of a bucket by key.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, Bytes> {
        self.state().buckets.get(bucket).cloned().unwrap_or_default()
    }

    fn has_bucket(&self, name: &str) -> bool {
        self.state().buckets.contains_key(name)
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
pub(super) fn head_bucket(account: &Account, name: &str) -> Response {
    if !account.stores.has_bucket(name) {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([("x-amz-bucket-region", account.world().options().region.clone())], "").into_response()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
pub(super) fn get_object(account: &Account, bucket: &str, key: &str) -> Response {
    let missing = |code: &str, message: &str| {
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message><Key>{key}</Key></Error>");
        (StatusCode::NOT_FOUND, [("content-type", "application/xml")], xml).into_response()
    };
    if !account.stores.has_bucket(bucket) {
        return missing("NoSuchBucket", "The specified bucket does not exist");
    }
    match account.stores.objects(bucket).get(key) {
        Some(object) => {
            ([("content-type", "binary/octet-stream"), ("etag", "\"sim\"")], object.clone()).into_response()
        }
        None => missing("NoSuchKey", "The specified key does not exist."),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
pub(super) fn put_object(account: &Account, bucket: &str, key: &str, headers: &HeaderMap, body: &Bytes) -> Response {
    let refused = |status: StatusCode, code: &str, message: &str| {
        let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message><Key>{key}</Key></Error>");
        (status, [("content-type", "application/xml")], xml).into_response()
    };
    let mut state = account.stores.state();
    let Some(objects) = state.buckets.get_mut(bucket) else {
        return refused(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist");
    };
    let only_new = headers.get("if-none-match").is_some_and(|value| value.as_bytes() == b"*");
    if only_new && objects.contains_key(key) {
        let message = "At least one of the pre-conditions you specified did not hold";
        return refused(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message);
    }
    objects.insert(key.to_owned(), body.clone());
    ([("etag", "\"sim\"")], "").into_response()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html> and what [`Table`] serves.
pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    let name = input.get("TableName").text().unwrap_or_default();
    let mut state = account.stores.state();
    let Some(table) = state.tables.get_mut(name) else {
        let message = format!("Requested resource not found: Table: {name} not found");
        return Err(AwsError::bad("ResourceNotFoundException", message));
    };
    if operation != "DescribeTable" {
        return table.call(operation, input);
    }
    let options = account.world().options();
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{name}", options.region, options.account);
    let table = [
        ("TableName", Value::from(name)),
        ("TableStatus", "ACTIVE".into()),
        ("TableArn", arn.into()),
        ("CreationDateTime", options.start.into()),
    ];
    Ok(structure([("Table", structure(table))]))
}
