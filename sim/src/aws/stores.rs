//! Buckets and tables that are there or not: HeadBucket and DescribeTable.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Account;
use super::error::AwsError;
use super::value::{Value, structure};

/// Names of buckets and tables; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Stores(Arc<Mutex<(BTreeSet<String>, BTreeSet<String>)>>);

impl Stores {
    /// Makes a bucket.
    pub fn put_bucket(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.insert(name.to_owned());
    }

    /// Makes a table.
    pub fn put_table(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.insert(name.to_owned());
    }

    fn has_bucket(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.contains(name)
    }

    fn has_table(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.contains(name)
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
pub(super) fn head_bucket(account: &Account, name: &str) -> Response {
    if !account.stores.has_bucket(name) {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([("x-amz-bucket-region", account.world().options().region.clone())], "").into_response()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html>
pub(super) fn call(account: &Account, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "DescribeTable" {
        return Err(AwsError::bad("UnknownOperationException", format!("sim has no operation {operation}")));
    }
    let name = input.get("TableName").text().unwrap_or_default();
    if !account.stores.has_table(name) {
        let message = format!("Requested resource not found: Table: {name} not found");
        return Err(AwsError::bad("ResourceNotFoundException", message));
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
