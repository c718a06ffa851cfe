//! The shipped policies against an independent statement of OPS-10, over every pair of many actions and situations.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::diagnosis::testkit::{Scene, at, scene};
use crate::model::*;
use crate::remediation::{Taint, *};
use crate::snapshot::Snapshot;

/// A situation and an action in it, with what OPS-10 asks about said in plain words.
struct Pair {
    name: String,
    action: Action,
    facts: Facts,
    /// Whether the settings switch automation on.
    automation: bool,
    /// One of the four that may run by themselves, with its condition met.
    on_the_list: bool,
    /// Possible data loss.
    data_loss: bool,
    /// Pods taken away at once, and replicas, of each workload that is reached.
    taken: Vec<(usize, usize)>,
    stateful: bool,
    /// kube-system and its like.
    system: bool,
}

/// OPS-10, said without any of the code that it judges.
fn may_run_by_itself(pair: &Pair) -> bool {
    let over_half = pair.taken.iter().any(|(taken, replicas)| 2 * taken > *replicas);
    pair.automation && pair.on_the_list && !pair.data_loss && !over_half && !pair.stateful && !pair.system
}

fn may_be_approved(pair: &Pair) -> bool {
    !pair.system
}

fn facts(snapshot: Snapshot, automation: bool) -> Facts {
    let rules = Rules { automation, ..Rules::default() };
    Facts { rules, ..Facts::of(Arc::new(snapshot), at("12:00:00")) }
}

fn uid(pod: &str) -> String {
    format!("uid-{pod}")
}

/// A StatefulSet of `replicas` pods.
fn stateful_set(scene: Scene, namespace: &str, name: &str, replicas: i32) -> Scene {
    scene.edit(|snapshot| {
        snapshot.stateful_sets.items.push(StatefulSet {
            metadata: Metadata { name: name.into(), namespace: namespace.into(), ..Metadata::default() },
            spec: StatefulSetSpec { replicas: Some(replicas), ..StatefulSetSpec::default() },
            ..StatefulSet::default()
        });
        for number in 0..replicas {
            let owner = OwnerReference {
                kind: "StatefulSet".into(),
                name: name.into(),
                controller: Some(true),
                ..OwnerReference::default()
            };
            snapshot.pods.items.push(Pod {
                metadata: Metadata {
                    name: format!("{name}-{number}"),
                    namespace: namespace.into(),
                    uid: uid(&format!("{name}-{number}")),
                    owner_references: vec![owner],
                    ..Metadata::default()
                },
                spec: PodSpec { node_name: "node-a".into(), ..PodSpec::default() },
                status: PodStatus {
                    phase: "Running".into(),
                    container_statuses: vec![ContainerStatus { name: "app".into(), ..ContainerStatus::default() }],
                    ..PodStatus::default()
                },
            });
        }
    })
}

fn scratch() -> Volume {
    Volume { name: "scratch".into(), empty_dir: Some(serde_json::json!({})), ..Volume::default() }
}

fn restarts(pairs: &mut Vec<Pair>) {
    for stateful in [false, true] {
        for replicas in [1, 2, 3] {
            for (crash_loop, count) in [(false, 9), (true, 4), (true, 5), (true, 40)] {
                for data_loss in [false, true] {
                    for automation in [false, true] {
                        for namespace in ["shop", "kube-system"] {
                            let world = match stateful {
                                true => stateful_set(scene(), namespace, "ledger", replicas),
                                false => scene().deployment(namespace, "ledger", replicas),
                            };
                            let world = world.edit(|snapshot| {
                                for pod in &mut snapshot.pods.items {
                                    for status in &mut pod.status.container_statuses {
                                        status.restart_count = count;
                                        let waiting =
                                            Waiting { reason: "CrashLoopBackOff".into(), ..Waiting::default() };
                                        status.state.waiting = Some(waiting).filter(|_| crash_loop);
                                    }
                                    pod.spec.volumes.extend(data_loss.then(scratch));
                                }
                            });
                            let pod = world.snapshot.pods.items[0].clone();
                            pairs.push(Pair {
                                name: format!(
                                    "restart {stateful} {replicas} {crash_loop} {count} {data_loss} {namespace}"
                                ),
                                action: Action::RestartPod(RestartPod {
                                    namespace: namespace.into(),
                                    pod: pod.metadata.name,
                                    uid: pod.metadata.uid,
                                }),
                                facts: facts(world.snapshot, automation),
                                automation,
                                on_the_list: crash_loop && count >= 5,
                                data_loss,
                                taken: vec![(1, replicas as usize)],
                                stateful,
                                system: namespace == "kube-system",
                            });
                        }
                    }
                }
            }
        }
    }
}

