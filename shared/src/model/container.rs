//! Containers, as they were asked for and as they are: ports, environment, resources, probes, states.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{IntOrString, Quantity};

/// A container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Image reference.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub image: String,
    /// Pull policy.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub image_pull_policy: String,
    /// Entry point override.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub command: Vec<String>,
    /// Arguments override.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub args: Vec<String>,
    /// Declared ports.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub ports: Vec<ContainerPort>,
    /// Environment.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub env: Vec<EnvVar>,
    /// Environment taken whole from ConfigMaps and Secrets.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub env_from: Vec<EnvFrom>,
    /// Requests and limits.
    pub resources: Resources,
    /// Mounts.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Liveness probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liveness_probe: Option<Box<Probe>>,
    /// Readiness probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<Box<Probe>>,
    /// Startup probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_probe: Option<Box<Probe>>,
    /// `Always` makes an init container a sidecar.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub restart_policy: String,
    /// Security context, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<serde_json::Value>,
}

/// A declared port.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Name, to which Services and probes may refer.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// The number.
    pub container_port: i32,
    /// `TCP` (also when empty), `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub protocol: String,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Literal value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where else the value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Source of one variable's value.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvSource {
    /// A ConfigMap's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeyRef>,
    /// A Secret's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeyRef>,
}

/// A key of a named object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyRef {
    /// Object's name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Key.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub key: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}

/// Source of many variables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom {
    /// Prefix put before each name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub prefix: String,
    /// A ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<NameRef>,
    /// A Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<NameRef>,
}

/// A reference by name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NameRef {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Whether it may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}

/// Requests and limits by resource name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// Requests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub requests: BTreeMap<String, Quantity>,
    /// Limits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub limits: BTreeMap<String, Quantity>,
}

/// Where a volume is mounted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// Volume.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Path in the container.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub mount_path: String,
    /// Path in the volume.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub sub_path: String,
    /// Whether writing is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// A probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// Asks by HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_get: Option<HttpGetAction>,
    /// Connects by TCP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_socket: Option<TcpSocketAction>,
    /// Asks by gRPC health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcAction>,
    /// Runs a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecAction>,
    /// Wait before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_delay_seconds: Option<i32>,
    /// Between two; 10 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<i32>,
    /// Limit of one; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i32>,
    /// Failures in a row that count; 3 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<i32>,
    /// Successes in a row that count; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_threshold: Option<i32>,
}

/// An HTTP probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpGetAction {
    /// Path.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub path: String,
    /// Port number or name.
    pub port: IntOrString,
    /// `HTTP` (also when empty) or `HTTPS`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub scheme: String,
    /// Host, when not the pod's.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub host: String,
}

/// A TCP probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSocketAction {
    /// Port number or name.
    pub port: IntOrString,
    /// Host, when not the pod's.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub host: String,
}

/// A gRPC probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcAction {
    /// Port number.
    pub port: i32,
    /// Service asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// A command probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecAction {
    /// The command.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub command: Vec<String>,
}

/// A container's state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// Image that runs.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub image: String,
    /// Digest of the image.
    #[serde(
        rename = "imageID",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "super::meta::null_is_empty"
    )]
    pub image_id: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether its startup probe has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<bool>,
    /// Restarts.
    pub restart_count: i32,
    /// Now.
    pub state: ContainerState,
    /// Before the last restart.
    pub last_state: ContainerState,
}

/// One of the three states.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    /// Not running yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<Running>,
    /// Ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated: Option<Terminated>,
}

/// A waiting container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    /// For example `CrashLoopBackOff`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub reason: String,
    /// Human-readable message.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub message: String,
}

/// A running container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// An ended container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code.
    pub exit_code: i32,
    /// Signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// For example `OOMKilled`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub reason: String,
    /// Termination message.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub message: String,
    /// From.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// To.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}
