//! Reading variables one by one, gathering what is wrong with them.

use std::{cell::RefCell, fmt::Display, str::FromStr};

use super::{
    secret::{Secret, SecretSource},
    table::SETTINGS,
};

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable, or the place in the file.
    pub setting: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigError(pub Vec<Problem>);

fn lines(problems: &[Problem]) -> String {
    let mut text = format!("{} setting(s) cannot be used:", problems.len());
    for Problem { setting, problem } in problems {
        text.push_str(&format!("\n  {setting} {problem}"));
    }
    text
}

/// Reads variables through `lookup` with the defaults of [`SETTINGS`].
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: RefCell::default() }
    }

    pub(super) fn problem(&self, setting: impl Into<String>, problem: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { setting: setting.into(), problem: problem.into() });
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// Notes which of these are not set; a secret counts as set when its ARN is.
    pub(super) fn require(&self, names: &[&str]) {
        for name in names {
            if self.set(name).is_none() && self.set(&format!("{name}_SECRET_ARN")).is_none() {
                self.problem(*name, "is not set; see docs/settings.md");
            }
        }
    }

    /// The variable as it was set, without its default. Empty counts as not set: templates pass empty values.
    fn set(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The variable's text, or its default's.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        let default = SETTINGS.iter().find(|setting| setting.name == name).and_then(|setting| setting.default);
        self.set(name).or_else(|| default.map(str::to_owned))
    }

    /// The variable as a `T`.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str, form: &str) -> Option<T> {
        self.with(name, |text| text.parse().map_err(|error| format!("is \"{text}\" ({error}); write {form}")))
    }

    /// The variable through `parse`, whose error says what is wrong and what to write.
    pub(super) fn with<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match parse(&self.text(name)?) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problem(name, problem);
                None
            }
        }
    }

    /// An http or https address.
    pub(super) fn url(&self, name: &'static str) -> Option<url::Url> {
        self.with(name, |text| match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
            // Not printed back: addresses carry passwords.
            _ => Err("is not an address; write https://host/path".to_owned()),
        })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, name: &'static str) -> bool {
        self.with(name, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(format!("is \"{text}\"; write true or false")),
        })
        .unwrap_or_default()
    }

    /// A secret by value, or by ARN in `arn_name`. The ARN wins where both are set.
    pub(super) fn secret(&self, name: &'static str, arn_name: &'static str) -> Option<SecretSource> {
        let value = self.text(name).map(|value| SecretSource::Value(Secret::new(value)));
        let arn = self.with(arn_name, |text| {
            if text.starts_with("arn:") && text.contains(":secretsmanager:") {
                Ok(SecretSource::Arn(text.to_owned()))
            } else {
                Err("is not the ARN of a secret; write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME".to_owned())
            }
        });
        arn.or(value)
    }
}
