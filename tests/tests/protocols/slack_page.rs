//! sim's Slack page, judged by Chromium: its look in light and dark, wide and narrow, and that it can be used.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};
use sim::fault::Faults;
use sim::slack::{ALERTS_CHANNEL, Connection, Workspace, router};
use tests::judges;
use tokio::net::TcpListener;

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/")
}

/// An app that answers at once: `/health` in words, `/service-status` with buttons, a button with a message.
async fn app(State(slack): State<String>, body: Bytes) -> String {
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    if let Ok(event) = serde_json::from_slice::<Value>(&body) {
        return event["challenge"].as_str().unwrap_or_default().to_owned();
    }
    let fields: Vec<(String, String)> = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body)))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    if let Some(payload) = field("payload").and_then(|payload| serde_json::from_str::<Value>(&payload).ok()) {
        let service = payload["actions"][0]["value"].as_str().unwrap_or_default();
        let answer = json!({"text": format!("{service}: 3/3 ready, no restarts today")});
        let url = payload["response_url"].as_str().unwrap_or_default().to_owned();
        assert!(url.starts_with("http://localhost/"));
        let url = url.replacen("http://localhost/", &slack, 1);
        let sent = reqwest::Client::new().post(url).json(&answer).send().await.expect("Slack is there");
        assert!(sent.status().is_success());
        return String::new();
    }
    match field("command").as_deref() {
        Some("/service-status") => json!({"blocks": [
            {"type": "section", "text": text("Which service?")},
            {"type": "actions", "elements": [
                {"type": "button", "action_id": "service-status.pick", "text": text("shop/catalog"), "value": "shop/catalog"},
                {"type": "button", "action_id": "service-status.pick", "text": text("payments/api"), "value": "payments/api"},
                {"type": "static_select", "action_id": "service-status.pick", "placeholder": text("Others"),
                    "options": [{"text": text("payments/ledger"), "value": "payments/ledger"}]},
            ]},
        ]})
        .to_string(),
        _ => json!({"text": "*prod-eks* is well: 6 nodes ready, 52 pods running"}).to_string(),
    }
}

/// What a quiet channel has in it: an incident with all kinds of blocks, and a reply in its thread.
async fn fill(slack: &str) {
    let mrkdwn = |text: &str| json!({"type": "mrkdwn", "text": text});
    let button = |text: &str, style: &str| {
        json!({"type": "button", "action_id": format!("diagnosis.{text}"), "style": style,
            "text": {"type": "plain_text", "text": text}})
    };
    let plain = |text: &str| json!({"type": "button", "action_id": format!("diagnosis.{text}"), "text": {"type": "plain_text", "text": text}});
    let blocks = json!([
        {"type": "section", "text": mrkdwn(":red_circle: *payments/api: v2.3.1 cannot start, `DEPLOY_ENV` is missing*")},
        {"type": "context", "elements": [mrkdwn("prod-eks"), mrkdwn("14:23 KST")]},
        {"type": "section", "fields": [mrkdwn("*Affects*\napi 0/5 ready (was 5/5)"), mrkdwn("*원인*\n14:21 리비전 15 배포")]},
        {"type": "section", "text": mrkdwn("```kubectl -n payments logs deploy/api --previous --tail=50 --all-containers --timestamps```")},
        {"type": "actions", "elements": [button("Review", "primary"), button("Stop", "danger"), plain("Right cause"), plain("Wrong cause")]},
    ]);
    let client = reqwest::Client::new();
    let post = async |body: Value| {
        let request = client.post(format!("{slack}api/chat.postMessage")).bearer_auth("xoxb-sim").json(&body);
        let answer = request.send().await.expect("Slack is there").text().await.expect("an answer");
        serde_json::from_str::<Value>(&answer).expect("JSON")
    };
    let incident = json!({"channel": ALERTS_CHANNEL, "text": "payments/api", "attachments": [{"color": "#E01E5A", "blocks": blocks}]});
    let parent = post(incident).await;
    assert_eq!(parent["ok"], true, "{parent}");
    post(json!({"channel": ALERTS_CHANNEL, "thread_ts": parent["ts"], "text": "Evidence: `KeyError: 'DEPLOY_ENV'`"}))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_looks_right_and_can_be_used_in_chromium() {
    let (Some(python), Some(chromium)) = (judges::python(), judges::chromium()) else { return };
    let workspace = Workspace::default();
    workspace.rates.enforce(false);
    let slack = serve(router(workspace.clone(), Faults::default())).await;
    let door = serve(Router::new().fallback(app).with_state(slack.clone())).await;
    workspace.connect(Connection::new(door, "test-secret")).await.expect("the app answers its challenge");
    fill(&slack).await;
    let output = tokio::process::Command::new(python)
        .arg(judges::script("slack_page.py"))
        .args([&slack, &chromium.display().to_string()])
        .arg(judges::repository().join("target/slack-page"))
        .output()
        .await
        .expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    assert_eq!(said.lines().collect::<Vec<_>>(), ["1200-light", "1200-dark", "400-light", "400-dark"]);
}
