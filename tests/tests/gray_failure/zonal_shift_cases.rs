//! A zone is left by remediation's one chain: proposed by what gray-failure keeps, judged, agreed to, begun in ARC, kept up,
//! ended; and what keeps it from beginning.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use shared::remediation::{Case, CaseId, Outcome, Stage, Unmet, ZonalShift};
use shared::zonal::Want;
use sim::aws::ZonalShift as Shift;
use sim::world::{Key, Kind, Scenario};
use sim::{Options, Sim};
use tests::night::Night;
use tests::remedy::{Remedy, click};
use tests::zones::{BALANCER, keep, propose, resources, want};

const LEAD: &str = "U0LEAD0001";
const CLUSTER: &str = "prod-eks";
const ZONE: &str = "apne2-az1";

const CONFIG: &str = "
roles:
  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }
";

async fn healthy(config: &str) -> Remedy {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    night.sim.account().zonal_shifts.manage(BALANCER);
    Remedy::new(night, config)
}

/// A want of the zone and its case.
async fn proposed(remedy: &Remedy) -> (CaseId, Want) {
    let now = remedy.night.clock.now();
    let wanted = want(ZONE, now);
    (propose(&remedy.store(), &remedy.night.sim, &wanted, now).await, wanted)
}

async fn wanted(remedy: &Remedy, want: Option<&Want>) {
    keep(&remedy.store(), CLUSTER, want, remedy.night.clock.now()).await;
}

fn active(sim: &Sim) -> Vec<Shift> {
    sim.account().zonal_shifts.active(sim.world().now())
}

/// As many clicks as it takes.
async fn approved(remedy: &Remedy, id: &CaseId) -> Case {
    let asked = remedy.case(id).await;
    assert!(matches!(asked.stage, Stage::Asked { .. }), "{:?} {:?}", asked.stage, asked.waits);
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.click(&click("remediation.approve", &asked, "U0LEAD0002")).await;
    remedy.case(id).await
}

async fn waits_for(remedy: &Remedy, id: &CaseId) -> Unmet {
    remedy.sweep().await;
    let case = remedy.case(id).await;
    assert_eq!((case.stage.name(), active(&remedy.night.sim)), ("proposed", vec![]));
    let told = remedy.message(&case).to_string();
    assert!(told.contains("Waits: Leave zone apne2-az1"), "{told}");
    case.waits.unwrap_or_else(|| panic!("it does not wait")).unmet
}

#[tokio::test]
async fn a_zone_is_left_on_a_click_kept_left_and_returned_to() {
    let remedy = healthy(CONFIG).await;
    let (id, first) = proposed(&remedy).await;
    remedy.sweep().await;
    assert_eq!(active(&remedy.night.sim), [], "nothing is done before somebody agrees");
    let told = remedy.message(&remedy.case(&id).await).to_string();
    for said in
        ["Leave zone apne2-az1?", "all zones", "away from apne2-az1 for 30 min", "cancel-zonal-shift", "Approve"]
    {
        assert!(told.contains(said), "{said} in {told}");
    }
    assert_eq!(approved(&remedy, &id).await.stage.name(), "watching");
    let begun = active(&remedy.night.sim);
    assert_eq!(begun.len(), 2);
    for shift in &begun {
        assert!(resources(&remedy.night.sim).iter().any(|arn| arn.0 == shift.resource));
        assert_eq!((shift.away_from.as_str(), shift.comment.starts_with("nightshift prod-eks since ")), (ZONE, true));
        let late = shift.expires_at.duration_since(first.expires_at);
        assert!(late.abs() <= SignedDuration::from_mins(1), "{late}");
    }
    remedy.pass(SignedDuration::from_mins(20)).await;
    assert_eq!(active(&remedy.night.sim), begun, "nothing is asked again while nothing changes");

    let longer = Want { expires_at: first.expires_at + SignedDuration::from_mins(30), ..first.clone() };
    wanted(&remedy, Some(&longer)).await;
    remedy.pass(SignedDuration::from_mins(20)).await;
    let extended = active(&remedy.night.sim);
    assert_eq!(
        extended.iter().map(|one| &one.id).collect::<Vec<_>>(),
        begun.iter().map(|one| &one.id).collect::<Vec<_>>()
    );
    assert!(
        extended.iter().all(|one| one.expires_at > first.expires_at + SignedDuration::from_mins(28)),
        "{extended:?}"
    );

    wanted(&remedy, None).await;
    remedy.pass(SignedDuration::from_mins(1)).await;
    assert_eq!(active(&remedy.night.sim), []);
    let case = remedy.case(&id).await;
    assert!(matches!(case.stage, Stage::Done { outcome: Outcome::Recovered, .. }), "{:?}", case.stage);
    let told = remedy.message(&case).to_string();
    assert!(told.contains("the zone is well again after") && told.contains(LEAD), "{told}");
    assert_eq!(remedy.night.sim.account().zonal_shifts.all().len(), 2);
    let audited = remedy.audited(&id).await;
    let names: Vec<&str> = audited.iter().map(|event| event.split(':').next().unwrap()).collect();
    let calls = |name: &str| names.iter().filter(|known| **known == name).count();
    let of_calls = ["start", "started", "extend", "extended", "cancel", "ended"].map(calls);
    assert_eq!(of_calls, [2; 6], "{audited:?}");
    assert_eq!((names.first(), names.last()), (Some(&"asked"), Some(&"done")));
    remedy.audit_holds().await;
    let held = remedy.store().lock_of((CLUSTER, &ZonalShift::object()), remedy.night.clock.now()).await.unwrap();
    assert_eq!(held, None);
}

