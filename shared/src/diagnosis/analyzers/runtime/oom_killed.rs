//! oom-killed: a container passes its memory limit and the kernel kills it.
//!
//! The runtime reports `OOMKilled` as the reason of the last termination
//! (<https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/>). Easily mistaken for a liveness probe's
//! kill, which also ends with 137 but with reason `Error`, and for an application crash. A limit below what the runtime itself
//! needs kills before the process is there: then there is no status, only the sandbox that cannot be made, with
//! "container init was OOM-killed" as the reason.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, Workload},
    model::{Object, Terminated},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("oom-killed", Category::Runtime)];

/// Kills longer ago than this are history.
const RECENT_MINUTES: i64 = 60;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        examine_start(case, workload);
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
        let known = limit.clone().unwrap_or_default();
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
            .fact("container", &status.name)
            .fact("limit", known)
            .because(evidence)
            .since(ended.finished_at)
            .check(Kubectl::describe(&pod.reference()))
            .check(Kubectl::top_pods(workload.namespace()))
            .action(ActionKind::Resize, Risk::Medium, "raise the memory limit to what the container needs");
        case.find(finding);
    }
}

/// Kills before the process was there.
fn examine_start(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    let killed = |text: &str| text.to_ascii_lowercase().contains("oom-killed");
    let event = view.events_about(workload).iter().rev().copied().find(|event| {
        killed(&event.message) && view.is_about_existing(event) && view.within(event.last_seen(), RECENT_MINUTES)
    });
    let waiting = workload.containers().find_map(|(pod, status)| {
        let ended = status.last_state.terminated.iter().chain(&status.state.terminated).map(|it| &it.message);
        let message = status.state.waiting.iter().map(|it| &it.message).chain(ended).find(|text| killed(text))?;
        Some((pod.reference(), message.clone()))
    });
    if !workload.is_short() || (event.is_none() && waiting.is_none()) {
        return;
    }
    let limits: Vec<String> = workload
        .template
        .containers
        .iter()
        .filter_map(|it| Some(format!("container {} memory limit {}", it.name, it.resources.limits.get("memory")?)))
        .collect();
    let first_limit =
        workload.template.containers.iter().find_map(|it| Some(it.resources.limits.get("memory")?.as_str().to_owned()));
    let mut evidence = Vec::new();
    evidence.extend(event.map(|event| case.event(event)));
    evidence.extend(waiting.map(|(pod, message)| case.status(&pod, None, message)));
    if !limits.is_empty() {
        evidence.push(case.spec(&workload.object, limits.join(", ")));
    }
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(0.96)
        .summary(match limits.is_empty() {
            true => "killed for memory before it could start".to_owned(),
            false => format!("killed for memory before it could start: {}", limits.join(", ")),
        })
        .fact("before", "start")
        .fact("start_limit", first_limit.unwrap_or_default())
        .because(evidence)
        .since(event.and_then(|event| event.first_seen()))
        .check(Kubectl::describe(&workload.object))
        .action(ActionKind::Resize, Risk::Medium, "raise the memory limit to what the container needs");
    case.find(finding);
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

    #[test]
    fn a_limit_below_what_the_runtime_needs_kills_before_the_start() {
        scene()
            .deployment("shop", "api", 1)
            .waiting("shop", "api", "ContainerCreating", "")
            .event(
                "Pod shop/api-rs1-0",
                "FailedCreatePodSandBox",
                "runc create failed: container init was OOM-killed (memory limit too low?): unknown",
            )
            .expect("oom-killed", "Deployment shop/api");
    }
}
