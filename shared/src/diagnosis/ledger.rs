//! The evidence of one diagnosis, each piece once, each with an identifier.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Evidence, EvidenceId, EvidenceSource};
use crate::model::ObjectRef;

/// Longest text of one piece; a log line can be a megabyte.
const MAX_TEXT: usize = 600;

/// Collects evidence. The same fact noted twice is one piece.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pieces: Vec<Evidence>,
    known: HashMap<(EvidenceSource, ObjectRef, String), usize>,
}

impl Ledger {
    /// Notes a fact and returns its identifier.
    pub(super) fn note(
        &mut self,
        source: EvidenceSource,
        object: &ObjectRef,
        time: Option<Timestamp>,
        text: &str,
    ) -> EvidenceId {
        let text = shorten(text);
        let index = *self.known.entry((source, object.clone(), text.clone())).or_insert_with(|| {
            let id = EvidenceId(format!("e{}", self.pieces.len() + 1));
            self.pieces.push(Evidence { id, source, object: object.clone(), time, text });
            self.pieces.len() - 1
        });
        self.pieces[index].id.clone()
    }

    /// The pieces that `cited` names, in the order they were noted.
    pub(super) fn cited<'a>(self, cited: impl IntoIterator<Item = &'a EvidenceId>) -> Vec<Evidence> {
        let cited: std::collections::HashSet<&EvidenceId> = cited.into_iter().collect();
        self.pieces.into_iter().filter(|piece| cited.contains(&piece.id)).collect()
    }
}

/// The text without control characters, cut at a character boundary.
fn shorten(text: &str) -> String {
    let mut out: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TEXT).collect();
    if text.trim().chars().nth(MAX_TEXT).is_some() {
        out.push('…');
    }
    out
}