#[tokio::test]
async fn a_click_takes_it_back_though_it_is_still_wanted() {
    let remedy = healthy(CONFIG).await;
    let (id, _) = proposed(&remedy).await;
    remedy.sweep().await;
    let watching = approved(&remedy, &id).await;
    remedy.click(&click("remediation.undo", &watching, LEAD)).await;
    assert_eq!((remedy.case(&id).await.stage.name(), active(&remedy.night.sim)), ("undone", vec![]));
    remedy.pass(SignedDuration::from_mins(3)).await;
    assert_eq!(remedy.night.sim.account().zonal_shifts.all().len(), 2, "nobody begins it again");
}

#[tokio::test]
async fn what_somebody_ends_in_arc_stays_ended_and_the_rest_is_ended_with_it() {
    let remedy = healthy(CONFIG).await;
    let (id, _) = proposed(&remedy).await;
    remedy.sweep().await;
    approved(&remedy, &id).await;
    let one = active(&remedy.night.sim)[0].id.clone();
    assert!(remedy.night.sim.account().zonal_shifts.cancel(&one));
    remedy.pass(SignedDuration::from_mins(3)).await;
    let case = remedy.case(&id).await;
    assert_eq!((case.stage.name(), active(&remedy.night.sim)), ("undone", vec![]));
    assert!(remedy.message(&case).to_string().contains("somebody has ended it in ARC"));
    assert_eq!(remedy.night.sim.account().zonal_shifts.all().len(), 2);
}

#[tokio::test]
async fn a_want_that_is_not_renewed_lapses_and_the_shift_with_it() {
    let remedy = healthy(CONFIG).await;
    let (id, _) = proposed(&remedy).await;
    remedy.sweep().await;
    approved(&remedy, &id).await;
    remedy.pass(SignedDuration::from_mins(29)).await;
    assert_eq!(active(&remedy.night.sim).len(), 2);
    remedy.pass(SignedDuration::from_mins(2)).await;
    let case = remedy.case(&id).await;
    assert_eq!(active(&remedy.night.sim), []);
    assert!(matches!(case.stage, Stage::Done { outcome: Outcome::NotRecovered { .. }, .. }), "{:?}", case.stage);
}

#[tokio::test]
async fn what_is_over_before_anybody_agrees_is_overtaken() {
    let remedy = healthy(CONFIG).await;
    let (id, _) = proposed(&remedy).await;
    remedy.sweep().await;
    let asked = remedy.case(&id).await;
    wanted(&remedy, None).await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    let case = remedy.case(&id).await;
    assert!(matches!(case.stage, Stage::Overtaken { unmet: Some(Unmet::NotWanted(_)), .. }), "{:?}", case.stage);
    assert_eq!(remedy.night.sim.account().zonal_shifts.all(), []);
}

