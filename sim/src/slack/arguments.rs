//! Arguments of a Web API call: JSON, a form, or the query; in the latter two, structured ones are JSON in a string.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

/// The arguments of one call.
#[derive(Debug, Default)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// From a request; `Err` is Slack's error code.
    pub(super) fn parse(headers: &HeaderMap, query: &str, body: &[u8]) -> Result<Self, &'static str> {
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut arguments = form(query.as_bytes());
        // Clients say JSON of a call without arguments too, and send nothing.
        if content_type.starts_with("application/json") && !body.is_empty() {
            match serde_json::from_slice(body) {
                Ok(Value::Object(object)) => arguments.extend(object),
                Ok(_) => return Err("json_not_object"),
                Err(_) => return Err("invalid_json"),
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            arguments.extend(form(body));
        } else if !body.is_empty() {
            return Err("invalid_form_data");
        }
        Ok(Self(arguments))
    }

    /// A text argument; empty is absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A true-or-false argument.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            _ => false,
        }
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A structured argument, given as such or as JSON in a string; `Err` when it is neither.
    pub(super) fn structure(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

fn form(encoded: &[u8]) -> Map<String, Value> {
    let decode = |part: &[u8]| {
        let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_encoding::percent_decode(&spaced).decode_utf8_lossy().into_owned()
    };
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            (decode(&pair[..at]), Value::String(decode(value)))
        })
        .collect()
}