fn bounds(pairs: &mut Vec<Pair>) {
    for (min, max) in
        [(None, Some(15)), (None, Some(16)), (Some(6), None), (Some(7), None), (Some(2), Some(5)), (None, Some(4))]
    {
        for automation in [false, true] {
            for namespace in ["shop", "kube-public"] {
                let world = scene().deployment(namespace, "api", 6).edit(|snapshot| {
                    snapshot.autoscalers.items.push(HorizontalPodAutoscaler {
                        metadata: Metadata { name: "api".into(), namespace: namespace.into(), ..Metadata::default() },
                        spec: HpaSpec {
                            scale_target_ref: ScaleTargetRef {
                                kind: "Deployment".into(),
                                name: "api".into(),
                                ..ScaleTargetRef::default()
                            },
                            min_replicas: Some(4),
                            max_replicas: 10,
                            ..HpaSpec::default()
                        },
                        ..HorizontalPodAutoscaler::default()
                    });
                });
                let moved = |from: f64, to: Option<u32>| to.map_or(0.0, |to| (f64::from(to) - from).abs() / from);
                let lost = max.map_or(0, |max: u32| 6_usize.saturating_sub(max as usize));
                let (namespace_text, autoscaler) = (namespace.to_owned(), "api".to_owned());
                pairs.push(Pair {
                    name: format!("bounds {min:?} {max:?} {namespace}"),
                    action: Action::AdjustHpa(AdjustHpa { namespace: namespace_text, autoscaler, min, max }),
                    facts: facts(world.snapshot, automation),
                    automation,
                    on_the_list: moved(4.0, min) <= 0.5 && moved(10.0, max) <= 0.5,
                    data_loss: false,
                    taken: vec![(lost, 6)],
                    stateful: false,
                    system: namespace == "kube-public",
                });
            }
        }
    }
}

fn rollbacks(pairs: &mut Vec<Pair>) {
    for (strategy, at_once) in [
        (serde_json::json!(null), 1),
        (serde_json::json!({ "type": "Recreate" }), 4),
        (serde_json::json!({ "rollingUpdate": { "maxUnavailable": 2 } }), 2),
        (serde_json::json!({ "rollingUpdate": { "maxUnavailable": "75%" } }), 3),
    ] {
        for to in [1_u64, 2] {
            for automation in [false, true] {
                for namespace in ["shop", "kube-system"] {
                    let world = scene().deployment(namespace, "api", 4).edit(|snapshot| {
                        let first = snapshot.replica_sets.items[0].clone();
                        for revision in [2_u64, 3] {
                            let mut set = first.clone();
                            set.metadata.name = format!("api-rs{revision}");
                            set.metadata.annotations =
                                BTreeMap::from([("deployment.kubernetes.io/revision".into(), revision.to_string())]);
                            snapshot.replica_sets.items.push(set);
                        }
                        let deployment = &mut snapshot.deployments.items[0];
                        deployment.metadata.annotations =
                            BTreeMap::from([("deployment.kubernetes.io/revision".into(), "3".into())]);
                        deployment.spec.strategy = Some(strategy.clone()).filter(|strategy| !strategy.is_null());
                    });
                    pairs.push(Pair {
                        name: format!("rollback {strategy} {to} {namespace}"),
                        action: Action::RollBack(RollBack {
                            namespace: namespace.into(),
                            deployment: "api".into(),
                            revision: to,
                            replica_set: format!("api-rs{to}"),
                        }),
                        facts: facts(world.snapshot, automation),
                        automation,
                        on_the_list: to == 2,
                        data_loss: false,
                        taken: vec![(at_once, 4)],
                        stateful: false,
                        system: namespace == "kube-system",
                    });
                }
            }
        }
    }
}

