//! Every action that there is, on objects of the simulated cluster.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::model::{Kind as K, ObjectRef, Quantity};
use shared::remediation::{
    Action, AdjustHpa, Cordon, Drain, NodePoolLimits, Resize, RestartPod, RestartRollout, RollBack, Scale, Taint,
    Uncordon, Untaint,
};
use sim::world::Kind;

use crate::remedy::Remedy;

/// A text of an object, which has to be there.
#[allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
pub fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}

/// All actions, on objects of this cluster; some need it prepared.
#[allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
pub async fn deeds(remedy: &Remedy) -> Vec<Action> {
    let cart = || ObjectRef::new(K::Deployment, "shop", "cart");
    let pod = remedy.pods("shop", "cart").remove(0);
    let ledger = remedy.pods("payments", "ledger").remove(0);
    let nodes: Vec<String> =
        remedy.night.sim.world().objects(Kind::Node, "").iter().map(|it| text(it, "/metadata/name")).collect();
    remedy.patch(Kind::Node, "", &nodes[1], &json!({ "spec": { "unschedulable": true } })).await;
    let taint =
        json!({ "spec": { "taints": [{ "key": "example.com/repair", "value": "yes", "effect": "NoSchedule" }] } });
    remedy.patch(Kind::Node, "", &nodes[2], &taint).await;
    let of_api = |set: &Value| set["metadata"]["ownerReferences"][0]["name"] == "api";
    let revision =
        |set: &Value| text(set, "/metadata/annotations/deployment.kubernetes.io~1revision").parse::<u64>().unwrap();
    let mut sets = remedy.night.sim.world().objects(Kind::ReplicaSet, "payments");
    sets.retain(of_api);
    sets.sort_by_key(revision);
    let earlier = &sets[sets.len() - 2];
    let amounts = |name: &str, amount: &str| BTreeMap::from([(name.to_owned(), Quantity::new(amount))]);
    vec![
        Action::RestartPod(RestartPod {
            namespace: "shop".into(),
            pod: text(&pod, "/metadata/name"),
            uid: text(&pod, "/metadata/uid"),
        }),
        Action::RestartRollout(RestartRollout { workload: cart(), at: "2026-01-01T00:00:00Z".parse().unwrap() }),
        Action::RollBack(RollBack {
            namespace: "payments".into(),
            deployment: "api".into(),
            revision: revision(earlier),
            replica_set: text(earlier, "/metadata/name"),
        }),
        Action::Scale(Scale { workload: cart(), replicas: 3 }),
        Action::AdjustHpa(AdjustHpa {
            namespace: "shop".into(),
            autoscaler: "storefront".into(),
            min: Some(4),
            max: Some(12),
        }),
        Action::Resize(Resize {
            namespace: "payments".into(),
            pod: text(&ledger, "/metadata/name"),
            uid: text(&ledger, "/metadata/uid"),
            container: text(&ledger, "/spec/containers/0/name"),
            requests: BTreeMap::new(),
            limits: amounts("memory", "1Gi"),
        }),
        Action::Resize(Resize {
            namespace: "payments".into(),
            pod: text(&ledger, "/metadata/name"),
            uid: text(&ledger, "/metadata/uid"),
            container: text(&ledger, "/spec/containers/0/name"),
            requests: amounts("cpu", "333m"),
            limits: BTreeMap::new(),
        }),
        Action::Cordon(Cordon { node: nodes[0].clone() }),
        Action::Uncordon(Uncordon { node: nodes[1].clone() }),
        Action::Drain(Drain { node: nodes[3].clone() }),
        Action::Taint(Taint {
            node: nodes[0].clone(),
            key: "example.com/sick".into(),
            value: "yes".into(),
            effect: "NoSchedule".into(),
        }),
        Action::Untaint(Untaint {
            node: nodes[2].clone(),
            key: "example.com/repair".into(),
            effect: "NoSchedule".into(),
        }),
        Action::SetNodePoolLimits(NodePoolLimits { pool: "spot".into(), limits: amounts("cpu", "300") }),
    ]
}
