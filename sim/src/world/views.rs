//! What the API asks of the world beyond stored objects: logs, usage, and what it adds to objects that users create.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::logs;
use super::objects::object;
use super::state::State;
use super::store::{Key, Object};
use super::{World, build};

/// What part of a container's log is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// The run before the last restart.
    pub previous: bool,
    /// Only lines of the last so many seconds.
    pub since_s: Option<i64>,
    /// Only lines since then.
    pub since_time: Option<Timestamp>,
}

/// What a pod or node uses.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// CPU in thousandths of a core.
    pub cpu_m: f64,
    /// Memory in MiB.
    pub memory_mi: f64,
}

impl World {
    /// A container's log, oldest line first; the kubelet's refusal where there is none.
    pub fn container_log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        wanted: &LogRequest,
    ) -> Result<Vec<(Timestamp, String)>, String> {
        let state = self.state();
        let key = Key::new(namespace, pod);
        let run = state.runs.get(&key).ok_or_else(|| format!("pod {pod} does not have a host assigned"))?;
        if state.dead_nodes.contains_key(&run.node) {
            let ip = super::pod_status::node_ip(&state, &run.node);
            return Err(format!(
                "Get \"https://{ip}:10250/containerLogs/{namespace}/{pod}/{container}\": dial tcp {ip}:10250: connect: connection timed out"
            ));
        }
        let found = run.containers.iter().find(|run| run.name == container);
        let found = found.ok_or_else(|| format!("container {container} is not valid for pod {pod}"))?;
        let last =
            found.last.as_ref().or(found.current.as_ref().filter(|run| run.ended.is_some() && found.last.is_none()));
        let instance = if wanted.previous { last } else { found.current.as_ref() };
        let instance = instance.ok_or_else(|| {
            let word = super::pod_status::waiting_reason(found);
            match (wanted.previous, word) {
                (true, _) => format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"),
                (false, "ErrImagePull") => {
                    format!("container \"{container}\" in pod \"{pod}\" is waiting to start: image can't be pulled")
                }
                (false, "ImagePullBackOff") => format!(
                    "container \"{container}\" in pod \"{pod}\" is waiting to start: trying and failing to pull image"
                ),
                (false, word) => format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {word}"),
            }
        })?;
        let since =
            wanted.since_s.map(|seconds| state.now - seconds).or(wanted.since_time.map(|time| time.as_second()));
        let since = since.unwrap_or(i64::MIN);
        let lines = logs::lines(&state, &key, run, instance, since);
        Ok(lines
            .into_iter()
            .filter(|line| line.at_ns >= i128::from(since) * 1_000_000_000)
            .map(|line| (Timestamp::from_nanosecond(line.at_ns).unwrap_or_default(), line.text))
            .collect())
    }

    /// What each pod of a namespace (all where empty) used over the last minute; pods on dead nodes are not measured.
    pub fn pod_usage(&self, namespace: &str) -> Vec<(Arc<Object>, Usage)> {
        let state = self.state();
        let pods = state.store.list(Kind::Pod, namespace);
        pods.filter_map(|(key, pod)| {
            let run =
                state.runs.get(key).filter(|run| !state.dead_nodes.contains_key(&run.node) && run.used.1 > 0.0)?;
            Some((pod.clone(), Usage { cpu_m: run.used.0, memory_mi: run.used.1 }))
        })
        .collect()
    }

    /// What each node used over the last minute; dead nodes are not measured.
    pub fn node_usage(&self) -> Vec<(Arc<Object>, Usage)> {
        let state = self.state();
        let nodes = state.store.list(Kind::Node, "");
        nodes
            .filter(|(key, _)| !state.dead_nodes.contains_key(&key.name))
            .map(|(key, node)| {
                let base = Usage { cpu_m: 120.0, memory_mi: 900.0 };
                let usage = state.runs.values().filter(|run| run.node == key.name).fold(base, |sum, run| Usage {
                    cpu_m: sum.cpu_m + run.used.0,
                    memory_mi: sum.memory_mi + run.used.1,
                });
                (node.clone(), usage)
            })
            .collect()
    }
}

/// A fresh suffix for a generated name.
pub(crate) fn new_suffix(world: &World) -> String {
    world.state().draw().suffix(5)
}

/// Whether writes to a kind's main resource leave its status alone.
pub(crate) fn writable(kind: Kind) -> bool {
    kind.resource().subresources.contains(&"status")
}

/// What the API adds to an object that a user creates.
pub(crate) fn accept(state: &mut State, kind: Kind, value: &mut Value) {
    let defaults = |value: &mut Value, fields: &[(&str, Value)]| {
        for (name, default) in fields {
            if value[*name].is_null() {
                value[*name] = default.clone();
            }
        }
    };
    if writable(kind)
        && kind != Kind::Node
        && let Some(object) = value.as_object_mut()
    {
        object.remove("status");
    }
    let spec = &mut value["spec"];
    match kind {
        Kind::Pod => state.admit(value),
        Kind::Deployment => {
            let rolling =
                json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } });
            let fields = [
                ("replicas", json!(1)),
                ("revisionHistoryLimit", json!(10)),
                ("progressDeadlineSeconds", json!(600)),
                ("strategy", rolling),
            ];
            defaults(spec, &fields);
        }
        Kind::StatefulSet | Kind::ReplicaSet => defaults(spec, &[("replicas", json!(1))]),
        Kind::Job => {
            defaults(spec, &[("backoffLimit", json!(6)), ("completions", json!(1)), ("parallelism", json!(1))])
        }
        Kind::Service => {
            let address = format!("172.20.200.{}", state.draw().below(250) + 2);
            defaults(spec, &[("type", json!("ClusterIP")), ("clusterIP", json!(address))]);
            for port in spec["ports"].as_array_mut().into_iter().flatten() {
                let number = port["port"].clone();
                defaults(port, &[("protocol", json!("TCP")), ("targetPort", number)]);
            }
        }
        Kind::Namespace => {
            let name = value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            value["status"] = json!({ "phase": "Active" });
            state.write(Kind::ServiceAccount, object(Kind::ServiceAccount, &name, "default"));
        }
        Kind::ResourceQuota => build::quotas(state),
        _ => {}
    }
}
