//! The simulated Slack, called as a client calls Slack.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sim::fault::{Fault, Faults, Rule, Service};
use sim::slack::{ALERTS_CHANNEL, PostedKind, Workspace, router};
use tower::ServiceExt;

struct Slack {
    workspace: Workspace,
    router: Router,
}

impl Slack {
    fn new() -> Self {
        let workspace = Workspace::default();
        workspace.rates.enforce(false);
        Self { router: router(workspace.clone(), Faults::default()), workspace }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, http::HeaderMap, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn call(&self, method: &str, arguments: Value) -> Value {
        let request = Request::post(format!("/api/{method}"))
            .header("authorization", "Bearer xoxb-sim")
            .header("content-type", "application/json; charset=utf-8")
            .body(Body::from(arguments.to_string()))
            .unwrap();
        serde_json::from_str(&self.send(request).await.2).unwrap()
    }

    async fn form(&self, method: &str, form: &str) -> Value {
        let request = Request::post(format!("/api/{method}"))
            .header("authorization", "Bearer xoxb-sim")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        serde_json::from_str(&self.send(request).await.2).unwrap()
    }

    async fn page(&self, path: &str) -> String {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await.2
    }
}

#[tokio::test]
async fn a_message_is_posted_answered_in_its_thread_and_changed() {
    let slack = Slack::new();
    let metadata = json!({"event_type": "nightshift_incident", "event_payload": {"cause": ["bad-rollout"]}});
    let parent = slack
        .call("chat.postMessage", json!({"channel": ALERTS_CHANNEL, "text": "broken", "metadata": metadata}))
        .await;
    assert_eq!(parent["ok"], true, "{parent}");
    let ts = &parent["ts"];
    let reply = slack.call("chat.postMessage", json!({"channel": "#alerts", "text": "why", "thread_ts": ts})).await;
    assert_ne!(reply["ts"], *ts);
    let changed = slack.call("chat.update", json!({"channel": ALERTS_CHANNEL, "ts": ts, "text": "mended"})).await;
    assert_eq!(changed["text"], "mended");

    let history =
        slack.form("conversations.history", &format!("channel={ALERTS_CHANNEL}&include_all_metadata=true")).await;
    let [message] = &history["messages"].as_array().unwrap()[..] else { panic!("{history}") };
    assert_eq!((&message["text"], &message["reply_count"], &message["thread_ts"]), (&json!("mended"), &json!(1), ts));
    assert_eq!(message["metadata"], metadata);
    let replies = slack.call("conversations.replies", json!({"channel": ALERTS_CHANNEL, "ts": ts})).await;
    let texts: Vec<_> = replies["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["mended", "why"]);
    let kinds: Vec<_> = slack.workspace.posted().iter().map(|posted| posted.kind).collect();
    assert_eq!(kinds, [PostedKind::Post, PostedKind::Post, PostedKind::Update]);
}

#[tokio::test]
async fn mistakes_are_answered_with_slacks_error_codes() {
    let slack = Slack::new();
    let in_alerts = |fields: Value| {
        let mut arguments = json!({"channel": ALERTS_CHANNEL});
        arguments.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        arguments
    };
    let cases = [
        ("chat.postMessage", json!({"channel": "C404", "text": "x"}), "channel_not_found"),
        ("chat.postMessage", in_alerts(json!({})), "no_text"),
        ("chat.postMessage", in_alerts(json!({"text": "x".repeat(40_001)})), "msg_too_long"),
        ("chat.postMessage", in_alerts(json!({"text": "x", "thread_ts": "1.2"})), "thread_not_found"),
        ("chat.postMessage", in_alerts(json!({"text": "x", "blocks": "{"})), "invalid_blocks_format"),
        ("chat.postMessage", in_alerts(json!({"text": "x", "metadata": {"event_type": 1}})), "invalid_metadata_schema"),
        ("chat.update", in_alerts(json!({"text": "x", "ts": "1.2"})), "message_not_found"),
        ("conversations.replies", in_alerts(json!({"ts": "1.2"})), "thread_not_found"),
        ("chat.shout", json!({}), "unknown_method"),
    ];
    for (method, arguments, error) in cases {
        let answer = slack.call(method, arguments).await;
        assert_eq!((&answer["ok"], &answer["error"]), (&json!(false), &json!(error)), "{method}");
    }
    let anonymous = Request::post("/api/auth.test").body(Body::empty()).unwrap();
    assert!(slack.send(anonymous).await.2.contains("not_authed"));
}

#[tokio::test]
async fn blocks_over_a_limit_are_named_also_within_attachments() {
    let slack = Slack::new();
    let long = json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3001)}});
    let arguments =
        json!({"channel": ALERTS_CHANNEL, "text": "x", "attachments": [{"color": "#E01E5A", "blocks": [long]}]});
    let answer = slack.call("chat.postMessage", arguments).await;
    assert_eq!(answer["error"], "invalid_blocks");
    assert_eq!(
        answer["response_metadata"]["messages"],
        json!(["[ERROR] must be less than 3001 characters [json-pointer:/attachments/0/blocks/0/text/text]"])
    );
    assert!(slack.workspace.messages().is_empty());
}

