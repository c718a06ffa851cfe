//! The objects of the cluster as etcd would hold them: full Kubernetes JSON, one revision counter, a log of changes.
//!
//! Objects are shared (`Arc`) and never changed in place, so that a reader keeps a consistent one without holding a lock;
//! each keeps its serialized form once somebody has asked for it, which makes long lists a matter of copying bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Value, json};

use super::kinds::Kind;

/// How many changes a watch may be behind.
const CHANGES_KEPT: usize = 20_000;

/// Namespace and name; the namespace is empty for cluster-scoped objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// A key.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key of this object.
    pub fn of(object: &Value) -> Self {
        let part = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
        Self::new(part("namespace"), part("name"))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// An object at one revision.
#[derive(Debug)]
pub struct Object {
    value: Value,
    /// Its `metadata.resourceVersion`.
    pub revision: u64,
    json: OnceLock<Bytes>,
}

impl Object {
    fn new(value: Value, revision: u64) -> Self {
        Self { value, revision, json: OnceLock::new() }
    }

    /// The object, serialized.
    pub fn json(&self) -> Bytes {
        self.json.get_or_init(|| Bytes::from(self.value.to_string())).clone()
    }
}

impl std::ops::Deref for Object {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeType {
    /// It was made.
    Added,
    /// It was changed.
    Modified,
    /// It was removed.
    Deleted,
}

/// A change, as a watch reports it.
#[derive(Debug, Clone)]
pub struct Change {
    /// What happened.
    pub change: ChangeType,
    /// To which kind of object.
    pub kind: Kind,
    /// The object after the change; before it, where it was removed.
    pub object: Arc<Object>,
    /// The revision of the change.
    pub revision: u64,
}

/// The uid of an object's controller.
fn controller(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)?["uid"].as_str()
}

/// All objects.
#[derive(Debug, Clone)]
pub struct Store {
    revision: u64,
    tables: BTreeMap<Kind, BTreeMap<Key, Arc<Object>>>,
    /// What each object controls, by its uid.
    controlled: HashMap<String, BTreeSet<(Kind, Key)>>,
    changes: VecDeque<Change>,
    told: tokio::sync::watch::Sender<u64>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            revision: 1000,
            tables: BTreeMap::new(),
            controlled: HashMap::new(),
            changes: VecDeque::new(),
            told: tokio::sync::watch::Sender::new(1000),
        }
    }
}

impl Store {
    /// The latest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Tells of every new revision.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Whether all changes after `revision` are still known.
    pub fn knows(&self, revision: u64) -> bool {
        revision >= self.changes.front().map_or(self.revision, |change| change.revision - 1)
    }

    /// Changes after `revision`; `None` when they are no longer all known.
    pub fn changes_since(&self, revision: u64) -> Option<Vec<Change>> {
        if !self.knows(revision) {
            return None;
        }
        let from = self.changes.partition_point(|change| change.revision <= revision);
        Some(self.changes.range(from..).cloned().collect())
    }

    /// One object.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.tables.get(&kind)?.get(&Key::new(namespace, name))
    }

    /// One object by key.
    pub fn at(&self, kind: Kind, key: &Key) -> Option<&Arc<Object>> {
        self.tables.get(&kind)?.get(key)
    }

    /// Objects of one kind ordered by namespace and name; of one namespace where one is given.
    pub fn list<'a>(
        &'a self,
        kind: Kind,
        namespace: &str,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Object>)> + use<'a> {
        self.list_from(kind, namespace, Bound::Included(Key::new(namespace, "")))
    }

    /// As [`Store::list`], from a place in that order on.
    pub fn list_from<'a>(
        &'a self,
        kind: Kind,
        namespace: &str,
        from: Bound<Key>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Object>)> + use<'a> {
        let namespace = namespace.to_owned();
        self.tables
            .get(&kind)
            .into_iter()
            .flat_map(move |table| table.range((from.clone(), Bound::Unbounded)))
            .take_while(move |(key, _)| namespace.is_empty() || key.namespace == namespace)
    }

    /// What the object of this uid controls, by kind, namespace and name.
    pub fn controlled<'a>(&'a self, uid: &str) -> impl Iterator<Item = (Kind, &'a Key, &'a Arc<Object>)> + use<'a> {
        let keys = self.controlled.get(uid).into_iter().flatten();
        keys.filter_map(|(kind, key)| Some((*kind, key, self.at(*kind, key)?)))
    }

    /// Writes an object as it is, new or not.
    pub fn put(&mut self, kind: Kind, mut value: Value) -> Arc<Object> {
        let key = Key::of(&value);
        self.revision += 1;
        value["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let object = Arc::new(Object::new(value, self.revision));
        if let Some(owner) = controller(&object) {
            self.controlled.entry(owner.to_owned()).or_default().insert((kind, key.clone()));
        }
        let before = self.tables.entry(kind).or_default().insert(key, object.clone());
        let change = if before.is_some() { ChangeType::Modified } else { ChangeType::Added };
        self.tell(change, kind, object.clone());
        object
    }

    /// Changes an object where it exists; one that `change` leaves as it was keeps its revision.
    pub fn update(&mut self, kind: Kind, key: &Key, change: impl FnOnce(&mut Value)) -> Option<Arc<Object>> {
        let before = self.tables.get(&kind)?.get(key)?;
        let mut value = before.value.clone();
        change(&mut value);
        if value == before.value {
            return Some(before.clone());
        }
        Some(self.put(kind, value))
    }

    /// Removes an object.
    pub fn remove(&mut self, kind: Kind, key: &Key) -> Option<Arc<Object>> {
        let before = self.tables.get_mut(&kind)?.remove(key)?;
        if let Some(controlled) = controller(&before).and_then(|owner| self.controlled.get_mut(owner)) {
            controlled.remove(&(kind, key.clone()));
        }
        self.revision += 1;
        let mut value = before.value.clone();
        value["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let object = Arc::new(Object::new(value, self.revision));
        self.tell(ChangeType::Deleted, kind, object.clone());
        Some(object)
    }

    fn tell(&mut self, change: ChangeType, kind: Kind, object: Arc<Object>) {
        self.changes.push_back(Change { change, kind, object, revision: self.revision });
        if self.changes.len() > CHANGES_KEPT {
            self.changes.pop_front();
        }
        self.told.send_replace(self.revision);
    }
}
