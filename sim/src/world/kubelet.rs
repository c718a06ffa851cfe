//! The kubelets: what becomes of a pod on its node, second by second.
//!
//! Each container is a small state machine ([`Stage`]); [`step`] moves a pod's containers to where they should be by now,
//! writes the status the real kubelet would write, and sets the timer for the next move. The kubelet of a dead node does
//! nothing: its pods stay as the API last saw them.

use serde_json::{Value, json};

use super::behaviour::{self, Ending};
use super::events::Tone;
use super::kinds::Kind;
use super::objects::stamp;
use super::pod_status;
use super::state::{State, Wake};
use super::store::Key;
use super::traffic::PodSeries;

/// Longest wait between two restarts of a crashing container.
const LONGEST_BACK_OFF_S: i64 = 300;
/// How long a container has to run for its back-off to start over.
const BACK_OFF_RESET_S: i64 = 600;

/// A pod on its node.
#[derive(Debug, Clone)]
pub(crate) struct PodRun {
    pub(crate) app: Option<usize>,
    pub(crate) node: String,
    pub(crate) ip: String,
    pub(crate) containers: Vec<ContainerRun>,
    pub(crate) accepted: i64,
    /// When its containers are gone, once it is being deleted.
    pub(crate) gone_at: Option<i64>,
    pub(crate) series: Option<PodSeries>,
    /// Millicores and MiB used over the last minute.
    pub(crate) used: (f64, f64),
}

/// A container of a pod.
#[derive(Debug, Clone)]
pub(crate) struct ContainerRun {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) stage: Stage,
    pub(crate) restarts: i64,
    pub(crate) back_off_s: i64,
    pub(crate) ready: bool,
    pub(crate) current: Option<Instance>,
    pub(crate) last: Option<Instance>,
}

/// Where a container is in its life.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    /// Waiting for volumes and sandbox, until then.
    Creating { until: i64 },
    /// Its image is being pulled.
    Pulling { since: i64, until: i64 },
    /// The image could not be pulled; tried again then.
    PullFailed { until: i64, tries: u32 },
    /// A ConfigMap or Secret it names does not exist; tried again then.
    ConfigError { until: i64, message: String },
    /// Running; ready from then on, and ending then.
    Running { ready_at: Option<i64>, end: Option<(i64, Ending)> },
    /// Crashed; started again then.
    BackOff { until: i64 },
    /// Ended for good.
    Ended,
}

/// One run of a container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) started: i64,
    pub(crate) ended: Option<(i64, Ending)>,
}

/// The scheduler has put a pod on a node.
pub(crate) fn bound(state: &mut State, key: &Key, pod: &Value) {
    let number = {
        state.drawn += 1;
        state.drawn
    };
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    let node_ip = pod_status::node_ip(state, &node);
    let ip = if pod["spec"]["hostNetwork"] == true {
        node_ip
    } else {
        format!("10.0.{}.{}", 64 + number / 250 % 190, number % 250 + 4)
    };
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let run = PodRun {
        app: state.app_of(pod),
        node,
        ip,
        containers: containers
            .iter()
            .map(|container| ContainerRun {
                name: container["name"].as_str().unwrap_or_default().to_owned(),
                image: container["image"].as_str().unwrap_or_default().to_owned(),
                stage: Stage::Creating { until: state.now + 2 },
                restarts: 0,
                back_off_s: 0,
                ready: false,
                current: None,
                last: None,
            })
            .collect(),
        accepted: state.now,
        gone_at: None,
        series: None,
        used: (0.0, 0.0),
    };
    state.runs.insert(key.clone(), run);
}

/// Starts a pod's graceful end; a pod that never ran is gone at once.
pub(crate) fn terminate(state: &mut State, key: &Key) -> Option<std::sync::Arc<super::store::Object>> {
    let pod = state.store.at(Kind::Pod, key)?.clone();
    let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if over || !state.runs.contains_key(key) {
        return state.remove(Kind::Pod, key);
    }
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return Some(pod);
    }
    let grace = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let now = state.now;
    let marked = state.change(Kind::Pod, key, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(stamp(now + grace));
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    })?;
    let Some(run) = state.runs.get_mut(key) else { return Some(marked) };
    run.gone_at = Some(now + 2);
    let (names, dead) =
        (run.containers.iter().map(|c| c.name.clone()).collect::<Vec<_>>(), state.dead_nodes.contains_key(&run.node));
    if !dead {
        for name in names {
            state.kubelet_event(&marked, &name, Tone::Normal, "Killing", &format!("Stopping container {name}"));
        }
    }
    state.after(2, Wake::Pod(key.clone()));
    Some(marked)
}

