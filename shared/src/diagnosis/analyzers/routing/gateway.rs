//! gateway-misroute: a gateway's configuration sends the requests for one service to another.
//!
//! All pods are well, and requests for one path get 404 or answers that make no sense. Routes stand in the gateway's ConfigMap:
//! Spring Cloud Gateway's `uri` and `predicates`
//! (<https://docs.spring.io/spring-cloud-gateway/reference/spring-cloud-gateway/request-predicates-factories.html>), envoy's
//! `match` and `route`, nginx' `location` and `proxy_pass`. A route is suspect where its own id or path names one Service and its
//! target is another, while the other routes keep to their names. The object is the gateway, whose configuration has to be
//! changed; the Service that gets no requests comes first among the affected. Easily mistaken for a fault of the service that
//! is not reached, since alerts name that one. Where an alert names both the Service and the path, no name has to be like
//! another. A route that was named freely is none: others have to be named after their
//! targets, and somebody has to suffer.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_yaml_ng::Value;

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, View, Workload, config_maps, hosts,
    },
    model::{Kind, Object, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("gateway-misroute", Category::Routing)];

/// One route of a gateway.
#[derive(Debug)]
struct Route {
    /// Its name, where it has one.
    id: String,
    /// The path it serves, wildcards cut off.
    path: String,
    /// The Service it leads to.
    target: String,
}

/// Configuration looked at, at most.
const MAX_CONFIG: usize = 256 * 1024;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        for map in config_maps(workload) {
            let Some(config) = view.snapshot.config_maps.get(workload.namespace(), &map) else { continue };
            for (key, text) in config.data.iter().filter(|(_, text)| text.len() <= MAX_CONFIG) {
                let routes = routes(view, workload, text);
                if routes.len() > 1 {
                    examine_routes(case, workload, &map, key, &routes);
                }
            }
        }
    }
}

fn examine_routes(case: &mut Case<'_, '_>, gateway: &Workload<'_>, map: &str, key: &str, routes: &[Route]) {
    let view = case.view;
    if named_by_an_alert(case, gateway, map, key, routes) {
        return;
    }
    let stems = stems(view, gateway.namespace());
    let fits = |route: &Route| stems.get(&route.target).map_or(0.0, |stem| likeness(route, stem));
    let keeping = routes.iter().filter(|route| fits(route) > 0.0).count();
    if keeping < 2 || keeping * 2 < routes.len() {
        return;
    }
    for route in routes.iter().filter(|route| fits(route) == 0.0) {
        let best = stems.iter().filter(|(name, _)| **name != route.target);
        let best = best.map(|(name, stem)| (likeness(route, stem), name)).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, meant)) = best.filter(|(likeness, _)| *likeness >= 0.9) else { continue };
        let harm = harm(case, gateway.namespace(), meant, &route.path);
        let strength = match &harm {
            Some((_, true)) => 0.97,
            Some((_, false)) => 0.88,
            None if !view.trigger.name.is_empty() => 0.8,
            None => continue,
        };
        let harmed = harm.map(|(evidence, _)| evidence);
        claim(case, gateway, (map, key), route, meant, strength, harmed);
    }
}

fn claim(
    case: &mut Case<'_, '_>,
    gateway: &Workload<'_>,
    (map, key): (&str, &str),
    route: &Route,
    meant: &str,
    strength: f64,
    harm: Option<EvidenceId>,
) {
    let config = ObjectRef::new(Kind::ConfigMap, gateway.namespace(), map);
    let service = ObjectRef::new(Kind::Service, gateway.namespace(), meant);
    let mut evidence =
        vec![case.spec(&config, format!("{key}: route {} {} leads to {}", route.id, route.path, route.target))];
    evidence.extend(harm);
    let finding = Finding::new(&CAUSES[0], &gateway.object)
        .strength(strength)
        .summary(format!("the gateway sends {} to {}, not to {meant}", route.path, route.target))
        .fact("path", &route.path)
        .fact("target", &route.target)
        .fact("meant", meant)
        .because(evidence)
        .explains([service])
        .check(Kubectl::get(&config))
        .check(Kubectl::logs(&gateway.object, None, false))
        .action(ActionKind::Manual, Risk::Medium, format!("let {} lead to {meant} in ConfigMap {map}", route.path));
    case.find(finding);
}

