//! bad-rollout: the last rollout broke it.
//!
//! Pods of the newest revision do not become ready while the revision before it ran
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment>). Says what changed between the two:
//! that is where to look, and what a rollback takes back. Deeper causes with their own evidence (an image that does not exist, a
//! Secret that is missing, a probe on the wrong port) explain it away. Mistaken for: a dependency that failed just as somebody
//! deployed, in which case pods of the old revision fail as well.

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, is_ready, revision_label},
    model::{Container, PodSpec},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::mechanism("bad-rollout", Category::Runtime)];

/// A rollout further back than this is not what broke it now.
const RECENT_MINUTES: i64 = 60;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for workload in view.workloads().iter().filter(|workload| workload.is_short()) {
        let [newest, before, ..] = workload.replica_sets.as_slice() else { continue };
        let rolled_out = newest.metadata.creation_timestamp;
        if !view.within(rolled_out, RECENT_MINUTES) {
            continue;
        }
        let failing: Vec<_> = workload.current_pods().filter(|pod| !is_ready(pod)).collect();
        let old_ready = workload.live_pods().filter(|pod| is_ready(pod)).count();
        let new_ready = workload.current_pods().any(is_ready);
        let harmed = failing.iter().any(|pod| {
            pod.status.container_statuses.iter().any(|status| {
                status.restart_count > 0
                    || status.state.waiting.as_ref().is_some_and(|it| it.reason.contains("BackOff"))
            }) || view.within(pod.metadata.creation_timestamp, 2).eq(&false)
        });
        let changes = changes(&before.spec.template.spec, &newest.spec.template.spec);
        let others_fail =
            workload.live_pods().any(|pod| !is_ready(pod) && !failing.iter().any(|it| std::ptr::eq(*it, pod)));
        if failing.is_empty() || new_ready || !harmed || changes.is_empty() || others_fail {
            continue;
        }
        let object = workload.object.clone();
        let (new, old) = (revision_label(newest), revision_label(before));
        let mut evidence = vec![case.spec(&object, format!("{new} changes against {old}: {}", changes.join("; ")))];
        let text = format!("{} of {new} not ready, {old_ready} of {old} ready", failing.len());
        evidence.push(case.status(&object, rolled_out, text));
        let finding = Finding::new(&CAUSES[0], &object)
            .strength(if old_ready > 0 { 0.9 } else { 0.85 })
            .summary(format!("{new} does not come up; {old} did ({})", changes[0]))
            .fact("revision", new.trim_start_matches("revision "))
            .fact("before", old.trim_start_matches("revision "))
            .fact("change", told(&changes[0]).0)
            .fact("changed", told(&changes[0]).1)
            .because(evidence)
            .since(rolled_out)
            .check(Kubectl::rollout_history(&object))
            .check(Kubectl::logs(&object, None, true))
            .action(ActionKind::Rollback, Risk::Medium, format!("back to {old}, which ran"));
        case.find(finding);
    }
}

/// What differs between two templates, in words, the likeliest culprit first. Values of variables are not told.
pub(super) fn changes(old: &PodSpec, new: &PodSpec) -> Vec<String> {
    let mut changes = Vec::new();
    for container in &new.containers {
        let Some(before) = old.containers.iter().find(|it| it.name == container.name) else {
            changes.push(format!("container {} is new", container.name));
            continue;
        };
        changes.extend(container_changes(before, container));
    }
    for gone in old.containers.iter().filter(|it| new.containers.iter().all(|other| other.name != it.name)) {
        changes.push(format!("container {} is gone", gone.name));
    }
    let mut differs = |same: bool, what: &str| {
        if !same {
            changes.push(format!("{what} changed"));
        }
    };
    differs(old.volumes == new.volumes, "volumes");
    differs(old.service_account_name == new.service_account_name, "service account");
    differs(old.init_containers == new.init_containers, "init containers");
    differs(old.node_selector == new.node_selector && old.affinity == new.affinity, "placement");
    differs(old.security_context == new.security_context, "security context");
    changes
}

