//! missing-secret-binding, missing-configmap: the pods refer to a Secret or ConfigMap that does not exist, or to a key that
//! it lacks.
//!
//! The kubelet then cannot make the container (`CreateContainerConfigError`) or mount the volume (`FailedMount`), and tries
//! again for ever (<https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets>). Easily mistaken for a slow
//! start, since the pod only waits, and for a storage fault, since a missing mount reads `FailedMount` too.

use std::collections::BTreeMap;

use crate::{
    diagnosis::{ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, Workload},
    model::{Kind, Object, ObjectRef, PodSpec},
};

pub(super) const CAUSES: &[CauseSpec] = &[
    CauseSpec::root("missing-secret-binding", Category::Startup),
    CauseSpec::root("missing-configmap", Category::Startup),
];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    for workload in case.view.workloads().iter().filter(|workload| workload.is_short()) {
        for ((kind, name), how) in references(workload.template) {
            examine_reference(case, workload, kind, name, &how);
        }
    }
}

/// Required Secrets and ConfigMaps of a pod, each with how it is used.
fn references(spec: &PodSpec) -> BTreeMap<(Kind, &str), String> {
    let mut all = BTreeMap::new();
    let mut add = |kind, name, optional: Option<bool>, how: String| {
        if optional != Some(true) {
            all.entry((kind, name)).or_insert(how);
        }
    };
    for container in spec.containers.iter().chain(&spec.init_containers) {
        for variable in &container.env {
            let Some(source) = &variable.value_from else { continue };
            if let Some(key) = &source.secret_key_ref {
                add(Kind::Secret, key.name.as_str(), key.optional, format!("env {}", variable.name));
            }
            if let Some(key) = &source.config_map_key_ref {
                add(Kind::ConfigMap, key.name.as_str(), key.optional, format!("env {}", variable.name));
            }
        }
        for source in &container.env_from {
            if let Some(secret) = &source.secret_ref {
                add(Kind::Secret, secret.name.as_str(), secret.optional, "envFrom".into());
            }
            if let Some(map) = &source.config_map_ref {
                add(Kind::ConfigMap, map.name.as_str(), map.optional, "envFrom".into());
            }
        }
    }
    for volume in &spec.volumes {
        if let Some((name, optional)) = volume.secret_name() {
            add(Kind::Secret, name, Some(optional), format!("volume {}", volume.name));
        }
        if let Some(map) = &volume.config_map {
            add(Kind::ConfigMap, map.name.as_str(), map.optional, format!("volume {}", volume.name));
        }
    }
    all
}

fn examine_reference(case: &mut Case<'_, '_>, workload: &Workload<'_>, kind: Kind, name: &str, how: &str) {
    let view = case.view;
    let namespace = workload.namespace();
    let (spec, read, exists) = match kind {
        Kind::Secret => {
            let secrets = &view.snapshot.secrets;
            (&CAUSES[0], secrets.covers(namespace), secrets.get(namespace, name).is_some())
        }
        _ => {
            let maps = &view.snapshot.config_maps;
            (&CAUSES[1], maps.covers(namespace), maps.get(namespace, name).is_some())
        }
    };
    let word = kind.as_str().to_ascii_lowercase();
    let quoted = format!("{word} \"{name}\" not found");
    let lacks_key = |message: &str| message.contains("couldn't find key") && message.contains(&format!("/{name}"));
    let waiting = workload.containers().find_map(|(pod, status)| {
        let waiting = status.state.waiting.as_ref()?;
        (waiting.message.contains(&quoted) || lacks_key(&waiting.message))
            .then(|| (pod.reference(), waiting.message.clone()))
    });
    let event =
        view.events_about(workload).iter().rev().copied().find(|event| {
            view.is_about_existing(event) && (event.message.contains(&quoted) || lacks_key(&event.message))
        });
    let said = waiting.is_some() || event.is_some();
    let key_only = waiting.iter().map(|it| it.1.as_str()).chain(event.map(|it| it.message.as_str())).any(lacks_key);
    let strength = match (read && !exists, said) {
        (true, true) => 0.98,
        (false, true) if !read || key_only => 0.93,
        // Pods that never came up for want of it say so; where nothing says so, it may be a coincidence.
        (true, false) => 0.6,
        _ => return,
    };
    let object = ObjectRef::new(kind, namespace, name);
    let mut evidence = vec![case.spec(&workload.object, format!("{how} refers to {word} {name}"))];
    if read && !exists {
        evidence.push(case.absence(&object, format!("{word} {name} does not exist")));
    }
    evidence.extend(waiting.map(|(pod, message)| case.status(&pod, None, message)));
    evidence.extend(event.map(|event| case.event(event)));
    let what = if key_only { "lacks a key that the pods need" } else { "does not exist" };
    let finding = Finding::new(spec, &workload.object)
        .strength(strength)
        .summary(format!("{word} {name} {what}, so the containers cannot start"))
        .fact("name", name)
        .fact("missing", if key_only { "key" } else { "object" })
        .because(evidence)
        .since(event.and_then(|event| event.first_seen()))
        .check(Kubectl::describe(&workload.object))
        .check(Kubectl::list(kind, namespace))
        .action(ActionKind::Manual, Risk::Low, format!("create {word} {name}, or correct the reference to it"))
        .action(ActionKind::Rollback, Risk::Medium, "if the reference came with the last rollout");
    case.find(finding);
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::scene,
        model::{EnvFrom, NameRef},
    };

    fn from_secret(name: &str, optional: bool) -> EnvFrom {
        let reference = NameRef { name: name.into(), optional: Some(optional) };
        EnvFrom { secret_ref: Some(reference), ..EnvFrom::default() }
    }

    #[test]
    fn a_secret_that_is_not_there_keeps_the_container_from_starting() {
        scene()
            .deployment("shop", "api", 2)
            .template("shop", "api", |spec| spec.containers[0].env_from.push(from_secret("ledger-login", false)))
            .waiting("shop", "api", "CreateContainerConfigError", "secret \"ledger-login\" not found")
            .expect("missing-secret-binding", "Deployment shop/api");
    }

    #[test]
    fn a_config_map_that_is_not_there_keeps_the_container_from_starting() {
        let from = EnvFrom {
            config_map_ref: Some(NameRef { name: "api-settings".into(), optional: None }),
            ..EnvFrom::default()
        };
        scene()
            .deployment("shop", "api", 2)
            .template("shop", "api", |spec| spec.containers[0].env_from.push(from.clone()))
            .waiting("shop", "api", "CreateContainerConfigError", "configmap \"api-settings\" not found")
            .expect("missing-configmap", "Deployment shop/api");
    }

    #[test]
    fn an_optional_secret_may_be_missing() {
        scene()
            .deployment("shop", "api", 2)
            .template("shop", "api", |spec| spec.containers[0].env_from.push(from_secret("ledger-login", true)))
            .crashing("shop", "api", 1, "Error")
            .expect_not("missing-secret-binding");
    }
}
