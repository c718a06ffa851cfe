//! network-policy-blocked: a NetworkPolicy does not let a call through.
//!
//! As soon as one policy selects a pod for a direction, all traffic of that direction is denied that no policy allows
//! (<https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation>). What is denied is
//! mostly dropped, so that callers time out while the callee is well; some network plugins refuse instead. A policy for
//! egress that forgets port 53 denies every lookup. The object is the policy: of several, the newest. Easily mistaken for a
//! callee that hangs, for DNS being down and for a slow network. Peers given as address blocks are compared with the pods'
//! addresses; what cannot be decided counts as allowed.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde_json::Value;

use crate::{
    diagnosis::{
        ActionKind, CallFailure, Case, Category, CauseSpec, FailedCall, Finding, Kubectl, Risk, View, Workload,
    },
    model::{IntOrString, LabelSelector, NetworkPolicy, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("network-policy-blocked", Category::Routing)];

/// Which way a policy looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    fn name(self) -> &'static str {
        if self == Self::Ingress { "Ingress" } else { "Egress" }
    }
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    if view.snapshot.network_policies.is_empty() {
        return;
    }
    for call in view.failed_calls() {
        let pattern = &view.patterns()[call.pattern];
        let strength = match call.failure {
            CallFailure::TimedOut | CallFailure::Unresolved => 0.93,
            CallFailure::Refused | CallFailure::Unavailable => 0.8,
            // What was connected once was let through.
            CallFailure::Reset => continue,
        };
        let Some(from) = view.workload(&call.from).filter(|from| from.is_short() || pattern.count > 2) else {
            continue;
        };
        let Some((policy, direction, what)) = blocked(view, from, call) else { continue };
        let object = policy.reference();
        let types = policy.spec.policy_types.join(", ");
        let evidence = [case.spec(&object, format!("policy types {types}: {what}")), case.log(pattern)];
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(strength)
            .summary(format!(
                "the policy's {} rules do not let {} call {}",
                direction.name(),
                from.name(),
                call.to.name
            ))
            .fact("caller", from.name())
            .fact("direction", direction.name())
            .fact("service", call.to.name.clone())
            .because(evidence)
            .explains([call.from.clone(), call.to.clone()])
            .since(pattern.first_seen.max(policy.metadata.creation_timestamp))
            .check(Kubectl::get(&object))
            .check(Kubectl::pods_with(from.namespace(), from.labels))
            .action(ActionKind::Manual, Risk::Medium, format!("allow {} to call {}", from.name(), call.to.name));
        case.find(finding);
    }
}

/// The policy that denies a call, and in what words.
fn blocked<'v>(
    view: &'v View<'_>,
    from: &Workload<'_>,
    call: &FailedCall,
) -> Option<(&'v NetworkPolicy, Direction, String)> {
    let service = view.service(&call.to.namespace, &call.to.name)?;
    if call.failure == CallFailure::Unresolved {
        let policies = selecting(view, from, Direction::Egress);
        let asks =
            |port: i32| policies.iter().any(|policy| rules(policy, Direction::Egress).any(|it| opens(it, &[port])));
        return (!asks(53))
            .then(|| newest(&policies))
            .flatten()
            .map(|policy| (policy, Direction::Egress, "no rule opens port 53 for DNS".to_owned()));
    }
    let behind: Vec<&Workload<'_>> = view.workloads_behind(service).collect();
    let [to] = behind.as_slice() else { return None };
    let ports = ports(service.service, to, call.port);
    for (direction, own, peer) in [(Direction::Ingress, *to, from), (Direction::Egress, from, *to)] {
        let policies = selecting(view, own, direction);
        let lets = |policy: &&NetworkPolicy| {
            rules(policy, direction).any(|rule| opens(rule, &ports) && admits(view, policy, rule, direction, peer))
        };
        if !policies.iter().any(lets)
            && let Some(policy) = newest(&policies)
        {
            let way = if direction == Direction::Ingress { "from" } else { "to" };
            let what = format!("selects {}, no rule allows traffic {way} {}", own.name(), peer.name());
            return Some((policy, direction, what));
        }
    }
    None
}