/// Claims where an alert names both a Service and the path of the requests that fail there, and the route of that path
/// leads elsewhere while no route at all leads to the Service. Needs no likeness of names.
fn named_by_an_alert(case: &mut Case<'_, '_>, gateway: &Workload<'_>, map: &str, key: &str, routes: &[Route]) -> bool {
    let view = case.view;
    let mut found = false;
    for alert in view.snapshot.alerts.iter().filter(|alert| alert.status != "resolved") {
        let label = ["service", "destination_service_name", "app", "deployment", "workload"];
        let named = label.iter().filter_map(|name| alert.labels.get(*name));
        let Some(service) = named.filter_map(|name| view.service_at(name, gateway.namespace())).next() else {
            continue;
        };
        let name = service.service.name();
        if service.workloads.contains(&gateway.object) || routes.iter().any(|route| route.target == name) {
            continue;
        }
        let texts = || alert.labels.values().chain(alert.annotations.values());
        let served = routes.iter().filter(|route| texts().any(|text| has_path(text, &route.path)));
        let Some(route) = served.max_by_key(|route| route.path.len()) else { continue };
        // The Service that answers in its stead has a route of its own, and does not know the path.
        let shared = routes.iter().filter(|it| it.target == route.target).count() > 1;
        let not_found = alert.annotations.values().any(|text| text.contains("404"));
        let strength = match (shared, not_found) {
            (true, true) => 0.96,
            (true, false) | (false, true) => 0.85,
            (false, false) => continue,
        };
        let evidence = case.alert(&service.object(), alert);
        claim(case, gateway, (map, key), route, name, strength, Some(evidence));
        found = true;
    }
    found
}

/// Whether a text has a path, or one below it.
fn has_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/')
            && !after.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    })
}

/// Evidence that requests for a path fail, and whether they are answered with "not found".
fn harm(case: &mut Case<'_, '_>, namespace: &str, meant: &str, path: &str) -> Option<(EvidenceId, bool)> {
    let view = case.view;
    let service = ObjectRef::new(Kind::Service, namespace, meant);
    let firing = || view.snapshot.alerts.iter().filter(|alert| alert.status != "resolved");
    let speaks = |alert: &&crate::snapshot::Alert| {
        alert.labels.values().chain(alert.annotations.values()).any(|text| text.contains(path))
    };
    let not_found = |alert: &crate::snapshot::Alert| alert.annotations.values().any(|text| text.contains("404"));
    if let Some(alert) = firing().filter(speaks).max_by_key(|alert| not_found(alert)) {
        return Some((case.alert(&service, alert), not_found(alert)));
    }
    let failed = |line: &&str| {
        let Some(at) = line.find(path) else { return false };
        let mut words = line[at..].split(|c: char| !c.is_ascii_digit() && c != '.' && c != '/');
        words.any(|word| word.len() == 3 && (word.starts_with('4') || word.starts_with('5')))
    };
    let lines = view.snapshot.logs.iter().filter(|log| log.namespace == namespace && !log.previous);
    let (log, line) = lines.filter_map(|log| Some((log, log.text.lines().rev().find(failed)?))).next()?;
    let pod = ObjectRef::new(Kind::Pod, namespace, &log.pod);
    Some((case.status(&pod, None, format!("log line: {line}")), line.contains(" 404 ")))
}

/// Services of a namespace with what is theirs alone in their names: `order` of `shop-order-service`.
fn stems(view: &View<'_>, namespace: &str) -> BTreeMap<String, String> {
    let names: Vec<&str> = view.snapshot.services.in_namespace(namespace).map(|service| service.name()).collect();
    let parts = |name: &str| name.split(['-', '_', '.']).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let common = |part: &str| {
        let having = names.iter().filter(|name| parts(name).iter().any(|it| it == part)).count();
        names.len() > 2 && having * 2 > names.len()
    };
    let stem = |name: &str| {
        let own = parts(name).into_iter().filter(|part| !common(part)).collect::<Vec<_>>().concat();
        plain(&own)
    };
    names.iter().map(|name| ((*name).to_owned(), stem(name))).filter(|(_, stem)| stem.len() >= 3).collect()
}

