//! Who may do what: everything, but for what is denied; and the reviews behind `kubectl auth can-i`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::path::Target;
use super::status::Refusal;
use super::{Api, Request, answer, protobuf};

/// The user every caller is.
pub(crate) const USER: &str = "nightshift";

/// Something the caller may not do; an empty field stands for anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denied {
    /// Verb, for example `list`.
    pub verb: String,
    /// Plural of the kind, with `/log` and the like for subresources.
    pub resource: String,
    /// Namespace.
    pub namespace: String,
}

impl Denied {
    fn covers(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let fits = |rule: &str, value: &str| rule.is_empty() || rule == value;
        fits(&self.verb, verb) && fits(&self.resource, resource) && fits(&self.namespace, namespace)
    }
}

/// Refuses what is denied.
pub(super) fn check(api: &Api, target: &Target, request: &Request<'_>) -> Result<(), Refusal> {
    let verb = match (request.method.as_str(), target.name.is_empty()) {
        ("GET", true) if request.query.flag("watch") => "watch",
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        _ => "delete",
    };
    let plural = target.kind.resource().plural;
    let resource =
        if target.subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{}", target.subresource) };
    if allowed(api, verb, &resource, &target.namespace) {
        return Ok(());
    }
    Err(Refusal::forbidden(verb, target.kind, &target.subresource, &target.namespace, &target.name))
}

fn allowed(api: &Api, verb: &str, resource: &str, namespace: &str) -> bool {
    !api.denied.iter().any(|rule| rule.covers(verb, resource, namespace))
}

/// Answers SelfSubjectAccessReview and SelfSubjectRulesReview.
pub(super) fn review(api: &Api, what: &str, request: &Request<'_>) -> Result<Response, Refusal> {
    let mut review: Value = if request.content_type() == "application/vnd.kubernetes.protobuf" {
        protobuf::access_review(request.body).ok_or_else(|| Refusal::bad_request("the review cannot be read"))?
    } else {
        serde_json::from_slice(request.body).map_err(|error| Refusal::bad_request(error.to_string()))?
    };
    match what {
        "selfsubjectaccessreviews" => {
            let asked = &review["spec"]["resourceAttributes"];
            let text = |name: &str| asked[name].as_str().unwrap_or_default();
            let resource = match text("subresource") {
                "" => text("resource").to_owned(),
                sub => format!("{}/{sub}", text("resource")),
            };
            let allowed = allowed(api, text("verb"), &resource, text("namespace"));
            review["status"] = if allowed {
                json!({ "allowed": true })
            } else {
                json!({ "allowed": false, "reason": "denied by a rule" })
            };
        }
        "selfsubjectrulesreviews" => {
            let rule = json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] });
            review["status"] =
                json!({ "resourceRules": [rule], "nonResourceRules": [], "incomplete": !api.denied.is_empty() });
        }
        _ => return Err(Refusal::no_such_path()),
    }
    Ok(answer::json(StatusCode::CREATED, &review))
}
