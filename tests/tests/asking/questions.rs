//! Questions in plain language through the real binary: the rules' answer and the Bedrock agent's, in the asker's thread.

use jiff::SignedDuration;
use serde_json::json;
use sim::aws::HOSTILE_AGENT_ID;
use sim::fault::{Fault, Rule, Service};
use sim::lambda::{FunctionProcess, Queue};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::asks::{CHANNEL, USER, holds, question};
use tests::binary::binary;

/// The function's real binary in front of a simulated cluster.
struct Stage {
    sim: Sim,
    queue: Queue,
    function: FunctionProcess,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(sim: Sim, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = sim.environment();
        environment.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", folder.path().join("store").display())));
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let function = FunctionProcess::start(&binary("slack-commands"), environment).await.unwrap();
        Self { sim, queue: Queue::new("slack-commands"), function, _folder: folder }
    }

    /// A cluster in which a workload of the shop cannot pull its image.
    async fn broken(more: &[(&str, &str)]) -> Self {
        let sim = Sim::start(Options::stopped(Scenario::WrongImage)).await.unwrap();
        let fires = |world: &sim::world::World| !world.alarm_history().is_empty();
        assert!(sim.world().advance_until(SignedDuration::from_mins(30), fires));
        Self::new(sim, more).await
    }

    /// All that stands in the thread of this question, which comes twice.
    async fn thread(&self, asked: &str) -> Vec<String> {
        let ts = self.sim.slack().say(USER, CHANNEL, None, asked).await.0.ts;
        let id = format!("Ev{}", ts.replace('.', ""));
        self.queue.send(&question(&id, asked, &ts));
        self.queue.send(&question(&id, asked, &ts));
        let report = self.queue.drive(&self.function).await;
        assert!(report.errors.is_empty() && report.dead == 0, "{report:?}\n{:#?}", self.function.logs());
        let messages = self.sim.slack().messages().into_iter();
        let answers = messages.filter(|message| message.thread_ts.as_deref() == Some(&ts) && message.ts != ts);
        answers
            .map(|one| {
                tests::asks::read(&json!({"text": one.text, "blocks": one.blocks, "attachments": one.attachments}))
            })
            .collect()
    }

    /// The one answer to this question.
    async fn answer(&self, asked: &str) -> String {
        let mut thread = self.thread(asked).await;
        assert_eq!(thread.len(), 1, "{thread:#?}");
        thread.remove(0)
    }

    /// How often an operation was called.
    fn calls(&self, service: Service, operation: &str) -> usize {
        let journal = self.sim.faults().journal();
        journal.iter().filter(|call| call.service == service && call.operation == operation).count()
    }
}

fn lacks(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(!text.contains(part), "{part} is there:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_answers_what_the_rules_cannot_and_cites_what_it_saw() {
    for (language, asked, words) in [
        (
            "en",
            "<@U0NGHTSHFT> what does checkout write to its log?",
            ["Deployment shop/checkout is", "Evidence", "Further"],
        ),
        ("ko", "<@U0NGHTSHFT> checkout 로그에 뭐라고 남아?", ["Deployment shop/checkout 상태", "근거", "추가 조사"]),
    ] {
        let stage = Stage::broken(&[("NIGHTSHIFT_LANG", language)]).await;
        let text = stage.answer(asked).await;
        holds(&text, &words);
        holds(&text, &["[t", "`t1`", "kubectl describe deployment checkout -n shop", "1/1 ready", "CPU"]);
        lacks(&text, &["🔎"]);
        // The question, its redelivery, and one answer that was edited while the agent looked.
        assert_eq!(stage.calls(Service::Bedrock, "InvokeAgent"), 3, "lists, a closer look, the answer; once");
        assert_eq!(stage.calls(Service::Slack, "chat.postMessage"), 1);
        assert!(stage.calls(Service::Slack, "chat.update") >= 1);
        stage.function.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_answer_stands_beside_the_agents() {
    let stage = Stage::broken(&[]).await;
    let text = stage.answer("<@U0NGHTSHFT> why is catalog pending?").await;
    holds(&text, &["shop/catalog", "does not exist", "Why", "`e", "Further", "Deployment shop/catalog is", "`t"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_hostile_agent_is_shown_and_that_is_said() {
    let stage = Stage::broken(&[("BEDROCK_ANALYSIS_AGENT_ID", HOSTILE_AGENT_ID)]).await;
    let inventions =
        ["ghost", "hacked", "evil.example", "<!channel>", "exploded", "delete", "rm -rf", "db-credentials"];
    for (asked, says) in [("how is checkout?", "shop/checkout"), ("tell me a joke", "What I can answer")] {
        let text = stage.answer(&format!("<@U0NGHTSHFT> {asked}")).await;
        holds(&text, &[says, "did not pass the checks and are not shown"]);
        lacks(&text, &inventions);
    }
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_bedrock_the_rules_text_stands_and_says_so() {
    let stage = Stage::broken(&[]).await;
    for (fault, says) in [(Fault::Throttle, "Bedrock is throttling"), (Fault::ServerError, "The Bedrock agent failed")]
    {
        stage.sim.faults().inject(Rule { service: Service::Bedrock, operation: None, skip: 0, times: Some(2), fault });
        let text = stage.answer("<@U0NGHTSHFT> how is catalog?").await;
        holds(&text, &["shop/catalog", "ready", says]);
        stage.sim.faults().clear();
    }
    stage.function.stop().await;
    let Stage { sim, .. } = stage;
    let stage = Stage::new(sim, &[("BEDROCK_ANALYSIS_AGENT_ID", "NOSUCH0001")]).await;
    holds(&stage.answer("<@U0NGHTSHFT> how is catalog?").await, &["shop/catalog", "cannot be reached"]);
    holds(&stage.answer("<@U0NGHTSHFT> tell me a joke").await, &["What I can answer", "cannot be reached"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_of_one_namespace_sees_no_other_through_the_agent() {
    let settings = tempfile::tempdir().unwrap();
    let file = settings.path().join("nightshift.yaml");
    let roles = format!("roles: [{{ role: viewer, users: [{USER}], namespaces: [shop] }}]");
    std::fs::write(&file, roles).unwrap();
    let stage = Stage::broken(&[("NIGHTSHIFT_CONFIG", file.to_str().unwrap())]).await;
    let asked = "<@U0NGHTSHFT> what do api and checkout have to say?";
    let text = stage.answer(asked).await;
    holds(&text, &["shop/checkout", "Further"]);
    lacks(&text, &["payments"]);
    stage.function.stop().await;
    let Stage { sim, .. } = stage;
    let stage = Stage::new(sim, &[]).await;
    holds(&stage.answer(asked).await, &["payments/api"]);
    stage.function.stop().await;
}
