//! Slash commands: <https://docs.slack.dev/interactivity/implementing-slash-commands>.

use jiff::Timestamp;
use serde_json::Value;

use super::super::people::{SLACKBOT, person};
use super::super::response_url::{self, Purpose};
use super::super::workspace::{APP_ID, Draft, TEAM_DOMAIN, TEAM_ID, Workspace};
use super::request::{self, Delivery, form};

/// A command of the app, as its manifest declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlashCommand {
    /// With its slash.
    pub name: &'static str,
    /// What may follow.
    pub usage: &'static str,
    /// What it does.
    pub description: &'static str,
}

/// The app's commands. `docs/slack-app.md` declares the same ones.
pub const COMMANDS: [SlashCommand; 5] = [
    SlashCommand {
        name: "/service-status",
        usage: "[namespace/service]",
        description: "Pods, traffic and latest changes of a service",
    },
    SlashCommand {
        name: "/health",
        usage: "[namespace]",
        description: "Whether the cluster and its workloads are well",
    },
    SlashCommand {
        name: "/net-check",
        usage: "[target]",
        description: "Whether what the services depend on is reachable",
    },
    SlashCommand { name: "/events", usage: "[namespace] [minutes]", description: "Latest warnings of the cluster" },
    SlashCommand {
        name: "/logs",
        usage: "[namespace/workload] [lines]",
        description: "Latest log lines of a workload",
    },
];

impl Workspace {
    /// Types `line`, a command with what follows it, in a channel; returns once the app has acknowledged it or not.
    pub async fn command(&self, user: &str, channel: &str, line: &str) -> Delivery {
        let line = line.trim();
        let (command, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let Some(named) = COMMANDS.iter().find(|known| known.name == command) else {
            let text = format!(
                "`{}` is not a valid command. In Slack, all messages that start with the \"/\" character are interpreted \
                 as slash commands.\n\nIf you are trying to send a message and not run a command, try preceding the \
                 \"/\" with an empty space.",
                escape(command)
            );
            self.notice(user, channel, text);
            return Delivery::NotSent;
        };
        let delivery = match (self.connection(), self.channel(channel), person(user)) {
            (Some(connection), Some(place), Some(person)) => {
                let purpose = Purpose::Command;
                let response_url = self.open_response_url(&place.id, user, None, purpose, Timestamp::now());
                let trigger_id = self.trigger_id(user);
                let name = if place.is_direct() { "directmessage" } else { &place.name };
                let body = form(&[
                    ("token", "sim"),
                    ("team_id", TEAM_ID),
                    ("team_domain", TEAM_DOMAIN),
                    ("channel_id", &place.id),
                    ("channel_name", name),
                    ("user_id", user),
                    ("user_name", person.name),
                    ("command", named.name),
                    ("text", text.trim()),
                    ("api_app_id", APP_ID),
                    ("is_enterprise_install", "false"),
                    ("response_url", &response_url),
                    ("trigger_id", &trigger_id),
                ]);
                request::send(&connection, "slack/commands", "application/x-www-form-urlencoded", body, &[]).await
            }
            _ => Delivery::NotSent,
        };
        if let Delivery::Answered { status: 200..=299, body } = &delivery {
            self.answer_at_once(user, channel, line, body);
        }
        if let Some(problem) = delivery.problem() {
            self.notice(user, channel, format!("{} failed with the error \"{problem}\"", named.name));
        }
        delivery
    }

    /// The acknowledgement itself may be a message: text, or JSON. One for all shows what was typed, too.
    fn answer_at_once(&self, user: &str, channel: &str, line: &str, body: &str) {
        if body.trim().is_empty() {
            return;
        }
        let payload = match serde_json::from_str::<Value>(body) {
            Ok(payload @ Value::Object(_)) => payload,
            _ => serde_json::json!({"text": body}),
        };
        if payload["response_type"] == "in_channel" {
            let typed = Draft { text: escape(line), user: Some(user.to_owned()), ..Draft::default() };
            self.post(channel, typed, Timestamp::now());
        }
        if let Ok(draft) = response_url::draft(&payload, user) {
            self.post(channel, draft, Timestamp::now());
        }
    }

    /// What Slack itself says, to one person.
    pub(super) fn notice(&self, user: &str, channel: &str, text: String) {
        let draft =
            Draft { text, user: Some(SLACKBOT.to_owned()), ephemeral_for: Some(user.to_owned()), ..Draft::default() };
        self.post(channel, draft, Timestamp::now());
    }
}

/// As Slack escapes what people type.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
