//! What a change changes, line by line, for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Where: `spec.template.spec.containers[api].image`.
    pub path: String,
    /// As it was; absent where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it becomes; absent where it goes away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl std::fmt::Display for DiffLine {
    /// `- path: before` and `+ path: after`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "- {0}: {before}\n+ {0}: {after}", self.path),
            (Some(before), None) => write!(f, "- {}: {before}", self.path),
            (None, Some(after)) => write!(f, "+ {}: {after}", self.path),
            (None, None) => Ok(()),
        }
    }
}

/// Fields that every write changes, or that are not the caller's.
const BOOKKEEPING: &[&str] = &["resourceVersion", "generation", "managedFields"];

/// The fields in which two versions of an object differ, status and bookkeeping left out.
pub fn diff(before: &Value, after: &Value) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    let without = |object: &Value| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.remove("status");
            if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                BOOKKEEPING.iter().for_each(|field| drop(metadata.remove(*field)));
            }
        }
        object
    };
    compare("", Some(&without(before)), Some(&without(after)), &mut lines);
    lines
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, lines: &mut Vec<DiffLine>) {
    let below = |name: &str| {
        let dot = if path.is_empty() { "" } else { "." };
        if name.contains(['.', '/']) { format!("{path}[{name}]") } else { format!("{path}{dot}{name}") }
    };
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                compare(&below(name), one.get(name), other.get(name), lines);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) if named(one) && named(other) => {
            let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
            let mut names: Vec<String> = one.iter().map(name).collect();
            names.extend(other.iter().map(name).filter(|new| !one.iter().any(|item| name(item) == *new)));
            for wanted in names {
                let find = |items: &'_ [Value]| items.iter().find(|item| name(item) == wanted).cloned();
                compare(&format!("{path}[{wanted}]"), find(one).as_ref(), find(other).as_ref(), lines);
            }
        }
        (before, after) => {
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            lines.push(DiffLine { path: path.to_owned(), before: before.map(text), after: after.map(text) });
        }
    }
}

/// Whether a list's items are known by their names, as containers and variables are.
fn named(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| item["name"].is_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_compared_by_name_and_bookkeeping_is_left_out() {
        let before = json!({
            "metadata": { "resourceVersion": "1", "generation": 4 },
            "spec": { "containers": [{ "name": "api", "image": "api:2", "env": [{ "name": "A", "value": "1" }] }] },
            "status": { "ready": 0 },
        });
        let after = json!({
            "metadata": { "resourceVersion": "2", "generation": 5 },
            "spec": { "containers": [{ "name": "api", "image": "api:1", "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] }] },
        });
        let text: Vec<String> = diff(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "+ spec.containers[api].env[B]: {\"name\":\"B\",\"value\":\"2\"}",
                "- spec.containers[api].image: api:2\n+ spec.containers[api].image: api:1",
            ]
        );
    }
}
