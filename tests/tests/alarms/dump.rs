//! What stock `kubectl cluster-info dump` writes of sim leads to the cause that the live cluster leads to.

use jiff::SignedDuration;
use shared::diagnosis::{Trigger, diagnose};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::night::{aws, firing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_gives_the_same_cause_as_the_live_cluster() {
    if std::process::Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("skipped: kubectl is not installed");
        return;
    }
    for scenario in [Scenario::WrongImage, Scenario::BadRollout] {
        let sim = Sim::start(Options::stopped(scenario)).await.unwrap();
        let fires = |world: &sim::world::World| {
            world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
        };
        assert!(sim.world().advance_until(SignedDuration::from_mins(30), fires));
        let trigger = Trigger::from_alarm_event(&firing(&sim.world().take_alarm_events()));
        // The first alarm may ring before the first crash is reported; a minute later there is something to agree on.
        sim.world().advance(SignedDuration::from_mins(1));

        let target = shared::eks::ClusterTarget::Endpoint { url: sim.kube_endpoint(), name: "prod-eks".to_owned() };
        let cluster = shared::eks::Cluster::connect(&target, &aws(&sim.environment())).await.unwrap();
        let live = diagnose(&cluster.read(&shared::eks::ReadPlan::default()).await.unwrap(), &trigger);

        let folder = tempfile::tempdir().unwrap();
        let written = tokio::process::Command::new("kubectl")
            .arg(format!("--server={}", sim.kube_endpoint()))
            .args(["cluster-info", "dump", "--all-namespaces", "--output-directory"])
            .arg(folder.path())
            .output()
            .await
            .unwrap();
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let dumped = diagnose(&shared::snapshot::Snapshot::read_dir(folder.path()).unwrap(), &trigger);
        let first = |found: &shared::diagnosis::Diagnosis| {
            found.causes.first().map(|cause| (cause.id.clone(), cause.object.clone()))
        };
        assert_eq!(first(&dumped), first(&live), "{scenario}");
        assert!(scenario.expected_causes().contains(&live.causes[0].id.as_str()), "{scenario}: {}", live.causes[0].id);
    }
}
