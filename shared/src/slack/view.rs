//! Dialogs: a view that Slack opens over the page for one person, with something to fill in.
//! <https://docs.slack.dev/reference/views/modal-views>
//!
//! It is opened by the `trigger_id` of something that they pressed, within three seconds of it, once. What they fill in comes
//! back as an interaction of the kind `view_submission`, with the view's state.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{block::Block, cut, text::Text};

const TITLE: usize = 24;
const CALLBACK_ID: usize = 255;
const METADATA: usize = 3000;
const LABEL: usize = 2000;
const PLACEHOLDER: usize = 150;

/// A dialog.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    #[serde(rename = "type")]
    kind: &'static str,
    callback_id: String,
    private_metadata: String,
    title: Text,
    submit: Text,
    close: Text,
    blocks: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Part {
    Block(Block),
    Input(Input),
}

impl View {
    /// A dialog with this title and these two buttons; what comes back is under `callback_id`, with `metadata` as it is here.
    pub fn new(callback_id: &str, metadata: &str, title: &str, [submit, close]: [&str; 2]) -> Self {
        Self {
            kind: "modal",
            callback_id: cut::cut_plain(callback_id, CALLBACK_ID),
            private_metadata: cut::cut_plain(metadata, METADATA),
            title: Text::plain(title, TITLE),
            submit: Text::plain(submit, TITLE),
            close: Text::plain(close, TITLE),
            blocks: Vec::new(),
        }
    }

    /// The same with a block at its end.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(Part::Block(block));
        self
    }

    /// The same with something to fill in at its end.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.blocks.push(Part::Input(input));
        self
    }
}

/// Something to fill in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    #[serde(rename = "type")]
    kind: &'static str,
    block_id: &'static str,
    label: Text,
    element: PlainTextInput,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct PlainTextInput {
    #[serde(rename = "type")]
    kind: &'static str,
    action_id: &'static str,
    multiline: bool,
    max_length: u16,
    focus_on_load: bool,
    placeholder: Text,
}

/// The one element of an input: it has a block of its own, whose name tells them apart.
const ELEMENT: &str = "text";

impl Input {
    /// Some lines of text, at least one character and at most `longest`, at most 3000.
    pub fn lines(block_id: &'static str, label: &str, placeholder: &str, longest: u16) -> Self {
        let element = PlainTextInput {
            kind: "plain_text_input",
            action_id: ELEMENT,
            multiline: true,
            max_length: longest.clamp(1, 3000),
            focus_on_load: true,
            placeholder: Text::plain(placeholder, PLACEHOLDER),
        };
        Self { kind: "input", block_id, label: Text::plain(label, LABEL), element }
    }
}

/// What a submitted view carries: the metadata that it was opened with, and what was filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Submitted<'a>(&'a Value);

impl<'a> Submitted<'a> {
    /// The view of an interaction.
    pub const fn new(view: &'a Value) -> Self {
        Self(view)
    }

    /// The metadata that it was opened with.
    pub fn metadata(self) -> &'a str {
        self.0["private_metadata"].as_str().unwrap_or_default()
    }

    /// What stands in the input of this name.
    pub fn text(self, block_id: &str) -> &'a str {
        self.0["state"]["values"][block_id][ELEMENT]["value"].as_str().unwrap_or_default()
    }
}

/// What became of a dialog that was to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opening {
    /// It is open.
    Open,
    /// Slack does not open it: the three seconds are over.
    TooLate,
}
