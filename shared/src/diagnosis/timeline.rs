//! What happened on the way to the incident.

use std::collections::HashSet;

use super::{TimelineEntry, View, revision_label, symptom::Symptom};
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
            add(Some(at), &workload.object, format!("{} rolled out", revision_label(workload.replica_sets[0])));
        }
        let mut known = HashSet::new();
        for event in view.events_about(workload) {
            // A rollout scales its ReplicaSets as it starts; that it started is told already.
            let of_rollout = |at: jiff::Timestamp| {
                event.first_seen().is_some_and(|seen| (seen.as_second() - at.as_second()).abs() <= 5)
            };
            let scaling = match event.reason.as_str() {
                "ScalingReplicaSet" => !workload.rolled_out_at().is_some_and(of_rollout),
                reason => reason == "SuccessfulRescale",
            };
            if scaling || (event.type_ == "Warning" && known.insert(event.reason.as_str())) {
                let text: String = event.message.chars().take(160).collect();
                add(event.first_seen(), &workload.object, format!("{}: {text}", event.reason));
            }
        }
    }
    for node in view.snapshot.nodes.iter() {
        for condition in &node.status.conditions {
            let what = match (condition.type_.as_str(), condition.status.as_str()) {
                ("Ready", "True") => "ready".to_owned(),
                (name @ ("Ready" | "MemoryPressure" | "DiskPressure" | "PIDPressure"), status)
                    if name == "Ready" || status == "True" =>
                {
                    format!("{name} is {status}")
                }
                _ => continue,
            };
            add(condition.last_transition_time, &node.reference(), what);
        }
    }
    for symptom in symptoms {
        add(symptom.since, &symptom.object, symptom.text.clone());
    }
    entries.sort_by(|a, b| (a.time, &a.object, &a.what).cmp(&(b.time, &b.object, &b.what)));
    entries.dedup();
    entries.split_off(entries.len().saturating_sub(MAX_ENTRIES))
}
