//! GitHub's part: <https://docs.github.com/en/rest/issues>, as PyGithub can tell.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Comment, GITHUB_REPOSITORY, Issue, TOKEN, Trackers, authorization};
use crate::fault::{Fault, Faults, Service};

type Shared = State<(Trackers, Faults)>;
type Asked = Query<BTreeMap<String, String>>;
type OfRepository = Path<(String, String)>;
type OfIssue = Path<(String, String, usize)>;

pub(super) fn router(trackers: Trackers, faults: Faults) -> Router {
    Router::new()
        .route("/repos/{owner}/{name}", get(repository))
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

fn invalid(resource: &str, field: &str) -> Response {
    let errors = json!([{ "resource": resource, "field": field, "code": "invalid" }]);
    let body = json!({ "message": "Validation Failed", "errors": errors });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
}

async fn serve(
    faults: &Faults,
    operation: &str,
    (owner, name): (&str, &str),
    headers: &HeaderMap,
    effect: impl FnOnce() -> Response,
) -> Response {
    let effect = async {
        let known = ["Bearer", "token"].map(|scheme| format!("{scheme} {TOKEN}"));
        if !known.iter().any(|known| known == authorization(headers)) {
            return wrong(StatusCode::UNAUTHORIZED, "Bad credentials");
        }
        // GitHub turns away who does not say who they are.
        if !headers.contains_key("user-agent") {
            return wrong(StatusCode::FORBIDDEN, "Request forbidden by administrative rules.");
        }
        if headers.get("x-github-api-version").is_some_and(|version| version.as_bytes() != b"2022-11-28") {
            return wrong(StatusCode::BAD_REQUEST, "The API version is not supported.");
        }
        match format!("{owner}/{name}") == GITHUB_REPOSITORY {
            true => effect(),
            false => wrong(StatusCode::NOT_FOUND, "Not Found"),
        }
    };
    faults.serve(Service::GitHub, operation, refusal, effect).await
}

fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}

fn user() -> Value {
    json!({ "login": "nightshift-sim", "id": 1, "node_id": "U_1", "type": "User", "site_admin": false })
}

fn shown(issue: &Issue, address: &str) -> Value {
    let state = if issue.closed { "closed" } else { "open" };
    let url = format!("{address}repos/{GITHUB_REPOSITORY}/issues/{}", issue.number);
    let labels = issue.labels.iter().enumerate().map(|(id, name)| {
        json!({
            "id": id + 1, "node_id": format!("LA_{id}"), "name": name, "color": "ededed", "default": false, "description": null,
            "url": format!("{address}repos/{GITHUB_REPOSITORY}/labels/{name}"),
        })
    });
    json!({
        "id": 1_000_000 + issue.number, "node_id": format!("I_{}", issue.number), "number": issue.number,
        "title": issue.title, "body": issue.body, "state": state, "state_reason": issue.reason, "locked": false,
        "url": url, "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
        "repository_url": format!("{address}repos/{GITHUB_REPOSITORY}"),
        "html_url": format!("{address}{GITHUB_REPOSITORY}/issues/{}", issue.number),
        "labels": labels.collect::<Vec<_>>(), "comments": issue.comments.len(), "user": user(), "assignees": [],
        "author_association": "MEMBER", "created_at": time(issue.created_at), "updated_at": time(issue.updated_at),
        "closed_at": issue.closed.then(|| time(issue.updated_at)),
    })
}

fn said(issue: &Issue, index: usize, comment: &Comment, address: &str) -> Value {
    let id = issue.number * 1000 + index + 1;
    json!({
        "id": id, "node_id": format!("IC_{id}"), "body": comment.body, "user": user(), "author_association": "MEMBER",
        "url": format!("{address}repos/{GITHUB_REPOSITORY}/issues/comments/{id}"),
        "issue_url": format!("{address}repos/{GITHUB_REPOSITORY}/issues/{}", issue.number),
        "html_url": format!("{address}{GITHUB_REPOSITORY}/issues/{}#issuecomment-{id}", issue.number),
        "created_at": time(comment.created_at), "updated_at": time(comment.created_at),
    })
}

/// One page of a list, with a link to the next where there is one.
fn page(all: Vec<Value>, path: &str, asked: &BTreeMap<String, String>, address: &str) -> Response {
    let number = |name: &str, otherwise: usize| asked.get(name).map_or(Some(otherwise), |value| value.parse().ok());
    let (Some(size), Some(page)) = (number("per_page", 30), number("page", 1)) else {
        return wrong(StatusCode::BAD_REQUEST, "per_page and page are numbers");
    };
    let (size, page) = (size.clamp(1, 100), page.max(1));
    let has_more = all.len() > size * page;
    let part: Vec<Value> = all.into_iter().skip(size * (page - 1)).take(size).collect();
    let mut answer = Json(part).into_response();
    if has_more {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(asked.iter().filter(|(name, _)| *name != "page"));
        let next =
            format!("<{address}{path}?{}>; rel=\"next\"", query.append_pair("page", &(page + 1).to_string()).finish());
        answer.headers_mut().extend(next.parse().ok().map(|next| (axum::http::header::LINK, next)));
    }
    answer
}

