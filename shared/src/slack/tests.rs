//! The client against a Slack that behaves as a scenario says. Each scenario is a line of answers; the fake takes one for
//! each call and keeps what it was sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::*;
use crate::{config::Secret, deadline::Deadline, mrkdwn};

/// What Slack does with a call.
#[derive(Debug, Clone)]
enum Answer {
    /// Answers with this object.
    Json(Value),
    /// Limits, with `Retry-After` in seconds.
    RateLimited(u64),
    /// Fails with this status.
    Status(u16),
    /// Answers with what is not JSON.
    Garbage,
    /// Never answers.
    Silence,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    calls: Vec<(String, Value)>,
    tokens: Vec<String>,
}

type Shared = Arc<Mutex<Script>>;

async fn answer(State(script): State<Shared>, Path(method): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut script = script.lock().unwrap();
        let is_json =
            headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("application/json"));
        let sent = if is_json {
            serde_json::from_slice(&body).unwrap()
        } else {
            let form = url::form_urlencoded::parse(&body).into_owned();
            Value::Object(form.map(|(name, value)| (name, Value::from(value))).collect())
        };
        script.calls.push((method, sent));
        script.tokens.extend(headers.get("authorization").map(|token| token.to_str().unwrap().to_owned()));
        script.answers.pop_front().expect("the scenario has an answer for each call")
    };
    match answer {
        Answer::Json(object) => axum::Json(object).into_response(),
        Answer::RateLimited(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())], "ratelimited").into_response()
        }
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Garbage => "<html>we are sorry</html>".into_response(),
        Answer::Silence => std::future::pending().await,
    }
}

/// A client whose calls get these answers, and what was asked.
async fn slack(answers: impl IntoIterator<Item = Answer>) -> (Slack, Shared) {
    let script = Shared::default();
    script.lock().unwrap().answers = answers.into_iter().collect();
    let router = Router::new().route("/api/{method}", post(answer)).with_state(Arc::clone(&script));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let api_url = format!("http://{address}/api").parse().unwrap();
    let token = Secret::new("token-of-a-test");
    (Slack::new(SlackConfig { token, api_url: Some(api_url) }).unwrap(), script)
}

fn methods(script: &Shared) -> Vec<String> {
    script.lock().unwrap().calls.iter().map(|(method, _)| method.clone()).collect()
}

fn ok() -> Answer {
    Answer::Json(json!({ "ok": true, "channel": "C01", "ts": "1700000000.000100" }))
}

fn refused(code: &str) -> Answer {
    Answer::Json(json!({ "ok": false, "error": code }))
}

fn message() -> Message {
    Message::new(&mrkdwn!("*{}* cannot start", "payments/api"))
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(5))
}

async fn post_to(slack: &Slack) -> Result<Posted, SlackError> {
    slack.post(&ChannelId("C01".into()), &message(), &MessageKey("inc-1/first".into()), soon()).await
}

#[tokio::test]
async fn a_post_carries_its_key_and_our_token_and_links_nothing() {
    let (slack, script) = slack([ok()]).await;
    let posted = post_to(&slack).await.unwrap();
    assert_eq!(posted, Posted { channel: ChannelId("C01".into()), ts: MessageTs("1700000000.000100".into()) });
    let script = script.lock().unwrap();
    assert_eq!(script.tokens, ["Bearer token-of-a-test"]);
    insta::assert_json_snapshot!(script.calls);
}

#[tokio::test]
async fn a_rate_limit_that_fits_the_deadline_is_waited_out() {
    let (slack, script) = slack([Answer::RateLimited(1), ok()]).await;
    let began = std::time::Instant::now();
    post_to(&slack).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(methods(&script).len(), 2);
}

