//! Actions as pairs: what each sends, what has to hold, and that its undo restores what was.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::request::merged;
use super::{Taint, *};
use crate::diagnosis::Risk;
use crate::diagnosis::testkit::{at, scene};
use crate::model::*;

fn facts(object: Value) -> Facts {
    let snapshot = scene().deployment("shop", "api", 4).snapshot;
    Facts { object: Some(object), ..Facts::of(Arc::new(snapshot), at("12:00:00")) }
}

fn after(object: &Value, requests: &[Request]) -> Value {
    requests.iter().fold(object.clone(), |object, request| match request {
        Request::Patch { body, .. } => merged(&object, body),
        Request::Evict { .. } | Request::Shift { .. } => object,
    })
}

fn undo_of(action: &Action, facts: &Facts) -> Vec<Request> {
    match action.undo(facts) {
        Undo::Requests { requests, .. } => requests,
        Undo::Nothing { why } => panic!("nothing to undo: {why}"),
    }
}

fn deployment() -> Value {
    let containers = json!([{ "name": "app", "image": "api:2", "env": [{ "name": "NEW", "value": "1" }] }]);
    json!({
        "metadata": { "name": "api", "namespace": "shop", "uid": "u1", "resourceVersion": "7" },
        "spec": { "replicas": 4, "template": { "metadata": { "labels": { "app": "api" } }, "spec": { "containers": containers, "priority": 5 } } },
    })
}

fn node() -> Value {
    json!({ "metadata": { "name": "node-a", "uid": "u2", "resourceVersion": "3" }, "spec": { "taints": [{ "key": "spot", "effect": "NoSchedule", "value": "yes" }] } })
}

fn pod(resources: &Value) -> Value {
    let owner = json!([{ "kind": "ReplicaSet", "name": "api-rs1", "controller": true }]);
    json!({
        "metadata": { "name": "api-rs1-0", "namespace": "shop", "uid": "u3", "resourceVersion": "9", "ownerReferences": owner },
        "spec": { "containers": [{ "name": "app", "image": "api:2", "resources": resources }] },
    })
}

fn autoscaler() -> Value {
    json!({ "metadata": { "name": "api", "namespace": "shop", "uid": "u4", "resourceVersion": "2" }, "spec": { "minReplicas": 4, "maxReplicas": 10 } })
}

fn pool() -> Value {
    json!({ "metadata": { "name": "general", "uid": "u5", "resourceVersion": "2" }, "spec": { "limits": { "cpu": "100" } } })
}

