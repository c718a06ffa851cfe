//! From a snapshot to ranked causes, without any model.

mod report;

pub use report::{
    ActionKind, Affected, Category, Cause, CauseId, Diagnosis, Evidence, EvidenceId, EvidenceSource, Hypothesis,
    ProposedAction, Risk, TimelineEntry, Verdict,
};