#[tokio::test]
async fn a_rate_limit_beyond_the_deadline_is_to_be_retried_later() {
    for limit in [Answer::RateLimited(30), refused("ratelimited")] {
        let answers = std::iter::repeat_n(limit, 3);
        let (slack, _) = slack(answers).await;
        let deadline = Deadline::within(Duration::from_millis(1200));
        let outcome = slack.post(&ChannelId("C01".into()), &message(), &MessageKey("k".into()), deadline).await;
        assert!(matches!(outcome, Err(SlackError::Retry { retry_after: Some(_), .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_post_without_a_clear_answer_is_ambiguous_and_not_repeated() {
    for answer in [Answer::Status(503), Answer::Garbage, refused("internal_error"), Answer::Json(json!({ "ok": true }))]
    {
        let (slack, script) = slack([answer.clone()]).await;
        let error = post_to(&slack).await.unwrap_err();
        assert!(error.is_ambiguous(), "{answer:?}: {error}");
        assert_eq!(methods(&script), ["chat.postMessage"]);
    }
}

#[tokio::test]
async fn a_post_that_times_out_is_ambiguous() {
    let (slack, _) = slack([Answer::Silence]).await;
    let deadline = Deadline::within(Duration::from_millis(300));
    let error = slack.post(&ChannelId("C01".into()), &message(), &MessageKey("k".into()), deadline).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
}

#[tokio::test]
async fn nothing_was_posted_where_no_connection_stood() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let api_url = format!("http://{}/api/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let slack = Slack::new(SlackConfig { token: Secret::new("t"), api_url: Some(api_url) }).unwrap();
    let deadline = Deadline::within(Duration::from_millis(600));
    let error = slack.post(&ChannelId("C01".into()), &message(), &MessageKey("k".into()), deadline).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn what_slack_refuses_is_given_up_with_what_to_do() {
    for (code, what) in
        [("channel_not_found", "SLACK_CHANNEL"), ("invalid_auth", "token"), ("msg_too_long", "docs.slack.dev")]
    {
        let (slack, _) = slack([refused(code)]).await;
        let error = post_to(&slack).await.unwrap_err();
        assert!(!error.is_retryable() && !error.is_ambiguous());
        assert!(error.to_string().contains(code) && error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn an_edit_is_repeated_freely() {
    let (slack, script) = slack([Answer::Status(500), Answer::Garbage, ok()]).await;
    let posted = Posted { channel: ChannelId("C01".into()), ts: MessageTs("1.0".into()) };
    slack.update(&posted, &message(), &MessageKey("inc-1/first".to_owned()), soon()).await.unwrap();
    assert_eq!(methods(&script), ["chat.update"; 3]);
}

#[tokio::test]
async fn a_message_is_found_by_its_key_in_channel_and_thread() {
    let history = json!({ "ok": true, "messages": [
        { "ts": "3.0", "text": "a person" },
        { "ts": "2.0", "metadata": { "event_type": "nightshift_message", "event_payload": { "key": "other" } } },
        { "ts": "1.0", "metadata": { "event_type": "nightshift_message", "event_payload": { "key": "mine" } } },
    ] });
    let (slack, script) = slack([Answer::Json(history.clone()), Answer::Json(history)]).await;
    let (channel, oldest) = (ChannelId("C01".into()), jiff::Timestamp::from_second(1_700_000_000).unwrap());
    let found = slack.find(&channel, None, &MessageKey("mine".into()), oldest, soon()).await.unwrap();
    assert_eq!(found.unwrap().ts, MessageTs("1.0".into()));
    let thread = MessageTs("0.5".into());
    let found = slack.find(&channel, Some(&thread), &MessageKey("absent".into()), oldest, soon()).await.unwrap();
    assert_eq!(found, None);
    insta::assert_json_snapshot!(script.lock().unwrap().calls);
}

#[tokio::test]
async fn messages_to_one_channel_are_a_second_apart() {
    let (slack, _) = slack([ok(), ok()]).await;
    let began = std::time::Instant::now();
    post_to(&slack).await.unwrap();
    post_to(&slack).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(990));
    let (channel, key, deadline) =
        (ChannelId("C01".into()), MessageKey("k".into()), Deadline::within(Duration::from_millis(100)));
    let late = slack.post(&channel, &message(), &key, deadline).await;
    assert!(late.unwrap_err().is_retryable(), "no turn in time: nothing was sent");
}

#[tokio::test]
async fn a_file_is_placed_and_completed() {
    let (slack, script) = slack([ok(), ok()]).await;
    let base = slack.base().join("upload").unwrap();
    script.lock().unwrap().answers[0] = Answer::Json(json!({ "ok": true, "upload_url": base, "file_id": "F1" }));
    script.lock().unwrap().answers.insert(1, Answer::Json(json!({ "ok": true })));
    let file = Upload { name: "long.txt".into(), title: "All of it".into(), content: br#"{"a":1}"#.to_vec() };
    slack.upload(&ChannelId("C01".into()), Some(&MessageTs("1.0".into())), &file, soon()).await.unwrap();
    assert_eq!(methods(&script), ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]);
    let (_, completed) = script.lock().unwrap().calls[2].clone();
    assert_eq!(
        completed,
        json!({ "files": [{ "id": "F1", "title": "All of it" }], "channel_id": "C01", "thread_ts": "1.0" })
    );
}

#[tokio::test]
async fn an_answer_to_a_command_goes_to_its_response_url_and_keeps_it_secret() {
    let (slack, script) = slack([Answer::Json(json!({ "ok": true })), Answer::Status(404), Answer::Status(500)]).await;
    let url = slack.base().join("secret-path").unwrap();
    slack.respond(&url, true, false, &message(), soon()).await.unwrap();
    assert_eq!(script.lock().unwrap().calls[0].1["replace_original"], true);
    let expired = slack.respond(&url, true, false, &message(), soon()).await.unwrap_err();
    let failed = slack.respond(&url, false, false, &message(), soon()).await.unwrap_err();
    assert!(matches!(&expired, SlackError::Refused { code, .. } if code == "expired_url"));
    assert!(failed.is_ambiguous());
    assert!(!format!("{expired} {failed} {expired:?}").contains("secret-path"));
    assert!(script.lock().unwrap().tokens.is_empty(), "the token is not sent to a response_url");
}

#[tokio::test]
async fn an_answer_that_replaces_is_repeated_until_slack_takes_it() {
    let answers = [Answer::RateLimited(0), Answer::Status(503), Answer::Json(json!({ "ok": true }))];
    let (slack, script) = slack(answers).await;
    let url = slack.base().join("hook").unwrap();
    slack.respond(&url, true, true, &message(), soon()).await.unwrap();
    let calls = script.lock().unwrap().calls.clone();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[2].1["response_type"], "in_channel");
}

#[tokio::test]
async fn the_groups_of_a_person_are_asked_for_once_and_under_the_names_that_grants_use() {
    use crate::roles::{Directory, Grant, Role, Roles};
    let groups = json!([{ "id": "S01", "handle": "sre" }, { "id": "S02", "handle": "shop-team" }]);
    let answers = [
        Answer::Json(json!({ "ok": true, "usergroups": groups })),
        Answer::Json(json!({ "ok": true, "users": ["U1", "U2"] })),
    ];
    let (slack, script) = slack(answers).await;
    let grant: Grant = serde_json::from_value(json!({ "role": "approver", "groups": ["sre", "gone"] })).unwrap();
    let (roles, directory) = (Roles::new(vec![grant]), Directory::default());
    for (user, may) in [("U1", true), ("U3", false), ("U2", true)] {
        let person = directory.person(user, &roles, async || Ok(slack.clone()), soon()).await.unwrap();
        assert_eq!(roles.allows(&person, Role::Approver, "shop"), may, "{user}");
    }
    assert_eq!(methods(&script), ["usergroups.list", "usergroups.users.list"]);
}

#[test]
fn a_message_of_every_block() {
    let page = |path: &str| url::Url::parse("https://grafana.example").unwrap().join(path).unwrap();
    let log = "KeyError: 'DEPLOY_ENV' <!channel>";
    let message = Message::new(&mrkdwn!("🔴 {}: cannot start", "payments/api"))
        .block(Block::header("payments/api\ncannot start"))
        .attachment(Attachment::new(
            Colour::Critical,
            [
                Block::section(&mrkdwn!("*Why* {} in {} pods\n{}", log, 3, Mrkdwn::code_block(log))),
                Block::fields([&mrkdwn!("*Ready*\n{}/{}", 0, 5), &Mrkdwn::link("https://grafana.example/d/1", "CPU")]),
                Block::section_with(&Mrkdwn::data("Restarts"), Button::link("Open", "open", page("/d/2"))),
                Block::divider(),
                Block::context([&mrkdwn!("{} · {}", "prod-eks", "14:23 KST")]),
                Block::actions([
                    Button::new("Right cause", "verdict", "inc-1:right").style(ButtonStyle::Primary).into(),
                    Button::new("Wrong", "verdict", "inc-1:wrong")
                        .confirm(Confirm::new("Sure?", "Why?", "Yes", "No"))
                        .into(),
                    StaticSelect::new("Service", "service", [Choice::new("api", "payments/api")]).into(),
                ]),
                Block::image(page("/render.png"), "CPU of the last hour"),
                Block::section(&Mrkdwn::data("  ")),
            ],
        ))
        .fitted();
    insta::assert_json_snapshot!(message);
}

#[test]
fn a_message_beyond_the_limits_is_cut_and_says_so() {
    let long = Block::section(&Mrkdwn::code_block("x = 1\n".repeat(2000)));
    let many = Message::new(&Mrkdwn::data("many")).blocks((0..80).map(|n| Block::section(&mrkdwn!("block {}", n))));
    let sent = serde_json::to_value(many.fitted()).unwrap();
    assert_eq!(sent["blocks"].as_array().unwrap().len(), 50);
    assert_eq!(sent["blocks"][49]["elements"][0]["text"], "… (+31)");

    let large = Message::new(&Mrkdwn::data("large"))
        .attachment(Attachment::new(Colour::Warning, std::iter::repeat_n(long, 10)));
    let sent = serde_json::to_value(large.fitted()).unwrap();
    let blocks = sent["attachments"][0]["blocks"].as_array().unwrap();
    let units =
        blocks.iter().filter_map(|block| block["text"]["text"].as_str()).map(|text| text.encode_utf16().count());
    assert!(units.clone().all(|units| units <= 3000) && units.sum::<usize>() <= 13_000);
    assert!(
        blocks.iter().filter_map(|block| block["text"]["text"].as_str()).all(|text| text.matches("```").count() == 2)
    );
    assert_eq!(blocks.last().unwrap()["type"], "context");
}
