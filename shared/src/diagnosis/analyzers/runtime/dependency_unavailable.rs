//! dependency-unavailable: calls to something a workload depends on fail, and nothing deeper says why.
//!
//! Clients log it in the words of their library: connection refused, timed out, no healthy upstream, `UNAVAILABLE`
//! (<https://grpc.io/docs/guides/status-codes/>). Of a Service in the cluster (the object is the workload behind it, or the
//! Service where that is not one) it is only what is seen: whatever is found at the dependency or at its node explains it.
//! Of a host outside the cluster, or a Service that stands for one
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#externalname>), more cannot be known from here; then the
//! caller is the object, with the host as fact `host`, and its crashes follow from it. Easily mistaken for a fault of the
//! caller, for DNS being down (every name fails), and for calls that fail while everything is being started. Exporters of
//! traces and cloud metadata servers are no dependency: applications live without them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diagnosis::{
        ActionKind, CallFailure, Case, Category, CauseSpec, FailedCall, Finding, Host, Kubectl, Level, LogPattern,
        Risk, ServiceView, View, Workload, call_failure, hosts, is_meant,
    },
    model::ObjectRef,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::symptom("dependency-unavailable", Category::Runtime)];

/// The same outside the cluster, where nothing deeper can be seen.
const OUTSIDE: CauseSpec = CauseSpec::mechanism("dependency-unavailable", Category::Runtime);

/// A workload that serves and still cannot call says so more than once, and lately.
const MANY: usize = 3;
const RECENT_MINUTES: i64 = 10;

/// Words of calls without which an application works.
const DISPENSABLE: &[&str] =
    &["trace", "telemetry", "otlp", "exporter", "profiler", "metadata.google", "169.254.169.254", "metrics export"];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for service in view.services() {
        inside(case, service);
    }
    for (host, calls) in outside(view) {
        claim_outside(case, &host, &calls);
    }
}

/// Whether the line tells of a call whose failure hurts its workload now.
fn hurts(view: &View<'_>, workload: &Workload<'_>, pattern: &LogPattern) -> bool {
    let ails = workload.is_short();
    (pattern.level != Level::Info || (ails && pattern.at_end))
        && (ails || pattern.count >= MANY)
        && view.is_recent(pattern, if ails { 30 } else { RECENT_MINUTES })
        && !pattern.says(DISPENSABLE)
}

fn inside(case: &mut Case<'_, '_>, service: &ServiceView<'_>) {
    let view = case.view;
    let object = service.object();
    let alias = !service.selects();
    let counts = |call: &&FailedCall| {
        // A name that exists and does not resolve is DNS's fault.
        (alias || call.failure != CallFailure::Unresolved)
            && !(call.failure == CallFailure::Refused && service.is_reachable() == Some(true))
            && view.workload(&call.from).is_some_and(|from| hurts(view, from, &view.patterns()[call.pattern]))
    };
    let calls: Vec<&FailedCall> = view.failed_calls_of(&object).filter(counts).collect();
    let callers: BTreeSet<&ObjectRef> = calls.iter().map(|call| &call.from).collect();
    if callers.is_empty() {
        return;
    }
    let empty = service.endpoints.is_some_and(|endpoints| endpoints.ready == 0) && !alias;
    let down = empty
        || service.is_reachable() == Some(false)
        || view.workloads_behind(service).any(|workload| workload.is_short());
    // One caller's few failures may be the caller's own fault.
    let few = callers.len() < 2 && calls.iter().map(|call| view.patterns()[call.pattern].count).sum::<usize>() < 5;
    let (spec, strength) = match (alias, down, few) {
        (true, ..) => (&OUTSIDE, 0.65),
        (false, true, _) => (&CAUSES[0], 0.65),
        (false, false, false) => (&CAUSES[0], 0.6),
        (false, false, true) => (&CAUSES[0], 0.45),
    };
    let mut evidence = Vec::new();
    if empty {
        evidence.push(case.status(&object, None, "no ready endpoint"));
    }
    if alias && !service.service.spec.external_name.is_empty() {
        evidence.push(case.spec(&object, format!("stands for {}", service.service.spec.external_name)));
    }
    let mut said = BTreeSet::new();
    let first_of_each = calls.iter().filter(|call| said.insert(&call.from)).take(3);
    evidence.extend(first_of_each.map(|call| case.log(&view.patterns()[call.pattern])).collect::<Vec<_>>());
    let target = match service.workloads.as_slice() {
        [only] if !alias => only,
        _ => &object,
    };
    let since = calls.iter().filter_map(|call| view.patterns()[call.pattern].first_seen).min();
    let who = callers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    let finding = Finding::new(spec, target)
        .strength(strength)
        .summary(format!("{} does not answer {who}", object.name))
        .fact("host", object.name.clone())
        .fact("callers", who)
        .because(evidence)
        .explains(callers.into_iter().cloned())
        .since(since)
        .check(Kubectl::get(&object))
        .check(Kubectl::describe(target));
    case.find(finding);
}

