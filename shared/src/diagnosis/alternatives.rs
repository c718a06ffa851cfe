//! The usual suspects: what an engineer would ask first about the first cause's object, with the answer.
//!
//! Analyzers speak of what they found. A reader also wants to know what was looked at and is not it: out of memory, the
//! image, the nodes, a rollout, capacity. Each is tested here against the workload that the first cause is about, and is
//! kept as rejected with what was seen.

use super::{Case, Cause, CauseId, EvidenceId, Hypothesis, Workload};
use crate::model::{Kind, Object};

/// A rollout within this time is a suspect.
const ROLLOUT_MINUTES: i64 = 60;

/// Adds the usual suspects that are not it to the rejected hypotheses.
pub(super) fn reject(case: &mut Case<'_, '_>, causes: &[Cause]) {
    let view = case.view;
    let Some(first) = causes.first() else { return };
    let workload = match first.object.kind {
        Kind::Service => {
            view.service(&first.object.namespace, &first.object.name).and_then(|it| view.workloads_behind(it).next())
        }
        _ => view.workload(&first.object),
    };
    let Some(workload) = workload.filter(|it| it.live_pods().next().is_some()) else { return };
    let mut tested = Vec::new();
    tested.extend(memory(case, workload));
    tested.extend(image(case, workload));
    tested.extend(nodes(case, workload));
    tested.extend(rollout(case, workload));
    for (id, why, evidence) in tested {
        let said = causes.iter().any(|cause| cause.id == id);
        let known = case.rejected.iter().any(|it| it.id == id && it.object.as_ref() == Some(&workload.object));
        if !said && !known {
            let object = Some(workload.object.clone());
            case.rejected.push(Hypothesis { id, object, why, evidence: vec![evidence] });
        }
    }
}

type Tested = Option<(CauseId, String, EvidenceId)>;

fn memory(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Tested {
    let killed = workload.containers().any(|(_, status)| {
        let ended = [&status.state.terminated, &status.last_state.terminated];
        ended.into_iter().flatten().any(|ended| ended.reason == "OOMKilled")
    });
    let restarts: i32 = workload.containers().map(|(_, status)| status.restart_count).sum();
    let text = format!("no container ended with OOMKilled; {restarts} restart(s) in all");
    (!killed).then(|| {
        (
            CauseId::new("oom-killed"),
            "no container ended with OOMKilled".to_owned(),
            case.status(&workload.object, None, text),
        )
    })
}

fn image(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Tested {
    let mut statuses = workload.containers().map(|(_, status)| status).peekable();
    statuses.peek()?;
    let pulled = statuses.all(|status| {
        let started = status.state.running.is_some() || status.state.terminated.is_some();
        started || status.last_state.terminated.is_some()
    });
    let text = "every container has started, so every image was pulled";
    pulled.then(|| {
        (CauseId::new("incorrect-image-reference"), text.to_owned(), case.status(&workload.object, None, text))
    })
}

fn nodes(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Tested {
    let view = case.view;
    let mut names: Vec<&str> =
        workload.live_pods().map(|pod| pod.spec.node_name.as_str()).filter(|it| !it.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let ready = |name: &&str| {
        let conditions = view.node(name).map(|node| node.status.conditions.as_slice()).unwrap_or_default();
        conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True")
    };
    if names.is_empty() || !names.iter().all(ready) {
        return None;
    }
    let text = format!("its pods' nodes are ready: {}", names.join(", "));
    let evidence = case.status(&view.node(names[0])?.reference(), None, &text);
    Some((CauseId::new("node-not-ready"), text, evidence))
}

fn rollout(case: &mut Case<'_, '_>, workload: &Workload<'_>) -> Tested {
    let view = case.view;
    let newest = workload.replica_sets.first()?.metadata.creation_timestamp?;
    if view.within(Some(newest), ROLLOUT_MINUTES) {
        return None;
    }
    let hours = view.age(Some(newest))?.as_hours();
    let text = format!("the newest revision is {hours} h old");
    let evidence = case.status(&workload.object, Some(newest), &text);
    Some((CauseId::new("bad-rollout"), text, evidence))
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn the_usual_suspects_are_ruled_out_with_what_was_seen() {
        let diagnosis = scene().deployment("shop", "api", 2).crashing("shop", "api", 1, "Error").diagnose();
        let rejected: Vec<_> = diagnosis.rejected.iter().map(|it| (it.id.as_str(), it.why.as_str())).collect();
        assert!(rejected.contains(&("oom-killed", "no container ended with OOMKilled")), "{rejected:?}");
        assert!(rejected.contains(&("node-not-ready", "its pods' nodes are ready: node-a, node-b")), "{rejected:?}");
        assert!(diagnosis.rejected.iter().all(|it| !it.evidence.is_empty()));
    }

    #[test]
    fn what_is_the_cause_is_not_ruled_out() {
        let diagnosis = scene().deployment("shop", "api", 2).crashing("shop", "api", 137, "OOMKilled").diagnose();
        assert!(diagnosis.rejected.iter().all(|it| it.id.as_str() != "oom-killed"));
    }
}
