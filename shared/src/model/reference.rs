//! Which object is meant.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident $plural:literal $api:literal $namespaced:literal),* $(,)? ; $($beside:ident $its:literal $of:literal),* $(,)?) => {
        /// The kinds Nightshift knows by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($name), "`, API version `", $api, "`.")] $name,)*
            $(#[doc = concat!("`", stringify!($beside), "`, which is no Kubernetes object: ", $of, ".")] $beside,)*
        }

        impl Kind {
            /// Every kind of Kubernetes.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];

            /// The kind's name as the API writes it, for example `Deployment`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Kind::$name => stringify!($name),)* $(Kind::$beside => stringify!($beside),)* }
            }

            /// The resource name in paths and file names, for example `deployments`.
            pub const fn plural(self) -> &'static str {
                match self { $(Kind::$name => $plural,)* $(Kind::$beside => $its,)* }
            }

            /// Group and version, for example `apps/v1`.
            pub const fn api_version(self) -> &'static str {
                match self { $(Kind::$name => $api,)* $(Kind::$beside => $of,)* }
            }

            /// Whether objects of this kind live in a namespace.
            pub const fn is_namespaced(self) -> bool {
                match self { $(Kind::$name => $namespaced,)* $(Kind::$beside => false,)* }
            }

            /// The kind of this name, as the API writes it.
            pub fn parse(name: &str) -> Option<Kind> {
                match name {
                    $(stringify!($name) => Some(Kind::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    ConfigMap "configmaps" "v1" true,
    CronJob "cronjobs" "batch/v1" true,
    DaemonSet "daemonsets" "apps/v1" true,
    Deployment "deployments" "apps/v1" true,
    EndpointSlice "endpointslices" "discovery.k8s.io/v1" true,
    Event "events" "v1" true,
    HorizontalPodAutoscaler "horizontalpodautoscalers" "autoscaling/v2" true,
    Ingress "ingresses" "networking.k8s.io/v1" true,
    Job "jobs" "batch/v1" true,
    Namespace "namespaces" "v1" false,
    NetworkPolicy "networkpolicies" "networking.k8s.io/v1" true,
    Node "nodes" "v1" false,
    NodePool "nodepools" "karpenter.sh/v1" false,
    PersistentVolume "persistentvolumes" "v1" false,
    PersistentVolumeClaim "persistentvolumeclaims" "v1" true,
    Pod "pods" "v1" true,
    PodDisruptionBudget "poddisruptionbudgets" "policy/v1" true,
    ReplicaSet "replicasets" "apps/v1" true,
    ResourceQuota "resourcequotas" "v1" true,
    Secret "secrets" "v1" true,
    Service "services" "v1" true,
    ServiceAccount "serviceaccounts" "v1" true,
    StatefulSet "statefulsets" "apps/v1" true,
    StorageClass "storageclasses" "storage.k8s.io/v1" false;
    ZonalShift "zonalshifts" "arc-zonal-shift",
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One object of the cluster, by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What it is.
    pub kind: Kind,
    /// Where it is; empty for cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// What it is called.
    pub name: String,
}

impl ObjectRef {
    /// A reference to `kind` `namespace`/`name`; `namespace` is ignored for cluster-scoped kinds.
    pub fn new(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        let namespace = if kind.is_namespaced() { namespace.into() } else { String::new() };
        Self { kind, namespace, name: name.into() }
    }
}

impl std::fmt::Display for ObjectRef {
    /// `Deployment shop/ad`, or `Node ip-10-0-1-7` for cluster-scoped kinds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}
