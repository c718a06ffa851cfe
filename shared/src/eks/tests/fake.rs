//! A Kubernetes API whose answers are scripted, path by path. A list that no script names is empty.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use serde_json::{Value, json};

use crate::eks::Cluster;

/// What one request gets.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// 200 with JSON.
    Json(Value),
    /// 200 with text.
    Text(String),
    /// An error status with a `Status` object, and headers.
    Refused(u16, &'static str, Vec<(&'static str, &'static str)>),
    /// 200, the beginning of a body, then a lost connection.
    BrokenOff(String),
    /// No answer at all.
    Silence,
}

impl Answer {
    pub(super) fn refused(status: u16, message: &'static str) -> Self {
        Self::Refused(status, message, Vec::new())
    }

    /// A page of a list, and the token of the next.
    pub(super) fn page(items: impl IntoIterator<Item = Value>, next: &str) -> Self {
        let items: Vec<Value> = items.into_iter().collect();
        Self::Json(json!({ "metadata": { "continue": next, "resourceVersion": "7" }, "items": items }))
    }
}

/// The scripted API and what it was asked.
#[derive(Clone, Default)]
pub(super) struct Fake {
    scripts: Arc<Mutex<BTreeMap<String, VecDeque<Answer>>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Requests for `path` get these answers one after the other; the last one stays.
    pub(super) fn on(self, path: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.scripts.lock().unwrap().insert(path.to_owned(), answers.into_iter().collect());
        self
    }

    pub(super) fn cluster(&self) -> Cluster {
        let fake = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let fake = fake.clone();
            async move { fake.answer(request.uri()).await }
        });
        Cluster::from_client(kube::Client::new(service, "default"), "prod", "https://api.example")
    }

    /// Every request so far that begins with `path`, with its query.
    pub(super) fn requests(&self, path: &str) -> Vec<String> {
        self.requests.lock().unwrap().iter().filter(|request| request.starts_with(path)).cloned().collect()
    }

    async fn answer(&self, uri: &http::Uri) -> Result<Response<UnsyncBoxBody<Bytes, io::Error>>, io::Error> {
        self.requests.lock().unwrap().push(uri.path_and_query().unwrap().to_string());
        let answer = match self.scripts.lock().unwrap().get_mut(uri.path()) {
            Some(script) if script.len() > 1 => script.pop_front().unwrap(),
            Some(script) => script[0].clone(),
            None => Answer::page([], ""),
        };
        let mut response = Response::builder().header("date", "Sun, 01 Mar 2026 14:23:00 GMT");
        let chunks = match answer {
            Answer::Json(value) => vec![Ok(value.to_string())],
            Answer::Text(text) => vec![Ok(text)],
            Answer::Refused(status, message, headers) => {
                response = response.status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                vec![Ok(json!({ "kind": "Status", "code": status, "message": message }).to_string())]
            }
            Answer::BrokenOff(beginning) => vec![Ok(beginning), Err(io::ErrorKind::ConnectionReset.into())],
            Answer::Silence => std::future::pending().await,
        };
        let chunks = chunks.into_iter().map(|chunk: io::Result<String>| chunk.map(data));
        let body = StreamBody::new(stream::iter(chunks.collect::<Vec<_>>()));
        Ok(response.body(body.boxed_unsync()).unwrap())
    }
}

fn data(text: String) -> http_body::Frame<Bytes> {
    http_body::Frame::data(Bytes::from(text))
}

/// A pod of `shop` that runs, with the given container state.
pub(super) fn pod(name: &str, container: Value) -> Value {
    let mut status = json!({ "name": "app", "ready": true, "restartCount": 0, "state": { "running": {} } });
    status.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    json!({
        "metadata": { "name": name, "namespace": "shop", "labels": { "app": name } },
        "spec": { "containers": [{ "name": "app" }] },
        "status": { "phase": "Running", "containerStatuses": [status] },
    })
}
