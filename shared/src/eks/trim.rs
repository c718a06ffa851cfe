//! What of an object is not kept, so that a large cluster fits in a small function.
//!
//! Two steps. Every object loses what diagnosis never reads ([`Trim::trim`]). In a large cluster an object with nothing to tell
//! ([`Trim::is_quiet`]) is reduced to what placement, selection and capacity need ([`Trim::strip`]).

use jiff::{SignedDuration, Timestamp};

use crate::model::*;

/// Annotations longer than this are tools' bookkeeping (the last applied manifest is the usual one).
const ANNOTATION_BYTES: usize = 1024;
/// Values of ConfigMaps longer than this are files, not settings.
const SETTING_BYTES: usize = 256;

/// How an object is made smaller.
pub(super) trait Trim: Object {
    /// How many times fewer of this kind are kept than pods.
    const SHARE: usize = 3;
    /// Whether the list waits for what the pods tell of the cluster's size and trouble.
    const WAITS: bool = false;
    /// Whether the cluster is understood without some of them.
    const MAY_BE_LEFT_OUT: bool = true;

    /// Drops what is never read; done to every object.
    fn trim(&mut self) {
        trim_metadata(self.metadata_mut());
    }

    /// Whether the object is as it should be, and so common that a large cluster has thousands of its like.
    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        false
    }

    /// Reduces a quiet object.
    fn strip(&mut self) {}

    /// Drops whole objects that no longer matter; called when there are very many.
    fn prune(_items: &mut Vec<Self>) {}
}

fn trim_metadata(metadata: &mut Metadata) {
    metadata.annotations.retain(|key, value| {
        key != "kubectl.kubernetes.io/last-applied-configuration" && value.len() <= ANNOTATION_BYTES
    });
}

macro_rules! trim {
    ($($type:ty),* $(,)?) => {
        $(impl Trim for $type {})*
    };
}

trim! {
    CronJob, DaemonSet, HorizontalPodAutoscaler, Ingress, Namespace, NetworkPolicy, PersistentVolume, PersistentVolumeClaim,
    PodDisruptionBudget, ResourceQuota, Service, ServiceAccount, StatefulSet, StorageClass,
}

/// A pod's specification, reduced to what placement and capacity need.
fn small(spec: &mut PodSpec) {
    let spec_was = std::mem::take(spec);
    let small = |container: Container| Container {
        name: container.name,
        image: container.image,
        resources: Resources { requests: container.resources.requests, ..Resources::default() },
        ..Container::default()
    };
    *spec = PodSpec {
        containers: spec_was.containers.into_iter().map(small).collect(),
        node_name: spec_was.node_name,
        service_account_name: spec_was.service_account_name,
        host_network: spec_was.host_network,
        ..PodSpec::default()
    };
}

impl Trim for Pod {
    const SHARE: usize = 1;

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        let calm = |status: &ContainerStatus| {
            status.restart_count == 0
                && (status.ready || status.state.terminated.as_ref().is_some_and(|end| end.exit_code == 0))
        };
        self.metadata.deletion_timestamp.is_none()
            && matches!(self.status.phase.as_str(), "Running" | "Succeeded")
            && self.status.container_statuses.iter().all(calm)
    }

    fn strip(&mut self) {
        small(&mut self.spec);
        self.metadata.annotations.clear();
        self.metadata.finalizers = Vec::new();
        self.metadata.owner_references.shrink_to_fit();
        let status = &mut self.status;
        status.conditions.retain(|condition| condition.type_ == "Ready");
        status.conditions.shrink_to_fit();
        status.init_container_statuses = Vec::new();
        for container in &mut status.container_statuses {
            container.image = String::new();
            container.image_id = String::new();
        }
        status.container_statuses.shrink_to_fit();
    }
}

