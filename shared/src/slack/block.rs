//! Block Kit: the blocks and elements that the product uses. <https://docs.slack.dev/reference/block-kit/blocks>

use serde::{Deserialize, Serialize};

use super::{
    cut,
    text::{Mrkdwn, Text},
};

const HEADER: usize = 150;
const SECTION: usize = 3000;
const FIELD: usize = 2000;
const CONTEXT: usize = 2000;
const LABEL: usize = 75;
const ALT: usize = 2000;
const VALUE: usize = 2000;
const ACTION_ID: usize = 255;

/// One block. Made by its constructors only, which cut what is longer than Slack takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Block(Kind);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind {
    Header {
        text: Text,
    },
    Section {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Text>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accessory: Option<Box<Element>>,
    },
    Context {
        elements: Vec<Text>,
    },
    Divider {},
    Actions {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        block_id: Option<String>,
        elements: Vec<Element>,
    },
    Image {
        image_url: url::Url,
        alt_text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Text>,
    },
}

impl Block {
    /// A headline in large letters, no markup.
    pub fn header(text: &str) -> Self {
        Self(Kind::Header { text: Text::plain(&text.replace('\n', " "), HEADER) })
    }

    /// A paragraph.
    pub fn section(text: &Mrkdwn) -> Self {
        Self(Kind::Section { text: Some(Text::mrkdwn(text, SECTION)), fields: Vec::new(), accessory: None })
    }

    /// Up to ten short texts in two columns; further ones are left out.
    pub fn fields<'a>(fields: impl IntoIterator<Item = &'a Mrkdwn>) -> Self {
        let fields = fields.into_iter().take(10).map(|field| Text::mrkdwn(field, FIELD)).collect();
        Self(Kind::Section { text: None, fields, accessory: None })
    }

    /// A paragraph with a button, menu or image at its right.
    pub fn section_with(text: &Mrkdwn, accessory: impl Into<Element>) -> Self {
        let text = Some(Text::mrkdwn(text, SECTION));
        Self(Kind::Section { text, fields: Vec::new(), accessory: Some(Box::new(accessory.into())) })
    }

    /// Small grey text, up to ten pieces.
    pub fn context<'a>(elements: impl IntoIterator<Item = &'a Mrkdwn>) -> Self {
        Self(Kind::Context {
            elements: elements.into_iter().take(10).map(|text| Text::mrkdwn(text, CONTEXT)).collect(),
        })
    }

    /// A line.
    pub fn divider() -> Self {
        Self(Kind::Divider {})
    }

    /// A row of up to 25 buttons and menus; further ones are left out.
    pub fn actions(elements: impl IntoIterator<Item = Element>) -> Self {
        Self(Kind::Actions { block_id: None, elements: elements.into_iter().take(25).collect() })
    }

    /// A picture.
    pub fn image(image_url: url::Url, alt_text: &str) -> Self {
        Self(Kind::Image { image_url, alt_text: cut::cut_plain(alt_text, ALT), title: None })
    }

    /// The length that counts against a message's total.
    pub(super) fn length(&self) -> usize {
        let texts = |texts: &[Text]| texts.iter().map(|text| cut::length(text.as_str())).sum::<usize>();
        match &self.0 {
            Kind::Header { text } => cut::length(text.as_str()),
            Kind::Section { text, fields, .. } => {
                texts(fields) + text.as_ref().map_or(0, |text| cut::length(text.as_str()))
            }
            Kind::Context { elements } => texts(elements),
            Kind::Image { alt_text, .. } => cut::length(alt_text),
            Kind::Divider {} | Kind::Actions { .. } => 0,
        }
    }

    /// Whether the block would show nothing, which Slack refuses.
    pub(super) fn is_empty(&self) -> bool {
        let blank = |text: &Text| text.as_str().trim().is_empty();
        match &self.0 {
            Kind::Header { text } => blank(text),
            Kind::Section { text, fields, .. } => text.as_ref().is_none_or(blank) && fields.iter().all(blank),
            Kind::Context { elements } => elements.iter().all(blank),
            Kind::Actions { elements, .. } => elements.is_empty(),
            Kind::Divider {} | Kind::Image { .. } => false,
        }
    }

    /// The same block with at most `limit` units of text; only paragraphs give way.
    pub(super) fn shortened(self, limit: usize) -> Self {
        match self.0 {
            Kind::Section { text: Some(Text::Mrkdwn { text, .. }), fields, accessory } => {
                Self(Kind::Section { text: Some(Text::mrkdwn(&text, limit)), fields, accessory })
            }
            kind => Self(kind),
        }
    }
}

/// Something to press or choose, or a picture beside a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Element {
    /// A button.
    Button(Button),
    /// A menu with fixed choices.
    StaticSelect(StaticSelect),
    /// A small picture.
    Image {
        /// Where it is.
        image_url: url::Url,
        /// What it shows, for those who do not see it.
        alt_text: String,
    },
}

impl From<Button> for Element {
    fn from(button: Button) -> Self {
        Self::Button(button)
    }
}

impl From<StaticSelect> for Element {
    fn from(select: StaticSelect) -> Self {
        Self::StaticSelect(select)
    }
}

/// A button.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Button {
    text: Text,
    action_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<url::Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<ButtonStyle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirm>,
}

/// How a button stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ButtonStyle {
    /// Green: what most will want.
    Primary,
    /// Red: what cannot be taken back.
    Danger,
}

impl Button {
    /// A button that sends `value` back under `action_id`. A value longer than 2000 is cut: send a key, not a document.
    pub fn new(label: &str, action_id: &str, value: &str) -> Self {
        Self {
            text: Text::plain(label, LABEL),
            action_id: cut::cut_plain(action_id, ACTION_ID),
            value: Some(cut::cut_plain(value, VALUE)),
            url: None,
            style: None,
            confirm: None,
        }
    }

    /// A button that opens a page.
    pub fn link(label: &str, action_id: &str, url: url::Url) -> Self {
        Self { value: None, url: Some(url), ..Self::new(label, action_id, "") }
    }

    /// The same button in green or red.
    #[must_use]
    pub fn style(self, style: ButtonStyle) -> Self {
        Self { style: Some(style), ..self }
    }

    /// The same button, asking once more.
    #[must_use]
    pub fn confirm(self, confirm: Confirm) -> Self {
        Self { confirm: Some(confirm), ..self }
    }
}

/// The question asked before a button acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirm {
    title: Text,
    text: Text,
    confirm: Text,
    deny: Text,
}

impl Confirm {
    /// Title, question, and the two answers.
    pub fn new(title: &str, question: &str, confirm: &str, deny: &str) -> Self {
        Self {
            title: Text::plain(title, 100),
            text: Text::plain(question, 300),
            confirm: Text::plain(confirm, 30),
            deny: Text::plain(deny, 30),
        }
    }
}

/// A menu with fixed choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaticSelect {
    placeholder: Text,
    action_id: String,
    options: Vec<Choice>,
}

impl StaticSelect {
    /// A menu of up to 100 choices; further ones are left out.
    pub fn new(placeholder: &str, action_id: &str, choices: impl IntoIterator<Item = Choice>) -> Self {
        Self {
            placeholder: Text::plain(placeholder, 150),
            action_id: cut::cut_plain(action_id, ACTION_ID),
            options: choices.into_iter().take(100).collect(),
        }
    }
}

/// One choice of a menu.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    text: Text,
    value: String,
}

impl Choice {
    /// What is shown, and what is sent.
    pub fn new(label: &str, value: &str) -> Self {
        Self { text: Text::plain(label, LABEL), value: cut::cut_plain(value, 150) }
    }
}
