//! What is kept of a cluster's nodes between minutes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::slack::Posted;

use super::decide::{About, Call, Decision, Memory, Statement};

/// A thread is not replied to after so long.
const THREADS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// What the judgement remembers.
    pub(super) memory: Memory,
    /// What was decided and is still to be said and proposed, in order.
    pub(super) pending: Vec<Statement>,
    /// The threads of cases, by their names.
    pub(super) threads: BTreeMap<String, Thread>,
    /// When disks were read last.
    pub(super) disks_at: Option<Timestamp>,
}

/// A case's thread.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Thread {
    pub(super) posted: Posted,
    pub(super) since: Timestamp,
}

impl Kept {
    /// Takes over what was decided.
    pub(super) fn take(&mut self, decision: Decision) {
        self.memory = decision.memory;
        self.pending.extend(decision.statements);
    }

    /// Drops threads that nothing will be said in any more.
    pub(super) fn prune(&mut self, done: &Statement) {
        if matches!(done.decision, Call::Clear | Call::Gone) {
            self.threads.remove(&case_of(done));
        }
        self.threads.retain(|_, thread| done.timestamp.duration_since(thread.since) < THREADS);
    }
}

/// The name of the case that a statement belongs to: its nodes, and when it began.
pub(super) fn case_of(said: &Statement) -> String {
    let since = said.since.as_second();
    match &said.about {
        About::Node { name, uid } => format!("{name}/{uid}/{since}"),
        About::Many { .. } => {
            let kind = said.signs.first().map(super::decide::Sign::kind).unwrap_or_default();
            format!("many/{}/{since}", kind.replace(' ', "-"))
        }
    }
}

/// The name of one statement of its case.
pub(super) fn statement_of(said: &Statement) -> String {
    format!("{}/{:?}/{}", case_of(said), said.decision, said.timestamp.as_second()).to_lowercase()
}
