//! What the agent says is checked before anyone reads it. Pure: the same answer and evidence give the same result.
//!
//! A statement is kept when
//! - it cites evidence, and every id it cites exists;
//! - every number it quotes is in that evidence, in some unit, and every name it uses exists where it says ([`names`], [`numbers`]);
//! - it is plain text in English or Korean, without markup, links, mentions, commands or encoded parts ([`text`]);
//! - it does not say the opposite of what it cites ([`contradiction`]);
//! - it tells what is, not what to do ([`advice`]).
//!
//! A command is kept when it parses as a reading command of kubectl or aws about objects that exist, and is written anew from
//! what was parsed ([`command`]). What fails is dropped by itself, with the reason; the rules' text stands.

mod advice;
pub mod command;
mod contradiction;
mod names;
mod numbers;
mod text;
mod universe;
mod words;

use std::collections::BTreeSet;

use thiserror::Error;

use self::names::Quotable;
use self::universe::Universe;
use super::prompt::clean;
use crate::bedrock::protocol::{Answer, AnsweredClaim, AnsweredCommand};
use crate::diagnosis::{Diagnosis, Evidence, EvidenceId};
use crate::model::{Kind, ObjectRef};
use crate::snapshot::Snapshot;

/// Longer statements are cut at the end of a sentence.
const MAX_CHARS: usize = 400;
/// Statements kept.
const MAX_CLAIMS: usize = 6;
/// Commands kept.
const MAX_COMMANDS: usize = 4;

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
    pub why: Rejection,
}

/// Why a statement or command does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// Nothing said.
    #[error("is empty")]
    Empty,
    /// More than fits.
    #[error("is one too many")]
    TooMany,
    /// No evidence cited.
    #[error("cites no evidence")]
    Uncited,
    /// An evidence id that does not exist.
    #[error("cites evidence {0}, which does not exist")]
    UnknownEvidence(String),
    /// An object or quotation that does not exist.
    #[error("names {0}, which is not in the evidence")]
    UnknownName(String),
    /// A namespace that the cited evidence is not about.
    #[error("names namespace {0}, which the cited evidence is not about")]
    WrongNamespace(String),
    /// A number that the cited evidence does not have.
    #[error("quotes {0}, which the cited evidence does not say")]
    UnknownNumber(String),
    /// The opposite of what is cited.
    #[error("says the opposite of what it cites: {0}")]
    Contradiction(String),
    /// A character no sentence needs.
    #[error("holds the character {0:?}")]
    Character(char),
    /// Markup.
    #[error("holds markup")]
    Markup,
    /// A mention.
    #[error("mentions somebody")]
    Mention,
    /// A link.
    #[error("holds the link {0}")]
    Link(String),
    /// Something of a shell.
    #[error("holds {0}, which belongs in no sentence")]
    Shell(String),
    /// Encoded text.
    #[error("holds encoded text")]
    Encoded,
    /// Advice to change something.
    #[error("advises to act: {0}")]
    Advice(String),
    /// A command that is not understood or does not only read.
    #[error("is no reading command: {0}")]
    Command(#[from] command::BadCommand),
}

/// Checks an answer against the evidence it may cite: the diagnosis' and the tools'.
pub fn check(answer: &Answer, diagnosis: &Diagnosis, tools: &[Evidence], snapshot: &Snapshot) -> Checked {
    let checker = Checker {
        known: diagnosis.evidence.iter().chain(tools).collect(),
        universe: Universe::new(diagnosis, tools, snapshot),
    };
    let mut checked = Checked::default();
    if let Some(summary) = &answer.summary {
        match checker.claim(summary) {
            Ok(claim) => checked.summary = Some(claim),
            Err(why) => checked.drop(&summary.text, why),
        }
    }
    for claim in &answer.claims {
        match checker.claim(claim) {
            Ok(_) if checked.claims.len() >= MAX_CLAIMS => checked.drop(&claim.text, Rejection::TooMany),
            Ok(claim) if checked.claims().any(|earlier| earlier.text == claim.text) => {}
            Ok(claim) => checked.claims.push(claim),
            Err(why) => checked.drop(&claim.text, why),
        }
    }
    for suggested in &answer.commands {
        match checker.command(suggested) {
            Ok(_) if checked.commands.len() >= MAX_COMMANDS => checked.drop(&suggested.command, Rejection::TooMany),
            Ok(command) if checked.commands.iter().any(|earlier| earlier.command == command.command) => {}
            Ok(command) => checked.commands.push(command),
            Err(why) => checked.drop(&suggested.command, why),
        }
    }
    checked
}

impl Checked {
    fn drop(&mut self, what: &str, why: Rejection) {
        self.dropped.push(Dropped { what: clean(what, 200), why });
    }
}

struct Checker<'a> {
    known: Vec<&'a Evidence>,
    universe: Universe,
}

