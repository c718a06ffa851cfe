//! Which columns each kind has: those of the API server's printers.

use super::table::{Column, number, text, wide};
use crate::world::Kind;

const AGE: Column = text("Age");
const NAME: Column = text("Name");

/// The columns of a kind.
pub(crate) fn of(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Pod => {
            const {
                &[
                    NAME,
                    text("Ready"),
                    text("Status"),
                    text("Restarts"),
                    AGE,
                    wide("IP"),
                    wide("Node"),
                    wide("Nominated Node"),
                    wide("Readiness Gates"),
                ]
            }
        }
        Kind::Node => {
            const {
                &[
                    NAME,
                    text("Status"),
                    text("Roles"),
                    AGE,
                    text("Version"),
                    wide("Internal-IP"),
                    wide("External-IP"),
                    wide("OS-Image"),
                    wide("Kernel-Version"),
                    wide("Container-Runtime"),
                ]
            }
        }
        Kind::Deployment => {
            const {
                &[
                    NAME,
                    text("Ready"),
                    number("Up-to-date"),
                    number("Available"),
                    AGE,
                    wide("Containers"),
                    wide("Images"),
                    wide("Selector"),
                ]
            }
        }
        Kind::ReplicaSet => {
            const {
                &[
                    NAME,
                    number("Desired"),
                    number("Current"),
                    number("Ready"),
                    AGE,
                    wide("Containers"),
                    wide("Images"),
                    wide("Selector"),
                ]
            }
        }
        Kind::StatefulSet => const { &[NAME, text("Ready"), AGE, wide("Containers"), wide("Images")] },
        Kind::DaemonSet => {
            const {
                &[
                    NAME,
                    number("Desired"),
                    number("Current"),
                    number("Ready"),
                    number("Up-to-date"),
                    number("Available"),
                    text("Node Selector"),
                    AGE,
                    wide("Containers"),
                    wide("Images"),
                    wide("Selector"),
                ]
            }
        }
        Kind::Job => {
            const {
                &[
                    NAME,
                    text("Status"),
                    text("Completions"),
                    text("Duration"),
                    AGE,
                    wide("Containers"),
                    wide("Images"),
                    wide("Selector"),
                ]
            }
        }
        Kind::CronJob => {
            const {
                &[
                    NAME,
                    text("Schedule"),
                    text("Timezone"),
                    text("Suspend"),
                    number("Active"),
                    text("Last Schedule"),
                    AGE,
                    wide("Containers"),
                    wide("Images"),
                    wide("Selector"),
                ]
            }
        }
        Kind::Service => {
            const { &[NAME, text("Type"), text("Cluster-IP"), text("External-IP"), text("Port(s)"), AGE, wide("Selector")] }
        }
        Kind::Namespace => const { &[NAME, text("Status"), AGE] },
        Kind::Event => {
            const {
                &[
                    text("Last Seen"),
                    text("Type"),
                    text("Reason"),
                    text("Object"),
                    wide("Subobject"),
                    wide("Source"),
                    text("Message"),
                    wide("First Seen"),
                    wide("Count"),
                    wide("Name"),
                ]
            }
        }
        Kind::HorizontalPodAutoscaler => {
            const { &[NAME, text("Reference"), text("Targets"), text("MinPods"), text("MaxPods"), text("Replicas"), AGE] }
        }
        Kind::PodDisruptionBudget => {
            const { &[NAME, text("Min Available"), text("Max Unavailable"), number("Allowed Disruptions"), AGE] }
        }
        Kind::PersistentVolumeClaim => {
            const {
                &[
                    NAME,
                    text("Status"),
                    text("Volume"),
                    text("Capacity"),
                    text("Access Modes"),
                    text("StorageClass"),
                    text("VolumeAttributesClass"),
                    AGE,
                    wide("VolumeMode"),
                ]
            }
        }
        Kind::PersistentVolume => {
            const {
                &[
                    NAME,
                    text("Capacity"),
                    text("Access Modes"),
                    text("Reclaim Policy"),
                    text("Status"),
                    text("Claim"),
                    text("StorageClass"),
                    text("VolumeAttributesClass"),
                    text("Reason"),
                    AGE,
                    wide("VolumeMode"),
                ]
            }
        }
        Kind::Endpoints => const { &[NAME, text("Endpoints"), AGE] },
        Kind::EndpointSlice => const { &[NAME, text("AddressType"), text("Ports"), text("Endpoints"), AGE] },
        Kind::ConfigMap => const { &[NAME, text("Data"), AGE] },
        Kind::Secret => const { &[NAME, text("Type"), number("Data"), AGE] },
        Kind::ServiceAccount => const { &[NAME, number("Secrets"), AGE] },
        Kind::Ingress => const { &[NAME, text("Class"), text("Hosts"), text("Address"), text("Ports"), AGE] },
        Kind::ResourceQuota => const { &[NAME, text("Request"), text("Limit"), AGE] },
        Kind::StorageClass => {
            const {
                &[
                    NAME,
                    text("Provisioner"),
                    text("ReclaimPolicy"),
                    text("VolumeBindingMode"),
                    text("AllowVolumeExpansion"),
                    AGE,
                ]
            }
        }
        Kind::NodePool => const { &[NAME, text("NodeClass"), text("Nodes"), text("Ready"), AGE, wide("Weight")] },
        Kind::Application => const { &[NAME, text("Sync Status"), text("Health Status")] },
        _ => const { &[NAME, AGE] },
    }
}
