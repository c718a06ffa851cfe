//! The requests of an action, all of them: dry, to see what they would change, or in earnest.

use serde_json::Value;
use shared::deadline::Deadline;
use shared::model::ObjectRef;
use shared::remediation::{DiffLine, Facts, ObjectVersion, Request, Subresource, diff};

use crate::api::{self, ApiError};
use crate::{App, RunError};

/// How often a patch is computed anew because somebody was faster.
const RACES: usize = 5;

/// Sends every request dry; the error is the API server's.
pub(crate) async fn rehearse(
    app: &App,
    name: &str,
    requests: &[Request],
    facts: &Facts,
    deadline: Deadline,
) -> Result<Result<Vec<DiffLine>, String>, RunError> {
    let cluster = app.clients.cluster(name).await?;
    let before = facts.object.clone().unwrap_or_default();
    let version = ObjectVersion::of(&before).resource_version;
    let mut lines = Vec::new();
    for request in requests {
        if let Request::Shift { resources, want, .. } = request {
            match crate::arc::rehearsed(name, resources, want.as_ref(), facts) {
                Ok(asked) => lines.extend(asked),
                Err(why) => return Ok(Err(why)),
            }
            continue;
        }
        match api::carry_out(&cluster, request, &version, true, deadline).await {
            Ok(after) => match request {
                // The scale subresource answers with a Scale.
                Request::Patch { subresource: Some(Subresource::Scale), body, .. } => {
                    let replicas = &body["spec"]["replicas"];
                    lines.push(DiffLine {
                        path: "spec.replicas".to_owned(),
                        before: Some(before["spec"]["replicas"].to_string()),
                        after: Some(replicas.to_string()),
                    });
                }
                Request::Patch { .. } => lines.extend(diff(&before, &after)),
                Request::Evict { pod, .. } => lines.push(evicted(pod)),
                Request::Shift { .. } => {}
            },
            // Evictions are tried again while they are watched; what is shown says so already.
            Err(ApiError::Budget { pod, .. }) => lines.push(evicted(&pod)),
            Err(ApiError::Refused { message, .. }) => return Ok(Err(message)),
            Err(ApiError::Conflict(object)) => return Ok(Err(format!("{object} changed while it was read"))),
            Err(error @ ApiError::Unanswered { .. }) => return Err(error.into()),
        }
    }
    Ok(Ok(lines))
}

fn evicted(pod: &ObjectRef) -> DiffLine {
    DiffLine { path: pod.to_string(), before: Some("runs".to_owned()), after: Some("evicted".to_owned()) }
}

/// What became of sending all requests.
pub(crate) enum Sent {
    /// All of them hold.
    All,
    /// Some are held back; the others hold.
    Held(String),
    /// The object has become another.
    Overtaken(String),
    /// The API refuses.
    Refused(String),
}

/// Sends what does not hold yet. Each patch is sent with the version read right before it, and only while the object is
/// still the one that was approved, by everything but its status: so the API server takes it once.
pub(crate) async fn send_all(
    app: &App,
    cluster: &str,
    requests: &[Request],
    may_send: impl Fn(&Request, &ObjectVersion, &Value) -> bool,
    deadline: Deadline,
) -> Result<Sent, RunError> {
    let cluster = app.clients.cluster(cluster).await?;
    let mut held = Vec::new();
    for request in requests {
        let mut races = 0;
        loop {
            let live = api::get(&cluster, request.object(), deadline).await?;
            if request.holds(live.as_ref()) {
                break;
            }
            let Some(live) = live else { return Ok(Sent::Overtaken(format!("{} is gone", request.object()))) };
            let version = ObjectVersion::of(&live);
            if matches!(request, Request::Patch { .. }) && !may_send(request, &version, &live) {
                return Ok(Sent::Overtaken(format!("{} was changed by somebody else", request.object())));
            }
            match api::carry_out(&cluster, request, &version.resource_version, false, deadline).await {
                Ok(_) => break,
                Err(ApiError::Conflict(_)) if races < RACES => races += 1,
                Err(ApiError::Budget { pod, message }) => {
                    held.push(format!("{}: {message}", pod.name));
                    break;
                }
                Err(ApiError::Refused { message, .. }) => return Ok(Sent::Refused(message)),
                // Perhaps it happened: whoever comes next looks before repeating.
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(if held.is_empty() { Sent::All } else { Sent::Held(held.join("; ")) })
}
