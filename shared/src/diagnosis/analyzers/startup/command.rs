//! container-command-error: the container's command cannot be executed.
//!
//! The runtime reports `StartError`, `ContainerCannotRun`, `RunContainerError` or exit codes 126 to 128, with words such as
//! `exec: "srve": executable file not found in $PATH`
//! (<https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>). A shell that cannot find a
//! program also ends with 127. Easily mistaken for an application crash; but no program ever ran.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{ContainerStatus, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("container-command-error", Category::Startup)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        let failure = workload.containers().filter(|(_, status)| !status.ready);
        let Some((pod, status, message, strength)) =
            failure.filter_map(|(pod, status)| failure_of(status).map(|(message, s)| (pod, status, message, s))).next()
        else {
            continue;
        };
        let containers = workload.template.containers.iter().chain(&workload.template.init_containers);
        let command = containers
            .filter(|it| it.name == status.name)
            .map(|it| it.command.iter().chain(&it.args).cloned().collect::<Vec<_>>().join(" "))
            .next()
            .unwrap_or_default();
        let mut evidence = vec![case.status(&pod.reference(), None, &message)];
        if !command.is_empty() {
            evidence.push(case.spec(&workload.object, format!("container {} command: {command}", status.name)));
        }
        let line: String = message.chars().take(160).collect();
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(strength)
            .summary(format!("the command of container {} cannot be run: {line}", status.name))
            .fact("container", &status.name)
            .fact("error", message.chars().take(120).collect::<String>())
            .because(evidence)
            .since(workload.rolled_out_at())
            .check(Kubectl::describe(&pod.reference()))
            .action(ActionKind::Manual, Risk::Low, "correct the command, or the image it is run from");
        let finding = match workload.previous_template() {
            Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "the revision before could be run"),
            None => finding,
        };
        case.find(finding);
    }
}

/// What the runtime said about a command it could not run, and how sure that is.
fn failure_of(status: &ContainerStatus) -> Option<(String, f64)> {
    let state = &status.state;
    let ended = state.terminated.as_ref().or(status.last_state.terminated.as_ref());
    let waiting = state.waiting.as_ref();
    let words = waiting.map(|it| it.message.as_str()).into_iter().chain(ended.map(|it| it.message.as_str()));
    let cannot = [
        "executable file not found",
        "exec format error",
        "no such file or directory",
        "permission denied",
        "is a directory",
    ];
    let said = words.into_iter().find(|message| {
        let started =
            message.contains("exec") || message.contains("OCI runtime") || message.contains("failed to create");
        started && cannot.iter().any(|it| message.contains(it))
    });
    if let Some(message) = said {
        return Some((message.to_owned(), 0.95));
    }
    let ended = ended?;
    let never_ran = matches!(ended.reason.as_str(), "StartError" | "ContainerCannotRun");
    if never_ran {
        return Some((format!("{}: {}", ended.reason, ended.message), 0.93));
    }
    matches!(ended.exit_code, 126 | 127)
        .then(|| (format!("exit code {}: the shell cannot run the command", ended.exit_code), 0.85))
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_program_that_is_not_in_the_image_is_named() {
        scene()
            .deployment("shop", "api", 1)
            .waiting(
                "shop",
                "api",
                "RunContainerError",
                "failed to create containerd task: OCI runtime create failed: exec: \"srve\": executable file not found in $PATH",
            )
            .expect("container-command-error", "Deployment shop/api");
        scene()
            .deployment("shop", "api", 1)
            .crashing("shop", "api", 127, "Error")
            .expect("container-command-error", "Deployment shop/api");
    }

    #[test]
    fn a_program_that_ran_and_failed_is_not_a_command_error() {
        scene().deployment("shop", "api", 1).crashing("shop", "api", 1, "Error").expect_not("container-command-error");
    }
}
