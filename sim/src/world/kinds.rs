//! The kinds the API serves: where each is found, what it is called, and what may be done with it.

macro_rules! kinds {
    ($($kind:ident { $group:literal, $version:literal, $plural:literal, $singular:literal, [$($short:literal),*], $scope:ident $(, $sub:literal)* })*) => {
        /// A kind of object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Kind { $($kind),* }

        impl Kind {
            /// All kinds, in the order of discovery.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// What the API says about the kind.
            pub const fn resource(self) -> &'static Resource {
                match self {
                    $(Kind::$kind => const { &Resource {
                        kind: Kind::$kind,
                        name: stringify!($kind),
                        group: $group,
                        version: $version,
                        plural: $plural,
                        singular: $singular,
                        short_names: &[$($short),*],
                        namespaced: matches!(Scope::$scope, Scope::Namespaced),
                        subresources: &[$($sub),*],
                    } }),*
                }
            }
        }
    };
}

enum Scope {
    Namespaced,
    Cluster,
}

/// What discovery says about a kind.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// The kind.
    pub kind: Kind,
    /// Its name in camel case, for example `ReplicaSet`.
    pub name: &'static str,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Plural, as in URLs.
    pub plural: &'static str,
    /// Singular.
    pub singular: &'static str,
    /// Short names.
    pub short_names: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Subresources.
    pub subresources: &'static [&'static str],
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

kinds! {
    ConfigMap { "", "v1", "configmaps", "configmap", ["cm"], Namespaced }
    Endpoints { "", "v1", "endpoints", "endpoints", ["ep"], Namespaced }
    Event { "", "v1", "events", "event", ["ev"], Namespaced }
    LimitRange { "", "v1", "limitranges", "limitrange", ["limits"], Namespaced }
    Namespace { "", "v1", "namespaces", "namespace", ["ns"], Cluster, "status" }
    Node { "", "v1", "nodes", "node", ["no"], Cluster, "status" }
    PersistentVolumeClaim { "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", ["pvc"], Namespaced, "status" }
    PersistentVolume { "", "v1", "persistentvolumes", "persistentvolume", ["pv"], Cluster, "status" }
    Pod { "", "v1", "pods", "pod", ["po"], Namespaced, "status", "log", "eviction", "binding", "resize" }
    ReplicationController { "", "v1", "replicationcontrollers", "replicationcontroller", ["rc"], Namespaced, "status", "scale" }
    ResourceQuota { "", "v1", "resourcequotas", "resourcequota", ["quota"], Namespaced, "status" }
    Secret { "", "v1", "secrets", "secret", [], Namespaced }
    ServiceAccount { "", "v1", "serviceaccounts", "serviceaccount", ["sa"], Namespaced }
    Service { "", "v1", "services", "service", ["svc"], Namespaced, "status" }
    DaemonSet { "apps", "v1", "daemonsets", "daemonset", ["ds"], Namespaced, "status" }
    Deployment { "apps", "v1", "deployments", "deployment", ["deploy"], Namespaced, "status", "scale" }
    ReplicaSet { "apps", "v1", "replicasets", "replicaset", ["rs"], Namespaced, "status", "scale" }
    StatefulSet { "apps", "v1", "statefulsets", "statefulset", ["sts"], Namespaced, "status", "scale" }
    ControllerRevision { "apps", "v1", "controllerrevisions", "controllerrevision", [], Namespaced }
    HorizontalPodAutoscaler { "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", ["hpa"], Namespaced, "status" }
    CronJob { "batch", "v1", "cronjobs", "cronjob", ["cj"], Namespaced, "status" }
    Job { "batch", "v1", "jobs", "job", [], Namespaced, "status" }
    Lease { "coordination.k8s.io", "v1", "leases", "lease", [], Namespaced }
    EndpointSlice { "discovery.k8s.io", "v1", "endpointslices", "endpointslice", [], Namespaced }
    Ingress { "networking.k8s.io", "v1", "ingresses", "ingress", ["ing"], Namespaced, "status" }
    IngressClass { "networking.k8s.io", "v1", "ingressclasses", "ingressclass", [], Cluster }
    NetworkPolicy { "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", ["netpol"], Namespaced }
    PodDisruptionBudget { "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", ["pdb"], Namespaced, "status" }
    Role { "rbac.authorization.k8s.io", "v1", "roles", "role", [], Namespaced }
    RoleBinding { "rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", [], Namespaced }
    ClusterRole { "rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", [], Cluster }
    ClusterRoleBinding { "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", [], Cluster }
    PriorityClass { "scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", ["pc"], Cluster }
    StorageClass { "storage.k8s.io", "v1", "storageclasses", "storageclass", ["sc"], Cluster }
    CustomResourceDefinition { "apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition", ["crd", "crds"], Cluster, "status" }
    NodePool { "karpenter.sh", "v1", "nodepools", "nodepool", [], Cluster, "status" }
    NodeClaim { "karpenter.sh", "v1", "nodeclaims", "nodeclaim", [], Cluster, "status" }
    Application { "argoproj.io", "v1alpha1", "applications", "application", ["app", "apps"], Namespaced }
}

impl Kind {
    /// Its name in camel case.
    pub fn name(self) -> &'static str {
        self.resource().name
    }

    /// The kind served under this group, version and plural.
    pub fn find(group: &str, version: &str, plural: &str) -> Option<Kind> {
        Self::ALL.iter().copied().find(|kind| {
            let resource = kind.resource();
            resource.plural == plural && resource.group == group && resource.version == version
        })
    }

    /// The kind of this name, for owner references and the like.
    pub fn named(name: &str) -> Option<Kind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}
