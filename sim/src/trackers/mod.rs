//! Trackers of tickets: a Jira Cloud site with one project and a GitHub repository's issues, on one port.
//!
//! What is served is what `shared::tickets` asks for and what PyGithub and the Python client of Jira need to do the same, with
//! the refusals that the real ones have: a Jira document whose text node is empty, a summary of two lines, an unknown project,
//! JQL without a bound; a GitHub issue without a title, another repository. Jira's search reads an index that may be behind
//! ([`Trackers::set_index_lag`]). References: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/>,
//! <https://docs.github.com/en/rest/issues>.

mod asked;
mod document;
mod github;
mod jira;
mod jql;
mod page;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use asked::Asked;

use crate::fault::Faults;

/// The Jira project's key.
pub const JIRA_PROJECT: &str = "OPS";
/// The GitHub repository.
pub const GITHUB_REPOSITORY: &str = "example/operations";
/// What both let in.
pub const TOKEN: &str = "sim-tracker-token";

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Tickets of both; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Trackers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    address: String,
    clock: Option<Clock>,
    index_lag: SignedDuration,
    jira: Vec<Issue>,
    github: Vec<Issue>,
    asked: Vec<Asked>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("jira", &self.jira).field("github", &self.github).finish_non_exhaustive()
    }
}

impl State {
    fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or_else(Timestamp::now, |clock| clock())
    }
}

/// A ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// Its number: 1 for the first.
    pub number: usize,
    /// Summary or title.
    pub title: String,
    /// Description or body: a document in Jira, Markdown in GitHub.
    pub body: Value,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether it is closed, or in a status that is done.
    pub closed: bool,
    /// Why, in GitHub.
    pub reason: Option<String>,
    /// Comments, the first first.
    pub comments: Vec<Comment>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last changed or commented on.
    pub updated_at: Timestamp,
}

/// What was said on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// A document in Jira, Markdown in GitHub.
    pub body: Value,
    /// When.
    pub created_at: Timestamp,
}

impl Issue {
    fn new(number: usize, title: &str, body: Value, labels: Vec<String>, now: Timestamp) -> Self {
        Self {
            number,
            title: title.to_owned(),
            body,
            labels,
            closed: false,
            reason: None,
            comments: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    fn say(&mut self, body: Value, now: Timestamp) {
        self.comments.push(Comment { body, created_at: now });
        self.updated_at = now;
    }
}

impl Trackers {
    /// Where they are served, so that they can say where a ticket is read.
    pub fn serve_at(&self, address: String) {
        self.lock().address = address;
    }

    /// What tells them the time, in the place of the machine's clock.
    pub fn set_clock(&self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) {
        self.lock().clock = Some(Arc::new(clock));
    }

    /// How long Jira's search does not find what was just made.
    pub fn set_index_lag(&self, lag: SignedDuration) {
        self.lock().index_lag = lag;
    }

    /// Jira's issues.
    pub fn jira(&self) -> Vec<Issue> {
        self.lock().jira.clone()
    }

    /// GitHub's issues.
    pub fn github(&self) -> Vec<Issue> {
        self.lock().github.clone()
    }

    /// Takes out what was asked since this was called last, in order.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.lock().asked)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of both: Jira under `/rest/api/3/`, GitHub under `/repos/`, and the pages that people read tickets on.
pub fn router(trackers: Trackers, faults: Faults) -> Router {
    let both = jira::router(trackers.clone(), faults.clone()).merge(github::router(trackers.clone(), faults));
    both.layer(axum::middleware::from_fn_with_state(trackers.clone(), asked::note)).merge(page::router(trackers))
}

fn authorization(headers: &HeaderMap) -> &str {
    headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
