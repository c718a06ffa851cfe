//! Jira's part.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use serde_json::{Value, json};

use super::{Issue, JIRA_PROJECT, TOKEN, Trackers, authorization, texts};
use crate::fault::{Fault, Faults, Service};

type Shared = State<(Trackers, Faults)>;

pub(super) fn router(trackers: Trackers, faults: Faults) -> Router {
    Router::new()
        .route("/rest/api/3/issue", post(create))
        .route("/rest/api/3/search/jql", post(search))
        .route("/rest/api/3/issue/{key}", get(read))
        .route("/rest/api/3/issue/{key}/comment", get(comments).post(comment))
        .route("/rest/api/3/issue/{key}/transitions", get(transitions).post(transition))
        .with_state((trackers, faults))
}

fn refusal(fault: Fault) -> Response {
    match fault {
        Fault::Throttle => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "").into_response(),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "").into_response(),
    }
}

/// Jira's form of an error.
fn wrong(status: StatusCode, messages: &[&str], errors: Value) -> Response {
    (status, Json(json!({ "errorMessages": messages, "errors": errors }))).into_response()
}

fn is_known(headers: &HeaderMap) -> bool {
    let basic = authorization(headers).strip_prefix("Basic ").and_then(|pair| {
        let pair = base64::engine::general_purpose::STANDARD.decode(pair).ok()?;
        String::from_utf8(pair).ok()?.split_once(':').map(|(user, token)| user.contains('@') && token == TOKEN)
    });
    basic.unwrap_or(false)
}

async fn serve(faults: &Faults, operation: &str, headers: &HeaderMap, effect: impl FnOnce() -> Response) -> Response {
    let effect = async {
        match is_known(headers) {
            true => effect(),
            false => wrong(
                StatusCode::UNAUTHORIZED,
                &["You are not authenticated. Authentication required to perform this operation."],
                json!({}),
            ),
        }
    };
    faults.serve(Service::Jira, operation, refusal, effect).await
}

fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

async fn create(State((trackers, faults)): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let effect = || {
        let body = parsed(&body);
        let fields = &body["fields"];
        let mut errors = serde_json::Map::new();
        if fields["project"]["key"] != JIRA_PROJECT {
            errors.insert("project".into(), json!("valid project is required"));
        }
        if !matches!(fields["issuetype"]["name"].as_str(), Some("Task" | "Incident")) {
            errors.insert("issuetype".into(), json!("Specify a valid issue type"));
        }
        let summary = fields["summary"].as_str().unwrap_or_default();
        if summary.trim().is_empty() {
            errors.insert("summary".into(), json!("You must specify a summary of the issue."));
        } else if summary.chars().count() > 255 || summary.contains('\n') {
            errors.insert("summary".into(), json!("The summary is invalid because it contains newline characters."));
        }
        if !is_document(&fields["description"]) {
            errors.insert("description".into(), json!("Operation value must be an Atlassian Document"));
        }
        let labels = texts(&fields["labels"]);
        if labels.iter().any(|label| label.contains(char::is_whitespace) || label.is_empty()) {
            errors.insert("labels".into(), json!("The label contains spaces which is invalid."));
        }
        if !errors.is_empty() {
            return wrong(StatusCode::BAD_REQUEST, &[], Value::Object(errors));
        }
        let mut state = trackers.lock();
        let number = state.jira.len() + 1;
        let (title, body) = (summary.to_owned(), fields["description"].clone());
        state.jira.push(Issue { number, title, body, labels, closed: false, comments: Vec::new() });
        let address = &state.address;
        let id = 10_000 + number;
        let made = json!({
            "id": id.to_string(), "key": format!("{JIRA_PROJECT}-{number}"),
            "self": format!("{address}rest/api/3/issue/{id}"),
        });
        (StatusCode::CREATED, Json(made)).into_response()
    };
    serve(&faults, "create issue", &headers, effect).await
}

