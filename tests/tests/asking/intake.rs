//! The public door through its real binary: who is refused, who is let in, and what becomes of an alert.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim::bus::PRODUCT_BUS;
use sim::fault::{Fault, Rule, Service};
use sim::lambda::{FunctionProcess, FunctionUrl, Queue};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::binary::binary;
use tests::door::{notification, request, signed, signed_now};
use tests::night::{causes, firing};

const COMMAND: &str = "command=%2Fhealth&text=&user_id=U0123456789&channel_id=C0123456789&trigger_id=1.2.x";

/// Intake against a simulation.
struct Door {
    sim: Sim,
    function: Arc<FunctionProcess>,
    secret: String,
}

/// The secrets of webhooks: the one in use and the one before.
const WEBHOOK: [&str; 2] = ["in-use", "before"];

impl Door {
    async fn open(scenario: Scenario, more: &[(&str, &str)]) -> Self {
        let sim = Sim::start(Options::stopped(scenario)).await.unwrap();
        let mut environment = sim.environment();
        environment.push(("WEBHOOK_SECRET".to_owned(), WEBHOOK[0].to_owned()));
        environment.push(("WEBHOOK_SECRET_PREVIOUS".to_owned(), WEBHOOK[1].to_owned()));
        let secret = environment.iter().find(|(name, _)| name == "SLACK_SIGNING_SECRET").unwrap().1.clone();
        for (name, value) in more {
            environment.retain(|(known, _)| known != name);
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        let function = Arc::new(FunctionProcess::start(&binary("intake"), environment).await.unwrap());
        Self { sim, function, secret }
    }

    async fn answer(&self, event: &Value) -> (u64, Value) {
        let payload = self.function.invoke(event).await.unwrap().payload;
        let body = payload["body"].as_str().unwrap_or_default();
        (payload["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or_default())
    }

    async fn status(&self, event: &Value) -> u64 {
        self.answer(event).await.0
    }

    fn published(&self) -> Vec<Value> {
        self.sim.buses().events(PRODUCT_BUS)
    }

    fn command(&self) -> Value {
        request("/slack/commands", &signed_now(COMMAND.as_bytes(), &self.secret), COMMAND)
    }

    fn webhook(&self, body: &Value) -> Value {
        request(
            "/alerts/alertmanager",
            &[("authorization".to_owned(), format!("Bearer {}", WEBHOOK[0]))],
            &body.to_string(),
        )
    }
}

fn alert() -> Value {
    notification("sim", "shop", "api-1", "2026-11-21T05:00:00Z".parse().unwrap(), None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_late_oversized_and_wrongly_encoded_requests_are_refused_and_nothing_is_published() {
    let door = Door::open(Scenario::Healthy, &[]).await;
    let now = Timestamp::now().as_second();
    let body = COMMAND.as_bytes();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = door.command();
        change(&mut event);
        event
    };
    let big = "x".repeat(1024 * 1024 + 1);
    let refused = [
        ("forged", 401, request("/slack/commands", &signed(body, now, "another"), COMMAND)),
        ("unsigned", 401, request("/slack/commands", &[], COMMAND)),
        ("changed", 401, with(&|event| event["body"] = json!(COMMAND.replace("health", "logs")))),
        ("moved to another path's secret", 401, with(&|event| event["rawPath"] = json!("/alerts/grafana"))),
        ("late", 401, request("/slack/commands", &signed(body, now - 301, &door.secret), COMMAND)),
        ("early", 401, request("/slack/commands", &signed(body, now + 310, &door.secret), COMMAND)),
        ("oversized", 413, request("/slack/commands", &signed_now(big.as_bytes(), &door.secret), &big)),
        ("not base64", 400, with(&|event| event["isBase64Encoded"] = json!(true))),
        ("base64 of another encoding", 400, {
            let latin = b"command=\xe9";
            let mut event = request("/slack/commands", &signed_now(latin, &door.secret), &STANDARD.encode(latin));
            event["isBase64Encoded"] = json!(true);
            event
        }),
        ("not a command", 400, request("/slack/commands", &signed_now(b"{}", &door.secret), "{}")),
        ("no secret", 401, request("/alerts/alertmanager", &[], &alert().to_string())),
        (
            "wrong secret",
            401,
            request("/alerts/alertmanager", &[("x-webhook-secret".into(), "in-us".into())], &alert().to_string()),
        ),
        ("not an alert", 400, door.webhook(&json!({ "version": "4" }))),
        ("another path", 404, with(&|event| event["rawPath"] = json!("/"))),
        ("another method", 405, with(&|event| event["requestContext"]["http"]["method"] = json!("GET"))),
        ("no request", 400, json!({ "Records": [] })),
    ];
    for (name, expected, event) in refused {
        assert_eq!(door.status(&event).await, expected, "{name}");
    }
    assert_eq!(door.published(), [] as [Value; 0]);
    assert!(!door.function.logs().join("\n").contains(&door.secret));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_request_has_no_second_effect() {
    let door = Door::open(Scenario::Healthy, &[]).await;
    let command = door.command();
    let (status, body) = door.answer(&command).await;
    assert_eq!((status, &body["response_type"]), (200, &json!("ephemeral")));
    assert_eq!(door.status(&command).await, 401);
    assert_eq!(door.published().len(), 1);
    // A process that has not seen it lets it in once more, as the same event.
    let other = FunctionProcess::start(&binary("intake"), door.sim.environment()).await.unwrap();
    assert_eq!(other.invoke(&command).await.unwrap().payload["statusCode"], 200);
    let ids: std::collections::BTreeSet<_> =
        door.published().iter().map(|event| event["detail"]["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((door.published().len(), ids.len()), (2, 1));
    // Slack's own second try is signed anew and is the same question.
    let question = json!({
        "type": "event_callback", "event_id": "Ev1", "team_id": "T1",
        "event": { "type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": "<@U0> how is api?" },
    })
    .to_string();
    for (retry, at) in [0, 1].into_iter().enumerate() {
        let mut headers = signed(question.as_bytes(), Timestamp::now().as_second() + at, &door.secret);
        headers.push(("x-slack-retry-num".to_owned(), retry.to_string()));
        assert_eq!(door.status(&request("/slack/events", &headers, &question)).await, 200);
    }
    let ids: Vec<_> = door.published()[2..].iter().map(|event| event["detail"]["id"].clone()).collect();
    assert_eq!(ids, ["Ev1", "Ev1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_the_function_url_forms_are_signed_as_they_were_sent() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let door = Door::open(Scenario::Healthy, &[("NIGHTSHIFT_LANG", "ko")]).await;
    let url = FunctionUrl::start(Arc::clone(&door.function)).await.unwrap();
    let client = reqwest::Client::new();
    let post = |path: &str, headers: Vec<(String, String)>, body: String, kind: &str| {
        let request = client.post(format!("{}{path}", url.url())).header("content-type", kind).body(body);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value)).send()
    };
    let headers = signed_now(COMMAND.as_bytes(), &door.secret);
    let answer = post("slack/commands", headers, COMMAND.into(), "application/x-www-form-urlencoded").await.unwrap();
    assert_eq!(answer.status(), 200);
    let said: Value = answer.json().await.unwrap();
    assert!(said["text"].as_str().unwrap().contains("조회 중"), "{said}");
    for secret in WEBHOOK {
        let headers = vec![("x-webhook-secret".to_owned(), secret.to_owned())];
        let answer = post("alerts/alertmanager", headers, alert().to_string(), "application/json").await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(client.get(url.url()).send().await.unwrap().status(), 404);
    assert_eq!(door.published().len(), 3);
    assert_eq!(door.published()[0]["detail"]["command"], "/health");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_commands_in_a_burst_are_all_answered_and_published() {
    let door = Door::open(Scenario::Healthy, &[]).await;
    let events: Vec<_> = (0..500)
        .map(|number| {
            let body = COMMAND.replace("1.2.x", &format!("1.2.{number}"));
            request("/slack/commands", &signed_now(body.as_bytes(), &door.secret), &body)
        })
        .collect();
    let answers = futures::future::join_all(events.iter().map(|event| door.status(event))).await;
    assert!(answers.iter().all(|status| *status == 200));
    let ids: std::collections::BTreeSet<_> =
        door.published().iter().map(|event| event["detail"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_read_from_secrets_manager_and_while_they_cannot_be_the_sender_is_asked_to_come_again() {
    let arn = "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:nightshift/slack-signing-secret";
    let door =
        Door::open(Scenario::Healthy, &[("SLACK_SIGNING_SECRET", ""), ("SLACK_SIGNING_SECRET_SECRET_ARN", arn)]).await;
    let rule = Rule::once(Service::SecretsManager, "GetSecretValue", Fault::ServerError);
    door.sim.faults().inject(Rule { times: Some(3), ..rule });
    let command = door.command();
    assert_eq!(door.answer(&command).await, (503, json!({ "error": "secret-unavailable" })));
    assert_eq!(door.status(&command).await, 200);
    assert_eq!(door.published().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_becomes_a_diagnosis_in_slack_is_one_incident_with_cloudwatchs_alarm_and_is_resolved_in_its_thread() {
    let door = Door::open(Scenario::WrongImage, &[]).await;
    let sim = &door.sim;
    let queue = Arc::new(Queue::new("alarms"));
    sim.buses()
        .rule(PRODUCT_BUS, &json!({ "source": ["nightshift.intake"], "detail-type": ["Alert"] }), &queue)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut environment = sim.environment();
    environment.retain(|(name, _)| name != "NIGHTSHIFT_LANG");
    environment.push(("NIGHTSHIFT_LANG".to_owned(), "ko".to_owned()));
    environment.push(("NIGHTSHIFT_STORE".to_owned(), format!("file:{}", folder.path().join("store").display())));
    let cluster = environment.iter().find(|(name, _)| name == "NIGHTSHIFT_CLUSTERS").unwrap().1.clone();
    let analysis = FunctionProcess::start(&binary("alarm-analysis"), environment).await.unwrap();
    let fires = |world: &sim::world::World| {
        world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
    };
    assert!(sim.world().advance_until(SignedDuration::from_mins(30), fires));
    let alarm = firing(&sim.world().take_alarm_events());
    let dimensions = alarm["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"].clone();
    let namespace = dimensions["Namespace"].as_str().unwrap_or("shop").to_owned();

    let began: Timestamp = sim.world().now() - SignedDuration::from_mins(2);
    let firing = notification(&cluster, &namespace, "whatever-1", began, None);
    assert_eq!(door.status(&door.webhook(&firing)).await, 200);
    // Repeated by Alertmanager, and once more by a second one of a cluster.
    assert_eq!(door.status(&door.webhook(&firing)).await, 200);
    let mut watchdog = firing.clone();
    watchdog["alerts"][0]["labels"] = json!({ "alertname": "Watchdog", "severity": "none" });
    watchdog["alerts"][0]["fingerprint"] = json!("watchdog");
    assert_eq!(door.status(&door.webhook(&watchdog)).await, 200);
    queue.send(&alarm);
    let report = queue.drive(&analysis).await;
    assert!(report.errors.is_empty() && queue.dead_letters().is_empty(), "{:?}", report.errors);

    let threads = || sim.slack().messages().into_iter().filter(|message| !message.is_reply()).collect::<Vec<_>>();
    assert_eq!(threads().len(), 1, "{:#?}", threads());
    let text = threads()[0].text.clone();
    assert!(text.starts_with("🚨 *[INFRA] KubePodNotReady"), "{text}");
    let shown = tests::night::shown(&threads()[0]);
    for part in ["📌 요약", "🔍 원인", "🔧 조치", "non-ready state"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(Scenario::WrongImage.expected_causes().contains(&causes(&threads()[0])[0].as_str()));

    let over = notification(&cluster, &namespace, "whatever-1", began, Some(began + SignedDuration::from_mins(20)));
    assert_eq!(door.status(&door.webhook(&over)).await, 200);
    queue.send(&tests::night::later(&alarm, "OK", 1200));
    queue.drive(&analysis).await;
    assert_eq!(threads().len(), 1);
    let resolved = "✅ *[해결됨] KubePodNotReady 이슈가 정상화되었습니다.*";
    let replies: Vec<_> = sim.slack().messages().into_iter().filter(|message| message.is_reply()).collect();
    assert!(replies.iter().any(|reply| reply.text == resolved), "{:#?}", replies);
    assert_eq!(threads()[0].text, resolved);
}
