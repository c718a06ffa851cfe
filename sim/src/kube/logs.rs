//! `GET …/pods/<name>/log`.

use axum::response::Response;

use super::path::Target;
use super::status::Refusal;
use super::{Api, Request, answer};
use crate::world::{Kind, LogRequest};

/// A container's log, the last lines of it.
pub(super) fn serve(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let pod = api.world.state().store.at(Kind::Pod, &target.key()).cloned();
    let pod = pod.ok_or_else(|| Refusal::not_found(Kind::Pod, &target.name))?;
    let names: Vec<&str> = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|container| container["name"].as_str())
        .collect();
    let container = match (request.query.get("container"), names.as_slice()) {
        (Some(name), names) if names.contains(&name) => name,
        (Some(name), _) => {
            return Err(Refusal::bad_request(format!("container {name} is not valid for pod {}", target.name)));
        }
        (None, [only]) => only,
        (None, names) => {
            let message = format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                target.name,
                names.join(" ")
            );
            return Err(Refusal::bad_request(message));
        }
    };
    let wanted = LogRequest {
        previous: request.query.flag("previous"),
        since_s: request.query.number("sinceSeconds"),
        since_time: request.query.get("sinceTime").and_then(|time| time.parse().ok()),
    };
    let lines =
        api.world.container_log(&target.namespace, &target.name, container, &wanted).map_err(Refusal::bad_request)?;
    let tail = request.query.number("tailLines").filter(|tail| *tail >= 0).map_or(lines.len(), |tail| tail as usize);
    let timestamps = request.query.flag("timestamps");
    let mut text = String::new();
    for (time, line) in &lines[lines.len().saturating_sub(tail)..] {
        if timestamps {
            text.push_str(&time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string());
        }
        text.push_str(line);
        text.push('\n');
    }
    if let Some(limit) = request.query.number("limitBytes").filter(|limit| *limit > 0) {
        let mut end = text.len().min(limit as usize);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    Ok(answer::text(text))
}
