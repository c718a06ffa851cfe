//! The protocols of AWS's RPC-like services, each reading a request into a [`Value`] and writing one out.

mod cbor;
mod json;
mod query;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::error::AwsError;
use super::value::Value;

/// How a caller speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `smithy-protocol: rpc-v2-cbor`: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.
    Cbor,
    /// `X-Amz-Target`, JSON bodies.
    Json,
    /// `Action=…` in a form, XML back.
    Query,
}

impl Protocol {
    pub(super) fn read(self, body: &[u8]) -> Result<Value, AwsError> {
        let read = match self {
            Self::Cbor => cbor::read(body),
            Self::Json => json::read(body),
            Self::Query => Some(query::read(body)),
        };
        read.ok_or_else(|| AwsError::bad("SerializationException", "the request's body cannot be read"))
    }

    /// The response of `operation`, whose XML is in `namespace`.
    pub(super) fn answer(self, operation: &str, namespace: &str, answer: Result<Value, AwsError>) -> Response {
        match answer {
            Ok(value) => {
                let body = match self {
                    Self::Cbor => cbor::write(&value),
                    Self::Json => json::write(&value),
                    Self::Query => query::write(operation, namespace, &value),
                };
                self.respond(StatusCode::OK, body, None)
            }
            Err(error) => {
                let body = match self {
                    Self::Cbor => cbor::write(&json::error(&error)),
                    Self::Json => json::write(&json::error(&error)),
                    Self::Query => query::write_error(namespace, &error),
                };
                self.respond(error.status, body, Some(&error))
            }
        }
    }

    fn respond(self, status: StatusCode, body: Vec<u8>, error: Option<&AwsError>) -> Response {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("x-amzn-requestid", super::dispatch::REQUEST_ID);
        set(
            "content-type",
            match self {
                Self::Cbor => "application/cbor",
                Self::Json => "application/x-amz-json-1.1",
                Self::Query => "text/xml",
            },
        );
        if self == Self::Cbor {
            set("smithy-protocol", "rpc-v2-cbor");
        }
        if let (Some(error), true) = (error, self != Self::Query) {
            let blame = if status.is_client_error() { "Sender" } else { "Receiver" };
            set("x-amzn-query-error", &format!("{};{blame}", error.code));
            set("x-amzn-errortype", error.code);
        }
        (status, headers, body).into_response()
    }
}
