//! Threshold alarms over CloudWatch as sim speaks it (held to boto3 by `sim_aws`): made, kept, changed, deleted, and heard.

use serde_json::json;
use shared::config::{ClusterSettings, ServiceSettings};
use shared::thresholds::{Levels, Metric, Plan, apply, desired, plan};
use sim::fault::{Fault, Rule, Service};
use sim::lambda::FunctionProcess;
use sim::world::{Scenario, StateValue};
use sim::{Options, Sim};
use tests::binary::binary;
use tests::night::aws_at;

fn client(sim: &Sim) -> aws_sdk_cloudwatch::Client {
    aws_sdk_cloudwatch::Client::new(&aws_at(&sim.aws_endpoint(), "ap-northeast-2"))
}

async fn sim() -> Sim {
    Sim::start(Options::stopped(Scenario::Healthy)).await.expect("sim starts")
}

fn cluster(sim: &Sim) -> ClusterSettings {
    ClusterSettings { name: sim.world().options().cluster.clone(), ..ClusterSettings::default() }
}

fn service() -> ServiceSettings {
    ServiceSettings {
        name: "checkout".into(),
        namespace: "shop".into(),
        load_balancer: Some("app/shop/0123456789abcdef".into()),
        target_group: Some("targetgroup/checkout/0123456789abcdef".into()),
        ..ServiceSettings::default()
    }
}

async fn planned(client: &aws_sdk_cloudwatch::Client, cluster: &ClusterSettings, levels: &Levels) -> Plan {
    let wanted = desired(std::slice::from_ref(cluster), &[service()], levels);
    plan(&wanted, &apply::existing(client).await.expect("described"), &[&cluster.name])
}

fn counts(plan: &Plan) -> [usize; 4] {
    [plan.create.len(), plan.update.len(), plan.delete.len(), plan.keep.len()]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_found_as_it_should_be_and_only_differences_are_written() {
    let sim = sim().await;
    let (client, cluster) = (client(&sim), cluster(&sim));
    let others = sim.world().alarms().len();
    let mut levels = Levels::default();

    let first = planned(&client, &cluster, &levels).await;
    assert_eq!(counts(&first), [14, 0, 0, 0]);
    apply::apply(&client, &first).await.expect("applied");
    assert_eq!(counts(&planned(&client, &cluster, &levels).await), [0, 0, 0, 14]);

    levels.latency_p95_ms.critical = Some(1500.0);
    let moved = planned(&client, &cluster, &levels).await;
    assert_eq!(counts(&moved), [0, 1, 0, 13]);
    apply::apply(&client, &moved).await.expect("applied");
    assert_eq!(counts(&planned(&client, &cluster, &levels).await), [0, 0, 0, 14]);

    levels.disk_percent.off = true;
    levels.error_rate_percent.off = true;
    let fewer = planned(&client, &cluster, &levels).await;
    assert_eq!(counts(&fewer), [0, 0, 4, 10]);
    apply::apply(&client, &fewer).await.expect("applied");
    assert_eq!(sim.world().alarms().len(), others + 10, "alarms of others stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cut_off_is_finished_by_the_next() {
    let sim = sim().await;
    let (client, cluster) = (client(&sim), cluster(&sim));
    let first = planned(&client, &cluster, &Levels::default()).await;
    let rule = Rule::once(Service::CloudWatch, "PutMetricAlarm", Fault::Throttle);
    sim.faults().inject(Rule { skip: 5, times: None, ..rule });
    let error = apply::apply(&client, &first).await.expect_err("throttled");
    assert_eq!(error.operation, "PutMetricAlarm");
    sim.faults().clear();
    let rest = planned(&client, &cluster, &Levels::default()).await;
    assert_eq!((rest.create.len() + rest.keep.len(), rest.keep.len()), (14, 5));
    apply::apply(&client, &rest).await.expect("applied");
    assert!(planned(&client, &cluster, &Levels::default()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_whose_line_is_crossed_rings() {
    let sim = sim().await;
    let (client, cluster) = (client(&sim), cluster(&sim));
    let mut levels = Levels::default();
    // The simulated nodes' file systems are a third full.
    levels.disk_percent.warning = Some(5.0);
    assert_eq!(levels.line(Metric::Disk, shared::thresholds::Severity::Critical), Some(90.0));
    apply::apply(&client, &planned(&client, &cluster, &levels).await).await.expect("applied");
    sim.world().advance(jiff::SignedDuration::from_mins(10));
    let disk = |severity: &str| {
        let alarms = sim.world().alarms();
        let name = format!("nightshift-threshold-{}-nodes-disk-{severity}", cluster.name);
        alarms.into_iter().find(|alarm| alarm.name == name).expect("made").state.value
    };
    assert_eq!((disk("warning"), disk("critical")), (StateValue::Alarm, StateValue::Ok));
}

/// The function's real binary, by its schedule.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_keeps_the_alarms_that_the_settings_ask_for_and_boto3_finds_them() {
    let sim = sim().await;
    let others = sim.world().alarms().len();
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("nightshift.yaml");
    let invoked = async |config: &str| {
        std::fs::write(&file, config).expect("written");
        let mut environment = sim.environment();
        environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", folder.path().join("store").display())));
        environment.push(("NIGHTSHIFT_CONFIG".to_owned(), file.display().to_string()));
        let function = FunctionProcess::start(&binary("alarm-analysis"), environment).await.expect("it starts");
        let event = json!({ "source": "nightshift", "detail-type": "Nightshift Thresholds" });
        let outcome = function.invoke(&event).await.map(|response| response.payload);
        function.stop().await;
        outcome
    };
    let counted = |made: usize, changed: usize, deleted: usize, kept: usize| json!({ "made": made, "changed": changed, "deleted": deleted, "kept": kept });
    let nothing = invoked("roles: []").await.expect("answered");
    assert_eq!((nothing, sim.world().alarms().len()), (json!({ "outcome": "none asked for" }), others));

    // Cut off in the middle, the rest is made by the next run, and the one after that finds nothing to do.
    let rule = Rule::once(Service::CloudWatch, "PutMetricAlarm", Fault::ServerError);
    sim.faults().inject(Rule { skip: 2, times: None, ..rule });
    assert!(invoked("thresholds: {}").await.is_err());
    sim.faults().clear();
    assert_eq!(invoked("thresholds: {}").await.expect("answered"), counted(4, 0, 0, 2));
    assert_eq!(invoked("thresholds: {}").await.expect("answered"), counted(0, 0, 0, 6));
    assert_eq!(sim.world().alarms().len(), others + 6);
    if let Some(python) = tests::judges::python() {
        let mut judge = tokio::process::Command::new(python);
        judge.arg(tests::judges::script("threshold_alarms.py")).env_clear().envs(sim.environment());
        let output = judge.output().await.expect("python runs");
        let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.lines().count() == 6, "{said}\n{complaint}");
    }
    let fewer = "thresholds: { cpu_percent: { warning: 60 }, disk_percent: { off: true } }";
    assert_eq!(invoked(fewer).await.expect("answered"), counted(0, 1, 2, 3));
    assert_eq!(sim.world().alarms().len(), others + 4);
}

/// Prometheus's own tool is an outside judge that no package registry carries: it judges where it is installed, and the rules'
/// structure is held by tests of their own.
#[test]
fn promtool_takes_the_rules() {
    let rules = shared::thresholds::prometheus::rules(&Levels::default()).yaml().expect("a rule file");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("nightshift.yaml");
    std::fs::write(&file, rules).expect("written");
    let Ok(output) = std::process::Command::new("promtool").args(["check", "rules"]).arg(&file).output() else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("20 rules found"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
