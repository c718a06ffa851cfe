//! Where a pod may go: affinity, tolerations, scheduling gates.

use serde::{Deserialize, Serialize};

use super::LabelSelector;

/// Affinity rules.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// Towards nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity: Option<NodeAffinity>,
    /// Away from pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_anti_affinity: Option<PodAntiAffinity>,
    /// Towards pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_affinity: Option<PodAntiAffinity>,
}

/// Affinity towards nodes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAffinity {
    /// What a node must satisfy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
}

/// Terms of which one must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Requirements that must all hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorTerm {
    /// On labels.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// On fields.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// One requirement on a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelectorRequirement {
    /// Label or field.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub operator: String,
    /// Values.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub values: Vec<String>,
}

/// Affinity towards or away from pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAntiAffinity {
    /// What must hold.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub required_during_scheduling_ignored_during_execution: Vec<PodAffinityTerm>,
    /// What is preferred.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub preferred_during_scheduling_ignored_during_execution: Vec<WeightedPodAffinityTerm>,
}

/// One rule about other pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAffinityTerm {
    /// Which pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Node label that tells places apart.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub topology_key: String,
    /// Namespaces looked at; the pod's own when empty.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub namespaces: Vec<String>,
}

/// A preferred rule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WeightedPodAffinityTerm {
    /// How much it counts.
    pub weight: i32,
    /// The rule.
    pub pod_affinity_term: PodAffinityTerm,
}

/// A tolerated taint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// Taint key; empty with `Exists` tolerates all.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub key: String,
    /// `Equal` (also when empty) or `Exists`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub operator: String,
    /// Taint value.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub value: String,
    /// Effect; empty means every effect.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub effect: String,
    /// How long a NoExecute taint is tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

/// A scheduling gate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulingGate {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "super::meta::null_is_empty")]
    pub name: String,
}
