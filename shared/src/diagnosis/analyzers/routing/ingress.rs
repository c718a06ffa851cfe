//! ingress-misconfigured: an Ingress sends requests to a Service or port that does not exist, or its controller refuses it.
//!
//! Backends name a Service of the Ingress's own namespace and one of its ports, by number or name
//! (<https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource>). It counts where somebody says so: a
//! warning of the controller about the Ingress, an error in a controller's log that names it or the Service, an alert. Easily
//! mistaken for a backend that is down, whose Service exists, and for a Service that selects nothing.

use serde_json::Value;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Level, Risk, View},
    model::{Event, Ingress, Kind, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("ingress-misconfigured", Category::Routing)];

/// What a controller said longer ago than this may be mended.
const RECENT_MINUTES: i64 = 60;

/// Reasons of events by which common controllers refuse an Ingress as it is written.
const REFUSED: &[&str] = &["FailedBuildModel", "Rejected", "AddedOrUpdatedWithError", "Translate", "InvalidIngress"];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for ingress in view.snapshot.ingresses.iter() {
        let object = ingress.reference();
        let warned = |event: &&&Event| event.type_ == "Warning" && view.within(event.last_seen(), RECENT_MINUTES);
        let event = view.events_on(&object).iter().rev().find(warned).copied();
        let broken =
            backends(ingress).into_iter().find_map(|backend| Some((backend, contradiction(view, ingress, backend)?)));
        let mut evidence = Vec::new();
        let (what, strength) = match &broken {
            Some((backend, what)) => {
                let said = complaints(case, ingress, event, &backend_name(backend));
                if said.is_empty() {
                    continue;
                }
                evidence.push(case.spec(&object, format!("backend {what}")));
                evidence.extend(said);
                (what.clone(), 0.95)
            }
            None => {
                let refused = event.filter(|it| REFUSED.iter().any(|reason| it.reason.contains(reason)));
                let Some(event) = refused else { continue };
                evidence.push(case.event(event));
                (format!("its controller refuses it: {}", event.message.chars().take(160).collect::<String>()), 0.8)
            }
        };
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(strength)
            .summary(format!("the Ingress leads nowhere: {what}"))
            .fact("service", broken.as_ref().map_or(String::new(), |(backend, _)| backend_name(backend)))
            .fact("port", broken.as_ref().map_or("", |(_, what)| what.split_once("has no port ").map_or("", |it| it.1)))
            .because(evidence)
            .since(event.and_then(Event::first_seen))
            .check(Kubectl::describe(&object))
            .check(Kubectl::list(Kind::Service, ingress.namespace()))
            .action(ActionKind::Manual, Risk::Low, "correct the Ingress's backend");
        case.find(finding);
    }
}

/// All `service` backends of an Ingress, as written.
fn backends(ingress: &Ingress) -> Vec<&Value> {
    let rules = ingress.spec["rules"].as_array().into_iter().flatten();
    let paths = rules.flat_map(|rule| rule["http"]["paths"].as_array().into_iter().flatten());
    let backends = paths.map(|path| &path["backend"]).chain([&ingress.spec["defaultBackend"]]);
    backends.map(|backend| &backend["service"]).filter(|service| service["name"].is_string()).collect()
}

fn backend_name(backend: &Value) -> String {
    backend["name"].as_str().unwrap_or_default().to_owned()
}

/// What of a backend does not exist, in words.
fn contradiction(view: &View<'_>, ingress: &Ingress, backend: &Value) -> Option<String> {
    let (namespace, name) = (ingress.namespace(), backend_name(backend));
    // With this port a name is an annotation's, not a Service's, to the AWS Load Balancer Controller.
    if !view.snapshot.services.covers(namespace) || backend["port"]["name"] == "use-annotation" {
        return None;
    }
    let Some(service) = view.service(namespace, &name) else { return Some(format!("Service {name} does not exist")) };
    let ports = &service.service.spec.ports;
    let (known, wanted) = match (backend["port"]["number"].as_i64(), backend["port"]["name"].as_str()) {
        (Some(number), _) => (ports.iter().any(|port| i64::from(port.port) == number), number.to_string()),
        (None, Some(port)) => (ports.iter().any(|it| it.name == port), port.to_owned()),
        (None, None) => return None,
    };
    (!known).then(|| format!("Service {name} has no port {wanted}"))
}

/// Who says that it does not work.
fn complaints(case: &mut Case<'_, '_>, ingress: &Ingress, event: Option<&Event>, service: &str) -> Vec<EvidenceId> {
    let view = case.view;
    let (namespace, name) = (ingress.namespace(), ingress.name());
    let keys = [format!("{namespace}/{service}"), format!("{namespace}/{name}")];
    let mut said: Vec<EvidenceId> = event.map(|event| case.event(event)).into_iter().collect();
    let line = view.patterns().iter().find(|pattern| {
        pattern.level != Level::Info
            && keys.iter().any(|key| pattern.example.contains(key.as_str()))
            && view.is_recent(pattern, RECENT_MINUTES)
    });
    said.extend(line.map(|pattern| case.log(pattern)));
    let alert = view.snapshot.alerts.iter().find(|alert| {
        let is = |label: &str, value: &str| alert.labels.get(label).is_some_and(|it| it == value);
        let home = is("namespace", namespace) || is("exported_namespace", namespace);
        alert.status != "resolved"
            && home
            && (is("ingress", name) || is("service", service) || is("exported_service", service))
    });
    said.extend(alert.map(|alert| case.alert(&ObjectRef::new(Kind::Ingress, namespace, name), alert)));
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnosis::testkit::{Scene, scene};

    fn shop(backend: Value) -> Scene {
        let mut ingress = Ingress::default();
        ingress.metadata.namespace = "shop".into();
        ingress.metadata.name = "front".into();
        ingress.spec = json!({"rules": [{"host": "shop.example.org", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": backend}}
        ]}}]});
        scene()
            .deployment("shop", "web", 1)
            .service("shop", "web", 80)
            .edit(|snapshot| snapshot.ingresses.items.push(ingress))
    }

    #[test]
    fn a_backend_that_does_not_exist_is_named() {
        shop(json!({"name": "wbe", "port": {"number": 80}}))
            .event(
                "Ingress shop/front",
                "FailedBuildModel",
                "Failed build model due to ingress: shop/front: services \"wbe\" not found",
            )
            .expect("ingress-misconfigured", "Ingress shop/front");
    }

    #[test]
    fn a_port_that_the_service_does_not_have_is_named() {
        for port in [json!({"number": 8080}), json!({"name": "http"})] {
            shop(json!({"name": "web", "port": port}))
                .deployment("edge", "proxy", 1)
                .log(
                    "edge",
                    "proxy",
                    "2026-03-01T11:59:00Z WARN Service \"shop/web\" does not have any active Endpoint for its port\n",
                )
                .expect("ingress-misconfigured", "Ingress shop/front");
        }
    }

    #[test]
    fn a_contradiction_of_which_nobody_speaks_is_no_cause() {
        shop(json!({"name": "wbe", "port": {"number": 80}})).expect_healthy();
    }

    #[test]
    fn a_backend_that_is_there_is_not_it() {
        shop(json!({"name": "web", "port": {"number": 80}}))
            .event("Ingress shop/front", "Sync", "Scheduled for sync")
            .expect_healthy();
    }
}
