//! The whole way of what people do in Slack and of alerts: over HTTP through the function URL to the real binary of `intake`,
//! over the bus, its rules and the queues to the real binaries behind it, and back into the channel.

use std::sync::Arc;

use serde_json::{Value, json};
use sim::Sim;
use sim::bus::PRODUCT_BUS;
use sim::lambda::{DriveReport, FunctionProcess, FunctionSettings, FunctionUrl, Queue, QueueSettings};
use sim::slack::{ALERTS_CHANNEL, Connection, Delivery, Message, REQUESTER};

use crate::asks::{find, read};
use crate::binary::binary;

/// Who asks.
pub const USER: &str = REQUESTER.id;
/// The secret of webhooks.
pub const WEBHOOK_SECRET: &str = "of-the-test";
/// How often a queue hands a message out.
const RECEIVES: u32 = 3;

/// A function behind the bus, with its queue.
pub struct Behind {
    /// The function.
    pub function: FunctionProcess,
    /// What the rule sends to it.
    pub queue: Arc<Queue>,
}

/// The product between sim's Slack and sim's cluster.
pub struct Way {
    /// The simulation.
    pub sim: Sim,
    /// The door's address.
    pub url: FunctionUrl,
    /// The door.
    pub intake: Arc<FunctionProcess>,
    /// Who answers people.
    pub commands: Behind,
    /// Who analyses alerts.
    pub analysis: Behind,
    folder: tempfile::TempDir,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Way").field("url", &self.url.url()).finish_non_exhaustive()
    }
}

impl Way {
    /// Starts the functions with sim's environment and these settings in addition, and installs the app in sim's Slack.
    ///
    /// # Panics
    ///
    /// Where anything of it does not start.
    pub async fn open(sim: Sim, more: &[(&str, &str)]) -> Self {
        let folder = ok(tempfile::tempdir());
        let environment = |name: &str| {
            let store = format!("file:{}", folder.path().join(name).display());
            let ours = [
                ("NIGHTSHIFT_STORE", store.as_str()),
                ("K8S_NAMESPACE", "shop"),
                ("WEBHOOK_SECRET", WEBHOOK_SECRET),
                ("BEDROCK_ANALYSIS_AGENT_ID", ""),
                ("BEDROCK_ANALYSIS_AGENT_ALIAS_ID", ""),
            ];
            let mut environment = sim.environment();
            for (name, value) in ours.iter().chain(more) {
                environment.retain(|(known, _)| known != name);
                environment.push(((*name).to_owned(), (*value).to_owned()));
            }
            environment
        };
        let start = async |name: &str, concurrency: usize| {
            let settings = FunctionSettings { concurrency, ..FunctionSettings::new(&binary(name), environment(name)) };
            ok(FunctionProcess::start_with(settings).await)
        };
        let behind = async |name: &str, pattern: Value| {
            let settings = QueueSettings { max_receive_count: RECEIVES, ..QueueSettings::default() };
            let queue = Arc::new(Queue::with_settings(name, settings));
            ok(sim.buses().rule(PRODUCT_BUS, &pattern, &queue));
            // The store is a file, which is one process's at a time.
            Behind { function: start(name, 1).await, queue }
        };
        let intake = Arc::new(start("intake", 4).await);
        let url = ok(FunctionUrl::start(Arc::clone(&intake)).await);
        ok(sim.slack().connect(Connection::new(url.url(), sim::SIGNING_SECRET)).await);
        // The patterns of infra/template.yaml.
        let commands = json!({ "source": ["nightshift.intake"], "detail-type": [{ "prefix": "Slack " }] });
        let alerts = json!({ "source": ["nightshift.intake"], "detail-type": ["Alert"] });
        let commands = behind("slack-commands", commands).await;
        let analysis = behind("alarm-analysis", alerts).await;
        Self { sim, url, intake, commands, analysis, folder }
    }

    /// Ends the functions; the simulation stays.
    pub async fn close(self) -> Sim {
        let Self { sim, commands, analysis, folder, .. } = self;
        commands.function.stop().await;
        analysis.function.stop().await;
        drop(folder);
        sim
    }

    /// Lets the function that answers people work until its queue is empty.
    ///
    /// # Panics
    ///
    /// Where anything fails.
    pub async fn work(&self) {
        let report = self.commands.drive().await;
        let has_failed = !report.errors.is_empty() || report.dead > 0 || report.redelivered > 0;
        assert!(!has_failed, "{report:?}\n{:#?}", self.commands.function.logs());
    }

    /// Types a command and waits for its answer; what has been posted since, oldest first.
    pub async fn ask(&self, line: &str) -> Vec<Message> {
        let before = self.sim.slack().messages().len();
        let delivery = self.sim.slack().command(USER, ALERTS_CHANNEL, line).await;
        assert!(delivery.is_acknowledged(), "{line}: {delivery:?}");
        self.work().await;
        self.sim.slack().messages().split_off(before)
    }

    /// Presses the button with this label; the message afterwards.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub async fn press(&self, message: &Message, label: &str) -> Message {
        let content = json!([message.blocks, message.attachments]);
        let is_meant = |value: &Value| value["type"] == "button" && value["text"]["text"] == label;
        let Some(button) = find(&content, &is_meant) else { panic!("no button {label}: {content}") };
        let action = button["action_id"].as_str().unwrap_or_default();
        let pressed = self.sim.slack().press(USER, &message.channel, &message.ts, action, button["value"].as_str());
        assert!(pressed.await.is_acknowledged());
        self.work().await;
        let standing = self.sim.slack().messages().into_iter().find(|standing| standing.ts == message.ts);
        standing.unwrap_or_else(|| panic!("the message is gone"))
    }

    /// Writes a message that mentions the app and waits for its answer: the replies in its thread.
    pub async fn mention(&self, text: &str) -> Vec<Message> {
        let (asked, delivery) = self.sim.slack().say(USER, ALERTS_CHANNEL, None, text).await;
        assert!(matches!(delivery, Delivery::Answered { status: 200, .. }), "{delivery:?}");
        self.work().await;
        self.replies(&asked.ts)
    }

    /// What stands in the thread below `ts`.
    pub fn replies(&self, ts: &str) -> Vec<Message> {
        let messages = self.sim.slack().messages().into_iter();
        messages.filter(|message| message.is_reply() && message.thread_ts.as_deref() == Some(ts)).collect()
    }
}

impl Behind {
    /// Lets it work until its queue is empty.
    pub async fn drive(&self) -> DriveReport {
        self.queue.drive(&self.function).await
    }

    /// What the schedule of a minute does; what it came to.
    ///
    /// # Panics
    ///
    /// Where it fails.
    pub async fn sweep(&self) -> Value {
        let event = json!({ "source": "nightshift", "detail-type": "Nightshift Sweep" });
        ok(self.function.invoke(&event).await).payload
    }
}

/// All that somebody reads of a message.
pub fn text(message: &Message) -> String {
    read(&json!({ "text": message.text, "blocks": message.blocks, "attachments": message.attachments }))
}

fn ok<T, E: std::fmt::Display>(outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error}"))
}
