//! Errors as the API server tells them: a `Status` object with the right code and reason.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::answer;
use crate::world::Kind;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: u16,
    reason: &'static str,
    message: String,
    details: Value,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    pub(crate) fn not_found(kind: Kind, name: &str) -> Self {
        let resource = kind.resource();
        let mut refusal = Self::new(404, "NotFound", format!("{} \"{name}\" not found", qualified(kind)));
        refusal.details = json!({ "name": name, "group": resource.group, "kind": resource.plural });
        refusal
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(crate) fn already_exists(kind: Kind, name: &str) -> Self {
        let mut refusal = Self::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", qualified(kind)));
        refusal.details = json!({ "name": name, "group": kind.resource().group, "kind": kind.resource().plural });
        refusal
    }

    pub(crate) fn conflict(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
            qualified(kind)
        );
        let mut refusal = Self::new(409, "Conflict", message);
        refusal.details = json!({ "name": name, "group": kind.resource().group, "kind": kind.resource().plural });
        refusal
    }

    pub(crate) fn forbidden(verb: &str, kind: Kind, subresource: &str, namespace: &str, name: &str) -> Self {
        let resource = kind.resource();
        let plural = if subresource.is_empty() {
            resource.plural.to_owned()
        } else {
            format!("{}/{subresource}", resource.plural)
        };
        let scope = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        let about = if name.is_empty() { qualified(kind) } else { format!("{} \"{name}\"", qualified(kind)) };
        let message = format!(
            "{about} is forbidden: User \"{}\" cannot {verb} resource \"{plural}\" in API group \"{}\" {scope}",
            super::access::USER,
            resource.group
        );
        let mut refusal = Self::new(403, "Forbidden", message);
        refusal.details = json!({ "name": name, "group": resource.group, "kind": resource.plural });
        refusal
    }

    pub(crate) fn expired() -> Self {
        Self::new(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        )
    }

    pub(crate) fn gone(revision: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {revision} ({oldest})"))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn invalid(kind: Kind, name: &str, message: &str) -> Self {
        let mut refusal = Self::new(422, "Invalid", format!("{} \"{name}\" is invalid: {message}", kind.name()));
        refusal.details = json!({ "name": name, "group": kind.resource().group, "kind": kind.name() });
        refusal
    }

    pub(crate) fn unsupported(content_type: &str) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!("the body of the request was in an unknown format - {content_type:?} is not supported"),
        )
    }

    pub(crate) fn not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// An eviction that a disruption budget does not allow now.
    pub(crate) fn budget(budget: &str, healthy: i64, desired: i64) -> Self {
        let mut refusal =
            Self::new(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
        refusal.details = json!({ "causes": [{
            "reason": "DisruptionBudget",
            "message": format!("The disruption budget {budget} needs {desired} healthy pods and has {healthy} currently"),
        }] });
        refusal
    }

    /// As a `Status` object.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

/// `pods`, `deployments.apps`.
fn qualified(kind: Kind) -> String {
    let resource = kind.resource();
    if resource.group.is_empty() {
        resource.plural.to_owned()
    } else {
        format!("{}.{}", resource.plural, resource.group)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer::json(code, &self.status())
    }
}