/// Every action that patches, on an object that it changes.
fn patching() -> Vec<(Action, Facts)> {
    let workload = ObjectRef::new(Kind::Deployment, "shop", "api");
    let (name, key) = (|| "node-a".to_owned(), || "spot".to_owned());
    let amounts = |cpu: &str| BTreeMap::from([("cpu".to_owned(), Quantity::new(cpu))]);
    let old = json!([{ "name": "app", "image": "api:1" }]);
    let set = json!({
        "metadata": { "name": "api-rs1" },
        "spec": { "template": { "metadata": { "labels": { "app": "api", "pod-template-hash": "rs1" } }, "spec": { "containers": old } } },
    });
    let roll_back =
        RollBack { namespace: "shop".into(), deployment: "api".into(), revision: 1, replica_set: "api-rs1".into() };
    let effect = || "NoSchedule".to_owned();
    let cordoned = json!({ "metadata": { "name": "node-a" }, "spec": { "unschedulable": true } });
    let sized =
        json!({ "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "cpu": "200m", "memory": "128Mi" } });
    vec![
        (Action::RollBack(roll_back), Facts { revisions: vec![set], ..facts(deployment()) }),
        (Action::Scale(Scale { workload, replicas: 6 }), facts(deployment())),
        (
            Action::AdjustHpa(AdjustHpa {
                namespace: "shop".into(),
                autoscaler: "api".into(),
                min: Some(6),
                max: Some(15),
            }),
            facts(autoscaler()),
        ),
        (
            Action::Resize(Resize {
                namespace: "shop".into(),
                pod: "api-rs1-0".into(),
                uid: "u3".into(),
                container: "app".into(),
                requests: BTreeMap::new(),
                limits: amounts("400m"),
            }),
            facts(pod(&sized)),
        ),
        (Action::Cordon(Cordon { node: name() }), facts(node())),
        (Action::Uncordon(Uncordon { node: name() }), facts(cordoned)),
        (Action::Isolate(Isolate { node: name(), uid: "u2".into(), value: "x".into() }), facts(node())),
        (Action::Taint(Taint { node: name(), key: "sick".into(), value: "x".into(), effect: effect() }), facts(node())),
        (Action::Untaint(Untaint { node: name(), key: key(), effect: effect() }), facts(node())),
        (Action::SetNodePoolLimits(NodePoolLimits { pool: "general".into(), limits: amounts("150") }), facts(pool())),
        (
            Action::SetNodePoolLimits(NodePoolLimits {
                pool: "general".into(),
                limits: BTreeMap::from([("memory".to_owned(), Quantity::new("1Ti"))]),
            }),
            facts(pool()),
        ),
    ]
}

#[test]
fn every_undo_restores_exactly_what_was() {
    for (action, facts) in patching() {
        let before = facts.object.clone().unwrap();
        let requests = action.requests(&facts).unwrap_or_else(|unmet| panic!("{}: {unmet}", action.name()));
        let changed = after(&before, &requests);
        assert_ne!(changed, before, "{} changes something", action.name());
        let undone = after(&changed, &undo_of(&action, &facts));
        assert_eq!(undone, before, "{}", action.name());
    }
}

#[test]
fn what_was_done_is_not_done_again() {
    for (action, facts) in patching() {
        let before = facts.object.clone().unwrap();
        let requests = action.requests(&facts).unwrap();
        assert!(requests.iter().all(|request| !request.holds(Some(&before))), "{}", action.name());
        let changed = after(&before, &requests);
        assert!(requests.iter().all(|request| request.holds(Some(&changed))), "{}", action.name());
        let again = action.requests(&Facts { object: Some(changed), ..facts });
        assert!(matches!(again, Err(Unmet::AlreadySo(_))), "{}: {again:?}", action.name());
    }
}

#[test]
fn a_rollback_takes_away_what_the_bad_revision_brought() {
    let (action, facts) = patching().remove(0);
    let changed = after(&deployment(), &action.requests(&facts).unwrap());
    let template = &changed["spec"]["template"];
    assert_eq!(template["spec"]["containers"], json!([{ "name": "app", "image": "api:1" }]));
    assert_eq!(template["spec"]["priority"], Value::Null);
    assert_eq!(template["metadata"]["labels"], json!({ "app": "api" }));
}

#[test]
fn replicas_are_never_set_under_an_autoscaler() {
    let snapshot = scene().deployment("shop", "api", 4).edit(|snapshot| {
        snapshot.autoscalers.items.push(HorizontalPodAutoscaler {
            metadata: Metadata { name: "api".into(), namespace: "shop".into(), ..Metadata::default() },
            spec: HpaSpec {
                scale_target_ref: ScaleTargetRef {
                    kind: "Deployment".into(),
                    name: "api".into(),
                    ..ScaleTargetRef::default()
                },
                ..HpaSpec::default()
            },
            ..HorizontalPodAutoscaler::default()
        });
    });
    let scale = Action::Scale(Scale { workload: ObjectRef::new(Kind::Deployment, "shop", "api"), replicas: 6 });
    let under = Facts { object: Some(deployment()), ..Facts::of(Arc::new(snapshot.snapshot), at("12:00:00")) };
    assert!(matches!(scale.requests(&under), Err(Unmet::UnderAutoscaler { .. })));
    // Nor where it could not be seen whether there is one.
    let mut unread = scene().deployment("shop", "api", 4).snapshot;
    unread.autoscalers = crate::snapshot::Listing::default();
    let unread = Facts { object: Some(deployment()), ..Facts::of(Arc::new(unread), at("12:00:00")) };
    assert!(matches!(scale.requests(&unread), Err(Unmet::Unread(_))));
}

#[test]
fn memory_only_goes_up_in_place_and_the_qos_class_stays() {
    let resize = |requests: &[(&str, &str)], limits: &[(&str, &str)], was: &Value| {
        let amounts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::new(*amount))).collect::<BTreeMap<_, _>>()
        };
        Action::Resize(Resize {
            namespace: "shop".into(),
            pod: "api-rs1-0".into(),
            uid: "u3".into(),
            container: "app".into(),
            requests: amounts(requests),
            limits: amounts(limits),
        })
        .requests(&facts(pod(was)))
    };
    let burstable = json!({ "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "128Mi" } });
    let guaranteed = json!({ "requests": { "cpu": "1", "memory": "1Gi" }, "limits": { "cpu": "1", "memory": "1Gi" } });
    assert!(resize(&[], &[("memory", "192Mi")], &burstable).is_ok());
    assert!(matches!(resize(&[], &[("memory", "100Mi")], &burstable), Err(Unmet::MemoryLowered(_))));
    assert!(matches!(resize(&[("memory", "32Mi")], &[], &burstable), Err(Unmet::MemoryLowered(_))));
    assert!(matches!(resize(&[], &[("memory", "2Gi")], &guaranteed), Err(Unmet::QosChanged { .. })));
    assert!(resize(&[("memory", "2Gi")], &[("memory", "2Gi")], &guaranteed).is_ok());
    assert!(matches!(resize(&[], &[("memory", "1Gi")], &json!({})), Err(Unmet::MemoryLowered(_))));
    assert!(matches!(resize(&[("cpu", "100m")], &[], &json!({})), Err(Unmet::QosChanged { .. })));
    assert!(matches!(resize(&[], &[("nvidia.com/gpu", "1")], &burstable), Err(Unmet::OutOfBounds(_))));
    assert_eq!(
        resize(&[], &[("memory", "128Mi")], &burstable),
        Err(Unmet::AlreadySo(ObjectRef::new(Kind::Pod, "shop", "api-rs1-0")))
    );
}

#[test]
fn a_pod_is_evicted_only_while_it_is_the_one_that_was_meant() {
    let restart = |uid: &str| {
        Action::RestartPod(RestartPod { namespace: "shop".into(), pod: "api-rs1-0".into(), uid: uid.into() })
    };
    assert!(matches!(restart("u3").requests(&facts(pod(&json!({})))).unwrap()[..], [Request::Evict { .. }]));
    assert!(matches!(restart("u0").requests(&facts(pod(&json!({})))), Err(Unmet::Replaced(_))));
    let mut bare = pod(&json!({}));
    bare["metadata"]["ownerReferences"] = json!([]);
    assert!(matches!(restart("u3").requests(&facts(bare)), Err(Unmet::Unowned(_))));
}

#[test]
fn a_drain_leaves_daemons_and_refuses_where_a_pod_would_not_come_back() {
    let drain = Action::Drain(Drain { node: "node-a".into() });
    let requests = drain.requests(&facts(node())).unwrap();
    // Of four pods over three nodes two are on the first.
    assert_eq!(requests.len(), 3);
    assert!(matches!(&requests[0], Request::Patch { body, .. } if body["spec"]["unschedulable"] == true));
    let with = |edit: &dyn Fn(&mut Pod)| {
        let scene = scene().deployment("shop", "api", 4).edit(|snapshot| edit(&mut snapshot.pods.items[0]));
        drain.requests(&Facts { object: Some(node()), ..Facts::of(Arc::new(scene.snapshot), at("12:00:00")) })
    };
    let daemon = with(&|pod| pod.metadata.owner_references[0].kind = "DaemonSet".into()).unwrap();
    assert_eq!(daemon.len(), 2);
    assert!(matches!(with(&|pod| pod.metadata.owner_references.clear()), Err(Unmet::Unowned(_))));
}

#[test]
fn the_risk_grows_with_what_is_reached_and_says_why() {
    let level = |action: &Action, facts: &Facts| {
        let assessment = risk::assess(action, &action.blast(facts), facts);
        assert_eq!(assessment.score, assessment.reasons.iter().map(|reason| reason.points).sum::<u8>());
        assessment.level
    };
    let cordon = Action::Cordon(Cordon { node: "node-a".into() });
    let rules = |environment| Rules { environment, ..Rules::default() };
    assert_eq!(level(&cordon, &Facts { rules: rules(Environment::Production), ..facts(node()) }), Risk::Low);
    let roll_back = Action::RollBack(RollBack {
        namespace: "shop".into(),
        deployment: "api".into(),
        revision: 1,
        replica_set: "api-rs1".into(),
    });
    let production = Facts { rules: rules(Environment::Production), ..facts(deployment()) };
    assert_eq!(level(&roll_back, &production), Risk::Medium);
    assert_eq!(
        level(&roll_back, &Facts { rules: rules(Environment::Development), ..production.clone() }),
        Risk::Medium
    );
    let doubtful = Facts { confidence: 0.1, ..production.clone() };
    assert!(
        risk::assess(&roll_back, &roll_back.blast(&doubtful), &doubtful).score
            > risk::assess(&roll_back, &roll_back.blast(&production), &production).score
    );
    let stateful =
        BlastRadius { stateful: vec![ObjectRef::new(Kind::StatefulSet, "shop", "ledger")], ..BlastRadius::default() };
    assert!(risk::assess(&cordon, &stateful, &facts(node())).level >= Risk::Medium);
    let all =
        BlastRadius { share_percent: 100, serving_percent: 100, data_at_risk: vec!["emptyDir".into()], ..stateful };
    assert_eq!(risk::assess(&cordon, &all, &facts(node())).level, Risk::High);
}

#[test]
fn the_hash_is_of_exactly_this_action_on_this_cluster() {
    let cordon = |node: &str| Action::Cordon(Cordon { node: node.into() });
    assert_eq!(cordon("a").hash("prod"), cordon("a").hash("prod"));
    assert_ne!(cordon("a").hash("prod"), cordon("b").hash("prod"));
    assert_ne!(cordon("a").hash("prod"), cordon("a").hash("stage"));
    assert_ne!(cordon("a").hash("prod"), Action::Uncordon(Uncordon { node: "a".into() }).hash("prod"));
}