fn drains(pairs: &mut Vec<Pair>) {
    for condition in ["MemoryPressure", "DiskPressure", "PIDPressure", ""] {
        for (replicas, on_node) in [(1, 1), (3, 1), (6, 2), (2, 1)] {
            for stateful in [false, true] {
                for data_loss in [false, true] {
                    for automation in [false, true] {
                        let mut world = scene().deployment("shop", "api", replicas);
                        if stateful {
                            world = stateful_set(world, "shop", "ledger", 3);
                        }
                        let world = world.edit_node("node-a", |node| {
                            for found in &mut node.status.conditions {
                                if found.type_ == condition {
                                    found.status = "True".into();
                                }
                            }
                        });
                        let world = world.edit(|snapshot| {
                            let api = snapshot.pods.items.iter_mut().filter(|pod| pod.name().starts_with("api"));
                            api.for_each(|pod| pod.spec.volumes.extend(data_loss.then(scratch)));
                        });
                        let mut taken = vec![(on_node, replicas as usize)];
                        taken.extend(stateful.then_some((3, 3)));
                        pairs.push(Pair {
                            name: format!("drain {condition} {replicas} {stateful} {data_loss}"),
                            action: Action::Drain(Drain { node: "node-a".into() }),
                            facts: facts(world.snapshot, automation),
                            automation,
                            on_the_list: matches!(condition, "MemoryPressure" | "DiskPressure"),
                            data_loss,
                            taken,
                            stateful,
                            system: false,
                        });
                    }
                }
            }
        }
    }
}

/// Everything that is on nobody's list.
fn others(pairs: &mut Vec<Pair>) {
    let workload = ObjectRef::new(Kind::Deployment, "shop", "api");
    let node = || "node-a".to_owned();
    let limits = BTreeMap::from([("cpu".to_owned(), Quantity::new("100"))]);
    let actions = [
        Action::RestartRollout(RestartRollout { workload: workload.clone(), at: at("12:00:00") }),
        Action::Scale(Scale { workload, replicas: 5 }),
        Action::Cordon(Cordon { node: node() }),
        Action::Uncordon(Uncordon { node: node() }),
        Action::Isolate(Isolate { node: node(), uid: String::new(), value: String::new() }),
        Action::Taint(Taint { node: node(), key: "x".into(), value: String::new(), effect: "NoSchedule".into() }),
        Action::Untaint(Untaint { node: node(), key: "x".into(), effect: "NoSchedule".into() }),
        Action::SetNodePoolLimits(NodePoolLimits { pool: "general".into(), limits: limits.clone() }),
        Action::Resize(Resize {
            namespace: "shop".into(),
            pod: "api-rs1-0".into(),
            uid: "uid-shop-api-rs1-0".into(),
            container: "app".into(),
            requests: BTreeMap::new(),
            limits,
        }),
    ];
    for action in actions {
        for automation in [false, true] {
            pairs.push(Pair {
                name: action.name().to_owned(),
                action: action.clone(),
                facts: facts(scene().deployment("shop", "api", 3).snapshot, automation),
                automation,
                on_the_list: false,
                data_loss: false,
                taken: Vec::new(),
                stateful: false,
                system: false,
            });
        }
    }
}

fn proposed(action: &Action) -> Proposed {
    Proposed::new(propose::by_person("test", action.clone(), "", "U1", at("12:00:00")))
}

#[test]
fn shipped_policies_say_what_ops_10_says_of_every_pair() {
    let policies = Policies::shipped().unwrap();
    let mut pairs = Vec::new();
    restarts(&mut pairs);
    bounds(&mut pairs);
    rollbacks(&mut pairs);
    drains(&mut pairs);
    others(&mut pairs);
    assert!(pairs.len() >= 200, "{} pairs", pairs.len());
    let mut by_themselves = 0;
    for pair in &pairs {
        let judged = policies.judge(proposed(&pair.action), &pair.facts);
        let (approvable, automatic) = match &judged {
            Ok(permitted) => (true, permitted.permission().to_people.is_empty()),
            Err(_) => (false, false),
        };
        assert_eq!(automatic, may_run_by_itself(pair), "{} automation {}: {judged:?}", pair.name, pair.automation);
        assert_eq!(approvable, may_be_approved(pair), "{}: {judged:?}", pair.name);
        by_themselves += usize::from(automatic);
    }
    assert!(by_themselves >= 10, "{by_themselves} of {} may run by themselves", pairs.len());
}

