//! Thresholds from figures.
//!
//! A suggestion is made where the figures speak against the threshold in use with so many cases that chance alone would not
//! explain it: the whole confidence interval (Wilson, 90 %, one-sided) has to lie on the wrong side, and there
//! have to be five cases at least.

use serde::Serialize;

use super::Figures;

/// The precision below which a diagnosis does not earn a proposal.
const TARGET: f64 = 0.8;
/// The success rate below which an action does not earn its place.
const HELPS: f64 = 0.5;
/// Fewer cases than this make no suggestion, whatever they say.
const LEAST: usize = 5;
/// One-sided 90 %.
const Z: f64 = 1.2816;

/// Something that would serve better.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "suggestion", rename_all = "kebab-case")]
pub enum Suggestion {
    /// Propose actions only from this confidence on.
    RaiseProposeFrom {
        /// `remediation.propose_from_percent`, as it is.
        now: u32,
        /// As it should be.
        to: u32,
        /// Judged diagnoses between the two.
        judged: usize,
        /// Of them, the right ones.
        right: usize,
    },
    /// Propose actions from a lower confidence on.
    LowerProposeFrom {
        /// `remediation.propose_from_percent`, as it is.
        now: u32,
        /// As it could be.
        to: u32,
        /// Judged diagnoses between the two.
        judged: usize,
        /// Of them, the right ones.
        right: usize,
    },
    /// Think about an action that mostly does not help.
    DoubtAction {
        /// The cause.
        cause: String,
        /// The action.
        action: String,
        /// How often it was done.
        done: usize,
        /// How often it helped.
        recovered: usize,
    },
}

impl std::fmt::Display for Suggestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RaiseProposeFrom { now, to, judged, right } => write!(
                f,
                "raise remediation.propose_from_percent from {now} to {to}: of {judged} judged diagnoses below {to} % {right} were right"
            ),
            Self::LowerProposeFrom { now, to, judged, right } => write!(
                f,
                "lower remediation.propose_from_percent from {now} to {to}: of {judged} judged diagnoses from {to} to {now} % {right} were right"
            ),
            Self::DoubtAction { cause, action, done, recovered } => write!(
                f,
                "{action} for {cause} helped {recovered} of {done} times: forbid it to automation by a policy, or look why"
            ),
        }
    }
}

/// What the figures suggest, where actions are now proposed from a confidence of `propose_from` percent on.
pub fn suggestions(figures: &Figures, propose_from: u32) -> Vec<Suggestion> {
    let mut all = Vec::new();
    all.extend(raise(figures, propose_from).or_else(|| lower(figures, propose_from)));
    for (name, tried) in &figures.by_action {
        let (cause, action) = name.split_once('/').unwrap_or(("unknown", name));
        if tried.done >= LEAST && interval(tried.recovered, tried.done).1 < HELPS {
            let (done, recovered) = (tried.done, tried.recovered);
            all.push(Suggestion::DoubtAction { cause: cause.to_owned(), action: action.to_owned(), done, recovered });
        }
    }
    all
}

/// The highest edge below which the diagnoses that lead to proposals are too often wrong.
fn raise(figures: &Figures, now: u32) -> Option<Suggestion> {
    let in_use = |bin: &&super::Bin| bin.to > now;
    let poor = figures
        .bins
        .iter()
        .filter(in_use)
        .filter(|bin| bin.accuracy.judged() >= LEAST && bin.to < 100)
        .rfind(|bin| interval(bin.accuracy.right, bin.accuracy.judged()).1 < TARGET)?;
    let below = figures.bins.iter().filter(in_use).filter(|bin| bin.to <= poor.to);
    let (right, judged) =
        below.fold((0, 0), |(right, judged), bin| (right + bin.accuracy.right, judged + bin.accuracy.judged()));
    Some(Suggestion::RaiseProposeFrom { now, to: poor.to, judged, right })
}

/// The lowest edge from which on the diagnoses that lead to no proposal are right often enough.
fn lower(figures: &Figures, now: u32) -> Option<Suggestion> {
    let (mut right, mut judged, mut to) = (0, 0, None);
    for bin in figures.bins.iter().rev().filter(|bin| bin.to <= now) {
        if interval(bin.accuracy.right, bin.accuracy.judged()).0 < TARGET {
            break;
        }
        right += bin.accuracy.right;
        judged += bin.accuracy.judged();
        to = Some(bin.from);
    }
    to.map(|to| Suggestion::LowerProposeFrom { now, to, judged, right })
}

/// Between which shares the true one lies.
#[allow(clippy::cast_precision_loss, reason = "counts of incidents are small")]
fn interval(part: usize, whole: usize) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let centre = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_narrows_with_what_was_seen() {
        let (low, high) = interval(0, 0);
        assert_eq!((low, high), (0.0, 1.0));
        assert!(interval(1, 2).1 > TARGET, "two votes say nothing");
        assert!(interval(10, 20).1 < TARGET, "twenty do");
        assert!(interval(39, 40).0 > TARGET && interval(4, 4).0 < TARGET);
    }
}