impl Trim for Node {
    const MAY_BE_LEFT_OUT: bool = false;

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        let calm =
            |condition: &Condition| condition.status == if condition.type_ == "Ready" { "True" } else { "False" };
        !self.spec.unschedulable
            && self.status.conditions.iter().any(|condition| condition.type_ == "Ready")
            && self.status.conditions.iter().all(calm)
    }

    fn strip(&mut self) {
        self.metadata.annotations.clear();
        self.status.conditions.retain(|condition| condition.type_ == "Ready");
        self.status.conditions.shrink_to_fit();
        self.status.addresses = Vec::new();
        self.status.node_info.clear();
        self.status.capacity.clear();
    }
}

impl Trim for Deployment {
    const WAITS: bool = true;

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        let wanted = self.spec.replicas.unwrap_or(1);
        let status = &self.status;
        wanted > 0
            && status.replicas == wanted
            && status.ready_replicas == wanted
            && status.updated_replicas == wanted
            && status.observed_generation == self.metadata.generation
    }

    fn strip(&mut self) {
        small(&mut self.spec.template.spec);
    }
}

/// Younger ReplicaSets show what a rollout changed, however well it went.
const RECENT: SignedDuration = SignedDuration::from_hours(6);

impl Trim for ReplicaSet {
    const WAITS: bool = true;

    fn is_quiet(&self, now: Option<Timestamp>) -> bool {
        let recent = match (now, self.metadata.creation_timestamp) {
            (Some(now), Some(created)) => now.duration_since(created) < RECENT,
            _ => true,
        };
        let wanted = self.spec.replicas.unwrap_or(1);
        !recent && self.status.replicas == wanted && self.status.ready_replicas == wanted
    }

    fn strip(&mut self) {
        small(&mut self.spec.template.spec);
    }

    /// Keeps of each owner the ReplicaSets with pods and the two newest without: what runs, and what could be rolled back to.
    fn prune(items: &mut Vec<Self>) {
        items.sort_by(|a, b| {
            let owner = |set: &Self| set.metadata.controller().map(|owner| owner.uid.clone()).unwrap_or_default();
            owner(a).cmp(&owner(b)).then_with(|| b.metadata.creation_timestamp.cmp(&a.metadata.creation_timestamp))
        });
        let mut owner = String::new();
        let mut idle = 0;
        items.retain(|set| {
            let Some(controller) = set.metadata.controller() else { return true };
            if controller.uid != owner {
                owner.clone_from(&controller.uid);
                idle = 0;
            }
            let is_idle = set.spec.replicas == Some(0) && set.status.replicas == 0;
            idle += usize::from(is_idle);
            !is_idle || idle <= 2
        });
    }
}

impl Trim for Job {
    const WAITS: bool = true;

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        self.status.failed == 0
            && self
                .status
                .conditions
                .iter()
                .any(|condition| condition.type_ == "Complete" && condition.status == "True")
    }

    fn strip(&mut self) {
        self.spec.template = PodTemplate::default();
        self.metadata.annotations.clear();
    }
}

impl Trim for EndpointSlice {
    const WAITS: bool = true;

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        !self.endpoints.is_empty() && self.endpoints.iter().all(|endpoint| endpoint.conditions.ready != Some(false))
    }

    fn strip(&mut self) {
        for endpoint in &mut self.endpoints {
            endpoint.target_ref = None;
            endpoint.node_name = None;
            endpoint.addresses.shrink_to_fit();
        }
        self.endpoints.shrink_to_fit();
        self.metadata.annotations.clear();
    }
}

impl Trim for Event {
    const SHARE: usize = 2;

    fn trim(&mut self) {
        trim_metadata(&mut self.metadata);
        self.metadata.uid = String::new();
        self.metadata.resource_version = String::new();
    }

    fn is_quiet(&self, _now: Option<Timestamp>) -> bool {
        self.type_ == "Normal"
    }
}

impl Trim for ConfigMap {
    /// Keys stay, with values that are settings: short and of one line. Whole files are none of our business.
    fn trim(&mut self) {
        trim_metadata(&mut self.metadata);
        for value in self.data.values_mut() {
            if value.len() > SETTING_BYTES || value.contains('\n') {
                *value = String::new();
            }
        }
    }
}
