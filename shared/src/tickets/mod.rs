//! Tickets: one for each incident, in Jira or in a GitHub repository, opened once, linked in the thread, closed with the
//! incident (OPS-27).
//!
//! Neither API takes an idempotency key. A ticket therefore carries its incident's id where it is found again: as a label in
//! Jira, as a comment within the text in GitHub. [`Desk`] keeps an outbox row before it opens one; whoever comes after
//! somebody who was interrupted looks for the mark before opening another. Closing repeats harmlessly: what is closed is left
//! alone, what has been said is not said again. What is learnt while a ticket is open (a cause, what the agent found, that people
//! doubt the cause) is said on it as a [`Word`], once.
//!
//! What a cluster says is data: it goes into Jira as text nodes and into GitHub escaped, so that it can neither mention people
//! nor forge a link.

mod desk;
mod github;
mod http;
mod jira;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::Url;

pub use desk::{Clock, Desk, DeskError, Note};
pub use github::GitHub;
pub use http::TicketError;
pub use jira::Jira;

use crate::deadline::Deadline;

/// A ticket that exists.
pub type Ticket = crate::incident::TicketLink;

/// A ticket that is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The incident's id, by which the ticket is found again: letters, digits and hyphens.
    pub marker: String,
    /// One line.
    pub title: String,
    /// Parts under their labels, each of some lines.
    pub parts: Vec<Part>,
    /// Where more is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<(String, Url)>,
    /// The topics that the parts speak of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub says: BTreeSet<String>,
}

/// Something that is said on a ticket that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What it is about: of each topic an incident's ticket speaks once.
    pub topic: String,
    /// The ticket's new title, where it gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is said.
    pub parts: Vec<Part>,
}

/// A part of a ticket's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is about; empty where the lines say it.
    pub label: String,
    /// What it says.
    pub lines: Vec<String>,
    /// Whether the lines are commands or output, to be shown as they are.
    #[serde(default)]
    pub verbatim: bool,
}

/// Where tickets are kept.
#[derive(Debug)]
pub enum Tracker {
    /// A Jira project.
    Jira(Jira),
    /// A GitHub repository's issues.
    GitHub(GitHub),
}

impl Tracker {
    /// The ticket that carries this mark, opened since `since`.
    ///
    /// # Errors
    ///
    /// Where it cannot be asked.
    pub async fn find(
        &self,
        marker: &str,
        since: jiff::Timestamp,
        deadline: Deadline,
    ) -> Result<Option<Ticket>, TicketError> {
        match self {
            Self::Jira(jira) => jira.find(marker, deadline).await,
            Self::GitHub(github) => github.find(marker, since, deadline).await,
        }
    }

    /// Opens a ticket. Not idempotent: where the answer is lost, [`TicketError::Ambiguous`] says so.
    ///
    /// # Errors
    ///
    /// Where it is refused, or it is not known to be there.
    pub async fn open(&self, draft: &Draft, deadline: Deadline) -> Result<Ticket, TicketError> {
        match self {
            Self::Jira(jira) => jira.open(draft, deadline).await,
            Self::GitHub(github) => github.open(draft, deadline).await,
        }
    }

    /// Says something on a ticket. May be repeated: what carries `marker` is said once.
    ///
    /// # Errors
    ///
    /// Where it is refused, or it is not known to be there.
    pub async fn say(&self, ticket: &Ticket, marker: &str, word: &Word, deadline: Deadline) -> Result<(), TicketError> {
        match self {
            Self::Jira(jira) => jira.say(ticket, marker, word, deadline).await,
            Self::GitHub(github) => github.say(ticket, marker, word, deadline).await,
        }
    }

    /// Says `note` on a ticket and closes it. May be repeated: what is closed stays as it is, and the note, which carries
    /// `marker`, is said once.
    ///
    /// # Errors
    ///
    /// Where it is refused, or it is not known to be closed.
    pub async fn close(
        &self,
        ticket: &Ticket,
        marker: &str,
        note: &str,
        deadline: Deadline,
    ) -> Result<(), TicketError> {
        match self {
            Self::Jira(jira) => jira.close(ticket, marker, note, deadline).await,
            Self::GitHub(github) => github.close(ticket, marker, note, deadline).await,
        }
    }
}

/// `text` on one line of at most `limit` characters.
fn one_line(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end().chars().take(limit - 1).collect::<String>()),
        None => line,
    }
}