/// A word without what says nothing: case, punctuation, "service".
fn plain(word: &str) -> String {
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ["service", "svc", "api", "server"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(&word).to_owned()
}

/// How well a route's id and path name a Service: 1 the same word, less where one begins with the other, 0 not at all.
fn likeness(route: &Route, stem: &str) -> f64 {
    let words = std::iter::once(route.id.as_str()).chain(route.path.split('/')).map(plain);
    let like = |word: String| match word {
        word if word == stem => 1.0,
        word if word.len() >= 3 && (word.starts_with(stem) || stem.starts_with(word.as_str())) => 0.5,
        _ => 0.0,
    };
    words.map(like).fold(0.0, f64::max)
}

/// All routes that a configuration text holds and that lead to Services.
fn routes(view: &View<'_>, gateway: &Workload<'_>, text: &str) -> Vec<Route> {
    static NGINX: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"location\s+(?:[=~^*]+\s*)?(/[^\s{]*)\s*\{[^}]*?proxy_pass\s+https?://([A-Za-z0-9.-]+)").ok()
    });
    let mut found: Vec<(String, String, String)> = Vec::new();
    if let Some(nginx) = NGINX.as_ref().filter(|_| text.contains("proxy_pass")) {
        found.extend(nginx.captures_iter(text).map(|it| (String::new(), it[1].to_owned(), it[2].to_owned())));
    } else if (text.contains("uri:") || text.contains("cluster:") || text.contains("service:"))
        && let Ok(value) = serde_yaml_ng::from_str::<Value>(text)
    {
        walk(&value, &mut found);
    }
    let to_service = |(id, path, target): (String, String, String)| {
        let target = filled(gateway, &target);
        let service = hosts(&target).find_map(|host| view.service_at(host.name, gateway.namespace()))?;
        let path = path.split(['*', '{']).next().unwrap_or_default().trim_end_matches('/').to_owned();
        (path.len() > 1).then(|| Route { id, path, target: service.service.metadata.name.clone() })
    };
    found.into_iter().filter_map(to_service).collect()
}

/// A value with `${NAME:default}` filled in from the gateway's environment.
fn filled(gateway: &Workload<'_>, value: &str) -> String {
    let Some((before, rest)) = value.split_once("${") else { return value.to_owned() };
    let Some((inside, after)) = rest.split_once('}') else { return value.to_owned() };
    let (name, default) = inside.split_once(':').unwrap_or((inside, ""));
    let variables = gateway.template.containers.iter().flat_map(|container| &container.env);
    let set = variables.into_iter().find(|it| it.name == name).and_then(|it| it.value.as_deref());
    format!("{before}{}{}", set.unwrap_or(default.trim_start_matches('-')), filled(gateway, after))
}

/// Finds mappings that have a path and a target.
fn walk(value: &Value, found: &mut Vec<(String, String, String)>) {
    match value {
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Mapping(mapping) => {
            let of = |names: &[&str]| names.iter().find_map(|name| mapping.get(*name));
            let target = of(&["uri", "url", "service", "upstream", "backend", "cluster", "route", "destination"]);
            let paths = of(&["predicates", "match", "path", "paths", "prefix", "rule"]);
            let (mut targets, mut served) = (Vec::new(), Vec::new());
            target.iter().for_each(|it| strings(it, &mut targets));
            paths.iter().for_each(|it| strings(it, &mut served));
            let paths: Vec<String> = served.iter().flat_map(|text| paths_in(text)).collect();
            if let (Some(target), false) = (targets.first(), paths.is_empty()) {
                let id = of(&["id", "name"]).and_then(Value::as_str).unwrap_or_default().to_owned();
                found.extend(paths.into_iter().map(|path| (id.clone(), path, (*target).to_owned())));
            } else {
                mapping.values().for_each(|item| walk(item, found));
            }
        }
        _ => {}
    }
}

/// All strings in a value.
fn strings<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Sequence(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Mapping(mapping) => mapping.values().for_each(|item| strings(item, into)),
        _ => {}
    }
}

