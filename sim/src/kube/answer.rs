//! Answers: JSON with the headers the API server sets.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

/// A JSON answer.
pub(crate) fn json(code: StatusCode, value: &Value) -> Response {
    bytes(code, Bytes::from(value.to_string()))
}

/// An answer of JSON that is already serialized.
pub(crate) fn bytes(code: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A plain text answer.
pub(crate) fn text(body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
