//! oom-killed: a container passes its memory limit and the kernel kills it.
//!
//! The runtime reports `OOMKilled` as the reason of the last termination
//! (<https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/>). Easily mistaken for a liveness probe's
//! kill, which also ends with 137 but with reason `Error`, and for an application crash.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Object, Terminated},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("oom-killed", Category::Runtime)];

/// Kills longer ago than this are history.
const RECENT_MINUTES: i64 = 60;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let is_oom = |ended: &&Terminated| {
            ended.reason == "OOMKilled" && (workload.is_short() || view.within(ended.finished_at, RECENT_MINUTES))
        };
        let kills: Vec<_> = workload
            .containers()
            .filter_map(|(pod, status)| {
                let ended =
                    [&status.state.terminated, &status.last_state.terminated].into_iter().flatten().find(is_oom)?;
                Some((pod, status, ended))
            })
            .collect();
        let Some((pod, status, ended)) = kills.first() else { continue };
        let limit = workload.template.containers.iter().find(|it| it.name == status.name);
        let limit =
            limit.and_then(|container| container.resources.limits.get("memory")).map(|it| it.as_str().to_owned());
        let text = format!("container {} ended with OOMKilled, {} restart(s)", status.name, status.restart_count);
        let mut evidence = vec![case.status(&pod.reference(), ended.finished_at, text)];
        let limit = limit.map(|limit| {
            evidence.push(case.spec(&workload.object, format!("container {} memory limit {limit}", status.name)));
            format!(" of {limit}")
        });
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(if workload.is_short() || status.restart_count > 1 { 0.95 } else { 0.85 })
            .summary(format!(
                "container {} passes its memory limit{} and is killed",
                status.name,
                limit.unwrap_or_default()
            ))
            .because(evidence)
            .since(ended.finished_at)
            .check(Kubectl::describe(&pod.reference()))
            .check(Kubectl::top_pods(workload.namespace()))
            .action(ActionKind::Resize, Risk::Medium, "raise the memory limit to what the container needs");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_container_killed_for_memory_is_named() {
        scene()
            .deployment("shop", "api", 2)
            .crashing("shop", "api", 137, "OOMKilled")
            .expect("oom-killed", "Deployment shop/api");
    }

    #[test]
    fn exit_code_137_alone_is_not_out_of_memory() {
        scene().deployment("shop", "api", 2).crashing("shop", "api", 137, "Error").expect_not("oom-killed");
    }
}
