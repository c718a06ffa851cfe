//! A ticket as people read it, at the address that its link leads to.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{Issue, JIRA_PROJECT, Trackers};

pub(super) fn router(trackers: Trackers) -> Router {
    Router::new()
        .route("/{owner}/{name}/issues/{number}", get(github))
        .route("/browse/{key}", get(jira))
        .with_state(trackers)
}

async fn github(State(trackers): State<Trackers>, Path((_, _, number)): Path<(String, String, usize)>) -> Response {
    shown(trackers.github().get(number.wrapping_sub(1)), &format!("#{number}"))
}

async fn jira(State(trackers): State<Trackers>, Path(key): Path<String>) -> Response {
    let number = key.strip_prefix(JIRA_PROJECT).and_then(|rest| rest.strip_prefix('-')?.parse::<usize>().ok());
    shown(number.and_then(|number| trackers.jira().get(number.wrapping_sub(1)).cloned()).as_ref(), &key)
}

fn shown(issue: Option<&Issue>, key: &str) -> Response {
    let Some(issue) = issue else { return StatusCode::NOT_FOUND.into_response() };
    let state = if issue.closed { "closed" } else { "open" };
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><title>{key}</title><h1>{} {key}</h1><p>{state} · {}</p><pre>{}</pre>",
        escaped(&issue.title),
        escaped(&issue.labels.join(", ")),
        escaped(&text(&issue.body)),
    );
    for comment in &issue.comments {
        let _ = write!(page, "<hr><p>{:.0}</p><pre>{}</pre>", comment.created_at, escaped(&text(&comment.body)));
    }
    Html(page).into_response()
}

/// Markdown as it is, and the text nodes of a document.
fn text(body: &serde_json::Value) -> String {
    fn collect(node: &serde_json::Value, text: &mut String) {
        text.push_str(node["text"].as_str().unwrap_or_default());
        for child in node["content"].as_array().into_iter().flatten() {
            collect(child, text);
        }
        if matches!(node["type"].as_str(), Some("paragraph" | "codeBlock")) {
            text.push('\n');
        }
    }
    body.as_str().map(str::to_owned).unwrap_or_else(|| {
        let mut said = String::new();
        collect(body, &mut said);
        said
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
