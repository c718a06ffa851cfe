//! service-env-var-address-mismatch: an environment variable holds a wrong address of another service.
//!
//! The workload runs, and its calls fail: on a name that does not resolve, or on a port that the Service does not have. Not
//! every dangling address is a fault, since optional parts are often configured and not installed. It is one where the log
//! tells of failing calls to it, where another workload has the same variable right, where the revision before had another
//! value, or where it is a near miss of a Service that exists
//! (<https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>). The object is the workload whose variable is
//! wrong, not its callers, who fail as well. Easily mistaken for DNS that does not work, where names that exist fail, and for
//! a Service that is missing, where a workload of that name waits behind it.

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, Dangling, EvidenceId, Finding, Kubectl, LogPattern, Risk, View,
        Workload, call_failure, hosts,
    },
    model::{Object, PodSpec},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("service-env-var-address-mismatch", Category::Routing)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for dangling in view.dangling() {
        // The workload is there and its Service is not: the address is right.
        if view.workload_named(&dangling.namespace, &dangling.service).is_none() {
            unknown_host(case, dangling);
        }
    }
    for workload in view.workloads() {
        unknown_port(case, workload);
    }
}

fn unknown_host(case: &mut Case<'_, '_>, dangling: &Dangling) {
    let view = case.view;
    let (Some(workload), Some(variable)) = (view.workload(&dangling.from), &dangling.variable) else { return };
    let mut evidence: Vec<EvidenceId> = vec![case.spec(&workload.object, &dangling.via)];
    evidence.push(case.absence(
        &crate::model::ObjectRef::new(crate::model::Kind::Service, &dangling.namespace, &dangling.service),
        format!("no Service {} in namespace {}", dangling.service, dangling.namespace),
    ));
    let said = view.patterns_of(workload).iter().rev().find(|it| {
        call_failure(&it.example).is_some()
            && view.is_recent(it, 60)
            && hosts(&it.example).any(|host| host.name == dangling.host)
    });
    evidence.extend(said.map(|pattern| case.log(pattern)));
    let before = workload.previous_template().and_then(|template| value_of(template, variable));
    let before = before.filter(|value| reaches(view, value, workload));
    let agreed = view.workloads().iter().filter(|other| other.object != workload.object).find_map(|other| {
        let value = value_of(other.template, variable).filter(|value| reaches(view, value, other))?;
        Some((other, value))
    });
    let near = nearest(view, dangling);
    let meant = match (before, &agreed, &near) {
        (Some(value), ..) => {
            evidence.push(case.spec(&workload.object, format!("the revision before had {variable}={value}")));
            Some(value.to_owned())
        }
        (None, Some((other, value)), _) => {
            evidence.push(case.spec(&other.object, format!("env {variable}={value}")));
            Some((*value).to_owned())
        }
        (None, None, Some(name)) => Some(name.clone()),
        _ => None,
    };
    let strength = match (said.is_some(), before.is_some() || agreed.is_some(), near.is_some()) {
        (true, true, _) | (true, _, true) => 0.97,
        (false, true, true) => 0.95,
        (false, true, false) => 0.9,
        (true, false, false) => 0.75,
        (false, false, true) => 0.72,
        (false, false, false) => return,
    };
    find(case, workload, variable, strength, evidence, meant, said);
}

fn find(
    case: &mut Case<'_, '_>,
    workload: &Workload<'_>,
    variable: &str,
    strength: f64,
    evidence: Vec<EvidenceId>,
    meant: Option<String>,
    said: Option<&LogPattern>,
) {
    let likely = meant.clone().unwrap_or_default();
    let meant = meant.map_or(String::new(), |meant| format!("; {meant} is meant, it seems"));
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary(format!("{variable} holds an address that no Service has{meant}"))
        .fact("variable", variable)
        .fact("meant", likely)
        .because(evidence)
        .since(said.and_then(|pattern| pattern.first_seen).or(workload.rolled_out_at()))
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::logs(&workload.object, None, false))
        .action(ActionKind::Manual, Risk::Low, format!("correct {variable}{meant}"));
    let finding = match workload.previous_template() {
        Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "if the value came with the last rollout"),
        None => finding,
    };
    case.find(finding);
}

