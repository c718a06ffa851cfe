//! Atlassian's documents: <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>.

use serde_json::Value;

/// Whether this is a document that Jira takes: version 1, blocks, and no text node without text.
pub(super) fn is_document(node: &Value) -> bool {
    fn holds(node: &Value) -> bool {
        let is_text = node["type"] == "text";
        let has_text = node["text"].as_str().is_some_and(|text| !text.is_empty());
        let children = node["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        node["type"].is_string()
            && is_text == node["text"].is_string()
            && (!is_text || has_text)
            && children.iter().all(holds)
    }
    node["type"] == "doc" && node["version"] == 1 && node["content"].is_array() && holds(node)
}
