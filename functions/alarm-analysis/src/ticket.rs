//! The ticket of every incident (OPS-27), where the settings name a tracker.
//!
//! The outbox holds the ticket before a record is closed, so it will be there; opening it is detail: a tracker that is slow or
//! down holds up no message, and the sweep of each minute comes back to what is left.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use shared::deadline::Deadline;
use shared::incident::{Fingerprint, Incident, IncidentId};
use shared::lessons::{Verdict, Vote};
use shared::redact::redact;
use shared::store::OutboxKey;
use shared::tickets::{Desk, Draft, Note, Part, Word};

use crate::App;
use crate::layer::RecordError;
use crate::message::{ReadOnlyCommand, Style, first_line};
use crate::report::Report;

/// Rows of the outbox that a sweep looks through.
const LEFT: usize = 100;
const LINE: usize = 400;
const LINES: usize = 6;
/// The topic of people's doubt.
const DOUBTED: &str = "votes/wrong";

impl App {
    /// Sees to the ticket of the current incident of this fingerprint: opened once, linked in the thread, told what is learnt
    /// later, closed at the end.
    pub(crate) async fn see_to_ticket(&self, fingerprint: &Fingerprint, deadline: Deadline) -> Result<(), RecordError> {
        let Some(desk) = self.desk().await else { return Ok(()) };
        match self.clients.store().await?.incident(fingerprint, (self.now)()).await? {
            Some(incident) => self.see_to(&desk, incident, deadline).await,
            None => Ok(()),
        }
    }

    /// Sees to what earlier invocations have left.
    pub(crate) async fn see_to_tickets(&self, deadline: Deadline) -> Result<(), RecordError> {
        let Some(desk) = self.desk().await else { return Ok(()) };
        for key in desk.left(LEFT).await? {
            if let Some(incident) = self.run_errand(&desk, &key, deadline).await {
                self.see_to(&desk, incident, deadline).await?;
            }
        }
        Ok(())
    }

    /// Sees to the ticket of the incident that somebody has judged the diagnosis of.
    pub(crate) async fn see_to_judged(&self, id: &IncidentId, deadline: Deadline) -> Result<(), RecordError> {
        let Some(desk) = self.desk().await else { return Ok(()) };
        match desk.incident(id).await? {
            Some(incident) => self.see_to(&desk, incident, deadline).await,
            None => Ok(()),
        }
    }

    async fn see_to(&self, desk: &Desk, mut incident: Incident, deadline: Deadline) -> Result<(), RecordError> {
        // Once it is open, more may have to be said than was known when it was wanted.
        for _ in 0..2 {
            let mut opened = None;
            for key in self.errands(desk, &incident).await? {
                opened = opened.or(self.run_errand(desk, &key, deadline).await);
            }
            let Some(now) = opened else { break };
            incident = now;
        }
        Ok(())
    }

    /// What an incident's ticket needs.
    async fn errands(&self, desk: &Desk, incident: &Incident) -> Result<Vec<OutboxKey>, RecordError> {
        let closing = Note(self.style.phrases.say("ticket-resolved"));
        if incident.ticket.is_none() {
            return Ok(desk.want(incident, draft(incident, &self.style), closing).await?.into_iter().collect());
        }
        let mut keys = Vec::new();
        let votes = self.clients.store().await?.votes(&incident.id, (self.now)()).await?;
        for word in words(incident, &self.style).into_iter().chain(doubt(incident, &votes, &self.style)) {
            keys.extend(desk.want_said(incident, word).await?);
        }
        keys.extend(desk.want_closed(incident, closing).await?);
        Ok(keys)
    }

    /// Runs an errand; the incident, where that has opened its ticket.
    async fn run_errand(&self, desk: &Desk, key: &OutboxKey, deadline: Deadline) -> Option<Incident> {
        match desk.run(key, deadline).await {
            Ok(opened) => {
                let incident = opened?;
                self.metrics.count("TicketsOpened");
                // The link is shown now, or by whoever shows the incident next.
                if let Ok(publisher) = self.publisher().await {
                    let _ = publisher.show(&incident.fingerprint, deadline).await;
                }
                Some(incident)
            }
            Err(error) => {
                let name = if error.is_retryable() { "TicketsDelayed" } else { "TicketsRefused" };
                self.metrics.count(name);
                tracing::error!(errand = %key, %error, "the incident's ticket is not as it should be");
                None
            }
        }
    }

    async fn desk(&self) -> Option<Desk> {
        match self.clients.desk(std::sync::Arc::clone(&self.now)).await {
            Ok(desk) => desk,
            Err(error) => {
                self.metrics.count("TicketsRefused");
                tracing::error!(%error, "no ticket can be opened");
                None
            }
        }
    }
}

