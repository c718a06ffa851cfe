//! From somebody's keyboard through the door to the answer in the channel: every command and a question in both languages, a
//! burst, an outage of Slack, its rate limits, and requests of strangers, who reach nothing.

use std::io::Write as _;
use std::time::Instant;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sim::bus::PRODUCT_BUS;
use sim::fault::{Fault, Faults, Rule, Service};
use sim::slack::{ALERTS_CHANNEL, Message};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::asks::{ENGLISH, KOREAN, broken, holds};
use tests::door::{notification, signed, signed_now};
use tests::way::{USER, WEBHOOK_SECRET, Way, text};

/// Names and values of a request's headers.
type Headers = Vec<(String, String)>;

/// A request that is refused: what it is, the answer, path, headers, body and content type.
type Refused<'a> = (&'a str, u16, &'a str, Headers, &'a [u8], &'a str);

/// Of a command: that it was heard, at once, and its answer. Nothing else.
fn answer(messages: Vec<Message>) -> Message {
    let [heard, answer] = messages.try_into().unwrap_or_else(|messages| panic!("{messages:#?}"));
    assert!(heard.text.starts_with(":hourglass_flowing_sand:") && heard.ephemeral_for.as_deref() == Some(USER));
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_and_a_question_are_answered_through_the_door_in_both_languages() {
    let sim = broken().await;
    for (settings, words, question) in [
        (ENGLISH, ["Nodes", "Which service?", "ready", "Reason", "not configured"], "@nightshift how is catalog?"),
        (KOREAN, ["노드", "서비스를 선택해", "Ready", "사유", "미설정"], "@nightshift catalog 상태 어때?"),
    ] {
        let way = Way::open(sim.beside(Faults::default()).await.unwrap(), settings).await;
        let [nodes, which, ready, reason, unset] = words;
        let health = answer(way.ask("/health").await);
        holds(&text(&health), &["[#E01E5A]", "NotReady", "Running", nodes]);
        assert_eq!(health.ephemeral_for.is_none(), settings == KOREAN);
        let choice = answer(way.ask("/service-status").await);
        holds(&text(&choice), &[which, "checkout"]);
        let status = way.press(&choice, "catalog").await;
        holds(&text(&status), &["shop/catalog", ready, "Running", "catalog:v1.8.3"]);
        holds(&text(&answer(way.ask("/net-check").await)), &["shop/catalog", "OK", "RDS", "S3", "DynamoDB", unset]);
        holds(&text(&answer(way.ask("/events").await)), &[reason, "```"]);
        let logs = answer(way.ask("/logs").await);
        let lines = way.press(&logs, "checkout").await;
        holds(&text(&lines), &["shop/checkout", "checkout-", "```"]);
        let replies = way.mention(question).await;
        assert_eq!(replies.len(), 1, "{replies:#?}");
        holds(&text(&replies[0]), &["shop/catalog", ready]);
        way.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_commands_in_a_burst_through_the_door_are_all_answered() {
    const LINES: [&str; 5] =
        ["/health", "/service-status", "/events", "/logs shop/catalog", "/service-status shop/catalog"];
    let way = Way::open(broken().await, ENGLISH).await;
    let began = Instant::now();
    let type_them = async {
        let commands = (0..500).map(|number| way.sim.slack().command(USER, ALERTS_CHANNEL, LINES[number % 5]));
        let deliveries: Vec<_> = futures::stream::iter(commands).buffer_unordered(50).collect().await;
        let refused = deliveries.iter().filter(|delivery| !delivery.is_acknowledged()).count();
        (refused, began.elapsed())
    };
    let (refused, acknowledged) = type_them.await;
    assert_eq!(refused, 0);
    way.work().await;
    println!("500 commands: acknowledged in {acknowledged:?}, answered in {:?}", began.elapsed());
    let uses = way.sim.slack().response_url_uses();
    assert_eq!(uses.len(), 500);
    assert!(uses.iter().all(|uses| *uses >= 1), "{} are without an answer", uses.iter().filter(|u| **u == 0).count());
    let messages = way.sim.slack().messages();
    let waits = |message: &&Message| message.text.contains(":hourglass_flowing_sand:");
    assert_eq!(messages.len() - messages.iter().filter(waits).count(), 500);
    way.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_slack_loses_no_answer_and_no_incident() {
    let way = Way::open(broken().await, ENGLISH).await;
    let slack = way.sim.slack();
    way.sim.faults().inject(Rule::always(Service::Slack, Fault::ServerError));
    for line in ["/health", "/service-status", "/net-check", "/events", "/logs shop/catalog"] {
        assert!(slack.command(USER, ALERTS_CHANNEL, line).await.is_acknowledged());
    }
    let (asked, delivery) = slack.say(USER, ALERTS_CHANNEL, None, "@nightshift how is catalog?").await;
    assert!(delivery.is_acknowledged());
    let began = way.sim.world().now() - SignedDuration::from_mins(2);
    let cluster = way.sim.world().options().cluster.clone();
    let alert = notification(&cluster, "shop", "whatever-1", began, None);
    assert_eq!(post_alert(&way, &alert).await, 200);
    let (answers, incidents) = futures::join!(way.commands.drive(), way.analysis.drive());
    assert_eq!((answers.dead, incidents.dead), (6, 1), "{:#?}", way.commands.function.logs());
    let standing = |slack: &sim::slack::Workspace| {
        let messages = slack.messages().into_iter();
        messages.filter(|message| message.user.is_none() && !message.text.contains(":hourglass")).collect::<Vec<_>>()
    };
    assert_eq!(standing(slack), []);

    // Slack is back: the schedules of a minute send what has been kept, and once.
    way.sim.faults().clear();
    for _ in 0..2 {
        way.commands.sweep().await;
        way.analysis.sweep().await;
    }
    assert_eq!(slack.response_url_uses(), [1; 5]);
    assert_eq!(way.replies(&asked.ts).len(), 1, "{:#?}", way.replies(&asked.ts));
    let threads: Vec<_> =
        standing(slack).into_iter().filter(|message| !message.is_reply() && message.ephemeral_for.is_none()).collect();
    assert_eq!(threads.len(), 1, "{threads:#?}");
    holds(&text(&threads[0]), &["shop/", "image"]);
    way.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_slacks_rate_limits_every_question_and_command_is_answered_once() {
    let way = Way::open(broken().await, ENGLISH).await;
    let slack = way.sim.slack();
    let throttled = Rule { times: Some(12), ..Rule::once(Service::Slack, "response_url", Fault::Throttle) };
    way.sim.faults().inject(throttled);
    let mut asked = Vec::new();
    for _ in 0..5 {
        assert!(slack.command(USER, ALERTS_CHANNEL, "/events").await.is_acknowledged());
        let (message, delivery) = slack.say(USER, ALERTS_CHANNEL, None, "@nightshift how is catalog?").await;
        assert!(delivery.is_acknowledged());
        asked.push(message.ts);
    }
    // What is put back meets the limit again; what is given up is sent by the schedule of a minute.
    way.commands.drive().await;
    for _ in 0..3 {
        way.commands.sweep().await;
    }
    assert_eq!(slack.response_url_uses(), [1; 5]);
    for ts in asked {
        assert_eq!(way.replies(&ts).len(), 1, "{:#?}", way.replies(&ts));
    }
    way.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_replayed_late_oversized_and_wrongly_encoded_requests_reach_nothing_behind_the_door() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let way = Way::open(Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap(), ENGLISH).await;
    let body = b"command=%2Fhealth&text=&user_id=U0REQUESTR&channel_id=C0SIMALERT&trigger_id=1.2.x\
                 &response_url=https%3A%2F%2Fexample.com%2F";
    let (now, secret) = (Timestamp::now().as_second(), sim::SIGNING_SECRET);
    let big = vec![b'x'; 1024 * 1024 + 1];
    let bigger = vec![b'x'; 6 * 1024 * 1024];
    let latin = b"command=%2Fhealth&user_id=U\xe9";
    let squeezed = {
        let mut gzip = vec![0x1f, 0x8b, 8, 0];
        gzip.write_all(body).unwrap();
        gzip
    };
    let alert = notification("sim", "shop", "api-1", Timestamp::now(), None).to_string();
    let of_webhook = |secret: &str| vec![("authorization".to_owned(), format!("Bearer {secret}"))];
    let with = |mut headers: Headers, name: &str, value: &str| {
        headers.push((name.to_owned(), value.to_owned()));
        headers
    };
    let json = "application/json";
    let refused: [Refused<'_>; 16] = [
        ("forged", 401, "slack/commands", signed_now(body, "another"), body, FORM),
        ("unsigned", 401, "slack/commands", Vec::new(), body, FORM),
        ("signed for another body", 401, "slack/commands", signed_now(b"x", secret), body, FORM),
        ("late", 401, "slack/commands", signed(body, now - 301, secret), body, FORM),
        ("early", 401, "slack/commands", signed(body, now + 310, secret), body, FORM),
        ("oversized", 413, "slack/commands", signed_now(&big, secret), &big, FORM),
        ("more than Lambda takes", 413, "slack/commands", signed_now(&bigger, secret), &bigger, FORM),
        ("of another encoding", 400, "slack/commands", signed_now(latin, secret), latin, FORM),
        (
            "compressed",
            400,
            "slack/commands",
            with(signed_now(&squeezed, secret), "content-encoding", "gzip"),
            &squeezed,
            FORM,
        ),
        ("a form without a command", 400, "slack/commands", signed_now(b"a=1", secret), b"a=1", FORM),
        ("a click without a payload", 400, "slack/interactivity", signed_now(body, secret), body, FORM),
        ("an event that is a form", 400, "slack/events", signed_now(body, secret), body, FORM),
        ("an alert without a secret", 401, "alerts/alertmanager", Vec::new(), alert.as_bytes(), json),
        ("an alert with a wrong secret", 401, "alerts/alertmanager", of_webhook("of-the-tes"), alert.as_bytes(), json),
        (
            "an alert signed as by Slack",
            401,
            "alerts/grafana",
            signed_now(alert.as_bytes(), secret),
            alert.as_bytes(),
            json,
        ),
        ("an alert cut off", 400, "alerts/alertmanager", of_webhook(WEBHOOK_SECRET), &alert.as_bytes()[..200], json),
    ];
    for (name, expected, path, headers, body, kind) in refused {
        assert_eq!(post(&way, path, headers, body, kind).await, expected, "{name}");
    }
    let is_untouched = |way: &Way| {
        assert_eq!(way.sim.buses().events(PRODUCT_BUS), [] as [Value; 0]);
        assert_eq!((way.commands.queue.depth(), way.analysis.queue.depth()), (0, 0));
        assert_eq!(way.sim.faults().journal(), [], "no service is asked anything");
        assert_eq!(way.sim.slack().messages(), []);
    };
    is_untouched(&way);

    let headers = signed_now(body, secret);
    assert_eq!(post(&way, "slack/commands", headers.clone(), body, FORM).await, 200);
    assert_eq!(post(&way, "slack/commands", headers, body, FORM).await, 401, "replayed");
    assert_eq!(way.sim.buses().events(PRODUCT_BUS).len(), 1);
    assert_eq!(way.commands.queue.depth(), 1);
    way.close().await;
}

async fn post(way: &Way, path: &str, headers: Headers, body: &[u8], kind: &str) -> u16 {
    rustls::crypto::ring::default_provider().install_default().ok();
    let request = reqwest::Client::new().post(format!("{}{path}", way.url.url())).header("content-type", kind);
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.body(body.to_vec()).send().await.unwrap().status().as_u16()
}

async fn post_alert(way: &Way, alert: &Value) -> u16 {
    let headers = vec![("x-webhook-secret".to_owned(), WEBHOOK_SECRET.to_owned())];
    post(way, "alerts/alertmanager", headers, alert.to_string().as_bytes(), "application/json").await
}
