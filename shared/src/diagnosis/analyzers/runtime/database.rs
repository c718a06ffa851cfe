//! What the database causes share: which workloads are databases, what their drivers and servers say, and which database a
//! client means.
//!
//! A failure of a database shows in the logs of its clients, in their drivers' words. The address they use is often in a
//! Secret, which is never read, so the database meant is found from several sides: references in specifications, what the
//! databases themselves say, who else uses them, and names.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    diagnosis::{Case, EvidenceId, LogPattern, View, Workload, symptom},
    model::{Container, ObjectRef},
};

/// A family of databases that share a wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dialect {
    MySql,
    Postgres,
    Mongo,
    Redis,
    SqlServer,
    Oracle,
}

/// Images (as a part of their name) and the port of each family.
const FAMILIES: &[(Dialect, &[&str], i32)] = &[
    (Dialect::MySql, &["mysql", "mariadb", "percona", "tidb"], 3306),
    (Dialect::Postgres, &["postgres", "postgis", "timescale", "spilo", "citus", "pgbouncer", "pgpool"], 5432),
    (Dialect::Mongo, &["mongo"], 27017),
    (Dialect::Redis, &["redis", "valkey", "keydb", "dragonfly"], 6379),
    (Dialect::SqlServer, &["mssql", "sqlserver"], 1433),
    (Dialect::Oracle, &["oracle/database", "oracle-xe", "oracle-free"], 1521),
];

/// Images that only speak of a database: exporters and consoles.
const ABOUT: &[&str] = &["exporter", "phpmyadmin", "pgadmin", "commander", "adminer", "operator", "backup"];

/// The families a workload serves; empty for anything that is no database.
pub(super) fn dialects(workload: &Workload<'_>) -> BTreeSet<Dialect> {
    workload.template.containers.iter().flat_map(of_container).collect()
}

fn of_container(container: &Container) -> impl Iterator<Item = Dialect> {
    let image = container.image.split('@').next().unwrap_or_default();
    let image = image.rsplit_once(':').map_or(image, |(name, tag)| if tag.contains('/') { image } else { name });
    let image = image.to_ascii_lowercase();
    let about = ABOUT.iter().any(|word| image.contains(word));
    FAMILIES
        .iter()
        .filter(move |(_, images, port)| {
            let served = container.ports.iter().any(|it| it.container_port == *port);
            !about && (served || images.iter().any(|name| image.rsplit('/').next().is_some_and(|it| it.contains(name))))
        })
        .map(|(dialect, ..)| *dialect)
}