/// The paths in `Path=/a/**,/b/**`, ``PathPrefix(`/a`)`` or `/a`.
fn paths_in(text: &str) -> Vec<String> {
    let is_end = |c: char| matches!(c, ',' | '`' | '"' | '\'' | ')' | ' ' | '=' | '(');
    text.split(is_end).filter(|part| part.starts_with('/')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{ConfigMap, Metadata, NameRef, Volume},
    };

    fn shop(config: &str) -> Scene {
        let config = config.to_owned();
        let scene = scene().deployment("shop", "edge", 1).template("shop", "edge", |spec| {
            let config_map = Some(NameRef { name: "edge-routes".into(), optional: None });
            spec.volumes.push(Volume { name: "routes".into(), config_map, ..Volume::default() });
        });
        let services = ["shop-orders", "shop-stock", "shop-prices"];
        services.iter().fold(scene, |scene, name| scene.deployment("shop", name, 1).service("shop", name, 8080)).edit(
            move |snapshot| {
                snapshot.config_maps.items.push(ConfigMap {
                    metadata: Metadata { name: "edge-routes".into(), namespace: "shop".into(), ..Metadata::default() },
                    data: [("application.yml".to_owned(), config)].into(),
                });
            },
        )
    }

    fn spring(orders: &str) -> String {
        let route = |id: &str, to: &str| {
            format!("- id: {id}\n  uri: lb://${{{id}_HOST:{to}}}\n  predicates:\n  - Path=/api/{id}/**\n")
        };
        format!(
            "routes:\n{}{}{}",
            route("orders", orders),
            route("stock", "shop-stock"),
            route("prices", "shop-prices")
        )
    }

    const NOT_FOUND: &str = "10.1.0.9 - - [01/Mar/2026:11:59:00 +0000] \"GET /api/orders/7 HTTP/1.1\" 404 153\n";

    #[test]
    fn a_route_to_another_service_is_named_on_the_gateway() {
        let scene = shop(&spring("shop-stock")).log("shop", "edge", NOT_FOUND);
        scene.expect("gateway-misroute", "Deployment shop/edge");
        let affected = scene.diagnose().causes[0].affected[0].object.to_string();
        assert_eq!(affected, "Service shop/shop-orders");
    }

    #[test]
    fn an_alert_that_names_service_and_path_needs_no_likeness_of_names() {
        let route = |id: &str, path: &str, to: &str| {
            format!("- id: {id}\n  uri: lb://{to}\n  predicates:\n  - Path=/api/{path}/**\n")
        };
        // Nobody would guess from the names which path belongs to whom.
        let config = format!(
            "routes:\n{}{}{}",
            route("a", "x1", "shop-stock"),
            route("b", "x2", "shop-stock"),
            route("c", "x3", "shop-prices")
        );
        let alert = |status: &str| crate::snapshot::Alert {
            status: status.into(),
            labels: [("alertname", "Http"), ("namespace", "shop"), ("service", "shop-orders"), ("url", "/api/x1/7")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            annotations: [("summary".to_owned(), "GET /api/x1/7 fails: 404 Not Found".to_owned())].into(),
            ..crate::snapshot::Alert::default()
        };
        let scene = shop(&config).edit(|snapshot| snapshot.alerts.push(alert("firing")));
        scene.expect("gateway-misroute", "Deployment shop/edge");
        assert_eq!(scene.diagnose().causes[0].affected[0].object.to_string(), "Service shop/shop-orders");
        shop(&config).edit(|snapshot| snapshot.alerts.push(alert("resolved"))).expect_not("gateway-misroute");
    }

    #[test]
    fn nginx_locations_are_routes_too() {
        let location = |path: &str, to: &str| format!("location /{path}/ {{\n  proxy_pass http://{to}:8080;\n}}\n");
        let config =
            [location("orders", "shop-prices"), location("stock", "shop-stock"), location("prices", "shop-prices")];
        let line = "10.1.0.9 - - [01/Mar/2026:11:59:00 +0000] \"GET /orders/7 HTTP/1.1\" 404 153\n";
        shop(&config.concat()).log("shop", "edge", line).expect("gateway-misroute", "Deployment shop/edge");
    }

    #[test]
    fn a_route_that_nobody_misses_is_no_cause() {
        shop(&spring("shop-stock")).expect_healthy();
    }

    #[test]
    fn routes_that_keep_to_their_names_are_no_fault_of_a_404() {
        shop(&spring("shop-orders")).log("shop", "edge", NOT_FOUND).expect_not("gateway-misroute");
    }
}
