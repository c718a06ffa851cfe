//! What Slack accepts as blocks: known types, required fields, and the limits of each.
//!
//! <https://docs.slack.dev/reference/block-kit/blocks>. Each problem is a line as Slack writes them, ending in the JSON
//! pointer of what is wrong.

use std::collections::HashSet;

use serde_json::Value;

/// The most characters of all text in a message's blocks.
const TOTAL_TEXT: usize = 13_200;

/// The problems of these blocks, which stand at `pointer` of the message.
pub(super) fn problems(blocks: &[Value], pointer: &str) -> Vec<String> {
    let mut check = Check::default();
    check.count(blocks.len(), 0, 50, pointer);
    let mut ids = HashSet::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("{pointer}/{index}");
        if let Some(id) = block["block_id"].as_str() {
            check.length(id, 0, 255, &format!("{at}/block_id"));
            if !ids.insert(id) {
                check.fail("block_id already exists", &format!("{at}/block_id"));
            }
        }
        check.block(block, &at);
    }
    check.problems
}

/// Whether all text of these blocks together is more than Slack takes.
pub(super) fn too_long(blocks: &[Value]) -> bool {
    fn text(value: &Value) -> usize {
        match value {
            Value::Object(object) => object
                .iter()
                .map(|(name, value)| match value {
                    Value::String(content) if name == "text" => content.chars().count(),
                    _ => text(value),
                })
                .sum(),
            Value::Array(items) => items.iter().map(text).sum(),
            _ => 0,
        }
    }
    blocks.iter().map(text).sum::<usize>() > TOTAL_TEXT
}

