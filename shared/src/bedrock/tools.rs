//! Tool calls answered from the snapshot, and live where it holds nothing; redacted and cut to size.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::analyst::Case;
use super::checks::Checked;
use super::look;
use super::protocol::ToolCall;
use crate::diagnosis::{CauseId, Evidence, EvidenceId, EvidenceSource};
use crate::model::{Kind, ObjectRef};
use crate::redact::redact;
use crate::snapshot::SeriesKind;

/// Reads from the live cluster what the snapshot does not hold, with the same read-only rights.
pub trait LiveRead: Send + Sync {
    /// The answer as text; `Ok(None)` where this reader does not know either.
    fn read<'a>(&'a self, call: &'a ToolCall) -> BoxFuture<'a, Result<Option<String>, String>>;
}

/// An incident of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarIncident {
    /// When it began.
    pub began: Timestamp,
    /// Its cause.
    pub cause: CauseId,
    /// What it was about.
    pub object: ObjectRef,
    /// Its headline.
    pub summary: String,
    /// What ended it, where known.
    pub outcome: String,
}

/// The tools of one investigation; remembers what it answered, as evidence.
pub(super) struct Tools<'a> {
    case: &'a Case<'a>,
    max_bytes: usize,
    answered: Vec<Evidence>,
}

impl<'a> Tools<'a> {
    pub(super) fn new(case: &'a Case<'a>, max_bytes: usize) -> Self {
        Self { case, max_bytes, answered: Vec::new() }
    }

    /// Everything answered so far.
    pub(super) fn evidence(&self) -> &[Evidence] {
        &self.answered
    }

    /// The tool answers that checked claims cite.
    pub(super) fn cited(&self, checked: &Checked) -> Vec<Evidence> {
        let cites = |id: &EvidenceId| checked.claims().any(|claim| claim.evidence.contains(id));
        self.answered.iter().filter(|one| cites(&one.id)).cloned().collect()
    }

    /// Answers a call; an error is for the agent to read.
    pub(super) async fn answer(&mut self, call: &ToolCall) -> Result<(EvidenceId, String), String> {
        let text = match look::answer(call, self.case)? {
            Some(text) => text,
            None => match self.case.live {
                Some(live) => live.read(call).await?.ok_or("nothing is known of that")?,
                None => return Err("nothing is known of that: it was not read, or does not exist".to_owned()),
            },
        };
        let text = bounded(&redact(&text), self.max_bytes, matches!(call, ToolCall::Logs { .. }));
        let id = EvidenceId(format!("t{}", self.answered.len() + 1));
        self.answered.push(Evidence {
            id: id.clone(),
            source: source(call),
            object: object(call),
            time: None,
            text: text.clone(),
        });
        if let Some(watch) = self.case.watch {
            watch(call);
        }
        Ok((id, text))
    }
}

fn source(call: &ToolCall) -> EvidenceSource {
    match call {
        ToolCall::List { .. } | ToolCall::Describe(_) => EvidenceSource::Status,
        ToolCall::Logs { .. } => EvidenceSource::Log,
        ToolCall::Metrics { .. } => EvidenceSource::Metric,
        ToolCall::SimilarIncidents { .. } => EvidenceSource::Alert,
    }
}

fn object(call: &ToolCall) -> ObjectRef {
    match call {
        ToolCall::List { namespace, .. } => ObjectRef::new(Kind::Namespace, "", namespace.clone().unwrap_or_default()),
        ToolCall::Describe(object) => object.clone(),
        ToolCall::Logs { namespace, pod, .. } => ObjectRef::new(Kind::Pod, namespace, pod),
        ToolCall::Metrics { kind, namespace, name, .. } => match kind {
            SeriesKind::Node => ObjectRef::new(Kind::Node, "", name),
            SeriesKind::Pod => ObjectRef::new(Kind::Pod, namespace, name),
            _ => ObjectRef::new(Kind::Service, namespace, name),
        },
        ToolCall::SimilarIncidents { .. } => ObjectRef::new(Kind::Namespace, "", ""),
    }
}

/// At most `max` bytes: of a log the end, of anything else the beginning.
fn bounded(text: &str, max: usize, keep_end: bool) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    if keep_end {
        let start = text.ceil_char_boundary(text.len() - max);
        // A line cut in two says nothing.
        let start = text[start..].find('\n').map_or(start, |newline| start + newline + 1);
        format!("…\n{}", &text[start..])
    } else {
        format!("{}…", &text[..text.floor_char_boundary(max)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_the_end_is_kept_and_of_anything_else_the_beginning() {
        let text = "one\ntwo\nthree\n한국어";
        assert_eq!(bounded(text, 100, true), text);
        assert_eq!(bounded(text, 12, true), "…\n한국어");
        assert_eq!(bounded(text, 15, false), "one\ntwo\nthree\n…");
    }
}
