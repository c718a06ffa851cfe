//! ip-exhaustion: no address is left for new pods.
//!
//! On EKS pods take addresses of the VPC's subnets. When these (or the node's interfaces) have none left, sandboxes cannot be made:
//! `failed to assign an IP address to container`, `InsufficientFreeAddressesInSubnet`
//! (<https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html>). Mistaken for a broken network plugin (see `sandbox`),
//! which fails with other words, and for a full node, where the scheduler already says no.

use std::collections::BTreeSet;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, View, is_live},
    model::{Event, Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("ip-exhaustion", Category::Infrastructure)];

/// The VPC CNI and EC2; host-local (flannel, bridge, kubenet); Calico's IPAM; Cilium's; Azure's and Google's; whereabouts.
const EXHAUSTED: &[&str] = &[
    "failed to assign an ip address",
    "insufficientfreeaddressesinsubnet",
    "insufficientcidrblocks",
    "no available ip addresses",
    "no ip addresses available",
    "no free addresses",
    "ip pool exhausted",
    "range is full",
    "assigned 0 out of",
    "no more free affine blocks",
    "no ips available in pools",
    "no more ips available",
    "no available addresses",
    "no available ips",
    "ip_space_exhausted",
    "could not allocate ip in range",
];
const RECENT_MINUTES: i64 = 30;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let told: Vec<&Event> = view
        .snapshot
        .events
        .items
        .iter()
        .filter(|event| view.within(event.last_seen(), RECENT_MINUTES) && still_waits(view, event))
        .filter(|event| {
            let message = event.message.to_ascii_lowercase();
            EXHAUSTED.iter().any(|words| message.contains(words))
        })
        .collect();
    let mut nodes = BTreeSet::new();
    let mut suffering = Vec::new();
    for event in &told {
        let Some(object) = event.about() else { continue };
        let pod = view.snapshot.pods.get(&object.namespace, &object.name);
        let node = pod.map(|pod| pod.spec.node_name.as_str()).unwrap_or(event.source.host.as_str());
        nodes.extend((!node.is_empty()).then(|| node.to_owned()));
        suffering.extend(view.workload_of_pod(&object.namespace, &object.name).map(|it| it.object.clone()));
    }
    if told.is_empty() || suffering.is_empty() {
        return;
    }
    // One node's interfaces are full, or the subnet of them all is.
    let plugin = view.workload_named("kube-system", "aws-node").map(|workload| workload.object.clone());
    let object = match (nodes.len(), nodes.first(), plugin) {
        (1, Some(node), _) => ObjectRef::new(Kind::Node, "", node.as_str()),
        (_, _, Some(plugin)) => plugin,
        (_, Some(node), None) => ObjectRef::new(Kind::Node, "", node.as_str()),
        (_, None, None) => ObjectRef::new(Kind::Namespace, "", "kube-system"),
    };
    let evidence: Vec<_> = told.iter().rev().take(3).map(|event| case.event(event)).collect();
    let finding = Finding::new(&CAUSES[0], &object)
        .strength(0.95)
        .summary("no address is left for new pods")
        .because(evidence)
        .explains(suffering)
        .since(told.iter().filter_map(|event| event.first_seen()).min())
        .check(Kubectl::list(Kind::Pod, "kube-system"))
        .check(Kubectl::describe(&object))
        .action(ActionKind::Manual, Risk::Medium, "add a subnet or secondary range, or turn on prefix delegation");
    case.find(finding);
}

/// Whether the pod an event is about has not started yet: who got an address later has nothing to ask for.
fn still_waits(view: &View<'_>, event: &Event) -> bool {
    let pod = event.about().and_then(|it| view.snapshot.pods.get(&it.namespace, &it.name));
    pod.is_some_and(|pod| is_live(pod) && pod.status.phase == "Pending")
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn pods_without_an_address_tell_of_it() {
        scene()
            .deployment("shop", "api", 1)
            .waiting("shop", "api", "ContainerCreating", "")
            .event(
                "Pod shop/api-rs1-0",
                "FailedCreatePodSandBox",
                "plugin type=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container",
            )
            .expect("ip-exhaustion", "Node node-a");
    }

    #[test]
    fn every_network_plugin_says_it_in_its_own_words() {
        for words in [
            "plugin type=\"calico\" failed (add): failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks",
            "plugin type=\"cilium-cni\" failed (add): unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure \"No more IPs available\"",
            "plugin type=\"flannel\" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254",
            "plugin type=\"azure-vnet\" failed (add): IPAM Invoker Add failed: Failed to allocate address: No available addresses",
        ] {
            scene()
                .deployment("shop", "api", 1)
                .waiting("shop", "api", "ContainerCreating", "")
                .event("Pod shop/api-rs1-0", "FailedCreatePodSandBox", words)
                .expect("ip-exhaustion", "Node node-a");
        }
    }

    #[test]
    fn a_pod_that_got_its_address_later_has_nothing_to_ask_for() {
        let words = "add cmd: failed to assign an IP address to container";
        scene()
            .deployment("shop", "api", 1)
            .event("Pod shop/api-rs1-0", "FailedCreatePodSandBox", words)
            .expect_healthy();
    }

    #[test]
    fn another_failure_of_the_plugin_is_not() {
        scene()
            .deployment("shop", "api", 1)
            .waiting("shop", "api", "ContainerCreating", "")
            .event("Pod shop/api-rs1-0", "FailedCreatePodSandBox", "plugin type=\"aws-cni\" failed: connection refused")
            .expect_not("ip-exhaustion");
    }
}