/// Addresses whose host is a Service that does not have the port.
fn unknown_port(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    for dependency in view.dependencies_of(&workload.object).filter(|it| !it.from_log && it.via.starts_with("env ")) {
        let (Some(port), Some(service)) =
            (dependency.port, view.service(&dependency.to.namespace, &dependency.to.name))
        else {
            continue;
        };
        let ports = &service.service.spec.ports;
        // A headless name leads to the pods themselves, on any port.
        let headless = service.service.spec.cluster_ip == "None";
        if headless || !service.selects() || ports.is_empty() || ports.iter().any(|it| it.port == i32::from(port)) {
            continue;
        }
        let said = view
            .failed_calls_of(&dependency.to)
            .find(|call| call.from == workload.object && call.port.is_none_or(|called| called == port));
        let Some(said) = said.map(|call| &view.patterns()[call.pattern]) else { continue };
        let variable = dependency.via["env ".len()..].split('=').next().unwrap_or_default().to_owned();
        let known: Vec<String> = ports.iter().map(|it| it.port.to_string()).collect();
        let evidence = vec![
            case.spec(&workload.object, &dependency.via),
            case.spec(&dependency.to, format!("ports {}", known.join(", "))),
            case.log(said),
        ];
        let meant = Some(format!("{}:{}", dependency.to.name, known.join(" or ")));
        find(case, workload, &variable, 0.95, evidence, meant, Some(said));
    }
}

fn value_of<'a>(template: &'a PodSpec, variable: &str) -> Option<&'a str> {
    let variables = template.containers.iter().flat_map(|container| &container.env);
    variables.into_iter().find(|it| it.name == variable)?.value.as_deref()
}

/// Whether a value names a Service that exists.
fn reaches(view: &View<'_>, value: &str, from: &Workload<'_>) -> bool {
    hosts(value).any(|host| view.service_at(host.name, from.namespace()).is_some())
}

/// The Service whose name is nearest, where it is near: one begins or ends with the other, or few letters differ.
fn nearest(view: &View<'_>, dangling: &Dangling) -> Option<String> {
    let wrong = dangling.service.as_str();
    let same_port = |service: &crate::model::Service| {
        dangling.port.is_some_and(|port| service.spec.ports.iter().any(|it| it.port == i32::from(port)))
    };
    let near = view.snapshot.services.in_namespace(&dangling.namespace).filter_map(|service| {
        let right = service.name();
        let affix = right.len() >= 4
            && wrong.len() >= 4
            && (wrong.starts_with(right)
                || right.starts_with(wrong)
                || wrong.ends_with(right)
                || right.ends_with(wrong));
        let distance = distance(wrong, right);
        let close = distance <= 1 + wrong.len().min(right.len()) / 8;
        (close || (affix && same_port(service))).then_some((if close { distance } else { 9 }, right.to_owned()))
    });
    near.min().map(|(_, name)| name)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::EnvVar,
    };

    fn shop(address: &str) -> Scene {
        let address = address.to_owned();
        scene()
            .deployment("shop", "ledger", 1)
            .service("shop", "ledger", 8080)
            .deployment("shop", "api", 2)
            .service("shop", "api", 8080)
            .template("shop", "api", move |spec| {
                let value = Some(address.clone());
                spec.containers[0].env.push(EnvVar { name: "LEDGER_ADDR".into(), value, ..EnvVar::default() });
            })
    }

    #[test]
    fn an_address_that_does_not_resolve_is_named() {
        shop("ledgers:8080")
            .log("shop", "api", "2026-03-01T11:59:00Z ERROR dial tcp: lookup ledgers on 10.96.0.10:53: no such host\n")
            .expect("service-env-var-address-mismatch", "Deployment shop/api");
    }

    #[test]
    fn without_a_log_the_others_tell_what_is_meant() {
        shop("ledger-old:8080")
            .deployment("shop", "audit", 1)
            .template("shop", "audit", |spec| {
                let value = Some("ledger:8080".into());
                spec.containers[0].env.push(EnvVar { name: "LEDGER_ADDR".into(), value, ..EnvVar::default() });
            })
            .expect("service-env-var-address-mismatch", "Deployment shop/api");
    }

    #[test]
    fn a_port_that_the_service_does_not_have_is_named() {
        shop("ledger:8088")
            .log("shop", "api", "2026-03-01T11:59:00Z ERROR connect ECONNREFUSED ledger:8088\n")
            .expect("service-env-var-address-mismatch", "Deployment shop/api");
    }

    #[test]
    fn an_optional_part_that_is_not_installed_is_no_fault() {
        shop("recommendations:8080").expect_healthy();
    }

    #[test]
    fn an_address_outside_the_cluster_is_none_of_ours() {
        shop("ledger.example.org:8080").expect_healthy();
    }
}
