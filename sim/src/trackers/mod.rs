//! Trackers of tickets: a Jira Cloud site with one project and a GitHub repository's issues, on one port.
//!
//! What is served is what `shared::tickets` asks for, with the refusals that the real ones have: a Jira document whose text
//! node is empty, a summary of two lines, an unknown project, JQL without a bound; a GitHub issue without a title, another
//! repository. References: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/>,
//! <https://docs.github.com/en/rest/issues>.

mod github;
mod jira;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::HeaderMap;
use serde_json::Value;

use crate::fault::Faults;

/// The Jira project's key.
pub const JIRA_PROJECT: &str = "OPS";
/// The GitHub repository.
pub const GITHUB_REPOSITORY: &str = "example/operations";
/// What both let in.
pub const TOKEN: &str = "sim-tracker-token";

/// Tickets of both; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Trackers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    address: String,
    jira: Vec<Issue>,
    github: Vec<Issue>,
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
    /// Comments, the first first.
    pub comments: Vec<Value>,
}

impl Trackers {
    /// Where they are served, so that they can say where a ticket is read.
    pub fn serve_at(&self, address: String) {
        self.lock().address = address;
    }

    /// Jira's issues.
    pub fn jira(&self) -> Vec<Issue> {
        self.lock().jira.clone()
    }

    /// GitHub's issues.
    pub fn github(&self) -> Vec<Issue> {
        self.lock().github.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of both: Jira under `/rest/api/3/`, GitHub under `/repos/`.
pub fn router(trackers: Trackers, faults: Faults) -> Router {
    jira::router(trackers.clone(), faults.clone()).merge(github::router(trackers, faults))
}

fn authorization(headers: &HeaderMap) -> &str {
    headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
