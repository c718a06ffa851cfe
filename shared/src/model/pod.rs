//! Pods and their containers, probes and volumes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Affinity, Condition, IntOrString, Metadata, Quantity, SchedulingGate, Toleration};

/// A pod.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// What was asked for.
    pub spec: PodSpec,
    /// What is.
    pub status: PodStatus,
}

/// A pod's specification, also the template's of a workload.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Containers.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub containers: Vec<Container>,
    /// Init containers, sidecars included.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub init_containers: Vec<Container>,
    /// Volumes.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub volumes: Vec<Volume>,
    /// The node it is bound to; empty while unscheduled.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub node_name: String,
    /// Labels a node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Affinity rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// Taints it tolerates.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Its service account; empty means `default`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub service_account_name: String,
    /// Secrets with registry credentials.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub image_pull_secrets: Vec<NameRef>,
    /// `Always`, `OnFailure` or `Never`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub restart_policy: String,
    /// Priority class.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub priority_class_name: String,
    /// The scheduler asked for.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub scheduler_name: String,
    /// Gates that keep it from being scheduled.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub scheduling_gates: Vec<SchedulingGate>,
    /// Whether it shares the node's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_network: Option<bool>,
    /// DNS policy.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub dns_policy: String,
    /// DNS configuration, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_config: Option<serde_json::Value>,
    /// Entries for the hosts file, as written.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub host_aliases: Vec<serde_json::Value>,
    /// Seconds from TERM to KILL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
    /// Security context, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<serde_json::Value>,
}

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

/// A volume of a pod.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
    /// A claim, `{claimName}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<serde_json::Value>,
    /// A ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<NameRef>,
    /// A Secret, `{secretName}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<serde_json::Value>,
    /// Scratch space, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<serde_json::Value>,
    /// A path of the node, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<serde_json::Value>,
    /// Several sources, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected: Option<serde_json::Value>,
    /// An inline CSI volume, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csi: Option<serde_json::Value>,
    /// An NFS share, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<serde_json::Value>,
}

/// A pod's status.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub phase: String,
    /// For example `Evicted`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub reason: String,
    /// Human-readable message.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub message: String,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub conditions: Vec<Condition>,
    /// Containers' states.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub container_statuses: Vec<ContainerStatus>,
    /// Init containers' states.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// Address.
    #[serde(
        rename = "podIP",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "super::meta::null_is_empty"
    )]
    pub pod_ip: String,
    /// Node's address.
    #[serde(
        rename = "hostIP",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "super::meta::null_is_empty"
    )]
    pub host_ip: String,
    /// When the kubelet took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub qos_class: String,
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

impl Volume {
    /// The claim it mounts, if it mounts one.
    pub fn claim_name(&self) -> Option<&str> {
        self.persistent_volume_claim.as_ref()?.get("claimName")?.as_str()
    }

    /// The Secret it mounts, if it mounts one, and whether that may be missing.
    pub fn secret_name(&self) -> Option<(&str, bool)> {
        let secret = self.secret.as_ref()?;
        Some((secret.get("secretName")?.as_str()?, secret.get("optional").and_then(|it| it.as_bool()).unwrap_or(false)))
    }
}
