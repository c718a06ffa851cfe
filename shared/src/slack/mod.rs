//! Slack: messages from typed blocks, posted within its limits.
//!
//! - [`Mrkdwn`] and [`mrkdwn!`](crate::mrkdwn): text whose data is escaped, so that what a log line says cannot mention a
//!   channel or forge a link.
//! - [`Block`], [`Element`], [`Attachment`], [`Message`]: the part of Block Kit that the product uses. Constructors cut what
//!   Slack would refuse; a message is never lost for being too long.
//! - [`Slack`]: the Web API, paced and bounded by a [`Deadline`](crate::deadline::Deadline). Its errors say whether to retry,
//!   to look first whether the message is there, or to give up ([`SlackError`]).

mod block;
mod call;
mod client;
mod cut;
mod error;
mod message;
#[cfg(test)]
mod tests;
mod text;
mod view;

pub use block::{Block, Button, ButtonStyle, Choice, Confirm, Element, StaticSelect};
pub use client::{Posted, Slack, SlackConfig, Upload, UserGroup};
pub use error::SlackError;
pub use message::{Attachment, Colour, Message, MessageKey};
pub use text::{Data, Mrkdwn, MrkdwnArg, Text, escape, escape_plain};
pub use view::{Input, Opening, Submitted, View};

use serde::{Deserialize, Serialize};

/// A channel: its id (`C0123456789`), or a name where Slack takes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub String);

impl std::fmt::Display for ChannelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message's identity within its channel: `1700000000.000100`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageTs(pub String);

impl std::fmt::Display for MessageTs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user's id (`U0123456789`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);
