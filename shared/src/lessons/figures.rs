//! Figures over incidents: do actions help, how long does it take, are diagnoses right.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use super::{IncidentDocument, Outcome, Verdict};

/// The lower edges of the bins of confidence, in percent.
const EDGES: [u32; 6] = [0, 50, 60, 70, 80, 90];

/// Figures over some incidents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// How many incidents.
    pub incidents: usize,
    /// Of them, those whose cause was named.
    pub with_cause: usize,
    /// The mean time from the first alarm to the end, in seconds; absent without incidents.
    pub mttr_s: Option<f64>,
    /// Half of the incidents were over sooner, in seconds.
    pub median_s: Option<f64>,
    /// The mean of those that an action of ours ended, in seconds.
    pub mttr_helped_s: Option<f64>,
    /// All actions.
    pub actions: Tried,
    /// Actions by cause and name.
    pub by_action: BTreeMap<String, Tried>,
    /// Diagnoses that people judged.
    pub accuracy: Accuracy,
    /// The same by confidence.
    pub bins: Vec<Bin>,
}

/// What became of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tried {
    /// How many were proposed.
    pub proposed: usize,
    /// Of them, those that were done and whose outcome is known.
    pub done: usize,
    /// Of those, the ones after which the trouble was over.
    pub recovered: usize,
    /// The ones that made it worse or were taken back.
    pub worse: usize,
}

impl Tried {
    /// The share of what was done that helped; `None` where nothing was.
    pub fn success(&self) -> Option<f64> {
        ratio(self.recovered, self.done)
    }

    fn add(&mut self, outcome: Outcome) {
        self.proposed += 1;
        self.done += usize::from(outcome.is_known());
        self.recovered += usize::from(outcome == Outcome::Recovered);
        self.worse += usize::from(matches!(outcome, Outcome::Worse | Outcome::Undone));
    }
}

/// How many diagnoses were right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Accuracy {
    /// So many, people say.
    pub right: usize,
    /// So many were not.
    pub wrong: usize,
}

impl Accuracy {
    /// The share that was right; `None` where nobody judged any.
    pub fn share(&self) -> Option<f64> {
        ratio(self.right, self.judged())
    }

    /// How many were judged.
    pub const fn judged(&self) -> usize {
        self.right + self.wrong
    }

    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Right => self.right += 1,
            Verdict::Wrong => self.wrong += 1,
        }
    }
}

/// Diagnoses of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// From this confidence on, in percent.
    pub from: u32,
    /// Up to this one, in percent; only the last bin includes it.
    pub to: u32,
    /// How many were right.
    #[serde(flatten)]
    pub accuracy: Accuracy,
}

impl Figures {
    /// The figures of these incidents.
    pub fn of(documents: &[IncidentDocument]) -> Self {
        let mut figures = Self {
            incidents: documents.len(),
            with_cause: documents.iter().filter(|document| document.cause.is_some()).count(),
            mttr_s: mean(documents.iter().map(IncidentDocument::lasted)),
            median_s: median(documents.iter().map(IncidentDocument::lasted).collect()),
            mttr_helped_s: mean(
                documents.iter().filter(|document| document.helped().is_some()).map(IncidentDocument::lasted),
            ),
            actions: Tried::default(),
            by_action: BTreeMap::new(),
            accuracy: Accuracy::default(),
            bins: bins(),
        };
        for document in documents {
            let cause = document.cause.as_ref().map_or("unknown", |cause| cause.as_str());
            for taken in &document.actions {
                figures.actions.add(taken.outcome);
                let name = format!("{cause}/{}", taken.action.name());
                figures.by_action.entry(name).or_default().add(taken.outcome);
            }
            // Without a named cause there is nothing to be right about.
            let Some(verdict) = document.judged().filter(|_| document.cause.is_some()) else { continue };
            figures.accuracy.add(verdict);
            let percent = document.confidence.clamp(0.0, 1.0) * 100.0;
            if let Some(bin) = figures.bins.iter_mut().rev().find(|bin| percent >= f64::from(bin.from)) {
                bin.accuracy.add(verdict);
            }
        }
        figures
    }
}

fn bins() -> Vec<Bin> {
    let ends = EDGES.iter().skip(1).copied().chain([100]);
    EDGES.iter().zip(ends).map(|(from, to)| Bin { from: *from, to, accuracy: Accuracy::default() }).collect()
}

#[allow(clippy::cast_precision_loss, reason = "counts of incidents are small")]
fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[allow(clippy::cast_precision_loss, reason = "counts of incidents are small")]
fn mean(durations: impl Iterator<Item = SignedDuration>) -> Option<f64> {
    let (sum, count) = durations.fold((0.0, 0_usize), |(sum, count), one| (sum + one.as_secs_f64(), count + 1));
    (count > 0).then(|| sum / count as f64)
}

fn median(mut durations: Vec<SignedDuration>) -> Option<f64> {
    durations.sort_unstable();
    let (middle, even) = (durations.len() / 2, durations.len().is_multiple_of(2));
    let upper = durations.get(middle)?.as_secs_f64();
    Some(if even { (durations[middle - 1].as_secs_f64() + upper) / 2.0 } else { upper })
}
