//! The same incident under other names: a rule that knows names gives another answer.
//!
//! Namespaces, workloads, Services and claims get names without meaning, everywhere they occur: in objects, events, log
//! lines, addresses, alerts. Pods follow their workloads. Or only the hashes in the names of pods change.

use std::collections::{BTreeMap, HashMap};

use shared::{diagnosis::Trigger, model::Object, snapshot::Snapshot};

use crate::{incident::Incident, random::Random};

/// Old names and new ones, the longest old name first.
#[derive(Debug, Clone)]
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
        words(text, |word| if word.is_empty() { String::new() } else { self.word(word) })
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

    /// What a new name was before; a name that was not changed as it is.
    pub(crate) fn old(&self, name: &str) -> String {
        let known = self.0.iter().find_map(|(old, new)| {
            let rest = name.strip_prefix(new.as_str())?;
            (rest.is_empty() || rest.starts_with('-')).then(|| format!("{old}{rest}"))
        });
        known.unwrap_or_else(|| name.to_owned())
    }
}

fn word(number: usize) -> &'static str {
    ["plum", "oak", "reed", "flint", "moss", "fern", "slate", "dune"][number % 8]
}

/// Everything that people name under names without meaning.
pub(super) fn names(incident: &Incident, _: &mut Random) -> Option<Incident> {
    let names = Names::of(&incident.snapshot);
    Some(Incident {
        snapshot: names.snapshot(&incident.snapshot).ok()?,
        trigger: names.trigger(&incident.trigger).ok()?,
        names: Some(names),
        ..incident.clone()
    })
}

/// Other hashes in the names of ReplicaSets and pods, as after another rollout of the same.
pub(super) fn hashes(incident: &Incident, random: &mut Random) -> Option<Incident> {
    // The letters of Kubernetes' random names (k8s.io/apimachinery/pkg/util/rand).
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut word = |length: usize| (0..length).map(|_| char::from(*random.pick(LETTERS))).collect::<String>();
    let mut new: HashMap<String, String> = HashMap::new();
    for set in incident.snapshot.replica_sets.iter() {
        if let Some((owner, hash)) = set.metadata.name.rsplit_once('-').filter(|_| set.metadata.controller().is_some())
        {
            let other = word(hash.len());
            new.insert(set.metadata.name.clone(), format!("{owner}-{other}"));
            new.insert(hash.to_owned(), other);
        }
    }
    for pod in incident.snapshot.pods.iter() {
        if let Some((set, hash)) = pod.metadata.name.rsplit_once('-')
            && let Some(other) = new.get(set).cloned()
        {
            new.insert(pod.metadata.name.clone(), format!("{other}-{}", word(hash.len())));
        }
    }
    let replaced = |text: &str| words(text, |word| new.get(word).cloned().unwrap_or_else(|| word.to_owned()));
    Some(Incident {
        snapshot: serde_json::from_str(&replaced(&serde_json::to_string(&incident.snapshot).ok()?)).ok()?,
        trigger: serde_json::from_str(&replaced(&serde_json::to_string(&incident.trigger).ok()?)).ok()?,
        ..incident.clone()
    })
}

/// The text with each word (letters, digits, dashes) put through a function. The text is JSON: what follows a backslash is
/// no part of a word.
fn words(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let part = (c.is_ascii_alphanumeric() || c == '-') && !escaped;
        if !part {
            out.push_str(&change(&text[start..at]));
            out.push(c);
            start = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    out.push_str(&change(&text[start..]));
    out
}
