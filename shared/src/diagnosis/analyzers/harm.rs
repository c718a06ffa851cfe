//! What shows that a Service does not serve: failed connection attempts, callers' log lines, alerts.
//!
//! A contradiction in a specification may be asleep for years. Routing analyzers ask here whether anybody suffers from it.

use std::collections::BTreeSet;

use crate::{
    diagnosis::{CallFailure, Case, EvidenceId, ServiceView},
    model::ObjectRef,
};

/// The harm done to callers of a Service.
#[derive(Debug, Default)]
pub(super) struct Harm {
    /// The evidence, the most direct first.
    pub(super) evidence: Vec<EvidenceId>,
    /// Workloads whose calls fail.
    pub(super) callers: BTreeSet<ObjectRef>,
    /// Whether a connection attempt failed.
    pub(super) unreachable: bool,
}

impl Harm {
    /// Whether anybody suffers.
    pub(super) fn is_seen(&self) -> bool {
        !self.evidence.is_empty()
    }
}

/// Failed connection attempts, calls and alerts about one Service.
pub(super) fn of_service(case: &mut Case<'_, '_>, service: &ServiceView<'_>) -> Harm {
    of_port(case, service, None)
}

/// As [`of_service`], for one of its ports; calls of which the port is not known count for any.
pub(super) fn of_port(case: &mut Case<'_, '_>, service: &ServiceView<'_>, port: Option<i32>) -> Harm {
    let view = case.view;
    let object = service.object();
    let mut harm = Harm::default();
    if let Some(probe) = service.probes.iter().find(|probe| !probe.ok && port.is_none_or(|port| port == probe.port)) {
        harm.evidence.push(case.probe(&object, probe));
        harm.unreachable = true;
    }
    for call in view.failed_calls_of(&object) {
        let other_port = port.zip(call.port).is_some_and(|(port, called)| port != i32::from(called));
        // A name that does not resolve is not this Service's fault.
        if !other_port
            && call.failure != CallFailure::Unresolved
            && harm.callers.insert(call.from.clone())
            && harm.callers.len() <= 3
        {
            harm.evidence.push(case.log(&view.patterns()[call.pattern]));
        }
    }
    let names: BTreeSet<&str> = std::iter::once(service.service.metadata.name.as_str())
        .chain(service.workloads.iter().map(|it| it.name.as_str()))
        .collect();
    let about = |labels: &std::collections::BTreeMap<String, String>| {
        labels.get("namespace").is_none_or(|namespace| *namespace == object.namespace)
            && ["service", "app", "deployment", "statefulset", "workload", "destination_service_name"]
                .iter()
                .any(|label| labels.get(*label).is_some_and(|value| names.contains(value.as_str())))
    };
    if let Some(alert) = view.snapshot.alerts.iter().find(|alert| alert.status != "resolved" && about(&alert.labels)) {
        harm.evidence.push(case.alert(&object, alert));
    }
    harm
}