#[tokio::test]
async fn a_second_message_within_a_second_is_told_when_to_come_back() {
    let slack = Slack::new();
    slack.workspace.rates.enforce(true);
    let request = || {
        Request::post("/api/chat.postMessage")
            .header("authorization", "Bearer xoxb-sim")
            .header("content-type", "application/json")
            .body(Body::from(json!({"channel": ALERTS_CHANNEL, "text": "x"}).to_string()))
            .unwrap()
    };
    assert_eq!(slack.send(request()).await.0, StatusCode::OK);
    let (status, headers, body) = slack.send(request()).await;
    assert_eq!(
        (status, &headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &http::HeaderValue::from_static("1"))
    );
    assert_eq!(body, r#"{"ok":false,"error":"ratelimited"}"#);
}

#[tokio::test]
async fn a_file_is_uploaded_in_three_steps() {
    let slack = Slack::new();
    let parent = slack.call("chat.postMessage", json!({"channel": ALERTS_CHANNEL, "text": "x"})).await;
    let opened = slack.form("files.getUploadURLExternal", "filename=evidence.txt&length=5").await;
    let address = opened["upload_url"].as_str().unwrap().split_once("localhost").unwrap().1.to_owned();
    let early = json!({"files": [{"id": opened["file_id"]}], "channel_id": ALERTS_CHANNEL});
    assert_eq!(slack.call("files.completeUploadExternal", early).await["error"], "file_not_found");
    let upload = Request::post(address).body(Body::from("lines")).unwrap();
    assert_eq!(slack.send(upload).await.2, "OK - 5");
    let complete = json!({
        "files": [{"id": opened["file_id"], "title": "Evidence"}],
        "channel_id": ALERTS_CHANNEL, "thread_ts": parent["ts"],
    });
    assert_eq!(slack.call("files.completeUploadExternal", complete).await["ok"], true);
    let shared = slack.workspace.messages().pop().unwrap();
    assert_eq!((shared.files[0].title.as_str(), shared.is_reply()), ("Evidence", true));
    assert_eq!(slack.page(&format!("/files/{}", shared.files[0].id)).await, "lines");
}

#[tokio::test]
async fn a_fault_after_the_effect_leaves_the_message_and_no_answer() {
    let workspace = Workspace::default();
    let faults = Faults::default();
    faults.inject(Rule::once(Service::Slack, "chat.postMessage", Fault::CutAfterEffect));
    let router = router(workspace.clone(), faults);
    let request =
        Request::post("/api/chat.postMessage?token=xoxb-sim&channel=alerts&text=x").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(workspace.messages().len(), 1);
}

#[tokio::test]
async fn the_page_shows_messages_threads_and_nothing_that_could_run() {
    let slack = Slack::new();
    let hostile = "<script>alert(1)</script> 파드 기동 실패";
    let parent = slack.call("chat.postMessage", json!({"channel": ALERTS_CHANNEL, "text": hostile})).await;
    slack
        .call("chat.postMessage", json!({"channel": ALERTS_CHANNEL, "text": "the reply", "thread_ts": parent["ts"]}))
        .await;
    let page = slack.page(&format!("/channel/{ALERTS_CHANNEL}")).await;
    assert!(page.contains("파드 기동 실패") && page.contains("1 reply") && !page.contains("the reply"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
    let thread = slack.page(&format!("/channel/{ALERTS_CHANNEL}?thread={}", parent["ts"].as_str().unwrap())).await;
    assert!(thread.contains("the reply"), "{thread}");
    let (status, headers, _) =
        slack.send(Request::get(format!("/channel/{ALERTS_CHANNEL}")).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
}