/// Whether this is a document that Jira takes: version 1, blocks, and no text node without text.
fn is_document(node: &Value) -> bool {
    fn holds(node: &Value) -> bool {
        let is_text = node["type"] == "text";
        let has_text = node["text"].as_str().is_some_and(|text| !text.is_empty());
        let children = node["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        node["type"].is_string()
            && is_text == node["text"].is_string()
            && (!is_text || has_text)
            && children.iter().all(holds)
    }
    node["type"] == "doc" && node["version"] == 1 && node["content"].is_array() && holds(node)
}

async fn search(State((trackers, faults)): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let effect = || {
        let body = parsed(&body);
        let jql = body["jql"].as_str().unwrap_or_default();
        let clause = |field: &str| {
            let (_, rest) = jql.split_once(&format!("{field} = \""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let (Some(project), Some(label)) = (clause("project"), clause("labels")) else {
            let message = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
            return wrong(StatusCode::BAD_REQUEST, &[message], json!({}));
        };
        if project != JIRA_PROJECT {
            let message = format!("The value '{project}' does not exist for the field 'project'.");
            return wrong(StatusCode::BAD_REQUEST, &[&message], json!({}));
        }
        let state = trackers.lock();
        let found = state.jira.iter().filter(|issue| issue.labels.contains(&label));
        let issues: Vec<Value> = found.map(|issue| shown(issue, &state.address)).collect();
        Json(json!({ "issues": issues, "isLast": true })).into_response()
    };
    serve(&faults, "search", &headers, effect).await
}

fn shown(issue: &Issue, address: &str) -> Value {
    let (name, key) = if issue.closed { ("Done", "done") } else { ("To Do", "new") };
    let id = 10_000 + issue.number;
    json!({
        "id": id.to_string(), "key": format!("{JIRA_PROJECT}-{}", issue.number),
        "self": format!("{address}rest/api/3/issue/{id}"),
        "fields": { "status": { "name": name, "statusCategory": { "key": key } } },
    })
}

fn with_issue(trackers: &Trackers, key: &str, then: impl FnOnce(&mut Issue, &str) -> Response) -> Response {
    let mut state = trackers.lock();
    let address = state.address.clone();
    let number = key.strip_prefix(JIRA_PROJECT).and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
    match number.and_then(|number| state.jira.get_mut(number.wrapping_sub(1))) {
        Some(issue) => then(issue, &address),
        None => {
            let message = "Issue does not exist or you do not have permission to see it.";
            wrong(StatusCode::NOT_FOUND, &[message], json!({}))
        }
    }
}

async fn read(State((trackers, faults)): Shared, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let effect = || with_issue(&trackers, &key, |issue, address| Json(shown(issue, address)).into_response());
    serve(&faults, "read issue", &headers, effect).await
}

async fn comments(State((trackers, faults)): Shared, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let effect = || {
        with_issue(&trackers, &key, |issue, _| {
            let said =
                issue.comments.iter().rev().enumerate().map(|(id, body)| json!({ "id": id.to_string(), "body": body }));
            let said: Vec<Value> = said.collect();
            Json(json!({ "startAt": 0, "maxResults": 100, "total": said.len(), "comments": said })).into_response()
        })
    };
    serve(&faults, "read comments", &headers, effect).await
}

async fn comment(
    State((trackers, faults)): Shared,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body = parsed(&body);
        if !is_document(&body["body"]) {
            return wrong(StatusCode::BAD_REQUEST, &[], json!({ "comment": "Comment body is not valid!" }));
        }
        with_issue(&trackers, &key, |issue, _| {
            issue.comments.push(body["body"].clone());
            let id = issue.comments.len().to_string();
            (StatusCode::CREATED, Json(json!({ "id": id, "body": body["body"] }))).into_response()
        })
    };
    serve(&faults, "comment", &headers, effect).await
}

/// The simplified workflow: from every status to every status.
const WAYS: [(&str, &str, &str); 3] =
    [("11", "To Do", "new"), ("21", "In Progress", "indeterminate"), ("31", "Done", "done")];

async fn transitions(State((trackers, faults)): Shared, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let effect = || {
        with_issue(&trackers, &key, |_, _| {
            let ways = WAYS.map(|(id, name, category)| {
                json!({ "id": id, "name": name, "to": { "name": name, "statusCategory": { "key": category } } })
            });
            Json(json!({ "transitions": ways })).into_response()
        })
    };
    serve(&faults, "read transitions", &headers, effect).await
}

async fn transition(
    State((trackers, faults)): Shared,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body = parsed(&body);
        let Some((_, _, category)) = WAYS.iter().find(|(id, ..)| body["transition"]["id"] == *id) else {
            return wrong(
                StatusCode::BAD_REQUEST,
                &["The transition is not valid for the issue's current status."],
                json!({}),
            );
        };
        with_issue(&trackers, &key, |issue, _| {
            issue.closed = *category == "done";
            StatusCode::NO_CONTENT.into_response()
        })
    };
    serve(&faults, "transition", &headers, effect).await
}
