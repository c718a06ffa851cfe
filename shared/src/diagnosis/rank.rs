//! From findings to causes: which one accounts for the symptoms, and what merely follows from it.
//!
//! 1. Findings of the same cause on the same object become one.
//! 2. A finding's *reach* is what can suffer from its object ([`super::impact`]); its *coverage* the share of the symptoms'
//!    weight within reach. A finding that explains nothing observed loses half.
//! 3. A finding is *explained away* where a deeper one of good strength reaches its object: a crash by the missing Secret,
//!    a victim's failed calls by the dependency that is down. It moves to the rejected, with the reason.
//! 4. What the alarm named, and what changed last, break ties.
//! 5. Confidence: the score, lowered by the runner-up where both claim the same trouble.

use std::collections::BTreeSet;

use super::{Cause, Depth, Finding, Hypothesis, View, impact, symptom::Symptom};
use crate::model::ObjectRef;

/// Claims below this are not told.
const THRESHOLD: f64 = 0.35;
/// Causes told, at most.
const MAX_CAUSES: usize = 5;
/// From this strength on, a deeper finding explains a shallower one away.
const EXPLAINS_AWAY: f64 = 0.5;

struct Candidate {
    finding: Finding,
    reach: BTreeSet<ObjectRef>,
    score: f64,
    explained_by: Option<usize>,
}

/// Ranks findings. Returns causes, the likeliest first, and those explained away.
pub(super) fn rank(view: &View<'_>, findings: Vec<Finding>, symptoms: &[Symptom]) -> (Vec<Cause>, Vec<Hypothesis>) {
    let mut candidates: Vec<Candidate> = merge(findings)
        .into_iter()
        .map(|finding| {
            let mut reach = impact::downstream(view, &finding.object);
            for object in &finding.explains {
                reach.extend(impact::downstream(view, object));
            }
            let score = score(view, &finding, &reach, symptoms);
            Candidate { finding, reach, score, explained_by: None }
        })
        .collect();
    for index in 0..candidates.len() {
        candidates[index].explained_by = explained_by(&candidates, index);
    }
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let key = |index: &usize| {
        let candidate = &candidates[*index];
        (candidate.explained_by.is_some(), std::cmp::Reverse((candidate.score * 1e6) as i64), *index)
    };
    order.sort_by_key(key);
    let mut causes: Vec<Cause> = Vec::new();
    let mut rejected = Vec::new();
    for index in order {
        let candidate = &candidates[index];
        if let Some(deeper) = candidate.explained_by {
            let deeper = &candidates[deeper].finding;
            rejected
                .push(hypothesis(&candidate.finding, format!("follows from {} on {}", deeper.spec.id, deeper.object)));
        } else if candidate.score < THRESHOLD || causes.len() == MAX_CAUSES {
            rejected.push(hypothesis(&candidate.finding, "explains less than the causes named".to_owned()));
        } else {
            causes.push(cause(view, candidate, symptoms));
        }
    }
    calibrate(&mut causes);
    (causes, rejected)
}

/// One finding for each cause and object, the strongest, with the evidence of all.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for mut finding in findings {
        match merged.iter_mut().find(|other| other.spec.id == finding.spec.id && other.object == finding.object) {
            Some(other) => {
                if finding.strength > other.strength {
                    std::mem::swap(other, &mut finding);
                }
                let more = finding.evidence.into_iter().filter(|id| !other.evidence.contains(id)).collect::<Vec<_>>();
                other.evidence.extend(more);
                other.explains.extend(finding.explains);
            }
            None => merged.push(finding),
        }
    }
    merged
}

fn score(view: &View<'_>, finding: &Finding, reach: &BTreeSet<ObjectRef>, symptoms: &[Symptom]) -> f64 {
    let total: f64 = symptoms.iter().map(|symptom| symptom.weight).sum();
    let covered: f64 = symptoms.iter().filter(|it| reach.contains(&it.object)).map(|it| it.weight).sum();
    let share = if total > 0.0 {
        let coverage = covered / total;
        if covered == 0.0 { 0.5 } else { 0.85 + 0.15 * coverage }
    } else {
        0.6
    };
    let named =
        [&view.trigger.workload, &view.trigger.node].into_iter().flatten().any(|name| *name == finding.object.name);
    (finding.strength.clamp(0.0, 0.99) * share + if named { 0.02 } else { 0.0 }).min(0.99)
}

/// The deeper candidate that makes this one a mere consequence.
fn explained_by(candidates: &[Candidate], index: usize) -> Option<usize> {
    let it = &candidates[index];
    if it.finding.spec.depth == Depth::Root {
        return None;
    }
    (0..candidates.len())
        .filter(|&other| {
            let deeper = &candidates[other];
            let reaches = deeper.reach.contains(&it.finding.object);
            let mutual = it.reach.contains(&deeper.finding.object);
            let same = deeper.finding.object == it.finding.object;
            other != index
                && deeper.finding.strength >= EXPLAINS_AWAY
                && reaches
                && (deeper.finding.spec.depth > it.finding.spec.depth
                    || (deeper.finding.spec.depth == it.finding.spec.depth && !mutual && !same))
        })
        .max_by(|a, b| {
            let key = |index: &usize| (candidates[*index].finding.spec.depth, candidates[*index].score);
            let ((depth_a, score_a), (depth_b, score_b)) = (key(a), key(b));
            depth_a.cmp(&depth_b).then(score_a.total_cmp(&score_b)).then(b.cmp(a))
        })
}

fn hypothesis(finding: &Finding, why: String) -> Hypothesis {
    Hypothesis {
        id: finding.spec.cause_id(),
        object: Some(finding.object.clone()),
        why,
        evidence: finding.evidence.clone(),
    }
}

fn cause(view: &View<'_>, candidate: &Candidate, symptoms: &[Symptom]) -> Cause {
    let finding = &candidate.finding;
    let mut evidence = finding.evidence.clone();
    for symptom in symptoms.iter().filter(|symptom| symptom.object == finding.object) {
        if !evidence.contains(&symptom.evidence) {
            evidence.push(symptom.evidence.clone());
        }
    }
    Cause {
        id: finding.spec.cause_id(),
        category: finding.spec.category,
        confidence: candidate.score,
        object: finding.object.clone(),
        summary: finding.summary.clone(),
        facts: finding.facts.clone(),
        evidence,
        affected: impact::affected(view, finding, &candidate.reach, symptoms),
        checks: finding.checks.iter().map(ToString::to_string).collect(),
        actions: finding.actions.clone(),
    }
}

/// Makes scores probabilities of being *the* cause: what the first takes, the others cannot have.
fn calibrate(causes: &mut [Cause]) {
    let Some(first) = causes.first().map(|cause| cause.confidence) else { return };
    let second = causes.get(1).map_or(0.0, |cause| cause.confidence);
    // A runner-up as strong as the first makes it a coin's toss.
    let first_share = first / (first + (second - 0.5).max(0.0) * 0.5);
    let scaled = first * first_share;
    let mut left = 1.0 - scaled;
    for (index, cause) in causes.iter_mut().enumerate() {
        cause.confidence = if index == 0 { scaled } else { (cause.confidence * left).min(left) };
        if index > 0 {
            left -= cause.confidence;
        }
        cause.confidence = (cause.confidence * 100.0).round() / 100.0;
    }
}
