//! volume-mount-permission-denied: the container may not read or write the volume it mounts, and ends.
//!
//! Files on the volume belong to another user than the container runs as, or the volume is mounted read-only
//! (<https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#configure-volume-permission-and-ownership-change-policy-for-pods>).
//! The kernel's EACCES, EPERM or EROFS appears in the last lines of the log, in the words of the program and the language of
//! its locale. Easily mistaken for an application crash, which it looks like in every other respect; for missing RBAC, which
//! reads "forbidden"; and for a database's own permissions, which name a table or user.

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, EvidenceId, Finding, Kubectl, LogPattern, Risk, Workload, errno,
    },
    model::{Container, PodSpec},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("volume-mount-permission-denied", Category::Startup)];

/// What marks a refusal as one of another system: a database, an API, a socket.
const ELSEWHERE: &[&str] = &[
    "for user",
    "for table",
    "for relation",
    "for schema",
    "for database",
    "forbidden",
    "using password",
    "publickey",
    "bind",
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads() {
        if workload.is_short() {
            refused_to_mount(case, workload);
        }
        refused_in_use(case, workload);
    }
}

/// The kubelet itself was refused.
fn refused_to_mount(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    let refused = view.events_about(workload).iter().rev().copied().find(|event| {
        let message = event.message.to_lowercase();
        event.reason == "FailedMount"
            && view.is_about_existing(event)
            && (message.contains("permission denied") || message.contains("access denied"))
    });
    if let Some(event) = refused {
        let evidence = vec![case.event(event)];
        claim(case, workload, 0.93, "the node may not mount the pods' volume".into(), None, evidence);
    }
}

/// The container was refused when it used the mount.
fn refused_in_use(case: &mut Case<'_, '_>, workload: &Workload<'_>) {
    let view = case.view;
    for container in &workload.template.containers {
        let failing = workload.containers().any(|(_, status)| {
            status.name == container.name
                && !status.ready
                && (status.restart_count > 0 || status.state.terminated.as_ref().is_some_and(|it| it.exit_code != 0))
        });
        let paths = data_mounts(workload.template, container);
        if paths.is_empty() {
            continue;
        }
        let patterns = view.patterns_of(workload).iter().filter(|it| it.container == container.name && is_denied(it));
        let Some(pattern) = patterns.max_by_key(|it| (paths.iter().any(|path| it.example.contains(path.1)), it.at_end))
        else {
            continue;
        };
        let named = paths.iter().find(|(_, path)| pattern.example.contains(path));
        let (volume, path) = *named.unwrap_or(&paths[0]);
        // A program that goes on without its volume says so again and again, up to now.
        let lasting = pattern.count >= 3 && pattern.at_end && view.within(pattern.last_seen, 10);
        let strength = match (failing, named.is_some(), pattern.at_end) {
            (true, true, true) => 0.96,
            (true, true, false) | (true, false, true) => 0.9,
            (true, false, false) => 0.7,
            (false, ..) if lasting => 0.75,
            (false, ..) => continue,
        };
        let evidence =
            vec![case.log(pattern), case.spec(&workload.object, format!("volume {volume} mounted at {path}"))];
        let summary = format!("container {} may not use its volume {volume} at {path}", container.name);
        claim(case, workload, strength, summary, Some((container, volume, path)), evidence);
    }
}

fn claim(
    case: &mut Case<'_, '_>,
    workload: &Workload<'_>,
    strength: f64,
    summary: String,
    mount: Option<(&Container, &str, &str)>,
    evidence: Vec<EvidenceId>,
) {
    let mut finding = Finding::new(&CAUSES[0], &workload.object).strength(strength).summary(summary).because(evidence);
    if let Some((container, volume, path)) = mount {
        finding = finding
            .fact("container", &container.name)
            .fact("volume", volume)
            .fact("path", path)
            .check(Kubectl::logs(&workload.object, Some(&container.name), true));
    }
    let finding = finding.check(Kubectl::get(&workload.object)).action(
        ActionKind::Manual,
        Risk::Low,
        "set fsGroup or runAsUser to the owner of the files, or change their owner",
    );
    case.find(finding);
}

fn is_denied(pattern: &LogPattern) -> bool {
    let line = pattern.example.to_lowercase();
    errno::says(&line, errno::DENIED) && !ELSEWHERE.iter().any(|it| line.contains(it))
}

/// Mounts of volumes that hold data, as volume and path: not tokens, configuration or secrets.
fn data_mounts<'s>(spec: &'s PodSpec, container: &'s Container) -> Vec<(&'s str, &'s str)> {
    let holds_data = |name: &str| {
        spec.volumes.iter().any(|volume| {
            volume.name == name
                && (volume.persistent_volume_claim.is_some()
                    || volume.host_path.is_some()
                    || volume.nfs.is_some()
                    || volume.csi.is_some()
                    || volume.empty_dir.is_some())
        })
    };
    // A claim template's volume is not in the template's list.
    let templated = |name: &str| spec.volumes.iter().all(|volume| volume.name != name);
    let mounts = container.volume_mounts.iter().filter(|it| holds_data(&it.name) || templated(&it.name));
    mounts.map(|it| (it.name.as_str(), it.mount_path.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{Volume, VolumeMount},
    };

    fn with_volume(line: &str) -> Scene {
        scene()
            .deployment("shop", "ledger", 1)
            .template("shop", "ledger", |spec| {
                let host_path = Some(serde_json::json!({"path": "/srv/ledger"}));
                spec.volumes.push(Volume { name: "data".into(), host_path, ..Volume::default() });
                let mount = VolumeMount { name: "data".into(), mount_path: "/data".into(), ..VolumeMount::default() };
                spec.containers[0].volume_mounts.push(mount);
            })
            .crashing("shop", "ledger", 1, "Error")
            .log("shop", "ledger", line)
    }

    #[test]
    fn a_volume_that_belongs_to_another_user_is_named() {
        with_volume("FATAL: could not open file \"/data/PG_VERSION\": Permission denied\n")
            .expect("volume-mount-permission-denied", "Deployment shop/ledger");
        with_volume("OSError: [Errno 30] Read-only file system: 'journal.db'\n")
            .expect("volume-mount-permission-denied", "Deployment shop/ledger");
    }

    #[test]
    fn a_refusal_by_a_database_is_not_the_volumes() {
        with_volume("ERROR: permission denied for table orders\n").expect_not("volume-mount-permission-denied");
    }
}
