//! Leaving a zone: whether the others can carry it, what has to hold, how much can go wrong.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::room::ZONE_ID;
use super::*;
use crate::diagnosis::Risk;
use crate::diagnosis::testkit::{at, scene};
use crate::model::{Kind, Object, ObjectRef, Quantity};
use crate::remediation::policy::{Policies, Question};
use crate::snapshot::Snapshot;
use crate::zonal::{Comment, ResourceArn, ShiftId, Standing, State, Want, ZoneId};

const NODES: [(&str, &str); 3] = [("node-a", "use1-az1"), ("node-b", "use1-az2"), ("node-c", "use1-az3")];

fn shift() -> ZonalShift {
    ZonalShift {
        zone: ZoneId("use1-az1".into()),
        resources: ["arn:aws:eks:example:cluster/prod", "arn:aws:elb:example:loadbalancer/app/shop"]
            .map(|arn| ResourceArn(arn.into()))
            .into(),
        minutes: 30,
        since: at("11:55:00"),
        growth_percent: 0,
    }
}

fn want() -> Want {
    Want { zone: ZoneId("use1-az1".into()), since: at("11:55:00"), expires_at: at("12:25:00") }
}

/// Three zones of a node of four cores each; `shop/api` with so many pods over them, of so many cores each.
fn snapshot(pods: i32, cores: &str) -> Snapshot {
    let mut scene = scene().deployment("shop", "api", pods).service("shop", "api", 8080);
    for (node, zone) in NODES {
        scene = scene.edit_node(node, |node| {
            node.metadata.labels.insert(ZONE_ID.into(), zone.into());
            node.metadata.labels.insert("topology.kubernetes.io/zone".into(), format!("name-{zone}"));
        });
    }
    let scene = scene.edit_pods("shop", "api", |pod| {
        pod.spec.containers[0].resources.requests.insert("cpu".into(), Quantity::new(cores));
    });
    let scene = scene.edit_deployment("shop", "api", |deployment| deployment.status.updated_replicas = pods);
    let mut snapshot = scene.snapshot;
    for (index, pod) in snapshot.pods.items.iter_mut().enumerate() {
        pod.spec.node_name = NODES[index % 3].0.to_owned();
    }
    snapshot
}

fn facts(snapshot: Snapshot) -> Facts {
    let seen = shift().resources.into_iter().map(|resource| (resource, State::Managed(Vec::new()))).collect();
    let zonal = Zonal { seen, want: Some(want()), node_pools: Some(Vec::new()), in_flight: None };
    let rules = Rules { automation: true, asleep: true, ..Rules::default() };
    Facts { zonal: Some(zonal), rules, ..Facts::of(Arc::new(snapshot), at("12:00:00")) }
}

fn pool(limits: &Value, used: &Value, zones: &[&str]) -> Value {
    let requirement = json!({ "key": "topology.kubernetes.io/zone", "operator": "In", "values": zones });
    json!({
        "metadata": { "name": "general" },
        "spec": { "limits": limits, "template": { "spec": { "requirements": [requirement] } } },
        "status": { "resources": used },
    })
}

fn with_pools(snapshot: Snapshot, pools: Vec<Value>) -> Facts {
    let facts = facts(snapshot);
    let zonal = facts.zonal.map(|zonal| Zonal { node_pools: Some(pools), ..zonal });
    Facts { zonal, ..facts }
}

#[test]
fn a_zone_that_the_others_can_carry_is_asked_of_arc_as_a_state() {
    let facts = facts(snapshot(6, "1"));
    let requests = shift().requests_of(&facts).unwrap();
    let [Request::Shift { resources, want: wanted, .. }] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((resources, wanted), (&shift().resources, &Some(want())));
    let Undo::Requests { requests, command, .. } = Action::ZonalShift(shift()).undo(&facts) else { panic!() };
    assert!(matches!(&requests[..], [Request::Shift { want: None, .. }]));
    assert!(command.contains("cancel-zonal-shift") && command.contains("cluster/prod"), "{command}");
}

impl ZonalShift {
    fn requests_of(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        Action::ZonalShift(self.clone()).requests(facts)
    }
}

#[test]
fn what_finds_no_place_on_a_node_is_short_even_where_the_sum_would_do() {
    // Two pods of 1.5 cores a node leave a core free on each: two cores, and no place for a pod of 1.5.
    let room = shift().room(&facts(snapshot(6, "1500m"))).unwrap();
    assert_eq!((room.wanted.cpu_milli, room.short.cpu_milli, room.short.pods), (3000, 3000, 2));
    assert!(!room.carries());
    let room = shift().room(&facts(snapshot(6, "1"))).unwrap();
    assert_eq!((room.wanted.cpu_milli, room.short), (2000, Amount::default()));
    assert!(room.carries());
}

