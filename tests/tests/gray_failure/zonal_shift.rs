//! Zonal shifts: sim's ARC judged by boto3, and our calls against it, every fault included.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use remediation::arc::{Taken, take};
use shared::deadline::Deadline;
use shared::zonal::read::ZonalShifts;
use shared::zonal::{Comment, ResourceArn, ShiftId, State, Step, Want, Why, ZoneId, steps};
use sim::fault::{Fault, Rule, Service};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::judges;

const BALANCER: &str =
    "arn:aws:elasticloadbalancing:ap-northeast-2:111122223333:loadbalancer/app/shop/50dc6c495c0c9188";
const LIMIT: Duration = Duration::from_secs(5);

fn sdk(sim: &Sim) -> aws_config::SdkConfig {
    tests::night::aws_at(&sim.aws_endpoint(), "ap-northeast-2")
}

async fn quiet() -> Sim {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.expect("sim starts");
    sim.account().zonal_shifts.manage(BALANCER);
    sim
}

fn cluster(sim: &Sim) -> String {
    sim.world().options().cluster.clone()
}

fn resources(sim: &Sim) -> Vec<ResourceArn> {
    [sim.world().options().cluster_arn(), BALANCER.to_owned()].map(ResourceArn).into()
}

fn want(zone: &str, now: Timestamp) -> Want {
    Want { zone: ZoneId(zone.to_owned()), since: now, expires_at: now + SignedDuration::from_mins(30) }
}