/// What a ticket says: the alarms, and all that is known when it is opened.
fn draft(incident: &Incident, style: &Style) -> Draft {
    let phrases = &style.phrases;
    let names = incident.members.values().map(|member| format!("{} · {}", incident.cluster, said(&member.name)));
    let lines = names.take(LINES).chain([style.clock.day(incident.opened_at)]).collect();
    let mut parts = vec![Part { label: phrases.say("label-alarm"), lines, verbatim: false }];
    let mut says = BTreeSet::new();
    for word in words(incident, style) {
        says.insert(word.topic);
        parts.extend(word.parts);
    }
    let link = incident.thread.as_ref().and_then(|thread| {
        let address = format!("https://slack.com/archives/{}/p{}", thread.channel, thread.ts.replace('.', ""));
        Some((phrases.say("ticket-thread"), address.parse().ok()?))
    });
    Draft { marker: incident.id.0.clone(), title: said(&incident.headline), parts, link, says }
}

fn said(text: &str) -> String {
    redact(&first_line(text, LINE)).into_owned()
}

/// What is known of an incident, by topic: its cause, what the knowledge base recalled, what the agent found.
fn words(incident: &Incident, style: &Style) -> Vec<Word> {
    let report: Option<Report> = shared::json::from_value(&incident.report).ok();
    let Some(report) = report else { return Vec::new() };
    let part = |label: &str, lines: Vec<String>, verbatim: bool| Part {
        label: style.phrases.say(label),
        lines: lines.into_iter().take(LINES).collect(),
        verbatim,
    };
    let mut words = Vec::new();
    let named = report.diagnosis().filter(|_| report.names_a_cause());
    if let Some((diagnosis, cause)) = named.and_then(|diagnosis| Some((diagnosis, diagnosis.causes.first()?))) {
        let affected = cause.affected.iter().map(|it| said(&format!("{} {}", it.object, it.impact)));
        let seen = diagnosis.evidence.iter().filter(|evidence| cause.evidence.contains(&evidence.id));
        let actions =
            cause.actions.iter().map(|action| said(&format!("{} · {}", style.phrases.action(action), action.reason)));
        let checks = cause.checks.iter().filter_map(|command| ReadOnlyCommand::parse(command));
        words.push(Word {
            topic: format!("cause/{}", cause.id),
            title: Some(said(&incident.headline)),
            parts: vec![
                part("ticket-cause", vec![said(&incident.headline)], false),
                part("label-affects", affected.collect(), false),
                part("label-why", seen.map(|evidence| said(&evidence.text)).collect(), true),
                part("label-proposed", actions.collect(), false),
                part("label-look", checks.map(|command| command.as_str().to_owned()).collect(), true),
            ],
        });
    }
    if !report.recalled.is_empty() {
        let lines = report.recalled.iter();
        let lines = lines.map(|earlier| said(&format!("{} · {}", style.clock.day(earlier.began), earlier.summary)));
        let parts = vec![part("label-similar", lines.collect(), false)];
        words.push(Word { topic: "recalled".to_owned(), title: None, parts });
    }
    if !report.further.is_empty() || !report.commands.is_empty() {
        let commands = report.commands.iter().filter_map(|command| ReadOnlyCommand::parse(command));
        let parts = vec![
            part("label-agent", report.further.iter().map(|claim| said(claim)).collect(), false),
            part("label-look", commands.map(|command| command.as_str().to_owned()).collect(), true),
        ];
        words.push(Word { topic: "further".to_owned(), title: None, parts });
    }
    words
}

/// What people say of the cause: that it is wrong, and where they come to think otherwise, that too.
fn doubt(incident: &Incident, votes: &BTreeMap<String, Vote>, style: &Style) -> Option<Word> {
    let right = votes.values().filter(|vote| vote.verdict == Verdict::Right).count();
    let wrong = votes.len() - right;
    let doubted = incident.ticket.as_ref().is_some_and(|ticket| ticket.says.contains(DOUBTED));
    let (topic, phrase) = match right.cmp(&wrong) {
        Ordering::Less => (DOUBTED, "ticket-doubted"),
        Ordering::Greater if doubted => ("votes/right", "ticket-confirmed"),
        _ => return None,
    };
    let said = style.phrases.say_with(phrase, &[("right", right.into()), ("wrong", wrong.into())]);
    let part = Part { label: String::new(), lines: vec![said], verbatim: false };
    Some(Word { topic: topic.to_owned(), title: None, parts: vec![part] })
}
