//! The Runtime API of one execution environment.
//!
//! `GET next` is held until there is work; `POST response` and `POST error` answer the invocation whose id they carry;
//! `POST init/error` ends the environment. Reference: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

/// One piece of work for the function.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) event: Bytes,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What the function answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// `POST response`.
    Response(Bytes),
    /// `POST error`: type and message.
    Error { kind: String, message: String },
}

/// How far an execution environment got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Started, has not asked for work.
    Initializing,
    /// Asked for work at least once.
    Ready,
    /// Said that it cannot initialize: type and message.
    InitFailed { kind: String, message: String },
}

struct Environment {
    work: AsyncMutex<mpsc::Receiver<Invocation>>,
    in_flight: Mutex<HashMap<String, oneshot::Sender<Reply>>>,
    phase: watch::Sender<Phase>,
}

/// The routes of one environment's Runtime API: work comes out of `work`, `phase` tells how far the function got.
pub(super) fn router(work: mpsc::Receiver<Invocation>, phase: watch::Sender<Phase>) -> Router {
    let environment = Environment { work: AsyncMutex::new(work), in_flight: Mutex::default(), phase };
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(axum::extract::DefaultBodyLimit::max(7 * 1024 * 1024))
        .with_state(Arc::new(environment))
}

async fn next(State(environment): State<Arc<Environment>>) -> Response {
    environment.phase.send_if_modified(|phase| {
        let first = *phase == Phase::Initializing;
        if first {
            *phase = Phase::Ready;
        }
        first
    });
    let Some(invocation) = environment.work.lock().await.recv().await else {
        // The environment is being ended: Lambda freezes it here, and never answers.
        return std::future::pending().await;
    };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id.clone()),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn),
        ("lambda-runtime-trace-id", trace_id(&invocation.request_id, invocation.deadline_ms)),
        ("content-type", "application/json".to_owned()),
    ];
    environment.replies().insert(invocation.request_id, invocation.reply);
    (headers, invocation.event).into_response()
}

/// `Root=1-<seconds in hex>-<24 hex digits>;Sampled=0`.
fn trace_id(request_id: &str, deadline_ms: i64) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).take(24).collect();
    format!("Root=1-{:08x}-{digits:0>24};Sampled=0", deadline_ms / 1000)
}

async fn response(
    State(environment): State<Arc<Environment>>,
    Path(request_id): Path<String>,
    body: Bytes,
) -> Response {
    environment.answer(&request_id, Reply::Response(body))
}

async fn error(
    State(environment): State<Arc<Environment>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (kind, message) = diagnostic(&headers, &body);
    environment.answer(&request_id, Reply::Error { kind, message })
}

async fn init_error(State(environment): State<Arc<Environment>>, headers: HeaderMap, body: Bytes) -> Response {
    let (kind, message) = diagnostic(&headers, &body);
    environment.phase.send_replace(Phase::InitFailed { kind, message });
    accepted()
}

/// The error object's `errorType` and `errorMessage`; the header's type where the body has none.
fn diagnostic(headers: &HeaderMap, body: &[u8]) -> (String, String) {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let header = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
    let kind = value["errorType"].as_str().or(header).unwrap_or("Unknown").to_owned();
    let message = value["errorMessage"].as_str().map_or_else(|| String::from_utf8_lossy(body).into(), str::to_owned);
    (kind, message)
}

impl Environment {
    fn replies(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Reply>>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request_id: &str, reply: Reply) -> Response {
        match self.replies().remove(request_id) {
            // The invoker may have given up (deadline passed); the function is told the same either way.
            Some(waiting) => {
                let _ = waiting.send(reply);
                accepted()
            }
            None => refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation in progress"),
        }
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, axum::Json(json!({"errorType": kind, "errorMessage": message}))).into_response()
}
