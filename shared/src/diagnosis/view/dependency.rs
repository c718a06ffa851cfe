//! Who calls whom, as far as specifications, configuration and logs say.

use std::collections::HashSet;

use super::{View, Workload, hosts};
use crate::model::{Container, ObjectRef};

/// One workload's use of one Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The workload that calls.
    pub from: ObjectRef,
    /// The Service that is called.
    pub to: ObjectRef,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// How it is known, for example `env LEDGER_ADDR=ledger:8080`.
    pub via: String,
    /// Whether only a log line tells of it.
    pub from_log: bool,
}

/// Words in configuration files looked at, at most; a ConfigMap may hold a megabyte.
const MAX_CONFIG: usize = 64 * 1024;

pub(super) fn dependencies(view: &View<'_>) -> Vec<Dependency> {
    let mut found = Vec::new();
    for workload in view.workloads() {
        let mut known = HashSet::new();
        let mut note = |text: &str, whole: bool, via: &dyn Fn() -> String, from_log: bool| {
            for host in hosts(text) {
                // A bare word is a host only where it is all there is.
                let alone = whole && host.name.len() == text.trim().len();
                if !(host.marked || alone) {
                    continue;
                }
                let Some(service) = view.service_at(host.name, workload.namespace()) else { continue };
                let to = service.object();
                if service.workloads.contains(&workload.object) || !known.insert((to.clone(), host.port)) {
                    continue;
                }
                found.push(Dependency { from: workload.object.clone(), to, port: host.port, via: via(), from_log });
            }
        };
        for container in workload.template.containers.iter().chain(&workload.template.init_containers) {
            for variable in &container.env {
                if let Some(value) = &variable.value {
                    note(value, true, &|| format!("env {}={value}", variable.name), false);
                }
            }
            for word in container.command.iter().chain(&container.args) {
                note(word, false, &|| format!("argument {word}"), false);
            }
        }
        for name in config_maps(workload) {
            let Some(map) = view.snapshot.config_maps.get(workload.namespace(), &name) else { continue };
            for (key, value) in &map.data {
                let end = (0..=value.len().min(MAX_CONFIG)).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
                note(&value[..end], true, &|| format!("ConfigMap {name}, key {key}"), false);
            }
        }
        for pattern in view.patterns_of(workload) {
            note(&pattern.example, false, &|| format!("log line: {}", pattern.example), true);
        }
    }
    found
}

/// Names of the ConfigMaps a workload reads, in its own namespace.
pub fn config_maps(workload: &Workload<'_>) -> Vec<String> {
    let containers = workload.template.containers.iter().chain(&workload.template.init_containers);
    let mut names: Vec<String> = containers.flat_map(config_maps_of).collect();
    names.extend(workload.template.volumes.iter().filter_map(|it| it.config_map.as_ref()).map(|it| it.name.clone()));
    names.sort();
    names.dedup();
    names
}

fn config_maps_of(container: &Container) -> impl Iterator<Item = String> {
    let whole = container.env_from.iter().filter_map(|source| source.config_map_ref.as_ref()).map(|it| it.name.clone());
    let keys = container.env.iter().filter_map(|variable| variable.value_from.as_ref()?.config_map_key_ref.as_ref());
    whole.chain(keys.map(|key| key.name.clone()))
}
