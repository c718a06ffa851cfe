//! What happened on the way to the incident.

use std::collections::HashSet;

use super::{TimelineEntry, View, symptom::Symptom};
use crate::model::{Object, ObjectRef};

/// How far back it goes.
const WINDOW_MINUTES: i64 = 60;
/// Entries, at most; the newest are kept.
const MAX_ENTRIES: usize = 40;

/// Rollouts, scaling, first warnings, node changes and symptoms of the last hour, oldest first.
pub(super) fn timeline(view: &View<'_>, symptoms: &[Symptom]) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
    let mut add = |time: Option<jiff::Timestamp>, object: &ObjectRef, what: String| {
        if let Some(time) = time.filter(|time| view.within(Some(*time), WINDOW_MINUTES)) {
            entries.push(TimelineEntry { time, object: object.clone(), what });
        }
    };
    for workload in view.workloads() {
        if let Some(at) = workload.rolled_out_at() {
            let revision = workload.replica_sets.len();
            add(Some(at), &workload.object, format!("rolled out anew (revision {revision} kept or later)"));
        }
        let mut known = HashSet::new();
        for event in view.events_about(workload) {
            let scaling = event.reason == "ScalingReplicaSet" || event.reason == "SuccessfulRescale";
            if scaling || (event.type_ == "Warning" && known.insert(event.reason.as_str())) {
                let text: String = event.message.chars().take(160).collect();
                add(event.first_seen(), &workload.object, format!("{}: {text}", event.reason));
            }
        }
    }
    for node in view.snapshot.nodes.iter() {
        for condition in &node.status.conditions {
            let bad = (condition.type_ == "Ready") != (condition.status == "True");
            let word = if bad { "since" } else { "well since" };
            add(condition.last_transition_time, &node.reference(), format!("{} {word}", condition.type_));
        }
    }
    for symptom in symptoms {
        add(symptom.since, &symptom.object, symptom.text.clone());
    }
    entries.sort_by(|a, b| (a.time, &a.object, &a.what).cmp(&(b.time, &b.object, &b.what)));
    entries.dedup();
    entries.split_off(entries.len().saturating_sub(MAX_ENTRIES))
}
