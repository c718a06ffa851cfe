//! What people read of a suspicion: which zone, how much worse than what, since when, what was done, who must press.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, json};
use shared::config::Mode;
use shared::mrkdwn;
use shared::remediation::Stage;
use shared::slack::{Attachment, Block, Colour, Message, Mrkdwn};
use shared::text::{Duration, Style};

use super::story::{Standing, Story};
use crate::decide::{ALL_ZONES, Corroboration, Evidence, Outlook, Reason};

/// All that a message is made from.
#[derive(Debug)]
pub struct About<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// The suspicion.
    pub story: &'a Story,
    /// The zone's name, where it is known beside its id.
    pub zone_name: Option<&'a str>,
    /// How far one may go.
    pub mode: Mode,
    /// How far the proposal has come and since when, where there is one.
    pub case: Option<(&'a Stage, Timestamp)>,
    /// Whether the proposal waits for something that does not hold yet.
    pub waits: bool,
}

/// The thread's first message, as things stand.
pub fn first(about: &About<'_>, style: &Style) -> Message {
    let (mark, colour) = match (about.story.standing(), about.story.latest.reason) {
        (Standing::Watched, _) => ("🟡", Colour::Warning),
        (Standing::Left, _) => ("🔴", Colour::Critical),
        (Standing::Over, Reason::OnTrial | Reason::NewNormal) => ("⚪", Colour::Warning),
        (Standing::Over, _) => ("🟢", Colour::Good),
    };
    let mut blocks = Vec::new();
    let mut part = |label: &str, text: String| {
        if !text.is_empty() {
            blocks.push(Block::section(&mrkdwn!("*{}*  {}", style.phrases.say(label), Mrkdwn::data(text))));
        }
    };
    part("zone-label-seen", seen(about, style));
    part("zone-label-but", but(about, style));
    part("zone-label-done", done(about, style));
    part("zone-label-course", course(about, style));
    blocks.push(Block::context([&mrkdwn!("{} · {}", about.cluster.to_owned(), about.story.zone.0.clone())]));
    Message::new(&mrkdwn!("{} *{}*", mark, Mrkdwn::data(headline(about, style))))
        .attachment(Attachment::new(colour, blocks))
        .metadata("nightshift_zone", metadata(about))
}

fn metadata(about: &About<'_>) -> Map<String, serde_json::Value> {
    let mut payload = Map::new();
    payload.insert("zone".to_owned(), json!(about.story.zone));
    payload.insert("cluster".to_owned(), json!(about.cluster));
    payload.insert("stands".to_owned(), json!(about.story.standing().name()));
    // What is foreseen has no cause yet.
    let is_seen = about.story.latest.reason != Reason::SlowerSoon;
    payload.insert("causes".to_owned(), if is_seen { json!(["zone-degraded"]) } else { json!([]) });
    payload
}

/// The numbers that the message speaks of: those it was left for, or the latest.
fn numbers(story: &Story) -> (&Evidence, Reason) {
    let told = story.left.as_ref().unwrap_or(&story.latest);
    (&told.evidence, told.reason)
}

pub(super) fn headline(about: &About<'_>, style: &Style) -> String {
    let story = about.story;
    let zone = match about.zone_name {
        Some(name) => format!("{} ({name})", story.zone),
        None if story.zone.0 == ALL_ZONES => style.phrases.say("zone-all"),
        None => story.zone.to_string(),
    };
    let say = |key: &str, times: &str, slower: &str| {
        let values = [("zone", (&zone).into()), ("times", times.into()), ("slower", slower.into())];
        style.phrases.say_with(key, &values)
    };
    if story.standing() == Standing::Over {
        return match story.latest.reason {
            Reason::OnTrial => say("zone-headline-trial", "", ""),
            Reason::NewNormal => say("zone-headline-new-normal", "", ""),
            Reason::Silent => say("zone-headline-heard", "", ""),
            Reason::SlowerSoon => say("zone-headline-not-soon", "", ""),
            _ => say("zone-headline-over", "", ""),
        };
    }
    let (evidence, reason) = numbers(story);
    if let (Reason::SlowerSoon, Some(forecast)) = (reason, evidence.forecast) {
        let time = style.clock.minute(forecast.twice_at);
        return style.phrases.say_with("zone-headline-soon", &[("zone", (&zone).into()), ("time", (&time).into())]);
    }
    let (fails, slower) = (times(evidence.times_others), evidence.latency_times_others);
    let slow = times(slower.unwrap_or(1.0));
    let (is_slow, is_failing) = (slower.is_some_and(|slower| slower >= 1.25), evidence.times_others >= 1.25);
    match reason {
        Reason::Silent => say("zone-headline-silent", "", ""),
        Reason::OtherZonesToo => say("zone-headline-others", "", ""),
        Reason::Latency => say("zone-headline-latency", &slow, ""),
        Reason::FaultsAndLatency => say("zone-headline-both", &fails, &slow),
        _ if is_slow && is_failing => say("zone-headline-both", &fails, &slow),
        _ if is_slow => say("zone-headline-latency", &slow, ""),
        _ => say("zone-headline-faults", &fails, ""),
    }
}

