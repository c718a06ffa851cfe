//! What people read of a finding: what was found and where, then what is done about it.

use shared::config::Mode;
use shared::mrkdwn;
use shared::redact::redact;
use shared::slack::{Attachment, Block, Colour, Message, Mrkdwn};
use shared::text::{Phrases, Style};

use super::Finding;
use super::place::Place;

fn quote(text: &str) -> Mrkdwn {
    Mrkdwn::data(redact(text))
}

/// GuardDuty's own words for severities.
/// <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>
fn level(severity: f64, phrases: &Phrases) -> String {
    phrases.say(match severity {
        severity if severity >= 9.0 => "finding-critical",
        severity if severity >= 7.0 => "finding-high",
        severity if severity >= 4.0 => "finding-medium",
        _ => "finding-low",
    })
}

/// A finding's message.
pub(crate) fn finding(finding: &Finding, place: &Place, mode: Mode, style: &Style) -> Message {
    let phrases = &style.phrases;
    let at = match place {
        Place::Node { node, .. } => node.clone(),
        _ => finding.workload.clone().or_else(|| finding.instance.clone()).unwrap_or_else(|| finding.account.clone()),
    };
    let values = [("where", (&at).into()), ("what", (&finding.title).into())];
    let headline = phrases.say_with(if finding.sample { "finding-sample" } else { "finding-headline" }, &values);
    let mut blocks = Vec::new();
    let mut part = |label: &str, text: Mrkdwn| {
        if !text.is_empty() {
            blocks.push(Block::section(&mrkdwn!("*{}*  {}", phrases.say(label), text)));
        }
    };
    part("finding-label-what", what(finding, style));
    part("finding-label-where", place_of(finding, place));
    part("finding-label-process", process(finding));
    part("node-label-then", quote(&then(place, mode, phrases)));
    part("node-label-look", look(finding));
    let cluster = place.cluster().or(finding.cluster.as_deref()).unwrap_or("-");
    let context = mrkdwn!("{} · {} · {}", quote(cluster), quote(&finding.region), quote(&finding.id));
    blocks.push(Block::context([&context]));
    let mut payload = serde_json::Map::new();
    payload.insert("finding".to_owned(), serde_json::json!(finding.id));
    let colour = if finding.severity >= 7.0 { Colour::Critical } else { Colour::Warning };
    Message::new(&mrkdwn!("🛡️ *{}*", quote(&headline)))
        .attachment(Attachment::new(colour, blocks))
        .metadata("nightshift_finding", payload)
}

fn what(finding: &Finding, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    let (level, severity) = (level(finding.severity, phrases), format!("{:.1}", finding.severity));
    let severity = phrases.say_with("finding-severity", &[("level", (&level).into()), ("score", (&severity).into())]);
    let mut parts = vec![Mrkdwn::code(&finding.finding_type), quote(&severity)];
    let count = finding.count.to_string();
    if let (Some(first), Some(last)) = (finding.first_seen, finding.last_seen) {
        let (first, last) = (style.clock.minute(first), style.clock.minute(last));
        let values = [("count", (&count).into()), ("first", (&first).into()), ("last", (&last).into())];
        parts.push(quote(&phrases.say_with("finding-seen", &values)));
    }
    Mrkdwn::join(parts, " · ")
}

fn place_of(finding: &Finding, place: &Place) -> Mrkdwn {
    let mut parts = Vec::new();
    if let Place::Node { node, .. } = place {
        parts.push(Mrkdwn::code(node));
    }
    parts.extend(finding.instance.as_ref().map(Mrkdwn::code));
    parts.extend(finding.workload.as_ref().map(|workload| Mrkdwn::code(redact(workload))));
    parts.extend(finding.image.as_ref().map(|image| Mrkdwn::code(redact(image))));
    Mrkdwn::join(parts, " · ")
}

fn process(finding: &Finding) -> Mrkdwn {
    if finding.process.is_empty() {
        return Mrkdwn::data("");
    }
    let lineage = Mrkdwn::code(redact(&finding.process.join(" → ")));
    match &finding.user {
        Some(user) => mrkdwn!("{} ({})", lineage, quote(user)),
        None => lineage,
    }
}

fn then(place: &Place, mode: Mode, phrases: &Phrases) -> String {
    match (place, mode) {
        (Place::Node { isolated: true, .. }, _) => phrases.say("finding-then-isolated"),
        (Place::Node { .. }, Mode::Observe) => phrases.say("finding-then-observe"),
        (Place::Node { .. }, Mode::Ask) => phrases.say("finding-then-ask"),
        (Place::Node { .. }, Mode::Automatic) => phrases.say("finding-then-automatic"),
        (Place::Cluster { .. }, _) => phrases.say("finding-then-no-node"),
        (Place::Elsewhere, _) => phrases.say("finding-then-elsewhere"),
        (Place::Unread { why, .. }, _) => phrases.say_with("finding-then-unread", &[("why", why.into())]),
    }
}

fn look(finding: &Finding) -> Mrkdwn {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_word(&finding.detector) || !is_word(&finding.id) || !is_word(&finding.region) {
        return Mrkdwn::data("");
    }
    let Finding { detector, id, region, .. } = finding;
    Mrkdwn::code(format!("aws guardduty get-findings --region {region} --detector-id {detector} --finding-ids {id}"))
}
