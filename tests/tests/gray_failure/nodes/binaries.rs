//! The same through the real binaries: GuardDuty's event on the account's bus, its rule and its queue, `gray-failure`, and
//! `remediation` behind it.

use sim::Sim;
use sim::bus::DEFAULT_BUS;
use sim::lambda::{FunctionProcess, FunctionSettings, Queue, QueueSettings};
use tests::binary::binary;

use super::*;

/// The rule of infra/template.yaml.
fn pattern() -> Value {
    json!({ "source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_on_the_bus_isolates_the_node_and_a_broken_one_ends_among_the_dead_letters() {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("nightshift.yaml");
    std::fs::write(&config, "guardduty: { mode: automatic }\nnodes: { mode: automatic }\n").unwrap();
    let store = format!("file:{}", folder.path().join("store").display());
    let mut environment = sim.environment();
    environment.push(("NIGHTSHIFT_STORE".to_owned(), store));
    environment.push(("NIGHTSHIFT_CONFIG".to_owned(), config.display().to_string()));
    let start = async |name: &str| {
        let settings = FunctionSettings { concurrency: 1, ..FunctionSettings::new(&binary(name), environment.clone()) };
        FunctionProcess::start_with(settings).await.unwrap()
    };
    let (gray, remediation) = (start("gray-failure").await, start("remediation").await);
    let settings = QueueSettings { max_receive_count: 2, ..QueueSettings::default() };
    let queue = Arc::new(Queue::with_settings("gray-failure", settings));
    sim.buses().rule(DEFAULT_BUS, &pattern(), &queue).unwrap();

    let nodes = sim.world().objects(Kind::Node, "");
    let (found, ill) = (name(&nodes[4]), name(&nodes[1]));
    let mut broken = event("guardduty-runtime.json");
    broken["detail"] = json!({ "id": "f" });
    sim.buses().publish(DEFAULT_BUS, finding("guardduty-runtime.json", &nodes[4]));
    sim.buses().publish(DEFAULT_BUS, broken);
    let report = queue.drive(&gray).await;
    assert_eq!((report.delivered, report.dead), (1, 1), "{report:?}\n{:#?}", gray.logs());
    assert_eq!(queue.dead_letters().len(), 1);
    assert!(gray.logs().iter().any(|line| line.contains("MalformedFinding") && line.contains("missing field")));

    // In the meantime the kernel of another node has failed for ten minutes.
    let since = jiff::Timestamp::now() - SignedDuration::from_mins(10);
    let mut conditions = nodes[1]["status"]["conditions"].clone();
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    conditions.as_array_mut().unwrap().push(json!({
        "type": "KernelReady", "status": "False", "reason": "SoftLockup", "lastTransitionTime": since,
    }));
    sim.world().merge(Kind::Node, &Key::new("", &ill), &json!({ "status": { "conditions": conditions } }));

    let minute = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
    for _ in 0..2 {
        for function in [&gray, &remediation] {
            function.invoke(&minute).await.unwrap_or_else(|error| panic!("{error}: {:#?}", function.logs()));
        }
    }
    let live = |node: &str| sim.world().object(Kind::Node, &Key::new("", node)).unwrap();
    assert_eq!(
        taints(&live(&ill)),
        ["nightshift.io/unhealthy=failing-KernelReady:NoSchedule"],
        "{:#?}",
        remediation.logs()
    );
    if let Some(seen) = kubectl(&sim.kube_endpoint(), &found).await {
        assert_eq!(seen["spec"]["unschedulable"], true);
        assert!(taints(&seen).contains(&"nightshift.io/isolated=cryptocurrency:NoSchedule".to_owned()), "{seen}");
    }
    let asked = |text: &str| sim.slack().messages().iter().any(|message| message.text.contains(text));
    assert!(asked(&format!("Drain node {found}?")), "{:#?}", sim.slack().messages());
    gray.stop().await;
    remediation.stop().await;
}