pub(super) fn seen(about: &About<'_>, style: &Style) -> String {
    let (evidence, _) = numbers(about.story);
    let phrases = &style.phrases;
    let mut parts = Vec::new();
    if evidence.requests > 0.0 {
        let usual = evidence.fault_percent / evidence.times_usual.max(1e-9);
        let [own, others, usual] = [evidence.fault_percent, evidence.others_fault_percent, usual].map(percent);
        let [faults, requests] = [evidence.faults, evidence.requests].map(count);
        let minutes = evidence.minutes.to_string();
        let values = [
            ("percent", (&own).into()),
            ("others", (&others).into()),
            ("usual", (&usual).into()),
            ("faults", (&faults).into()),
            ("requests", (&requests).into()),
            ("minutes", (&minutes).into()),
        ];
        parts.push(phrases.say_with("zone-faults", &values));
    }
    if let (Some(latency), Some(usual), Some(by_others)) =
        (evidence.latency_ms, evidence.latency_times_usual, evidence.latency_times_others)
        && by_others >= 1.1
    {
        let (usual, latency) = (count(latency / usual.max(1e-9)), count(latency));
        let by_others = times(by_others);
        let values = [("latency", (&latency).into()), ("usual", (&usual).into()), ("times", (&by_others).into())];
        parts.push(phrases.say_with("zone-latency", &values));
    }
    if let (Some(forecast), Some(latency), Some(times)) =
        (evidence.forecast, evidence.latency_ms, evidence.latency_times_usual)
    {
        let usual = latency / times.max(1e-9);
        let [latency, usual, percent] = [latency, usual, forecast.percent_an_hour].map(count);
        let values = [("latency", (&latency).into()), ("usual", (&usual).into()), ("percent", (&percent).into())];
        parts.push(phrases.say_with("zone-soon", &values));
    }
    if evidence.below_baseline_percent >= 1.0 {
        let below = count(evidence.below_baseline_percent);
        parts.push(phrases.say_with("zone-performs", &[("percent", (&below).into())]));
    }
    if !evidence.corroborated_by.is_empty() {
        let what: Vec<String> = evidence.corroborated_by.iter().map(|it| phrases.say(witness(*it))).collect();
        parts.push(phrases.say_with("zone-witness", &[("what", (&what.join(", ")).into())]));
    }
    if !evidence.missing.is_empty() {
        let zones: Vec<&str> = evidence.missing.iter().map(|zone| zone.0.as_str()).collect();
        parts.push(phrases.say_with("zone-missing", &[("zones", (&zones.join(", ")).into())]));
    }
    if let Some(outlook) = about.story.outlook.filter(|_| about.story.standing() == Standing::Left) {
        parts.push(growth(&outlook, style));
    }
    parts.join("\n")
}

/// What more the other zones would have to carry.
fn growth(outlook: &Outlook, style: &Style) -> String {
    let (percent, until) = (outlook.growth_percent.to_string(), style.clock.minute(outlook.until));
    let key = match (outlook.is_known, outlook.growth_percent) {
        (false, _) => "zone-growth-unknown",
        (true, 0) => "zone-growth-none",
        (true, _) => "zone-growth",
    };
    style.phrases.say_with(key, &[("percent", (&percent).into()), ("until", (&until).into())])
}

