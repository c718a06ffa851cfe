//! Saying no in one's own words: the menu's last choice opens a dialog, what is typed there is the reason. From the click in
//! sim's Slack, through what the door makes of it, to the thread and the audit log.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::remediation::{Action, Case, Cordon, Stage};
use sim::Options;
use sim::fault::{Call, Fault, Service};
use sim::slack::{APPROVER, Connection, Delivery, Message, OPERATOR, OpenView};
use sim::world::{Kind, Scenario};
use tests::judges;
use tests::night::{INVOCATION, Night, batch};
use tests::remedy::{Remedy, click};
use tests::table::{Table, drawn};
use tests::trouble::Trouble;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const CONFIG: &str = "
roles:
  - { role: viewer, users: ['*'] }
  - { role: approver, users: [U0APPROVER] }
";

/// What the door hands to the bus, of a request of Slack.
async fn door(State(bus): State<UnboundedSender<Value>>, body: Bytes) -> String {
    let body = String::from_utf8(body.to_vec()).unwrap();
    if let Ok(event) = serde_json::from_str::<Value>(&body) {
        return event["challenge"].as_str().unwrap_or_default().to_owned();
    }
    let (_, events) = intake::slack::interaction(&body, Timestamp::now()).unwrap();
    for event in events {
        let detail: Value = serde_json::from_str(&event.detail().unwrap()).unwrap();
        let envelope = json!({
            "version": "0", "source": "nightshift.intake", "detail-type": event.detail_type(), "detail": detail,
        });
        bus.send(envelope).unwrap();
    }
    String::new()
}

/// A cordon that is asked for, in a channel whose clicks reach the function.
struct Asked {
    remedy: Remedy,
    case: Case,
    node: String,
    bus: UnboundedReceiver<Value>,
}