async fn repository(
    State((trackers, faults)): Shared,
    Path((owner, name)): OfRepository,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        let address = trackers.lock().address.clone();
        let shown = json!({
            "id": 1, "node_id": "R_1", "name": name, "full_name": GITHUB_REPOSITORY, "private": true, "owner": user(),
            "url": format!("{address}repos/{GITHUB_REPOSITORY}"), "html_url": format!("{address}{GITHUB_REPOSITORY}"),
            "issues_url": format!("{address}repos/{GITHUB_REPOSITORY}/issues{{/number}}"), "has_issues": true,
        });
        Json(shown).into_response()
    };
    serve(&faults, "read repository", (&owner, &name), &headers, effect).await
}

async fn list(
    State((trackers, faults)): Shared,
    Path((owner, name)): OfRepository,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        let state = trackers.lock();
        let value = |name: &str, otherwise: &'static str| asked.get(name).map_or(otherwise, String::as_str);
        let Ok(since) = asked.get("since").map(|since| since.parse::<Timestamp>()).transpose() else {
            return invalid("Issue", "since");
        };
        let wanted = |issue: &&Issue| match value("state", "open") {
            "all" => true,
            "closed" => issue.closed,
            _ => !issue.closed,
        };
        let labelled = |issue: &&Issue| {
            value("labels", "").split(',').all(|label| label.is_empty() || issue.labels.iter().any(|own| own == label))
        };
        let changed = |issue: &&Issue| since.is_none_or(|since| issue.updated_at >= since);
        let mut issues: Vec<&Issue> = state.github.iter().filter(wanted).filter(labelled).filter(changed).collect();
        if value("sort", "created") == "updated" {
            issues.sort_by_key(|issue| issue.updated_at);
        }
        if value("direction", "desc") == "desc" {
            issues.reverse();
        }
        let issues = issues.into_iter().map(|issue| shown(issue, &state.address)).collect();
        page(issues, &format!("repos/{GITHUB_REPOSITORY}/issues"), &asked, &state.address)
    };
    serve(&faults, "list issues", (&owner, &name), &headers, effect).await
}

/// Labels by name, or as an object with one.
fn labels(body: &Value) -> Vec<String> {
    let given = body["labels"].as_array().into_iter().flatten();
    given.filter_map(|label| label.as_str().or(label["name"].as_str()).map(str::to_owned)).collect()
}

fn is_title(title: &str) -> bool {
    !title.trim().is_empty() && title.chars().count() <= 256
}

async fn create(
    State((trackers, faults)): Shared,
    Path((owner, name)): OfRepository,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = || {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let title = body["title"].as_str().unwrap_or_default();
        if !is_title(title) {
            return invalid("Issue", "title");
        }
        let mut state = trackers.lock();
        let issue = Issue::new(state.github.len() + 1, title, body["body"].clone(), labels(&body), state.now());
        state.github.push(issue.clone());
        (StatusCode::CREATED, Json(shown(&issue, &state.address))).into_response()
    };
    serve(&faults, "create issue", (&owner, &name), &headers, effect).await
}

fn with_issue(
    trackers: &Trackers,
    number: usize,
    then: impl FnOnce(&mut Issue, &str, Timestamp) -> Response,
) -> Response {
    let mut state = trackers.lock();
    let (address, now) = (state.address.clone(), state.now());
    match state.github.get_mut(number.wrapping_sub(1)) {
        Some(issue) => then(issue, &address, now),
        None => wrong(StatusCode::NOT_FOUND, "Not Found"),
    }
}

async fn read(State((trackers, faults)): Shared, Path((owner, name, number)): OfIssue, headers: HeaderMap) -> Response {
    let effect = || with_issue(&trackers, number, |issue, address, _| Json(shown(issue, address)).into_response());
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
        with_issue(&trackers, number, |issue, address, now| {
            let (title, state, reason) =
                (body["title"].as_str(), body["state"].as_str(), body["state_reason"].as_str());
            if title.is_some_and(|title| !is_title(title)) {
                return invalid("Issue", "title");
            }
            if state.is_some_and(|state| !["open", "closed"].contains(&state)) {
                return invalid("Issue", "state");
            }
            if reason.is_some_and(|reason| !["completed", "not_planned", "duplicate", "reopened"].contains(&reason)) {
                return invalid("Issue", "state_reason");
            }
            issue.title = title.map_or_else(|| issue.title.clone(), str::to_owned);
            if body["body"].is_string() {
                issue.body = body["body"].clone();
            }
            if let Some(state) = state {
                issue.closed = state == "closed";
                let usual = if issue.closed { Some("completed") } else { Some("reopened") };
                issue.reason = reason.or(usual).map(str::to_owned);
            }
            issue.updated_at = now;
            Json(shown(issue, address)).into_response()
        })
    };
    serve(&faults, "update issue", (&owner, &name), &headers, effect).await
}

async fn comments(
    State((trackers, faults)): Shared,
    Path((owner, name, number)): OfIssue,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let effect = || {
        with_issue(&trackers, number, |issue, address, _| {
            let all = issue.comments.iter().enumerate();
            let all = all.map(|(index, comment)| said(issue, index, comment, address)).collect();
            page(all, &format!("repos/{GITHUB_REPOSITORY}/issues/{number}/comments"), &asked, address)
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
            return invalid("IssueComment", "body");
        }
        with_issue(&trackers, number, |issue, address, now| {
            issue.say(body["body"].clone(), now);
            let shown = issue.comments.last().map(|comment| said(issue, issue.comments.len() - 1, comment, address));
            (StatusCode::CREATED, Json(shown)).into_response()
        })
    };
    serve(&faults, "comment", (&owner, &name), &headers, effect).await
}
