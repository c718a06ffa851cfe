//! DynamoDB: one table with `pk` and `sk` (strings), `version`, `ttl` (epoch seconds, the table's TTL attribute) and
//! `body`, a string where it is text, so that it reads in the console.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::backend::{Backend, Expect, Item, Key, Query, SortRange, StoreError, Version};

/// A store in one DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

impl DynamoStore {
    /// The store in the table of this name.
    pub fn new(config: &aws_config::SdkConfig, table: impl Into<String>) -> Self {
        Self { client: Client::new(config), table: table.into() }
    }

    fn failed<E, R>(&self, doing: &str, error: SdkError<E, R>) -> StoreError
    where
        SdkError<E, R>: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let doing = format!("{doing} on table {}", self.table);
        let advice = match error.code() {
            Some("ResourceNotFoundException") => {
                "there is no such table; name it in NIGHTSHIFT_STORE or deploy the stack"
            }
            Some("AccessDeniedException" | "UnrecognizedClientException" | "InvalidSignatureException") => {
                "allow the function's role dynamodb:GetItem, PutItem, DeleteItem and Query on the table"
            }
            Some("ValidationException") => "the table needs the string keys pk and sk; see infra/template.yaml",
            _ => return StoreError::Unavailable { doing, source: Box::new(error) },
        };
        StoreError::Refused { doing, advice: advice.to_owned(), source: Box::new(error) }
    }
}

impl Backend for DynamoStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            let found = self
                .client
                .get_item()
                .table_name(&self.table)
                .key("pk", text(&key.partition))
                .key("sk", text(&key.sort))
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| self.failed("GetItem", error))?;
            found.item.map(|attributes| item(&attributes)).transpose()
        })
    }

    fn put<'a>(&'a self, item: &'a Item, expect: Expect) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut call = self
                .client
                .put_item()
                .table_name(&self.table)
                .item("pk", text(&item.key.partition))
                .item("sk", text(&item.key.sort))
                .item("version", number(item.version.0))
                .item("body", body(&item.body))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            if let Some(expires_at) = item.expires_at {
                call = call.item("ttl", number(expires_at.as_second()));
            }
            call = match expect {
                Expect::Anything => call,
                Expect::Absent(now) => call
                    .condition_expression("attribute_not_exists(pk) OR #ttl <= :now")
                    .expression_attribute_names("#ttl", "ttl")
                    .expression_attribute_values(":now", number(now.as_second())),
                Expect::Version(version) => call
                    .condition_expression("#version = :version")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":version", number(version.0)),
            };
            match call.send().await {
                Ok(_) => Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(found)) => {
                        let version = found.item().and_then(|item| item.get("version")?.as_n().ok());
                        let ours = version.is_some_and(|version| *version == item.version.0.to_string());
                        if ours { Ok(()) } else { Err(StoreError::Conflict(item.key.clone())) }
                    }
                    _ => Err(self.failed("PutItem", error)),
                },
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a Key, version: Option<Version>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut call = self
                .client
                .delete_item()
                .table_name(&self.table)
                .key("pk", text(&key.partition))
                .key("sk", text(&key.sort));
            if let Some(version) = version {
                call = call
                    .condition_expression("attribute_not_exists(pk) OR #version = :version")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":version", number(version.0));
            }
            match call.send().await {
                Ok(_) => Ok(()),
                Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                    Err(StoreError::Conflict(key.clone()))
                }
                Err(error) => Err(self.failed("DeleteItem", error)),
            }
        })
    }

    fn query<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Item>, StoreError>> {
        Box::pin(async move {
            let mut items = Vec::new();
            let mut start = None;
            while items.len() < query.limit {
                let mut call = self
                    .client
                    .query()
                    .table_name(&self.table)
                    .consistent_read(true)
                    .scan_index_forward(!query.descending)
                    .limit(i32::try_from(query.limit - items.len()).unwrap_or(i32::MAX))
                    .set_exclusive_start_key(start)
                    .expression_attribute_values(":pk", text(&query.partition));
                call = match &query.range {
                    SortRange::All => call.key_condition_expression("pk = :pk"),
                    SortRange::Prefix(prefix) => call
                        .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                        .expression_attribute_values(":prefix", text(prefix)),
                    SortRange::Between(from, to) => call
                        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                        .expression_attribute_values(":from", text(from))
                        .expression_attribute_values(":to", text(to)),
                };
                let page = call.send().await.map_err(|error| self.failed("Query", error))?;
                for attributes in page.items() {
                    items.push(item(attributes)?);
                }
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
            Ok(items)
        })
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn body(bytes: &[u8]) -> AttributeValue {
    // The first byte of what is not JSON is a control character.
    match std::str::from_utf8(bytes) {
        Ok(json) if bytes.first().is_some_and(|first| *first >= b' ') => AttributeValue::S(json.to_owned()),
        _ => AttributeValue::B(Blob::new(bytes)),
    }
}

fn item(attributes: &std::collections::HashMap<String, AttributeValue>) -> Result<Item, StoreError> {
    let string = |name: &str| attributes.get(name).and_then(|value| value.as_s().ok()).cloned();
    let number = |name: &str| attributes.get(name).and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
    let key = Key::new(string("pk").unwrap_or_default(), string("sk").unwrap_or_default());
    let unreadable = |why: &str| StoreError::Unreadable { key: key.clone(), why: why.to_owned() };
    let body = match attributes.get("body") {
        Some(AttributeValue::S(text)) => text.clone().into_bytes(),
        Some(AttributeValue::B(bytes)) => bytes.clone().into_inner(),
        _ => return Err(unreadable("it has no body")),
    };
    let version = Version(number("version").ok_or_else(|| unreadable("it has no version"))?);
    let expires_at = number("ttl").and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(Item { key, version, expires_at, body })
}
