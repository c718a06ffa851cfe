//! What is sent to the Kubernetes API, and what is asked of ARC.
//!
//! Objects are changed by merge patches (RFC 7386) that hold nothing but what differs and the `resourceVersion` they were
//! computed from, pods are removed by the eviction subresource, which asks disruption budgets. Server-side apply is not
//! used: it can only set what it owns, so it cannot take away a field that a bad revision brought, and what it takes by
//! force it keeps from the tool (Argo CD, Helm) that owned it; see docs/decisions/0010-merge-patches-for-changes.md.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::ObjectRef;
use crate::zonal::{ResourceArn, Want};

/// The part of an object that a patch is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subresource {
    /// `scale`: the replica count alone.
    Scale,
    /// `resize`: requests and limits of a running pod.
    Resize,
}

impl Subresource {
    /// As in paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Resize => "resize",
        }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// A merge patch.
    Patch {
        /// The object.
        object: ObjectRef,
        /// Its part, where not the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subresource: Option<Subresource>,
        /// What differs; without `resourceVersion`, which is added when it is sent.
        body: Value,
    },
    /// An eviction of exactly this pod.
    Evict {
        /// The pod.
        pod: ObjectRef,
        /// Its identity.
        uid: String,
    },
    /// What is to stand in ARC, which is brought about by [`crate::zonal::steps`].
    Shift {
        /// The cluster's zonal shift.
        object: ObjectRef,
        /// The cluster and its load balancers.
        resources: Vec<ResourceArn>,
        /// Which zone is to be left, and until when; none.
        want: Option<Want>,
    },
}

impl Request {
    /// The object it changes.
    pub const fn object(&self) -> &ObjectRef {
        match self {
            Self::Patch { object, .. } => object,
            Self::Evict { pod, .. } => pod,
            Self::Shift { object, .. } => object,
        }
    }

    /// Whether the object is as this request would leave it: it was carried out, or there is no need to.
    pub fn holds(&self, live: Option<&Value>) -> bool {
        match (self, live) {
            (Self::Patch { body, .. }, Some(live)) => merged(live, body) == *live,
            // What stands in ARC is no object of the cluster.
            (Self::Patch { .. }, None) | (Self::Shift { .. }, _) => false,
            (Self::Evict { .. }, None) => true,
            (Self::Evict { uid, .. }, Some(live)) => {
                live["metadata"]["uid"] != uid.as_str() || !live["metadata"]["deletionTimestamp"].is_null()
            }
        }
    }
}

/// `target` with `patch` merged into it, by RFC 7386.
pub(super) fn merged(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut result = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            result.remove(name);
        } else {
            let before = result.get(name).unwrap_or(&Value::Null);
            let after = merged(before, value);
            result.insert(name.clone(), after);
        }
    }
    Value::Object(result)
}

/// The smallest merge patch that makes `to` of `from`; `None` where they are equal.
pub(super) fn difference(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (from, to) else { return Some(to.clone()) };
    let mut patch = Map::new();
    for (name, value) in after {
        match before.get(name) {
            Some(old) => patch.extend(difference(old, value).map(|changed| (name.clone(), changed))),
            None => drop(patch.insert(name.clone(), value.clone())),
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0..5i64).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[a-d]", value(), 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn a_difference_merged_into_the_one_gives_the_other(from in object(), to in object()) {
            match difference(&from, &to) {
                None => prop_assert_eq!(from, to),
                Some(patch) => prop_assert_eq!(merged(&from, &patch), to),
            }
        }
    }

    #[test]
    fn an_eviction_holds_once_the_pod_is_gone_going_or_another() {
        let evict = Request::Evict { pod: ObjectRef::new(crate::model::Kind::Pod, "shop", "api-1"), uid: "u1".into() };
        assert!(evict.holds(None));
        assert!(evict.holds(Some(&json!({ "metadata": { "uid": "u2" } }))));
        assert!(
            evict.holds(Some(&json!({ "metadata": { "uid": "u1", "deletionTimestamp": "2026-03-01T12:00:00Z" } })))
        );
        assert!(!evict.holds(Some(&json!({ "metadata": { "uid": "u1" } }))));
    }

    #[test]
    fn a_patch_holds_where_it_would_change_nothing() {
        let node = ObjectRef::new(crate::model::Kind::Node, "", "node-a");
        let patch =
            Request::Patch { object: node, subresource: None, body: json!({ "spec": { "unschedulable": true } }) };
        assert!(patch.holds(Some(&json!({ "spec": { "unschedulable": true, "podCIDR": "10.0.0.0/24" } }))));
        assert!(!patch.holds(Some(&json!({ "spec": {} }))));
        assert!(!patch.holds(None));
    }
}