#[test]
fn what_a_forecast_adds_has_to_be_carried_too() {
    let facts = facts(snapshot(6, "1"));
    // Eight cores in the other zones, four in use, two of the zone: two are left.
    let with = |growth_percent| ZonalShift { growth_percent, ..shift() }.room(&facts).unwrap();
    assert!(with(33).carries());
    assert_eq!(with(50).missing().cpu_milli, 1000);
    let asked = |growth_percent| ZonalShift { growth_percent, ..shift() }.requests_of(&facts);
    assert!(asked(33).is_ok());
    assert!(matches!(asked(50), Err(Unmet::NoRoom(room)) if room.missing().cpu_milli == 1000));
}

#[test]
fn nodes_that_are_cordoned_unready_tainted_or_of_no_known_zone_carry_nothing() {
    let without = |edit: &dyn Fn(&mut crate::model::Node)| {
        let mut snapshot = snapshot(6, "1");
        snapshot.nodes.items[1..].iter_mut().for_each(edit);
        shift().room(&facts(snapshot)).unwrap().carries()
    };
    assert!(without(&|_| {}));
    assert!(!without(&|node| node.spec.unschedulable = true));
    assert!(!without(&|node| node.status.conditions.iter_mut().for_each(|it| it.status = "Unknown".into())));
    assert!(!without(&|node| {
        node.spec.taints =
            vec![crate::model::Taint { key: "gpu".into(), effect: "NoSchedule".into(), ..Default::default() }];
    }));
    assert!(!without(&|node| drop(node.metadata.labels.remove(ZONE_ID))));
    let mut unlabelled = snapshot(6, "1");
    unlabelled.nodes.items.iter_mut().for_each(|node| drop(node.metadata.labels.remove(ZONE_ID)));
    assert!(matches!(shift().room(&facts(unlabelled)), Err(Unmet::Unread(_))));
}

#[test]
fn what_karpenter_may_still_add_carries_it_where_it_may_add_elsewhere() {
    let full = || snapshot(6, "1500m");
    let used = json!({ "cpu": "12", "memory": "48Gi" });
    let carries = |limits: Value, zones: &[&str]| {
        shift().room(&with_pools(full(), vec![pool(&limits, &used, zones)])).unwrap().carries()
    };
    let all = ["name-use1-az1", "name-use1-az2"];
    assert!(carries(json!({ "cpu": "15" }), &all));
    assert!(!carries(json!({ "cpu": "14" }), &all));
    assert!(!carries(json!({ "cpu": "15" }), &all[..1]), "it makes nodes in the ill zone alone");
    assert!(carries(json!({}), &all), "without limits");
    assert!(!carries(json!({ "cpu": "100", "nodes": "0" }), &all));
}

#[test]
fn where_room_is_missing_a_pools_limits_are_raised_by_what_is() {
    let facts = with_pools(
        snapshot(6, "1500m"),
        vec![pool(&json!({ "cpu": "13" }), &json!({ "cpu": "12" }), &["name-use1-az2"])],
    );
    let Err(Unmet::NoRoom(room)) = shift().requests_of(&facts) else { panic!("there is room") };
    assert!(Unmet::NoRoom(room).passes());
    let raised = shift().make_room(&room, &facts).unwrap();
    assert_eq!((raised.pool.as_str(), raised.limits["cpu"].as_str()), ("general", "15"));
    // Raised, it is enough.
    let enough = with_pools(
        snapshot(6, "1500m"),
        vec![pool(&json!({ "cpu": "15" }), &json!({ "cpu": "12" }), &["name-use1-az2"])],
    );
    assert!(shift().requests_of(&enough).is_ok());
    assert_eq!(shift().make_room(&room, &self::facts(snapshot(6, "1500m"))), None, "there is no pool");
}

