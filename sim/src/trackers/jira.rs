//! Jira Cloud's part: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/>, as its Python client can tell.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::document::is_document;
use super::{Issue, JIRA_PROJECT, TOKEN, Trackers, authorization, jql, texts};
use crate::fault::{Fault, Faults, Service};

type Shared = State<(Trackers, Faults)>;
type Asked = Query<BTreeMap<String, String>>;

pub(super) fn router(trackers: Trackers, faults: Faults) -> Router {
    Router::new()
        .route("/rest/api/3/serverInfo", get(server))
        .route("/rest/api/3/field", get(fields))
        .route("/rest/api/3/issue", post(create))
        .route("/rest/api/3/search/jql", post(search))
        .route("/rest/api/3/issue/{key}", get(read).put(edit))
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

async fn server(State((trackers, faults)): Shared, headers: HeaderMap) -> Response {
    let effect = || {
        let address = trackers.lock().address.clone();
        let address = address.trim_end_matches('/');
        let said = json!({
            "baseUrl": address, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud", "buildNumber": 100_000, "serverTitle": "Jira",
        });
        Json(said).into_response()
    };
    serve(&faults, "read server", &headers, effect).await
}

async fn fields(State((_, faults)): Shared, headers: HeaderMap) -> Response {
    let effect = || {
        let fields = ["summary", "description", "labels", "status", "project", "issuetype", "created", "updated"];
        let fields = fields.map(|id| json!({ "id": id, "key": id, "name": id, "custom": false, "clauseNames": [id] }));
        Json(fields).into_response()
    };
    serve(&faults, "read fields", &headers, effect).await
}

/// What is wrong with these fields, by field.
fn complaints(fields: &Value, is_new: bool) -> serde_json::Map<String, Value> {
    let mut errors = serde_json::Map::new();
    let given = |field: &str| is_new || !fields[field].is_null();
    if is_new && fields["project"]["key"] != JIRA_PROJECT {
        errors.insert("project".into(), json!("valid project is required"));
    }
    if is_new && !matches!(fields["issuetype"]["name"].as_str(), Some("Task" | "Incident")) {
        errors.insert("issuetype".into(), json!("Specify a valid issue type"));
    }
    let summary = fields["summary"].as_str().unwrap_or_default();
    if given("summary") && summary.trim().is_empty() {
        errors.insert("summary".into(), json!("You must specify a summary of the issue."));
    } else if summary.chars().count() > 255 || summary.contains('\n') {
        errors.insert("summary".into(), json!("The summary is invalid because it contains newline characters."));
    }
    if given("description") && !is_document(&fields["description"]) {
        errors.insert("description".into(), json!("Operation value must be an Atlassian Document"));
    }
    let labels = texts(&fields["labels"]);
    if labels.iter().any(|label| label.contains(char::is_whitespace) || label.is_empty()) {
        errors.insert("labels".into(), json!("The label contains spaces which is invalid."));
    }
    errors
}

async fn create(State((trackers, faults)): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let effect = || {
        let body = parsed(&body);
        let fields = &body["fields"];
        let errors = complaints(fields, true);
        if !errors.is_empty() {
            return wrong(StatusCode::BAD_REQUEST, &[], Value::Object(errors));
        }
        let mut state = trackers.lock();
        let (number, now) = (state.jira.len() + 1, state.now());
        let summary = fields["summary"].as_str().unwrap_or_default();
        state.jira.push(Issue::new(number, summary, fields["description"].clone(), texts(&fields["labels"]), now));
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

async fn search(State((trackers, faults)): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let effect = || {
        let body = parsed(&body);
        let query = match jql::Query::parse(body["jql"].as_str().unwrap_or_default()) {
            Ok(query) => query,
            Err(message) => return wrong(StatusCode::BAD_REQUEST, &[&message], json!({})),
        };
        let state = trackers.lock();
        let indexed = state.now() - state.index_lag;
        // Without a limit fifty; the token is where the next page begins.
        let size = body["maxResults"].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
        let begin = body["nextPageToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let found = state.jira.iter().rev().filter(|issue| issue.created_at <= indexed && query.holds(issue));
        let found: Vec<&Issue> = found.skip(begin).take(size + 1).collect();
        let fields = texts(&body["fields"]);
        let issues: Vec<Value> = found.iter().take(size).map(|issue| shown(issue, &fields, &state.address)).collect();
        let mut answer = json!({ "issues": issues, "isLast": found.len() <= size });
        if found.len() > size {
            answer["nextPageToken"] = json!((begin + size).to_string());
        }
        Json(answer).into_response()
    };
    serve(&faults, "search", &headers, effect).await
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

/// An issue with these fields; none named is none shown but its id, as the search does.
fn shown(issue: &Issue, fields: &[String], address: &str) -> Value {
    let id = 10_000 + issue.number;
    let own = format!("{address}rest/api/3/issue/{id}");
    if fields.is_empty() {
        return json!({ "id": id.to_string() });
    }
    let (name, key, number) = if issue.closed { ("Done", "done", 3) } else { ("To Do", "new", 2) };
    let mut all = json!({
        "summary": issue.title, "description": issue.body, "labels": issue.labels,
        "status": {
            "self": format!("{address}rest/api/3/status/{number}"), "id": number.to_string(), "name": name,
            "statusCategory": { "id": number, "key": key, "name": name },
        },
        "project": { "id": "10000", "key": JIRA_PROJECT, "name": "Operations" },
        "issuetype": { "id": "10001", "name": "Task", "subtask": false },
        "created": time(issue.created_at), "updated": time(issue.updated_at),
        "resolution": issue.closed.then(|| json!({ "id": "10000", "name": "Done" })),
    });
    let is_all = fields.iter().any(|field| field.starts_with('*'));
    if let Some(all) = all.as_object_mut().filter(|_| !is_all) {
        all.retain(|name, _| fields.contains(name));
    }
    json!({ "id": id.to_string(), "key": format!("{JIRA_PROJECT}-{}", issue.number), "self": own, "fields": all })
}

/// Jira takes an issue's key and its id.
fn with_issue(trackers: &Trackers, key: &str, then: impl FnOnce(&mut Issue, &str, Timestamp) -> Response) -> Response {
    let mut state = trackers.lock();
    let (address, now) = (state.address.clone(), state.now());
    let by_key = key.strip_prefix(JIRA_PROJECT).and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
    let number = by_key.or_else(|| key.parse::<usize>().ok()?.checked_sub(10_000));
    match number.and_then(|number| state.jira.get_mut(number.wrapping_sub(1))) {
        Some(issue) => then(issue, &address, now),
        None => {
            let message = "Issue does not exist or you do not have permission to see it.";
            wrong(StatusCode::NOT_FOUND, &[message], json!({}))
        }
    }
}

async fn read(
    State((trackers, faults)): Shared,
    Path(key): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let fields: Vec<String> =
        asked.get("fields").map_or("*all", String::as_str).split(',').map(str::to_owned).collect();
    let effect =
        || with_issue(&trackers, &key, |issue, address, _| Json(shown(issue, &fields, address)).into_response());
    serve(&faults, "read issue", &headers, effect).await
}

async fn edit(State((trackers, faults)): Shared, Path(key): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let effect = || {
        let body = parsed(&body);
        let fields = &body["fields"];
        let errors = complaints(fields, false);
        if !errors.is_empty() {
            return wrong(StatusCode::BAD_REQUEST, &[], Value::Object(errors));
        }
        with_issue(&trackers, &key, |issue, _, now| {
            issue.title = fields["summary"].as_str().map_or_else(|| issue.title.clone(), str::to_owned);
            if !fields["description"].is_null() {
                issue.body = fields["description"].clone();
            }
            issue.updated_at = now;
            StatusCode::NO_CONTENT.into_response()
        })
    };
    serve(&faults, "edit issue", &headers, effect).await
}

fn said(issue: &Issue, index: usize, address: &str) -> Option<Value> {
    let comment = issue.comments.get(index)?;
    let id = issue.number * 1000 + index + 1;
    Some(json!({
        "id": id.to_string(), "self": format!("{address}rest/api/3/issue/{}/comment/{id}", 10_000 + issue.number),
        "body": comment.body, "created": time(comment.created_at), "updated": time(comment.created_at),
        "author": { "accountId": "sim", "displayName": "Nightshift", "active": true }, "jsdPublic": true,
    }))
}

async fn comments(
    State((trackers, faults)): Shared,
    Path(key): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        with_issue(&trackers, &key, |issue, address, _| {
            let number = |name: &str, otherwise: usize| {
                asked.get(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
            };
            let (begin, most) = (number("startAt", 0), number("maxResults", 100));
            let total = issue.comments.len();
            let mut order: Vec<usize> = (0..total).collect();
            if asked.get("orderBy").is_some_and(|order| order.starts_with('-')) {
                order.reverse();
            }
            let shown = order.into_iter().skip(begin).take(most).filter_map(|index| said(issue, index, address));
            let shown: Vec<Value> = shown.collect();
            Json(json!({ "startAt": begin, "maxResults": most, "total": total, "comments": shown })).into_response()
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
        with_issue(&trackers, &key, |issue, address, now| {
            issue.say(body["body"].clone(), now);
            (StatusCode::CREATED, Json(said(issue, issue.comments.len() - 1, address))).into_response()
        })
    };
    serve(&faults, "comment", &headers, effect).await
}

/// The simplified workflow: from every status to every status.
const WAYS: [(&str, &str, &str, u8); 3] =
    [("11", "To Do", "new", 2), ("21", "In Progress", "indeterminate", 4), ("31", "Done", "done", 3)];

async fn transitions(State((trackers, faults)): Shared, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let effect = || {
        with_issue(&trackers, &key, |_, _, _| {
            let ways = WAYS.map(|(id, name, category, number)| {
                let category = json!({ "id": number, "key": category, "name": name });
                let to = json!({ "id": number.to_string(), "name": name, "statusCategory": category });
                json!({ "id": id, "name": name, "to": to, "hasScreen": false, "isAvailable": true })
            });
            Json(json!({ "expand": "transitions", "transitions": ways })).into_response()
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
        let asked = &body["transition"]["id"];
        let asked = asked.as_str().map_or_else(|| asked.to_string(), str::to_owned);
        let Some((_, _, category, _)) = WAYS.iter().find(|(id, ..)| asked == *id) else {
            return wrong(
                StatusCode::BAD_REQUEST,
                &["The transition is not valid for the issue's current status."],
                json!({}),
            );
        };
        with_issue(&trackers, &key, |issue, _, now| {
            (issue.closed, issue.updated_at) = (*category == "done", now);
            StatusCode::NO_CONTENT.into_response()
        })
    };
    serve(&faults, "transition", &headers, effect).await
}
