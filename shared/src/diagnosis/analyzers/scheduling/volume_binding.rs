//! Why a claim stays unbound: pvc-storage-class-mismatch, pvc-capacity-mismatch, pvc-access-mode-mismatch,
//! pvc-selector-mismatch, pv-binding-occupied.
//!
//! A claim binds to a volume of its class that is free, large enough, has all its access modes and meets its selector
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding>); the controller only says "no persistent volumes
//! available for this claim". So each volume is compared with the claim, and the one that fails in the fewest respects was
//! meant. Easily mistaken for `WaitForFirstConsumer`, where an unbound claim is as it should be until its pod is placed.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, Risk, Workload},
    model::{Kind, Object, PersistentVolume, PersistentVolumeClaim, Quantity},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("pvc-storage-class-mismatch", Category::Scheduling),
    CauseSpec::root("pvc-capacity-mismatch", Category::Scheduling),
    CauseSpec::root("pvc-access-mode-mismatch", Category::Scheduling),
    CauseSpec::root("pvc-selector-mismatch", Category::Scheduling),
    CauseSpec::root("pv-binding-occupied", Category::Scheduling),
];

/// In which respect a volume does not suit a claim. The order is that of [`CAUSES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mismatch {
    Class,
    Capacity,
    AccessMode,
    Selector,
    Occupied,
}

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let pods = workload.unscheduled_pods();
        let mut claims: Vec<&str> =
            pods.flat_map(|pod| &pod.spec.volumes).filter_map(|volume| volume.claim_name()).collect();
        claims.sort_unstable();
        claims.dedup();
        for name in claims {
            if let Some(claim) = view.snapshot.claims.get(workload.namespace(), name)
                && claim.status.phase != "Bound"
            {
                examine_claim(case, workload, claim);
            }
        }
    }
}

