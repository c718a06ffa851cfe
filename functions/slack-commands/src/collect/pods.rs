//! What a pod comes to, in one word: the one that `kubectl get pods` shows.

use shared::model::{ContainerStatus, Pod};

/// How a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Running,
    Pending,
    Error,
    Completed,
}

/// Why a container waits when it will not start by waiting.
const FAILING: &[&str] = &[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreStartHookError",
    "PostStartHookError",
];

/// A pod's condition and the word for it.
pub(crate) fn condition(pod: &Pod) -> (Condition, String) {
    let status = &pod.status;
    let of_init = status.init_container_statuses.iter().find_map(|container| word(container, "Init:"));
    let of_container = status.container_statuses.iter().find_map(|container| word(container, ""));
    let phase = if status.reason.is_empty() { status.phase.clone() } else { status.reason.clone() };
    match status.phase.as_str() {
        "Succeeded" => (Condition::Completed, phase),
        "Failed" => (Condition::Error, phase),
        "Unknown" => (Condition::Error, phase),
        "Pending" => match of_init.or(of_container) {
            Some((true, word)) => (Condition::Error, word),
            Some((false, word)) => (Condition::Pending, word),
            None => (Condition::Pending, unscheduled(pod).unwrap_or(phase)),
        },
        _ => match of_init.or(of_container) {
            Some((true, word)) => (Condition::Error, word),
            Some((false, _)) | None => (Condition::Running, phase),
        },
    }
}

/// What a container says of its pod, and whether it is failing.
fn word(container: &ContainerStatus, prefix: &str) -> Option<(bool, String)> {
    if let Some(waiting) = &container.state.waiting {
        let failing = FAILING.contains(&waiting.reason.as_str());
        return Some((failing, format!("{prefix}{}", waiting.reason))).filter(|_| !waiting.reason.is_empty());
    }
    let ended = container.state.terminated.as_ref()?;
    if ended.exit_code == 0 {
        return None;
    }
    let reason = if ended.reason.is_empty() { format!("ExitCode:{}", ended.exit_code) } else { ended.reason.clone() };
    Some((true, format!("{prefix}{reason}")))
}

/// `Unschedulable`, or another reason why it has no node yet.
fn unscheduled(pod: &Pod) -> Option<String> {
    let condition = pod.status.conditions.iter().find(|condition| condition.type_ == "PodScheduled")?;
    (condition.status == "False" && !condition.reason.is_empty()).then(|| condition.reason.clone())
}

#[cfg(test)]
mod tests {
    use shared::model::{ContainerState, Terminated, Waiting};

    use super::*;

    fn pod(phase: &str, state: ContainerState) -> Pod {
        let mut pod = Pod::default();
        pod.status.phase = phase.into();
        pod.status.container_statuses = vec![ContainerStatus { state, ..ContainerStatus::default() }];
        pod
    }

    fn waiting(reason: &str) -> ContainerState {
        ContainerState { waiting: Some(Waiting { reason: reason.into(), ..Waiting::default() }), ..Default::default() }
    }

    fn ended(exit_code: i32, reason: &str) -> ContainerState {
        let terminated = Terminated { exit_code, reason: reason.into(), ..Terminated::default() };
        ContainerState { terminated: Some(terminated), ..Default::default() }
    }

    #[test]
    fn a_pod_is_what_its_containers_make_of_it() {
        let cases = [
            (pod("Running", ContainerState::default()), Condition::Running, "Running"),
            (pod("Running", waiting("CrashLoopBackOff")), Condition::Error, "CrashLoopBackOff"),
            (pod("Running", ended(137, "OOMKilled")), Condition::Error, "OOMKilled"),
            (pod("Running", ended(0, "Completed")), Condition::Running, "Running"),
            (pod("Pending", waiting("ContainerCreating")), Condition::Pending, "ContainerCreating"),
            (pod("Pending", waiting("ImagePullBackOff")), Condition::Error, "ImagePullBackOff"),
            (pod("Succeeded", ended(0, "Completed")), Condition::Completed, "Succeeded"),
            (pod("Failed", ended(1, "Error")), Condition::Error, "Failed"),
        ];
        for (pod, expected, word) in cases {
            assert_eq!(condition(&pod), (expected, word.to_owned()));
        }
    }
}
