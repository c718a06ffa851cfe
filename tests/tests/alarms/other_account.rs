//! A cluster of another account and region, reached by roles: sim lets in nobody without keys that STS gave for one, and
//! nobody who signs for another region.

use sim::Options;
use sim::fault::Service;
use sim::world::Scenario;
use tests::judges;
use tests::limp::Limp;
use tests::night::{Night, causes, deliver, firing, shown};

const READS: &str = "arn:aws:iam::444455556666:role/nightshift-reads";
const CHANGES: &str = "arn:aws:iam::444455556666:role/nightshift-changes";
const ROLES: [&str; 2] = [READS, CHANGES];

/// A night with a bad rollout in another account, whose settings name the role, and the events of its first alarm.
async fn bad_rollout(directory: &tempfile::TempDir) -> (Night, Vec<serde_json::Value>) {
    let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let path = directory.path().join("nightshift.yaml");
    std::fs::write(&path, night.move_away(ROLES)).unwrap();
    night.more.push(("NIGHTSHIFT_CONFIG", String::leak(path.display().to_string())));
    let alarm = firing(&night.wait_for_alarm());
    (night, vec![alarm])
}

#[tokio::test]
async fn an_alarm_of_another_accounts_cluster_is_diagnosed_by_the_role_which_is_assumed_once() {
    let directory = tempfile::tempdir().unwrap();
    let (night, alarms) = bad_rollout(&directory).await;
    assert!(deliver(&night.app(), &alarms).await.is_empty());
    let threads = night.threads();
    let named = causes(&threads[0]);
    assert!(Scenario::BadRollout.expected_causes().contains(&named[0].as_str()), "{named:?}");
    assert_eq!(night.sim.account().roles.sessions(), [format!("{READS}/nightshift")]);
    let asked = |service, operation: &str| {
        night.sim.faults().journal().iter().any(|call| call.service == service && call.operation == operation)
    };
    assert!(asked(Service::Eks, "DescribeCluster") && asked(Service::CloudWatch, "GetMetricData"));
    assert!(!night.messages().iter().any(|message| shown(message).contains("authorized")), "nothing was refused");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named_in_the_message_with_what_to_allow() {
    let directory = tempfile::tempdir().unwrap();
    let (night, alarms) = bad_rollout(&directory).await;
    night.sim.account().roles.need(&["arn:aws:iam::444455556666:role/another"]);
    assert!(deliver(&night.app(), &alarms).await.is_empty());
    let message = shown(&night.threads()[0]);
    assert!(message.contains(READS) && message.contains("sts:AssumeRole"), "{message}");
    assert!(night.sim.account().roles.sessions().is_empty());
}

#[tokio::test]
async fn a_zone_of_another_accounts_cluster_is_judged_by_one_role_and_left_by_the_other() {
    let night = Limp::new("automatic").await.with_databases_elsewhere().in_another_account(ROLES);
    night.sweep().await;
    night.pass_until(20, "🔴").await;
    night.pass(1).await;
    let shift = night.remedy.case_of("zonal-shift").await;
    assert_eq!(shift.stage.name(), "watching", "{:?}", shift.assessment);
    let shifts = night.night().sim.account().zonal_shifts.active(night.night().sim.world().now());
    assert_eq!(shifts.len(), 2, "{shifts:?}");
    let sessions = night.night().sim.account().roles.sessions();
    for role in ROLES {
        assert!(sessions.contains(&format!("{role}/nightshift")), "{sessions:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_assumes_the_role_and_is_let_in_by_it_alone() {
    let Some(python) = judges::python() else { return };
    let mut night = Night::new(Options::stopped(Scenario::Healthy)).await;
    night.move_away(ROLES);
    let output = tokio::process::Command::new(python)
        .arg(judges::script("other_account.py"))
        .env_clear()
        .envs(night.sim.environment())
        .env("ROLE_ARN", READS)
        .output()
        .await
        .unwrap();
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    assert_eq!(night.sim.account().roles.sessions(), [format!("{READS}/judge")]);
}
