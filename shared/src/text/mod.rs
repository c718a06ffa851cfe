//! Everything people read, in English and Korean.
//!
//! Sentences are Fluent messages in `en/` and `ko/` (<https://projectfluent.org>), compiled into the binary; code names them
//! by key and hands in values. Both languages have every key, and no key is without use: tests hold both. What the cluster
//! itself says (events, log lines, names) is quoted, never translated.

mod cause;
#[cfg(feature = "remediation")]
mod deed;
mod language;
#[cfg(test)]
pub(crate) mod lines_tests;
mod own_words;
#[cfg(test)]
mod tests;
mod time;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

pub use language::Language;
pub use time::{Clock, Duration};

const EN: &[&str] = &[
    include_str!("en/message.ftl"),
    include_str!("en/causes.ftl"),
    include_str!("en/commands.ftl"),
    include_str!("en/remediation.ftl"),
    include_str!("en/lessons.ftl"),
    include_str!("en/nodes.ftl"),
    include_str!("en/zones.ftl"),
];
const KO: &[&str] = &[
    include_str!("ko/message.ftl"),
    include_str!("ko/causes.ftl"),
    include_str!("ko/commands.ftl"),
    include_str!("ko/remediation.ftl"),
    include_str!("ko/lessons.ftl"),
    include_str!("ko/nodes.ftl"),
    include_str!("ko/zones.ftl"),
];

/// A value for a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Text, as it is.
    Text(&'a str),
    /// A count, which chooses singular or plural.
    Count(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

/// The sentences of one language.
///
/// ```
/// use shared::text::{Language, Phrases};
/// let phrases = Phrases::new(Language::Ko);
/// assert_eq!(phrases.say("label-why"), "🔍 원인");
/// assert_eq!(phrases.say_with("more", &[("count", 3_usize.into())]), "외 3건");
/// ```
pub struct Phrases {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Phrases {
    /// The sentences of `language`.
    pub fn new(language: Language) -> Self {
        let sources = match language {
            Language::En => EN,
            Language::Ko => KO,
        };
        let locale: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolation marks around values would end up in people's copied commands.
        bundle.set_use_isolating(false);
        for source in sources {
            // A resource with an error still holds its good entries; the tests hold that there are no errors.
            let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self { language, bundle }
    }

    /// Which language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The sentence of `key`; the key itself where there is none, which is better than no message.
    pub fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// The sentence of `key` with values filled in.
    pub fn say_with(&self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        self.find(key, None, values).unwrap_or_else(|| key.to_owned())
    }

    /// A message's value or attribute, if it exists and all its values are there.
    fn find(&self, key: &str, attribute: Option<&str>, values: &[(&str, Value<'_>)]) -> Option<String> {
        let message = self.bundle.get_message(key)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            match value {
                Value::Text(text) => arguments.set(*name, FluentValue::from(*text)),
                Value::Count(count) => arguments.set(*name, FluentValue::from(*count)),
            }
        }
        let mut errors = Vec::new();
        let said = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        errors.is_empty().then_some(said)
    }
}

/// How messages are written.
#[derive(Debug)]
pub struct Style {
    /// The sentences.
    pub phrases: Phrases,
    /// The time zone.
    pub clock: Clock,
}

impl Style {
    /// A style.
    pub fn new(language: Language, clock: Clock) -> Self {
        Self { phrases: Phrases::new(language), clock }
    }
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phrases").field("language", &self.language).finish_non_exhaustive()
    }
}
