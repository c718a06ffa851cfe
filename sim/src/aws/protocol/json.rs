//! JSON 1.0 and 1.1: times are seconds since 1970.

use serde_json::Value as Json;

use super::super::error::AwsError;
use super::super::value::{Value, structure};
use super::cbor::seconds;

pub(super) fn read(body: &[u8]) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Map(indexmap::IndexMap::new()));
    }
    serde_json::from_slice(body).ok().map(from_json)
}

/// A JSON value as a value between protocols.
fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Double(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        Json::Object(map) => Value::Map(map.into_iter().map(|(name, value)| (name, from_json(value))).collect()),
    }
}

pub(super) fn write(value: &Value) -> Vec<u8> {
    to_json(value).to_string().into_bytes()
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::from(*flag),
        Value::Integer(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Time(time) => Json::from(seconds(*time)),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => map.iter().map(|(name, value)| (name.clone(), to_json(value))).collect(),
    }
}

/// The body of an error, in JSON as in CBOR.
pub(super) fn error(error: &AwsError) -> Value {
    structure([
        ("__type", error.code.into()),
        ("message", error.message.as_str().into()),
        ("Item", error.item.clone().unwrap_or_default()),
    ])
}
