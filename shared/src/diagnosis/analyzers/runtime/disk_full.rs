//! disk-full: a container cannot write, because its volume or its node has no room left.
//!
//! ENOSPC in each runtime's words. The object is the claim where the pods mount exactly one, since that has to grow
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>), else the workload.
//! Easily mistaken for the crash that follows, and for a quota on storage, which refuses the claim and not the write. A node
//! under disk pressure has a cause of its own.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, LogPattern, Risk, Workload, errno},
    model::{Kind, ObjectRef},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("disk-full", Category::Runtime)];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads() {
        let recent = |pattern: &&LogPattern| {
            pattern.says(errno::NO_SPACE) && (workload.is_short() || (pattern.count > 2 && view.is_recent(pattern, 30)))
        };
        let Some(pattern) = view.patterns_of(workload).iter().filter(recent).max_by_key(|it| it.count) else {
            continue;
        };
        let object = claim(workload).unwrap_or_else(|| workload.object.clone());
        let mut evidence = vec![case.log(pattern)];
        if object.kind == Kind::PersistentVolumeClaim {
            evidence.push(case.spec(&workload.object, format!("mounts claim {}", object.name)));
        }
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if workload.is_short() { 0.93 } else { 0.85 })
            .summary("no space left on the disk")
            .because(evidence)
            .explains([workload.object.clone()])
            .since(pattern.first_seen)
            .check(Kubectl::logs(&workload.object, Some(&pattern.container), workload.is_short()))
            .check(Kubectl::describe(&object))
            .action(ActionKind::Manual, Risk::Medium, "make room, or let the volume grow");
        case.find(finding);
    }
}

/// The one claim that a workload's pods mount.
fn claim(workload: &Workload<'_>) -> Option<ObjectRef> {
    let mut names: Vec<&str> =
        workload.live_pods().flat_map(|pod| &pod.spec.volumes).filter_map(|it| it.claim_name()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [name] => Some(ObjectRef::new(Kind::PersistentVolumeClaim, workload.namespace(), *name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::scene;

    #[test]
    fn a_write_that_finds_no_room_is_named() {
        scene()
            .deployment("shop", "ledger", 1)
            .crashing("shop", "ledger", 1, "Error")
            .log("shop", "ledger", "PANIC: could not write to file: No space left on device\n")
            .expect("disk-full", "Deployment shop/ledger");
    }

    #[test]
    fn a_write_that_is_forbidden_has_room() {
        scene()
            .deployment("shop", "ledger", 1)
            .crashing("shop", "ledger", 1, "Error")
            .log("shop", "ledger", "PANIC: could not write to file: Read-only file system\n")
            .expect_not("disk-full");
    }
}
