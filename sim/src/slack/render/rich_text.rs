//! `rich_text` blocks: <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>.

use serde_json::Value;

use super::{Html, emoji, link_target};

/// A `rich_text` block's elements.
pub(super) fn rich_text(html: &mut Html, block: &Value) {
    for element in items(block) {
        match element["type"].as_str() {
            Some("rich_text_preformatted") => {
                html.markup("<pre>");
                inline(html, element);
                html.markup("</pre>");
            }
            Some("rich_text_quote") => {
                html.markup("<blockquote>");
                inline(html, element);
                html.markup("</blockquote>");
            }
            Some("rich_text_list") => {
                let ordered = element["style"] == "ordered";
                html.markup(if ordered { "<ol>" } else { "<ul>" });
                for item in items(element) {
                    html.markup("<li>");
                    inline(html, item);
                    html.markup("</li>");
                }
                html.markup(if ordered { "</ol>" } else { "</ul>" });
            }
            _ => {
                html.markup("<p>");
                inline(html, element);
                html.markup("</p>");
            }
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value["elements"].as_array().map_or(&[], Vec::as_slice)
}

fn inline(html: &mut Html, section: &Value) {
    for element in items(section) {
        let text = element["text"].as_str().unwrap_or_default();
        let styles = [
            ("code", "<code>", "</code>"),
            ("bold", "<b>", "</b>"),
            ("italic", "<i>", "</i>"),
            ("strike", "<s>", "</s>"),
        ];
        let wanted: Vec<_> = styles.iter().filter(|(name, ..)| element["style"][name] == true).collect();
        wanted.iter().for_each(|(_, open, _)| {
            html.markup(open);
        });
        match element["type"].as_str() {
            Some("emoji") => {
                let name = element["name"].as_str().unwrap_or_default();
                html.html(&emoji(&format!(":{name}:")));
            }
            Some("link") => {
                let address = element["url"].as_str().unwrap_or_default();
                let shown = if text.is_empty() { address } else { text };
                match link_target(address) {
                    Some(address) => html
                        .markup("<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"")
                        .text(address)
                        .markup("\">")
                        .text(shown)
                        .markup("</a>"),
                    None => html.text(shown),
                };
            }
            Some("user" | "channel" | "broadcast") => {
                let name = ["user_id", "channel_id", "range"].iter().find_map(|name| element[name].as_str());
                html.markup("<span class=\"mention\">@").text(name.unwrap_or_default()).markup("</span>");
            }
            _ => {
                html.text(text);
            }
        }
        wanted.iter().rev().for_each(|(.., close)| {
            html.markup(close);
        });
    }
}
