//! What incidents teach: one document an incident, found again by likeness, and figures over all of them.
//!
//! When an incident is over, what it was about, what was done, what came of it and what people said of the diagnosis is kept
//! as one [`IncidentDocument`] (LOOP-9). The next incident asks for those like it ([`rank`], BM25 over fields): what helped
//! last time is shown in its thread and weighs in the order of what is proposed ([`weigh`]). Over many of them follow the
//! success rate of actions, the time to recover and the accuracy of diagnoses ([`Figures`]), and from those the thresholds
//! that would have served better ([`suggestions`]; LOOP-10).
//!
//! All of it is pure; [`crate::store`] keeps the documents.

mod document;
mod figures;
mod likeness;
mod suggest;
#[cfg(test)]
mod tests;
mod weigh;
mod words;

pub use document::{ActionTaken, IncidentDocument, Outcome, Verdict, Vote};
pub use figures::{Accuracy, Bin, Figures, Tried};
pub use likeness::{Likeness, Question, rank};
pub use suggest::{Suggestion, suggestions};
pub use weigh::weigh;
pub use words::words;
