//! Serves the Slack page with messages of all kinds on it: what to look at when the page's looks change.

use serde_json::json;
use sim::fault::Faults;
use sim::slack::{ALERTS_CHANNEL, Panel, PanelAction, Workspace, router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let workspace = Workspace::default();
    workspace.rates.enforce(false);
    let action = |label: &str, hint: &str, active| PanelAction {
        label: label.to_owned(),
        hint: hint.to_owned(),
        path: format!("/demo/{label}"),
        active,
    };
    workspace.show_panel(Panel {
        status: vec!["prod-eks · 6 nodes · 52 pods".to_owned(), "bad-rollout since 14:21".to_owned()],
        actions: vec![
            action("Bad rollout", "payments/api misses a variable", true),
            action("Memory leak", "shop/recommendation grows until it is killed", false),
            action("Node failure", "a kubelet stops reporting", false),
            action("Alarm storm", "a whole zone goes away", false),
        ],
    });
    let router = router(workspace, Faults::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    for message in messages() {
        let parent = post(address, message.0).await?;
        for mut reply in message.1 {
            reply["thread_ts"] = parent["ts"].clone();
            post(address, reply).await?;
        }
    }
    println!("http://{address}/");
    tokio::signal::ctrl_c().await?;
    Ok(())
}

async fn post(
    address: std::net::SocketAddr,
    mut message: serde_json::Value,
) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    message["channel"] = json!(ALERTS_CHANNEL);
    let body = message.to_string();
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let head = format!(
        "POST /api/chat.postMessage HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer xoxb-sim\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let answer: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default())?;
    if answer["ok"] != true {
        return Err(answer.to_string().into());
    }
    Ok(answer)
}

/// Messages with the replies in their threads.
fn messages() -> Vec<(serde_json::Value, Vec<serde_json::Value>)> {
    let mrkdwn = |text: &str| json!({"type": "mrkdwn", "text": text});
    let section = |text: &str| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
    let button = |text: &str, style: &str| match style {
        "" => json!({"type": "button", "text": {"type": "plain_text", "text": text}}),
        style => json!({"type": "button", "style": style, "text": {"type": "plain_text", "text": text}}),
    };
    let incident = json!({
        "text": "payments/api: v2.3.1 cannot start, DEPLOY_ENV is missing",
        "attachments": [{"color": "#E01E5A", "blocks": [
            section(":red_circle: *payments/api: v2.3.1 cannot start, `DEPLOY_ENV` is missing*"),
            {"type": "context", "elements": [mrkdwn("prod-eks"), mrkdwn("14:23 KST"), mrkdwn("alarm `payments-api-5xx`")]},
            {"type": "section", "fields": [
                mrkdwn("*Affects*\napi 0/5 ready (was 5/5)\ncheckout 5xx 12 % (usually 0.3 %)"),
                mrkdwn("*Why*\n14:21 rollout to revision 15\n14:21:40 first crash\n14:23 alarm"),
            ]},
            section("37× in 3 pods: `KeyError: 'DEPLOY_ENV'` · revision 14 sets it, 15 does not"),
            section("*Look*\n```kubectl -n payments logs deploy/api --previous --tail=50\nkubectl -n payments rollout history deploy/api```"),
            section("*Proposed*  Roll back to revision 14 · medium risk: 5 pods, PDB allows 1 at a time"),
            {"type": "actions", "elements": [button("Review", "primary"), button("Not now", ""), button("Right cause", ""), button("Wrong cause", "")]},
            {"type": "context", "elements": [mrkdwn("Ruled out: out of memory, image pull, node trouble")]},
        ]}],
    });
    let korean = json!({
        "text": "payments/api: v2.3.1 기동 실패",
        "attachments": [{"color": "#ECB22E", "blocks": [
            section(":rotating_light: *[INFRA] payments/api: v2.3.1 기동 실패 (`DEPLOY_ENV` 누락)*"),
            section(":pushpin: *요약*  api 0/5 Ready (평소 5/5) · checkout 5xx 12 % (평소 0.3 %)"),
            section(":mag: *원인*  14:21 리비전 15 배포 → 14:21:40 첫 크래시 → 14:23 알람. 리비전 14에는 있던 `DEPLOY_ENV`가 15에 없음 (파드 3개, 로그 37건)"),
            section(":wrench: *조치*  `kubectl -n payments logs deploy/api --previous --tail=50`"),
        ]}],
    });
    let resolved = json!({
        "text": "ok",
        "attachments": [{"color": "#2EB67D", "blocks": [section(":white_check_mark: *[해결됨] NodeNotReady* 이슈가 정상화되었습니다.")]}],
    });
    let table = json!({
        "text": "events",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Latest events", "emoji": true}},
            {"type": "table", "rows": [
                [{"type": "raw_text", "text": "Time"}, {"type": "raw_text", "text": "Reason"}, {"type": "raw_text", "text": "Object"}],
                [{"type": "raw_text", "text": "14:21:40"}, {"type": "raw_text", "text": "BackOff"}, {"type": "raw_text", "text": "pod/api-7d4c9-x2x8v"}],
                [{"type": "raw_text", "text": "14:21:12"}, {"type": "raw_text", "text": "ScalingReplicaSet"}, {"type": "raw_text", "text": "deployment/api"}],
            ]},
            {"type": "divider"},
            section("> quoted log line with <script>alert('no')</script>\n<!here> see <https://example.com/runbook|the runbook> :eyes:"),
        ],
    });
    let reply = json!({"text": "Two more alarms joined: `checkout-5xx`, `api-availability`. *3 in all.*"});
    let evidence = json!({"text": "Evidence\n```e1 event  payments/api-7d4c9-x2x8v BackOff: restarting failed container\ne2 log    KeyError: 'DEPLOY_ENV'```"});
    vec![(incident, vec![evidence, reply]), (korean, vec![resolved]), (table, vec![])]
}
