//! What the API server answered to controllers that tried to make pods: common ground of the admission analyzers.

use crate::{
    diagnosis::{Case, EvidenceId, Workload},
    model::{Condition, Event},
};

/// Refusals older than this are history, unless a condition repeats them.
const RECENT_MINUTES: i64 = 60;

/// One refusal.
pub(super) struct Refusal {
    /// The API server's message.
    pub(super) message: String,
    /// The evidence.
    pub(super) evidence: EvidenceId,
    /// Since when.
    pub(super) since: Option<jiff::Timestamp>,
}

/// What keeps a workload's pods from being made now, the newest message last.
///
/// Empty for workloads that have all their pods: whatever was refused has been granted since.
pub(super) fn refusals(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Vec<Refusal> {
    let view = case.view;
    let has_all = workload.current_pods().count() as i32 >= workload.desired && workload.read && !workload.is_job();
    let condition = workload.conditions.iter().find(|it| it.type_ == "ReplicaFailure" && it.status == "True");
    if has_all && condition.is_none() {
        return Vec::new();
    }
    // A pod made after a refusal shows that it was overcome; controllers repeat what is not, backing off by and by.
    let newest = workload.live_pods().filter_map(|pod| pod.metadata.creation_timestamp).max();
    let overcome = |event: &Event| newest.is_some_and(|made| event.last_seen().is_some_and(|seen| seen < made));
    let mut all = Vec::new();
    for event in view.events_about(workload) {
        if is_refusal(event)
            && !overcome(event)
            && view.within(event.last_seen(), RECENT_MINUTES)
            && view.is_about_existing(event)
        {
            let evidence = case.event(event);
            all.push(Refusal { message: event.message.clone(), evidence, since: event.first_seen() });
        }
    }
    if let Some(Condition { message, last_transition_time, .. }) = condition {
        let evidence = case.status(&workload.object, *last_transition_time, message);
        all.push(Refusal { message: message.clone(), evidence, since: *last_transition_time });
    }
    all
}

fn is_refusal(event: &Event) -> bool {
    event.type_ == "Warning"
        && matches!(event.reason.as_str(), "FailedCreate" | "FailedUpdate" | "ReplicaSetCreateError")
}
