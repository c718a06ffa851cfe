//! What holds of every diagnosis, whatever the snapshot: it does not panic, is the same each time, and cites only evidence
//! that it hands over.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Diagnosis, Verdict, testkit::*};
use crate::{
    model::*,
    snapshot::{ContainerLog, Listing, SeriesKind},
};

/// Words that analyzers react to, and words they should not stumble over.
const WORDS: &[&str] = &[
    "",
    "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.",
    "0/3 nodes are available: , 9999999999999999999999 Insufficient",
    "Error creating: pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=, limited: pods=1",
    "exceeded quota: , requested: , used: , limited: ",
    "failed quota: q: must specify ",
    "failed calling webhook \"w\": Post \"https://a.b.svc:443/\": refused",
    "secret \"api\" not found",
    "Liveness probe failed: Get \"http://10.1.3.10:99999/\": dial tcp 10.1.3.10:8080: connect: connection refused",
    "Readiness probe failed: HTTP probe failed with statuscode: 404",
    "back-off pulling image \"registry.example.org/api:v1\": not found",
    "Access denied for user 'shop'@'10.0.0.1' (using password: YES)",
    "FATAL: too many connections for role \"shop\"",
    "listen tcp :8080: bind: address already in use",
    "lookup ledger on 10.96.0.10:53: no such host",
    "dial tcp 10.96.0.1:8080: i/o timeout",
    "{\"level\":\"error\",\"msg\":\"연결 실패\",\"host\":\"ledger:5432\"}",
    "\u{0}\u{1b}[31m\u{202e}2026-99-99T99:99:99Z ERROR 한글 \u{1f600}",
    "x509: certificate has expired or is not yet valid",
];

const REASONS: &[&str] = &[
    "FailedScheduling",
    "FailedCreate",
    "Unhealthy",
    "BackOff",
    "Failed",
    "Killing",
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "NodeNotReady",
    "ScalingReplicaSet",
    "FailedGetResourceMetric",
    "Evicted",
    "",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => ".{0,80}"]
}

