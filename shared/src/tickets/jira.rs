//! Jira Cloud's REST API, version 3: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/>.
//!
//! Texts are Atlassian Document Format, whose text nodes are text and nothing else. An issue carries the labels `nightshift`
//! and its incident's id; JQL finds it by the latter. JQL reads an index that is some seconds behind: whoever looks for an
//! issue that was perhaps made looks again later before making another.

use std::collections::BTreeSet;

use base64::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::http::{Call, Http, TicketError};
use super::{Draft, Part, Ticket, Word, one_line};
use crate::config::Secret;
use crate::deadline::Deadline;

/// Jira's own limit is 255.
const SUMMARY: usize = 250;
/// Jira's own limit of a text is 32,767 characters of the document's JSON.
const LINE: usize = 1500;
const LINES: usize = 12;

/// A Jira project.
#[derive(Debug)]
pub struct Jira {
    http: Http,
    project: String,
    issue_type: String,
}

impl Jira {
    /// The project `project` at `base`. With a user (an e-mail address) the token is an API token of theirs, without one it
    /// is a personal access token.
    ///
    /// # Errors
    ///
    /// Where no client can be made.
    pub fn new(
        base: &Url,
        project: &str,
        issue_type: &str,
        user: Option<&str>,
        token: &Secret,
    ) -> Result<Self, TicketError> {
        let authorization = match user {
            Some(user) => {
                let pair = format!("{user}:{}", token.expose());
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
            None => format!("Bearer {}", token.expose()),
        };
        let http = Http::new("jira", base, Secret::new(authorization), "application/json")?;
        Ok(Self { http, project: project.to_owned(), issue_type: issue_type.to_owned() })
    }

    fn ticket(&self, key: &str) -> Result<Ticket, TicketError> {
        Ok(Ticket { key: key.to_owned(), url: self.http.address(&format!("browse/{key}"))?, says: BTreeSet::new() })
    }

    pub(super) async fn find(&self, marker: &str, deadline: Deadline) -> Result<Option<Ticket>, TicketError> {
        let quoted = |text: &str| text.replace(['\\', '"'], "");
        let jql = format!("project = \"{}\" AND labels = \"{}\"", quoted(&self.project), quoted(marker));
        let body = json!({ "jql": jql, "fields": ["status"], "maxResults": 2 });
        let found = self.http.call(Call::post("look for a ticket", "rest/api/3/search/jql", body), deadline).await?;
        found["issues"][0]["key"].as_str().map(|key| self.ticket(key)).transpose()
    }

    pub(super) async fn open(&self, draft: &Draft, deadline: Deadline) -> Result<Ticket, TicketError> {
        let body = json!({ "fields": {
            "project": { "key": self.project },
            "issuetype": { "name": self.issue_type },
            "summary": one_line(&draft.title, SUMMARY),
            "description": document(draft),
            "labels": ["nightshift", draft.marker],
        }});
        let doing = "open a ticket";
        let made = self.http.call(Call::post(doing, "rest/api/3/issue", body).once(), deadline).await?;
        match made["key"].as_str() {
            Some(key) => self.ticket(key),
            None => Err(TicketError::Ambiguous { tracker: "jira", doing, reason: "an answer without a key".into() }),
        }
    }

    pub(super) async fn say(
        &self,
        ticket: &Ticket,
        marker: &str,
        word: &Word,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        if let Some(title) = &word.title {
            let path = format!("rest/api/3/issue/{}", ticket.key);
            let body = json!({ "fields": { "summary": one_line(title, SUMMARY) } });
            self.http.call(Call::post("rename a ticket", &path, body).by(Method::PUT), deadline).await?;
        }
        self.comment(ticket, marker, blocks(&word.parts), deadline).await
    }

    /// Says something under a mark, unless it has been said.
    async fn comment(
        &self,
        ticket: &Ticket,
        marker: &str,
        mut text: Vec<Value>,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        let path = format!("rest/api/3/issue/{}/comment", ticket.key);
        let query = [("orderBy", "-created"), ("maxResults", "100")];
        let said = self.http.call(Call::get("read comments", &path, &query), deadline).await?;
        // A paragraph of its own, and nothing else in it.
        let mark = format!("\"{marker}\"");
        let carries = |comment: &Value| comment["body"].to_string().contains(&mark);
        if said["comments"].as_array().into_iter().flatten().any(carries) {
            return Ok(());
        }
        text.push(paragraph(marker));
        let body = json!({ "body": adf(text) });
        self.http.call(Call::post("comment on a ticket", &path, body), deadline).await.map(drop)
    }

    pub(super) async fn close(
        &self,
        ticket: &Ticket,
        marker: &str,
        note: &str,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        let of = |rest: &str| format!("rest/api/3/issue/{}{rest}", ticket.key);
        let issue = self.http.call(Call::get("read a ticket", &of(""), &[("fields", "status")]), deadline).await?;
        let is_done = |status: &Value| status["statusCategory"]["key"] == "done";
        self.comment(ticket, marker, vec![paragraph(note)], deadline).await?;
        if is_done(&issue["fields"]["status"]) {
            return Ok(());
        }
        let path = of("/transitions");
        let ways = self.http.call(Call::get("read transitions", &path, &[]), deadline).await?;
        let way = ways["transitions"].as_array().into_iter().flatten().find(|way| is_done(&way["to"]));
        let Some(way) = way.and_then(|way| way["id"].as_str()) else {
            return Err(TicketError::Refused {
                tracker: "jira",
                doing: "close a ticket",
                reason: "no transition leads to a status that is done".into(),
                advice: "let the user transition issues, and the workflow lead from every status to one that is done",
            });
        };
        let body = json!({ "transition": { "id": way } });
        self.http.call(Call::post("close a ticket", &path, body), deadline).await.map(drop)
    }
}

/// A document: <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>.
fn adf(content: Vec<Value>) -> Value {
    json!({ "type": "doc", "version": 1, "content": content })
}

/// Jira refuses a text node without text.
fn text(said: &str) -> Value {
    json!({ "type": "text", "text": if said.is_empty() { " " } else { said } })
}

fn paragraph(said: &str) -> Value {
    json!({ "type": "paragraph", "content": [text(&one_line(said, LINE))] })
}

fn blocks(parts: &[Part]) -> Vec<Value> {
    let mut content = Vec::new();
    for part in parts.iter().filter(|part| !part.lines.is_empty()) {
        if !part.label.is_empty() {
            let label = json!({ "type": "text", "text": part.label, "marks": [{ "type": "strong" }] });
            content.push(json!({ "type": "paragraph", "content": [label] }));
        }
        let lines = part.lines.iter().take(LINES).map(|line| one_line(line, LINE));
        if part.verbatim {
            let all = lines.collect::<Vec<_>>().join("\n");
            content.push(json!({ "type": "codeBlock", "attrs": {}, "content": [text(&all)] }));
        } else {
            content.extend(lines.map(|line| paragraph(&line)));
        }
    }
    content
}

fn document(draft: &Draft) -> Value {
    let mut content = blocks(&draft.parts);
    if let Some((label, url)) = &draft.link {
        let marks = json!([{ "type": "link", "attrs": { "href": url } }]);
        content.push(json!({ "type": "paragraph", "content": [{ "type": "text", "text": label, "marks": marks }] }));
    }
    content.push(paragraph(&format!("Nightshift {}", draft.marker)));
    adf(content)
}
