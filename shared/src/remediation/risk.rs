//! How much can go wrong, and why: a score of points, each with its reason.
//!
//! Points come from the action itself, from what it reaches, from where and when, and from how sure the cause is. Up to 29
//! points are low, up to 59 medium, above that high. Some reasons alone make a level: a StatefulSet, possible data loss or
//! more than half of the replicas are never low, data loss together with a StatefulSet is high.
//!
//! Leaving a zone has points of its own. It evicts nothing, so no disruption budget speaks; it is taken back by one call and
//! ends by itself; and it is not asked for before the other zones are shown to carry it. What is risky about it is what such
//! a proof does not cover: a workload that has most of its pods there, volumes that tie a StatefulSet's majority to the zone,
//! a single zone that remains, a rollout that may be the cause.

use serde::{Deserialize, Serialize};

use super::{Action, BlastRadius, Environment, Facts};
use crate::diagnosis::Risk;

/// A risk with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Low, medium or high.
    pub level: Risk,
    /// 0 to 100.
    pub score: u8,
    /// Where the points come from, the most first.
    pub reasons: Vec<Reason>,
}

/// A reason and its points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which.
    pub why: Why,
    /// Points.
    pub points: u8,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Why {
    /// What the action is.
    Action {
        /// Its name.
        action: String,
    },
    /// So many of the workload's ready pods at once.
    Share {
        /// In percent.
        percent: u32,
    },
    /// A StatefulSet is among what is reached.
    Stateful {
        /// Which.
        object: String,
    },
    /// Data may be lost.
    DataAtRisk {
        /// What.
        what: String,
    },
    /// A disruption budget lets no pod go.
    NoHeadroom {
        /// Which budget.
        budget: String,
    },
    /// Customers are served from here.
    Environment {
        /// `production`, `staging`, `development`.
        environment: String,
    },
    /// Outside of working hours: fewer people see what happens.
    Hours,
    /// The cause is not certain.
    Confidence {
        /// In percent.
        percent: u32,
    },
    /// There is no way back.
    NoUndo,
    /// A rollout that does not end, which may be the cause.
    Rollout {
        /// Of what.
        object: String,
    },
    /// It is not shown that the other zones can carry it.
    Unproven,
    /// One zone remains: whatever happens to it happens to all.
    LastZone {
        /// Which.
        zone: String,
    },
    /// Most of a workload's ready pods are in the zone.
    Concentrated {
        /// Which workload.
        object: String,
        /// In percent.
        percent: u32,
    },
}

/// Points an action has by itself: how much a mistake with it would cost.
fn base(action: &Action) -> u8 {
    match action {
        // They evict nothing, and one call takes them back: what they cost is what they reach.
        Action::Uncordon(_) | Action::Untaint(_) | Action::ZonalShift(_) => 5,
        Action::RestartPod(_) | Action::AdjustHpa(_) => 8,
        Action::Cordon(_) | Action::Isolate(_) | Action::SetNodePoolLimits(_) => 12,
        // It evicts nothing: a cordon by another name.
        Action::Taint(taint) if taint.effect != "NoExecute" => 12,
        Action::Resize(_) | Action::Scale(_) => 18,
        Action::RestartRollout(_) | Action::RollBack(_) | Action::Taint(_) => 22,
        Action::Drain(_) => 32,
    }
}

/// Assesses an action.
pub fn assess(action: &Action, blast: &BlastRadius, facts: &Facts) -> Assessment {
    let mut reasons = vec![Reason { why: Why::Action { action: action.name().to_owned() }, points: base(action) }];
    let mut add = |points: u8, why: Why| {
        if points > 0 {
            reasons.push(Reason { why, points });
        }
    };
    let share = u8::try_from(blast.serving_percent.min(100) * 35 / 100).unwrap_or(35);
    let zone = match action {
        Action::ZonalShift(shift) => Some(shift),
        _ => None,
    };
    // What is taken away from serving is carried by the others: that is known before, and counts a third.
    add(if zone.is_some() { share / 3 } else { share }, Why::Share { percent: blast.serving_percent });
    if let Some(object) = blast.stateful.first() {
        add(25, Why::Stateful { object: object.to_string() });
    }
    if let Some(what) = blast.data_at_risk.first() {
        add(20, Why::DataAtRisk { what: what.clone() });
    }
    let evicts = zone.is_none() && blast.serving_percent > 0;
    if let Some(headroom) = blast.headroom.as_ref().filter(|headroom| headroom.allowed < 1 && evicts) {
        add(10, Why::NoHeadroom { budget: headroom.budget.clone() });
    }
    let environment = facts.rules.environment;
    let points = match environment {
        Environment::Production => 8,
        Environment::Staging => 3,
        Environment::Development => 0,
    };
    add(points, Why::Environment { environment: environment.as_str().to_owned() });
    add(if facts.rules.asleep { 4 } else { 0 }, Why::Hours);
    let doubt = (1.0 - facts.confidence.clamp(0.0, 1.0)) * 30.0;
    // At most 30, and not negative.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=30 and 0..=100")]
    let (doubt, percent) = (doubt as u8, (facts.confidence.clamp(0.0, 1.0) * 100.0).round() as u32);
    add(doubt, Why::Confidence { percent });
    if matches!(action.undo(facts), super::Undo::Nothing { .. }) {
        add(3, Why::NoUndo);
    }
    if let Some(shift) = zone {
        if let Some(object) = shift.rollout(facts) {
            add(15, Why::Rollout { object: object.to_string() });
        }
        if !shift.room(facts).is_ok_and(|room| room.carries()) {
            add(30, Why::Unproven);
        }
        if let [zone] = shift.other_zones(facts).as_slice() {
            add(20, Why::LastZone { zone: zone.to_string() });
        }
        let shares = shift.shares(facts).into_iter().filter(|(object, _)| !blast.stateful.contains(object));
        if let Some((object, percent)) = shares.max_by_key(|(_, share)| *share).filter(|(_, share)| *share > 50) {
            add(25, Why::Concentrated { object: object.to_string(), percent });
        }
    }
    let score = reasons.iter().map(|reason| u32::from(reason.points)).sum::<u32>().min(100);
    let by_score = match score {
        0..=29 => Risk::Low,
        30..=59 => Risk::Medium,
        _ => Risk::High,
    };
    let (stateful, data) = (!blast.stateful.is_empty(), !blast.data_at_risk.is_empty());
    let at_least = match (stateful, data, blast.share_percent > 50) {
        (true, true, _) => Risk::High,
        (false, false, false) => Risk::Low,
        _ => Risk::Medium,
    };
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points));
    Assessment { level: by_score.max(at_least), score: u8::try_from(score).unwrap_or(100), reasons }
}
