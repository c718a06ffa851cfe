//! What people do in the simulated Slack, as the app behind it receives it, and the app's answers to response URLs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use sim::fault::Faults;
use sim::slack::{
    ALERTS_CHANNEL, APPROVER, Connection, Delivery, OPERATOR, REQUESTER, Workspace, direct_channel, router, signature,
};
use tokio::net::TcpListener;

const SECRET: &str = "test-secret";

/// A request that the app got.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of a form.
    fn field(&self, name: &str) -> String {
        let pair = self.body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        percent_encoding::percent_decode_str(&pair.unwrap().replace('+', " ")).decode_utf8().unwrap().into_owned()
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.field("payload")).unwrap()
    }
}

/// An app that answers as it is told, and 200 when it is told nothing.
#[derive(Clone, Default)]
struct App {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
}

impl App {
    fn answer_with(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back((status, body.to_owned()));
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn last(&self) -> Got {
        self.got().pop().unwrap()
    }
}

async fn take(State(app): State<App>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let challenge = serde_json::from_str::<Value>(&body).ok().filter(|body| body["type"] == "url_verification");
    app.got.lock().unwrap().push(Got { path: uri.path().to_owned(), headers, body });
    if let Some(challenge) = challenge {
        return (StatusCode::OK, challenge["challenge"].as_str().unwrap().to_owned());
    }
    let (status, body) = app.answers.lock().unwrap().pop_front().unwrap_or((200, String::new()));
    (StatusCode::from_u16(status).unwrap(), body)
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/")
}

struct Stage {
    workspace: Workspace,
    app: App,
    slack: String,
}

impl Stage {
    async fn new() -> Self {
        let (workspace, app) = (Workspace::default(), App::default());
        workspace.rates.enforce(false);
        let slack = serve(router(workspace.clone(), Faults::default())).await;
        let url = serve(Router::new().fallback(take).with_state(app.clone())).await;
        let connection = Connection { retry_after: [Duration::ZERO; 3], ..Connection::new(url, SECRET) };
        workspace.connect(connection).await.unwrap();
        app.got.lock().unwrap().clear();
        Self { workspace, app, slack }
    }