/// Calls of hosts outside the cluster that fail, by host.
fn outside<'v>(view: &'v View<'_>) -> BTreeMap<String, Vec<&'v LogPattern>> {
    let mut by_host: BTreeMap<String, Vec<&LogPattern>> = BTreeMap::new();
    for pattern in view.patterns() {
        let Some(workload) = view.workload(&pattern.workload) else { continue };
        if call_failure(&pattern.example).is_none() || !hurts(view, workload, pattern) {
            continue;
        }
        let meant = hosts(&pattern.example).filter(|host| is_meant(&pattern.example, host));
        if let Some(host) = meant.into_iter().find(|host| is_outside(view, host, workload.namespace())) {
            by_host.entry(host.name.to_ascii_lowercase()).or_default().push(pattern);
        }
    }
    by_host
}

/// Last labels of names that are hosts, beside those of two letters; words with a dot are also files, classes, loggers.
const TOP: &[&str] = &[
    "com", "org", "net", "dev", "cloud", "internal", "local", "lan", "corp", "edu", "gov", "app", "biz", "info",
    "intra", "tech", "xyz", "online", "example", "test",
];
const FILES: &[&str] = &["go", "py", "js", "ts", "rb", "rs", "cs", "kt", "cc", "pl", "sh", "so", "md"];

/// Whether a host is a name of the world outside.
fn is_outside(view: &View<'_>, host: &Host<'_>, home: &str) -> bool {
    let name = host.name;
    let labels: Vec<&str> = name.split('.').collect();
    let Some((top, rest)) = labels.split_last() else { return false };
    let plausible = TOP.contains(top)
        || (top.len() == 2 && top.bytes().all(|byte| byte.is_ascii_lowercase()) && !FILES.contains(top));
    let namespace = view.snapshot.namespaces.iter().any(|it| rest.len() == 1 && it.metadata.name == *top);
    host.port != Some(53)
        && plausible
        && !rest.is_empty()
        && !namespace
        && !rest.contains(&"svc")
        && !name.ends_with(".cluster.local")
        && !name.bytes().any(|byte| byte.is_ascii_uppercase())
        && view.node(name).is_none()
        && view.service_at(name, home).is_none()
}

