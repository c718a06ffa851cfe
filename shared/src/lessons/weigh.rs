//! What helped before goes first.

use super::{Likeness, Outcome};
use crate::remediation::Proposal;

/// How much earlier outcomes count against the order in which a cause's actions are listed: one place is worth this much of
/// a chance to succeed.
const PLACE: f64 = 0.06;

/// Puts proposals into the order of what they are expected to do, from the outcomes of the same kind of action in incidents
/// like this one. An action that nobody has tried keeps its place among its equals.
pub fn weigh(proposals: &mut [Proposal], similar: &[Likeness<'_>]) {
    #[allow(clippy::cast_precision_loss, reason = "two or three proposals")]
    let mut expected: Vec<(f64, Proposal)> = proposals
        .iter()
        .enumerate()
        .map(|(place, proposal)| (chance(proposal, similar) - PLACE * place as f64, proposal.clone()))
        .collect();
    expected.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (slot, (_, proposal)) in proposals.iter_mut().zip(expected) {
        *slot = proposal;
    }
}

/// The chance that an action helps: one success and one failure are assumed, then what was seen is added, each as much as
/// its incident is like this one.
fn chance(proposal: &Proposal, similar: &[Likeness<'_>]) -> f64 {
    let (mut helped, mut tried) = (1.0, 2.0);
    // The same action against another cause says little.
    for like in similar.iter().filter(|like| like.same_cause || like.document.cause.is_none()) {
        let known = like
            .document
            .actions
            .iter()
            .filter(|taken| taken.outcome.is_known() && taken.action.name() == proposal.action.name());
        for taken in known {
            tried += like.likeness;
            helped += if taken.outcome == Outcome::Recovered { like.likeness } else { 0.0 };
        }
    }
    helped / tried
}
