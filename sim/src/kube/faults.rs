//! Faults: what a test may do to a request.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use http_body_util::BodyExt as _;

use super::status::Refusal;

/// A request as the hook sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Method.
    pub method: &'a str,
    /// Path.
    pub path: &'a str,
    /// Query string, without the question mark.
    pub query: &'a str,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429 with Retry-After.
    Throttle {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// Answered only after a while.
    Delay(Duration),
    /// Never answered.
    Hang,
    /// An error of this code, as a `Status`; 410 is an expired continue token.
    Fail(u16),
    /// An answer that is no JSON.
    Malform,
    /// The right answer, its connection cut half way. The effect has happened.
    Cut,
    /// The effect happens, the answer is a 500.
    FailAfter,
}

/// Decides what becomes of a request; `None` leaves it alone.
pub type FaultHook = Arc<dyn Fn(&Seen<'_>) -> Option<Fault> + Send + Sync>;

/// The part of a fault before the request is handled: an answer in its place, or what is left for afterwards.
pub(super) async fn before(fault: Fault) -> Result<Option<Fault>, Response> {
    match fault {
        Fault::Throttle { retry_after_s } => Err(Refusal::throttled(retry_after_s).into_response()),
        Fault::Delay(duration) => {
            tokio::time::sleep(duration).await;
            Ok(None)
        }
        Fault::Hang => std::future::pending().await,
        Fault::Fail(410) => Err(Refusal::expired().into_response()),
        Fault::Fail(code) => {
            Err(Refusal::internal(code, "an error on the server has prevented the request from succeeding")
                .into_response())
        }
        Fault::Malform => {
            let mut response = Response::new(Body::from("{\"kind\":\"PodList\",\"items\":[{\"metadata\""));
            response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
            Err(response)
        }
        Fault::Cut | Fault::FailAfter => Ok(Some(fault)),
    }
}

/// The part of a fault after the request was handled.
pub(super) async fn after(fault: Fault, response: Response) -> Response {
    match fault {
        Fault::Cut => {
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let half = bytes.slice(..bytes.len() / 2);
            let cut = futures::stream::iter([Ok(half), Err(std::io::Error::other("connection cut"))]).boxed();
            Response::from_parts(parts, Body::from_stream(cut))
        }
        _ => Refusal::internal(500, "an error on the server has prevented the request from succeeding").into_response(),
    }
}
