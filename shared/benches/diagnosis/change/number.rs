//! Other port numbers, the same everywhere: in specifications, addresses, messages and log lines; and other container names.
//!
//! Ports below 1024 and those that belong to a protocol everywhere (databases, brokers) keep their numbers.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::Container;

use crate::{incident::Incident, random::Random};

/// MySQL, PostgreSQL, Redis, MongoDB, SQL Server, Oracle, Kafka, AMQP, etcd, Elasticsearch.
const KEPT: &[i32] = &[3306, 5432, 6379, 27017, 1433, 1521, 9092, 5672, 2379, 9200];

pub(super) fn changed(incident: &Incident, random: &mut Random) -> Option<Incident> {
    let snapshot = &incident.snapshot;
    let declared = snapshot.deployments.iter().map(|it| &it.spec.template.spec);
    let declared = declared.chain(snapshot.stateful_sets.iter().map(|it| &it.spec.template.spec));
    let containers = declared.flat_map(|spec| &spec.containers);
    let mut ports: BTreeSet<i32> = containers.flat_map(|it| &it.ports).map(|it| it.container_port).collect();
    ports.extend(snapshot.services.iter().flat_map(|it| &it.spec.ports).map(|port| port.port));
    ports.extend(snapshot.probes.iter().map(|probe| probe.port));
    ports.retain(|port| *port >= 1024 && !KEPT.contains(port));
    let mut taken = ports.clone();
    let mut new: BTreeMap<String, String> = BTreeMap::new();
    for port in &ports {
        let free = (0..).map(|_| random.between(10_000, 29_999) as i32).find(|it| taken.insert(*it));
        new.insert(port.to_string(), free.unwrap_or(*port).to_string());
    }
    let text = serde_json::to_string(snapshot).ok()?;
    let mut changed = Incident { snapshot: serde_json::from_str(&replaced(&text, &new)).ok()?, ..incident.clone() };
    other_containers(&mut changed);
    Some(changed)
}

/// The text with whole numbers replaced: not parts of words, identifiers, fractions or times.
fn replaced(text: &str, new: &BTreeMap<String, String>) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut from) = (0, 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        let before = start.checked_sub(1).map(|it| bytes[it]);
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fraction = bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let whole = !before.is_some_and(|it| part(it) || it == b'.') && !bytes.get(at).is_some_and(|it| part(*it));
        if let Some(number) = new.get(&text[start..at]).filter(|_| whole && !fraction) {
            out.push_str(&text[from..start]);
            out.push_str(number);
            from = at;
        }
    }
    out.push_str(&text[from..]);
    out
}

fn other_containers(incident: &mut Incident) {
    let name =
        |name: &str| format!("c-{}", name.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte)) % 997);
    let snapshot = &mut incident.snapshot;
    let rename = |containers: &mut Vec<Container>| containers.iter_mut().for_each(|it| it.name = name(&it.name));
    let mut old: BTreeSet<String> = BTreeSet::new();
    for pod in &mut snapshot.pods.items {
        old.extend(pod.spec.containers.iter().chain(&pod.spec.init_containers).map(|it| it.name.clone()));
        rename(&mut pod.spec.containers);
        rename(&mut pod.spec.init_containers);
        pod.status.container_statuses.iter_mut().for_each(|it| it.name = name(&it.name));
        pod.status.init_container_statuses.iter_mut().for_each(|it| it.name = name(&it.name));
    }
    macro_rules! templates {
        ($($field:ident)*) => { $(for it in &mut snapshot.$field.items {
            rename(&mut it.spec.template.spec.containers);
            rename(&mut it.spec.template.spec.init_containers);
        })* };
    }
    templates!(deployments replica_sets stateful_sets daemon_sets jobs);
    snapshot.logs.iter_mut().for_each(|log| log.container = name(&log.container));
    for event in &mut snapshot.events.items {
        for old in &old {
            let path = &mut event.involved_object.field_path;
            *path = path.replace(&format!("{{{old}}}"), &format!("{{{}}}", name(old)));
            for word in ["container ", "Container ", "sidecar "] {
                event.message = event.message.replace(&format!("{word}{old} "), &format!("{word}{} ", name(old)));
            }
        }
    }
}
