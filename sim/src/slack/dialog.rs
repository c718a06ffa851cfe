//! Dialogs on the page: the one that whoever looks has before them, and what they do with it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::problem;
use super::render::{Html, block};
use super::views::inputs;
use super::workspace::Workspace;

pub(super) fn router(workspace: Workspace) -> Router {
    Router::new().route("/submit", post(submit)).route("/close", post(close)).with_state(workspace)
}

/// What somebody did with a dialog. That it is JSON keeps pages of others from sending it.
#[derive(Debug, Deserialize)]
struct Done {
    #[serde(rename = "as")]
    as_user: String,
    view: String,
    /// By block.
    #[serde(default)]
    texts: Vec<(String, String)>,
}

async fn submit(State(workspace): State<Workspace>, Json(done): Json<Done>) -> Response {
    let texts: Vec<(&str, &str)> = done.texts.iter().map(|(block, text)| (block.as_str(), text.as_str())).collect();
    let delivery = workspace.submit(&done.as_user, &done.view, &texts).await;
    Json(json!({ "problem": problem(&delivery) })).into_response()
}

async fn close(State(workspace): State<Workspace>, Json(done): Json<Done>) -> StatusCode {
    workspace.close_view(&done.as_user, &done.view);
    StatusCode::ACCEPTED
}

/// A dialog, ready to be shown.
pub(super) struct Dialog {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) submit: String,
    pub(super) close: String,
    pub(super) body: Html,
}

impl Dialog {
    /// The dialog that this person has before them: the latest.
    pub(super) fn before(workspace: &Workspace, user: &str) -> Option<Self> {
        let open = workspace.views().into_iter().rev().find(|open| open.user == user)?;
        let text = |name: &str, other: &str| open.view[name]["text"].as_str().unwrap_or(other).to_owned();
        let mut body = Html::default();
        for (index, value) in open.view["blocks"].as_array().into_iter().flatten().enumerate() {
            match value["type"].as_str() {
                Some("input") => input(&mut body, value, index),
                _ => drop(body.html(&block(value, &format!("/blocks/{index}")))),
            }
        }
        let (title, submit, close) = (text("title", ""), text("submit", "Submit"), text("close", "Cancel"));
        Some(Self { id: open.id, title, submit, close, body })
    }
}

fn input(html: &mut Html, block: &Value, index: usize) {
    let alone = json!({ "blocks": [block] });
    let Some((name, _, longest, required)) = inputs(&alone).next() else { return };
    let text = |of: &Value| of["text"].as_str().unwrap_or_default().to_owned();
    let id = format!("input-{index}");
    html.markup("<label for=\"").text(&id).markup("\">").text(&text(&block["label"])).markup("</label>");
    html.markup("<textarea rows=\"3\" id=\"").text(&id).markup("\" data-block=\"").text(name);
    html.markup("\" maxlength=\"").text(&longest.to_string());
    html.markup("\" placeholder=\"").text(&text(&block["element"]["placeholder"]));
    html.markup(if required { "\" required></textarea>" } else { "\"></textarea>" });
}
