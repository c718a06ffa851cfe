//! Uploads in three steps: ask for an address, send the bytes there, share the file.
//!
//! <https://docs.slack.dev/messaging/working-with-files#upload>.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::{Answer, refusal};
use super::arguments::Arguments;
use super::wire::file_json;
use super::workspace::{Draft, Workspace};
use crate::fault::{Faults, Service};

pub(super) fn router(workspace: Workspace, faults: Faults) -> Router {
    Router::new()
        .route("/upload/v1/{file}", post(receive))
        .route("/files/{file}", get(download))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state((workspace, faults))
}

/// `files.getUploadURLExternal`.
pub(super) fn open(workspace: &Workspace, headers: &HeaderMap, arguments: &Arguments) -> Answer {
    let name = arguments.text("filename").ok_or("invalid_arguments")?;
    arguments.number("length").filter(|length| *length > 0).ok_or("invalid_arguments")?;
    let host = headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    let id = workspace.open_upload(name);
    Ok(json!({"upload_url": format!("http://{host}/upload/v1/{id}"), "file_id": id}))
}

async fn receive(
    State((workspace, faults)): State<(Workspace, Faults)>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let effect = async {
        let length = body.len();
        match workspace.receive_upload(&id, body) {
            true => format!("OK - {length}").into_response(),
            false => (StatusCode::NOT_FOUND, "no such upload").into_response(),
        }
    };
    faults.serve(Service::Slack, "upload", refusal, effect).await
}

/// `files.completeUploadExternal`.
pub(super) fn complete(workspace: &Workspace, arguments: &Arguments) -> Answer {
    let Ok(Some(Value::Array(wanted))) = arguments.structure("files") else { return Err("invalid_arguments".into()) };
    let mut files = Vec::new();
    for entry in &wanted {
        let id = entry["id"].as_str().ok_or("invalid_arguments")?;
        let mut file = workspace.file(id).ok_or("file_not_found")?;
        if file.content.is_empty() {
            return Err("file_not_found".into());
        }
        if let Some(title) = entry["title"].as_str() {
            file.title = title.to_owned();
        }
        files.push(file);
    }
    let answer = json!({"files": files.iter().map(file_json).collect::<Vec<_>>()});
    if let Some(channel) = arguments.text("channel_id") {
        let channel = workspace.channel(channel).ok_or("channel_not_found")?.id;
        let thread_ts = arguments.text("thread_ts").map(str::to_owned);
        if thread_ts.as_ref().is_some_and(|parent| workspace.message(&channel, parent).is_none()) {
            return Err("thread_not_found".into());
        }
        let text = arguments.text("initial_comment").unwrap_or_default().to_owned();
        workspace.post(&channel, Draft { text, thread_ts, files, ..Draft::default() }, Timestamp::now());
    }
    Ok(answer)
}

/// Always as plain text: what a file holds is never shown as a page of ours.
async fn download(State((workspace, _)): State<(Workspace, Faults)>, Path(id): Path<String>) -> Response {
    match workspace.file(&id) {
        Some(file) => {
            let headers = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
            (headers, file.content).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no such file").into_response(),
    }
}
