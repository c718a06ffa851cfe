//! What can be pressed or chosen: each element carries its pointer within the message, by which the page names it.

use serde_json::Value;

use super::{Html, link_target, text_object};

/// A button or a menu; nothing for what is neither.
pub(super) fn element(element: &Value, at: &str) -> Html {
    let mut html = Html::default();
    match element["type"].as_str() {
        Some("button") => button(&mut html, element, at),
        Some("static_select" | "overflow" | "radio_buttons") => menu(&mut html, element, at),
        _ => {}
    }
    html
}

fn button(html: &mut Html, element: &Value, at: &str) {
    let address = element["url"].as_str().and_then(link_target);
    match address {
        Some(address) => {
            html.markup("<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"").text(address).markup("\"");
        }
        None => {
            html.markup("<button type=\"button\"");
        }
    }
    html.markup(match element["style"].as_str() {
        Some("primary") => " class=\"button primary\"",
        Some("danger") => " class=\"button danger\"",
        _ => " class=\"button\"",
    });
    attributes(html, element, at);
    if let Some(label) = element["accessibility_label"].as_str() {
        html.markup(" aria-label=\"").text(label).markup("\"");
    }
    html.markup(">").html(&text_object(&element["text"]));
    html.markup(if address.is_some() { "</a>" } else { "</button>" });
}

/// Where it is, and what has to be confirmed before it counts.
fn attributes(html: &mut Html, element: &Value, at: &str) {
    html.markup(" data-at=\"").text(at).markup("\"");
    let confirm = &element["confirm"];
    if confirm.is_object() {
        let text = |part: &Value| part["text"].as_str().unwrap_or_default().to_owned();
        html.markup(" data-confirm=\"").text(&text(&confirm["text"]));
        html.markup("\" data-confirm-title=\"").text(&text(&confirm["title"]));
        html.markup("\" data-confirm-yes=\"").text(&text(&confirm["confirm"]));
        html.markup("\" data-confirm-no=\"").text(&text(&confirm["deny"])).markup("\"");
    }
}

/// A menu; its options are numbered through all groups.
fn menu(html: &mut Html, element: &Value, at: &str) {
    let placeholder = match element["type"].as_str() {
        Some("overflow") => "More",
        _ => element["placeholder"]["text"].as_str().unwrap_or("Choose"),
    };
    html.markup("<select class=\"button menu\" aria-label=\"").text(placeholder).markup("\"");
    attributes(html, element, at);
    html.markup("><option value=\"\">").text(placeholder).markup("</option>");
    let initial = &element["initial_option"]["value"];
    let mut number = 0;
    let mut options = |html: &mut Html, of: &Value| {
        for option in of["options"].as_array().into_iter().flatten() {
            html.markup("<option value=\"").text(&number.to_string()).markup("\"");
            if !initial.is_null() && option["value"] == *initial {
                html.markup(" selected");
            }
            html.markup(">").html(&text_object(&option["text"])).markup("</option>");
            number += 1;
        }
    };
    options(html, element);
    for group in element["option_groups"].as_array().into_iter().flatten() {
        html.markup("<optgroup label=\"").text(group["label"]["text"].as_str().unwrap_or_default()).markup("\">");
        options(html, group);
        html.markup("</optgroup>");
    }
    html.markup("</select>");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_menus_options_are_numbered_through_its_groups_and_escaped() {
        let option = |text: &str| json!({"text": {"type": "plain_text", "text": text}, "value": text});
        let menu = json!({"type": "static_select", "placeholder": {"type": "plain_text", "text": "\"><b>"}, "option_groups": [
            {"label": {"type": "plain_text", "text": "shop"}, "options": [option("<api>")]},
            {"label": {"type": "plain_text", "text": "payments"}, "options": [option("ledger")]},
        ]});
        let html = element(&menu, "/blocks/0/elements/1").to_string();
        assert!(html.contains("data-at=\"/blocks/0/elements/1\""), "{html}");
        assert!(html.contains("<option value=\"0\">&lt;api&gt;</option></optgroup>"), "{html}");
        assert!(html.contains("<option value=\"1\">ledger</option>") && !html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_link_leads_to_the_web_only_and_a_confirmation_is_carried_as_text() {
        let confirm = json!({"title": {"text": "Sure?"}, "text": {"text": "\"x"}, "confirm": {"text": "Yes"}, "deny": {"text": "No"}});
        let button = json!({"type": "button", "text": {"type": "plain_text", "text": "go"}, "url": "javascript:x", "confirm": confirm});
        let html = element(&button, "/blocks/0/accessory").to_string();
        assert!(html.starts_with("<button type=\"button\"") && html.contains("data-confirm=\"&quot;x\""), "{html}");
    }
}