fn claim_outside(case: &mut Case<'_, '_>, host: &str, calls: &[&LogPattern]) {
    let view = case.view;
    let ails = |pattern: &LogPattern| view.workload(&pattern.workload).is_some_and(Workload::is_short);
    let Some(main) = calls.iter().max_by_key(|pattern| (ails(pattern), pattern.count)) else { return };
    let callers: BTreeSet<ObjectRef> = calls.iter().map(|pattern| pattern.workload.clone()).collect();
    let strength = 0.6 + if ails(main) { 0.12 } else { 0.0 } + if callers.len() > 1 { 0.08 } else { 0.0 };
    let mut said = BTreeSet::new();
    let first_of_each = calls.iter().filter(|pattern| said.insert(&pattern.workload)).take(2);
    let mut evidence = vec![case.log(main)];
    evidence.extend(first_of_each.filter(|it| it.workload != main.workload).map(|it| case.log(it)).collect::<Vec<_>>());
    let finding = Finding::new(&OUTSIDE, &main.workload)
        .strength(strength)
        .summary(format!("{host}, outside the cluster, does not answer"))
        .fact("outside", host)
        .because(evidence)
        .explains(callers)
        .since(calls.iter().filter_map(|pattern| pattern.first_seen).min())
        .check(Kubectl::logs(&main.workload, Some(&main.container), ails(main)))
        .action(ActionKind::Manual, Risk::Low, format!("see whether {host} is up, and whether the pods may reach it"));
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{EnvVar, PodSpec},
    };

    fn calls(url: &'static str) -> impl Fn(&mut PodSpec) {
        move |spec| {
            spec.containers[0].env.push(EnvVar { name: "NEXT".into(), value: Some(url.into()), value_from: None });
        }
    }

    fn shop() -> Scene {
        scene()
            .deployment("shop", "web", 1)
            .deployment("shop", "api", 1)
            .service("shop", "api", 8080)
            .deployment("shop", "ledger", 1)
            .service("shop", "ledger", 8080)
            .template("shop", "web", calls("http://api:8080"))
            .template("shop", "api", calls("http://ledger:8080"))
    }

    fn lines(line: &str) -> String {
        (0..6).map(|second| format!("2026-03-01T11:58:0{second}Z {line}\n")).collect()
    }

    #[test]
    fn a_host_outside_that_does_not_answer_is_named_at_its_caller() {
        for line in [
            "ERROR Post \"https://cards.example.com/v1/charges\": dial tcp 203.0.113.9:443: i/o timeout",
            "ERROR java.net.ConnectException: Connection refused: cards.example.com:443",
            "ERROR getaddrinfo ENOTFOUND cards.example.com",
        ] {
            let scene = shop().log("shop", "api", &lines(line));
            scene.expect("dependency-unavailable", "Deployment shop/api");
            scene.crashing("shop", "api", 1, "Error").expect("dependency-unavailable", "Deployment shop/api");
        }
    }

    #[test]
    fn a_service_that_stands_for_a_host_outside_is_named() {
        shop()
            .edit_service("shop", "ledger", |service| {
                service.spec.type_ = "ExternalName".into();
                service.spec.external_name = "ledger.example.com".into();
                service.spec.selector.clear();
            })
            .log("shop", "api", &lines("ERROR Get http://ledger:8080/: context deadline exceeded"))
            .expect("dependency-unavailable", "Service shop/ledger");
    }

    #[test]
    fn of_a_chain_of_failing_calls_the_end_is_named() {
        shop()
            .log("shop", "web", &lines("ERROR http://api:8080/cart: 503 Service Unavailable"))
            .log("shop", "api", &lines("ERROR Get http://ledger:8080/: context deadline exceeded"))
            .expect("dependency-unavailable", "Deployment shop/ledger");
    }

    #[test]
    fn what_is_found_at_the_dependency_explains_it() {
        shop()
            .log("shop", "api", &lines("ERROR dial tcp ledger:8080: connect: connection refused"))
            .crashing("shop", "ledger", 137, "OOMKilled")
            .expect("oom-killed", "Deployment shop/ledger");
    }

    #[test]
    fn what_applications_live_without_is_no_dependency() {
        for line in [
            "WARN traces export: Post \"https://collector.example.com:4318/v1/traces\": connection refused",
            "WARN Get \"http://metadata.google.internal/id\": i/o timeout",
            "WARN client.go:443 retry: i/o timeout",
        ] {
            shop().log("shop", "api", &lines(line)).expect_healthy();
        }
    }

    #[test]
    fn a_call_that_failed_once_is_no_cause() {
        shop()
            .log("shop", "api", "2026-03-01T11:58:00Z ERROR Get https://cards.example.com/: i/o timeout\n")
            .expect_healthy();
    }
}
