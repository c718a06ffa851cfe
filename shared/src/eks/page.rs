//! One request, one page, one list.
//!
//! A list is read in pages (`limit`, `continue`). A page's text is parsed straight into slim types and dropped. When the API
//! forgets where we were (410 Gone) the list is started over, twice at most; what an older try had read is not kept, for the
//! two would not fit together. See <https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>.

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    Cluster, ReadError,
    budget::Reading,
    error::listing_of,
    keep::{Kept, Scale},
    trim::Trim,
};
use crate::model::{Kind, Object};

/// Attempts at a request that the API asks to repeat (429, 503, 504), the first included.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause, also where the API asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often a list is started over.
const RESTARTS: usize = 2;

/// What a request is for, which decides how its refusal is worded.
pub(super) struct Wanted<'a> {
    /// For example `pods of namespace shop`.
    pub(super) what: String,
    /// `get` or `list`.
    pub(super) verb: &'static str,
    /// For example `pods` or `pods/log`.
    pub(super) resource: &'a str,
    /// `all namespaces`, `the cluster` or `namespace shop`.
    pub(super) scope: String,
}

/// How much of a body is taken.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// All of it, or an error when it is larger than [`super::ReadPlan::page_bytes`].
    Whole,
    /// The last bytes, from the beginning of a line.
    Tail(usize),
}

/// How much of a body is read in search of its end.
const LONGEST_TAIL: usize = 8 << 20;

/// What was read of a list, and why it ended early, if it did.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) left_out: usize,
    /// The scale it was read at, or shows.
    pub(super) scale: Scale,
    pub(super) error: Option<ReadError>,
}

impl<T: Trim> Listed<T> {
    fn of(kept: Kept<T>, error: Option<ReadError>) -> Self {
        Self { scale: kept.scale(), left_out: kept.left_out, items: kept.items, error }
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T> {
    #[serde(default)]
    pub(super) metadata: ListMeta,
    /// Null where there are none, but always there: an answer without it is no list.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) items: Option<Vec<T>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListMeta {
    #[serde(rename = "continue")]
    pub(super) next: Option<String>,
    remaining_item_count: Option<usize>,
}

/// Which list.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    pub(super) kind: Kind,
    pub(super) namespace: Option<&'a str>,
    /// More of the query, for example a `labelSelector`.
    pub(super) query: &'a [(&'a str, &'a str)],
}

/// Where the pages of a list go. The reading itself is the same for all kinds, and compiled once.
pub(super) trait Sink: Send {
    /// Takes a page's text in; what of it makes no sense is dropped and counted.
    fn take(&mut self, body: &[u8]) -> Result<Taken, serde_json::Error>;

    /// The list is started over.
    fn restart(&mut self);
}

/// What came of a page.
pub(super) struct Taken {
    next: Option<String>,
    unreadable: usize,
}

impl Taken {
    pub(super) fn of<T>(page: &Page<T>, unreadable: usize) -> Self {
        Self { next: page.metadata.next.clone().filter(|next| !next.is_empty()), unreadable }
    }
}

/// Keeps of a list what is worth it.
struct Keeping<'a, T> {
    kept: Kept<T>,
    /// What was known of the cluster at the start.
    began: Scale,
    reading: &'a Reading<'a>,
}

impl<T: Trim> Sink for Keeping<'_, T> {
    fn take(&mut self, body: &[u8]) -> Result<Taken, serde_json::Error> {
        let (mut page, unreadable) = parse::<T>(body)?;
        let (items, remaining) = (page.items.take().unwrap_or_default(), page.metadata.remaining_item_count);
        self.kept.expect(items.len() + remaining.unwrap_or_default());
        self.kept.take(items);
        if T::KIND == Kind::Pod && remaining.is_some() && !self.kept.scale().large {
            self.reading.set_scale(self.kept.scale());
        }
        Ok(Taken::of(&page, unreadable))
    }

    fn restart(&mut self) {
        self.kept = Kept::new(self.reading.plan.keep, self.began.clone());
    }
}

