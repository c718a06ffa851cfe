//! The real binary with a Bedrock agent that does not mean well: the rules' message stands, and nothing of the agent's
//! inventions reaches Slack. On the way the Rust SDK's clients meet sim's EKS, CloudWatch and agent runtime.

use jiff::SignedDuration;
use sim::aws::HOSTILE_AGENT_ID;
use sim::fault::Service;
use sim::lambda::{FunctionProcess, Queue, find_binary};
use sim::world::Scenario;
use sim::{Options, Sim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_hostile_agent_says_reaches_slack() {
    let sim = Sim::start(Options::stopped(Scenario::WrongImage)).await.expect("sim starts");
    let rang = sim.world().advance_until(SignedDuration::from_mins(20), |world| !world.alarm_history().is_empty());
    assert!(rang, "no alarm within twenty minutes");
    let store = tempfile::tempdir().expect("a directory");

    let mut environment = sim.environment();
    // By its name, so that it is looked up in EKS and a token is made.
    environment.retain(|(name, _)| name != "NIGHTSHIFT_KUBE_ENDPOINT" && name != "BEDROCK_ANALYSIS_AGENT_ID");
    environment.push(("BEDROCK_ANALYSIS_AGENT_ID".to_owned(), HOSTILE_AGENT_ID.to_owned()));
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", store.path().join("store.redb").display())));
    let binary = find_binary("alarm-analysis").expect("built by `cargo build --workspace --bins`");
    let function = FunctionProcess::start(&binary, environment).await.expect("the function starts");

    let queue = Queue::new("alarms");
    // The first alarm alone: it opens the incident, which is what the agent is asked about.
    queue.send(&sim.world().take_alarm_events()[0]);
    let report = queue.drive(&function).await;
    assert_eq!((report.delivered, report.dead), (1, 0), "{:?}\n{}", report.errors, function.logs().join("\n"));

    let called = |service, operation: &str| {
        sim.faults().journal().iter().filter(|call| call.service == service && call.operation == operation).count()
    };
    assert_eq!(called(Service::Eks, "DescribeCluster"), 1);
    assert!(called(Service::CloudWatch, "GetMetricData") > 0);
    assert_eq!(called(Service::Bedrock, "InvokeAgent"), 2, "asked, and answered its calls for tools");

    let messages = sim.slack().messages();
    assert!(!messages.is_empty());
    for message in &messages {
        let shown = format!("{} {:?} {:?}", message.text, message.blocks, message.attachments);
        for invention in
            ["ghost", "hacked", "evil.example", "<!channel>", "exploded", "delete", "scale deploy", "rm -rf"]
        {
            assert!(!shown.contains(invention), "{invention} in {shown}");
        }
    }
    assert!(messages[0].text.contains("does not exist"), "{}", messages[0].text);
}