/// Words of one family's server or driver.
pub(super) type Signs = &'static [(Dialect, &'static [&'static str])];

/// The family in whose words a line, in lower case, says one of `signs`.
pub(super) fn says(line: &str, signs: Signs) -> Option<Dialect> {
    signs.iter().find(|(_, words)| words.iter().any(|word| line.contains(word))).map(|(dialect, _)| *dialect)
}

/// A client of a database that says one of the signs.
pub(super) struct Client<'v, 'a> {
    pub(super) workload: &'v Workload<'a>,
    pub(super) pattern: &'v LogPattern,
    pub(super) dialect: Dialect,
}

/// Clients that say one of `signs` in their current logs, each once, with the pattern seen most.
pub(super) fn clients<'v, 'a>(view: &'v View<'a>, signs: Signs) -> Vec<Client<'v, 'a>> {
    let mut found: Vec<Client<'v, 'a>> = Vec::new();
    for workload in view.workloads() {
        let current = view.patterns_of(workload).iter().filter(|it| is_current(view, workload, it));
        let saying = current.filter_map(|it| Some((it, says(&it.lower, signs)?)));
        let own = dialects(workload);
        let Some((pattern, dialect)) = saying
            // What a database says of its own visitors is another matter.
            .filter(|(_, dialect)| !own.contains(dialect))
            .max_by_key(|(pattern, _)| pattern.count)
        else {
            continue;
        };
        found.push(Client { workload, pattern, dialect });
    }
    found
}

/// Whether a pattern is of now: the workload ails, or it was written lately.
pub(super) fn is_current(view: &View<'_>, workload: &Workload<'_>, pattern: &LogPattern) -> bool {
    // Short of pods because it is being scaled or rolled out is no ailment.
    let ails = symptom::is_troubled(view, workload);
    ails || (!pattern.previous && view.is_recent(pattern, 30) && (pattern.count > 1 || pattern.at_end))
}

/// The database that `clients` mean, how it is known, and how surely (0 to 1).
///
/// `signs` are what clients say; a database that says the same of itself is the likelier one.
pub(super) fn meant<'v, 'a>(
    view: &'v View<'a>,
    dialect: Dialect,
    clients: &[&Workload<'_>],
    signs: Signs,
) -> Option<(&'v Workload<'a>, String, f64)> {
    let candidates = view.workloads().iter().filter(|it| !it.is_job() && dialects(it).contains(&dialect));
    let mut scored: Vec<(f64, &'v Workload<'a>, String)> = candidates
        .map(|database| {
            let (score, how) = score(view, database, clients, signs);
            (score, database, how)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.object.cmp(&b.1.object)));
    let margin = match scored.as_slice() {
        [] => return None,
        [_] => f64::INFINITY,
        [first, second, ..] => first.0 - second.0,
    };
    let (_, database, how) = scored.swap_remove(0);
    let certainty = match margin {
        margin if margin >= 2.0 => 1.0,
        margin if margin >= 1.0 => 0.93,
        margin if margin > 0.0 => 0.85,
        _ => 0.6,
    };
    Some((database, how, certainty))
}

fn score(view: &View<'_>, database: &Workload<'_>, clients: &[&Workload<'_>], signs: Signs) -> (f64, String) {
    let mut score = 0.0;
    let mut how = format!("{} is a database of this kind", database.object);
    let services: Vec<_> = view.services_of(database).map(|service| service.object()).collect();
    let is_client = |object: &ObjectRef| clients.iter().any(|client| client.object == *object);
    let dependents: Vec<_> = view.dependencies().iter().filter(|it| services.contains(&it.to)).collect();
    if let Some(dependency) = dependents.iter().find(|it| is_client(&it.from)) {
        score += 4.0;
        how = format!("{} reaches it by {}", dependency.from, dependency.via);
    } else if !dependents.is_empty() {
        // Known to serve others, who do well.
        score -= 1.0;
    }
    if complaint(view, database, signs).is_some() {
        score += 3.0;
        how = "it says the same itself".to_owned();
    }
    let addresses: Vec<&str> = clients
        .iter()
        .flat_map(|it| &it.pods)
        .map(|pod| pod.status.pod_ip.as_str())
        .filter(|it| it.len() > 6)
        .collect();
    if view.patterns_of(database).iter().any(|it| addresses.iter().any(|address| it.example.contains(address))) {
        score += 2.0;
        how = "its log names the clients' addresses".to_owned();
    }
    if clients.iter().any(|client| client.namespace() == database.namespace()) {
        score += 1.0;
    }
    // Names: a database is called after whom it serves.
    let stem = |name: &str| name.chars().take_while(|c| c.is_ascii_alphanumeric()).collect::<String>();
    let own = stem(database.name());
    let after = |workload: &Workload<'_>| {
        let stem = stem(workload.name());
        stem.len() >= 2 && own.starts_with(&stem) && workload.object != database.object
    };
    let affected = clients.iter().any(|client| after(client));
    let others = view.workloads().iter().any(|it| {
        it.namespace() == database.namespace() && after(it) && !is_client(&it.object) && dialects(it).is_empty()
    });
    score += match (affected, others) {
        (true, _) => 0.75,
        (false, true) => -0.75,
        (false, false) => 0.0,
    };
    // What was changed last is the likelier one to have changed.
    let started = database
        .live_pods()
        .flat_map(|pod| &pod.status.container_statuses)
        .filter_map(|status| status.state.running.as_ref()?.started_at)
        .max();
    if view.within(started, 60) {
        score += 0.25;
    }
    (score, how)
}

/// What a database says of itself in its log or its probes.
pub(super) fn complaint<'v>(view: &'v View<'_>, database: &Workload<'_>, signs: Signs) -> Option<Complaint<'v>> {
    let log = view.patterns_of(database).iter().rev().find(|it| !it.previous && says(&it.lower, signs).is_some());
    let event = view.events_about(database).iter().rev().copied().find(|event| {
        event.reason == "Unhealthy"
            && says(&event.message.to_ascii_lowercase(), signs).is_some()
            && view.within(event.last_seen(), 30)
            && database.has_pod(&event.involved_object.name)
    });
    (log.is_some() || event.is_some()).then_some(Complaint { log, event })
}

/// A database's own words.
pub(super) struct Complaint<'v> {
    pub(super) log: Option<&'v LogPattern>,
    pub(super) event: Option<&'v crate::model::Event>,
}

/// What clients' and databases' words amount to: a database with a fault of its own.
pub(super) struct Verdict {
    /// The database; where it is outside the cluster, a Service that stands for it or else the client.
    pub(super) object: ObjectRef,
    /// Who suffers.
    pub(super) clients: Vec<ObjectRef>,
    /// The evidence.
    pub(super) evidence: Vec<EvidenceId>,
    /// How surely this is the database, 0 to 1.
    pub(super) certainty: f64,
    /// Since when.
    pub(super) since: Option<Timestamp>,
}

