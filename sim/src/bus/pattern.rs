//! Event patterns: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>.
//!
//! A pattern names fields; each has a list of what its value may be, literally or by a comparison: `prefix`, `suffix`,
//! `equals-ignore-case`, `wildcard`, `anything-but` (of a value, a list or a prefix), `exists`. An array in the event
//! matches when one of its items does. `numeric`, `cidr` and `$or` are not known here, and refused.

use serde_json::Value;

/// A pattern that EventBridge would refuse, or that sim does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event pattern is not valid at {at:?}: {why}")]
pub struct PatternError {
    /// The field.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
}

/// A pattern, checked.
#[derive(Debug, Clone)]
pub struct Pattern(Vec<(String, Expected)>);

#[derive(Debug, Clone)]
enum Expected {
    Within(Pattern),
    OneOf(Vec<Test>),
}

#[derive(Debug, Clone)]
enum Test {
    Is(Value),
    Prefix(String),
    Suffix(String),
    IgnoringCase(String),
    Wildcard(String),
    AnythingBut(Vec<Test>),
    Exists(bool),
}

impl Pattern {
    /// Reads and checks a pattern.
    pub fn new(pattern: &Value) -> Result<Self, PatternError> {
        Self::read(pattern, "")
    }

    fn read(pattern: &Value, at: &str) -> Result<Self, PatternError> {
        let fields = pattern.as_object().filter(|fields| !fields.is_empty());
        let fields = fields.ok_or_else(|| refuse(at, "it has to be an object with at least one field"))?;
        let mut expected = Vec::new();
        for (name, value) in fields {
            let at = format!("{at}/{name}");
            let wanted = match value {
                Value::Object(_) => Expected::Within(Self::read(value, &at)?),
                Value::Array(tests) if !tests.is_empty() && name != "$or" => {
                    Expected::OneOf(tests.iter().map(|test| Test::read(test, &at)).collect::<Result<_, _>>()?)
                }
                _ => return Err(refuse(&at, "it has to be an object or a list that is not empty")),
            };
            expected.push((name.clone(), wanted));
        }
        Ok(Self(expected))
    }

    /// Whether `event` has what the pattern asks for.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.iter().all(|(name, expected)| match expected {
            Expected::Within(pattern) => event.get(name).is_some_and(|value| pattern.matches(value)),
            Expected::OneOf(tests) => tests.iter().any(|test| test.holds(event.get(name))),
        })
    }
}

fn refuse(at: &str, why: &str) -> PatternError {
    PatternError { at: at.to_owned(), why: why.to_owned() }
}

impl Test {
    fn read(test: &Value, at: &str) -> Result<Self, PatternError> {
        let Value::Object(comparison) = test else { return Ok(Self::Is(test.clone())) };
        let mut parts = comparison.iter();
        let (Some((name, value)), None) = (parts.next(), parts.next()) else {
            return Err(refuse(at, "a comparison has one name"));
        };
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| refuse(at, "it compares with text"));
        match name.as_str() {
            "prefix" => text().map(Self::Prefix),
            "suffix" => text().map(Self::Suffix),
            "equals-ignore-case" => text().map(Self::IgnoringCase),
            "wildcard" => text().map(Self::Wildcard),
            "exists" => value.as_bool().map(Self::Exists).ok_or_else(|| refuse(at, "exists is true or false")),
            "anything-but" => {
                let tests = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                let tests = tests.iter().map(|test| Self::read(test, at)).collect::<Result<_, _>>()?;
                Ok(Self::AnythingBut(tests))
            }
            _ => Err(refuse(at, &format!("sim does not know the comparison {name:?}"))),
        }
    }

    fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => value.is_some() == *wanted,
            (_, None) => false,
            (Self::AnythingBut(tests), Some(value)) => !tests.iter().any(|test| test.holds(Some(value))),
            (_, Some(Value::Array(items))) => items.iter().any(|item| self.holds(Some(item))),
            (Self::Is(wanted), Some(value)) => wanted == value,
            (_, Some(value)) => value.as_str().is_some_and(|text| self.holds_for(text)),
        }
    }

    fn holds_for(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::IgnoringCase(wanted) => text.to_lowercase() == wanted.to_lowercase(),
            Self::Wildcard(wildcard) => is_like(text, wildcard),
            Self::Is(_) | Self::AnythingBut(_) | Self::Exists(_) => false,
        }
    }
}

/// Whether `text` is what `wildcard` says, where `*` stands for anything.
fn is_like(text: &str, wildcard: &str) -> bool {
    let Some((first, rest)) = wildcard.split_once('*') else { return text == wildcard };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(found) = left.find(part) else { return false };
        left = &left[found + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_comparison_accepts_what_it_should_and_nothing_else() {
        let event =
            json!({"source": "aws.cloudwatch", "resources": ["one", "two"], "detail": {"state": {"value": "OK"}}});
        let cases = [
            (json!({"source": ["aws.cloudwatch"]}), true),
            (json!({"source": ["aws.fis", {"prefix": "aws.cloud"}]}), true),
            (json!({"source": [{"suffix": ".fis"}]}), false),
            (json!({"source": [{"equals-ignore-case": "AWS.CloudWatch"}]}), true),
            (json!({"source": [{"wildcard": "aws.*watch"}]}), true),
            (json!({"source": [{"wildcard": "*cloud*x"}]}), false),
            (json!({"source": [{"anything-but": ["aws.fis"]}]}), true),
            (json!({"source": [{"anything-but": {"prefix": "aws."}}]}), false),
            (json!({"resources": ["two"]}), true),
            (json!({"resources": ["three"]}), false),
            (json!({"detail": {"state": {"value": ["OK", "ALARM"]}}}), true),
            (json!({"detail": {"state": {"value": ["ALARM"]}}}), false),
            (json!({"detail": {"state": {"reason": [{"exists": false}]}}}), true),
            (json!({"detail": {"previous": {"value": ["OK"]}}}), false),
            (json!({"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}), false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(Pattern::new(&pattern).unwrap().matches(&event), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_says_nothing_or_something_unknown_is_refused() {
        for pattern in
            [json!({}), json!({"source": "aws.fis"}), json!({"source": []}), json!({"x": [{"cidr": "10.0.0.0/8"}]})]
        {
            assert!(Pattern::new(&pattern).is_err(), "{pattern}");
        }
    }
}
