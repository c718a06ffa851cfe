//! How containers behave: what they need in order to start, when they are ready, whether and how they end.

use serde_json::Value;

use super::kinds::Kind;
use super::kubelet::{PodRun, Stage};
use super::scheduler::quantity;
use super::state::{State, owner};

/// Tags that were pushed to the registry and not rolled out before the scenario does.
const PUSHED: &[(&str, &str)] = &[("payments/api", "v2.3.1"), ("shop/catalog", "v1.8.4")];
/// How long a leaking container takes to fill its limit.
pub(crate) const LEAK_FILLS_IN_S: i64 = 15 * 60;

/// How a container's run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did what it had to do.
    Completed,
    /// A variable it insists on is not set.
    MissingVariable(String),
    /// The kernel killed it at its memory limit.
    OutOfMemory,
    /// The kubelet killed it as its liveness probe failed.
    LivenessFailed,
}

impl Ending {
    pub(crate) fn exit_code(&self) -> i32 {
        match self {
            Self::Completed => 0,
            Self::MissingVariable(_) => 1,
            Self::OutOfMemory | Self::LivenessFailed => 137,
        }
    }

    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::OutOfMemory => "OOMKilled",
            Self::MissingVariable(_) | Self::LivenessFailed => "Error",
        }
    }
}

/// Whether the registry has this image. Other people's registries have everything.
pub(crate) fn image_exists(state: &State, reference: &str) -> bool {
    let (repository, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
    let registry = state.registry();
    match state.apps.iter().find(|app| app.repository(&registry) == repository) {
        Some(app) => app.versions.contains(&tag) || PUSHED.contains(&(app.id().as_str(), tag)),
        None => !repository.starts_with(&registry),
    }
}

/// What containerd says of an image that does not exist.
pub(crate) fn pull_error(reference: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": {reference}: not found"
    )
}

/// The first volume whose ConfigMap or Secret does not exist, and what the kubelet says of it.
pub(crate) fn missing_volume(state: &State, pod: &Value) -> Option<(String, String)> {
    let namespace = pod["metadata"]["namespace"].as_str()?;
    pod["spec"]["volumes"].as_array()?.iter().find_map(|volume| {
        let name = volume["name"].as_str()?.to_owned();
        let missing = |kind: Kind, word: &str, reference: &Value, wanted: &Value| {
            let wanted = wanted.as_str()?;
            let absent = reference["optional"] != true && state.store.get(kind, namespace, wanted).is_none();
            absent.then(|| (name.clone(), format!("{word} \"{wanted}\" not found")))
        };
        missing(Kind::ConfigMap, "configmap", &volume["configMap"], &volume["configMap"]["name"])
            .or_else(|| missing(Kind::Secret, "secret", &volume["secret"], &volume["secret"]["secretName"]))
    })
}

/// What the kubelet says of the first ConfigMap or Secret that a container's environment needs and that does not exist.
pub(crate) fn missing_reference(state: &State, pod: &Value, container: &Value) -> Option<String> {
    let namespace = pod["metadata"]["namespace"].as_str()?;
    let check = |reference: &Value, kind: Kind, word: &str| {
        let name = reference["name"].as_str()?;
        if reference["optional"] == true {
            return None;
        }
        let Some(found) = state.store.get(kind, namespace, name) else {
            return Some(format!("{word} \"{name}\" not found"));
        };
        let key = reference["key"].as_str()?;
        let present = !found["data"][key].is_null();
        (!present).then(|| format!("couldn't find key {key} in {} {namespace}/{name}", kind.name()))
    };
    let entries = |name: &str| container[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let from = entries("envFrom").iter().find_map(|source| {
        check(&source["configMapRef"], Kind::ConfigMap, "configmap")
            .or_else(|| check(&source["secretRef"], Kind::Secret, "secret"))
    });
    from.or_else(|| {
        entries("env").iter().map(|variable| &variable["valueFrom"]).find_map(|source| {
            check(&source["configMapKeyRef"], Kind::ConfigMap, "configmap")
                .or_else(|| check(&source["secretKeyRef"], Kind::Secret, "secret"))
        })
    })
}

/// The stage of a container that has just been started: when it will be ready and when it will end.
pub(crate) fn running(state: &mut State, pod: &Value, container: &Value, run: &PodRun) -> Stage {
    let now = state.now;
    let jitter = state.draw().below(3) as i64;
    if owner(pod).is_some_and(|owner| owner["kind"] == "Job") {
        return Stage::Running { ready_at: Some(now), end: Some((now + 20 + 5 * jitter, Ending::Completed)) };
    }
    let Some(app) = run.app.map(|index| state.apps[index].clone()) else {
        return Stage::Running { ready_at: Some(now + 1), end: None };
    };
    let tag = container["image"].as_str().and_then(|image| image.rsplit_once(':')).map_or("", |(_, tag)| tag);
    if app.id() == "payments/api" && tag == "v2.3.1" && !has_variable(container, "DEPLOY_ENV") {
        return Stage::Running {
            ready_at: None,
            end: Some((now + 2, Ending::MissingVariable("DEPLOY_ENV".to_owned()))),
        };
    }
    let delay = container["readinessProbe"]["initialDelaySeconds"].as_i64().unwrap_or(0);
    let ready_at =
        probe_succeeds(container, "readinessProbe", app.port).then_some(now + delay + app.startup_s + jitter);
    if !probe_succeeds(container, "livenessProbe", app.port) {
        let probe = &container["livenessProbe"];
        let patience = probe["initialDelaySeconds"].as_i64().unwrap_or(0)
            + probe["periodSeconds"].as_i64().unwrap_or(10) * probe["failureThreshold"].as_i64().unwrap_or(3);
        return Stage::Running { ready_at, end: Some((now + patience, Ending::LivenessFailed)) };
    }
    let end = leak_ends(state, &app.id(), container, now).map(|at| (at, Ending::OutOfMemory));
    Stage::Running { ready_at, end }
}

/// When a container started then will have filled its memory limit, if its application leaks.
pub(crate) fn leak_ends(state: &State, app: &str, container: &Value, started: i64) -> Option<i64> {
    let since = *state.leaks.get(app)?;
    let limit = quantity(&container["resources"]["limits"]["memory"]);
    (limit > 0.0).then(|| started.max(since) + LEAK_FILLS_IN_S + state.noise.of(app).at(started).below(90) as i64)
}

fn has_variable(container: &Value, name: &str) -> bool {
    container["env"].as_array().is_some_and(|env| env.iter().any(|variable| variable["name"] == name))
}

/// Whether a probe reaches the port that the application listens on.
fn probe_succeeds(container: &Value, probe: &str, listens_on: u16) -> bool {
    let probe = &container[probe];
    let port = ["httpGet", "tcpSocket", "grpc"].iter().map(|kind| &probe[*kind]["port"]).find(|port| !port.is_null());
    let number = match port {
        None => return true,
        Some(Value::String(name)) => {
            let ports = container["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
            ports.iter().find(|port| port["name"] == name.as_str()).and_then(|port| port["containerPort"].as_u64())
        }
        Some(number) => number.as_u64(),
    };
    number == Some(u64::from(listens_on))
}