fn examine_claim(case: &mut Case<'_, '_>, workload: &Workload<'_>, claim: &PersistentVolumeClaim) {
    let view = case.view;
    let object = claim.reference();
    let said = view
        .events_on(&object)
        .iter()
        .rev()
        .copied()
        .find(|event| event.type_ == "Warning" || event.reason == "FailedBinding");
    let class = class_of(case, claim);
    let known = view.snapshot.storage_classes.iter().find(|it| it.metadata.name == class);
    let volumes = &view.snapshot.persistent_volumes;
    let said_evidence: Vec<EvidenceId> = said.map(|event| case.event(event)).into_iter().collect();
    // Somebody makes volumes of this class: the claim need not find one.
    let provisioned = known.is_some_and(|it| !it.provisioner.ends_with("no-provisioner"));
    let class_is_unknown = !class.is_empty()
        && known.is_none()
        && view.snapshot.storage_classes.scope == crate::snapshot::Scope::All
        && volumes.iter().all(|volume| volume.spec.storage_class_name != class);
    if class_is_unknown
        || said.is_some_and(|event| {
            event.message.contains("storageclass.storage.k8s.io") && event.message.contains("not found")
        })
    {
        let evidence = [case.spec(&object, format!("storageClassName {class}"))];
        let summary = format!("claim {} names storage class {class}, which does not exist", claim.name());
        let evidence = evidence.into_iter().chain(said_evidence).collect();
        let finding = claim_it(workload, claim, Mismatch::Class, 0.97, summary, evidence);
        case.find(finding.fact("class", class));
        return;
    }
    if provisioned {
        return;
    }
    let meant = if claim.spec.volume_name.is_empty() {
        let mut compared: Vec<_> = volumes.iter().map(|volume| (mismatches(claim, &class, volume), volume)).collect();
        compared.retain(|(mismatches, _)| !mismatches.is_empty());
        // The fewest differences; a volume that is free before one in use; the likest name.
        compared.sort_by_key(|(mismatches, volume)| {
            let occupied = mismatches.contains(&Mismatch::Occupied);
            (mismatches.len(), occupied, std::cmp::Reverse(shared_prefix(claim.name(), volume.name())))
        });
        compared.into_iter().next()
    } else {
        volumes.iter().find(|it| it.name() == claim.spec.volume_name).map(|it| (mismatches(claim, &class, it), it))
    };
    let Some((mismatches, volume)) = meant else { return };
    let Some(mismatch) = mismatches.first() else { return };
    let (claim_has, volume_has) = difference(claim, &class, volume, *mismatch);
    let evidence = [
        case.spec(&object, format!("claim {}: {claim_has}", claim.name())),
        case.spec(&volume.reference(), format!("volume {}: {volume_has}", volume.name())),
    ];
    let strength = if mismatches.len() == 1 { 0.95 } else { 0.6 };
    let summary = format!("claim {} asks for {claim_has}, volume {} has {volume_has}", claim.name(), volume.name());
    let evidence = evidence.into_iter().chain(said_evidence).collect();
    let finding = claim_it(workload, claim, *mismatch, strength, summary, evidence);
    let plain = |text: &str| {
        let text = ["storage class ", "labels "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
        if text.starts_with("no ") { "none".to_owned() } else { text.to_owned() }
    };
    let held_by = volume.spec.claim_ref.as_ref().map(|it| format!("{}/{}", it.namespace, it.name));
    case.find(match mismatch {
        Mismatch::Occupied => finding.fact("volume", volume.name()).fact("holder", held_by.unwrap_or_default()),
        _ => finding.fact("volume", volume.name()).fact("wanted", plain(&claim_has)).fact("has", plain(&volume_has)),
    });
}

fn claim_it(
    workload: &Workload<'_>,
    claim: &PersistentVolumeClaim,
    mismatch: Mismatch,
    strength: f64,
    summary: String,
    evidence: Vec<EvidenceId>,
) -> Finding {
    Finding::new(&CAUSES[mismatch as usize], &workload.object)
        .strength(strength)
        .summary(summary)
        .fact("claim", claim.name())
        .because(evidence)
        .since(claim.metadata.creation_timestamp)
        .explains([claim.reference()])
        .check(Kubectl::describe(&claim.reference()))
        .check(Kubectl::list(Kind::PersistentVolume, ""))
        .action(
            ActionKind::Manual,
            Risk::Medium,
            "make the claim anew so that it suits a volume, or provide such a volume",
        )
}

/// The class a claim asks for: its own, else the cluster's default.
fn class_of(case: &Case<'_, '_>, claim: &PersistentVolumeClaim) -> String {
    claim.spec.storage_class_name.clone().unwrap_or_else(|| {
        let default = case.view.snapshot.storage_classes.iter().find(|class| {
            class.metadata.annotations.get("storageclass.kubernetes.io/is-default-class").is_some_and(|it| it == "true")
        });
        default.map(|class| class.metadata.name.clone()).unwrap_or_default()
    })
}

fn mismatches(claim: &PersistentVolumeClaim, class: &str, volume: &PersistentVolume) -> Vec<Mismatch> {
    let mut all = Vec::new();
    if volume.spec.storage_class_name != class {
        all.push(Mismatch::Class);
    }
    let wanted = claim.spec.resources.requests.get("storage").and_then(Quantity::value);
    let has = volume.spec.capacity.get("storage").and_then(Quantity::value);
    if wanted.zip(has).is_some_and(|(wanted, has)| has < wanted) {
        all.push(Mismatch::Capacity);
    }
    if claim.spec.access_modes.iter().any(|mode| !volume.spec.access_modes.contains(mode)) {
        all.push(Mismatch::AccessMode);
    }
    if claim.spec.selector.as_ref().is_some_and(|selector| !selector.matches(&volume.metadata.labels)) {
        all.push(Mismatch::Selector);
    }
    let other = volume.spec.claim_ref.as_ref().is_some_and(|it| {
        let same = it.name == claim.name() && it.namespace == claim.namespace();
        // A volume released by an earlier claim of the same name still refers to that one.
        !same || (!it.uid.is_empty() && !claim.metadata.uid.is_empty() && it.uid != claim.metadata.uid)
    });
    if other || matches!(volume.status.phase.as_str(), "Released" | "Failed") {
        all.push(Mismatch::Occupied);
    }
    all
}

/// What the claim asks for and what the volume has, in the respect in which they differ.
fn difference(
    claim: &PersistentVolumeClaim,
    class: &str,
    volume: &PersistentVolume,
    in_: Mismatch,
) -> (String, String) {
    let size = |amount: Option<&Quantity>| amount.map_or("?", Quantity::as_str).to_owned();
    let named =
        |class: &str| if class.is_empty() { "no storage class".to_owned() } else { format!("storage class {class}") };
    match in_ {
        Mismatch::Class => (named(class), named(&volume.spec.storage_class_name)),
        Mismatch::Capacity => {
            (size(claim.spec.resources.requests.get("storage")), size(volume.spec.capacity.get("storage")))
        }
        Mismatch::AccessMode => (claim.spec.access_modes.join(", "), volume.spec.access_modes.join(", ")),
        Mismatch::Selector => {
            let selector = claim.spec.selector.clone().unwrap_or_default();
            let mut wanted: Vec<String> =
                selector.match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            wanted.extend(
                selector
                    .match_expressions
                    .iter()
                    .map(|it| format!("{} {} {}", it.key, it.operator, it.values.join("|"))),
            );
            let labels: Vec<String> =
                volume.metadata.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let labels =
                if labels.is_empty() { "no labels".to_owned() } else { format!("labels {}", labels.join(",")) };
            (format!("labels {}", wanted.join(",")), labels)
        }
        Mismatch::Occupied => {
            let holder = volume.spec.claim_ref.as_ref().map(|it| format!("{}/{}", it.namespace, it.name));
            let free = "a volume that is free".to_owned();
            (free, format!("been {} by {}", volume.status.phase.to_lowercase(), holder.unwrap_or_default()))
        }
    }
}

fn shared_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::*,
    };

    /// A pod that waits for a claim of 1Gi, and one volume that suits it, before `edit`.
    fn unbound(edit: impl FnOnce(&mut PersistentVolumeClaim, &mut PersistentVolume)) -> Scene {
        let storage = |size: &str| BTreeMap::from([("storage".to_owned(), Quantity::new(size))]);
        let mut claim = PersistentVolumeClaim {
            metadata: Metadata {
                name: "ledger-data".into(),
                namespace: "shop".into(),
                uid: "c1".into(),
                ..Metadata::default()
            },
            spec: ClaimSpec {
                access_modes: vec!["ReadWriteOnce".into()],
                storage_class_name: Some(String::new()),
                resources: Resources { requests: storage("1Gi"), ..Resources::default() },
                ..ClaimSpec::default()
            },
            status: ClaimStatus { phase: "Pending".into(), ..ClaimStatus::default() },
        };
        let mut volume = PersistentVolume {
            metadata: Metadata { name: "disk-1".into(), ..Metadata::default() },
            spec: VolumeSpec {
                capacity: storage("1Gi"),
                access_modes: vec!["ReadWriteOnce".into()],
                ..VolumeSpec::default()
            },
            status: VolumeStatus { phase: "Available".into() },
        };
        edit(&mut claim, &mut volume);
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
            .edit(|snapshot| {
                snapshot.claims.items.push(claim);
                snapshot.persistent_volumes.items.push(volume);
            })
            .unschedulable(
                "shop",
                "ledger",
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            )
            .event(
                "PersistentVolumeClaim shop/ledger-data",
                "FailedBinding",
                "no persistent volumes available for this claim",
            )
    }

    #[test]
    fn each_difference_between_claim_and_volume_has_its_name() {
        let expect = |scene: Scene, cause: &str| scene.expect(cause, "Deployment shop/ledger");
        expect(unbound(|claim, _| claim.spec.storage_class_name = Some("fast".into())), "pvc-storage-class-mismatch");
        expect(
            unbound(|claim, _| {
                claim.spec.resources.requests.insert("storage".into(), Quantity::new("5Gi"));
            }),
            "pvc-capacity-mismatch",
        );
        expect(unbound(|claim, _| claim.spec.access_modes = vec!["ReadWriteMany".into()]), "pvc-access-mode-mismatch");
        expect(
            unbound(|claim, volume| {
                let selector = BTreeMap::from([("disk".to_owned(), "ssd".to_owned())]);
                claim.spec.selector = Some(LabelSelector { match_labels: selector, ..LabelSelector::default() });
                volume.metadata.labels.insert("disk".into(), "hdd".into());
            }),
            "pvc-selector-mismatch",
        );
        let holder = ClaimRef { namespace: "shop".into(), name: "other-data".into(), uid: "c2".into() };
        expect(
            unbound(|_, volume| {
                volume.spec.claim_ref = Some(holder);
                volume.status.phase = "Bound".into();
            }),
            "pv-binding-occupied",
        );
    }

    #[test]
    fn a_claim_that_waits_for_its_first_consumer_is_no_mismatch() {
        unbound(|claim, _| claim.spec.storage_class_name = Some("on-demand".into()))
            .edit(|snapshot| {
                snapshot.storage_classes.items.push(StorageClass {
                    metadata: Metadata { name: "on-demand".into(), ..Metadata::default() },
                    provisioner: "ebs.csi.aws.com".into(),
                    volume_binding_mode: "WaitForFirstConsumer".into(),
                    ..StorageClass::default()
                });
            })
            .expect_not("pvc-storage-class-mismatch");
    }
}