/// A page, and how many of its objects made no sense and were dropped: an object of an unforeseen shape costs itself, not its
/// page.
pub(super) fn parse<T: Object>(body: &[u8]) -> Result<(Page<T>, usize), serde_json::Error> {
    let error = match serde_json::from_slice::<Page<T>>(body) {
        Ok(page) => return Ok((page, 0)),
        Err(error) if error.is_data() => error,
        Err(error) => return Err(error),
    };
    let page = serde_json::from_slice::<Page<Box<RawValue>>>(body)?;
    let values = page.items.unwrap_or_default();
    let items: Vec<T> = values.iter().filter_map(|value| serde_json::from_slice(value.get().as_bytes()).ok()).collect();
    if items.is_empty() && !values.is_empty() {
        return Err(error);
    }
    let unreadable = values.len() - items.len();
    Ok((Page { metadata: page.metadata, items: Some(items) }, unreadable))
}

impl Cluster {
    /// All objects of a kind, in `namespace` or everywhere, as far as they are kept.
    pub(super) async fn list<T: Trim>(&self, reading: &Reading<'_>, namespace: Option<&str>) -> Listed<T> {
        let began = reading.scale(T::WAITS).await;
        let kept = Kept::new(reading.plan.keep, began.clone());
        let mut keeping = Keeping { kept, began, reading };
        let list = List { kind: T::KIND, namespace, query: &[] };
        let outcome = self.pages(reading, list, &mut keeping).await;
        Listed::of(keeping.kept, outcome.err())
    }

    /// Reads a list into `sink`, page by page, to its end.
    ///
    /// # Errors
    ///
    /// Why it ended early; what has been read until then is in the sink.
    pub(super) async fn pages(
        &self,
        reading: &Reading<'_>,
        list: List<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), ReadError> {
        let what = listing_of(list.kind, list.namespace);
        let mut next = String::new();
        let (mut size, mut restarts) = (reading.plan.page_size.max(1), 0);
        loop {
            let wanted = Wanted {
                what: what.clone(),
                verb: "list",
                resource: list.kind.plural(),
                scope: match list.namespace {
                    Some(namespace) => format!("namespace {namespace}"),
                    None if list.kind.is_namespaced() => "all namespaces".to_owned(),
                    None => "the cluster".to_owned(),
                },
            };
            match self.get(reading, &list.path(size, &next), &wanted, Body::Whole).await {
                Ok(body) => {
                    let malformed =
                        |error: serde_json::Error| ReadError::Malformed { what: what.clone(), source: error.into() };
                    let taken = sink.take(&body).map_err(malformed)?;
                    if taken.unreadable > 0 {
                        let unreadable = format!("{} of the {what}", taken.unreadable);
                        reading.left_out(unreadable, "their JSON cannot be understood");
                    }
                    match taken.next {
                        Some(token) => next = token,
                        None => return Ok(()),
                    }
                }
                Err(ReadError::Gone { .. }) if restarts < RESTARTS => {
                    restarts += 1;
                    next.clear();
                    size = reading.plan.page_size.max(1);
                    sink.restart();
                }
                Err(ReadError::TooLarge { .. }) if size > 1 => size = (size / 4).max(1),
                Err(error) => return Err(error),
            }
        }
    }

