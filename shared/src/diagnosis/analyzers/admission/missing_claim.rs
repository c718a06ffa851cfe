//! missing-persistent-volume-claim: pods wait for a claim that does not exist; and namespace-storage-quota-exceeded, where the
//! namespace has a quota on storage that such a claim would pass and nobody noted the refusal.
//!
//! Whoever made the claim (a person, a pipeline) was told that it is over quota
//! (<https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota>); the cluster only keeps the pod's
//! "persistentvolumeclaim not found". Easily mistaken for a claim that was forgotten: there is no quota then.

use super::quota;
use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, Object, ObjectRef, Quantity},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("missing-persistent-volume-claim", Category::Scheduling)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        let namespace = workload.namespace();
        if !view.snapshot.claims.covers(namespace) {
            continue;
        }
        let names = workload.template.volumes.iter().filter_map(|volume| volume.claim_name());
        for claim in names.filter(|name| view.snapshot.claims.get(namespace, name).is_none()) {
            let object = ObjectRef::new(Kind::PersistentVolumeClaim, namespace, claim);
            let event = view
                .events_about(workload)
                .iter()
                .rev()
                .copied()
                .find(|event| event.message.contains(&format!("persistentvolumeclaim \"{claim}\" not found")));
            let mut evidence = vec![
                case.spec(&workload.object, format!("volume of claim {claim}")),
                case.absence(&object, format!("claim {claim} does not exist")),
            ];
            evidence.extend(event.map(|event| case.event(event)));
            let finding = match storage_quota(case, namespace) {
                Some((name, resource, left)) => {
                    evidence.extend(quota::cite_quota(case, namespace, &name));
                    let Some(spec) = quota::cause_of(&resource) else { continue };
                    quota::found(spec, namespace, &name, &resource)
                        .strength(if left { 0.85 } else { 0.95 })
                        .summary(format!(
                            "quota {name} limits {resource}: claim {claim} of {} was not made",
                            workload.name()
                        ))
                        .fact("claim", claim)
                        .explains([workload.object.clone()])
                }
                None => Finding::new(&CAUSES[0], &workload.object)
                    .strength(0.93)
                    .summary(format!("claim {claim} does not exist, so the pods find no volume"))
                    .fact("claim", claim)
                    .action(ActionKind::Manual, Risk::Low, format!("create claim {claim}, or mount one that exists")),
            };
            let finding = finding
                .because(evidence)
                .since(event.and_then(|event| event.first_seen()))
                .check(Kubectl::list(Kind::PersistentVolumeClaim, namespace));
            case.find(finding);
        }
    }
}

/// A quota on storage: its name, the resource, and whether anything is left of it.
fn storage_quota(case: &Case<'_, '_>, namespace: &str) -> Option<(String, String, bool)> {
    let quotas = case.view.snapshot.quotas.in_namespace(namespace);
    let mut limits: Vec<(bool, String, String)> = Vec::new();
    for quota in quotas {
        for (resource, hard) in &quota.spec.hard {
            let storage = quota::cause_of(resource).is_some_and(|cause| cause.id == "namespace-storage-quota-exceeded");
            if storage && !resource.contains("ephemeral") {
                let used = quota.status.used.get(resource).and_then(Quantity::value).unwrap_or(0.0);
                let left = hard.value().is_some_and(|hard| used < hard);
                limits.push((left, quota.name().to_owned(), resource.clone()));
            }
        }
    }
    limits.into_iter().min().map(|(left, name, resource)| (name, resource, left))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{Metadata, Quantity, QuotaSpec, QuotaStatus, ResourceQuota, Volume},
    };

    fn waits_for_a_claim() -> Scene {
        scene()
            .deployment("shop", "ledger", 1)
            .template("shop", "ledger", |spec| {
                let claim = serde_json::json!({"claimName": "ledger-data"});
                spec.volumes.push(Volume {
                    name: "data".into(),
                    persistent_volume_claim: Some(claim),
                    ..Volume::default()
                });
            })
            .unschedulable(
                "shop",
                "ledger",
                "0/3 nodes are available: persistentvolumeclaim \"ledger-data\" not found.",
            )
    }

    #[test]
    fn a_claim_that_a_quota_forbade_is_missing() {
        let hard = BTreeMap::from([("requests.storage".to_owned(), Quantity::new("1Gi"))]);
        waits_for_a_claim()
            .edit(|snapshot| {
                snapshot.quotas.items.push(ResourceQuota {
                    metadata: Metadata { name: "disks".into(), namespace: "shop".into(), ..Metadata::default() },
                    spec: QuotaSpec { hard: hard.clone() },
                    status: QuotaStatus { hard, used: BTreeMap::new() },
                });
            })
            .expect("namespace-storage-quota-exceeded", "Namespace shop");
    }

    #[test]
    fn a_claim_that_is_not_there_and_that_no_pod_waits_for_is_nothing() {
        scene().deployment("shop", "ledger", 1).expect_healthy();
    }

    #[test]
    fn without_a_quota_the_claim_is_just_missing() {
        waits_for_a_claim().expect("missing-persistent-volume-claim", "Deployment shop/ledger");
    }
}