    /// Posts to a response URL as it was given out; its path on this workspace's listener.
    async fn respond(&self, response_url: &str, body: Value) -> (u16, String) {
        let path = response_url.split_once("localhost/").unwrap().1;
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let response = client.post(format!("{}{path}", self.slack)).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A message with a button and a menu.
    async fn message(&self) -> String {
        let text = |text: &str| json!({"type": "plain_text", "text": text});
        let blocks = json!([
            {"type": "section", "text": text("Which?"), "accessory": {"type": "static_select", "action_id": "logs.pick",
                "placeholder": text("Pod"), "options": [{"text": text("one"), "value": "1"}, {"text": text("two"), "value": "2"}]}},
            {"type": "actions", "block_id": "act", "elements": [
                {"type": "button", "action_id": "service-status.pick", "text": text("api"), "value": "shop/api"}]},
        ]);
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let response = client
            .post(format!("{}api/chat.postMessage", self.slack))
            .bearer_auth("xoxb-sim")
            .json(&json!({"channel": ALERTS_CHANNEL, "text": "pick", "attachments": [{"blocks": blocks}]}))
            .send()
            .await
            .unwrap();
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        answer["ts"].as_str().unwrap().to_owned()
    }

    fn texts(&self) -> Vec<String> {
        self.workspace.messages().into_iter().map(|message| message.text).collect()
    }
}

#[tokio::test]
async fn a_command_is_a_signed_form_and_its_answers_are_seen_by_who_asked_alone() {
    let stage = Stage::new().await;
    let delivery = stage.workspace.command(OPERATOR.id, "#alerts", "/health shop 파드 a&b").await;
    assert!(delivery.is_acknowledged(), "{delivery:?}");
    let got = stage.app.last();
    assert_eq!((got.path.as_str(), got.field("command").as_str()), ("/slack/commands", "/health"));
    assert_eq!((got.field("text").as_str(), got.field("user_id").as_str()), ("shop 파드 a&b", OPERATOR.id));
    let timestamp: i64 = got.header("x-slack-request-timestamp").parse().unwrap();
    assert_eq!(got.header("x-slack-signature"), signature(SECRET, timestamp, &got.body));
    assert_eq!(got.header("content-type"), "application/x-www-form-urlencoded");

    let url = got.field("response_url");
    assert_eq!(stage.respond(&url, json!({"text": "well"})).await, (200, r#"{"ok":true}"#.to_owned()));
    assert_eq!(stage.respond(&url, json!({"text": "all", "response_type": "in_channel"})).await.0, 200);
    // After a command there is no original: what would replace it is a message of its own.
    assert_eq!(stage.respond(&url, json!({"text": "again", "replace_original": true})).await.0, 200);
    let seen: Vec<_> =
        stage.workspace.messages().into_iter().map(|message| (message.text, message.ephemeral_for)).collect();
    let only = Some(OPERATOR.id.to_owned());
    assert_eq!(seen, [("well".into(), only.clone()), ("all".into(), None), ("again".into(), only)]);
}

#[tokio::test]
async fn a_response_url_takes_five_answers_and_refuses_what_slack_refuses() {
    let stage = Stage::new().await;
    stage.workspace.command(OPERATOR.id, ALERTS_CHANNEL, "/health").await;
    let url = stage.app.last().field("response_url");
    assert_eq!(stage.respond(&url, json!({})).await, (400, "no_text".to_owned()));
    assert_eq!(stage.respond(&url, json!({"blocks": "x"})).await, (400, "invalid_payload".to_owned()));
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3001)}}]);
    assert_eq!(stage.respond(&url, json!({"blocks": blocks})).await, (400, "invalid_blocks".to_owned()));
    for number in 1..=5 {
        assert_eq!(stage.respond(&url, json!({"text": number.to_string()})).await.0, 200);
    }
    let (status, body) = stage.respond(&url, json!({"text": "6"})).await;
    assert_eq!((status, body.contains("used_url")), (404, true), "{body}");
    assert_eq!(stage.texts(), ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_click_carries_its_element_and_its_answer_may_replace_or_delete_the_message() {
    let stage = Stage::new().await;
    let ts = stage.message().await;
    let press = |action, value| stage.workspace.press(APPROVER.id, ALERTS_CHANNEL, &ts, action, value);
    assert!(press("service-status.pick", None).await.is_acknowledged());
    let payload = stage.app.last().payload();
    assert_eq!(stage.app.last().path, "/slack/interactivity");
    assert_eq!((&payload["type"], &payload["user"]["id"]), (&json!("block_actions"), &json!(APPROVER.id)));
    assert_eq!((&payload["container"]["message_ts"], &payload["message"]["ts"]), (&json!(ts), &json!(ts)));
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["action_id"], &action["value"], &action["block_id"]),
        (&json!("service-status.pick"), &json!("shop/api"), &json!("act"))
    );
    assert!(press("logs.pick", Some("2")).await.is_acknowledged());
    assert_eq!(stage.app.last().payload()["actions"][0]["selected_option"]["value"], "2");
    assert_eq!(press("remediation.approve", None).await, Delivery::NotSent);

    let url = stage.app.last().payload()["response_url"].as_str().unwrap().to_owned();
    assert_eq!(stage.respond(&url, json!({"text": "api: well", "replace_original": true})).await.0, 200);
    assert_eq!(stage.texts(), ["api: well"]);
    assert_eq!(stage.respond(&url, json!({"delete_original": true})).await.0, 200);
    assert!(stage.texts().is_empty());
}

#[tokio::test]
async fn a_mention_and_a_direct_message_are_events_and_other_messages_are_not() {
    let stage = Stage::new().await;
    let text = "@nightshift why is <api> pending?";
    let (message, delivery) = stage.workspace.say(REQUESTER.id, ALERTS_CHANNEL, None, text).await;
    assert!(delivery.is_acknowledged());
    let event: Value = serde_json::from_str(&stage.app.last().body).unwrap();
    assert_eq!((&event["type"], &event["event"]["type"]), (&json!("event_callback"), &json!("app_mention")));
    assert_eq!(event["event"]["text"], "<@U0NGHTSHFT> why is &lt;api&gt; pending?");
    assert_eq!(event["event"]["ts"], json!(message.ts));

    let direct = direct_channel(REQUESTER.id);
    stage.workspace.say(REQUESTER.id, &direct, None, "what is OOMing?").await;
    let event: Value = serde_json::from_str(&stage.app.last().body).unwrap();
    assert_eq!((&event["event"]["type"], &event["event"]["channel_type"]), (&json!("message"), &json!("im")));

    let (_, delivery) = stage.workspace.say(REQUESTER.id, ALERTS_CHANNEL, None, "lunch?").await;
    assert_eq!((delivery, stage.app.got().len()), (Delivery::NotSent, 2));
}