fn container_changes(old: &Container, new: &Container) -> Vec<String> {
    let mut changes = Vec::new();
    let names = |of: &Container| of.env.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let (before, after) = (names(old), names(new));
    changes.extend(before.iter().filter(|it| !after.contains(it)).map(|name| format!("variable {name} is gone")));
    if old.image != new.image {
        changes.push(format!("image {} → {}", short(&old.image), short(&new.image)));
    }
    changes.extend(after.iter().filter(|it| !before.contains(it)).map(|name| format!("variable {name} is new")));
    let differing = |it: &&crate::model::EnvVar| old.env.iter().any(|other| other.name == it.name && *other != **it);
    changes.extend(new.env.iter().filter(differing).map(|it| format!("variable {} has another value", it.name)));
    let parts = [
        (old.command == new.command && old.args == new.args, "command"),
        (old.resources == new.resources, "resources"),
        (
            old.liveness_probe == new.liveness_probe
                && old.readiness_probe == new.readiness_probe
                && old.startup_probe == new.startup_probe,
            "probes",
        ),
        (old.env_from == new.env_from, "environment sources"),
        (old.ports == new.ports, "ports"),
        (old.volume_mounts == new.volume_mounts, "mounts"),
        (old.security_context == new.security_context, "security context"),
    ];
    changes.extend(parts.iter().filter(|(same, _)| !same).map(|(_, what)| format!("{what} changed")));
    changes
}

/// What kind of change it is and what is changed, for other languages.
fn told(change: &str) -> (&'static str, &str) {
    let kinds = [
        ("image", "image ", ""),
        ("variable-gone", "variable ", " is gone"),
        ("variable-new", "variable ", " is new"),
        ("variable-value", "variable ", " has another value"),
        ("container-gone", "container ", " is gone"),
        ("container-new", "container ", " is new"),
        ("part", "", " changed"),
    ];
    let of = |(kind, start, end)| Some((kind, change.strip_prefix(start)?.strip_suffix(end)?));
    kinds.into_iter().find_map(of).unwrap_or(("part", change))
}

/// An image without its registry and path.
fn short(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::testkit::{Scene, at, scene};

    /// `api` rolled out anew at 11:50 with another image; the set before it is as old as the scene.
    fn rolled_out() -> Scene {
        scene().deployment("shop", "api", 2).edit(|snapshot| {
            let mut before = snapshot.replica_sets.items[0].clone();
            before.metadata.name = "api-rs0".into();
            before.spec.replicas = Some(0);
            before.metadata.annotations.insert("deployment.kubernetes.io/revision".into(), "1".into());
            let newest = &mut snapshot.replica_sets.items[0];
            newest.metadata.creation_timestamp = Some(at("11:50:00"));
            newest.metadata.annotations.insert("deployment.kubernetes.io/revision".into(), "2".into());
            newest.spec.template.spec.containers[0].image = "registry.example.org/api:v2".into();
            snapshot.replica_sets.items.push(before);
        })
    }

    #[test]
    fn a_revision_that_does_not_come_up_is_blamed_with_what_it_changed() {
        let scene = rolled_out().crashing("shop", "api", 1, "Error");
        scene.expect("bad-rollout", "Deployment shop/api");
        let summary = scene.diagnose().causes[0].summary.clone();
        assert_eq!(summary, "revision 2 (v2) does not come up; revision 1 (v1) did (image api:v1 → api:v2)");
    }

    #[test]
    fn a_rollout_that_came_up_is_not() {
        rolled_out().expect_healthy();
    }

    #[test]
    fn a_crash_without_a_rollout_is_not() {
        scene().deployment("shop", "api", 2).crashing("shop", "api", 1, "Error").expect_not("bad-rollout");
    }
}