/// One minute: reads what stands and takes the steps.
async fn minute(sim: &Sim, arc: &ZonalShifts, want: Option<&Want>) -> Vec<(Step, Result<Taken, String>)> {
    let seen = arc.read(&resources(sim), LIMIT).await;
    let mut taken = Vec::new();
    for step in steps(&cluster(sim), want, &seen, sim.world().now()) {
        let outcome = take(arc, &step, Deadline::within(LIMIT)).await.map_err(|error| error.to_string());
        taken.push((step, outcome));
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_finds_zonal_shifts_as_aws_has_them() {
    let Some(python) = judges::python() else { return };
    let sim = quiet().await;
    let output = tokio::process::Command::new(python)
        .arg(judges::script("zonal_shift.py"))
        .env_clear()
        .envs(sim.environment())
        .env("CLUSTER_ARN", sim.world().options().cluster_arn())
        .output()
        .await
        .expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    let all = sim.account().zonal_shifts.all();
    assert_eq!((all.len(), all[0].canceled, all[0].away_from.as_str()), (1, true, "apne2-az1"), "{all:?}");
}

#[tokio::test]
async fn a_zone_is_left_for_longer_and_returned_to() {
    let sim = quiet().await;
    let arc = ZonalShifts::new(&sdk(&sim));
    let now = sim.world().now();
    let begun = minute(&sim, &arc, Some(&want("apne2-az2", now))).await;
    assert!(begun.iter().all(|(_, taken)| matches!(taken, Ok(Taken::Started(_)))), "{begun:?}");
    let active = sim.account().zonal_shifts.active(now);
    assert_eq!(active.len(), 2);
    for shift in &active {
        assert_eq!(shift.away_from, "apne2-az2");
        assert_eq!(shift.expires_at, now + SignedDuration::from_mins(30));
        let comment = Comment { cluster: cluster(&sim), since: now };
        assert_eq!(Comment::parse(&shift.comment), Some(comment));
    }
    assert_eq!(minute(&sim, &arc, Some(&want("apne2-az2", now))).await, []);
    let longer = Want { expires_at: now + SignedDuration::from_mins(60), ..want("apne2-az2", now) };
    let extended = minute(&sim, &arc, Some(&longer)).await;
    assert!(extended.len() == 2 && extended.iter().all(|(_, taken)| *taken == Ok(Taken::Extended)), "{extended:?}");
    let ended = minute(&sim, &arc, None).await;
    assert!(ended.len() == 2 && ended.iter().all(|(_, taken)| *taken == Ok(Taken::Ended)), "{ended:?}");
    assert_eq!(sim.account().zonal_shifts.active(now), []);
    // What has ended meanwhile ends again without complaint, and cannot be made longer.
    let id = ShiftId(active[0].id.clone());
    assert_eq!(take(&arc, &Step::Cancel { id: id.clone() }, Deadline::within(LIMIT)).await.unwrap(), Taken::Ended);
    assert_eq!(take(&arc, &Step::Extend { id, minutes: 5 }, Deadline::within(LIMIT)).await.unwrap(), Taken::Gone);
}

#[tokio::test]
async fn what_another_began_in_between_is_a_conflict_that_names_it() {
    let sim = quiet().await;
    let arc = ZonalShifts::new(&sdk(&sim));
    let now = sim.world().now();
    let seen = arc.read(&resources(&sim), LIMIT).await;
    let late = steps(&cluster(&sim), Some(&want("apne2-az1", now)), &seen, now);
    // Another invocation is faster.
    minute(&sim, &arc, Some(&want("apne2-az1", now))).await;
    let first = sim.account().zonal_shifts.active(now);
    for step in &late {
        let Taken::Conflict(Some(other)) = take(&arc, step, Deadline::within(LIMIT)).await.unwrap() else {
            panic!("no conflict: {step:?}")
        };
        assert!(first.iter().any(|shift| shift.id == other.0));
    }
    assert_eq!(sim.account().zonal_shifts.all().len(), 2);
}

#[tokio::test]
async fn an_autoshift_of_another_zone_keeps_us_from_leaving_a_second() {
    let sim = quiet().await;
    let arc = ZonalShifts::new(&sdk(&sim));
    sim.account().zonal_shifts.autoshift(Some("apne2-az3"));
    let now = sim.world().now();
    let said = minute(&sim, &arc, Some(&want("apne2-az1", now))).await;
    let left = |step: &Step| matches!(step, Step::Leave { why: Why::AnotherZone(zone), .. } if zone.0 == "apne2-az3");
    assert!(said.len() == 2 && said.iter().all(|(step, _)| left(step)), "{said:?}");
    let unmanaged =
        ResourceArn("arn:aws:elasticloadbalancing:ap-northeast-2:111122223333:loadbalancer/app/none/1".into());
    assert_eq!(arc.read(std::slice::from_ref(&unmanaged), LIMIT).await[&unmanaged], State::Unmanaged);
}

#[tokio::test]
async fn whatever_call_fails_there_are_never_two_shifts_and_none_is_forgotten() {
    let calls = ["GetManagedResource", "StartZonalShift", "UpdateZonalShift", "CancelZonalShift"];
    let faults = [Fault::Throttle, Fault::ServerError, Fault::Cut, Fault::Malformed, Fault::CutAfterEffect];
    let mut pairs = 0;
    for operation in calls {
        for fault in faults {
            pairs += 1;
            let sim = quiet().await;
            let arc = ZonalShifts::new(&sdk(&sim));
            // That of the cluster and that of its load balancer.
            let rule = Rule { times: Some(2), ..Rule::once(Service::ZonalShift, operation, fault) };
            sim.faults().inject(rule);
            let now = sim.world().now();
            let longer = Want { expires_at: now + SignedDuration::from_mins(60), ..want("apne2-az1", now) };
            for wanted in [Some(want("apne2-az1", now)), Some(longer), None, Some(want("apne2-az2", now)), None] {
                for _ in 0..3 {
                    minute(&sim, &arc, wanted.as_ref()).await;
                    let active = sim.account().zonal_shifts.active(now);
                    assert!(active.iter().all(|one| one.away_from == active[0].away_from), "{operation} {fault:?}");
                }
                let active = sim.account().zonal_shifts.active(now);
                let expected = if wanted.is_some() { 2 } else { 0 };
                assert_eq!(active.len(), expected, "{operation} {fault:?} {wanted:?}: {active:?}");
                assert!(active.iter().all(|one| Some(one.expires_at) == wanted.as_ref().map(|want| want.expires_at)));
            }
        }
    }
    assert_eq!(pairs, 20);
}