#[tokio::test]
async fn an_event_that_is_not_acknowledged_is_sent_three_more_times_with_its_id() {
    let stage = Stage::new().await;
    for _ in 0..4 {
        stage.app.answer_with(503, "");
    }
    let (_, delivery) = stage.workspace.say(OPERATOR.id, ALERTS_CHANNEL, None, "@nightshift hot nodes?").await;
    assert!(!delivery.is_acknowledged());
    let got = stage.app.got();
    let retries: Vec<_> = got.iter().map(|got| got.header("x-slack-retry-num").to_owned()).collect();
    assert_eq!(retries, ["", "1", "2", "3"]);
    assert_eq!(got[1].header("x-slack-retry-reason"), "http_error");
    assert!(got.iter().all(|one| one.body == got[0].body), "the same event each time");
}

#[tokio::test]
async fn a_command_that_fails_is_told_by_slackbot_and_is_not_repeated() {
    let stage = Stage::new().await;
    stage.app.answer_with(500, "");
    let delivery = stage.workspace.command(OPERATOR.id, ALERTS_CHANNEL, "/health").await;
    assert!(matches!(delivery, Delivery::Answered { status: 500, .. }));
    assert_eq!(stage.app.got().len(), 1);
    assert_eq!(stage.texts(), ["/health failed with the error \"http_service_error\""]);
    assert_eq!(stage.workspace.command(OPERATOR.id, ALERTS_CHANNEL, "/healthy").await, Delivery::NotSent);
    assert!(stage.texts()[1].contains("`/healthy` is not a valid command"), "{:?}", stage.texts());
    stage.app.answer_with(200, r#"{"response_type":"in_channel","text":"looking"}"#);
    stage.workspace.command(OPERATOR.id, ALERTS_CHANNEL, "/events shop").await;
    assert_eq!(stage.texts()[2..], ["/events shop", "looking"]);
}

#[tokio::test]
async fn an_address_that_does_not_answer_the_challenge_is_not_taken() {
    let workspace = Workspace::default();
    let url = serve(Router::new().fallback(|| async { "something else" })).await;
    let error = workspace.connect(Connection::new(url, SECRET)).await.unwrap_err();
    assert!(error.to_string().contains("url_verification"), "{error}");
    assert!(workspace.connection().is_none());
}

#[tokio::test]
async fn people_and_groups_are_told_and_each_sees_their_own_page() {
    let stage = Stage::new().await;
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let call = |method: &'static str, form: &'static str| {
        let request = client
            .post(format!("{}api/{method}", stage.slack))
            .bearer_auth("xoxb-sim")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        async move { serde_json::from_str::<Value>(&request.send().await.unwrap().text().await.unwrap()).unwrap() }
    };
    assert_eq!(call("users.info", "user=U0APPROVER").await["user"]["name"], "sora");
    assert_eq!(call("users.info", "user=U404").await["error"], "user_not_found");
    assert_eq!(call("usergroups.users.list", "usergroup=S0APPROVER").await["users"], json!([APPROVER.id]));
    assert_eq!(call("usergroups.users.list", "usergroup=S404").await["error"], "no_such_subteam");
    assert_eq!(call("usergroups.list", "").await["usergroups"].as_array().unwrap().len(), 3);

    stage.app.answer_with(200, "for you alone");
    stage.workspace.command(OPERATOR.id, ALERTS_CHANNEL, "/health").await;
    let page = |user: &'static str| {
        let request = client.get(format!("{}channel/{ALERTS_CHANNEL}?as={user}", stage.slack));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let (mine, theirs) = (page(OPERATOR.id).await, page(APPROVER.id).await);
    assert!(mine.contains("for you alone") && mine.contains("Only visible to you"), "{mine}");
    assert!(!theirs.contains("for you alone"), "{theirs}");
}