impl Checker<'_> {
    fn claim(&self, claim: &AnsweredClaim) -> Result<Claim, Rejection> {
        if claim.text.trim().is_empty() {
            return Err(Rejection::Empty);
        }
        let cited = self.cited(&claim.evidence)?;
        let mut objects = Vec::new();
        for name in &claim.objects {
            let short: String = name.chars().take(120).collect();
            let object = object_named(name).ok_or_else(|| Rejection::UnknownName(short.clone()))?;
            if !self.universe.has(&object) {
                return Err(Rejection::UnknownName(short));
            }
            objects.push(object);
        }
        let quoted = quotation(&cited);
        let namespaces: Vec<&str> = cited
            .iter()
            .map(|evidence| {
                if evidence.object.kind == Kind::Namespace { &evidence.object.name } else { &evidence.object.namespace }
            })
            .map(String::as_str)
            .collect();
        let things: BTreeSet<&ObjectRef> = cited.iter().map(|evidence| &evidence.object).chain(&objects).collect();
        let text = self.sentence(&claim.text, &quoted, &namespaces, &[cited.len(), things.len(), objects.len()])?;
        let evidence = cited.iter().map(|evidence| evidence.id.clone()).collect();
        Ok(Claim { text: cut(&crate::redact::redact(&text)), evidence, objects })
    }

    fn cited(&self, ids: &[String]) -> Result<Vec<&Evidence>, Rejection> {
        if ids.is_empty() {
            return Err(Rejection::Uncited);
        }
        let mut cited: Vec<&Evidence> = Vec::new();
        for id in ids {
            let unknown = || Rejection::UnknownEvidence(id.chars().take(20).collect());
            let evidence = self.known.iter().find(|evidence| evidence.id.0 == id.trim()).ok_or_else(unknown)?;
            if !cited.iter().any(|one| one.id == evidence.id) {
                cited.push(evidence);
            }
        }
        Ok(cited)
    }

    fn sentence(&self, said: &str, quoted: &str, namespaces: &[&str], counts: &[usize]) -> Result<String, Rejection> {
        let line = text::plain(said, quoted)?;
        if let Some(sentence) = advice::found(&line) {
            return Err(Rejection::Advice(sentence));
        }
        names::unfounded(&line, &Quotable { universe: &self.universe, cited: quoted, namespaces })?;
        if let Some(known) = contradiction::found(&line, quoted) {
            return Err(Rejection::Contradiction(known));
        }
        match numbers::unfounded(&line, quoted, counts) {
            Some(number) => Err(Rejection::UnknownNumber(number)),
            None => Ok(line),
        }
    }

    fn command(&self, suggested: &AnsweredCommand) -> Result<SuggestedCommand, Rejection> {
        let command = command::parse(&suggested.command)?;
        command.about(&|mention| self.mentioned(mention))?;
        let quoted = quotation(&self.known);
        let namespaces: Vec<&str> = self.known.iter().map(|evidence| evidence.object.namespace.as_str()).collect();
        let why = self.sentence(&suggested.why, &quoted, &namespaces, &[]).map(|why| cut(&crate::redact::redact(&why)));
        Ok(SuggestedCommand { command: command.to_string(), why: why.unwrap_or_default() })
    }

    /// Whether what a command mentions exists.
    fn mentioned(&self, mention: &command::Mention<'_>) -> bool {
        match mention {
            command::Mention::Namespace(name) => self.universe.has_namespace(name),
            command::Mention::Object { kind: Some(kind), namespace, name } => {
                let object = ObjectRef::new(*kind, *namespace, *name);
                self.universe.has(&object)
            }
            command::Mention::Object { kind: None, name, .. } => self.universe.has_name(name),
            command::Mention::Word(word) => {
                self.universe.has_name(word) || self.known.iter().any(|evidence| names::has_word(&evidence.text, word))
            }
        }
    }
}

/// The text that may be quoted from: what the evidence says, what it is about and when.
fn quotation(cited: &[&Evidence]) -> String {
    let mut quoted = String::new();
    for evidence in cited {
        quoted.push_str(&evidence.text);
        quoted.push_str(&format!("\n{}\n", evidence.object));
        if let Some(time) = evidence.time {
            quoted.push_str(&format!("{}\n", time.strftime("%Y-%m-%d %H:%M:%S")));
        }
    }
    quoted
}

/// At the end of the last sentence that fits, else of the last word.
fn cut(text: &str) -> String {
    let Some((limit, _)) = text.char_indices().nth(MAX_CHARS) else { return text.to_owned() };
    let head = &text[..limit];
    let sentence = head.rfind(". ").filter(|at| *at > limit / 2).map(|at| head[..=at].to_owned());
    sentence.unwrap_or_else(|| format!("{}…", &head[..head.rfind(' ').unwrap_or(limit)]))
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
