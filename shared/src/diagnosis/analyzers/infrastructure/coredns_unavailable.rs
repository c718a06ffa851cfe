//! coredns-unavailable: the cluster's DNS does not answer.
//!
//! The Deployment behind the Service `kube-dns` (label `k8s-app=kube-dns`) has no ready pod; every application that looks up a name
//! fails with errors about resolution (<https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/>).
//! Mistaken for each of those applications failing on its own. One application alone that cannot resolve has a wrong DNS
//! policy of its own.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::ObjectRef,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("coredns-unavailable", Category::Infrastructure)];

const UNRESOLVED: &[&str] = &[
    "no such host",
    "server misbehaving",
    "temporary failure in name resolution",
    "name or service not known",
    "unknownhostexception",
    "eai_again",
    "enotfound",
    "could not resolve host",
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    let dns = view.workloads().iter().find(|workload| {
        let labelled = workload.labels.get("k8s-app").is_some_and(|label| label == "kube-dns");
        workload.namespace() == "kube-system" && (labelled || matches!(workload.name(), "coredns" | "kube-dns"))
    });
    let Some(dns) = dns.filter(|dns| dns.ready == 0 && (dns.desired > 0 || dns.read)) else { return };
    let object = dns.object.clone();
    let mut evidence = vec![case.status(&object, None, format!("0/{} ready", dns.desired))];
    let lookups: Vec<_> = view.patterns().iter().filter(|pattern| pattern.says(UNRESOLVED)).collect();
    evidence.extend(lookups.iter().take(3).map(|pattern| case.log(pattern)).collect::<Vec<_>>());
    let mut suffering: Vec<ObjectRef> = lookups.iter().map(|pattern| pattern.workload.clone()).collect();
    suffering.dedup();
    // Pods that are up keep what they resolved: without a failed lookup it may be a restart of DNS itself.
    let strength = if suffering.is_empty() { 0.8 } else { 0.95 };
    let finding = Finding::new(&CAUSES[0], &object)
        .strength(strength)
        .summary("the cluster's DNS does not answer: none of its pods is ready")
        .because(evidence)
        .explains(suffering)
        .check(Kubectl::describe(&object))
        .check(Kubectl::logs(&object, None, false))
        .action(ActionKind::RestartRollout, Risk::Medium, "new pods, if the old ones hang")
        .action(ActionKind::Rollback, Risk::Medium, "if its configuration or version changed last");
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn dns_that_is_down_explains_those_that_cannot_resolve() {
        scene()
            .deployment("kube-system", "coredns", 2)
            .unready("kube-system", "coredns")
            .deployment("shop", "api", 1)
            .unready("shop", "api")
            .log("shop", "api", "ERROR dial tcp: lookup ledger.shop.svc: no such host")
            .expect("coredns-unavailable", "Deployment kube-system/coredns");
    }

    #[test]
    fn one_application_that_cannot_resolve_is_its_own_trouble() {
        scene()
            .deployment("kube-system", "coredns", 2)
            .deployment("shop", "api", 1)
            .unready("shop", "api")
            .log("shop", "api", "ERROR dial tcp: lookup ledger.shop.svc: no such host")
            .expect_not("coredns-unavailable");
    }
}
