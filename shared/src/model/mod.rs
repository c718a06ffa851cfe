//! Slim Kubernetes objects: the fields that diagnosis reads, in the API's own JSON form.
//!
//! Every type deserializes from what the API server (or `kubectl get -o json`) prints and ignores the rest, so that a
//! page of a list costs a few hundred bytes an object instead of the tens of kilobytes of a full typed object. Every type
//! serializes back to the same form, which is how `nightshift capture` writes files that kubectl's users recognise.
//! Fields carry the names of the Kubernetes API reference, <https://kubernetes.io/docs/reference/kubernetes-api/>.

mod container;
mod event;
mod meta;
mod network;
mod node;
mod placement;
mod pod;
mod policy;
mod quantity;
mod reference;
mod storage;
mod workload;

pub use container::*;
pub use event::*;
pub use meta::*;
pub use network::*;
pub use node::*;
pub use placement::*;
pub use pod::*;
pub use policy::*;
pub use quantity::Quantity;
pub use reference::{Kind, ObjectRef};
pub use storage::*;
pub use workload::*;

/// An object as the API lists it: with metadata, of one kind.
pub trait Object:
    serde::Serialize + serde::de::DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static
{
    /// The kind, for references and file names.
    const KIND: Kind;
    /// The object's metadata.
    fn metadata(&self) -> &Metadata;
    /// The object's metadata, to change.
    fn metadata_mut(&mut self) -> &mut Metadata;
    /// The object's name.
    fn name(&self) -> &str {
        &self.metadata().name
    }
    /// The object's namespace; empty for cluster-scoped objects.
    fn namespace(&self) -> &str {
        &self.metadata().namespace
    }
    /// A reference to this object.
    fn reference(&self) -> ObjectRef {
        ObjectRef::new(Self::KIND, self.namespace(), self.name())
    }
}

macro_rules! objects {
    ($($type:ident => $kind:ident),* $(,)?) => {
        $(impl Object for $type {
            const KIND: Kind = Kind::$kind;
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
            fn metadata_mut(&mut self) -> &mut Metadata {
                &mut self.metadata
            }
        })*
    };
}

objects! {
    ConfigMap => ConfigMap, CronJob => CronJob, DaemonSet => DaemonSet, Deployment => Deployment, EndpointSlice => EndpointSlice,
    Event => Event, HorizontalPodAutoscaler => HorizontalPodAutoscaler, Ingress => Ingress, Job => Job, Namespace => Namespace,
    NetworkPolicy => NetworkPolicy, Node => Node, PersistentVolume => PersistentVolume,
    PersistentVolumeClaim => PersistentVolumeClaim, Pod => Pod, PodDisruptionBudget => PodDisruptionBudget,
    ReplicaSet => ReplicaSet, ResourceQuota => ResourceQuota, Secret => Secret, Service => Service,
    ServiceAccount => ServiceAccount, StatefulSet => StatefulSet, StorageClass => StorageClass,
}
