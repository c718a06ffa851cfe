//! The Bedrock agent's part: optional detail for the long form. Whatever happens here, the rules' message stands already.

use std::time::Duration;

use shared::bedrock::{Case, Limits, SimilarIncident};
use shared::deadline::Deadline;
use shared::incident::{Incident, NewIncident};

use crate::App;
use crate::layer::RecordError;
use crate::report::{Finding, Report};
use crate::situation::{Reading, Situation, hide};

/// What is kept of the invocation for posting the long form and recording the outcome.
const RESERVE: Duration = Duration::from_secs(8);
/// With less time than this the agent is not asked.
const LEAST: Duration = Duration::from_secs(4);

impl App {
    /// Asks the agent about the incident, once, and keeps what passed the checks.
    ///
    /// # Errors
    ///
    /// Where the store fails. The agent's own failures are noted and end here.
    pub(crate) async fn investigate(
        &self,
        incident: &Incident,
        situation: Option<Situation>,
        deadline: Deadline,
    ) -> Result<(), RecordError> {
        let total = deadline.remaining().saturating_sub(RESERVE).min(Limits::default().total);
        let mut report: Report = shared::json::from_value(&incident.report)?;
        let is_wanted =
            self.clients.settings().bedrock.analysis.is_some() && !report.investigated && incident.is_open();
        if !is_wanted || total < LEAST {
            return Ok(());
        }
        self.ask(incident, &mut report, situation, total).await;
        report.investigated = true;
        let mut kept = serde_json::to_value(&report)?;
        hide(&mut kept);
        let found = NewIncident::with_report(incident, kept);
        // Nothing new to show costs no edit of the message.
        if !report.further.is_empty() || !report.commands.is_empty() {
            self.clients.store().await?.learn_cause(incident, found, (self.now)()).await?;
        }
        Ok(())
    }

    async fn ask(&self, incident: &Incident, report: &mut Report, situation: Option<Situation>, total: Duration) {
        let limits = Limits { total, silence: Limits::default().silence.min(total), ..Limits::default() };
        let Some(analyst) = self.clients.analyst(limits).await else { return };
        let Some(Situation { reading: Reading::Cluster(snapshot), .. }) = self.known(incident, situation).await else {
            return;
        };
        let Finding::Diagnosed(diagnosis) = &mut report.finding else { return };
        let alarm = format!("{}: {} {}", report.alarm.name, report.alarm.description, report.alarm.reason);
        let similar: Vec<SimilarIncident> = report
            .similar
            .iter()
            .filter_map(|earlier| {
                Some(SimilarIncident {
                    began: earlier.began,
                    cause: earlier.cause.clone()?,
                    object: earlier.object.clone()?,
                    summary: earlier.summary.clone(),
                    outcome: earlier.helped.as_ref().map(|helped| helped.action.command()).unwrap_or_default(),
                })
            })
            .collect();
        let case = Case {
            diagnosis,
            snapshot: &snapshot,
            alarm: &alarm,
            language: self.style.phrases.language(),
            session: &incident.id.0,
            similar: &similar,
            live: None,
            question: None,
            watch: None,
        };
        match analyst.investigate(&case).await {
            Ok(findings) => {
                self.metrics.count("Investigations");
                tracing::info!(
                    steps = findings.steps.len(),
                    dropped = findings.checked.dropped.len(),
                    "the agent has looked further"
                );
                for dropped in &findings.checked.dropped {
                    tracing::info!(what = dropped.what, why = %dropped.why, "what the agent says does not pass the checks");
                }
                report.further = findings.checked.claims().map(said).collect();
                report.commands = findings.checked.commands.iter().map(|command| command.command.clone()).collect();
                diagnosis.evidence.extend(findings.evidence);
            }
            Err(error) => {
                self.metrics.count("InvestigationsFailed");
                tracing::warn!(kind = error.kind(), %error, "the agent adds nothing; the rules' text stands");
            }
        }
    }

    /// What the cluster looked like: as just read, or as recorded by whoever was interrupted.
    async fn known(&self, incident: &Incident, situation: Option<Situation>) -> Option<Situation> {
        if situation.is_some() {
            return situation;
        }
        let store = self.clients.store().await.ok()?;
        let mut decision = incident.decision.clone()?;
        // A record whose reading is another's leads to it in one step.
        for _ in 0..2 {
            let record = store.decision(&decision, (self.now)()).await.ok()??;
            let situation: Situation = shared::json::from_value(&record.situation).ok()?;
            match situation.reading {
                Reading::As { decision: other } => decision = other,
                _ => return Some(situation),
            }
        }
        None
    }
}

/// A statement with the evidence it cites.
fn said(claim: &shared::bedrock::checks::Claim) -> String {
    let cited: Vec<String> = claim.evidence.iter().map(ToString::to_string).collect();
    format!("{} [{}]", claim.text, cited.join(", "))
}