#[tokio::test]
async fn a_load_balancer_without_zonal_shift_needs_review() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    let remedy = Remedy::new(night, CONFIG);
    let (id, _) = proposed(&remedy).await;
    remedy.sweep().await;
    let case = remedy.case(&id).await;
    assert!(matches!(case.stage, Stage::NeedsReview { unmet: Some(Unmet::NotManaged(_)), .. }), "{:?}", case.stage);
    let told = remedy.message(&case).to_string();
    assert!(told.contains("zonal shift is not enabled") && told.contains("loadbalancer/app/shop"), "{told}");
}

#[tokio::test]
async fn an_autoshift_an_experiment_and_a_rollout_are_waited_for() {
    let remedy = healthy(CONFIG).await;
    let shifts = &remedy.night.sim.account().zonal_shifts;
    shifts.autoshift(Some("apne2-az3"));
    let (id, _) = proposed(&remedy).await;
    assert!(matches!(waits_for(&remedy, &id).await, Unmet::ShiftStands { zone, .. } if zone.0 == "apne2-az3"));
    shifts.autoshift(None);

    let (gameday, now) = (CaseId("gameday-7".into()), remedy.night.clock.now());
    let (store, object) = (remedy.store(), ZonalShift::object());
    let hour = Duration::from_secs(3600);
    store.lock((CLUSTER, &object), &gameday, hour, now).await.unwrap().unwrap();
    assert!(matches!(waits_for(&remedy, &id).await, Unmet::InFlight(what) if what.contains("gameday-7")));
    store.unlock((CLUSTER, &object), &gameday, now).await.unwrap();

    let image = json!({ "spec": { "template": { "metadata": { "annotations": { "of": "the-test" } } } } });
    remedy.patch(Kind::Deployment, "shop", "catalog", &image).await;
    assert!(matches!(waits_for(&remedy, &id).await, Unmet::InFlight(what) if what.contains("shop/catalog")));
    remedy.pass(SignedDuration::from_mins(3)).await;
    assert_eq!(approved(&remedy, &id).await.stage.name(), "watching");
    assert_eq!(active(&remedy.night.sim).len(), 2);
}

#[tokio::test]
async fn what_the_other_zones_cannot_carry_waits_until_a_node_pool_may_grow() {
    let remedy = healthy(CONFIG).await;
    let world = remedy.night.sim.world();
    for node in world.objects(Kind::Node, "") {
        let name = node["metadata"]["name"].as_str().unwrap();
        if node["metadata"]["labels"]["topology.k8s.aws/zone-id"] != ZONE {
            world.merge(Kind::Node, &Key::new("", name), &json!({ "spec": { "unschedulable": true } }));
        }
    }
    for pool in ["general", "spot"] {
        world.merge(Kind::NodePool, &Key::new("", pool), &json!({ "spec": { "limits": { "cpu": "0" } } }));
    }
    let (id, _) = proposed(&remedy).await;
    let Unmet::NoRoom(room) = waits_for(&remedy, &id).await else { panic!("there is room") };
    assert!(room.missing().cpu_milli > 0 && room.missing().cpu_milli <= room.wanted.cpu_milli, "{room:?}");
    remedy.pass(SignedDuration::from_mins(3)).await;
    let open = remedy.store().open_cases(10, remedy.night.clock.now()).await.unwrap();
    assert_eq!(open.len(), 2, "room is asked for once");
    let buffer = remedy.case_of("set-node-pool-limits").await;
    let told = remedy.message(&buffer).to_string();
    assert!(told.contains("NodePool spot") && told.contains("room for what zone apne2-az1 carries"), "{told}");
    assert_eq!(approved(&remedy, &buffer.id).await.proposal.action.name(), "set-node-pool-limits");
    let pool = remedy.object(Kind::NodePool, "", "spot").unwrap();
    assert_ne!(pool["spec"]["limits"]["cpu"], "0");
    remedy.pass(SignedDuration::from_mins(2)).await;
    assert_eq!(approved(&remedy, &id).await.stage.name(), "watching");
    assert_eq!(active(&remedy.night.sim).len(), 2);
}
