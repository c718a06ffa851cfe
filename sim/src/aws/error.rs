//! An error as AWS services answer it.

use axum::http::StatusCode;

use super::value::Value;
use crate::fault::Fault;

/// A service's error: code, message and status.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AwsError {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) status: StatusCode,
    /// The item that a condition was not met by, where DynamoDB is asked to say.
    pub(super) item: Option<Value>,
}

impl AwsError {
    /// The caller's mistake.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::BAD_REQUEST, item: None }
    }

    /// Something the caller named does not exist, for the services that answer this with 404.
    pub(super) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::NOT_FOUND, item: None }
    }

    /// A request without a signature.
    pub(super) fn unsigned() -> Self {
        let message = "Missing Authentication Token".to_owned();
        Self { code: "MissingAuthenticationToken", message, status: StatusCode::FORBIDDEN, item: None }
    }

    /// What a throttled or broken service says.
    pub(super) fn of_fault(fault: Fault, throttling: &'static str, internal: &'static str) -> Self {
        match fault {
            Fault::Throttle => {
                let status = match throttling {
                    "ThrottlingException" => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::BAD_REQUEST,
                };
                Self { code: throttling, message: "Rate exceeded".to_owned(), status, item: None }
            }
            _ => {
                let message = "An internal error occurred".to_owned();
                Self { code: internal, message, status: StatusCode::INTERNAL_SERVER_ERROR, item: None }
            }
        }
    }
}
