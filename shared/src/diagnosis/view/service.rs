//! Services with what stands behind them.

use crate::{
    model::{Object, ObjectRef, Pod, Service},
    snapshot::{ConnectionProbe, Snapshot},
};

use super::{Workload, is_live};

/// A Service, the workloads and pods its selector meets, and its endpoints.
#[derive(Debug)]
pub struct ServiceView<'a> {
    /// The Service.
    pub service: &'a Service,
    /// Workloads whose template's or pods' labels meet the selector, those without pods included.
    pub workloads: Vec<ObjectRef>,
    /// Live pods that meet the selector.
    pub pods: Vec<&'a Pod>,
    /// Ready and unready addresses, as the EndpointSlices have them; `None` where these were not read.
    pub endpoints: Option<Endpoints>,
    /// Connection attempts to it.
    pub probes: Vec<&'a ConnectionProbe>,
}

/// Addresses behind a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// That take traffic.
    pub ready: usize,
    /// That do not.
    pub unready: usize,
}

impl ServiceView<'_> {
    /// A reference to the Service.
    pub fn object(&self) -> ObjectRef {
        self.service.reference()
    }

    /// Whether it is meant to have pods: neither an alias of an outside name nor fed by hand.
    pub fn selects(&self) -> bool {
        !self.service.spec.selector.is_empty() && self.service.spec.type_ != "ExternalName"
    }

    /// Whether a connection attempt failed; `None` where none was made.
    pub fn is_reachable(&self) -> Option<bool> {
        (!self.probes.is_empty()).then(|| self.probes.iter().all(|probe| probe.ok))
    }
}

/// All Services of a snapshot, in its order.
pub(super) fn services<'a>(snapshot: &'a Snapshot, workloads: &[Workload<'a>]) -> Vec<ServiceView<'a>> {
    snapshot
        .services
        .iter()
        .map(|service| {
            let selector = &service.spec.selector;
            let meets = |labels: &std::collections::BTreeMap<String, String>| {
                !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            };
            ServiceView {
                service,
                workloads: workloads
                    .iter()
                    .filter(|workload| workload.namespace() == service.namespace())
                    // Pods may carry labels that their template lacks: the role of a replica, for example.
                    .filter(|workload| {
                        meets(workload.labels) || workload.live_pods().any(|pod| meets(&pod.metadata.labels))
                    })
                    .map(|workload| workload.object.clone())
                    .collect(),
                pods: snapshot
                    .pods
                    .in_namespace(service.namespace())
                    .filter(|pod| is_live(pod) && meets(&pod.metadata.labels))
                    .collect(),
                endpoints: endpoints(snapshot, service),
                probes: snapshot
                    .probes
                    .iter()
                    .filter(|probe| probe.namespace == service.namespace() && probe.service == service.name())
                    .collect(),
            }
        })
        .collect()
}

fn endpoints(snapshot: &Snapshot, service: &Service) -> Option<Endpoints> {
    if !snapshot.endpoint_slices.covers(service.namespace()) {
        return None;
    }
    let mut all = Endpoints::default();
    let slices = snapshot.endpoint_slices.in_namespace(service.namespace()).filter(|slice| {
        match slice.metadata.labels.get("kubernetes.io/service-name") {
            Some(name) => name == service.name(),
            None => slice.metadata.owner_references.iter().any(|it| it.kind == "Service" && it.name == service.name()),
        }
    });
    for endpoint in slices.flat_map(|slice| &slice.endpoints) {
        match endpoint.conditions.ready {
            Some(false) => all.unready += endpoint.addresses.len(),
            _ => all.ready += endpoint.addresses.len(),
        }
    }
    Some(all)
}
