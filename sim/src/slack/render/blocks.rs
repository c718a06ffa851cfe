//! Block Kit blocks and attachments.

use serde_json::Value;

use super::elements::element;
use super::rich_text::rich_text;
use super::{Html, emoji, mrkdwn, text_object};

/// One block; `at` is its pointer within the message.
pub(in crate::slack) fn block(block: &Value, at: &str) -> Html {
    let mut html = Html::default();
    match block["type"].as_str() {
        Some("header") => {
            html.markup("<h3>").html(&text_object(&block["text"])).markup("</h3>");
        }
        Some("section") => section(&mut html, block, at),
        Some("context") => {
            html.markup("<div class=\"context\">");
            for element in list(block, "elements") {
                html.markup("<span>").html(&text_object(element)).markup("</span>");
            }
            html.markup("</div>");
        }
        Some("divider") => {
            html.markup("<hr>");
        }
        Some("actions") => {
            html.markup("<div class=\"actions\">");
            for (index, inner) in list(block, "elements").iter().enumerate() {
                html.html(&element(inner, &format!("{at}/elements/{index}")));
            }
            html.markup("</div>");
        }
        Some("rich_text") => {
            html.markup("<div class=\"rich\">");
            rich_text(&mut html, block);
            html.markup("</div>");
        }
        Some("markdown") => {
            html.markup("<div class=\"section\">").html(&mrkdwn(block["text"].as_str().unwrap_or_default()));
            html.markup("</div>");
        }
        Some("table") => table(&mut html, block),
        Some("image") => {
            // Nothing is fetched from elsewhere: an image is shown by what it says it is.
            html.markup("<div class=\"image\">🖼 ")
                .text(block["alt_text"].as_str().unwrap_or_default())
                .markup("</div>");
        }
        _ => {}
    }
    html
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn section(html: &mut Html, block: &Value, at: &str) {
    html.markup("<div class=\"section\"><div>");
    if !block["text"].is_null() {
        html.html(&text_object(&block["text"]));
    }
    let fields = list(block, "fields");
    if !fields.is_empty() {
        html.markup("<div class=\"fields\">");
        for field in fields {
            html.markup("<div>").html(&text_object(field)).markup("</div>");
        }
        html.markup("</div>");
    }
    html.markup("</div>");
    html.html(&element(&block["accessory"], &format!("{at}/accessory")));
    html.markup("</div>");
}

fn table(html: &mut Html, block: &Value) {
    html.markup("<div class=\"table\"><table>");
    for row in list(block, "rows") {
        html.markup("<tr>");
        for cell in row.as_array().into_iter().flatten() {
            html.markup("<td>");
            match cell["type"].as_str() {
                Some("rich_text") => rich_text(html, cell),
                _ => {
                    html.html(&emoji(cell["text"].as_str().unwrap_or_default()));
                }
            }
            html.markup("</td>");
        }
        html.markup("</tr>");
    }
    html.markup("</table></div>");
}

/// An attachment, at the pointer `at` within the message: a colour bar beside blocks, or beside the older title, text and fields.
pub(in crate::slack) fn attachment(attachment: &Value, at: &str) -> Html {
    let mut html = Html::default();
    html.markup("<div class=\"attachment\"><i class=\"bar\"");
    if let Some(color) = attachment["color"].as_str().and_then(color) {
        html.markup(" style=\"background:").text(&color).markup("\"");
    }
    html.markup("></i><div class=\"body\">");
    let blocks = list(attachment, "blocks");
    if blocks.is_empty() {
        if let Some(title) = attachment["title"].as_str() {
            html.markup("<div class=\"section\"><b>").html(&emoji(title)).markup("</b></div>");
        }
        let text = attachment["text"].as_str().or(attachment["fallback"].as_str()).unwrap_or_default();
        html.markup("<div class=\"section\"><div>").html(&mrkdwn(text)).markup("</div></div>");
        for field in list(attachment, "fields") {
            html.markup("<div class=\"section\"><div><b>").html(&emoji(field["title"].as_str().unwrap_or_default()));
            html.markup("</b><br>").html(&mrkdwn(field["value"].as_str().unwrap_or_default())).markup("</div></div>");
        }
    }
    for (index, inner) in blocks.iter().enumerate() {
        html.html(&block(inner, &format!("{at}/blocks/{index}")));
    }
    if let Some(footer) = attachment["footer"].as_str() {
        html.markup("<div class=\"context\"><span>").html(&emoji(footer)).markup("</span></div>");
    }
    html.markup("</div></div>");
    html
}

/// A colour as CSS, if it is one.
fn color(color: &str) -> Option<String> {
    match color {
        "good" => Some("#2EB67D".to_owned()),
        "warning" => Some("#ECB22E".to_owned()),
        "danger" => Some("#E01E5A".to_owned()),
        _ => {
            let digits = color.trim_start_matches('#');
            let hex = matches!(digits.len(), 3 | 6) && digits.chars().all(|digit| digit.is_ascii_hexdigit());
            hex.then(|| format!("#{digits}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_colour_that_is_none_does_not_reach_the_page() {
        assert_eq!(color("#E01E5A").as_deref(), Some("#E01E5A"));
        assert_eq!(color("red;background:url(//x)"), None);
        let html = attachment(&json!({"color": "\"><script>", "text": "x"}), "/attachments/0").to_string();
        assert!(!html.contains("script"), "{html}");
    }

    #[test]
    fn every_text_of_a_block_is_escaped() {
        let hostile = "<img src=x onerror=alert(1)>";
        let plain = json!({"type": "plain_text", "text": hostile});
        let blocks = [
            json!({"type": "header", "text": plain}),
            json!({"type": "section", "text": plain, "fields": [plain], "accessory": {"type": "button", "text": plain}}),
            json!({"type": "context", "elements": [plain]}),
            json!({"type": "actions", "elements": [{"type": "button", "text": plain, "url": "javascript:alert(1)"}]}),
            json!({"type": "image", "alt_text": hostile}),
            json!({"type": "markdown", "text": hostile}),
            json!({"type": "table", "rows": [[{"type": "raw_text", "text": hostile}]]}),
            json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": hostile}]}]}),
        ];
        for value in blocks {
            let html = block(&value, "/blocks/0").to_string();
            assert!(
                html.contains("&lt;img src=x") && !html.contains("<img") && !html.contains("javascript:"),
                "{html}"
            );
        }
    }
}
