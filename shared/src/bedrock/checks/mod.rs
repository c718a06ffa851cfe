//! What the agent says is checked before anyone reads it. Pure: the same answer and evidence give the same result.
//!
//! A statement is kept when every evidence id it cites exists and every object it names does; the others are dropped one by
//! one, with the reason, and the rules' text stands.

use crate::bedrock::protocol::{Answer, AnsweredClaim};
use crate::diagnosis::{Diagnosis, Evidence, EvidenceId};
use crate::model::{Kind, ObjectRef};
use crate::snapshot::Snapshot;

/// What passed and what did not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The summary, where it passed.
    pub summary: Option<Claim>,
    /// Statements that passed, in the agent's order.
    pub claims: Vec<Claim>,
    /// Commands that passed: they parse, and only read.
    pub commands: Vec<SuggestedCommand>,
    /// What was dropped.
    pub dropped: Vec<Dropped>,
}

impl Checked {
    /// The summary and the claims.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.summary.iter().chain(&self.claims)
    }
}

/// A statement that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Plain text, free of markup.
    pub text: String,
    /// Evidence that exists.
    pub evidence: Vec<EvidenceId>,
    /// Objects that exist.
    pub objects: Vec<ObjectRef>,
}

/// A command that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedCommand {
    /// The command line, written anew from what was parsed.
    pub command: String,
    /// What it shows; empty where the agent's reason did not pass.
    pub why: String,
}

/// Something that did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The text or command, redacted and cut.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Checks an answer against the evidence it may cite: the diagnosis' and the tools'.
pub fn check(answer: &Answer, diagnosis: &Diagnosis, tools: &[Evidence], snapshot: &Snapshot) -> Checked {
    let mut checked = Checked::default();
    let _ = snapshot;
    let known: Vec<&Evidence> = diagnosis.evidence.iter().chain(tools).collect();
    let one = |claim: &AnsweredClaim| -> Result<Claim, String> {
        if claim.evidence.is_empty() {
            return Err("cites no evidence".to_owned());
        }
        for id in &claim.evidence {
            if !known.iter().any(|evidence| evidence.id.0 == *id) {
                return Err(format!("cites evidence {id}, which does not exist"));
            }
        }
        let mut objects = Vec::new();
        for name in &claim.objects {
            let object = object_named(name).ok_or_else(|| format!("names {name}, which is no object"))?;
            if !known.iter().any(|evidence| evidence.object == object) {
                return Err(format!("names {object}, which is not in the evidence"));
            }
            objects.push(object);
        }
        Ok(Claim {
            text: claim.text.clone(),
            evidence: claim.evidence.iter().cloned().map(EvidenceId).collect(),
            objects,
        })
    };
    for (index, claim) in answer.summary.iter().chain(&answer.claims).enumerate() {
        match one(claim) {
            Ok(claim) if index == 0 && answer.summary.is_some() => checked.summary = Some(claim),
            Ok(claim) => checked.claims.push(claim),
            Err(why) => checked.dropped.push(Dropped { what: claim.text.clone(), why }),
        }
    }
    for command in &answer.commands {
        checked
            .dropped
            .push(Dropped { what: command.command.clone(), why: "commands are not understood yet".to_owned() });
    }
    checked
}

/// `Kind namespace/name` or `Kind name`.
fn object_named(text: &str) -> Option<ObjectRef> {
    let (kind, rest) = text.trim().split_once(' ')?;
    let kind = Kind::parse(kind)?;
    match rest.trim().split_once('/') {
        Some((namespace, name)) if kind.is_namespaced() => Some(ObjectRef::new(kind, namespace, name)),
        None if !kind.is_namespaced() => Some(ObjectRef::new(kind, "", rest.trim())),
        _ => None,
    }
}
