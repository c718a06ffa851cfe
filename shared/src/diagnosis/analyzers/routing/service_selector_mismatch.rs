//! service-selector-mismatch: a Service's selector meets no pod, so it has no endpoints.
//!
//! <https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-have-any-endpoints>. Easily
//! mistaken for a workload that is down or at zero: there the selector meets the template's labels, and the pods are missing.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, ServiceView, View, Workload},
    model::Object,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("service-selector-mismatch", Category::Routing)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let namespace_read = |service: &ServiceView<'_>| {
        let namespace = service.service.namespace();
        view.snapshot.pods.covers(namespace) && view.snapshot.deployments.covers(namespace)
    };
    for service in view.services().iter().filter(|service| service.selects() && namespace_read(service)) {
        if !service.workloads.is_empty() || !service.pods.is_empty() || service.endpoints.is_some_and(|it| it.ready > 0)
        {
            continue;
        }
        let Some(meant) = meant(view, service) else { continue };
        let object = service.object();
        let selector: Vec<String> = service.service.spec.selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let labels: Vec<String> = meant.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let evidence = [
            case.spec(&object, format!("selector {}", selector.join(","))),
            case.spec(&meant.object, format!("pod labels {}", labels.join(","))),
            case.absence(&object, "no pod meets the selector, so there is no endpoint"),
        ];
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if service.is_reachable() == Some(false) { 0.97 } else { 0.9 })
            .summary(format!("the selector {} meets no pod; those of {} differ", selector.join(","), meant.object))
            .fact("selector", selector.join(","))
            .fact("workload", meant.object.name.clone())
            .because(evidence)
            .check(Kubectl::get(&object))
            .check(Kubectl::pods_with(&object.namespace, &service.service.spec.selector))
            .action(ActionKind::Manual, Risk::Low, format!("select {}", labels.join(",")));
        case.find(finding);
    }
}

/// The workload whose pods the Service was meant to select: that of its name, or the one that shares most of its labels.
fn meant<'v, 'a>(view: &'v View<'a>, service: &ServiceView<'_>) -> Option<&'v Workload<'a>> {
    let namespace = service.service.namespace();
    view.workload_named(namespace, service.service.name()).or_else(|| {
        let shared = |workload: &Workload<'_>| {
            let selector = &service.service.spec.selector;
            selector.iter().filter(|(key, value)| workload.labels.get(*key) == Some(value)).count()
        };
        let near = view.workloads().iter().filter(|workload| workload.namespace() == namespace && shared(workload) > 0);
        near.max_by_key(|workload| shared(workload))
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_selector_that_meets_no_pod_is_named() {
        scene()
            .deployment("shop", "api", 2)
            .service("shop", "api", 8080)
            .edit_service("shop", "api", |service| {
                service.spec.selector.insert("app".into(), "apii".into());
            })
            .expect("service-selector-mismatch", "Service shop/api");
    }

    #[test]
    fn a_service_of_a_workload_at_zero_has_a_fitting_selector() {
        scene().deployment("shop", "api", 0).service("shop", "api", 8080).expect_not("service-selector-mismatch");
    }
}