impl Asked {
    async fn new(language: &'static str) -> Self {
        let night = Night::new(Options::stopped(Scenario::Healthy)).await;
        night.sim.slack().rates.enforce(false);
        let (sender, bus) = unbounded_channel();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(door).with_state(sender)).await });
        night.sim.slack().connect(Connection::new(format!("http://{address}/"), "of-the-test")).await.unwrap();
        let mut remedy = Remedy::new(night, CONFIG);
        remedy.more.push(("NIGHTSHIFT_LANG", language));
        let node = remedy.pods("shop", "cart")[0]["spec"]["nodeName"].as_str().unwrap().to_owned();
        let id = remedy.propose(Action::Cordon(Cordon { node: node.clone() })).await;
        remedy.sweep().await;
        let case = remedy.case(&id).await;
        assert!(matches!(case.stage, Stage::Asked { .. }), "{:?}", case.stage);
        Self { remedy, case, node, bus }
    }

    /// Chooses from the menu of reasons; what comes over the bus.
    async fn choose(&mut self, user: &str, word: &str) -> Value {
        let told = &self.case.told;
        let value = format!("{}:{word}", remediation::message::value(&self.case));
        let ts = told.message_ts.as_deref().unwrap();
        let slack = self.remedy.night.sim.slack();
        let pressed = slack.press(user, &told.channel, ts, "remediation.deny", Some(&value)).await;
        assert!(pressed.is_acknowledged(), "{pressed:?}");
        self.bus.try_recv().unwrap()
    }

    fn views(&self) -> Vec<OpenView> {
        self.remedy.night.sim.slack().views()
    }

    /// What only this person has been told.
    fn told_to(&self, user: &str) -> Vec<Message> {
        let mut messages = self.remedy.night.messages();
        messages.retain(|message| message.ephemeral_for.as_deref() == Some(user));
        messages
    }

    async fn now(&self) -> Case {
        self.remedy.case(&self.case.id).await
    }

    fn is_untouched(&self) -> bool {
        self.remedy.object(Kind::Node, "", &self.node).unwrap()["spec"]["unschedulable"] != true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_the_reason_kept_without_secrets_and_shown_without_markup() {
    let mut asked = Asked::new("en").await;
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    asked.remedy.click(&chosen).await;
    // A redelivery of the same choice opens nothing more and complains of nothing.
    asked.remedy.click(&chosen).await;
    let [open] = &asked.views()[..] else { panic!("{:?}", asked.views()) };
    assert_eq!((open.user.as_str(), open.view["title"]["text"].as_str()), (APPROVER.id, Some("Deny this action")));
    assert!(open.view["blocks"].to_string().contains(&asked.node), "{}", open.view);
    assert_eq!(asked.told_to(APPROVER.id), []);
    assert!(matches!(asked.now().await.stage, Stage::Asked { .. }), "nothing is denied yet");

    let secret = "q7".repeat(9);
    let typed = format!("<!channel> *not* now,\n<https://example.com|see here> <@U0OPERATOR> password={secret}");
    let slack = asked.remedy.night.sim.slack().clone();
    let nothing = slack.submit(APPROVER.id, &open.id, &[]).await;
    assert_eq!(nothing, Delivery::NotSent, "Slack asks for something");
    assert_eq!(slack.submit(OPERATOR.id, &open.id, &[("reason", "mine")]).await, Delivery::NotSent);
    let submitted = slack.submit(APPROVER.id, &open.id, &[("reason", &typed)]).await;
    assert!(submitted.is_acknowledged(), "{submitted:?}");
    assert_eq!(asked.views(), [], "the dialog is closed");
    let submission = asked.bus.try_recv().unwrap();
    asked.remedy.click(&submission).await;

    let denied = asked.now().await;
    let Stage::Denied { by, reason } = &denied.stage else { panic!("{:?}", denied.stage) };
    assert_eq!(by, APPROVER.id);
    assert!(reason.starts_with("<!channel> *not* now, <https://example.com|see here>"), "{reason}");
    assert!(!reason.contains(&secret), "{reason}");
    let shown = asked.remedy.message(&denied).to_string();
    assert!(shown.contains("&lt;!channel&gt;") && shown.contains("&lt;@U0OPERATOR&gt;"), "{shown}");
    for markup in ["<!channel>", "<https://example.com", "<@U0OPERATOR>", secret.as_str()] {
        assert!(!shown.contains(markup), "{markup} in {shown}");
    }
    let entries = asked.remedy.store().audit_entries(0, 100, asked.remedy.night.clock.now()).await.unwrap();
    let entries = serde_json::to_string(&entries).unwrap();
    assert!(entries.contains("<!channel> *not* now") && !entries.contains(&secret), "{entries}");
    asked.remedy.audit_holds().await;

    // Delivered again it is one no; and after a no nothing is done.
    asked.remedy.click(&submission).await;
    asked.remedy.click(&click("remediation.approve", &asked.case, APPROVER.id)).await;
    asked.remedy.sweep().await;
    let votes = asked.remedy.audited(&asked.case.id).await;
    assert_eq!(votes.iter().filter(|event| event.starts_with("voted-no:")).count(), 1, "{votes:?}");
    assert!(asked.is_untouched());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialog_that_comes_too_late_leaves_the_menu() {
    let mut asked = Asked::new("ko").await;
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    asked.remedy.night.sim.slack().expire_triggers();
    asked.remedy.click(&chosen).await;
    assert_eq!(asked.views(), []);
    let [told] = &asked.told_to(APPROVER.id)[..] else { panic!("{:?}", asked.told_to(APPROVER.id)) };
    assert!(told.text.contains("대화 상자가 열리지 않았습니다"), "{}", told.text);
    assert!(matches!(asked.now().await.stage, Stage::Asked { .. }));
    // Again, in time; its words are Korean.
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    asked.remedy.click(&chosen).await;
    let [open] = &asked.views()[..] else { panic!("{:?}", asked.views()) };
    assert_eq!((&open.view["title"]["text"], &open.view["submit"]["text"]), (&json!("조치 거부"), &json!("거부")));
    asked.remedy.night.sim.slack().close_view(APPROVER.id, &open.id);
    // The menu's own reasons need no dialog.
    let chosen = asked.choose(APPROVER.id, "too-risky").await;
    asked.remedy.click(&chosen).await;
    let denied = asked.now().await;
    assert!(matches!(&denied.stage, Stage::Denied { reason, .. } if reason == "too-risky"), "{:?}", denied.stage);
    assert!(asked.remedy.message(&denied).to_string().contains("위험함"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_deny_is_not_asked_and_a_late_no_is_told_so() {
    let mut asked = Asked::new("en").await;
    let chosen = asked.choose(OPERATOR.id, "own-words").await;
    asked.remedy.click(&chosen).await;
    assert_eq!(asked.views(), []);
    assert_eq!(asked.told_to(OPERATOR.id).len(), 1);
    let refused = asked.remedy.audited(&asked.case.id).await;
    assert!(refused.contains(&format!("not-allowed:{}", OPERATOR.id)), "{refused:?}");

    // Approved while somebody still writes why not.
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    asked.remedy.click(&chosen).await;
    let view = asked.views().remove(0);
    asked.remedy.click(&click("remediation.approve", &asked.case, APPROVER.id)).await;
    assert!(!asked.is_untouched());
    asked.remedy.night.sim.slack().submit(APPROVER.id, &view.id, &[("reason", "wait")]).await;
    let submission = asked.bus.try_recv().unwrap();
    asked.remedy.click(&submission).await;
    let told = asked.told_to(APPROVER.id);
    assert!(told.iter().any(|message| message.text.contains("it is done, and watched")), "{told:?}");
    assert!(matches!(asked.now().await.stage, Stage::Watching { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slacks_own_client_finds_dialogs_as_slack_has_them() {
    let Some(python) = judges::python() else { return };
    let mut asked = Asked::new("en").await;
    let mut judge = tokio::process::Command::new(python)
        .arg(judges::script("slack_views.py"))
        .env_clear()
        .envs(asked.remedy.night.sim.environment())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut told = BufReader::new(judge.stdout.take().unwrap()).lines();
    let mut tell = judge.stdin.take().unwrap();
    let trigger = |chosen: &Value| format!("{}\n", chosen["detail"]["trigger_id"].as_str().unwrap());
    assert_eq!(told.next_line().await.unwrap().as_deref(), Some("ready"));
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    tell.write_all(trigger(&chosen).as_bytes()).await.unwrap();
    let opened = told.next_line().await.unwrap();
    let open: Vec<(String, String)> = asked.views().into_iter().map(|open| (open.id, open.user)).collect();
    assert_eq!(open, [(opened.unwrap(), APPROVER.id.to_owned())]);
    let chosen = asked.choose(APPROVER.id, "own-words").await;
    asked.remedy.night.sim.slack().expire_triggers();
    tell.write_all(trigger(&chosen).as_bytes()).await.unwrap();
    assert_eq!(told.next_line().await.unwrap().as_deref(), Some("judged"));
    assert!(judge.wait().await.unwrap().success());
}

/// Whatever becomes of the call, whoever chose it has one dialog or is told that there is none, nothing is denied by it, and
/// choosing again opens one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dialog_survives_every_fault() {
    /// How often the queue hands a choice out.
    const RECEIVES: usize = 5;
    let mut asked = Asked::new("en").await;
    let faults = asked.remedy.night.sim.faults().clone();
    let slack = asked.remedy.night.sim.slack().clone();
    let call = Call { service: Service::Slack, operation: "views.open".to_owned(), fault: None };
    let (mut table, mut complaints, mut pairs) = (Table::new(), Vec::new(), 0);
    for (site, trouble) in Trouble::of_calls(&[call], |_| true) {
        let before = asked.told_to(APPROVER.id).len();
        let chosen = asked.choose(APPROVER.id, "own-words").await;
        faults.forget();
        Trouble::inject(Some(&trouble), &faults);
        let mut taken = false;
        for _ in 0..RECEIVES {
            taken = asked.remedy.attempt(batch(std::slice::from_ref(&chosen)), INVOCATION, trouble.crashes()).await;
            if taken {
                break;
            }
            asked.remedy.night.clock.advance(Duration::from_secs(60));
        }
        let struck = faults.journal().iter().filter(|call| call.fault.is_some()).count();
        let (open, told) = (asked.views().len(), asked.told_to(APPROVER.id).len() - before);
        let dead = matches!(trouble, Trouble::Service { fault: Fault::Timeout, crash: true, .. });
        // Whoever dies before the call opens the dialog with the next delivery.
        let is_well = taken && struck == 1 && open <= 1 && told <= 1 && open + told >= 1 && (!dead || open == 1);
        asked.views().iter().for_each(|open| slack.close_view(APPROVER.id, &open.id));
        let again = asked.choose(APPROVER.id, "own-words").await;
        asked.remedy.click(&again).await;
        let opens_again = asked.views().len() == 1;
        asked.views().iter().for_each(|open| slack.close_view(APPROVER.id, &open.id));
        let is_undecided = matches!(asked.now().await.stage, Stage::Asked { .. });
        let is_wrong = !(is_well && opens_again && is_undecided);
        if is_wrong {
            complaints.push(format!("{trouble:?}: taken {taken}, {open} open, told {told} times, again {opens_again}"));
        }
        let cell = table.entry((site, trouble.word())).or_default();
        cell.0 += 1;
        cell.1 += usize::from(is_wrong);
        pairs += 1;
    }
    println!("{}\n{pairs} pairs tried, {} wrong", drawn(&table), complaints.len());
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(pairs, 9);
    let votes = asked.remedy.audited(&asked.case.id).await;
    assert!(!votes.iter().any(|event| event.starts_with("voted-")), "{votes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_no_on_the_page_is_heard_in_their_own_words() {
    const REASON: &str = "not before the release of tonight";
    let (Some(python), Some(chromium)) = (judges::python(), judges::chromium()) else { return };
    let mut asked = Asked::new("en").await;
    let mut page = tokio::process::Command::new(python)
        .arg(judges::script("deny_page.py"))
        .arg(asked.remedy.night.sim.page())
        .arg(chromium)
        .arg(judges::repository().join("target/deny-page"))
        .arg(REASON)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut said, mut complaint) = (page.stdout.take().unwrap(), page.stderr.take().unwrap());
    let mut clicks = 0;
    let status = loop {
        tokio::select! {
            status = page.wait() => break status.unwrap(),
            Some(event) = asked.bus.recv() => {
                asked.remedy.click(&event).await;
                clicks += 1;
            }
        }
    };
    let (mut text, mut why) = (String::new(), String::new());
    said.read_to_string(&mut text).await.unwrap();
    complaint.read_to_string(&mut why).await.unwrap();
    assert!(status.success(), "{text}\n{why}");
    assert_eq!((text.trim(), clicks), ("denied", 3), "chosen twice, submitted once");
    let denied = asked.now().await;
    let Stage::Denied { by, reason } = &denied.stage else { panic!("{:?}", denied.stage) };
    assert_eq!((by.as_str(), reason.as_str()), (APPROVER.id, REASON));
    assert!(asked.is_untouched());
}