#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn fail(&mut self, what: &str, pointer: &str) {
        self.problems.push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    fn count(&mut self, count: usize, least: usize, most: usize, pointer: &str) {
        if count < least {
            self.fail(&format!("no fewer than {least} items required"), pointer);
        }
        if count > most {
            self.fail(&format!("no more than {most} items allowed"), pointer);
        }
    }

    fn length(&mut self, text: &str, least: usize, most: usize, pointer: &str) {
        let length = text.chars().count();
        if length < least {
            self.fail(&format!("must be more than {} characters", least - 1), pointer);
        }
        if length > most {
            self.fail(&format!("must be less than {} characters", most + 1), pointer);
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        match block["type"].as_str() {
            Some("section") => self.section(block, at),
            Some("header") => self.text(&block["text"], &["plain_text"], 150, &format!("{at}/text")),
            Some("context") => {
                let elements = self.elements(block, 1, 10, at);
                for (index, element) in elements.iter().enumerate() {
                    let at = format!("{at}/elements/{index}");
                    match element["type"].as_str() {
                        Some("image") => self.image(element, &at),
                        _ => self.text(element, &["plain_text", "mrkdwn"], 3000, &at),
                    }
                }
            }
            Some("actions") => {
                let elements = self.elements(block, 1, 25, at);
                for (index, element) in elements.iter().enumerate() {
                    self.element(element, &format!("{at}/elements/{index}"));
                }
            }
            Some("divider") => {}
            Some("image") => self.image(block, at),
            Some("markdown") => match block["text"].as_str() {
                Some(text) => self.length(text, 1, 12_000, &format!("{at}/text")),
                None => self.fail("missing required field: text", at),
            },
            Some("rich_text") => {
                if !block["elements"].is_array() {
                    self.fail("missing required field: elements", at);
                }
            }
            Some("table") => match block["rows"].as_array() {
                Some(rows) => {
                    self.count(rows.len(), 1, 100, &format!("{at}/rows"));
                    for (index, row) in rows.iter().enumerate() {
                        let cells = row.as_array().map_or(0, Vec::len);
                        self.count(cells, 1, 20, &format!("{at}/rows/{index}"));
                    }
                }
                None => self.fail("missing required field: rows", at),
            },
            Some("input" | "file" | "video") => self.fail("unsupported block type for a posted message", at),
            Some(other) => self.fail(&format!("unsupported type: {other}"), &format!("{at}/type")),
            None => self.fail("missing required field: type", at),
        }
    }

    fn section(&mut self, block: &Value, at: &str) {
        let fields = block["fields"].as_array();
        if block["text"].is_null() && fields.is_none() {
            self.fail("missing required field: text or fields", at);
        }
        if !block["text"].is_null() {
            self.text(&block["text"], &["plain_text", "mrkdwn"], 3000, &format!("{at}/text"));
        }
        if let Some(fields) = fields {
            self.count(fields.len(), 1, 10, &format!("{at}/fields"));
            for (index, field) in fields.iter().enumerate() {
                self.text(field, &["plain_text", "mrkdwn"], 2000, &format!("{at}/fields/{index}"));
            }
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"], &format!("{at}/accessory"));
        }
    }

    fn elements<'a>(&mut self, block: &'a Value, least: usize, most: usize, at: &str) -> &'a [Value] {
        match block["elements"].as_array() {
            Some(elements) => {
                self.count(elements.len(), least, most, &format!("{at}/elements"));
                elements
            }
            None => {
                self.fail("missing required field: elements", at);
                &[]
            }
        }
    }

    fn element(&mut self, element: &Value, at: &str) {
        match element["type"].as_str() {
            Some("button") => {
                self.text(&element["text"], &["plain_text"], 75, &format!("{at}/text"));
                self.optional(element, "action_id", 255, at);
                self.optional(element, "value", 2000, at);
                self.optional(element, "url", 3000, at);
                if !matches!(element["style"].as_str(), None | Some("primary" | "danger")) {
                    self.fail("must be a valid enum value", &format!("{at}/style"));
                }
            }
            Some("image") => self.image(element, at),
            Some("overflow" | "static_select" | "datepicker" | "radio_buttons" | "checkboxes") => {
                self.optional(element, "action_id", 255, at);
            }
            Some(other) => self.fail(&format!("unsupported type: {other}"), &format!("{at}/type")),
            None => self.fail("missing required field: type", at),
        }
    }

    fn image(&mut self, image: &Value, at: &str) {
        if image["image_url"].is_null() && image["slack_file"].is_null() {
            self.fail("missing required field: image_url", at);
        }
        self.optional(image, "image_url", 3000, at);
        match image["alt_text"].as_str() {
            Some(text) => self.length(text, 0, 2000, &format!("{at}/alt_text")),
            None => self.fail("missing required field: alt_text", at),
        }
    }

    fn text(&mut self, text: &Value, kinds: &[&str], most: usize, at: &str) {
        match text["type"].as_str() {
            Some(kind) if kinds.contains(&kind) => match text["text"].as_str() {
                Some(content) => self.length(content, 1, most, &format!("{at}/text")),
                None => self.fail("missing required field: text", at),
            },
            Some(_) => self.fail("must be a valid text object", &format!("{at}/type")),
            None => self.fail("missing required field: type", at),
        }
    }

    fn optional(&mut self, owner: &Value, name: &str, most: usize, at: &str) {
        match &owner[name] {
            Value::Null => {}
            Value::String(text) => self.length(text, 0, most, &format!("{at}/{name}")),
            _ => self.fail("must provide a string", &format!("{at}/{name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn section(text: &str) -> Value {
        json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    }

    #[test]
    fn blocks_within_the_limits_have_no_problems() {
        let blocks = [
            json!({"type": "header", "text": {"type": "plain_text", "text": "payments/api"}}),
            section(&"가".repeat(3000)),
            json!({"type": "section", "fields": [{"type": "mrkdwn", "text": "*Ready*\n0/5"}]}),
            json!({"type": "context", "elements": [{"type": "mrkdwn", "text": "prod-eks"}]}),
            json!({"type": "divider"}),
            json!({"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Review"}, "style": "primary"}]}),
        ];
        assert_eq!(problems(&blocks, "/blocks"), Vec::<String>::new());
    }

    #[test]
    fn a_block_over_a_limit_is_named() {
        let cases = [
            (section(&"x".repeat(3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
            (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
            (json!({"type": "section"}), "missing required field: text or fields [json-pointer:/blocks/0]"),
            (
                json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
                "must be a valid text object [json-pointer:/blocks/0/text/type]",
            ),
            (
                json!({"type": "context", "elements": []}),
                "no fewer than 1 items required [json-pointer:/blocks/0/elements]",
            ),
            (json!({"type": "hologram"}), "unsupported type: hologram [json-pointer:/blocks/0/type]"),
        ];
        for (block, problem) in cases {
            assert_eq!(problems(&[block], "/blocks"), [format!("[ERROR] {problem}")]);
        }
    }

    #[test]
    fn more_than_fifty_blocks_and_repeated_ids_are_refused() {
        let blocks = vec![json!({"type": "divider"}); 51];
        assert_eq!(problems(&blocks, "/blocks"), ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]);
        let twice = vec![json!({"type": "divider", "block_id": "same"}); 2];
        assert_eq!(problems(&twice, "/blocks"), ["[ERROR] block_id already exists [json-pointer:/blocks/1/block_id]"]);
    }

    #[test]
    fn five_sections_of_the_greatest_length_are_too_long_together() {
        assert!(!too_long(&vec![section(&"x".repeat(3000)); 4]));
        assert!(too_long(&vec![section(&"x".repeat(3000)); 5]));
    }
}
