//! Watching: changes as they happen, one JSON document a line.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::path::Target;
use super::selector::Selector;
use super::status::Refusal;
use super::table::{self, Include};
use super::{Api, Request, list};
use crate::world::{ChangeType, World};

/// How long a watch lasts when the caller does not say.
const LASTS: Duration = Duration::from_secs(1800);

struct Watch {
    world: Arc<World>,
    target: Target,
    labels: Selector,
    fields: Selector,
    table: Option<Include>,
    revision: u64,
    news: tokio::sync::watch::Receiver<u64>,
    pending: Option<Bytes>,
    deadline: tokio::time::Instant,
    over: bool,
}

/// `GET …?watch=true`.
pub(super) fn serve(api: &Api, target: &Target, request: &Request<'_>) -> Result<Response, Refusal> {
    let (labels, fields) = list::selectors(request)?;
    let since = request
        .query
        .get("resourceVersion")
        .and_then(|version| version.parse::<u64>().ok())
        .filter(|version| *version > 0);
    let initial = since.is_none() || request.query.flag("sendInitialEvents");
    let state = api.world.state();
    let now_revision = state.store.revision();
    if let Some(since) = since
        && state.store.changes_since(since).is_none()
    {
        return Err(Refusal::gone(since, now_revision));
    }
    let mut watch = Watch {
        world: api.world.clone(),
        target: target.clone(),
        labels,
        fields,
        table: request.accepts("as=Table").then(|| list::include(request)),
        revision: since.filter(|_| !initial).unwrap_or(now_revision),
        news: state.store.subscribe(),
        pending: None,
        deadline: tokio::time::Instant::now()
            + request.query.number("timeoutSeconds").map_or(LASTS, |s| Duration::from_secs(s.max(0) as u64)),
        over: false,
    };
    if initial {
        let now = state.now;
        let mut text = String::new();
        for (_, object) in state.store.list(target.kind, &target.namespace).filter(|(_, object)| watch.fits(object)) {
            text.push_str(&watch.line("ADDED", object, now));
        }
        if request.query.flag("sendInitialEvents") {
            let resource = target.kind.resource();
            let annotations = json!({ "k8s.io/initial-events-end": "true" });
            let mark = json!({ "type": "BOOKMARK", "object": {
                "kind": resource.name, "apiVersion": resource.api_version(),
                "metadata": { "resourceVersion": now_revision.to_string(), "annotations": annotations },
            } });
            text.push_str(&format!("{mark}\n"));
        }
        watch.pending = (!text.is_empty()).then(|| Bytes::from(text));
    }
    drop(state);
    let lines = stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), watch))
    });
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

impl Watch {
    fn fits(&self, object: &Value) -> bool {
        self.labels.fits_labels(object)
            && self.fields.fits_fields(object)
            && (self.target.name.is_empty() || object["metadata"]["name"] == self.target.name)
    }

    fn line(&self, what: &str, object: &Value, now: i64) -> String {
        let shown = match self.table {
            Some(include) => {
                let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                table::table(self.target.kind, std::iter::once(object), metadata, now, include)
            }
            None => object.clone(),
        };
        format!("{}\n", json!({ "type": what, "object": shown }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(pending) = self.pending.take() {
            return Some(pending);
        }
        while !self.over {
            self.news.borrow_and_update();
            if let Some(text) = self.changes() {
                return Some(text);
            }
            tokio::select! {
                news = self.news.changed() => self.over = news.is_err(),
                () = tokio::time::sleep_until(self.deadline) => self.over = true,
            }
        }
        None
    }

    /// What has happened since the last look.
    fn changes(&mut self) -> Option<Bytes> {
        let state = self.world.state();
        let Some(changes) = state.store.changes_since(self.revision) else {
            self.over = true;
            let refusal = Refusal::gone(self.revision, state.store.revision());
            return Some(Bytes::from(format!("{}\n", json!({ "type": "ERROR", "object": refusal.status() }))));
        };
        let now = state.now;
        self.revision = state.store.revision();
        drop(state);
        let mut text = String::new();
        for change in changes {
            let namespace = change.object["metadata"]["namespace"].as_str().unwrap_or_default();
            if change.kind != self.target.kind
                || !(self.target.namespace.is_empty() || namespace == self.target.namespace)
            {
                continue;
            }
            let what = match (change.change, self.fits(&change.object)) {
                (ChangeType::Added, true) => "ADDED",
                (ChangeType::Modified, true) => "MODIFIED",
                (ChangeType::Deleted, true) => "DELETED",
                // It no longer fits the selector: for this watch it is gone.
                (ChangeType::Modified, false) if !self.labels.is_empty() || !self.fields.is_empty() => "DELETED",
                _ => continue,
            };
            text.push_str(&self.line(what, &change.object, now));
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    }
}
