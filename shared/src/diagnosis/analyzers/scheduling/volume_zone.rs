//! volume-zone-mismatch: the pod's volume is in a zone (or on a node) where no node takes the pod.
//!
//! The scheduler says "node(s) had volume node affinity conflict"
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity>): typical for an EBS volume whose zone lost its
//! nodes. Easily mistaken for the pod's own node affinity.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk},
    model::{Kind, Object},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("volume-zone-mismatch", Category::Scheduling)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        let conflict = workload.unscheduled_pods().find_map(|pod| {
            let condition =
                pod.status.conditions.iter().find(|it| it.type_ == "PodScheduled" && it.status == "False")?;
            condition.message.contains("volume node affinity conflict").then_some((pod, condition))
        });
        let Some((pod, condition)) = conflict else { continue };
        let claims: Vec<&str> = pod.spec.volumes.iter().filter_map(|volume| volume.claim_name()).collect();
        let evidence = [
            case.status(&pod.reference(), condition.last_transition_time, &condition.message),
            case.spec(&workload.object, format!("claims {}", claims.join(", "))),
        ];
        let finding = Finding::new(&CAUSES[0], &workload.object)
            .strength(0.93)
            .summary(match claims.is_empty() {
                true => "the pods' volume is in a zone where no node takes them".to_owned(),
                false => format!("the volume of {} is in a zone where no node takes the pod", claims.join(", ")),
            })
            .fact("claim", claims.join(", "))
            .because(evidence)
            .since(condition.last_transition_time)
            .check(Kubectl::describe(&pod.reference()))
            .check(Kubectl::list(Kind::PersistentVolume, ""))
            .check(Kubectl::list(Kind::Node, ""))
            .action(ActionKind::NodePoolLimit, Risk::Medium, "nodes in the volume's zone");
        case.find(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_volume_in_another_zone_is_named() {
        scene()
            .deployment("shop", "ledger", 1)
            .unschedulable("shop", "ledger", "0/3 nodes are available: 3 node(s) had volume node affinity conflict.")
            .expect("volume-zone-mismatch", "Deployment shop/ledger");
    }

    #[test]
    fn the_pods_own_affinity_is_not_its_volumes() {
        scene()
            .deployment("shop", "ledger", 1)
            .unschedulable(
                "shop",
                "ledger",
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
            )
            .expect_not("volume-zone-mismatch");
    }
}
