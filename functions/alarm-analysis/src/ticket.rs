//! The ticket of every incident (OPS-27), where the settings name a tracker.
//!
//! The outbox holds the ticket before a record is closed, so it will be there; opening it is detail: a tracker that is slow or
//! down holds up no message, and the sweep of each minute comes back to what is left.

use shared::deadline::Deadline;
use shared::incident::{Fingerprint, Incident, IncidentId};
use shared::redact::redact;
use shared::tickets::{Desk, DeskError, Draft, Note, Part};

use crate::App;
use crate::layer::RecordError;
use crate::message::{ReadOnlyCommand, Style, first_line};
use crate::report::Report;

/// Tickets of one sweep.
const LEFT: usize = 20;
const LINE: usize = 400;
const LINES: usize = 6;

impl App {
    /// Sees to the ticket of the current incident of this fingerprint: opened once, linked in the thread, closed at the end.
    pub(crate) async fn see_to_ticket(&self, fingerprint: &Fingerprint, deadline: Deadline) -> Result<(), RecordError> {
        let Some(desk) = self.desk().await else { return Ok(()) };
        let Some(incident) = self.clients.store().await?.incident(fingerprint, (self.now)()).await? else {
            return Ok(());
        };
        let note = Note(self.style.phrases.say("ticket-resolved"));
        match &incident.ticket {
            None => desk.want(&incident, draft(&incident, &self.style), note).await?,
            Some(_) if incident.is_open() => return Ok(()),
            Some(_) => desk.want_closed(&incident, note).await?,
        }
        self.run_errands(&desk, &incident.id, deadline).await;
        Ok(())
    }

    /// Sees to what earlier invocations have left.
    pub(crate) async fn see_to_tickets(&self, deadline: Deadline) -> Result<(), RecordError> {
        let Some(desk) = self.desk().await else { return Ok(()) };
        for id in desk.left(LEFT).await? {
            self.run_errands(&desk, &id, deadline).await;
        }
        Ok(())
    }

    async fn run_errands(&self, desk: &Desk, id: &IncidentId, deadline: Deadline) {
        let outcome = async {
            if let Some(incident) = desk.run(id, deadline).await? {
                self.metrics.count("TicketsOpened");
                let publisher = self.publisher().await;
                // The link is shown now, or by whoever shows the incident next.
                if let Ok(publisher) = publisher {
                    let _ = publisher.show(&incident.fingerprint, deadline).await;
                }
            }
            Ok::<_, DeskError>(())
        };
        if let Err(error) = outcome.await {
            let name = if error.is_retryable() { "TicketsDelayed" } else { "TicketsRefused" };
            self.metrics.count(name);
            tracing::error!(incident = %id, %error, "the incident's ticket is not as it should be");
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

/// What a ticket says.
fn draft(incident: &Incident, style: &Style) -> Draft {
    let report: Option<Report> = shared::json::from_value(&incident.report).ok();
    let phrases = &style.phrases;
    let said = |text: &str| redact(&first_line(text, LINE)).into_owned();
    let mut parts = Vec::new();
    let mut part = |label: &str, lines: Vec<String>, verbatim: bool| {
        parts.push(Part { label: phrases.say(label), lines, verbatim });
    };
    let names = incident.members.values().map(|member| format!("{} · {}", incident.cluster, said(&member.name)));
    part("label-alarm", names.take(LINES).chain([style.clock.day(incident.opened_at)]).collect(), false);
    let cause = report.as_ref().and_then(Report::diagnosis).and_then(|diagnosis| {
        Some((diagnosis, diagnosis.causes.first().filter(|_| report.as_ref().is_some_and(Report::names_a_cause))?))
    });
    if let Some((diagnosis, cause)) = cause {
        let affected =
            cause.affected.iter().take(LINES).map(|affected| said(&format!("{} {}", affected.object, affected.impact)));
        part("label-affects", affected.collect(), false);
        let seen = diagnosis.evidence.iter().filter(|evidence| cause.evidence.contains(&evidence.id));
        part("label-why", seen.take(LINES).map(|evidence| said(&evidence.text)).collect(), true);
        let actions =
            cause.actions.iter().map(|action| said(&format!("{} · {}", phrases.action(action), action.reason)));
        part("label-proposed", actions.take(LINES).collect(), false);
        let checks = cause.checks.iter().filter_map(|command| ReadOnlyCommand::parse(command));
        part("label-look", checks.take(LINES).map(|command| command.as_str().to_owned()).collect(), true);
    }
    let link = incident.thread.as_ref().and_then(|thread| {
        let address = format!("https://slack.com/archives/{}/p{}", thread.channel, thread.ts.replace('.', ""));
        Some((phrases.say("ticket-thread"), address.parse().ok()?))
    });
    Draft { marker: incident.id.0.clone(), title: said(&incident.headline), parts, link }
}
