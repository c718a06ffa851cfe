//! The knowledge base's part: earlier incidents that are alike by meaning and not by words. Optional detail, in a reply of its
//! own; the first message does not wait for it.

use std::time::Duration;

use shared::deadline::Deadline;
use shared::incident::{Incident, IncidentId, NewIncident};

use crate::App;
use crate::layer::RecordError;
use crate::lesson;
use crate::report::{Earlier, Report};
use crate::situation::hide;

/// What is kept of the invocation for posting and recording.
const RESERVE: Duration = Duration::from_secs(8);
/// The longest wait for an answer.
const LONGEST: Duration = Duration::from_secs(5);
/// With less time than this it is not asked.
const LEAST: Duration = Duration::from_millis(500);
/// Passages asked for, and incidents told.
const PASSAGES: u8 = 8;
const TOLD: usize = 3;

impl App {
    /// Asks the knowledge base about the incident, once, and keeps what leads to a document of the store. Gives the
    /// incident back as it is then.
    ///
    /// # Errors
    ///
    /// Where the store fails. The knowledge base's own failures are noted and end here.
    pub(crate) async fn recall(&self, incident: Incident, deadline: Deadline) -> Result<Incident, RecordError> {
        let Some(base) = self.clients.knowledge_base().await else { return Ok(incident) };
        let mut report: Report = shared::json::from_value(&incident.report)?;
        let within = deadline.remaining().saturating_sub(RESERVE).min(LONGEST);
        if !report.recalled.is_empty() || !incident.is_open() || !report.names_a_cause() || within < LEAST {
            return Ok(incident);
        }
        let question = lesson::question(&report);
        let mut text = question.cause.map(|cause| cause.to_string()).unwrap_or_default();
        for part in question.alarms.iter().chain(&question.errors) {
            text.push('\n');
            text.push_str(part);
        }
        let passages = match base.retrieve(&text, PASSAGES, within).await {
            Ok(passages) => passages,
            Err(error) => {
                self.metrics.count("RecallsFailed");
                tracing::warn!(%error, "the knowledge base adds nothing");
                return Ok(incident);
            }
        };
        self.metrics.count("Recalls");
        let mut ids: Vec<IncidentId> = Vec::new();
        for id in passages.into_iter().filter_map(|passage| passage.incident) {
            if id != incident.id && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let store = self.clients.store().await?;
        for id in ids {
            let Some(document) = store.document(&id, (self.now)()).await? else { continue };
            let earlier = Earlier::from(&document);
            if !report.similar.contains(&earlier) && report.recalled.len() < TOLD {
                report.recalled.push(earlier);
            }
        }
        if report.recalled.is_empty() {
            return Ok(incident);
        }
        let mut kept = serde_json::to_value(&report)?;
        hide(&mut kept);
        let found = NewIncident::with_report(&incident, kept);
        let learnt = store.learn_cause(&incident, found, (self.now)()).await?;
        Ok(learnt.map_or(incident, |(incident, _)| incident))
    }
}
