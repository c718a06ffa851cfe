//! An error as AWS services answer it.

use axum::http::StatusCode;

use crate::fault::Fault;

/// A service's error: code, message and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwsError {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) status: StatusCode,
}

impl AwsError {
    /// The caller's mistake.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::BAD_REQUEST }
    }

    /// Something the caller named does not exist, for the services that answer this with 404.
    pub(super) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: StatusCode::NOT_FOUND }
    }

    /// A request without a signature.
    pub(super) fn unsigned() -> Self {
        let message = "Missing Authentication Token".to_owned();
        Self { code: "MissingAuthenticationToken", message, status: StatusCode::FORBIDDEN }
    }

    /// What a throttled or broken service says.
    pub(super) fn of_fault(fault: Fault, throttling: &'static str, internal: &'static str) -> Self {
        match fault {
            Fault::Throttle => {
                let status = match throttling {
                    "ThrottlingException" => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::BAD_REQUEST,
                };
                Self { code: throttling, message: "Rate exceeded".to_owned(), status }
            }
            _ => {
                let message = "An internal error occurred".to_owned();
                Self { code: internal, message, status: StatusCode::INTERNAL_SERVER_ERROR }
            }
        }
    }
}
