//! What an incident that is over teaches: its document, kept once it has been told, and the figures that follow.
//!
//! The record whose alarm ended an incident keeps the document, and comes back to the queue where that fails. The sweep of
//! each minute keeps it as well, for incidents that faded and for actions whose outcome was known only afterwards.

use jiff::{Timestamp, ToSpan};
use shared::deadline::Deadline;
use shared::diagnosis::Verdict;
use shared::incident::{Fingerprint, Incident, IncidentId};
use shared::lessons::{ActionTaken, Figures, IncidentDocument, Question};
use shared::remediation::Case;
use shared::telemetry::Unit;

use crate::App;
use crate::layer::RecordError;
use crate::message::first_line;
use crate::report::Report;

/// Lines of evidence that are kept.
const ERRORS: usize = 6;
const LINE: usize = 300;
/// For so long after an incident's end its document is brought up to what its actions came to.
const LATER_HOURS: i64 = 2;
/// Over so many days figures are computed.
const FIGURES_DAYS: i64 = 30;
/// Documents that figures are computed over.
const FIGURES: usize = 500;

/// The document of an incident that is over; `None` while it is not.
pub fn document(incident: &Incident, report: Option<&Report>, cases: &[Case]) -> Option<IncidentDocument> {
    let ended_at = incident.ended_at()?;
    let diagnosis = report.and_then(Report::diagnosis).filter(|diagnosis| diagnosis.verdict == Verdict::CauseFound);
    let cause = diagnosis.and_then(|diagnosis| diagnosis.causes.first());
    let mut alarms: Vec<String> = incident.members.values().map(|member| member.name.clone()).collect();
    alarms.sort();
    alarms.dedup();
    alarms.truncate(20);
    let document = IncidentDocument {
        id: incident.id.clone(),
        fingerprint: incident.fingerprint.clone(),
        cluster: incident.cluster.clone(),
        headline: incident.headline.clone(),
        cause: incident.cause.clone(),
        confidence: cause.map_or(0.0, |cause| cause.confidence),
        object: incident.object.clone(),
        affected: cause.map(|cause| cause.affected.iter().map(|it| it.object.clone()).collect()).unwrap_or_default(),
        alarms,
        errors: report.map(errors).unwrap_or_default(),
        opened_at: incident.opened_at,
        ended_at,
        actions: cases.iter().map(ActionTaken::of).collect(),
        votes: std::collections::BTreeMap::new(),
    };
    Some(document.redacted())
}

/// What an incident like this one would be asked for by.
pub fn question(report: &Report) -> Question {
    let diagnosis = report.diagnosis();
    let cause = diagnosis.filter(|_| report.names_a_cause()).and_then(|diagnosis| diagnosis.causes.first());
    let mut alarms = vec![report.alarm.name.clone()];
    alarms.extend(cause.map(|cause| cause.summary.clone()));
    Question {
        cause: cause.map(|cause| cause.id.clone()),
        object: cause.map(|cause| cause.object.clone()),
        alarms,
        errors: errors(report),
    }
}

/// What the evidence of the cause says; where no cause is named, what there is.
fn errors(report: &Report) -> Vec<String> {
    let Some(diagnosis) = report.diagnosis() else { return Vec::new() };
    let cause = diagnosis.causes.first().filter(|_| report.names_a_cause());
    let is_of_it =
        |evidence: &&shared::diagnosis::Evidence| cause.is_none_or(|cause| cause.evidence.contains(&evidence.id));
    let mut lines: Vec<String> = Vec::new();
    for evidence in diagnosis.evidence.iter().filter(is_of_it) {
        let line = first_line(&evidence.text, LINE);
        if !line.is_empty() && !lines.contains(&line) && lines.len() < ERRORS {
            lines.push(line);
        }
    }
    lines
}

impl App {
    /// Keeps the document of the current incident of this fingerprint, if that is over.
    pub(crate) async fn learn_from(&self, fingerprint: &Fingerprint, deadline: Deadline) -> Result<(), RecordError> {
        let store = self.clients.store().await?;
        match store.incident(fingerprint, (self.now)()).await? {
            Some(incident) if !incident.is_open() => self.keep_lesson(&incident, deadline).await,
            _ => Ok(()),
        }
    }

    async fn keep_lesson(&self, incident: &Incident, deadline: Deadline) -> Result<(), RecordError> {
        let store = self.clients.store().await?;
        let now = (self.now)();
        let report: Option<Report> = shared::json::from_value(&incident.report).ok();
        let cases = store.cases_of(&incident.id, now).await?;
        let Some(document) = document(incident, report.as_ref(), &cases) else { return Ok(()) };
        let lasted = document.lasted();
        let is_new = store.document(&incident.id, now).await?.is_none();
        if store.put_document(document, now).await? && is_new {
            tracing::info!(incident = %incident.id, "what the incident teaches is kept");
            self.metrics.add("IncidentTime", Unit::Milliseconds, lasted.as_secs_f64() * 1000.0);
            self.figures(&incident.cluster, now).await?;
        }
        // Also where it is kept already: whoever kept it may not have come this far.
        self.feed(&incident.id, deadline).await
    }

    /// Brings the documents of incidents that ended lately up to what became of their actions, and keeps those that nobody
    /// has kept.
    pub(crate) async fn learn_of_late(&self, cluster: &str, deadline: Deadline) -> Result<(), RecordError> {
        let (store, now) = (self.clients.store().await?, (self.now)());
        let past = store.past_incidents(cluster, now - (24 * 7).hours(), 50, now).await?;
        for past in past.into_iter().filter(|past| past.ended_at + LATER_HOURS.hours() > now) {
            match store.incident(&past.fingerprint, now).await? {
                Some(incident) if incident.id == past.id && !incident.is_open() => {
                    self.keep_lesson(&incident, deadline).await?;
                }
                // Another incident has taken its place: what was kept of it is all there is.
                _ => self.actions_of(&past.id, now, deadline).await?,
            }
        }
        Ok(())
    }

    async fn actions_of(&self, id: &IncidentId, now: Timestamp, deadline: Deadline) -> Result<(), RecordError> {
        let store = self.clients.store().await?;
        let Some(mut document) = store.document(id, now).await? else { return Ok(()) };
        document.actions = store.cases_of(id, now).await?.iter().map(ActionTaken::of).collect();
        store.put_document(document, now).await?;
        self.feed(id, deadline).await
    }

    /// Emits the figures of the last month: success rate, time to recover, accuracy (LOOP-10).
    async fn figures(&self, cluster: &str, now: Timestamp) -> Result<(), RecordError> {
        let store = self.clients.store().await?;
        let documents = store.documents(cluster, now - (FIGURES_DAYS * 24).hours(), FIGURES, now).await?;
        let figures = Figures::of(&documents);
        self.metrics.property("cluster", cluster);
        for (name, unit, value) in [
            ("ActionSuccess", Unit::Percent, figures.actions.success().map(|share| share * 100.0)),
            ("DiagnosisAccuracy", Unit::Percent, figures.accuracy.share().map(|share| share * 100.0)),
            ("MeanTimeToRecover", Unit::Milliseconds, figures.mttr_s.map(|seconds| seconds * 1000.0)),
        ] {
            if let Some(value) = value {
                self.metrics.add(name, unit, value);
            }
        }
        Ok(())
    }
}
