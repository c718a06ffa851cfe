//! A pod's status as the kubelet writes it.

use serde_json::{Value, json};

use super::behaviour;
use super::kinds::Kind;
use super::kubelet::{ContainerRun, Instance, PodRun, Stage};
use super::objects::stamp;
use super::pods::set_condition;
use super::state::State;
use super::store::Key;

/// Writes the status of a pod; nothing where it has not changed.
pub(crate) fn write(state: &mut State, key: &Key, run: &PodRun) {
    let now = state.now;
    let host = node_ip(state, &run.node);
    let noise = state.noise;
    state.change(Kind::Pod, key, |pod| {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let statuses: Vec<Value> = run
            .containers
            .iter()
            .map(|container| container_status(key, &uid, container, &noise.of(&container.image).hex(64)))
            .collect();
        let unready: Vec<&str> = run.containers.iter().filter(|c| !c.ready).map(|c| c.name.as_str()).collect();
        let phase = phase(run);
        let ended = phase == "Succeeded" || phase == "Failed";
        let status = &mut pod["status"];
        status["phase"] = json!(phase);
        status["hostIP"] = json!(host);
        status["hostIPs"] = json!([{ "ip": host }]);
        status["startTime"] = json!(stamp(run.accepted));
        status["containerStatuses"] = json!(statuses);
        let sandboxed = run.containers.iter().any(|container| !matches!(container.stage, Stage::Creating { .. }));
        if sandboxed {
            status["podIP"] = json!(run.ip);
            status["podIPs"] = json!([{ "ip": run.ip }]);
        }
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        let (ready, reason, message) = match (unready.is_empty(), phase) {
            (true, _) => ("True", "", String::new()),
            (false, "Succeeded") => ("False", "PodCompleted", String::new()),
            (false, "Failed") => ("False", "PodFailed", String::new()),
            (false, _) => ("False", "ContainersNotReady", message),
        };
        let flag = |yes: bool| if yes { "True" } else { "False" };
        set_condition(pod, now, "PodReadyToStartContainers", flag(sandboxed && !ended), "", "");
        set_condition(pod, now, "Initialized", "True", if phase == "Succeeded" { "PodCompleted" } else { "" }, "");
        set_condition(pod, now, "Ready", ready, reason, &message);
        set_condition(pod, now, "ContainersReady", ready, reason, &message);
    });
}

fn phase(run: &PodRun) -> &'static str {
    let ended = |container: &&ContainerRun| container.stage == Stage::Ended;
    if run.containers.iter().filter(ended).count() == run.containers.len() {
        let failed = run
            .containers
            .iter()
            .filter_map(|c| c.current.as_ref()?.ended.as_ref())
            .any(|(_, ending)| ending.exit_code() != 0);
        return if failed { "Failed" } else { "Succeeded" };
    }
    let started = run.containers.iter().all(|container| container.current.is_some());
    if started { "Running" } else { "Pending" }
}

fn container_status(key: &Key, uid: &str, container: &ContainerRun, digest: &str) -> Value {
    let repository = container.image.rsplit_once(':').map_or(container.image.as_str(), |(repository, _)| repository);
    let waiting = |reason: &str, message: Option<String>| {
        let mut waiting = json!({ "reason": reason });
        if let Some(message) = message {
            waiting["message"] = json!(message);
        }
        json!({ "waiting": waiting })
    };
    let state = match &container.stage {
        Stage::Creating { .. } | Stage::Pulling { .. } => waiting("ContainerCreating", None),
        Stage::PullFailed { tries, .. } if tries % 2 == 1 => {
            waiting("ErrImagePull", Some(behaviour::pull_error(&container.image)))
        }
        Stage::PullFailed { .. } => waiting(
            "ImagePullBackOff",
            Some(format!(
                "Back-off pulling image \"{}\": ErrImagePull: {}",
                container.image,
                behaviour::pull_error(&container.image)
            )),
        ),
        Stage::ConfigError { message, .. } => waiting("CreateContainerConfigError", Some(message.clone())),
        Stage::Running { .. } => {
            json!({ "running": { "startedAt": container.current.as_ref().map(|i| stamp(i.started)) } })
        }
        Stage::BackOff { until } => match &container.current {
            Some(instance) if instance.ended.as_ref().is_some_and(|(at, _)| until - at <= 1) => terminated(instance),
            current => {
                let seconds = current.as_ref().and_then(|i| i.ended.as_ref()).map_or(10, |(at, _)| until - at);
                let delay =
                    if seconds >= 60 { format!("{}m{}s", seconds / 60, seconds % 60) } else { format!("{seconds}s") };
                let message = format!(
                    "back-off {delay} restarting failed container={} pod={}_{}({uid})",
                    container.name, key.name, key.namespace
                );
                waiting("CrashLoopBackOff", Some(message))
            }
        },
        Stage::Ended => container.current.as_ref().map(terminated).unwrap_or_default(),
    };
    let running = matches!(container.stage, Stage::Running { .. });
    // Between two runs the run that has just ended is already the last one.
    let last = match (&container.stage, &container.current) {
        (Stage::BackOff { until }, Some(instance)) if instance.ended.as_ref().is_some_and(|(at, _)| until - at > 1) => {
            Some(instance)
        }
        _ => container.last.as_ref(),
    };
    let shown = container.current.as_ref().or(container.last.as_ref());
    let mut status = json!({
        "name": container.name,
        "image": container.image,
        "imageID": if shown.is_some() { format!("{repository}@sha256:{digest}") } else { String::new() },
        "ready": container.ready,
        "started": running,
        "restartCount": container.restarts,
        "state": state,
        "lastState": last.map(terminated).unwrap_or_else(|| json!({})),
    });
    if let Some(instance) = shown {
        status["containerID"] = json!(instance.id);
    }
    status
}

fn terminated(instance: &Instance) -> Value {
    let Some((at, ending)) = &instance.ended else { return json!({}) };
    json!({ "terminated": {
        "exitCode": ending.exit_code(), "reason": ending.reason(), "containerID": instance.id,
        "startedAt": stamp(instance.started), "finishedAt": stamp(*at),
    } })
}

/// Why a container is not running, in one word.
pub(crate) fn waiting_reason(container: &ContainerRun) -> &'static str {
    match &container.stage {
        Stage::PullFailed { tries, .. } if tries % 2 == 1 => "ErrImagePull",
        Stage::PullFailed { .. } => "ImagePullBackOff",
        Stage::ConfigError { .. } => "CreateContainerConfigError",
        _ => "ContainerCreating",
    }
}

/// A node's internal address.
pub(crate) fn node_ip(state: &State, node: &str) -> String {
    let address = |object: &Value| object["status"]["addresses"][0]["address"].as_str().map(str::to_owned);
    state.store.get(Kind::Node, "", node).and_then(|node| address(node)).unwrap_or_default()
}
