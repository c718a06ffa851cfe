//! From a [`Report`] to what stands in Slack.
//!
//! Read on a phone, at 3 a.m., by someone who did not build the service: the cause is the headline, everything else earns
//! its line, nothing is said twice, the long form is in the thread. The headline is the message's text, which is also what a
//! notification shows; the rest stands beside the colour bar.
//!
//! Whatever the cluster said is redacted and then escaped ([`quote`]): it cannot mention a channel, forge a link, or carry a
//! secret out.

mod command;
mod first;
mod link;
mod number;
#[cfg(test)]
mod tests;
mod thread;

use shared::redact::redact;
use shared::slack::{Colour, Mrkdwn};
use shared::text::{Clock, Language, Phrases};

pub use command::ReadOnlyCommand;
pub use first::{Ending, closed, first, metadata, resolved};
pub use number::plain;
pub use thread::{Note, further, long_form, note, recalled, ticket};

use crate::event::Severity;
use crate::report::Report;

/// How messages are written: language, time zone, and where links lead.
#[derive(Debug)]
pub struct Style {
    /// The sentences.
    pub phrases: Phrases,
    /// The time zone.
    pub clock: Clock,
    /// Grafana's address, where there is one.
    pub grafana: Option<url::Url>,
}

impl Style {
    /// A style.
    pub fn new(language: Language, clock: Clock, grafana: Option<url::Url>) -> Self {
        Self { phrases: Phrases::new(language), clock, grafana }
    }
}

/// Text from outside: redacted, then escaped.
pub(crate) fn quote(text: &str) -> Mrkdwn {
    Mrkdwn::data(redact(text))
}

/// The first `limit` characters of the first line of `text`.
pub(crate) fn first_line(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line.to_owned(),
    }
}

/// How a message stands out: by what is broken, or by that nothing is.
pub(crate) fn colour(report: &Report) -> Colour {
    use shared::diagnosis::{Category, Verdict};
    // Who wrote the alert has said how much it matters.
    match report.alarm.alert.as_ref().and_then(|alert| alert.severity) {
        Some(Severity::Critical) => return Colour::Critical,
        Some(Severity::Warning | Severity::Info) => return Colour::Warning,
        None => {}
    }
    let Some(diagnosis) = report.diagnosis() else { return Colour::Critical };
    match (diagnosis.verdict, diagnosis.causes.first().map(|cause| cause.category)) {
        (Verdict::CauseFound, Some(Category::Scheduling | Category::Performance | Category::Scaling)) => {
            Colour::Warning
        }
        (Verdict::CauseFound, _) => Colour::Critical,
        (Verdict::Inconclusive | Verdict::Healthy, _) => Colour::Warning,
    }
}

/// The mark before a headline. Alerts of Alertmanager and Grafana keep the one that people know them by.
pub(crate) const fn mark(report: &Report, colour: Colour) -> &'static str {
    match colour {
        Colour::Warning | Colour::Critical if report.alarm.alert.is_some() => "🚨",
        Colour::Good => "✅",
        Colour::Warning => "🟡",
        Colour::Critical => "🔴",
    }
}