#[test]
fn each_refusal_names_the_policies_that_refuse() {
    let policies = Policies::shipped().unwrap();
    let mut pairs = Vec::new();
    restarts(&mut pairs);
    let find = |wanted: &str| pairs.iter().find(|pair| pair.name == wanted && pair.automation).unwrap();
    let to_people =
        |pair: &Pair| policies.judge(proposed(&pair.action), &pair.facts).unwrap().permission().to_people.clone();
    assert_eq!(
        to_people(find("restart true 1 true 5 true shop")),
        [
            "over-half-of-the-replicas-goes-to-a-human",
            "possible-data-loss-goes-to-a-human",
            "stateful-sets-go-to-a-human"
        ]
    );
    assert_eq!(to_people(find("restart false 3 true 4 false shop")), [NOT_ALLOWED]);
    let refused = find("restart false 3 true 5 false kube-system");
    let refused = policies.judge(proposed(&refused.action), &refused.facts).unwrap_err();
    assert_eq!(refused.by, ["system-namespaces-are-restricted"]);
}

#[test]
fn secrets_configmaps_forbidden_words_and_restricted_namespaces_are_refused_to_everybody() {
    let policies = Policies::shipped().unwrap();
    let facts = facts(scene().deployment("shop", "api", 3).snapshot, true);
    let cordon = Action::Cordon(Cordon { node: "node-a".into() });
    let plain = Question::of(&cordon, &facts);
    let refused = |question: &Question| {
        let answers = ["people", "automation"].map(|actor| policies.ask(actor, question).unwrap());
        assert!(answers.iter().all(|answer| !answer.allowed), "{question:?}");
        answers[0].policies.clone()
    };
    assert!(policies.ask("people", &plain).unwrap().allowed);
    for kind in [Kind::Secret, Kind::ConfigMap] {
        let object = ObjectRef::new(kind, "shop", "api");
        assert_eq!(refused(&Question { object, ..plain.clone() }), ["secrets-and-configmaps-are-never-changed"]);
    }
    for command in
        ["kubectl drain node-a --force", "kubectl delete namespace shop", "kubectl delete pod x --grace-period=0"]
    {
        let question = Question { command: command.into(), ..plain.clone() };
        assert!(refused(&question).contains(&"forbidden-words".to_owned()), "{command}");
    }
    assert_eq!(refused(&Question { restricted: true, ..plain.clone() }), ["restricted-namespace"]);
    let unknown = Question { action: "delete-namespace".into(), ..plain };
    assert!(policies.ask("people", &unknown).is_err());
}

#[test]
fn an_automatic_network_policy_change_goes_to_a_human() {
    let policies = Policies::shipped().unwrap();
    let facts = facts(scene().deployment("shop", "api", 3).snapshot, true);
    let question = Question {
        object: ObjectRef::new(Kind::NetworkPolicy, "shop", "deny-all"),
        ..Question::of(&Action::Cordon(Cordon { node: "node-a".into() }), &facts)
    };
    let answer = policies.ask("automation", &question).unwrap();
    assert_eq!((answer.allowed, answer.policies), (false, vec!["network-policy-goes-to-a-human".to_owned()]));
}

#[test]
fn teams_add_policies_of_their_own_and_mistakes_are_found_before_they_are_used() {
    let team = |text: &str| vec![("team.cedar".to_owned(), text.to_owned())];
    let policies = Policies::with(&team(
        r#"@id("payments-never-on-fridays") forbid (principal, action == Nightshift::Action::"cordon", resource) when { resource.name == "node-a" };"#,
    ))
    .unwrap();
    let facts = facts(scene().snapshot, false);
    let refused = policies.judge(proposed(&Action::Cordon(Cordon { node: "node-a".into() })), &facts).unwrap_err();
    assert_eq!(refused.by, ["payments-never-on-fridays"]);
    assert!(policies.judge(proposed(&Action::Cordon(Cordon { node: "node-b".into() })), &facts).is_ok());
    assert!(matches!(Policies::with(&team("permit (principal;")), Err(PolicyError::Syntax { .. })));
    assert!(matches!(Policies::with(&team("permit (principal, action, resource);")), Err(PolicyError::Unnamed { .. })));
    let twice = team(r#"@id("restricted-namespace") forbid (principal, action, resource);"#);
    assert!(matches!(Policies::with(&twice), Err(PolicyError::Twice { .. })));
    let typo = team(r#"@id("typo") forbid (principal, action, resource) when { context.sharePercnt > 10 };"#);
    assert!(matches!(Policies::with(&typo), Err(PolicyError::Invalid(_))));
}
