//! What an incident's thread holds, from the incident alone: whoever comes later says the same again.

use std::sync::Arc;

use shared::incident::publish::{Render, Reply};
use shared::incident::{Incident, Signal, Status};
use shared::mrkdwn;
use shared::slack::Message;

use crate::message::{self, Ending, Note, Style};
use crate::report::Report;

/// Incidents of more alarms than this get no line for each of them.
const FEW: usize = 3;

/// Messages in one style.
#[derive(Debug, Clone)]
pub struct Rendering(pub Arc<Style>);

impl Render for Rendering {
    fn first(&self, incident: &Incident) -> Message {
        let Some(report) = report(incident) else { return plain(incident) };
        let joined = incident.members.len().saturating_sub(1);
        if incident.is_open() {
            message::first(&report, &incident.id.0, joined, &self.0)
        } else {
            message::closed(&report, &incident.id.0, joined, ending(incident), &self.0)
        }
    }

    fn replies(&self, incident: &Incident) -> Vec<Reply> {
        let Some(report) = report(incident) else { return Vec::new() };
        let mut replies = Vec::new();
        let mut add = |name: String, message: Option<Message>| {
            replies.extend(message.map(|message| Reply { name, broadcast: false, message }));
        };
        // What was seen before the cause was known does not stand in for what was seen once it was.
        let long_form = if report.names_a_cause() { "details" } else { "first-look" };
        add(long_form.to_owned(), message::long_form(&report, &self.0));
        add("recalled".to_owned(), message::recalled(&report, &self.0));
        add("further".to_owned(), message::further(&report, &self.0));
        add("ticket".to_owned(), incident.ticket.as_ref().map(|ticket| message::ticket(ticket, &self.0)));
        if let Some(ended) = incident.ended_at() {
            let course = (incident.opened_at, ended);
            let message = message::resolved(&report, &incident.id.0, course, ending(incident), &self.0);
            add("resolved".to_owned(), Some(message));
            return replies;
        }
        if incident.members.len() <= FEW {
            let open = incident.members.values().filter(|member| member.signal != Signal::Ok).count();
            for (id, member) in &incident.members {
                let (word, note) = match member.signal {
                    Signal::Alarm => continue,
                    Signal::Ok => ("ok", Note::BackToOk { open }),
                    Signal::InsufficientData => ("no-data", Note::InsufficientData),
                };
                let message = message::note(&note, &member.name, member.at, &self.0);
                add(format!("{word}/{id}/{}", member.at), Some(message));
            }
        }
        replies
    }
}

/// How an incident that is over came to its end.
fn ending(incident: &Incident) -> Ending {
    let last = incident.unreported().map(|(_, at)| at).max();
    match (incident.status, last) {
        (Status::Faded { .. }, Some(at)) => Ending::Unreported { since: at },
        (Status::Faded { .. }, None) => Ending::NoData,
        _ => Ending::Resolved,
    }
}

fn report(incident: &Incident) -> Option<Report> {
    match shared::json::from_value(&incident.report) {
        Ok(report) => Some(report),
        Err(error) => {
            tracing::error!(incident = %incident.id, %error, "the incident's report is of another version");
            None
        }
    }
}

/// What is said where the report cannot be read.
fn plain(incident: &Incident) -> Message {
    Message::new(&mrkdwn!("{} · {}", message::quote(&incident.headline), message::quote(&incident.cluster)))
}