#[test]
fn what_stands_is_not_managed_or_not_wanted_keeps_it_from_being_asked() {
    let unmet = |edit: &dyn Fn(&mut Zonal)| {
        let mut facts = facts(snapshot(6, "1"));
        edit(facts.zonal.as_mut().unwrap());
        shift().requests_of(&facts).unwrap_err()
    };
    let set =
        |state: State| move |zonal: &mut Zonal| drop(zonal.seen.insert(shift().resources[1].clone(), state.clone()));
    assert_eq!(unmet(&set(State::Unmanaged)), Unmet::NotManaged(shift().resources[1].clone()));
    assert!(matches!(unmet(&set(State::Unread)), Unmet::Unread(_)));
    let standing = |comment: String| {
        let (id, away_from) = (ShiftId("s".into()), ZoneId("use1-az3".into()));
        State::Managed(vec![Standing { id, away_from, expires_at: at("13:00:00"), comment }])
    };
    let other = unmet(&set(standing("practice run".into())));
    assert!(matches!(&other, Unmet::ShiftStands { by, .. } if by == "practice run") && other.passes());
    let earlier = Comment { cluster: "prod".into(), since: at("10:00:00") };
    assert!(matches!(unmet(&set(standing(earlier.to_string()))), Unmet::ShiftStands { .. }));
    assert_eq!(unmet(&|zonal| zonal.want = None), Unmet::NotWanted(shift().zone));
    assert_eq!(unmet(&|zonal| zonal.want.as_mut().unwrap().since = at("11:56:00")), Unmet::NotWanted(shift().zone));
    assert_eq!(
        unmet(&|zonal| zonal.want.as_mut().unwrap().expires_at = at("12:00:00")),
        Unmet::NotWanted(shift().zone)
    );
    let busy = unmet(&|zonal| zonal.in_flight = Some("gameday-7".into()));
    assert!(busy.passes() && busy.to_string().contains("gameday-7"));
}

#[test]
fn a_rollout_is_waited_for_ten_minutes_and_then_goes_to_people() {
    let mut rolling = snapshot(6, "1");
    rolling.deployments.items[0].status.updated_replicas = 2;
    let early = facts(rolling.clone());
    assert!(matches!(shift().requests_of(&early), Err(Unmet::InFlight(what)) if what.contains("Deployment shop/api")));
    let late = Facts { at: early.at + SignedDuration::from_mins(6), ..early };
    assert!(shift().requests_of(&late).is_ok());
    let action = Action::ZonalShift(shift());
    let asked = Policies::shipped().unwrap().ask("automation", &Question::of(&action, &late)).unwrap();
    assert!(!asked.allowed);
    let assessed = risk::assess(&action, &action.blast(&late), &late);
    assert!(
        assessed
            .reasons
            .iter()
            .any(|reason| matches!(&reason.why, risk::Why::Rollout { object } if object.contains("api")))
    );
    // One that is stuck changes nothing any more.
    let stuck = crate::model::Condition { type_: "Progressing".into(), status: "False".into(), ..Default::default() };
    rolling.deployments.items[0].status.conditions = vec![stuck];
    assert!(shift().requests_of(&facts(rolling)).is_ok());
}

#[test]
fn a_third_of_an_even_cluster_is_low_risk_and_may_go_by_itself_where_the_settings_say_so() {
    let facts = facts(snapshot(6, "1"));
    let action = Action::ZonalShift(shift());
    let blast = action.blast(&facts);
    assert_eq!((blast.pods, blast.replicas, blast.serving_percent, blast.share_percent), (2, 6, 34, 34));
    let assessed = risk::assess(&action, &blast, &facts);
    assert_eq!(assessed.level, Risk::Low, "{assessed:?}");
    let policies = Policies::shipped().unwrap();
    let answer = |question: &Question| policies.ask("automation", question).unwrap();
    let question = Question::of(&action, &facts);
    assert_eq!(answer(&question).policies, ["automation-leaves-a-zone-that-the-others-can-carry"]);
    assert!(!answer(&Question { automation: false, ..question.clone() }).allowed);
    assert!(!answer(&Question { carried: false, ..question.clone() }).allowed);
    assert!(policies.ask("people", &question).unwrap().allowed);
}

#[test]
fn a_service_that_is_only_there_and_a_volume_that_is_go_to_people() {
    let mut lonely = snapshot(3, "1");
    lonely.pods.items.iter_mut().for_each(|pod| pod.spec.node_name = "node-a".into());
    let action = Action::ZonalShift(shift());
    let lonely = facts(lonely);
    assert_eq!(action.blast(&lonely).share_percent, 100);
    let assessed = risk::assess(&action, &action.blast(&lonely), &lonely);
    assert_ne!(assessed.level, Risk::Low);
    assert!(!Policies::shipped().unwrap().ask("automation", &Question::of(&action, &lonely)).unwrap().allowed);
    // What no Service sends to has no endpoint to lose.
    let mut unserved = snapshot(3, "1");
    unserved.services.items.clear();
    assert_eq!(action.blast(&facts(unserved)).share_percent, 0);
}

