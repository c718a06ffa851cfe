//! A snapshot as somebody sees it whose role counts in some namespaces only.

use std::collections::BTreeSet;

use super::{Listing, Scope, Snapshot, namespaced};
use crate::model::{Kind, Object};

impl Snapshot {
    /// What of it belongs to these namespaces: everything in them, nodes and storage classes, and nothing that names another
    /// namespace. What was taken out counts as not read, so that nobody concludes from its absence.
    #[must_use]
    pub fn within(mut self, names: &BTreeSet<String>) -> Self {
        let hidden = self.others(names);
        let seen = |name: &str| names.contains(name);
        macro_rules! narrow {
            ($($field:ident),* $(,)?) => { $(narrow(&mut self.$field, names);)* };
        }
        namespaced!(narrow);
        retain(&mut self.namespaces, |one| seen(one.name()));
        retain(&mut self.persistent_volumes, |one| one.spec.claim_ref.as_ref().is_some_and(|of| seen(&of.namespace)));
        // Events of nodes are kept in a namespace of their own.
        self.events.items.retain(|event| {
            event
                .about()
                .map_or_else(|| seen(event.namespace()), |about| about.kind == Kind::Node || seen(&about.namespace))
        });
        self.events.scope = scope(&self.events.scope, names);
        self.probes.items.retain(|probe| seen(&probe.namespace));
        self.probes.scope = scope(&self.probes.scope, names);
        self.logs.retain(|log| seen(&log.namespace));
        self.alerts.retain(|alert| alert.labels.get("namespace").is_some_and(|name| seen(name)));
        self.metrics.retain(|series| match series.kind {
            super::SeriesKind::Node => true,
            _ => seen(&series.namespace),
        });
        self.gaps
            .retain(|gap| ![&gap.what, &gap.why].into_iter().any(|text| hidden.iter().any(|name| has(text, name))));
        self
    }

    /// The names of all other namespaces.
    fn others(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let known = self.namespaces.iter().map(Object::name);
        let used = self.pods.iter().map(Object::namespace).chain(self.services.iter().map(Object::namespace));
        known.chain(used).filter(|name| !names.contains(*name)).map(str::to_owned).collect()
    }
}

fn narrow<T: Object>(listing: &mut Listing<T>, names: &BTreeSet<String>) {
    listing.items.retain(|item| names.contains(item.namespace()));
    listing.scope = scope(&listing.scope, names);
}

/// Of a cluster-scoped kind, some.
fn retain<T>(listing: &mut Listing<T>, keep: impl FnMut(&T) -> bool) {
    listing.items.retain(keep);
    if listing.scope != Scope::Unread {
        listing.scope = Scope::Partial;
    }
}

fn scope(read: &Scope, names: &BTreeSet<String>) -> Scope {
    match read {
        Scope::Unread => Scope::Unread,
        Scope::Partial => Scope::Partial,
        Scope::All => Scope::Namespaces(names.clone()),
        Scope::Namespaces(read) => Scope::Namespaces(read.intersection(names).cloned().collect()),
    }
}

/// Whether a text has this name as a word of its own.
fn has(text: &str, name: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Deployment, Namespace, Node, Pod};
    use crate::snapshot::{ContainerLog, Gap, Series, SeriesKind};

    fn of<T: Object + Default + serde::de::DeserializeOwned>(namespace: &str, name: &str) -> T {
        serde_json::from_value(serde_json::json!({ "metadata": { "namespace": namespace, "name": name } })).unwrap()
    }

    fn snapshot() -> Snapshot {
        let log = |namespace: &str| ContainerLog { namespace: namespace.into(), ..ContainerLog::default() };
        let series = |kind, namespace: &str, name: &str| Series {
            kind,
            namespace: namespace.into(),
            name: name.into(),
            metric: "cpu".into(),
            points: Vec::new(),
        };
        let gap = |what: &str| Gap { what: what.into(), why: "timed out".into() };
        Snapshot {
            namespaces: Listing::all(vec![of::<Namespace>("", "shop"), of("", "payments")]),
            nodes: Listing::all(vec![of::<Node>("", "node-1")]),
            pods: Listing::all(vec![of::<Pod>("shop", "cart-1"), of("payments", "api-1")]),
            deployments: Listing::all(vec![of::<Deployment>("shop", "cart"), of("payments", "api")]),
            logs: vec![log("shop"), log("payments")],
            metrics: vec![
                series(SeriesKind::Pod, "payments", "api-1"),
                series(SeriesKind::Service, "", "api"),
                series(SeriesKind::Node, "", "node-1"),
            ],
            gaps: vec![gap("previous log of payments/api-1/api"), gap("previous log of shop/cart-1/cart")],
            ..Snapshot::default()
        }
    }

    #[test]
    fn nothing_of_another_namespace_is_left_and_its_absence_says_nothing() {
        let seen = snapshot().within(&["shop".to_owned()].into());
        let text = serde_json::to_string(&seen).unwrap();
        assert!(!text.contains("payments") && !text.contains("api"), "{text}");
        assert_eq!((seen.pods.len(), seen.nodes.len(), seen.logs.len(), seen.metrics.len()), (1, 1, 1, 1));
        assert!(seen.pods.covers("shop") && !seen.pods.covers("payments"));
        assert_eq!(seen.gaps.len(), 1);
    }
}
