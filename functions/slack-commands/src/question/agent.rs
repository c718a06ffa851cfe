//! What an agent added to an answer, or why it added nothing.

use serde::{Deserialize, Serialize};
use shared::bedrock::checks::Claim;
use shared::bedrock::{AnalystError, Findings};
use shared::diagnosis::{Diagnosis, EvidenceId};

use super::Reply;

/// What became of asking an agent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// There is none, or it had no part in this.
    #[default]
    NotAsked,
    /// It is looking; what it has looked at so far, as the reader's language has it.
    Looking(Vec<String>),
    /// It answered.
    Answered(Further),
    /// It did not.
    Failed(Failure),
}

/// What of an agent's answer passed the checks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Further {
    /// The answer.
    pub summary: Option<Said>,
    /// Statements.
    pub claims: Vec<Said>,
    /// Commands that read.
    pub commands: Vec<Suggested>,
    /// How many of its statements and commands did not pass.
    pub stopped: usize,
}

/// A statement and what it cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Plain text.
    pub text: String,
    /// Evidence of the reply.
    pub evidence: Vec<EvidenceId>,
}

/// A command and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// The command line.
    pub command: String,
    /// What it shows; may be empty.
    pub why: String,
}

/// Why an agent added nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Bedrock throttles.
    Throttled,
    /// It is not there, or not to be had.
    Absent,
    /// It took too long.
    Slow,
    /// It failed, or said what cannot be read.
    Failed,
}

impl From<&AnalystError> for Failure {
    fn from(error: &AnalystError) -> Self {
        match error {
            AnalystError::Throttled => Self::Throttled,
            AnalystError::Absent(_) => Self::Absent,
            AnalystError::TimedOut(_) | AnalystError::Endless(_) => Self::Slow,
            AnalystError::Failed(_) | AnalystError::Unreadable(_) => Self::Failed,
        }
    }
}

impl Further {
    /// Whether nothing of it can be shown.
    pub const fn is_empty(&self) -> bool {
        self.summary.is_none() && self.claims.is_empty() && self.commands.is_empty()
    }

    /// The summary and the claims.
    pub fn said(&self) -> impl Iterator<Item = &Said> {
        self.summary.iter().chain(&self.claims)
    }
}

impl Reply {
    /// Takes in what an agent found: what passed, and the evidence that it cites.
    pub fn learn(&mut self, findings: Findings, diagnosis: &Diagnosis) {
        let said = |claim: Claim| Said { text: claim.text, evidence: claim.evidence };
        let checked = findings.checked;
        let further = Further {
            summary: checked.summary.map(said),
            claims: checked.claims.into_iter().map(said).collect(),
            commands: checked
                .commands
                .into_iter()
                .map(|one| Suggested { command: one.command, why: one.why })
                .collect(),
            stopped: checked.dropped.len(),
        };
        for id in further.said().flat_map(|said| &said.evidence) {
            let known = diagnosis.evidence.iter().chain(&findings.evidence).find(|one| one.id == *id);
            if let Some(evidence) = known.filter(|one| !self.evidence.iter().any(|other| other.id == one.id)) {
                self.evidence.push(evidence.clone());
            }
        }
        self.agent = Agent::Answered(further);
    }
}
