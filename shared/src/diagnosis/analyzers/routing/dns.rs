//! service-dns-resolution-failure: a workload's pods cannot resolve names that exist.
//!
//! Which server a pod asks, its `dnsPolicy` and `dnsConfig` say
//! (<https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy>): with `None` only what is
//! written there, with `Default` the node's, which does not know the cluster's names. The log shows lookups that time out, or
//! that fail for names that are Services. Easily mistaken for a wrong address, where only the one name fails and is no
//! Service; for whatever the pod wanted to reach, above all its database; and for CoreDNS being down, where everybody fails.

use std::collections::BTreeSet;

use crate::diagnosis::{
    ActionKind, CallFailure, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, LogPattern, Risk, View, Workload,
    call_failure, errno, hosts,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("service-dns-resolution-failure", Category::Routing)];

/// Words of a lookup that got no answer, whatever the name.
const NO_ANSWER: &[&str] =
    &["i/o timeout", "read udp", "connection timed out", ":53: connection refused", ":53: connect: connection refused"];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let failing: Vec<(&Workload<'_>, Vec<&LogPattern>)> = view
        .workloads()
        .iter()
        .map(|workload| (workload, lookups(view, workload)))
        .filter(|(_, said)| !said.is_empty())
        .collect();
    // Where most of a cluster cannot resolve names, the fault is not any one workload's.
    let running = view.workloads().iter().filter(|it| it.live_pods().next().is_some()).count();
    let widespread = failing.len() > 3 && failing.len() * 3 > running;
    for (workload, said) in failing {
        examine_workload(case, workload, &said, widespread);
    }
}

fn no_answer(pattern: &LogPattern) -> bool {
    pattern.says(NO_ANSWER) || pattern.says(errno::NO_NAME_SERVER)
}

/// Patterns that tell of lookups that should have been answered.
fn lookups<'v>(view: &'v View<'_>, workload: &Workload<'_>) -> Vec<&'v LogPattern> {
    let ails = workload.is_short();
    let failed = |pattern: &&LogPattern| {
        call_failure(&pattern.example) == Some(CallFailure::Unresolved)
            && (ails || (view.is_recent(pattern, 30) && pattern.count > 2))
            && (no_answer(pattern)
                || hosts(&pattern.example).any(|host| {
                    host.name.len() > 3
                        && host.name.contains(|c: char| c.is_ascii_alphabetic())
                        && view.service_at(host.name, workload.namespace()).is_some()
                }))
    };
    view.patterns_of(workload).iter().filter(failed).collect()
}

fn examine_workload(case: &mut Case<'_, '_>, workload: &Workload<'_>, said: &[&LogPattern], widespread: bool) {
    let view = case.view;
    let mut evidence: Vec<EvidenceId> = Vec::new();
    let setting = setting(view, workload);
    evidence.extend(setting.as_ref().map(|text| case.spec(&workload.object, text)));
    let mut by_weight = said.to_vec();
    by_weight.sort_by_key(|pattern| std::cmp::Reverse((no_answer(pattern), pattern.count)));
    evidence.extend(by_weight.iter().take(2).map(|pattern| case.log(pattern)));
    let lines: usize = said.iter().map(|pattern| pattern.count).sum();
    let strength = match (setting.is_some(), widespread, workload.is_short(), lines) {
        (true, ..) => 0.97,
        (false, true, ..) => 0.4,
        (false, false, true, _) => 0.85,
        (false, false, false, 3..) => 0.6,
        _ => return,
    };
    let why = setting.map_or(String::new(), |text| format!(": {text}"));
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary(format!("its pods cannot resolve names{why}"))
        .because(evidence)
        .since(said.iter().filter_map(|pattern| pattern.first_seen).min())
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::logs(&workload.object, None, workload.is_short()))
        .action(ActionKind::Manual, Risk::Low, "let the pods use the cluster's DNS: dnsPolicy ClusterFirst");
    let finding = match workload.previous_template() {
        Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "if the DNS setting came with the last rollout"),
        None => finding,
    };
    case.find(finding);
}

/// A setting with which the pods do not ask the cluster's DNS.
fn setting(view: &View<'_>, workload: &Workload<'_>) -> Option<String> {
    let template = workload.template;
    let asked: Vec<&str> = template
        .dns_config
        .as_ref()
        .and_then(|config| config.get("nameservers")?.as_array())
        .map(|servers| servers.iter().filter_map(|it| it.as_str()).collect())
        .unwrap_or_default();
    let known: BTreeSet<&str> = view
        .snapshot
        .services
        .iter()
        .filter(|service| service.spec.ports.iter().any(|port| port.port == 53))
        .map(|service| service.spec.cluster_ip.as_str())
        .collect();
    // Node-local caches listen on a link-local address.
    let strange = asked.iter().all(|server| !known.contains(server) && !server.starts_with("169.254."));
    match template.dns_policy.as_str() {
        "None" if strange => Some(format!("dnsPolicy None with nameservers {}", asked.join(", "))),
        "Default" => Some("dnsPolicy Default: the node's DNS, which does not know the cluster's names".to_owned()),
        _ if !asked.is_empty() && strange => Some(format!("dnsConfig adds nameservers {}", asked.join(", "))),
        "ClusterFirst" | "" if template.host_network == Some(true) => {
            Some("hostNetwork with dnsPolicy ClusterFirst, which then means the node's DNS".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, scene};

    fn shop() -> Scene {
        scene().deployment("shop", "ledger", 1).service("shop", "ledger", 8080).deployment("shop", "api", 1)
    }

    fn strange_server(scene: Scene) -> Scene {
        scene.template("shop", "api", |spec| {
            spec.dns_policy = "None".into();
            spec.dns_config = Some(serde_json::json!({"nameservers": ["10.255.0.1"]}));
        })
    }

    #[test]
    fn a_workload_with_a_strange_name_server_is_named() {
        for line in [
            "ERROR dial tcp: lookup ledger on 10.255.0.1:53: read udp 10.1.3.10:4000->10.255.0.1:53: i/o timeout\n",
            "Caused by: java.net.UnknownHostException: ledger: Temporary failure in name resolution\n",
            "Error: getaddrinfo EAI_AGAIN ledger\n",
        ] {
            strange_server(shop())
                .crashing("shop", "api", 1, "Error")
                .log("shop", "api", line)
                .expect("service-dns-resolution-failure", "Deployment shop/api");
        }
    }

    #[test]
    fn a_name_that_does_not_exist_is_no_failure_of_dns() {
        shop()
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", "ERROR dial tcp: lookup nowhere.example.org on 10.96.0.10:53: no such host\n")
            .expect_not("service-dns-resolution-failure");
    }

    #[test]
    fn a_strange_name_server_that_answers_is_no_fault() {
        strange_server(shop()).expect_healthy();
    }
}
