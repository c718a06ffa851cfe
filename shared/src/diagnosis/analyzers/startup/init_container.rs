//! init-container-failure: an init container fails, so the containers behind it never start.
//!
//! <https://kubernetes.io/docs/tasks/debug/debug-application/debug-init-containers/>. A mechanism: what the init container could
//! not do (reach a database, read a Secret) is the cause where it can be seen. Easily mistaken for a pod that is slow to
//! start, since an init container may well take its time; only one that ended with an error counts.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Level, Risk},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("init-container-failure", Category::Startup)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let failed = workload.live_pods().find_map(|pod| {
            pod.status.init_container_statuses.iter().find_map(|status| {
                let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())?;
                (ended.exit_code != 0 && !status.ready).then_some((pod, status, ended))
            })
        });
        let Some((pod, status, ended)) = failed else { continue };
        let text = format!(
            "init container {} ended with exit code {} ({}), {} restart(s)",
            status.name, ended.exit_code, ended.reason, status.restart_count
        );
        let mut evidence = vec![case.status(&pod.reference(), ended.finished_at, text)];
        let patterns = view.patterns_of(workload).iter().filter(|it| it.container == status.name);
        let words = patterns.max_by_key(|it| (it.level == Level::Error, it.at_end, it.last_seen));
        evidence.extend(words.map(|pattern| case.log(pattern)));
        let line =
            words.map(|it| format!(": {}", it.example.chars().take(120).collect::<String>())).unwrap_or_default();
        let mut finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(0.88)
            .summary(format!("init container {} fails with exit code {}{line}", status.name, ended.exit_code))
            .fact("container", &status.name)
            .fact("exit_code", ended.exit_code.to_string())
            .because(evidence)
            .since(ended.finished_at)
            .check(Kubectl::logs(&pod.reference(), Some(&status.name), false))
            .check(Kubectl::describe(&pod.reference()))
            .action(ActionKind::Manual, Risk::Low, "mend what the init container waits for or does");
        if let Some(words) = words {
            finding = finding.fact("words", words.example.chars().take(120).collect::<String>());
        }
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{at, scene},
        model::{ContainerState, ContainerStatus, Terminated},
    };

    fn init_status(exit_code: i32) -> ContainerStatus {
        let ended = Terminated {
            exit_code,
            reason: "Error".into(),
            finished_at: Some(at("11:58:00")),
            ..Terminated::default()
        };
        ContainerStatus {
            name: "migrate".into(),
            restart_count: 4,
            ready: exit_code == 0,
            state: ContainerState { terminated: Some(ended), ..ContainerState::default() },
            ..ContainerStatus::default()
        }
    }

    #[test]
    fn an_init_container_that_fails_is_named() {
        scene()
            .deployment("shop", "api", 1)
            .waiting("shop", "api", "PodInitializing", "")
            .edit_pods("shop", "api", |pod| pod.status.init_container_statuses = vec![init_status(1)])
            .expect("init-container-failure", "Deployment shop/api");
    }

    #[test]
    fn an_init_container_that_is_done_is_no_failure() {
        scene()
            .deployment("shop", "api", 1)
            .edit_pods("shop", "api", |pod| pod.status.init_container_statuses = vec![init_status(0)])
            .expect_healthy();
    }
}
