//! What somebody asks, from where.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::bus;
use shared::model::{Kind, ObjectRef};
use url::Url;

use super::MalformedEvent;

/// The longest text that is looked at; nobody asks more.
const LONGEST_TEXT: usize = 3_000;

/// A command, a click or a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Its identity: the same whenever the same is asked again.
    pub id: String,
    /// Who asks, by Slack's id.
    pub user: String,
    /// Where the answer goes.
    pub place: Place,
    /// What is asked.
    pub what: What,
    /// When intake received it.
    pub asked_at: Timestamp,
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// To the address that Slack gave with the request; where that has expired, to whoever asked.
    Response {
        /// The address. Whoever has it can post: it is shown nowhere.
        url: Url,
        /// Whether what is posted there can take the place of the message that was clicked. A command has no such message.
        #[serde(default)]
        replaces: bool,
        /// The channel it was asked in.
        channel: String,
        /// Who asked.
        user: String,
    },
    /// Into the thread of the question.
    Thread {
        /// The channel.
        channel: String,
        /// The message the thread hangs below.
        ts: String,
    },
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A command with the words after it.
    Command(Command, Vec<String>),
    /// A service was chosen from what a command showed.
    Pick(Command, Target),
    /// A question in plain language.
    Question(String),
    /// A command that is none of ours.
    UnknownCommand(String),
    /// A click that another function deals with.
    Elsewhere(String),
}

impl What {
    /// A short name for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Command(command, _) | Self::Pick(command, _) => command.name(),
            Self::Question(_) => "question",
            Self::UnknownCommand(_) => "unknown-command",
            Self::Elsewhere(_) => "elsewhere",
        }
    }
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// How the cluster is.
    Health,
    /// How a service is.
    ServiceStatus,
    /// Whether services can be reached, and what they depend on.
    NetCheck,
    /// What happened last.
    Events,
    /// What a service's newest pod says.
    Logs,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Health, Self::ServiceStatus, Self::NetCheck, Self::Events, Self::Logs];

    /// Its name, without the slash.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::ServiceStatus => "service-status",
            Self::NetCheck => "net-check",
            Self::Events => "events",
            Self::Logs => "logs",
        }
    }

    /// The command of a name such as `/health`.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches('/').to_ascii_lowercase();
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

/// A workload of a cluster, as buttons and menus carry it: `cluster/namespace/Kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The cluster.
    pub cluster: String,
    /// The workload.
    pub workload: ObjectRef,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectRef { kind, namespace, name } = &self.workload;
        write!(f, "{}/{namespace}/{kind}/{name}", self.cluster)
    }
}

impl FromStr for Target {
    type Err = MalformedEvent;

    fn from_str(text: &str) -> Result<Self, MalformedEvent> {
        let bad = MalformedEvent::Field { field: "value", problem: "not one of the choices that were shown" };
        let [cluster, namespace, kind, name] = text.split('/').collect::<Vec<_>>()[..] else { return Err(bad) };
        // What Kubernetes takes as a name, so that it cannot lead anywhere else in a path.
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 253
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
        };
        match Kind::parse(kind) {
            Some(kind) if is_name(namespace) && is_name(name) => {
                Ok(Self { cluster: cluster.to_owned(), workload: ObjectRef::new(kind, namespace, name) })
            }
            _ => Err(bad),
        }
    }
}

impl Ask {
    pub(super) fn of_command(command: bus::Command) -> Result<Self, MalformedEvent> {
        let what = match Command::parse(&command.command) {
            Some(known) => {
                let words = shortened(&command.text).split_whitespace().map(str::to_owned).collect();
                What::Command(known, words)
            }
            None => What::UnknownCommand(shortened(&command.command)),
        };
        let place = response(&command.response_url, false, command.channel_id, &command.user_id)?;
        Ok(Self {
            id: command.id.as_str().to_owned(),
            user: command.user_id,
            place,
            what,
            asked_at: command.received_at,
        })
    }

    pub(super) fn of_interaction(interaction: bus::Interaction) -> Result<Self, MalformedEvent> {
        let chosen = interaction.selected.first().unwrap_or(&interaction.value);
        let of = interaction.action_id.split_once('.').and_then(|(name, action)| Some((Command::parse(name)?, action)));
        let what = match of {
            // Buttons of one message need action ids of their own: `service-status.pick.3`.
            Some((command, action)) if action == "pick" || action.starts_with("pick.") => {
                What::Pick(command, chosen.parse()?)
            }
            _ => What::Elsewhere(shortened(&interaction.action_id)),
        };
        let place = match &what {
            What::Elsewhere(_) if interaction.response_url.is_empty() => {
                Place::Thread { channel: interaction.channel_id, ts: interaction.message_ts }
            }
            _ => response(&interaction.response_url, true, interaction.channel_id, &interaction.user_id)?,
        };
        Ok(Self {
            id: interaction.id.as_str().to_owned(),
            user: interaction.user_id,
            place,
            what,
            asked_at: interaction.received_at,
        })
    }

    pub(super) fn of_question(question: bus::Question) -> Result<Self, MalformedEvent> {
        let missing = |field| MalformedEvent::Field { field, problem: "empty" };
        if question.channel_id.is_empty() {
            return Err(missing("channel_id"));
        }
        if question.ts.is_empty() {
            return Err(missing("ts"));
        }
        let ts = Some(question.thread_ts).filter(|ts| !ts.is_empty()).unwrap_or(question.ts);
        Ok(Self {
            id: question.id.as_str().to_owned(),
            user: question.user_id,
            place: Place::Thread { channel: question.channel_id, ts },
            what: What::Question(shortened(&question.text)),
            asked_at: question.received_at,
        })
    }
}

fn response(url: &str, replaces: bool, channel: String, user: &str) -> Result<Place, MalformedEvent> {
    let bad = MalformedEvent::Field { field: "response_url", problem: "no http address" };
    match Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            Ok(Place::Response { url, replaces, channel, user: user.to_owned() })
        }
        _ => Err(bad),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}
