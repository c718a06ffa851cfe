//! Namespaces, quotas, budgets and the small configuration kinds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Condition, IntOrString, LabelSelector, Metadata, NameRef, Quantity};

/// A namespace.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// Its phase.
    pub status: NamespaceStatus,
}

/// A namespace's status.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub phase: String,
}

/// A quota.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceQuota {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// Limits.
    pub spec: QuotaSpec,
    /// Limits and use.
    pub status: QuotaStatus,
}

/// A quota's limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuotaSpec {
    /// Limits by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub hard: BTreeMap<String, Quantity>,
}

/// A quota's use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuotaStatus {
    /// Limits enforced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub hard: BTreeMap<String, Quantity>,
    /// Use.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub used: BTreeMap<String, Quantity>,
}

/// A disruption budget.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudget {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// What was asked for.
    pub spec: BudgetSpec,
    /// What is.
    pub status: BudgetStatus,
}

/// A budget's specification.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    /// Pods that must stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrString>,
    /// Pods that may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Which pods it guards.
    pub selector: LabelSelector,
    /// Whether pods that are not ready may always go (`AlwaysAllow`); empty means only while the budget is healthy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unhealthy_pod_eviction_policy: String,
}

/// A budget's status.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    /// Pods that may be evicted now.
    pub disruptions_allowed: i32,
    /// Healthy pods.
    pub current_healthy: i32,
    /// Healthy pods needed.
    pub desired_healthy: i32,
    /// Pods guarded.
    pub expected_pods: i32,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub conditions: Vec<Condition>,
}

/// A service account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// Pull secrets given to its pods.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub image_pull_secrets: Vec<NameRef>,
}

/// A ConfigMap.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// Text entries.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub data: BTreeMap<String, String>,
}

/// A Secret: its name and type. The data is never read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// Name, namespace, labels, owners.
    pub metadata: Metadata,
    /// For example `kubernetes.io/dockerconfigjson`.
    #[serde(
        rename = "type",
        skip_serializing_if = "String::is_empty",
        deserialize_with = "super::meta::null_is_empty"
    )]
    pub type_: String,
}
