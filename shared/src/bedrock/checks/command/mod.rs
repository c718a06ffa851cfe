//! Commands that only read, understood by a parser of their own.
//!
//! Nothing here knows what is dangerous; it knows what is harmless. A command line is split into words of few characters, none
//! of which a shell would act on; the words must be one of the reading commands of kubectl or aws with flags from that
//! command's own list; and what is shown to people is written anew from what was understood, so that nothing that was not
//! understood is left in it. Secrets and the contents of ConfigMaps are not read.

mod aws;
mod kubectl;

use thiserror::Error;

use crate::model::Kind;

/// The longest command line.
const MAX_CHARS: usize = 300;

/// A command that only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCommand {
    words: Vec<String>,
    mentions: Vec<OwnedMention>,
}

/// Something a command is about, which has to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention<'a> {
    /// A namespace.
    Namespace(&'a str),
    /// An object; its kind where it is one Nightshift knows.
    Object {
        /// The kind.
        kind: Option<Kind>,
        /// The namespace; empty for cluster-scoped kinds.
        namespace: &'a str,
        /// The name.
        name: &'a str,
    },
    /// A label's value, a container, the name of something in AWS.
    Word(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OwnedMention {
    Namespace(String),
    Object { kind: Option<Kind>, namespace: String, name: String },
    Word(String),
}

/// Why a command line is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadCommand {
    /// Nothing or too much.
    #[error("it is empty or longer than {MAX_CHARS} characters")]
    Length,
    /// A character a shell would act on, or none that commands need.
    #[error("it holds the character {0:?}")]
    Character(char),
    /// A quote without its other half.
    #[error("a quote is not closed")]
    Quote,
    /// Another program.
    #[error("{0} is not kubectl or aws")]
    Program(String),
    /// A command that does more than read, or an unknown one.
    #[error("{0} is not among the reading commands")]
    Verb(String),
    /// A flag that does more than choose what is read, or an unknown one.
    #[error("the flag {0} is not among those that only choose what is read")]
    Flag(String),
    /// A flag without its value.
    #[error("the flag {0} lacks its value")]
    FlagValue(String),
    /// A kind of object that is not read out, or an unknown one.
    #[error("{0} is not a kind that is read out")]
    Resource(String),
    /// A name no object can have.
    #[error("{0} is not a name")]
    Name(String),
    /// A word too many or too few.
    #[error("it has a word too many or too few near {0:?}")]
    Shape(String),
    /// It does not say which namespace.
    #[error("it names no namespace")]
    NoNamespace,
    /// What it is about does not exist.
    #[error("{0} does not exist")]
    Unknown(String),
}

/// Understands a command line.
///
/// ```
/// use shared::bedrock::checks::command::parse;
/// assert_eq!(parse("kubectl  logs deploy/api -n shop --tail 50").unwrap().to_string(), "kubectl logs deploy/api -n shop --tail=50");
/// assert!(parse("kubectl delete pod api-0 -n shop").is_err());
/// assert!(parse("kubectl get pods -n shop | sh").is_err());
/// ```
pub fn parse(line: &str) -> Result<ReadCommand, BadCommand> {
    let words = split(line)?;
    let (program, rest) = words.split_first().ok_or(BadCommand::Length)?;
    match program.as_str() {
        "kubectl" => kubectl::parse(rest),
        "aws" => aws::parse(rest),
        other => Err(BadCommand::Program(other.to_owned())),
    }
}

impl ReadCommand {
    /// Whether everything the command mentions exists, by `exists`.
    pub fn about(&self, exists: &dyn Fn(&Mention<'_>) -> bool) -> Result<(), BadCommand> {
        for owned in &self.mentions {
            let (mention, shown) = match owned {
                OwnedMention::Namespace(name) => (Mention::Namespace(name), format!("namespace {name}")),
                OwnedMention::Object { kind, namespace, name } => {
                    (Mention::Object { kind: *kind, namespace, name }, format!("{namespace}/{name}"))
                }
                OwnedMention::Word(word) => (Mention::Word(word), word.clone()),
            };
            if !exists(&mention) {
                return Err(BadCommand::Unknown(shown));
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for ReadCommand {
    /// The command as it is shown: one space between words, quotes only where a shell needs them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            if word.contains([' ', '!', '(', ')']) { write!(f, "'{word}'")? } else { f.write_str(word)? }
        }
        Ok(())
    }
}

/// Splits a line into words. Outside quotes only letters, digits and `-_./:=,@%+`; inside also a space, `!` and parentheses.
fn split(line: &str) -> Result<Vec<String>, BadCommand> {
    let line = line.trim_matches(' ');
    let line = line.strip_prefix("$ ").unwrap_or(line).trim_matches(' ');
    if line.is_empty() || line.chars().count() > MAX_CHARS {
        return Err(BadCommand::Length);
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), ' ' | '!' | '(' | ')') => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) if c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c) => word.get_or_insert_default().push(c),
            (_, c) => return Err(BadCommand::Character(c)),
        }
    }
    if quote.is_some() {
        return Err(BadCommand::Quote);
    }
    words.extend(word);
    Ok(words)
}

/// A DNS name as Kubernetes wants it.
fn is_name(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 253
        && edge(name.chars().next())
        && edge(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
}

/// How the words behind the verb are taken apart: flags with their values, and the rest.
struct Taken {
    positional: Vec<String>,
    flags: Vec<(&'static str, Option<String>)>,
}

/// A flag: its long name, its short one, and whether a value follows.
struct Flag(&'static str, &'static str, bool);

fn take(words: &[String], allowed: &[&Flag]) -> Result<Taken, BadCommand> {
    let mut taken = Taken { positional: Vec::new(), flags: Vec::new() };
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') {
            taken.positional.push(word.clone());
            continue;
        }
        let bad = || BadCommand::Flag(word.split('=').next().unwrap_or_default().to_owned());
        let (name, glued) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let flag =
            allowed.iter().find(|flag| name == flag.0 || (!flag.1.is_empty() && name == flag.1)).ok_or_else(bad)?;
        let value = match (flag.2, glued) {
            (true, Some(value)) => Some(value),
            (true, None) => Some(rest.next().ok_or_else(|| BadCommand::FlagValue(name.to_owned()))?.clone()),
            (false, None) => None,
            (false, Some(value)) if value == "true" => None,
            (false, Some(_)) => return Err(bad()),
        };
        if value.as_ref().is_some_and(|value| value.is_empty() || value.starts_with('-')) {
            return Err(BadCommand::FlagValue(name.to_owned()));
        }
        if taken.flags.iter().any(|(known, _)| *known == flag.0) {
            return Err(BadCommand::Flag(format!("{name}, twice")));
        }
        taken.flags.push((flag.0, value));
    }
    Ok(taken)
}

impl Taken {
    fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(flag, _)| *flag == name).and_then(|(_, value)| value.as_deref())
    }

    fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| *flag == name)
    }

    /// The flags as words.
    fn rendered(&self) -> impl Iterator<Item = String> {
        self.flags.iter().flat_map(|(flag, value)| match (*flag, value) {
            ("--namespace", Some(value)) => vec!["-n".to_owned(), value.clone()],
            ("--all-namespaces", _) => vec!["-A".to_owned()],
            ("--output", Some(value)) => vec!["-o".to_owned(), value.clone()],
            ("--selector", Some(value)) => vec!["-l".to_owned(), value.clone()],
            ("--container", Some(value)) => vec!["-c".to_owned(), value.clone()],
            (flag, Some(value)) => vec![format!("{flag}={value}")],
            (flag, None) => vec![flag.to_owned()],
        })
    }
}
