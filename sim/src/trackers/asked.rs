//! What the trackers were asked, so that one client can be held against another.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::Trackers;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query.
    pub query: BTreeMap<String, String>,
    /// Its body; null where it has none that is JSON.
    pub body: Value,
}

/// The largest body that is taken.
const MOST: usize = 4 * 1024 * 1024;

/// Notes a request and hands it on.
pub(super) async fn note(State(trackers): State<Trackers>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query).unwrap_or_default();
    trackers.lock().asked.push(Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    next.run(Request::from_parts(parts, Body::from(body))).await
}
