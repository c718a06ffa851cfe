//! Saying no in one's own words: the menu's last choice opens a dialog, what is typed there is the reason. From the click in
//! sim's Slack, through what the door makes of it, to the thread and the audit log.

#![allow(clippy::unwrap_used, reason = "helpers of a test: where they fail, the test has failed")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::remediation::{Action, Case, Cordon, Stage};
use sim::Options;
use sim::slack::{APPROVER, Connection, Delivery, Message, OPERATOR, OpenView};
use sim::world::{Kind, Scenario};
use tests::night::Night;
use tests::remedy::{Remedy, click};
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
