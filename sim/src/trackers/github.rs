//! GitHub's part.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{GITHUB_REPOSITORY, Issue, TOKEN, Trackers, authorization, texts};
use crate::fault::{Fault, Faults, Service};

type Shared = State<(Trackers, Faults)>;

pub(super) fn router(trackers: Trackers, faults: Faults) -> Router {
    Router::new()
        .route("/repos/{owner}/{name}/issues", get(list).post(create))
        .route("/repos/{owner}/{name}/issues/{number}", get(read).patch(change))
        .route("/repos/{owner}/{name}/issues/{number}/comments", get(comments).post(comment))
        .with_state((trackers, faults))
}

fn refusal(fault: Fault) -> Response {
    match fault {
        Fault::Throttle => {
            let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-limit", "5000")];
            (StatusCode::FORBIDDEN, headers, Json(json!({ "message": "API rate limit exceeded" }))).into_response()
        }
        _ => (StatusCode::BAD_GATEWAY, Json(json!({ "message": "Server Error" }))).into_response(),
    }
}

fn wrong(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))).into_response()
}

async fn serve(
    faults: &Faults,
    operation: &str,
    (owner, name): (&str, &str),
    headers: &HeaderMap,
    effect: impl FnOnce() -> Response,
) -> Response {
    let effect = async {
        if authorization(headers) != format!("Bearer {TOKEN}") {
            return wrong(StatusCode::UNAUTHORIZED, "Bad credentials");
        }
        // GitHub turns away who does not say who they are.
        if !headers.contains_key("user-agent") {
            return wrong(StatusCode::FORBIDDEN, "Request forbidden by administrative rules.");
        }
        match format!("{owner}/{name}") == GITHUB_REPOSITORY {
            true => effect(),
            false => wrong(StatusCode::NOT_FOUND, "Not Found"),
        }
    };
    faults.serve(Service::GitHub, operation, refusal, effect).await
}

fn shown(issue: &Issue, address: &str) -> Value {
    let state = if issue.closed { "closed" } else { "open" };
    json!({
        "number": issue.number, "title": issue.title, "body": issue.body, "state": state,
        "html_url": format!("{address}{GITHUB_REPOSITORY}/issues/{}", issue.number),
        "labels": issue.labels.iter().map(|label| json!({ "name": label })).collect::<Vec<_>>(),
        "comments": issue.comments.len(),
    })
}

async fn list(
    State((trackers, faults)): Shared,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        let state = trackers.lock();
        let issues: Vec<Value> =
            state.github.iter().rev().take(100).map(|issue| shown(issue, &state.address)).collect();
        Json(issues).into_response()
    };
    serve(&faults, "list issues", (&owner, &name), &headers, effect).await
}

async fn create(
    State((trackers, faults)): Shared,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let title = body["title"].as_str().unwrap_or_default();
        if title.trim().is_empty() || title.chars().count() > 256 {
            return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed");
        }
        let mut state = trackers.lock();
        let (number, labels) = (state.github.len() + 1, texts(&body["labels"]));
        let (title, body) = (title.to_owned(), body["body"].clone());
        let issue = Issue { number, title, body, labels, closed: false, comments: Vec::new() };
        state.github.push(issue.clone());
        (StatusCode::CREATED, Json(shown(&issue, &state.address))).into_response()
    };
    serve(&faults, "create issue", (&owner, &name), &headers, effect).await
}

type OfIssue = Path<(String, String, usize)>;

fn with_issue(trackers: &Trackers, number: usize, then: impl FnOnce(&mut Issue, &str) -> Response) -> Response {
    let mut state = trackers.lock();
    let address = state.address.clone();
    match state.github.get_mut(number.wrapping_sub(1)) {
        Some(issue) => then(issue, &address),
        None => wrong(StatusCode::NOT_FOUND, "Not Found"),
    }
}

async fn read(State((trackers, faults)): Shared, Path((owner, name, number)): OfIssue, headers: HeaderMap) -> Response {
    let effect = || with_issue(&trackers, number, |issue, address| Json(shown(issue, address)).into_response());
    serve(&faults, "read issue", (&owner, &name), &headers, effect).await
}

async fn change(
    State((trackers, faults)): Shared,
    Path((owner, name, number)): OfIssue,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        with_issue(&trackers, number, |issue, address| {
            match body["state"].as_str() {
                Some("closed") => issue.closed = true,
                Some("open") => issue.closed = false,
                Some(_) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed"),
                None => {}
            }
            Json(shown(issue, address)).into_response()
        })
    };
    serve(&faults, "update issue", (&owner, &name), &headers, effect).await
}

async fn comments(
    State((trackers, faults)): Shared,
    Path((owner, name, number)): OfIssue,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        with_issue(&trackers, number, |issue, _| {
            Json(issue.comments.iter().map(|body| json!({ "body": body })).collect::<Vec<_>>()).into_response()
        })
    };
    serve(&faults, "list comments", (&owner, &name), &headers, effect).await
}

async fn comment(
    State((trackers, faults)): Shared,
    Path((owner, name, number)): OfIssue,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if body["body"].as_str().is_none_or(str::is_empty) {
            return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Validation Failed");
        }
        with_issue(&trackers, number, |issue, _| {
            issue.comments.push(body["body"].clone());
            (StatusCode::CREATED, Json(json!({ "body": body["body"] }))).into_response()
        })
    };
    serve(&faults, "comment", (&owner, &name), &headers, effect).await
}
