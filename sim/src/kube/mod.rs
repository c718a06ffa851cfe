//! The Kubernetes API of the world, as stock kubectl speaks it.
//!
//! One handler takes every request apart ([`path`]) and hands it to reading, writing, watching, logs or metrics. Reads take
//! the world's lock only to collect shared objects; serializing happens outside it. Rules of denied access make the API
//! refuse like one with narrower RBAC. Faults are a layer in front, common to all of sim ([`crate::fault`]).

mod access;
mod answer;
mod cells;
mod columns;
mod discovery;
mod list;
mod logs;
mod openapi;
mod patch;
mod path;
mod protobuf;
mod rows;
mod scale;
mod selector;
mod status;
mod table;
mod usage;
mod watch;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

pub use access::Denied;

use crate::world::World;
use path::{Query, Target};
use status::Refusal;

#[derive(Clone)]
struct Api {
    world: Arc<World>,
    denied: Vec<Denied>,
}

/// The API server's routes over a world.
pub fn router(world: Arc<World>) -> Router {
    router_denying(world, Vec::new())
}

/// The API server's routes over a world, for a caller who may not do everything.
pub fn router_denying(world: Arc<World>, denied: Vec<Denied>) -> Router {
    Router::new().fallback(serve).with_state(Api { world, denied })
}

/// A request, taken apart as far as all handlers need it.
struct Request<'a> {
    method: &'a Method,
    query: Query,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Request<'_> {
    fn accepts(&self, what: &str) -> bool {
        self.headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.contains(what))
    }

    fn content_type(&self) -> &str {
        let value =
            self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json");
        value.split(';').next().unwrap_or(value).trim()
    }

    fn dry_run(&self) -> bool {
        self.query.get("dryRun") == Some("All")
    }
}

async fn serve(State(api): State<Api>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let query = Query::parse(uri.query().unwrap_or_default());
    let request = Request { method: &method, query, headers: &headers, body: &body };
    answer(&api, uri.path(), &request).unwrap_or_else(IntoResponse::into_response)
}

fn answer(api: &Api, path: &str, request: &Request<'_>) -> Result<Response, Refusal> {
    let ok = |value: serde_json::Value| Ok(answer::json(StatusCode::OK, &value));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => return Ok(answer::text("ok".to_owned())),
        ["version"] => return ok(discovery::version()),
        ["api"] | ["apis"] => {
            let core = parts[0] == "api";
            if let Some(version) = ["v2", "v2beta1"]
                .into_iter()
                .find(|version| request.accepts(&format!("g=apidiscovery.k8s.io;v={version};")))
            {
                let mut response = answer::json(StatusCode::OK, &discovery::aggregated(core, version));
                let content_type =
                    format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
                if let Ok(value) = content_type.parse() {
                    response.headers_mut().insert(header::CONTENT_TYPE, value);
                }
                return Ok(response);
            }
            return ok(if core { discovery::core_versions() } else { discovery::group_list() });
        }
        ["openapi", rest @ ..] => {
            return openapi::serve(rest)
                .ok_or_else(Refusal::no_such_path)
                .map(|value| answer::json(StatusCode::OK, &value));
        }
        ["apis", group] => {
            let version = discovery::version_of(group).ok_or_else(Refusal::no_such_path)?;
            return ok(discovery::group_of(group, version));
        }
        ["api", version] => return discovery::resource_list("", version).map_or(Err(Refusal::no_such_path()), ok),
        ["apis", group, version] => {
            return discovery::resource_list(group, version).map_or(Err(Refusal::no_such_path()), ok);
        }
        ["apis", "metrics.k8s.io", "v1beta1", rest @ ..] => return usage::serve(api, rest, request),
        ["apis", "authorization.k8s.io", "v1", review] => return access::review(api, review, request),
        _ => {}
    }
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Refusal::no_such_path()),
    };
    let target = Target::parse(group, version, rest).ok_or_else(Refusal::no_such_path)?;
    access::check(api, &target, request)?;
    match (request.method.as_str(), target.subresource.as_str()) {
        ("GET", "log") => logs::serve(api, &target, request),
        ("GET", "scale") => scale::get(api, &target),
        ("GET", "" | "status") if target.name.is_empty() && request.query.flag("watch") => {
            watch::serve(api, &target, request)
        }
        ("GET", "" | "status") if target.name.is_empty() => list::list(api, &target, request),
        ("GET", "" | "status") => list::get(api, &target, request),
        ("POST", "") => write::create(api, &target, request),
        ("POST", "eviction") => write::evict(api, &target, request),
        ("PUT", "scale") | ("PATCH", "scale") => scale::set(api, &target, request),
        ("PUT", "" | "status") => write::replace(api, &target, request),
        ("PATCH", "resize") => write::resize(api, &target, request),
        ("PATCH", "" | "status") => write::patch(api, &target, request),
        ("DELETE", "") => write::delete(api, &target, request),
        _ => Err(Refusal::not_allowed()),
    }
}

/// An object as it is answered.
fn object(api: &Api, target: &Target, request: &Request<'_>, code: StatusCode, value: &serde_json::Value) -> Response {
    if request.accepts("as=Table") {
        let now = api.world.now().as_second();
        let metadata = json!({ "resourceVersion": value["metadata"]["resourceVersion"] });
        let table = table::table(target.kind, std::iter::once(value), metadata, now, list::include(request));
        return answer::json(code, &table);
    }
    answer::json(code, value)
}