const fn witness(corroboration: Corroboration) -> &'static str {
    match corroboration {
        Corroboration::Instances => "zone-witness-instances",
        Corroboration::Workloads => "zone-witness-workloads",
        Corroboration::SecondSignal => "zone-witness-second-signal",
        Corroboration::Probes => "zone-witness-probes",
        Corroboration::Packets => "zone-witness-packets",
        Corroboration::Aws => "zone-witness-aws",
    }
}

/// Why it is not left.
fn but(about: &About<'_>, style: &Style) -> String {
    if about.story.standing() != Standing::Watched {
        return String::new();
    }
    style.phrases.say(match about.story.latest.reason {
        Reason::HardlyKnown => "zone-but-hardly-known",
        Reason::TooLittleTraffic => "zone-but-little-traffic",
        Reason::TooFewFaults => "zone-but-few-faults",
        Reason::OtherZonesToo => "zone-but-others",
        Reason::NotCorroborated => "zone-but-alone",
        Reason::AnotherZoneIsLeft => "zone-but-another",
        Reason::Silent => "zone-but-silent",
        Reason::SlowerSoon => "zone-but-soon",
        _ => "zone-but-early",
    })
}

fn done(about: &About<'_>, style: &Style) -> String {
    let zone = &about.story.zone.0;
    let say = |key: &str| style.phrases.say_with(key, &[("zone", zone.into())]);
    let was_shifted =
        matches!(about.case, Some((Stage::Watching { .. } | Stage::Done { .. } | Stage::Undone { .. }, _)));
    match (about.story.standing(), about.case) {
        (Standing::Over, _) if was_shifted => say("zone-do-ended"),
        (Standing::Over, _) => String::new(),
        (Standing::Watched, _) => say("zone-do-watch"),
        (Standing::Left, None) if about.mode == Mode::Observe => say("zone-do-observe"),
        (Standing::Left, Some((Stage::Changing { .. }, _))) => say("zone-do-begins"),
        (Standing::Left, Some((Stage::Proposed, _))) if about.waits => say("zone-do-waits"),
        // Also in mode automatic, where its risk is real.
        (Standing::Left, Some((Stage::Asked { .. }, _))) => say("zone-do-proposed"),
        (Standing::Left, None | Some((Stage::Proposed, _))) => match about.mode {
            Mode::Automatic => say("zone-do-begins"),
            _ => say("zone-do-proposed"),
        },
        (Standing::Left, Some((Stage::Watching { .. }, since))) => {
            let (since, until) = (style.clock.minute(since), about.story.until.map(|until| style.clock.minute(until)));
            let until = until.unwrap_or_default();
            let values = [("zone", zone.into()), ("since", (&since).into()), ("until", (&until).into())];
            style.phrases.say_with("zone-do-stands", &values)
        }
        (Standing::Left, Some((Stage::Denied { .. }, _))) => say("zone-do-denied"),
        (Standing::Left, Some((Stage::Expired, _))) => say("zone-do-expired"),
        (Standing::Left, Some(_)) => say("zone-do-not"),
    }
}

fn course(about: &About<'_>, style: &Style) -> String {
    let (story, phrases) = (about.story, &style.phrases);
    let at = |key: &str, time: Timestamp| phrases.say_with(key, &[("time", (&style.clock.minute(time)).into())]);
    let mut parts = vec![at("zone-course-since", story.since)];
    parts.extend(story.left.as_ref().map(|left| at("zone-course-left", left.at)));
    if story.extended > 0 {
        let count = u64::from(story.extended);
        parts.push(phrases.say_with("zone-course-extended", &[("count", count.into())]));
    }
    if let Some(over) = story.over {
        let duration = phrases.duration(Duration(over.duration_since(story.since)));
        let time = style.clock.minute(over);
        let values = [("time", (&time).into()), ("duration", (&duration).into())];
        parts.push(phrases.say_with("zone-course-over", &values));
    }
    parts.join(" · ")
}

fn times(value: f64) -> String {
    if value >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}") }
}

fn percent(value: f64) -> String {
    match value {
        value if value >= 9.95 => format!("{value:.0}"),
        value if value >= 0.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// A whole number with a comma between thousands.
fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