/// One step that breaks something of Deployment `api` or `web`.
fn step() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(&["api", "web"][..]);
    let objects = &[
        "Pod shop/api-rs1-0",
        "ReplicaSet shop/web-rs1",
        "Deployment shop/api",
        "Node node-a",
        "Other shop/x",
        "PersistentVolumeClaim shop/data",
        "Pod shop/gone-rs1-0",
    ][..];
    prop_oneof![
        (prop::sample::select(objects), prop::sample::select(REASONS), word())
            .prop_map(|(o, r, m)| Step::Event(o, r, m)),
        (name.clone(), word()).prop_map(|(n, text)| Step::Log(n, text)),
        (name.clone(), word(), word()).prop_map(|(n, reason, message)| Step::Waiting(n, reason, message)),
        (name.clone(), any::<i32>(), prop::sample::select(&["Error", "OOMKilled", "Completed", "StartError", ""][..]))
            .prop_map(|(n, code, reason)| Step::Crashing(n, code, reason)),
        (name.clone(), word()).prop_map(|(n, message)| Step::Unschedulable(n, message)),
        (name.clone(), word()).prop_map(|(n, value)| Step::Env(n, value)),
        name.clone().prop_map(Step::WithoutPods),
        (name.clone(), any::<i32>()).prop_map(|(n, port)| Step::Probe(n, port)),
        (name.clone(), any::<i32>()).prop_map(|(n, replicas)| Step::Replicas(n, replicas)),
        (name.clone(), any::<i32>(), word()).prop_map(|(n, port, protocol)| Step::Port(n, port, protocol)),
        (prop::sample::select(&["node-a", "node-b"][..]), any::<bool>(), word())
            .prop_map(|(n, c, s)| Step::Node(n, c, s)),
        (name.clone(), word()).prop_map(|(n, amount)| Step::Request(n, amount)),
        (
            name,
            prop::sample::select(&["cpu", "p95latency", "rps", "cpu_cfs", "mem"][..]),
            prop::collection::vec(any::<f64>(), 0..40)
        )
            .prop_map(|(n, metric, values)| Step::Metric(n, metric, values)),
        prop::sample::select(&["pods", "events", "services", "nodes", "deployments", "replica_sets", "taken_at"][..])
            .prop_map(Step::Forget),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Event(&'static str, &'static str, String),
    Log(&'static str, String),
    Waiting(&'static str, String, String),
    Crashing(&'static str, i32, &'static str),
    Unschedulable(&'static str, String),
    Env(&'static str, String),
    WithoutPods(&'static str),
    Probe(&'static str, i32),
    Replicas(&'static str, i32),
    Port(&'static str, i32, String),
    Node(&'static str, bool, String),
    Request(&'static str, String),
    Metric(&'static str, &'static str, Vec<f64>),
    Forget(&'static str),
}

fn take(scene: Scene, step: Step) -> Scene {
    match step {
        Step::Event(object, reason, message) => scene.event(object, reason, &message),
        Step::Log(name, text) => scene.log("shop", name, &text),
        Step::Waiting(name, reason, message) => scene.waiting("shop", name, &reason, &message),
        Step::Crashing(name, code, reason) => scene.crashing("shop", name, code, reason),
        Step::Unschedulable(name, message) => scene.unschedulable("shop", name, &message),
        Step::Env(name, value) => scene.template("shop", name, |spec| {
            let value = Some(value.clone());
            spec.containers[0].env.push(EnvVar { name: "LEDGER_ADDR".into(), value, value_from: None });
        }),
        Step::WithoutPods(name) => scene.without_pods("shop", name),
        Step::Probe(name, port) => scene.template("shop", name, |spec| {
            let tcp_socket = Some(TcpSocketAction { port: IntOrString::Int(port), ..TcpSocketAction::default() });
            spec.containers[0].liveness_probe = Some(Box::new(Probe { tcp_socket, ..Probe::default() }));
        }),
        Step::Replicas(name, replicas) => scene.edit(|snapshot| {
            let all = snapshot.deployments.items.iter_mut().filter(|it| it.metadata.name == name);
            all.for_each(|it| it.spec.replicas = Some(replicas));
        }),
        Step::Port(name, port, protocol) => scene.edit(|snapshot| {
            for service in snapshot.services.items.iter_mut().filter(|it| it.metadata.name == name) {
                service.spec.ports[0].target_port = Some(IntOrString::Int(port));
                service.spec.ports[0].protocol.clone_from(&protocol);
            }
        }),
        Step::Node(name, cordoned, status) => scene.edit(|snapshot| {
            for node in snapshot.nodes.items.iter_mut().filter(|it| it.metadata.name == name) {
                node.spec.unschedulable = cordoned;
                node.status.conditions.iter_mut().for_each(|it| it.status.clone_from(&status));
            }
        }),
        Step::Request(name, amount) => scene.template("shop", name, |spec| {
            spec.containers[0].resources.requests.insert("cpu".into(), Quantity::new(amount.clone()));
        }),
        Step::Metric(name, metric, values) => scene.metric(SeriesKind::Service, name, metric, &values),
        Step::Forget(what) => scene.edit(|snapshot| match what {
            "pods" => snapshot.pods = Listing::default(),
            "events" => snapshot.events = Listing::default(),
            "services" => snapshot.services = Listing::default(),
            "nodes" => snapshot.nodes = Listing::default(),
            "deployments" => snapshot.deployments = Listing::default(),
            "replica_sets" => snapshot.replica_sets = Listing::default(),
            _ => snapshot.taken_at = None,
        }),
    }
}

fn broken() -> impl Strategy<Value = Scene> {
    prop::collection::vec(step(), 0..8).prop_map(|steps| {
        let forgetting = |step: &Step| matches!(step, Step::Forget(_));
        let base = scene()
            .deployment("shop", "api", 2)
            .deployment("shop", "web", 1)
            .service("shop", "api", 8080)
            .service("shop", "web", 80);
        let (forget, others): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(forgetting);
        others.into_iter().chain(forget).fold(base, take)
    })
}

fn check(diagnosis: &Diagnosis) -> Result<(), TestCaseError> {
    let known: HashSet<_> = diagnosis.evidence.iter().map(|piece| &piece.id).collect();
    prop_assert_eq!(known.len(), diagnosis.evidence.len(), "an identifier is given twice");
    for cause in &diagnosis.causes {
        prop_assert!(!cause.evidence.is_empty() && cause.evidence.iter().all(|id| known.contains(id)), "{:?}", cause);
        prop_assert!((0.0..=1.0).contains(&cause.confidence), "{:?}", cause);
        prop_assert!(!cause.summary.is_empty() && !cause.summary.contains('\n'), "{:?}", cause);
        prop_assert!(cause.checks.iter().all(|check| check.starts_with("kubectl ")), "{:?}", cause);
    }
    prop_assert!(diagnosis.rejected.iter().flat_map(|it| &it.evidence).all(|id| known.contains(id)));
    prop_assert_eq!(diagnosis.verdict == Verdict::CauseFound, !diagnosis.causes.is_empty());
    prop_assert!(diagnosis.timeline.is_sorted_by_key(|entry| entry.time));
    prop_assert!(diagnosis.causes.is_sorted_by(|a, b| a.confidence >= b.confidence), "{:?}", diagnosis.causes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_snapshot_gets_a_sound_and_repeatable_diagnosis(scene in broken()) {
        let first = scene.diagnose();
        check(&first)?;
        prop_assert_eq!(&first, &scene.diagnose());
    }

    #[test]
    fn any_text_can_be_a_log(text in "(.{0,60}\n){0,12}") {
        let log = |text: &str| ContainerLog { namespace: "shop".into(), pod: "api-rs1-0".into(), container: "app".into(),
            text: text.into(), ..ContainerLog::default() };
        let scene = scene().deployment("shop", "api", 1).crashing("shop", "api", 1, "Error");
        check(&scene.edit(|snapshot| snapshot.logs.push(log(&text))).diagnose())?;
    }
}