    /// The body of a GET, repeated where the API asks for it.
    pub(super) async fn get(
        &self,
        reading: &Reading<'_>,
        path: &str,
        wanted: &Wanted<'_>,
        take: Body,
    ) -> Result<Vec<u8>, ReadError> {
        let (_turn, deadline) = reading.turn(&wanted.what).await?;
        let started = Instant::now();
        let late = || ReadError::TimedOut {
            what: wanted.what.clone(),
            limit_ms: deadline.saturating_duration_since(started).as_millis(),
        };
        let mut attempt = 1;
        loop {
            let answer = tokio::time::timeout_at(deadline, self.attempt(reading, path, wanted, take)).await;
            match answer.map_err(|_elapsed| late())? {
                Ok(body) => return Ok(body),
                Err(Refused { error, retry_after }) => {
                    let Some(asked) = retry_after.filter(|_| attempt < ATTEMPTS) else { return Err(error) };
                    let pause = asked.max(PAUSE * 2u32.pow(attempt - 1)).min(LONGEST_PAUSE);
                    if Instant::now() + pause >= deadline {
                        return Err(error);
                    }
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn attempt(
        &self,
        reading: &Reading<'_>,
        path: &str,
        wanted: &Wanted<'_>,
        take: Body,
    ) -> Result<Vec<u8>, Refused> {
        let what = || wanted.what.clone();
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(kube::client::Body::empty())
            .map_err(|error| ReadError::Malformed { what: what(), source: error.into() })?;
        let response = self.client().send(request).await.map_err(|error| self.unreachable(error))?;
        let (head, mut body) = response.into_parts();
        let status = head.status;
        let header = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if status != StatusCode::UNAUTHORIZED {
            let date = header(header::DATE).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
            reading.answered(date.map(|date| date.timestamp()));
        }
        let retry_after = header(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);

        // An error's own text is needed from its beginning.
        let take = if status.is_success() { take } else { Body::Whole };
        let limit = reading.plan.page_bytes;
        let mut bytes = Vec::new();
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| ReadError::Malformed { what: what(), source: error.into() })?;
            let Ok(data) = frame.into_data() else { continue };
            reading.took(data.len());
            read += data.len();
            bytes.extend_from_slice(&data);
            match take {
                Body::Whole if read > limit => return Err(ReadError::TooLarge { what: what(), limit }.into()),
                Body::Tail(_) if read > LONGEST_TAIL => break,
                Body::Tail(tail) if bytes.len() > 4 * tail => keep_tail(&mut bytes, tail),
                _ => {}
            }
        }
        if let Body::Tail(tail) = take {
            keep_tail(&mut bytes, tail);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let retry_after = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Some(retry_after.unwrap_or_default())
            }
            _ => None,
        };
        Err(Refused { error: self.refusal(status, &bytes, wanted), retry_after })
    }

    /// The value that a GET answers.
    pub(super) async fn get_json<T: serde::de::DeserializeOwned>(
        &self,
        reading: &Reading<'_>,
        path: &str,
        wanted: &Wanted<'_>,
    ) -> Result<T, ReadError> {
        let body = self.get(reading, path, wanted, Body::Whole).await?;
        serde_json::from_slice(&body)
            .map_err(|error| ReadError::Malformed { what: wanted.what.clone(), source: error.into() })
    }

    fn refusal(&self, status: StatusCode, body: &[u8], wanted: &Wanted<'_>) -> ReadError {
        let what = wanted.what.clone();
        match status {
            StatusCode::UNAUTHORIZED => ReadError::Unauthorized { endpoint: self.endpoint().to_owned() },
            StatusCode::FORBIDDEN => ReadError::Forbidden {
                verb: wanted.verb,
                resource: wanted.resource.to_owned(),
                scope: wanted.scope.clone(),
            },
            StatusCode::NOT_FOUND => ReadError::NotFound { what },
            StatusCode::GONE => ReadError::Gone { what },
            _ => ReadError::Status { what, status: status.as_u16(), message: message(body) },
        }
    }

    fn unreachable(&self, error: kube::Error) -> ReadError {
        ReadError::Unreachable { endpoint: self.endpoint().to_owned(), source: error.into() }
    }
}

/// A failed attempt, and whether the API asks to repeat it.
struct Refused {
    error: ReadError,
    retry_after: Option<Duration>,
}

impl From<ReadError> for Refused {
    fn from(error: ReadError) -> Self {
        Self { error, retry_after: None }
    }
}

/// Cuts what is before the last `tail` bytes, and the line broken by the cut.
fn keep_tail(bytes: &mut Vec<u8>, tail: usize) {
    if bytes.len() > tail {
        let cut = bytes.len() - tail;
        let line = bytes[cut..].iter().position(|byte| *byte == b'\n').map_or(cut, |newline| cut + newline + 1);
        bytes.drain(..line);
    }
}

/// The message of a `Status`, or the beginning of the text.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    match serde_json::from_slice::<Status>(body) {
        Ok(status) => status.message,
        Err(_) => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}

impl List<'_> {
    /// The path of a page: `/api/v1/namespaces/shop/pods?limit=500&continue=…`.
    pub(super) fn path(&self, limit: usize, next: &str) -> String {
        let version = self.kind.api_version();
        let root = if version.contains('/') { "apis" } else { "api" };
        let mut path = format!("/{root}/{version}");
        if let Some(namespace) = self.namespace.filter(|_| self.kind.is_namespaced()) {
            path.push_str("/namespaces/");
            path.push_str(namespace);
        }
        path.push('/');
        path.push_str(self.kind.plural());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &limit.to_string());
        if !next.is_empty() {
            query.append_pair("continue", next);
        }
        query.extend_pairs(self.query);
        path.push('?');
        path.push_str(&query.finish());
        path
    }
}
