//! All that is known of a cluster at one moment.
//!
//! The same value comes from a live cluster (`crate::eks`), from a directory on disk, and from a test; diagnosis reads
//! nothing else. What could not be read is part of it: [`Listing::scope`] tells an empty list from an unread one.

mod disk;
#[cfg(test)]
mod disk_tests;
mod within;

/// Calls a macro with the fields of [`Snapshot`] that list objects of namespaces, events aside: what belongs to a namespace is
/// said once.
macro_rules! namespaced {
    ($then:ident) => {
        $then!(
            pods,
            deployments,
            replica_sets,
            stateful_sets,
            daemon_sets,
            jobs,
            cron_jobs,
            services,
            endpoint_slices,
            ingresses,
            network_policies,
            autoscalers,
            disruption_budgets,
            claims,
            quotas,
            service_accounts,
            config_maps,
            secrets
        )
    };
}
pub(crate) use namespaced;

pub use disk::DiskError;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::*;

/// A cluster at one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// The cluster's name, where known.
    pub cluster: String,
    /// When reading ended. Diagnosis has no clock: this is its "now". Absent only where nothing recorded carries a time.
    pub taken_at: Option<Timestamp>,
    /// Nodes.
    pub nodes: Listing<Node>,
    /// Namespaces.
    pub namespaces: Listing<Namespace>,
    /// Volumes.
    pub persistent_volumes: Listing<PersistentVolume>,
    /// Storage classes.
    pub storage_classes: Listing<StorageClass>,
    /// Pods.
    pub pods: Listing<Pod>,
    /// Deployments.
    pub deployments: Listing<Deployment>,
    /// ReplicaSets, old revisions included.
    pub replica_sets: Listing<ReplicaSet>,
    /// StatefulSets.
    pub stateful_sets: Listing<StatefulSet>,
    /// DaemonSets.
    pub daemon_sets: Listing<DaemonSet>,
    /// Jobs.
    pub jobs: Listing<Job>,
    /// CronJobs.
    pub cron_jobs: Listing<CronJob>,
    /// Services.
    pub services: Listing<Service>,
    /// EndpointSlices.
    pub endpoint_slices: Listing<EndpointSlice>,
    /// Ingresses.
    pub ingresses: Listing<Ingress>,
    /// NetworkPolicies.
    pub network_policies: Listing<NetworkPolicy>,
    /// HorizontalPodAutoscalers.
    pub autoscalers: Listing<HorizontalPodAutoscaler>,
    /// PodDisruptionBudgets.
    pub disruption_budgets: Listing<PodDisruptionBudget>,
    /// Claims.
    pub claims: Listing<PersistentVolumeClaim>,
    /// Quotas.
    pub quotas: Listing<ResourceQuota>,
    /// Service accounts.
    pub service_accounts: Listing<ServiceAccount>,
    /// ConfigMaps.
    pub config_maps: Listing<ConfigMap>,
    /// Secrets: names and types only.
    pub secrets: Listing<Secret>,
    /// Events.
    pub events: Listing<Event>,
    /// Container logs, current and previous.
    pub logs: Vec<ContainerLog>,
    /// What the monitoring said.
    pub alerts: Vec<Alert>,
    /// Metric series.
    pub metrics: Vec<Series>,
    /// Connection attempts to Services.
    pub probes: Listing<ConnectionProbe>,
    /// What was wanted and could not be read, and why.
    pub gaps: Vec<Gap>,
}

/// Objects of one kind, and of which part of the cluster they are all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Listing<T> {
    /// The objects.
    #[serde(default = "Vec::new")]
    pub items: Vec<T>,
    /// What was read: an object missing from `items` is missing from the cluster only within this scope.
    #[serde(default)]
    pub scope: Scope,
}

/// How much of the cluster a [`Listing`] covers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Nothing was read.
    #[default]
    Unread,
    /// Everything, or for cluster-scoped kinds: the list.
    All,
    /// These namespaces in full.
    Namespaces(BTreeSet<String>),
    /// Some objects, not all of any namespace (cut off by a limit, or the API answered in part).
    Partial,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), scope: Scope::Unread }
    }
}

impl<T> Listing<T> {
    /// A complete listing.
    pub fn all(items: Vec<T>) -> Self {
        Self { items, scope: Scope::All }
    }

    /// Whether all objects of `namespace` are here, so that absence means absence.
    pub fn covers(&self, namespace: &str) -> bool {
        match &self.scope {
            Scope::All => true,
            Scope::Namespaces(read) => read.contains(namespace),
            Scope::Unread | Scope::Partial => false,
        }
    }
}

impl<T: Object> Listing<T> {
    /// The object of this namespace and name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.items.iter().find(|item| item.name() == name && item.namespace() == namespace)
    }

    /// The objects of one namespace.
    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a T> {
        self.items.iter().filter(move |item| item.namespace() == namespace)
    }
}

impl<T> std::ops::Deref for Listing<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// The last lines of one container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerLog {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Whether it is the log of the container before its last restart.
    pub previous: bool,
    /// The lines, oldest first.
    pub text: String,
    /// Why there are no lines, where the API refused them.
    pub error: Option<String>,
}

/// One alert of an Alertmanager webhook (version 4).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Alert {
    /// `firing` or `resolved`.
    pub status: String,
    /// Labels, `alertname` among them.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Annotations, mostly `summary` and `description`.
    pub annotations: std::collections::BTreeMap<String, String>,
    /// Since when.
    pub starts_at: Option<Timestamp>,
    /// Until when; year 1 while firing.
    pub ends_at: Option<Timestamp>,
    /// Alertmanager's fingerprint.
    pub fingerprint: String,
    /// Link to the rule.
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
}

/// What a metric series is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesKind {
    /// A service: all pods behind one name.
    Service,
    /// A node.
    Node,
    /// A pod.
    Pod,
    /// Something else, named in full.
    Other,
}

/// A metric over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is measured on.
    pub kind: SeriesKind,
    /// The namespace, where known; empty otherwise.
    #[serde(default)]
    pub namespace: String,
    /// The service's, node's or pod's name.
    pub name: String,
    /// Metric name. Those analyzers know: `cpu` (cores), `cpu_cfs` (throttled seconds per second), `mem` (bytes), `rps`,
    /// `success_rate` (percent), `p50latency`, `p95latency` (ms), `network_receive`, `network_transmit` (packets/s),
    /// `tcp_retrans` (segments/s).
    pub metric: String,
    /// Points, oldest first.
    pub points: Vec<(Timestamp, f64)>,
}

/// TCP connection attempts to one port of a Service from inside the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionProbe {
    /// The Service's namespace.
    pub namespace: String,
    /// The Service.
    pub service: String,
    /// The port.
    pub port: i32,
    /// Whether every attempt succeeded.
    pub ok: bool,
    /// Each attempt's result, as text.
    pub detail: String,
}

/// Something that was wanted and could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What, for example `events of namespace shop` or `previous log of shop/ad-7d4/server`.
    pub what: String,
    /// Why, with the permission's name where one is missing.
    pub why: String,
}
