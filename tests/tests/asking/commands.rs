//! Slash commands through the real binary, in both languages: from its queue to the address that Slack gave.

use serde_json::{Value, json};
use sim::fault::{Fault, Rule, Service};
use sim::lambda::{FunctionProcess, Queue};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::asks::{ENGLISH, Hooks, KOREAN, broken, click, command, find, holds, read};
use tests::binary::binary;

/// The function's real binary in front of a simulated cluster.
struct Stage {
    sim: Sim,
    hooks: Hooks,
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
        environment.push(("K8S_NAMESPACE".to_owned(), "shop".to_owned()));
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let function = FunctionProcess::start(&binary("slack-commands"), environment).await.unwrap();
        let hooks = Hooks::start(sim.faults().clone()).await;
        Self { sim, hooks, queue: Queue::new("slack-commands"), function, _folder: folder }
    }

    async fn drive(&self) {
        let report = self.queue.drive(&self.function).await;
        assert!(report.errors.is_empty() && report.dead == 0, "{report:?}\n{:#?}", self.function.logs());
    }

    /// What somebody reads after asking this.
    async fn ask(&self, line: &str) -> Value {
        let id = format!("cmd-{}", line.trim_start_matches('/').replace(' ', "-"));
        self.queue.send(&command(&id, line, &self.hooks.address(&id)));
        self.drive().await;
        self.answer(&id)
    }

    /// The one answer: at the address, or in the channel.
    fn answer(&self, id: &str) -> Value {
        let key = format!("ask/{id}");
        let is_it = |message: &sim::slack::Message| {
            message.metadata.as_ref().is_some_and(|metadata| metadata["event_payload"]["key"] == key.as_str())
        };
        let mut posted = self.sim.slack().messages().into_iter().filter(is_it);
        match (posted.next(), posted.next()) {
            (None, _) => self.hooks.answer(id),
            (Some(one), None) => {
                assert_eq!(self.hooks.posted(id).len(), 0, "{id} is answered twice");
                json!({
                    "text": one.text, "blocks": one.blocks, "attachments": one.attachments,
                    "response_type": "in_channel",
                })
            }
            _ => panic!("{id} is answered twice"),
        }
    }

    /// What somebody reads after pressing this button of what stands there.
    async fn press(&self, answer: &Value, label: &str) -> Value {
        let button = find(answer, &|value| value["type"] == "button" && value["text"]["text"] == label);
        let button = button.unwrap_or_else(|| panic!("no button {label}: {answer}"));
        let id = format!("act-{label}");
        let text = |field: &str| button[field].as_str().unwrap_or_default().to_owned();
        self.queue.send(&click(&id, &text("action_id"), &text("value"), &self.hooks.click_address(&id)));
        self.drive().await;
        self.hooks.answer(&id)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_is_answered_in_both_languages() {
    let mut sim = broken().await;
    for (settings, words) in [
        (ENGLISH, ["Nodes", "Which service?", "ready", "Reason", "not configured", "is not known", "ephemeral"]),
        (KOREAN, ["노드", "서비스를 선택해", "Ready", "사유", "미설정", "명령은 없습니다", "in_channel"]),
    ] {
        let stage = Stage::new(sim, settings).await;
        let [nodes, which, ready, reason, unset, unknown, seen_by] = words;
        let health = stage.ask("/health").await;
        holds(&read(&health), &["[#E01E5A]", "NotReady", "Running", "PROMETHEUS_URL", nodes]);
        assert_eq!(health["response_type"], seen_by);
        let choice = stage.ask("/service-status").await;
        holds(&read(&choice), &[which, "checkout"]);
        let status = stage.press(&choice, "catalog").await;
        holds(&read(&status), &["shop/catalog", ready, "Running", "catalog:v1.8.3"]);
        holds(&read(&stage.ask("/logs catalog").await), &["shop/catalog", "catalog-"]);
        holds(&read(&stage.ask("/logs checkout").await), &["shop/checkout", "checkout-", "```"]);
        holds(&read(&stage.ask("/events").await), &[reason, "```"]);
        holds(&read(&stage.ask("/events shop warning").await), &["⚠"]);
        let net = read(&stage.ask("/net-check").await);
        holds(&net, &["shop/catalog", "OK", "RDS", "S3", "DynamoDB", unset]);
        holds(&read(&stage.ask("/deploy").await), &["/deploy", unknown, "/net-check"]);
        stage.function.stop().await;
        let Stage { sim: same, .. } = stage;
        sim = same;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn net_check_looks_at_the_database_the_bucket_and_the_table() {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap();
    sim.account().stores.put_bucket("orders-prod");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let settings = [("RDS_ENDPOINT", closed.as_str()), ("S3_BUCKET", "orders-prod"), ("DYNAMODB_TABLE", "absent")];
    let stage = Stage::new(sim, &settings).await;
    let text = read(&stage.ask("/net-check").await);
    holds(
        &text,
        &["🔴 Critical *RDS*", "🟢 OK *S3* orders-prod", "🔴 Critical *DynamoDB* absent · ResourceNotFoundException"],
    );
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_commands_in_a_burst_are_all_answered_once() {
    let stage = Stage::new(broken().await, ENGLISH).await;
    let names: Vec<String> = (0..500).map(|number| format!("burst-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let line = ["/health", "/service-status", "/events", "/logs catalog", "/service-status catalog"][number % 5];
        stage.queue.send(&command(name, line, &stage.hooks.address(name)));
        // SQS may deliver anything twice.
        if number % 50 == 0 {
            stage.queue.send(&command(name, line, &stage.hooks.address(name)));
        }
    }
    stage.drive().await;
    for name in &names {
        assert_eq!(stage.hooks.standing(name).len(), 1, "{name}");
    }
    stage.function.stop().await;
}

/// A fault of the address that commands are answered at, this often.
fn at_the_address(fault: Fault, times: usize) -> Rule {
    Rule { times: Some(times), ..Rule::once(Service::Slack, "response_url", fault) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_slack_does_not_take_is_sent_by_the_sweep_or_the_redelivery() {
    let stage = Stage::new(broken().await, ENGLISH).await;
    stage.sim.faults().inject(at_the_address(Fault::Throttle, 2));
    holds(&read(&stage.ask("/events").await), &["Reason"]);
    stage.sim.faults().inject(at_the_address(Fault::ServerError, 3));
    stage.queue.send(&command("lost", "/events", &stage.hooks.address("lost")));
    let report = stage.queue.drive(&stage.function).await;
    assert_eq!(report.dead, 1, "{report:?}");
    assert!(stage.hooks.posted("lost").is_empty());
    let sweep = json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" });
    for _ in 0..2 {
        let swept = stage.function.invoke(&sweep).await.unwrap();
        assert!(format!("{swept:?}").contains("swept"), "{swept:?}");
    }
    // Nobody can look whether the first stands: the second says that it is one.
    holds(&read(&stage.hooks.answer("lost")), &["Reason", "Sent again"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_the_channel_is_found_there_when_slacks_word_got_lost() {
    let stage = Stage::new(broken().await, &[("NIGHTSHIFT_ANSWERS", "in_channel")]).await;
    for (number, fault) in
        [Fault::TimeoutAfterEffect, Fault::CutAfterEffect, Fault::ServerError].into_iter().enumerate()
    {
        stage.sim.faults().inject(Rule::once(Service::Slack, "chat.postMessage", fault));
        let id = format!("in-channel-{number}");
        stage.queue.send(&command(&id, "/events", &stage.hooks.address(&id)));
        let report = stage.queue.drive(&stage.function).await;
        assert_eq!(report.dead, 0, "{report:?}");
        holds(&read(&stage.answer(&id)), &["Reason"]);
        assert!(!read(&stage.answer(&id)).contains("Sent again"), "{fault:?}");
    }
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_app_may_not_post_the_address_takes_the_answer_for_the_channel() {
    let stage = Stage::new(broken().await, &[("NIGHTSHIFT_ANSWERS", "in_channel")]).await;
    let mut event = command("direct", "/events", &stage.hooks.address("direct"));
    event["detail"]["channel_id"] = json!("D0BETWEENTWO");
    stage.queue.send(&event);
    stage.drive().await;
    let answer = stage.hooks.answer("direct");
    assert_eq!(answer["response_type"], "in_channel");
    holds(&read(&answer), &["Reason"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_cannot_be_read_is_said_so() {
    let sim = Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}");
    for (language, words) in [("en", "cannot be read"), ("ko", "조회 불가")] {
        let settings = [("NIGHTSHIFT_KUBE_ENDPOINT", endpoint.as_str()), ("NIGHTSHIFT_LANG", language)];
        let stage = Stage::new(sim.beside(sim::fault::Faults::default()).await.unwrap(), &settings).await;
        for line in ["/health", "/logs catalog", "/events"] {
            holds(&read(&stage.ask(line).await), &["[#E01E5A]", words, "cannot be reached"]);
        }
        // What is outside the cluster is looked at all the same.
        holds(&read(&stage.ask("/net-check").await), &["[#E01E5A]", "RDS", "cannot be reached"]);
        stage.function.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_missing_is_named_beside_what_could_be_read() {
    let stage = Stage::new(broken().await, ENGLISH).await;
    stage
        .sim
        .faults()
        .inject(Rule { times: None, ..Rule::once(Service::Kubernetes, "list nodes", Fault::ServerError) });
    let text = read(&stage.ask("/health").await);
    holds(&text, &["*Nodes*\nunknown", "Running", "Not read"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_decide_who_reads_what() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nightshift.yaml");
    std::fs::write(&file, "roles: [{ role: viewer, users: [U0SIMUSER1], namespaces: [shop] }]").unwrap();
    let stage = Stage::new(broken().await, &[("NIGHTSHIFT_CONFIG", file.to_str().unwrap())]).await;
    holds(&read(&stage.ask("/health").await), &["viewer"]);
    holds(&read(&stage.ask("/events payments").await), &["viewer", "payments"]);
    holds(&read(&stage.ask("/events shop").await), &["Reason"]);
    let forged =
        click("forged", "logs.pick.0", "prod-eks/payments/Deployment/api", &stage.hooks.click_address("forged"));
    stage.queue.send(&forged);
    stage.drive().await;
    holds(&read(&stage.hooks.answer("forged")), &["viewer", "payments"]);
    stage.function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_file_is_read_from_a_parameter_or_an_object() {
    let mut sim = broken().await;
    let roles = "roles: [{ role: viewer, users: [U0SIMUSER1], namespaces: [shop] }]";
    sim.account().parameters.put("/nightshift/settings", roles);
    sim.account().stores.put_object("settings-bucket", "a/nightshift.yaml", roles);
    for place in ["ssm:/nightshift/settings", "s3://settings-bucket/a/nightshift.yaml"] {
        let stage = Stage::new(sim, &[("NIGHTSHIFT_CONFIG", place)]).await;
        holds(&read(&stage.ask("/health").await), &["viewer"]);
        stage.function.stop().await;
        let Stage { sim: same, .. } = stage;
        sim = same;
    }
    // What is not there is told at start, with what to do.
    let function = binary("slack-commands");
    for (place, says) in [
        ("ssm:/nightshift/none", "no such parameter in ap-northeast-2; create it"),
        ("s3://settings-bucket/none", "no such object or bucket"),
        ("ssm:nightshift", "write ssm:/NAME"),
    ] {
        let mut environment = sim.environment();
        environment.push(("NIGHTSHIFT_CONFIG".to_owned(), place.to_owned()));
        environment.push(("NIGHTSHIFT_STORE".to_owned(), "file:unused".to_owned()));
        let output = tokio::process::Command::new(&function)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
            .output()
            .await
            .unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success());
        holds(&said, &[place, says]);
    }
}