/// `data/db` of so many pods, each with a volume of its zone: one a zone, the first in the ill one.
#[allow(clippy::unwrap_used, reason = "a test's helper fails where the test has failed")]
fn with_a_set(replicas: i32) -> Facts {
    let mut snapshot = snapshot(6, "500m");
    let set = json!({ "metadata": { "name": "db", "namespace": "data" }, "spec": { "replicas": replicas } });
    snapshot.stateful_sets.items.push(serde_json::from_value(set).unwrap());
    let pods = scene().deployment("data", "db", replicas).snapshot.pods.items;
    for (mut pod, (node, _)) in pods.into_iter().zip(NODES) {
        pod.spec.node_name = node.to_owned();
        let owner = &mut pod.metadata.owner_references[0];
        (owner.kind, owner.name) = ("StatefulSet".into(), "db".into());
        let claim = format!("data-{}", pod.name());
        pod.spec.volumes = vec![
            serde_json::from_value(json!({ "name": "data", "persistentVolumeClaim": { "claimName": claim } })).unwrap(),
        ];
        let volume = json!({
            "metadata": { "name": format!("pv-{claim}") },
            "spec": { "claimRef": { "namespace": "data", "name": claim }, "nodeAffinity": { "required": {} } },
        });
        snapshot.persistent_volumes.items.push(serde_json::from_value(volume).unwrap());
        snapshot.pods.items.push(pod);
    }
    facts(snapshot)
}

#[test]
fn a_stateful_set_that_keeps_its_majority_elsewhere_is_made_to_lose_a_zone_and_one_that_does_not_goes_to_people() {
    let action = Action::ZonalShift(shift());
    let asked = |facts: &Facts| {
        let answer = Policies::shipped().unwrap().ask("automation", &Question::of(&action, facts)).unwrap();
        (answer.allowed, risk::assess(&action, &action.blast(facts), facts).level)
    };
    assert_eq!(asked(&with_a_set(3)), (true, Risk::Low));
    for replicas in [1, 2] {
        let facts = with_a_set(replicas);
        assert_eq!(action.blast(&facts).stateful.len(), 1);
        assert_eq!(asked(&facts), (false, Risk::Medium), "{replicas}");
    }
}

#[test]
fn what_is_risky_about_leaving_a_zone_is_what_the_proof_of_capacity_does_not_cover() {
    let action = Action::ZonalShift(shift());
    let assessed = |facts: &Facts| risk::assess(&action, &action.blast(facts), facts);
    let has = |facts: &Facts, is: fn(&risk::Why) -> bool| {
        let assessed = assessed(facts);
        assert_ne!(assessed.level, Risk::Low, "{assessed:?}");
        assert!(assessed.reasons.iter().any(|reason| is(&reason.why)), "{assessed:?}");
    };
    // A budget that lets no pod go is no risk of what evicts none.
    let mut held = snapshot(6, "1");
    let budget = json!({
        "metadata": { "name": "api", "namespace": "shop" },
        "spec": { "selector": { "matchLabels": held.pods.items[0].metadata.labels } }, "status": { "disruptionsAllowed": 0 },
    });
    held.disruption_budgets.items.push(serde_json::from_value(budget).unwrap());
    let held = facts(held);
    assert_eq!(action.blast(&held).headroom.unwrap().allowed, 0);
    assert_eq!(assessed(&held).level, Risk::Low, "{:?}", assessed(&held));

    has(&facts(snapshot(6, "1500m")), |why| matches!(why, risk::Why::Unproven));
    let mut two = snapshot(6, "500m");
    two.nodes.items.retain(|node| node.name() != "node-c");
    two.pods.items.iter_mut().filter(|pod| pod.spec.node_name == "node-c").for_each(|pod| {
        pod.spec.node_name = "node-b".into();
    });
    has(&facts(two), |why| matches!(why, risk::Why::LastZone { zone } if zone == "use1-az2"));
    let mut most = snapshot(6, "500m");
    most.pods.items.iter_mut().skip(2).for_each(|pod| pod.spec.node_name = "node-a".into());
    has(&facts(most), |why| matches!(why, risk::Why::Concentrated { percent, .. } if *percent > 50));
}

#[test]
fn an_approval_holds_for_what_stood_when_it_was_given() {
    let facts = facts(snapshot(6, "1"));
    let mut seen = facts.zonal.unwrap().seen;
    let shown = ObjectVersion::of(&shift().standing(&seen));
    let one = |minutes: i64| Standing {
        id: ShiftId("s".into()),
        away_from: ZoneId("use1-az3".into()),
        expires_at: at("13:00:00") + SignedDuration::from_mins(minutes),
        comment: "x".into(),
    };
    seen.insert(shift().resources[0].clone(), State::Managed(vec![one(0)]));
    let later = ObjectVersion::of(&shift().standing(&seen));
    assert!(!shown.covers(&later));
    // How long another's stands is nobody's concern.
    seen.insert(shift().resources[0].clone(), State::Managed(vec![one(30)]));
    assert!(later.covers(&ObjectVersion::of(&shift().standing(&seen))));
    assert_eq!(ZonalShift::object(), ObjectRef::new(Kind::ZonalShift, "", "zones"));
}
