//! A message: fallback text, blocks, coloured attachments, and the key by which it is found again.

use serde::{Deserialize, Serialize};

use super::{block::Block, cut, text::Mrkdwn};

const BLOCKS: usize = 50;
const TOTAL: usize = 13_000;
const FALLBACK: usize = 3000;

/// The colour bar beside an attachment (BOT-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Colour {
    /// All well, or well again.
    #[serde(rename = "#2EB67D")]
    Good,
    /// Pending pods, or alarms.
    #[serde(rename = "#ECB22E")]
    Warning,
    /// Pods in error, or nodes not ready.
    #[serde(rename = "#E01E5A")]
    Critical,
}

/// Blocks beside a colour bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    color: Colour,
    fallback: String,
    blocks: Vec<Block>,
}

impl Attachment {
    /// Blocks beside a bar of this colour.
    pub fn new(color: Colour, blocks: impl IntoIterator<Item = Block>) -> Self {
        Self { color, fallback: String::new(), blocks: blocks.into_iter().collect() }
    }
}

/// What a message is known by, whatever becomes of the answer to its post: the key of its outbox row. It travels as
/// message metadata, so that a later look at the channel tells whether a post that timed out is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageKey(pub String);

impl std::fmt::Display for MessageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

/// What a message is about, for programs: <https://docs.slack.dev/messaging/message-metadata>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) event_type: String,
    pub(super) event_payload: serde_json::Map<String, serde_json::Value>,
}

impl Message {
    /// A message of one line, which is also what a notification shows.
    pub fn new(headline: &Mrkdwn) -> Self {
        let text = cut::cut_mrkdwn(headline.as_str(), FALLBACK);
        Self { text, blocks: Vec::new(), attachments: Vec::new(), metadata: None }
    }

    /// Says what the message is about, for programs. The message's key is added to `payload` when it is posted.
    #[must_use]
    pub fn metadata(mut self, event_type: &str, payload: serde_json::Map<String, serde_json::Value>) -> Self {
        self.metadata = Some(Metadata { event_type: event_type.to_owned(), event_payload: payload });
        self
    }

    /// Adds a block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds blocks.
    #[must_use]
    pub fn blocks(mut self, blocks: impl IntoIterator<Item = Block>) -> Self {
        self.blocks.extend(blocks);
        self
    }

    /// Adds blocks beside a colour bar.
    #[must_use]
    pub fn attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// What a notification shows.
    pub fn headline(&self) -> &str {
        &self.text
    }

    /// The message as Slack takes it: at most 50 blocks and 13,000 characters, no empty block. What does not fit is left
    /// out from the end, with a note in its place.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        let mut room = Room { blocks: BLOCKS - 1, units: TOTAL - 100, left_out: 0 };
        self.blocks = room.take(std::mem::take(&mut self.blocks));
        for attachment in &mut self.attachments {
            attachment.blocks = room.take(std::mem::take(&mut attachment.blocks));
            if attachment.fallback.is_empty() {
                attachment.fallback.clone_from(&self.text);
            }
        }
        self.attachments.retain(|attachment| !attachment.blocks.is_empty());
        if room.left_out > 0 {
            let note = Block::context([&Mrkdwn::trusted(format!("… (+{})", room.left_out))]);
            match self.attachments.last_mut() {
                Some(attachment) => attachment.blocks.push(note),
                None => self.blocks.push(note),
            }
        }
        self
    }
}

struct Room {
    blocks: usize,
    units: usize,
    left_out: usize,
}

impl Room {
    fn take(&mut self, blocks: Vec<Block>) -> Vec<Block> {
        let mut kept = Vec::new();
        for block in blocks.into_iter().filter(|block| !block.is_empty()) {
            if self.left_out > 0 || self.blocks == 0 || self.units < 50 {
                self.left_out += 1;
                continue;
            }
            let block = if block.length() > self.units { block.shortened(self.units) } else { block };
            if block.length() > self.units {
                self.left_out += 1;
                continue;
            }
            self.blocks -= 1;
            self.units -= block.length();
            kept.push(block);
        }
        kept
    }
}
