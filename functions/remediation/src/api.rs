//! The requests of an action, sent to the Kubernetes API: dry, or in earnest.

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::eks::Cluster;
use shared::model::{Kind, ObjectRef};
use shared::remediation::Request;

/// Time for one request, where the invocation has as much left.
const PATIENCE: Duration = Duration::from_secs(8);
/// Under which name changes stand in `managedFields`.
const MANAGER: &str = "nightshift";

/// Why a request changed nothing, or may have.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The object is not in the version the patch was computed from.
    #[error("{0} was changed meanwhile")]
    Conflict(ObjectRef),
    /// A disruption budget lets no pod go now.
    #[error("{pod} is held by a disruption budget: {message}")]
    Budget {
        /// The pod.
        pod: ObjectRef,
        /// What the API said.
        message: String,
    },
    /// The API refuses and will refuse.
    #[error("the API refuses to change {object} ({status}): {message}")]
    Refused {
        /// The object.
        object: ObjectRef,
        /// HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// It is not known whether anything happened; look, then repeat.
    #[error("the API did not answer about {object}: {why}")]
    Unanswered {
        /// The object.
        object: ObjectRef,
        /// What happened.
        why: String,
    },
}

/// The path of an object.
pub fn path(object: &ObjectRef) -> String {
    let version = object.kind.api_version();
    let root = if version.contains('/') { "apis" } else { "api" };
    let namespace =
        if object.namespace.is_empty() { String::new() } else { format!("/namespaces/{}", object.namespace) };
    format!("/{root}/{version}{namespace}/{}/{}", object.kind.plural(), object.name)
}

/// The object as it is now; `None` where there is none.
pub async fn get(cluster: &Cluster, object: &ObjectRef, deadline: Deadline) -> Result<Option<Value>, ApiError> {
    match send(cluster, object, Method::GET, &path(object), None, deadline).await {
        Ok(value) => Ok(Some(value)),
        Err(ApiError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The objects of a kind that has no namespace; none where the cluster does not know the kind, `None` where they may not be
/// read.
pub async fn list(cluster: &Cluster, kind: Kind, deadline: Deadline) -> Result<Option<Vec<Value>>, ApiError> {
    let object = ObjectRef::new(kind, "", "");
    match send(cluster, &object, Method::GET, path(&object).trim_end_matches('/'), None, deadline).await {
        Ok(mut list) => Ok(Some(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())),
        Err(ApiError::Refused { status: 404, .. }) => Ok(Some(Vec::new())),
        Err(ApiError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends one request of an action, computed from this `resourceVersion`. Dry, it changes nothing and returns the object as
/// it would be.
pub async fn carry_out(
    cluster: &Cluster,
    request: &Request,
    resource_version: &str,
    dry: bool,
    deadline: Deadline,
) -> Result<Value, ApiError> {
    match request {
        Request::Patch { object, subresource, body } => {
            let mut body = body.clone();
            body["metadata"]["resourceVersion"] = json!(resource_version);
            let subresource = subresource.map(|it| format!("/{}", it.as_str())).unwrap_or_default();
            let dry = if dry { "&dryRun=All" } else { "" };
            let path = format!("{}{subresource}?fieldManager={MANAGER}{dry}", path(object));
            match send(cluster, object, Method::PATCH, &path, Some(&body), deadline).await {
                // The API server is busy; only of an eviction does it mean more.
                Err(ApiError::Refused { object, status: 429, message: why }) => {
                    Err(ApiError::Unanswered { object, why })
                }
                outcome => outcome,
            }
        }
        Request::Evict { pod, uid } => {
            let mut options = json!({ "preconditions": { "uid": uid } });
            if dry {
                options["dryRun"] = json!(["All"]);
            }
            let body = json!({
                "apiVersion": "policy/v1", "kind": "Eviction",
                "metadata": { "name": pod.name, "namespace": pod.namespace }, "deleteOptions": options,
            });
            let dry = if dry { "?dryRun=All" } else { "" };
            let path = format!("{}/eviction{dry}", path(pod));
            match send(cluster, pod, Method::POST, &path, Some(&body), deadline).await {
                Err(ApiError::Refused { object, status: 429, message }) => {
                    Err(ApiError::Budget { pod: object, message })
                }
                // Gone, or another pod of the same name: what was asked for has happened.
                Err(ApiError::Refused { status: 404, .. } | ApiError::Conflict(_)) => Ok(Value::Null),
                outcome => outcome,
            }
        }
        Request::Shift { object, .. } => {
            let message = "what stands in ARC is no object of the cluster".to_owned();
            Err(ApiError::Refused { object: object.clone(), status: 404, message })
        }
    }
}

async fn send(
    cluster: &Cluster,
    object: &ObjectRef,
    method: Method,
    path: &str,
    body: Option<&Value>,
    deadline: Deadline,
) -> Result<Value, ApiError> {
    let unanswered = |why: String| ApiError::Unanswered { object: object.clone(), why };
    let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let content_type = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
    let patience = deadline.cap(PATIENCE);
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, content_type)
        .body(bytes)
        .map_err(|error| unanswered(error.to_string()))?;
    let answer = tokio::time::timeout(patience, cluster.client().request::<Value>(request)).await;
    match answer {
        Err(_) => Err(unanswered(format!("no answer within {:.1} s", patience.as_secs_f64()))),
        Ok(Ok(value)) => Ok(value),
        Ok(Err(kube::Error::Api(status))) => {
            let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            match code {
                StatusCode::CONFLICT => Err(ApiError::Conflict(object.clone())),
                code if code.is_server_error() => Err(unanswered(status.message.clone())),
                code => {
                    let message = status.message.clone();
                    Err(ApiError::Refused { object: object.clone(), status: code.as_u16(), message })
                }
            }
        }
        Ok(Err(error)) => Err(unanswered(error.to_string())),
    }
}
