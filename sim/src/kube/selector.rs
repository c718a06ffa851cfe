//! Label and field selectors.

use serde_json::Value;

/// One requirement on a labels map or a field.
#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    Is(String, String),
    IsNot(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Present(String),
    Absent(String),
}

/// A selector: all requirements have to hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Selector(Vec<Requirement>);

impl Selector {
    /// Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`; the part that is no requirement where there is one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let set = |rest: &str| -> Vec<String> {
                rest.trim()
                    .trim_start_matches('(')
                    .trim_end_matches(')')
                    .split(',')
                    .map(|value| value.trim().to_owned())
                    .collect()
            };
            let requirement = if let Some((key, rest)) = part.split_once(" notin ") {
                Requirement::NotIn(key.trim().to_owned(), set(rest))
            } else if let Some((key, rest)) = part.split_once(" in ") {
                Requirement::In(key.trim().to_owned(), set(rest))
            } else if let Some((key, value)) = part.split_once("!=") {
                Requirement::IsNot(key.trim().to_owned(), value.trim().to_owned())
            } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                Requirement::Is(key.trim().to_owned(), value.trim().to_owned())
            } else if let Some(key) = part.strip_prefix('!') {
                Requirement::Absent(key.trim().to_owned())
            } else if part.contains(char::is_whitespace) {
                return Err(format!("unable to parse requirement: found '{part}'"));
            } else {
                Requirement::Present(part.to_owned())
            };
            requirements.push(requirement);
        }
        Ok(Self(requirements))
    }

    /// Whether anything is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels fit.
    pub(crate) fn fits_labels(&self, object: &Value) -> bool {
        self.fits(|key| object["metadata"]["labels"][key].as_str().map(str::to_owned))
    }

    /// Whether an object's fields fit.
    pub(crate) fn fits_fields(&self, object: &Value) -> bool {
        self.fits(|key| Some(field(object, key)))
    }

    fn fits(&self, value: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Is(key, wanted) => value(key).as_deref() == Some(wanted),
            Requirement::IsNot(key, unwanted) => value(key).as_deref() != Some(unwanted),
            Requirement::In(key, wanted) => value(key).is_some_and(|value| wanted.contains(&value)),
            Requirement::NotIn(key, unwanted) => value(key).is_none_or(|value| !unwanted.contains(&value)),
            Requirement::Present(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
        })
    }
}

/// Commas outside parentheses separate requirements.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (index, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..index]);
                from = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// A field by its dotted path; the empty string where there is none, as the API server has it.
fn field(object: &Value, path: &str) -> String {
    let path = match path {
        // Events are selected by `source` and by the reporting component alike.
        "source" => "source.component",
        other => other,
    };
    let mut value = object;
    for part in path.split('.') {
        value = &value[part];
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Null if path == "spec.unschedulable" => "false".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_requirement_is_understood() {
        let pod = json!({ "metadata": { "name": "a", "labels": { "app": "web", "tier": "front" } }, "spec": {} });
        for (text, fits) in [
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app in (web, api),tier", true),
            ("app notin (web)", false),
            ("!canary", true),
            ("canary", false),
            ("tier notin (back),app!=web", false),
        ] {
            assert_eq!(Selector::parse(text).expect("a selector").fits_labels(&pod), fits, "{text}");
        }
        assert!(Selector::parse("spec.nodeName=,metadata.name=a").expect("a selector").fits_fields(&pod));
        assert!(Selector::parse("not a selector").is_err());
    }
}
