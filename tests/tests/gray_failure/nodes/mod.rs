//! Nodes end to end: one that flaps is tainted and comes back, one that a finding names is isolated; what people are told and
//! asked, what kubectl sees, and that nothing of it happens twice or is forgotten.

mod binaries;
mod course;
mod faults;
mod findings;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::config::Settings;
use shared::deadline::Deadline;
use shared::remediation::{Case, Stage};
use shared::store::Store;
use sim::Options;
use sim::slack::Message;
use sim::world::{Key, Kind, Scenario};
use tests::night::{INVOCATION, Night, aws, batch};
use tests::remedy::{Remedy, click};

const LEAD: &str = "U0LEAD0001";

/// A night, and the functions `gray-failure` and `remediation` in it.
struct Ward {
    remedy: Remedy,
    config: String,
}

impl Ward {
    /// A healthy cluster, with these settings in addition.
    async fn new(config: &str) -> Self {
        let night = Night::new(Options::stopped(Scenario::Healthy)).await;
        let roles = "roles:\n  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }\n";
        let config = format!("{roles}{config}\n");
        Self { remedy: Remedy::new(night, &config), config }
    }

    /// `gray-failure`, as a new process would have it.
    fn gray(&self) -> gray_failure::App {
        let environment = self.remedy.night.sim.environment();
        let lookup = |name: &str| match name {
            "NIGHTSHIFT_CONFIG" => Some("nightshift.yaml".to_owned()),
            "NIGHTSHIFT_STORE" => Some("file:unused".to_owned()),
            _ => environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
        };
        let settings = Settings::from_lookup(gray_failure::REQUIRED, &lookup, &|_| Ok(self.config.clone())).unwrap();
        let clients = gray_failure::Clients::new(settings)
            .with_store(Store::new(self.remedy.night.store.clone()))
            .with_aws(aws(&environment));
        let clock = self.remedy.night.clock.clone();
        gray_failure::App::with(clients, Arc::new(move || clock.now()))
    }

    /// A minute passes in the world and on the clock, and both functions have their schedule.
    async fn minute(&self) {
        self.remedy.night.sim.world().advance(SignedDuration::from_mins(1));
        self.remedy.night.clock.advance(Duration::from_secs(60));
        self.schedules().await;
    }

    async fn schedules(&self) {
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        let answer = Box::pin(self.gray().handle(event, Deadline::within(INVOCATION))).await.unwrap();
        assert_eq!(answer["clusters"], 1, "{answer}");
        self.remedy.sweep().await;
    }

    async fn minutes(&self, count: usize) {
        for _ in 0..count {
            self.minute().await;
        }
    }

    /// Events come by the queue; the answer.
    async fn told(&self, events: &[Value]) -> Value {
        Box::pin(self.gray().handle(batch(events), Deadline::within(INVOCATION))).await.unwrap()
    }

    fn node(&self, number: usize) -> Value {
        self.remedy.night.sim.world().objects(Kind::Node, "")[number].clone()
    }

    fn live(&self, name: &str) -> Value {
        self.remedy.night.sim.world().object(Kind::Node, &Key::new("", name)).unwrap()
    }

    fn set(&self, node: &str, condition: &str, status: &str) {
        assert!(self.remedy.night.sim.world().set_node_condition(node, condition, status, "OfTheTest"));
    }

    /// Somebody presses Approve at the one case of this action that people are asked about.
    async fn approve(&self, action: &str) -> Case {
        let asked = self.remedy.case_of(action).await;
        assert!(matches!(asked.stage, Stage::Asked { .. }), "{:?}", asked.stage);
        self.remedy.click(&click("remediation.approve", &asked, LEAD)).await;
        asked
    }

    /// All cases that are open, by action and stage.
    async fn open(&self) -> Vec<(&'static str, &'static str)> {
        let open = self.remedy.store().open_cases(100, self.remedy.night.clock.now()).await.unwrap();
        open.iter().map(|kept| (kept.case.proposal.action.name(), kept.case.stage.name())).collect()
    }

    /// The messages of gray-failure, oldest first.
    fn said(&self) -> Vec<Message> {
        let ours = |message: &Message| {
            let kind = message.metadata.as_ref().map(|data| data["event_type"].clone());
            kind == Some(json!("nightshift_node")) || kind == Some(json!("nightshift_finding"))
        };
        self.remedy.night.messages().into_iter().filter(ours).collect()
    }
}

/// What kubectl prints of a node.
async fn kubectl(server: &str, node: &str) -> Option<Value> {
    let home = tempfile::TempDir::new().unwrap();
    let output = tokio::process::Command::new(tests::judges::kubectl()?)
        .args([&format!("--server={server}"), "get", "node", node, "-o", "json"])
        .env("HOME", home.path())
        .env("KUBECONFIG", home.path().join("none"))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A node's taints, without when they were put there.
fn taints(node: &Value) -> Vec<String> {
    let all = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let text = |taint: &Value, field: &str| taint[field].as_str().unwrap_or_default().to_owned();
    all.iter().map(|it| format!("{}={}:{}", text(it, "key"), text(it, "value"), text(it, "effect"))).collect()
}

/// The names of the pods on a node.
fn pods_on(ward: &Ward, node: &str) -> Vec<String> {
    let pods = ward.remedy.night.sim.world().objects(Kind::Pod, "");
    let there = pods.iter().filter(|pod| pod["spec"]["nodeName"] == node);
    there.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn name(node: &Value) -> String {
    node["metadata"]["name"].as_str().unwrap().to_owned()
}

/// A sample finding, about this node.
fn finding(sample: &str, node: &Value) -> Value {
    let mut event = event(sample);
    let instance = node["spec"]["providerID"].as_str().unwrap().rsplit('/').next().unwrap();
    event["detail"]["resource"]["instanceDetails"]["instanceId"] = json!(instance);
    event
}

fn event(sample: &str) -> Value {
    let path = tests::judges::repository().join("events").join(sample);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
