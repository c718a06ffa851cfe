//! Messages as HTML, as Slack would show them.
//!
//! All that a message says is data: it reaches the page through [`Html::text`], which escapes it, and markup only through
//! [`Html::markup`], which takes nothing but literals.

mod blocks;
mod elements;
mod emoji;
mod mrkdwn;
mod rich_text;

use serde_json::Value;

pub(super) use blocks::{attachment, block};
pub(super) use emoji::emoji;
pub(super) use mrkdwn::mrkdwn;

/// HTML in the making.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Appends markup of ours.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends text of others, fit for content and for a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Appends what another render made.
    pub(super) fn html(&mut self, other: &Html) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }
}

impl std::fmt::Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address that a link may lead to.
fn link_target(address: &str) -> Option<&str> {
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme)).then_some(address)
}

/// A text object (`plain_text` or `mrkdwn`), or a bare string as mrkdwn.
pub(super) fn text_object(value: &Value) -> Html {
    match (value["type"].as_str(), value["text"].as_str(), value.as_str()) {
        (Some("plain_text"), Some(text), _) => emoji(text),
        (_, Some(text), _) | (_, None, Some(text)) => mrkdwn(text),
        _ => Html::default(),
    }
}
