//! Pods and their volumes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Affinity, Condition, Container, ContainerStatus, Metadata, NameRef, SchedulingGate, Toleration};

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
