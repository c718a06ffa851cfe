//! namespace-service-quota-exceeded, where nobody noted the refusal: workloads call a Service that does not exist, and the
//! namespace's quota on Services is used up.
//!
//! <https://kubernetes.io/docs/concepts/policy/resource-quotas/#object-count-quota>. The pods of the missing Service run well;
//! only its callers fail, on a name that does not resolve. Easily mistaken for a wrong address in the callers: there another
//! Service carries the right name. A quota that is used up hurts nobody by itself.

use super::quota;
use crate::{
    diagnosis::{Case, CauseSpec, Kubectl},
    model::{Kind, Object, ObjectRef, Quantity},
};

/// None of its own: it reports [`quota::CAUSES`].
pub(super) const CAUSES: &[CauseSpec] = &[];

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for quota in view.snapshot.quotas.iter() {
        let namespace = quota.namespace();
        let full = quota.status.hard.iter().find(|(resource, hard)| {
            let used = quota.status.used.get(*resource).and_then(Quantity::value);
            quota::cause_of(resource).is_some_and(|cause| cause.id == "namespace-service-quota-exceeded")
                && used.zip(hard.value()).is_some_and(|(used, hard)| used >= hard)
        });
        let Some((resource, hard)) = full else { continue };
        let missing = missing(case, namespace);
        let orphan = missing.iter().find(|it| view.workload_named(namespace, &it.service).is_some());
        let Some(first) = orphan.or(missing.first()) else { continue };
        let mut evidence: Vec<_> = quota::cite_quota(case, namespace, quota.name()).into_iter().collect();
        for it in missing.iter().take(3) {
            let object = ObjectRef::new(Kind::Service, namespace, &it.service);
            evidence.push(case.absence(&object, format!("Service {} does not exist; {}", it.service, it.wanted)));
        }
        let Some(spec) = quota::cause_of(resource) else { continue };
        let finding = quota::found(spec, namespace, quota.name(), resource)
            .strength(if orphan.is_some() { 0.97 } else { 0.85 })
            .summary(format!(
                "quota {} allows {} Services and all are used: Service {} could not be made",
                quota.name(),
                hard.as_str(),
                first.service
            ))
            .fact("hard", hard.as_str())
            .fact("service", &first.service)
            .because(evidence)
            .since(quota.metadata.creation_timestamp)
            .explains(missing.iter().map(|it| ObjectRef::new(Kind::Service, namespace, &it.service)))
            .explains(missing.iter().filter_map(|it| it.by.clone()))
            .check(Kubectl::list(Kind::Service, namespace));
        case.find(finding);
    }
}

/// A Service that is wanted and is not there.
struct Missing {
    service: String,
    wanted: String,
    by: Option<ObjectRef>,
}

/// Services that somebody calls, or tries to connect to, and that do not exist.
fn missing(case: &Case<'_, '_>, namespace: &str) -> Vec<Missing> {
    let view = case.view;
    let called = view.dangling().iter().filter(|it| it.namespace == namespace).map(|it| Missing {
        service: it.service.clone(),
        wanted: format!("{} has {}", it.from, it.via),
        by: Some(it.from.clone()),
    });
    let known = view.snapshot.services.covers(namespace);
    let probes = view.snapshot.probes.iter().filter(|probe| known && probe.namespace == namespace && !probe.ok);
    let tried = probes.filter(|probe| view.service(namespace, &probe.service).is_none()).map(|probe| Missing {
        service: probe.service.clone(),
        wanted: format!("connecting to its port {} fails", probe.port),
        by: None,
    });
    called.chain(tried).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{EnvVar, Metadata, Quantity, QuotaSpec, QuotaStatus, ResourceQuota},
        snapshot::{ConnectionProbe, Listing},
    };

    fn full_quota() -> Scene {
        let count = |number: &str| BTreeMap::from([("services".to_owned(), Quantity::new(number))]);
        scene().deployment("shop", "api", 2).deployment("shop", "web", 2).service("shop", "web", 80).edit(|snapshot| {
            snapshot.quotas.items.push(ResourceQuota {
                metadata: Metadata { name: "few".into(), namespace: "shop".into(), ..Metadata::default() },
                spec: QuotaSpec { hard: count("1") },
                status: QuotaStatus { hard: count("1"), used: count("1") },
            });
        })
    }

    #[test]
    fn a_service_that_is_called_and_could_not_be_made() {
        full_quota()
            .template("shop", "web", |spec| {
                let value = Some("http://api:8080".to_owned());
                spec.containers[0].env.push(EnvVar { name: "API_URL".into(), value, value_from: None });
            })
            .expect("namespace-service-quota-exceeded", "Namespace shop");
    }

    #[test]
    fn a_service_that_cannot_be_connected_to_and_could_not_be_made() {
        full_quota()
            .edit(|snapshot| {
                let (namespace, service) = ("shop".into(), "api".into());
                let probe = ConnectionProbe { namespace, service, port: 80, ..ConnectionProbe::default() };
                snapshot.probes = Listing::all(vec![probe]);
            })
            .expect("namespace-service-quota-exceeded", "Namespace shop");
    }

    #[test]
    fn a_quota_used_up_that_nobody_misses_is_healthy() {
        full_quota().expect_healthy();
    }
}