/// The policy most likely to be what changed.
fn newest<'v>(policies: &[&'v NetworkPolicy]) -> Option<&'v NetworkPolicy> {
    policies.iter().copied().max_by_key(|policy| (policy.metadata.creation_timestamp, policy.name()))
}

/// Policies that bind a workload in a direction.
fn selecting<'v>(view: &'v View<'_>, workload: &Workload<'_>, direction: Direction) -> Vec<&'v NetworkPolicy> {
    let binds = |policy: &&NetworkPolicy| {
        let types = &policy.spec.policy_types;
        // Where no type is written, ingress is meant, and egress if there are rules for it.
        let meant = match (types.is_empty(), direction) {
            (false, _) => types.iter().any(|it| it == direction.name()),
            (true, Direction::Ingress) => true,
            (true, Direction::Egress) => policy.spec.egress.is_some(),
        };
        policy.namespace() == workload.namespace() && meant && policy.spec.pod_selector.matches(workload.labels)
    };
    view.snapshot.network_policies.iter().filter(binds).collect()
}

fn rules(policy: &NetworkPolicy, direction: Direction) -> impl Iterator<Item = &Value> {
    let rules = if direction == Direction::Ingress { &policy.spec.ingress } else { &policy.spec.egress };
    rules.as_ref().and_then(Value::as_array).into_iter().flatten()
}

/// The ports of the callee's pods that a call may mean.
fn ports(service: &crate::model::Service, to: &Workload<'_>, port: Option<u16>) -> Vec<i32> {
    let meant = |it: &&crate::model::ServicePort| port.is_none_or(|port| it.port == i32::from(port));
    let target = |it: &crate::model::ServicePort| match &it.target_port {
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::Text(name)) => {
            let mut declared = to.template.containers.iter().flat_map(|container| &container.ports);
            declared.find(|it| it.name == *name).map(|it| it.container_port).or_else(|| name.parse().ok())
        }
        None => Some(it.port),
    };
    service.spec.ports.iter().filter(meant).filter_map(target).collect()
}

/// Whether a rule opens one of the ports; unknown ports are open.
fn opens(rule: &Value, ports: &[i32]) -> bool {
    let Some(open) = rule["ports"].as_array().filter(|open| !open.is_empty()) else { return true };
    ports.is_empty()
        || open.iter().any(|it| {
            let Some(first) = it["port"].as_i64() else { return true };
            let last = it["endPort"].as_i64().unwrap_or(first);
            ports.iter().any(|port| (first..=last).contains(&i64::from(*port)))
        })
}

/// Whether a rule's peers include a workload.
fn admits(view: &View<'_>, policy: &NetworkPolicy, rule: &Value, direction: Direction, peer: &Workload<'_>) -> bool {
    let field = if direction == Direction::Ingress { "from" } else { "to" };
    let Some(peers) = rule[field].as_array().filter(|peers| !peers.is_empty()) else { return true };
    peers.iter().any(|allowed| {
        if let Some(block) = allowed["ipBlock"]["cidr"].as_str() {
            let mut addresses = peer.live_pods().filter_map(|pod| pod.status.pod_ip.parse().ok()).peekable();
            return addresses.peek().is_none() || addresses.any(|address| within(block, address));
        }
        let pods = selector(&allowed["podSelector"]);
        let namespaces = selector(&allowed["namespaceSelector"]);
        let home = match namespaces {
            None => peer.namespace() == policy.namespace(),
            Some(selector) => namespace_labels(view, peer.namespace()).is_none_or(|labels| selector.matches(&labels)),
        };
        home && pods.is_none_or(|selector| selector.matches(peer.labels))
    })
}

/// A selector as written; `None` where there is none.
fn selector(value: &Value) -> Option<LabelSelector> {
    value.is_object().then(|| serde_json::from_value(value.clone()).unwrap_or_default())
}

/// A namespace's labels, with the one that the API server puts on all; `None` where it was not read.
fn namespace_labels(view: &View<'_>, name: &str) -> Option<BTreeMap<String, String>> {
    let namespace = view.snapshot.namespaces.iter().find(|it| it.name() == name)?;
    let mut labels = namespace.metadata.labels.clone();
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
    Some(labels)
}

