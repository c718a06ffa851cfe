//! The same incident under other names: a rule that knows names gives another answer.
//!
//! Namespaces, workloads, Services and claims get names without meaning, everywhere they occur: in objects, events, log
//! lines, addresses, alerts. Pods follow their workloads.

use std::collections::BTreeMap;

use shared::{
    diagnosis::Trigger,
    model::{Object, ObjectRef},
    snapshot::Snapshot,
};

/// Old names and new ones, the longest old name first.
pub(crate) struct Names(Vec<(String, String)>);

/// Namespaces whose names belong to Kubernetes.
const KEPT: &[&str] = &["default", "kube-system", "kube-public", "kube-node-lease"];

impl Names {
    /// New names for everything in a snapshot that people name.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut old: Vec<String> = Vec::new();
        let mut add = |name: &str, namespace: &str| {
            if !KEPT.contains(&namespace) && !KEPT.contains(&name) && name != "kubernetes" {
                old.push(name.to_owned());
            }
        };
        snapshot.namespaces.iter().for_each(|it| add(it.name(), it.name()));
        snapshot.deployments.iter().for_each(|it| add(it.name(), it.namespace()));
        snapshot.stateful_sets.iter().for_each(|it| add(it.name(), it.namespace()));
        snapshot.daemon_sets.iter().for_each(|it| add(it.name(), it.namespace()));
        snapshot.services.iter().for_each(|it| add(it.name(), it.namespace()));
        snapshot.claims.iter().for_each(|it| add(it.name(), it.namespace()));
        old.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.clone()));
        old.dedup();
        let new: BTreeMap<String, String> =
            old.iter().enumerate().map(|(number, name)| (name.clone(), format!("{}{number}q", word(number)))).collect();
        Self(old.into_iter().map(|name| (name.clone(), new[&name].clone())).collect())
    }

    /// The text with every old name replaced.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut word = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || c == '-' {
                word.push(c);
            } else {
                out.push_str(&self.word(&word));
                word.clear();
                out.push(c);
            }
        }
        out.push_str(&self.word(&word));
        out
    }

    /// One word: a name, or a name with something behind a dash, as pods have.
    fn word(&self, word: &str) -> String {
        for (old, new) in &self.0 {
            if let Some(rest) = word.strip_prefix(old.as_str())
                && (rest.is_empty() || rest.starts_with('-'))
            {
                return format!("{new}{rest}");
            }
        }
        word.to_owned()
    }

    /// The snapshot under new names.
    pub(crate) fn snapshot(&self, snapshot: &Snapshot) -> Result<Snapshot, serde_json::Error> {
        serde_json::from_str(&self.apply(&serde_json::to_string(snapshot)?))
    }

    /// The trigger under new names.
    pub(crate) fn trigger(&self, trigger: &Trigger) -> Result<Trigger, serde_json::Error> {
        serde_json::from_str(&self.apply(&serde_json::to_string(trigger)?))
    }

    /// An object under its new name.
    pub(crate) fn object(&self, object: &ObjectRef) -> ObjectRef {
        ObjectRef::new(object.kind, self.apply(&object.namespace), self.apply(&object.name))
    }
}

fn word(number: usize) -> &'static str {
    ["plum", "oak", "reed", "flint", "moss", "fern", "slate", "dune"][number % 8]
}
