//! missing-service-account: the pods' service account does not exist, so the API server refuses to make them.
//!
//! The ServiceAccount admission controller rejects such pods, and the controller notes a `FailedCreate` event
//! (<https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/>). Easily mistaken for what happens for
//! a second whenever a whole application is installed: the account comes after the workload, and the next attempt succeeds.
//! So the account must be missing now, or, where accounts were not read, pods must be missing still.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("missing-service-account", Category::Admission)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        let account = match workload.template.service_account_name.as_str() {
            "" => "default",
            name => name,
        };
        let accounts = &view.snapshot.service_accounts;
        let read = accounts.covers(workload.namespace());
        if read && accounts.get(workload.namespace(), account).is_some() {
            continue;
        }
        let refusal = view.events_about(workload).iter().rev().find(|event| {
            event.reason == "FailedCreate"
                && event.message.contains("service account")
                && event.message.contains("not found")
        });
        let strength = match (read, refusal) {
            (true, Some(_)) => 0.98,
            (true, None) if account != "default" => 0.85,
            (false, Some(_)) if workload.live_pods().next().is_none() => 0.9,
            _ => continue,
        };
        let mut evidence = vec![case.spec(&workload.object, format!("serviceAccountName {account}"))];
        if read {
            let object = ObjectRef::new(Kind::ServiceAccount, workload.namespace(), account);
            evidence.push(case.absence(&object, format!("service account {account} does not exist")));
        }
        evidence.extend(refusal.map(|event| case.event(event)));
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(strength)
            .summary(format!("service account {account} does not exist, so no pod can be made"))
            .fact("account", account)
            .because(evidence)
            .since(refusal.and_then(|event| event.first_seen()))
            .check(Kubectl::list(Kind::ServiceAccount, workload.namespace()))
            .check(Kubectl::events(&workload.object))
            .action(
                ActionKind::Manual,
                Risk::Low,
                format!("create service account {account}, or name one that exists"),
            );
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn an_account_that_is_not_there_keeps_pods_from_being_made() {
        let scene = scene()
            .deployment("shop", "api", 2)
            .template("shop", "api", |spec| spec.service_account_name = "api-runner".into())
            .without_pods("shop", "api")
            .event(
                "ReplicaSet shop/api-rs1",
                "FailedCreate",
                "Error creating: pods \"api-rs1-\" is forbidden: error looking up service account shop/api-runner: \
                 serviceaccount \"api-runner\" not found",
            );
        scene.expect("missing-service-account", "Deployment shop/api");
    }

    #[test]
    fn an_account_that_came_a_second_late_is_no_cause() {
        let scene = scene().deployment("shop", "api", 2).event(
            "ReplicaSet shop/api-rs1",
            "FailedCreate",
            "Error creating: pods \"api-rs1-\" is forbidden: error looking up service account shop/api: \
             serviceaccount \"api\" not found",
        );
        scene.expect_healthy();
    }
}
