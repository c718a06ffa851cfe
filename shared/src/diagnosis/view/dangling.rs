//! Addresses inside the cluster that lead nowhere: hosts in specifications that look like a Service's and are none.

use std::collections::HashSet;

use super::{Host, View, hosts};
use crate::model::{Object, ObjectRef};

/// A host in a specification that no Service has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// The workload whose specification names it.
    pub from: ObjectRef,
    /// The host as written.
    pub host: String,
    /// The name of the Service that it would be.
    pub service: String,
    /// The namespace in which that Service would be.
    pub namespace: String,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// The container's environment variable, where it is in one.
    pub variable: Option<String>,
    /// How it is known, for example `env LEDGER_ADDR=ledgr:8080`.
    pub via: String,
}

/// All dangling hosts in environment variables and arguments of namespaces whose Services were all read.
pub(super) fn dangling(view: &View<'_>) -> Vec<Dangling> {
    let mut found = Vec::new();
    for workload in view.workloads() {
        let mut known = HashSet::new();
        let mut note = |text: &str, variable: Option<&str>, via: &dyn Fn() -> String| {
            for host in hosts(text) {
                let alone = variable.is_some_and(names_a_host) && host.name.len() == text.trim().len();
                if !(host.marked || alone) {
                    continue;
                }
                let Some((service, namespace)) = inside(view, &host, workload.namespace()) else { continue };
                if view.service_at(host.name, workload.namespace()).is_some()
                    || !known.insert((host.name.to_owned(), host.port))
                {
                    continue;
                }
                found.push(Dangling {
                    from: workload.object.clone(),
                    host: host.name.to_owned(),
                    service,
                    namespace,
                    port: host.port,
                    variable: variable.map(str::to_owned),
                    via: via(),
                });
            }
        };
        for container in workload.template.containers.iter().chain(&workload.template.init_containers) {
            for variable in &container.env {
                if let Some(value) = &variable.value {
                    note(value, Some(&variable.name), &|| format!("env {}={value}", variable.name));
                }
            }
            for word in container.command.iter().chain(&container.args) {
                note(word, None, &|| format!("argument {word}"));
            }
        }
    }
    found
}

/// Whether a variable's name says that its value is a host.
fn names_a_host(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    ["HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER", "ENDPOINT", "URL", "URI"]
        .iter()
        .any(|ending| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with(['_', '.', '-'])))
}

/// The Service and namespace a host would mean, if it is one of the cluster's own names.
fn inside(view: &View<'_>, host: &Host<'_>, home: &str) -> Option<(String, String)> {
    let mut labels = host.name.split('.');
    let (service, namespace, rest) = (labels.next()?, labels.next(), labels.next());
    let is_label = |text: &str| !text.is_empty() && text.chars().any(|c| c.is_ascii_alphabetic());
    let services = &view.snapshot.services;
    if !is_label(service) || service.eq_ignore_ascii_case("localhost") {
        return None;
    }
    let namespace = match (namespace, rest) {
        (None, _) => home,
        // A name of two labels is the cluster's only where the second is a namespace of it.
        (Some(namespace), None) if view.snapshot.namespaces.iter().any(|it| it.name() == namespace) => namespace,
        (Some(namespace), Some("svc")) => namespace,
        _ => return None,
    };
    // A pod's own name, and names of the node's hosts file, are none of ours.
    let own = view.snapshot.pods.get(namespace, service).is_some() || view.node(service).is_some();
    (services.covers(namespace) && !own).then(|| (service.to_owned(), namespace.to_owned()))
}