/// Databases of which their clients, or they themselves, say one of `signs`.
pub(super) fn verdicts(case: &mut Case<'_, '_>, signs: Signs) -> Vec<Verdict> {
    let view = case.view;
    let mut found = Vec::new();
    let clients = clients(view, signs);
    let families: BTreeSet<Dialect> = clients.iter().map(|client| client.dialect).collect();
    for dialect in families {
        let saying: Vec<&Client<'_, '_>> = clients.iter().filter(|client| client.dialect == dialect).collect();
        let workloads: Vec<&Workload<'_>> = saying.iter().map(|client| client.workload).collect();
        let mut evidence: Vec<EvidenceId> = saying.iter().take(3).map(|client| case.log(client.pattern)).collect();
        let (object, certainty) = match meant(view, dialect, &workloads, signs) {
            Some((database, how, certainty)) => {
                evidence.extend(cite(case, database, signs));
                evidence.push(case.spec(&database.object, how));
                (database.object.clone(), certainty)
            }
            None => (workloads[0].object.clone(), 0.8),
        };
        found.push(Verdict {
            object,
            clients: workloads.iter().map(|it| it.object.clone()).collect(),
            evidence,
            certainty,
            since: saying.iter().filter_map(|client| client.pattern.first_seen).min(),
        });
    }
    for database in view.workloads().iter().filter(|it| !dialects(it).is_empty()) {
        let known = found.iter().any(|verdict| verdict.object == database.object);
        let probed = complaint(view, database, signs).is_some_and(|complaint| complaint.event.is_some());
        if !known && probed {
            let evidence = cite(case, database, signs);
            found.push(Verdict {
                object: database.object.clone(),
                clients: Vec::new(),
                evidence,
                certainty: 0.9,
                since: None,
            });
        }
    }
    found
}

fn cite(case: &mut Case<'_, '_>, database: &Workload<'_>, signs: Signs) -> Vec<EvidenceId> {
    let Some(complaint) = complaint(case.view, database, signs) else { return Vec::new() };
    let mut evidence: Vec<EvidenceId> = complaint.event.map(|event| case.event(event)).into_iter().collect();
    evidence.extend(complaint.log.map(|pattern| case.log(pattern)));
    evidence
}

/// The ports on which Services and containers of a database listen.
pub(super) fn ports(view: &View<'_>, database: &Workload<'_>) -> BTreeSet<i32> {
    let services = view.services_of(database).flat_map(|service| &service.service.spec.ports).map(|port| port.port);
    let containers = database.template.containers.iter().flat_map(|it| &it.ports).map(|port| port.container_port);
    services.chain(containers).collect()
}

/// Whether a database is up: all its pods ready, and no connection attempt to it fails.
pub(super) fn is_up(view: &View<'_>, database: &Workload<'_>) -> bool {
    database.desired > 0
        && !database.is_short()
        && view.services_of(database).all(|service| service.is_reachable() != Some(false))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::{ContainerPort, EnvVar, StatefulSet},
    };

    /// Two databases of one kind with a Service each, and a client `api` that does not say which it uses.
    pub(in super::super) fn databases() -> Scene {
        let scene = scene().deployment("shop", "api", 1).deployment("shop", "audit", 1);
        ["ledger-db", "audit-db"].iter().fold(scene, |scene, name| {
            scene
                .deployment("shop", name, 1)
                .service("shop", name, 3306)
                .edit(|snapshot| as_stateful_set(snapshot, name))
        })
    }

    /// As [`databases`], with a client that uses the first and logs `line`.
    pub(in super::super) fn shop(line: &str) -> Scene {
        databases()
            .template("shop", "api", |spec| {
                spec.containers[0].env.push(EnvVar {
                    name: "DB_URL".into(),
                    value: Some("jdbc:mysql://ledger-db:3306/ledger".into()),
                    ..EnvVar::default()
                });
            })
            .crashing("shop", "api", 1, "Error")
            .log("shop", "api", &format!("2026-03-01T11:58:20Z {line}\n"))
    }

    /// Makes a Deployment of the kit a StatefulSet that runs MySQL.
    fn as_stateful_set(snapshot: &mut crate::snapshot::Snapshot, name: &str) {
        let at = snapshot.deployments.iter().position(|it| it.metadata.name == name).expect("it was made");
        let mut deployment = snapshot.deployments.items.remove(at);
        let container = &mut deployment.spec.template.spec.containers[0];
        container.image = "registry.example.org/mysql:8.0".into();
        container.ports = vec![ContainerPort { container_port: 3306, ..ContainerPort::default() }];
        snapshot.replica_sets.items.retain(|set| set.metadata.name != format!("{name}-rs1"));
        for pod in &mut snapshot.pods.items {
            if pod.metadata.name == format!("{name}-rs1-0") {
                pod.metadata.name = format!("{name}-0");
                pod.spec.containers.clone_from(&deployment.spec.template.spec.containers);
                let owner = &mut pod.metadata.owner_references[0];
                (owner.kind, owner.name) = ("StatefulSet".into(), name.into());
            }
        }
        let mut set = StatefulSet { metadata: deployment.metadata, ..StatefulSet::default() };
        set.spec.replicas = Some(1);
        set.spec.template = deployment.spec.template;
        set.status.ready_replicas = 1;
        snapshot.stateful_sets.items.push(set);
    }

    #[test]
    fn exporters_and_tags_are_no_databases() {
        let of = |image: &str| {
            let container = Container { image: image.into(), ..Container::default() };
            of_container(&container).collect::<Vec<_>>()
        };
        assert_eq!(of("docker.io/bitnami/postgresql:16"), [Dialect::Postgres]);
        assert_eq!(of("prom/mysqld-exporter:v1"), []);
        assert_eq!(of("example.org/shop/api:mysql-fix"), []);
    }
}
