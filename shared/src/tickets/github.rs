//! GitHub's issues: <https://docs.github.com/en/rest/issues>.
//!
//! An issue carries its incident's id in a comment of its Markdown. It is found among the issues that changed since it was
//! perhaps made: the list is current, which the search is not.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::http::{Call, Http, TicketError};
use super::{Draft, Part, Ticket, Word, one_line};
use crate::config::Secret;
use crate::deadline::Deadline;

const TITLE: usize = 200;
const LINE: usize = 1500;
const LINES: usize = 12;
/// Pages of a hundred that are read: a thousand issues within the hour, or comments on one of them, is more than this is for.
const PAGES: u32 = 10;

/// A repository's issues.
#[derive(Debug)]
pub struct GitHub {
    http: Http,
    repository: String,
}

impl GitHub {
    /// Issues of `repository` (`owner/name`), at GitHub's API or that of a GitHub Enterprise Server.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn new(base: &Url, repository: &str, token: &Secret) -> Result<Self, TicketError> {
        let authorization = Secret::new(format!("Bearer {}", token.expose()));
        let http = Http::new("github", base, authorization, "application/vnd.github+json")?;
        Ok(Self { http, repository: repository.to_owned() })
    }

    fn path(&self, rest: &str) -> String {
        format!("repos/{}/issues{rest}", self.repository)
    }

    pub(super) async fn find(
        &self,
        marker: &str,
        since: jiff::Timestamp,
        deadline: Deadline,
    ) -> Result<Option<Ticket>, TicketError> {
        let (path, since) = (self.path(""), format!("{since:.0}"));
        let mut page = 1_u32;
        loop {
            let number = page.to_string();
            let query = [
                ("state", "all"),
                ("since", since.as_str()),
                ("sort", "created"),
                ("direction", "desc"),
                ("per_page", "100"),
                ("page", number.as_str()),
            ];
            let found = self.http.call(Call::get("look for a ticket", &path, &query), deadline).await?;
            let issues = found.as_array().map(Vec::as_slice).unwrap_or_default();
            let mark = mark(marker);
            let carries = |issue: &&Value| issue["body"].as_str().is_some_and(|body| body.contains(&mark));
            if let Some(issue) = issues.iter().find(carries) {
                return ticket(issue).map(Some);
            }
            if issues.len() < 100 || page == PAGES {
                return Ok(None);
            }
            page += 1;
        }
    }

    pub(super) async fn open(&self, draft: &Draft, deadline: Deadline) -> Result<Ticket, TicketError> {
        let title = plain(&one_line(&draft.title, TITLE));
        let body = json!({ "title": title, "body": description(draft), "labels": ["nightshift"] });
        let path = self.path("");
        ticket(&self.http.call(Call::post("open a ticket", &path, body).once(), deadline).await?)
    }

    pub(super) async fn say(
        &self,
        ticket: &Ticket,
        marker: &str,
        word: &Word,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        let number = ticket.key.trim_start_matches('#');
        if let Some(title) = &word.title {
            let (path, body) = (self.path(&format!("/{number}")), json!({ "title": plain(&one_line(title, TITLE)) }));
            self.http.call(Call::post("rename a ticket", &path, body).by(Method::PATCH), deadline).await?;
        }
        self.comment(number, marker, markdown(&word.parts).trim_end(), deadline).await
    }

    /// Says something under a mark, unless it has been said.
    async fn comment(&self, number: &str, marker: &str, text: &str, deadline: Deadline) -> Result<(), TicketError> {
        let (path, mark) = (self.path(&format!("/{number}/comments")), mark(marker));
        let carries = |comment: &Value| comment["body"].as_str().is_some_and(|body| body.contains(&mark));
        for page in 1..=PAGES {
            let number = page.to_string();
            let query = [("per_page", "100"), ("page", number.as_str())];
            let said = self.http.call(Call::get("read comments", &path, &query), deadline).await?;
            let said = said.as_array().map(Vec::as_slice).unwrap_or_default();
            if said.iter().any(carries) {
                return Ok(());
            }
            if said.len() < 100 {
                break;
            }
        }
        let body = json!({ "body": format!("{text}\n\n{mark}") });
        self.http.call(Call::post("comment on a ticket", &path, body), deadline).await.map(drop)
    }

    pub(super) async fn close(
        &self,
        ticket: &Ticket,
        marker: &str,
        note: &str,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        let number = ticket.key.trim_start_matches('#');
        let path = self.path(&format!("/{number}"));
        let issue = self.http.call(Call::get("read a ticket", &path, &[]), deadline).await?;
        if issue["state"] == "closed" {
            return Ok(());
        }
        self.comment(number, marker, &escaped(&one_line(note, LINE)), deadline).await?;
        let body = json!({ "state": "closed", "state_reason": "completed" });
        self.http.call(Call::post("close a ticket", &path, body).by(Method::PATCH), deadline).await.map(drop)
    }
}

fn ticket(issue: &Value) -> Result<Ticket, TicketError> {
    let url = issue["html_url"].as_str().and_then(|url| Url::parse(url).ok());
    match (issue["number"].as_u64(), url) {
        (Some(number), Some(url)) => Ok(Ticket { key: format!("#{number}"), url, says: BTreeSet::new() }),
        _ => {
            let (tracker, doing, reason) = ("github", "open a ticket", "an answer without a number".to_owned());
            Err(TicketError::Ambiguous { tracker, doing, reason })
        }
    }
}

/// What nobody sees and everybody finds.
fn mark(marker: &str) -> String {
    format!("<!-- nightshift {marker} -->")
}

/// Text that is only text in Markdown: no emphasis, link, image, HTML, mention or reference.
pub(super) fn escaped(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Mentions and references are recognized behind a backslash, too: a joiner that nobody sees breaks them.
            '@' | '#' => said.extend([c, '\u{2060}']),
            '<' => said.push_str("&lt;"),
            '>' => said.push_str("&gt;"),
            '&' => said.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '!' | '~' | '|' => said.extend(['\\', c]),
            // Addresses become links by themselves.
            ':' => said.push_str(":\u{2060}"),
            _ => said.push(c),
        }
    }
    said
}

/// A title is shown as it is, except that code spans are.
fn plain(title: &str) -> String {
    title.replace('`', "'")
}

/// Lines in a fence that none of them closes.
fn fenced(lines: &[String]) -> String {
    let text = lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

fn markdown(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts.iter().filter(|part| !part.lines.is_empty()) {
        let lines: Vec<String> = part.lines.iter().take(LINES).map(|line| one_line(line, LINE)).collect();
        if !part.label.is_empty() {
            text.push_str(&format!("**{}**\n\n", escaped(&part.label)));
        }
        if part.verbatim {
            text.push_str(&fenced(&lines));
        } else {
            text.push_str(&lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("  \n"));
        }
        text.push_str("\n\n");
    }
    text
}

fn description(draft: &Draft) -> String {
    let mut text = markdown(&draft.parts);
    if let Some((label, url)) = &draft.link {
        text.push_str(&format!("[{}]({url})\n\n", escaped(label)));
    }
    text.push_str(&mark(&draft.marker));
    text
}