/// Moves a pod's containers to where they should be by now.
pub(crate) fn step(state: &mut State, key: &Key) {
    let Some(pod) = state.store.at(Kind::Pod, key).cloned() else { return };
    let Some(mut run) = state.runs.remove(key) else { return };
    if state.dead_nodes.contains_key(&run.node) {
        state.runs.insert(key.clone(), run);
        return;
    }
    if run.gone_at.is_some_and(|gone_at| gone_at <= state.now) {
        state.runs.insert(key.clone(), run);
        state.remove(Kind::Pod, key);
        return;
    }
    if run.gone_at.is_none() {
        for index in 0..run.containers.len() {
            let mut container = run.containers[index].clone();
            // One container may pass several stages within a second.
            while advance(state, &pod, &run, index, &mut container) {}
            run.containers[index] = container;
        }
    }
    let next = run.containers.iter().filter_map(next_move).chain(run.gone_at).filter(|at| *at > state.now).min();
    if let Some(at) = next {
        state.after(at - state.now, Wake::Pod(key.clone()));
    }
    pod_status::write(state, key, &run);
    state.runs.insert(key.clone(), run);
}

fn next_move(container: &ContainerRun) -> Option<i64> {
    match &container.stage {
        Stage::Creating { until } | Stage::Pulling { until, .. } | Stage::PullFailed { until, .. } => Some(*until),
        Stage::ConfigError { until, .. } | Stage::BackOff { until } => Some(*until),
        Stage::Running { ready_at, end } => {
            let ready = ready_at.filter(|_| !container.ready);
            ready.into_iter().chain(end.iter().map(|(at, _)| *at)).min()
        }
        Stage::Ended => None,
    }
}

/// One move of one container; whether there was one.
fn advance(state: &mut State, pod: &Value, run: &PodRun, index: usize, container: &mut ContainerRun) -> bool {
    let now = state.now;
    let spec = pod["spec"]["containers"][index].clone();
    match container.stage.clone() {
        Stage::Creating { until } if until <= now => {
            if let Some((volume, missing)) = behaviour::missing_volume(state, pod) {
                let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {missing}");
                state.kubelet_event(pod, "", Tone::Warning, "FailedMount", &message);
                container.stage = Stage::Creating { until: now + 30 };
            } else {
                pull(state, pod, run, container);
            }
        }
        Stage::Pulling { since, until } if until <= now => {
            if behaviour::image_exists(state, &container.image) {
                state.traffic.images.entry(run.node.clone()).or_default().insert(container.image.clone());
                let took = format!("{}.{:03}s", until - since, state.noise.of(&container.image).below(1000));
                let size = 40_000_000 + state.noise.of(&container.image).below(200_000_000);
                let message = format!(
                    "Successfully pulled image \"{}\" in {took} ({took} including waiting). Image size: {size} bytes.",
                    container.image
                );
                state.kubelet_event(pod, &container.name, Tone::Normal, "Pulled", &message);
                start(state, pod, &spec, run, container);
            } else {
                pull_failed(state, pod, container, 1);
            }
        }
        Stage::PullFailed { until, tries } if until <= now => {
            if tries % 2 == 1 {
                let message = format!("Back-off pulling image \"{}\"", container.image);
                state.kubelet_event(pod, &container.name, Tone::Normal, "BackOff", &message);
                state.kubelet_event(pod, &container.name, Tone::Warning, "Failed", "Error: ImagePullBackOff");
                container.stage =
                    Stage::PullFailed { until: now + (10 << (tries / 2).min(5)).min(300), tries: tries + 1 };
            } else if behaviour::image_exists(state, &container.image) {
                pull(state, pod, run, container);
            } else {
                let message = format!("Pulling image \"{}\"", container.image);
                state.kubelet_event(pod, &container.name, Tone::Normal, "Pulling", &message);
                pull_failed(state, pod, container, tries + 1);
            }
        }
        Stage::ConfigError { until, .. } if until <= now => start(state, pod, &spec, run, container),
        Stage::Running { ready_at, end } => {
            if let Some((at, ending)) = end
                && at <= now
            {
                ended(state, pod, container, at, ending);
            } else if !container.ready && ready_at.is_some_and(|at| at <= now) {
                container.ready = true;
            } else {
                return false;
            }
        }
        Stage::BackOff { until } if until <= now => start(state, pod, &spec, run, container),
        _ => return false,
    }
    true
}

