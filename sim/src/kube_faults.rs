//! Faults of the Kubernetes API: a layer in front of its routes.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::fault::{Fault, Faults, Service};

/// The routes, with what goes wrong in front of them.
pub(crate) fn layer(routes: Router, faults: Faults) -> Router {
    routes.layer(from_fn_with_state(faults, serve))
}

async fn serve(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let mut operation = operation(request.method().as_str(), request.uri().path());
    if request.uri().query().is_some_and(|query| query.contains("dryRun=All")) {
        operation.push_str(" (dry run)");
    }
    faults.serve(Service::Kubernetes, &operation, refusal, next.run(request)).await
}

/// The verb and resource of a request, as audit logs name them: `list pods`, `get log`, `create eviction`.
fn operation(method: &str, path: &str) -> String {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    // `/api/v1/…` or `/apis/GROUP/VERSION/…`
    let skipped = if segments.next() == Some("apis") { 2 } else { 1 };
    let mut rest: Vec<&str> = segments.skip(skipped).collect();
    if rest.first() == Some(&"namespaces") && rest.len() > 2 {
        rest.drain(..2);
    }
    let (resource, named) = match rest[..] {
        [] => ("discovery", true),
        [resource] => (resource, false),
        [resource, _] => (resource, true),
        [.., subresource] => (subresource, true),
    };
    let verb = match (method, named) {
        ("GET", false) => "list",
        ("GET", true) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", _) => "delete",
        (other, _) => other,
    };
    format!("{verb} {resource}")
}

fn refusal(fault: Fault) -> Response {
    let (status, reason, message) = match fault {
        Fault::Throttle => {
            (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "too many requests, please try again later")
        }
        _ => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "an error on the server has prevented the request from succeeding",
        ),
    };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": status.as_u16(),
    });
    let mut response = (status, axum::Json(body)).into_response();
    if fault == Fault::Throttle {
        response.headers_mut().insert("retry-after", 1.into());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_by_verb_and_resource() {
        let cases = [
            ("GET", "/api/v1/pods", "list pods"),
            ("GET", "/api/v1/namespaces/shop/pods", "list pods"),
            ("GET", "/api/v1/namespaces/shop/pods/api-1", "get pods"),
            ("GET", "/api/v1/namespaces/shop/pods/api-1/log", "get log"),
            ("GET", "/api/v1/namespaces", "list namespaces"),
            ("GET", "/api/v1/namespaces/shop", "get namespaces"),
            ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/api", "patch deployments"),
            ("GET", "/apis/metrics.k8s.io/v1beta1/nodes", "list nodes"),
            ("GET", "/api", "get discovery"),
        ];
        for (method, path, expected) in cases {
            assert_eq!(operation(method, path), expected, "{path}");
        }
    }
}
