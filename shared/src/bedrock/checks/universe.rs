//! Everything that exists as far as is known: what answers may name.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::{Diagnosis, Evidence};
use crate::model::{Kind, Object, ObjectRef};
use crate::snapshot::{Listing, Snapshot, namespaced};

/// The names of a cluster, from the snapshot and from what evidence is about. What a log line merely mentions is not in it.
#[derive(Debug, Default)]
pub(super) struct Universe {
    /// Kind, namespace and name of each object.
    objects: BTreeSet<ObjectRef>,
    /// Namespaces of each object's name; the empty one for cluster-scoped objects.
    by_name: BTreeMap<String, BTreeSet<String>>,
    namespaces: BTreeSet<String>,
    /// Names that are no objects: containers, label values, hosts, the cluster.
    words: BTreeSet<String>,
}

impl Universe {
    pub(super) fn new(diagnosis: &Diagnosis, tools: &[Evidence], snapshot: &Snapshot) -> Self {
        let mut universe = Self::default();
        for evidence in diagnosis.evidence.iter() {
            universe.object(&evidence.object);
        }
        // A tool answers about an object only where there is one; but it lists an invented namespace as empty.
        for evidence in tools.iter().filter(|evidence| evidence.object.kind != Kind::Namespace) {
            universe.object(&evidence.object);
        }
        for cause in &diagnosis.causes {
            universe.object(&cause.object);
            cause.affected.iter().for_each(|affected| universe.object(&affected.object));
        }
        for rejected in &diagnosis.rejected {
            rejected.object.iter().for_each(|object| universe.object(object));
        }
        diagnosis.timeline.iter().for_each(|entry| universe.object(&entry.object));
        universe.word(&diagnosis.cluster);
        universe.word(&snapshot.cluster);
        macro_rules! all {
            ($($field:ident),* $(,)?) => { $(universe.listing(&snapshot.$field);)* };
        }
        all!(nodes, namespaces, persistent_volumes, storage_classes);
        namespaced!(all);
        for pod in snapshot.pods.iter() {
            for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
                universe.word(&container.name);
                universe.image(&container.image);
            }
            for value in [&pod.status.pod_ip, &pod.status.host_ip, &pod.spec.node_name] {
                universe.word(value);
            }
        }
        for series in &snapshot.metrics {
            universe.word(&series.name);
        }
        universe
    }

    fn object(&mut self, object: &ObjectRef) {
        if object.name.is_empty() {
            return;
        }
        if object.kind == Kind::Namespace {
            self.namespaces.insert(object.name.clone());
        } else if !object.namespace.is_empty() {
            self.namespaces.insert(object.namespace.clone());
        }
        self.by_name.entry(object.name.clone()).or_default().insert(object.namespace.clone());
        self.objects.insert(object.clone());
    }

    fn listing<T: Object>(&mut self, listing: &Listing<T>) {
        for item in listing.iter() {
            self.object(&item.reference());
            for (key, value) in &item.metadata().labels {
                self.word(key);
                self.word(value);
            }
        }
    }

    fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.words.insert(word.to_owned());
        }
    }

    fn image(&mut self, image: &str) {
        self.word(image);
        let (name, tag) = image.rsplit_once(':').unwrap_or((image, ""));
        self.word(name);
        self.word(name.rsplit('/').next().unwrap_or_default());
        self.word(tag);
    }

    /// Whether this very object exists.
    pub(super) fn has(&self, object: &ObjectRef) -> bool {
        self.objects.contains(object) || (object.kind == Kind::Namespace && self.namespaces.contains(&object.name))
    }

    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains(name)
    }

    /// Whether an object of this name exists in this namespace.
    pub(super) fn has_pair(&self, namespace: &str, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|namespaces| namespaces.contains(namespace))
    }

    /// Whether anything is called so.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
            || self.namespaces.contains(name)
            || self.words.contains(name)
            || self.is_node(name)
    }

    /// Whether this is a node, by its full name or by what comes before its domain.
    fn is_node(&self, name: &str) -> bool {
        self.objects.iter().any(|object| object.kind == Kind::Node && object.name.split('.').next() == Some(name))
    }

    /// The objects of this kind and name, in any namespace.
    pub(super) fn of_kind(&self, kind: Kind, name: &str) -> impl Iterator<Item = &ObjectRef> {
        self.objects.iter().filter(move |object| object.kind == kind && object.name == name)
    }
}