fn pull(state: &mut State, pod: &Value, run: &PodRun, container: &mut ContainerRun) {
    let present = state.traffic.images.get(&run.node).is_some_and(|images| images.contains(&container.image));
    if present {
        let message = format!("Container image \"{}\" already present on machine", container.image);
        state.kubelet_event(pod, &container.name, Tone::Normal, "Pulled", &message);
        let names = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let spec = names.iter().find(|spec| spec["name"] == container.name.as_str()).cloned().unwrap_or_default();
        start(state, pod, &spec, run, container);
    } else {
        let message = format!("Pulling image \"{}\"", container.image);
        state.kubelet_event(pod, &container.name, Tone::Normal, "Pulling", &message);
        let exists = behaviour::image_exists(state, &container.image);
        let takes = if exists { 2 + state.draw().below(5) as i64 } else { 1 };
        container.stage = Stage::Pulling { since: state.now, until: state.now + takes };
    }
}

fn pull_failed(state: &mut State, pod: &Value, container: &mut ContainerRun, tries: u32) {
    let message =
        format!("Failed to pull image \"{0}\": {1}", container.image, behaviour::pull_error(&container.image));
    state.kubelet_event(pod, &container.name, Tone::Warning, "Failed", &message);
    state.kubelet_event(pod, &container.name, Tone::Warning, "Failed", "Error: ErrImagePull");
    container.stage = Stage::PullFailed { until: state.now + 12, tries };
}

fn start(state: &mut State, pod: &Value, spec: &Value, run: &PodRun, container: &mut ContainerRun) {
    let now = state.now;
    if let Some(missing) = behaviour::missing_reference(state, pod, spec) {
        state.kubelet_event(pod, &container.name, Tone::Warning, "Failed", &format!("Error: {missing}"));
        container.stage = Stage::ConfigError { until: now + 12, message: missing };
        return;
    }
    if container.current.is_some() {
        container.last = container.current.take();
        container.restarts += 1;
        let message = format!("Container image \"{}\" already present on machine", container.image);
        state.kubelet_event(pod, &container.name, Tone::Normal, "Pulled", &message);
    }
    let name = container.name.clone();
    state.kubelet_event(pod, &name, Tone::Normal, "Created", &format!("Created container: {name}"));
    state.kubelet_event(pod, &name, Tone::Normal, "Started", &format!("Started container {name}"));
    container.current =
        Some(Instance { id: format!("containerd://{}", state.draw().hex(64)), started: now, ended: None });
    container.ready = false;
    container.stage = behaviour::running(state, pod, spec, run);
}

fn ended(state: &mut State, pod: &Value, container: &mut ContainerRun, at: i64, ending: Ending) {
    container.ready = false;
    let ran_s = container.current.as_ref().map_or(0, |instance| at - instance.started);
    if let Some(instance) = &mut container.current {
        instance.ended = Some((at, ending.clone()));
    }
    if ending == Ending::LivenessFailed {
        let message = format!("Container {} failed liveness probe, will be restarted", container.name);
        state.kubelet_event(pod, &container.name, Tone::Normal, "Killing", &message);
    }
    let policy = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always");
    if policy == "Never" || (policy == "OnFailure" && ending.exit_code() == 0) {
        container.stage = Stage::Ended;
        return;
    }
    if ran_s > BACK_OFF_RESET_S {
        container.back_off_s = 0;
    }
    // The first restart is immediate; each further one waits twice as long as the one before.
    if container.back_off_s > 0 {
        let (name, uid) = (&container.name, pod["metadata"]["uid"].as_str().unwrap_or_default());
        let key = Key::of(pod);
        let message =
            format!("Back-off restarting failed container {name} in pod {}_{}({uid})", key.name, key.namespace);
        state.kubelet_event(pod, &container.name, Tone::Warning, "BackOff", &message);
        container.stage = Stage::BackOff { until: at + container.back_off_s };
        container.back_off_s = (container.back_off_s * 2).min(LONGEST_BACK_OFF_S);
    } else {
        container.stage = Stage::BackOff { until: at + 1 };
        container.back_off_s = 10;
    }
}