/// Whether an address lies in a block; true where either cannot be read.
fn within(block: &str, address: Ipv4Addr) -> bool {
    let parts = block.split_once('/').and_then(|(base, bits)| {
        Some((base.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?))
    });
    let Some((base, bits)) = parts else { return true };
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    (u32::from(base) & mask) == (u32::from(address) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testkit::{Scene, at, scene};

    fn shop() -> Scene {
        scene().deployment("shop", "api", 2).deployment("shop", "ledger", 1).service("shop", "ledger", 8080)
    }

    fn policy(scene: Scene, name: &str, selects: &[(&str, &str)], spec: Value) -> Scene {
        let mut policy = NetworkPolicy::default();
        policy.metadata.namespace = "shop".into();
        policy.metadata.name = name.into();
        policy.metadata.creation_timestamp = Some(at("11:50:00"));
        policy.spec = serde_json::from_value(spec).unwrap();
        let labels = selects.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        policy.spec.pod_selector.match_labels = labels.collect();
        scene.edit(|snapshot| snapshot.network_policies.items.push(policy))
    }

    fn failing(scene: Scene, what: &str) -> Scene {
        let lines: String = (0..6).map(|second| format!("2026-03-01T11:58:0{second}Z ERROR {what}\n")).collect();
        scene.log("shop", "api", &lines)
    }

    const TIMED_OUT: &str = "Get http://ledger:8080/: dial tcp 10.96.0.1:8080: i/o timeout";

    #[test]
    fn a_default_deny_is_named_when_calls_time_out() {
        let scene = policy(shop(), "default-deny", &[], serde_json::json!({"policyTypes": ["Ingress"]}));
        failing(scene, TIMED_OUT).expect("network-policy-blocked", "NetworkPolicy shop/default-deny");
    }

    #[test]
    fn a_policy_that_admits_others_or_another_port_is_named() {
        for rule in [
            serde_json::json!({"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}),
            serde_json::json!({"from": [{"podSelector": {}}], "ports": [{"port": 9090}]}),
            serde_json::json!({"from": [{"namespaceSelector": {"matchLabels": {"team": "books"}}}]}),
            serde_json::json!({"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}),
        ] {
            let spec = serde_json::json!({"policyTypes": ["Ingress"], "ingress": [rule]});
            let scene = policy(shop(), "ledger-only", &[("app", "ledger")], spec);
            failing(scene, TIMED_OUT).expect("network-policy-blocked", "NetworkPolicy shop/ledger-only");
        }
    }

    #[test]
    fn egress_without_dns_is_named_when_names_do_not_resolve() {
        let spec = serde_json::json!({"policyTypes": ["Egress"], "egress": [
            {"to": [{"podSelector": {}}], "ports": [{"port": 8080}]}
        ]});
        let scene = policy(shop(), "api-egress", &[("app", "api")], spec);
        failing(scene, "dial tcp: lookup ledger on 10.96.0.2:53: read udp 10.1.3.10:4000->10.96.0.2:53: i/o timeout")
            .expect("network-policy-blocked", "NetworkPolicy shop/api-egress");
    }

    #[test]
    fn a_policy_that_lets_the_call_through_is_not_it() {
        for rule in [
            serde_json::json!({"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]}),
            serde_json::json!({"ports": [{"port": 8000, "endPort": 8090}]}),
            serde_json::json!({"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}]}),
            serde_json::json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}),
            serde_json::json!({}),
        ] {
            let spec = serde_json::json!({"policyTypes": ["Ingress"], "ingress": [rule]});
            let scene = policy(shop(), "ledger-only", &[("app", "ledger")], spec);
            failing(scene, TIMED_OUT).expect_not("network-policy-blocked");
        }
    }

    #[test]
    fn what_one_policy_denies_another_may_allow() {
        let scene = policy(shop(), "default-deny", &[], serde_json::json!({"policyTypes": ["Ingress"]}));
        let spec = serde_json::json!({"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]});
        let scene = policy(scene, "same-namespace", &[], spec);
        failing(scene, TIMED_OUT).expect_not("network-policy-blocked");
    }

    #[test]
    fn a_policy_from_which_nobody_suffers_is_no_cause() {
        policy(shop(), "default-deny", &[], serde_json::json!({"policyTypes": ["Ingress", "Egress"]})).expect_healthy();
    }
}
