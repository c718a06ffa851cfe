//! The message in the channel, while the incident is open and once it is resolved.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use shared::diagnosis::{Cause, Diagnosis, Hypothesis, Verdict};
use shared::mrkdwn;
use shared::redact::redact;
use shared::slack::{Attachment, Block, Colour, Message, Mrkdwn};
use shared::text::{Duration, Language};

use super::{ReadOnlyCommand, Style, colour, first_line, link, mark, plain, quote};
use crate::report::{Finding, Report};

/// How much of each part the first message shows; the rest is in the thread.
const AFFECTED: usize = 4;
const QUOTES: usize = 3;
const COMMANDS: usize = 3;
const RULED_OUT: usize = 5;
const LINE: usize = 300;

/// The message that opens an incident; `joined` further alarms have joined it since.
pub fn first(report: &Report, incident: &str, joined: usize, style: &Style) -> Message {
    let colour = colour(report);
    let headline = mrkdwn!("{} *{}*", mark(report, colour), Mrkdwn::data(headline(report, style)));
    told(report, incident, joined, colour, &headline, style)
}

/// How an incident came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All its alarms said so.
    Resolved,
    /// Its alarms have had no data for long.
    NoData,
    /// Nobody has repeated its alerts for long, and nobody has said that they are over.
    Unreported {
        /// When that was last done.
        since: Timestamp,
    },
}

impl Ending {
    const fn headline(self) -> &'static str {
        match self {
            Self::Resolved => "headline-resolved",
            Self::NoData | Self::Unreported { .. } => "headline-faded",
        }
    }

    /// What is not known to be well is not shown to be.
    const fn colour(self) -> Colour {
        match self {
            Self::Resolved => Colour::Good,
            Self::NoData | Self::Unreported { .. } => Colour::Warning,
        }
    }

    fn mark(self, report: &Report) -> &'static str {
        match self {
            Self::Resolved => mark(report, Colour::Good),
            Self::NoData | Self::Unreported { .. } => "⚪",
        }
    }
}

/// What the first message looks like once its incident is over: what was found stays to be read, marked as over.
pub fn closed(report: &Report, incident: &str, joined: usize, ending: Ending, style: &Style) -> Message {
    let text = style.phrases.say_with(ending.headline(), &[("what", (&known_as(report, style)).into())]);
    let headline = mrkdwn!("{} *{}*", ending.mark(report), Mrkdwn::data(text));
    told(report, incident, joined, ending.colour(), &headline, style)
}

fn told(report: &Report, incident: &str, joined: usize, colour: Colour, headline: &Mrkdwn, style: &Style) -> Message {
    let mut blocks = vec![Block::context([&place(report, joined, style)])];
    match &report.finding {
        Finding::Diagnosed(diagnosis) => blocks.extend(diagnosed(report, diagnosis, style)),
        Finding::Unreachable { reason } => {
            let reason = redact(reason).into_owned();
            let why = style.phrases.say_with("unreachable-why", &[("reason", (&reason).into())]);
            blocks.extend(without_cause(report, Some(why), style));
        }
        Finding::UnknownCluster => {
            blocks.extend(without_cause(report, Some(style.phrases.say("unknown-cluster")), style));
        }
    }
    if report.names_a_cause() {
        blocks.push(crate::vote::buttons(incident, style));
    }
    blocks.push(Block::context([&link::links(report, style)]));
    Message::new(headline)
        .attachment(Attachment::new(colour, blocks))
        .metadata("nightshift_incident", metadata(report, incident))
}

/// That an incident is over, in its thread. `course` is when it began and when it ended.
pub fn resolved(
    report: &Report,
    incident: &str,
    (began, ended): (Timestamp, Timestamp),
    ending: Ending,
    style: &Style,
) -> Message {
    let subject = known_as(report, style);
    let text = style.phrases.say_with(ending.headline(), &[("what", (&subject).into())]);
    let between = |from: Timestamp, to: Timestamp| {
        style.phrases.duration(Duration(to.duration_since(from).max(SignedDuration::ZERO)))
    };
    let note = match ending {
        Ending::Resolved => style.phrases.say_with("resolved-note", &[("duration", (&between(began, ended)).into())]),
        Ending::NoData => style.phrases.say("faded-note"),
        Ending::Unreported { since } => {
            style.phrases.say_with("unreported-note", &[("duration", (&between(since, ended)).into())])
        }
    };
    let when = mrkdwn!("{} · {}", quote(&report.cluster), style.clock.minute(ended));
    let blocks = [Block::section(&Mrkdwn::data(note)), Block::context([&when])];
    Message::new(&mrkdwn!("{} *{}*", ending.mark(report), Mrkdwn::data(text)))
        .attachment(Attachment::new(ending.colour(), blocks))
        .metadata("nightshift_incident", metadata(report, incident))
}

/// What programs read of a message: the incident and the causes, the most likely first.
pub fn metadata(report: &Report, incident: &str) -> Map<String, Value> {
    let mut payload = Map::new();
    payload.insert("incident".to_owned(), json!(incident));
    payload.insert("causes".to_owned(), json!(report.cause_ids()));
    payload
}

/// The headline, without mark and markup.
pub(super) fn headline(report: &Report, style: &Style) -> String {
    let phrases = &style.phrases;
    let alarm = redact(&report.alarm.name).into_owned();
    match &report.finding {
        Finding::Unreachable { .. } => phrases
            .say_with("headline-unreachable", &[("alarm", (&alarm).into()), ("cluster", (&report.cluster).into())]),
        Finding::UnknownCluster => phrases.say_with("headline-unknown-cluster", &[("alarm", (&alarm).into())]),
        Finding::Diagnosed(diagnosis) => match (diagnosis.verdict, diagnosis.causes.first()) {
            (Verdict::CauseFound, Some(_)) if report.alarm.alert.is_some() => {
                let what = style.subject(report);
                phrases.say_with("headline-alert", &[("alarm", (&alarm).into()), ("what", (&what).into())])
            }
            (Verdict::CauseFound, Some(_)) => {
                phrases.say_with("headline-cause", &[("what", (&style.subject(report)).into())])
            }
            (Verdict::Healthy, _) => phrases.say_with("headline-healthy", &[("alarm", (&alarm).into())]),
            _ => phrases.say_with("headline-inconclusive", &[("alarm", (&alarm).into())]),
        },
    }
}

impl Style {
    /// What the incident is about: the cause's line, or the alarm's name where no cause is known.
    pub fn subject(&self, report: &Report) -> String {
        let cause = report.diagnosis().and_then(|diagnosis| diagnosis.causes.first());
        let text = cause.map_or_else(|| report.alarm.name.clone(), |cause| self.phrases.cause_line(cause));
        first_line(&redact(&text), LINE)
    }
}

/// What an incident is called when it is over: an alert by its name, under which people saw it begin, and everything else by
/// its cause; in Korean, whose sentence goes on behind it, by the cause's name alone.
fn known_as(report: &Report, style: &Style) -> String {
    match report.alarm.alert {
        Some(_) => first_line(&redact(&report.alarm.name), LINE),
        None => match report.diagnosis().and_then(|diagnosis| diagnosis.causes.first()) {
            Some(cause) if style.phrases.language() == Language::Ko => {
                redact(&style.phrases.cause_subject(cause)).into_owned()
            }
            _ => style.subject(report),
        },
    }
}

/// Where and when, and how many alarms.
fn place(report: &Report, joined: usize, style: &Style) -> Mrkdwn {
    let mut parts =
        vec![quote(&report.cluster), Mrkdwn::data(style.clock.minute(report.alarm.since)), quote(&report.alarm.name)];
    if joined > 0 {
        parts.push(Mrkdwn::data(style.phrases.say_with("joined-alarms", &[("count", joined.into())])));
    }
    if let Some(by) = &report.alarm.suppressed_by {
        parts.push(Mrkdwn::data(style.phrases.say_with("suppressed-note", &[("by", by.into())])));
    }
    parts.retain(|part| !part.is_empty());
    Mrkdwn::join(parts, " · ")
}

/// What is said where no cause is known. An alert keeps its form: summary, cause, what to do.
fn without_cause(report: &Report, why: Option<String>, style: &Style) -> Vec<Block> {
    let mut blocks = Vec::new();
    let why = why.map(Mrkdwn::data);
    let Some(alert) = &report.alarm.alert else {
        match report.finding {
            Finding::Diagnosed(_) => {
                blocks.push(part("label-alarm", &alarm(report, style), style));
                blocks.extend(why.map(|why| Block::section(&why)));
            }
            _ => {
                blocks.extend(why.map(|why| part("label-why", &why, style)));
                blocks.push(part("label-alarm", &alarm(report, style), style));
            }
        }
        return blocks;
    };
    blocks.push(part("label-affects", &alarm(report, style), style));
    blocks.extend(why.map(|why| part("label-why", &why, style)));
    let commands: Vec<_> = alert.look.iter().filter_map(|command| ReadOnlyCommand::parse(command)).collect();
    if !commands.is_empty() {
        let lines = commands.iter().take(COMMANDS).map(|command| Mrkdwn::code(command.as_str()));
        blocks.push(part("label-look", &Mrkdwn::join(lines, "\n"), style));
    }
    blocks
}

fn diagnosed(report: &Report, diagnosis: &Diagnosis, style: &Style) -> Vec<Block> {
    let phrases = &style.phrases;
    let Some(cause) = diagnosis.causes.first().filter(|_| diagnosis.verdict == Verdict::CauseFound) else {
        let why = match (diagnosis.verdict, &report.alarm.alert) {
            (Verdict::Healthy, _) => Some(phrases.say("healthy-why")),
            (_, Some(_)) => Some(phrases.say("inconclusive-why")),
            (_, None) => None,
        };
        let mut blocks = without_cause(report, why, style);
        blocks.extend(missing(report, style));
        return blocks;
    };
    let mut blocks = Vec::new();
    let mut affected = affected(report, cause, style);
    if let Some(summary) = summary(report) {
        affected = Mrkdwn::join([summary, affected].into_iter().filter(|part| !part.is_empty()), "\n");
    }
    if !affected.is_empty() {
        blocks.push(part("label-affects", &affected, style));
    }
    let why = why(report, diagnosis, cause, style);
    if !why.is_empty() {
        blocks.push(part("label-why", &why, style));
    }
    let commands: Vec<_> = cause.checks.iter().filter_map(|command| ReadOnlyCommand::parse(command)).collect();
    if !commands.is_empty() {
        let lines = commands.iter().take(COMMANDS).map(|command| Mrkdwn::code(command.as_str()));
        blocks.push(part("label-look", &Mrkdwn::join(lines, "\n"), style));
    }
    if let Some(action) = cause.actions.first() {
        let mut text = quote(&phrases.action(action));
        let reason = phrases.reason(&action.reason);
        // In another language, only what can be said in it.
        if !reason.is_empty() && (phrases.language() == Language::En || *reason != *action.reason) {
            text = mrkdwn!("{} · {}", text, quote(&first_line(&reason, LINE)));
        }
        blocks.push(part("label-proposed", &text, style));
    }
    blocks.extend(missing(report, style));
    let mut ruled_out: Vec<String> = Vec::new();
    // What merely follows from the cause is no less true for it.
    let excluded = diagnosis.rejected.iter().filter(|hypothesis| !follows(hypothesis));
    for name in excluded.map(|hypothesis| phrases.cause_name(&hypothesis.id)) {
        if !ruled_out.contains(&name) {
            ruled_out.push(name);
        }
    }
    ruled_out.truncate(RULED_OUT);
    if !ruled_out.is_empty() {
        let names = Mrkdwn::data(ruled_out.join(", "));
        blocks.push(Block::context([&mrkdwn!("*{}* {}", phrases.say("label-ruled-out"), names)]));
    }
    blocks
}

/// Whether a hypothesis is a consequence of a cause that is named, as ranking words it.
pub(super) fn follows(hypothesis: &Hypothesis) -> bool {
    hypothesis.why.starts_with("follows from ")
}

fn affected(report: &Report, cause: &Cause, style: &Style) -> Mrkdwn {
    let mut parts: Vec<Mrkdwn> = Vec::new();
    for affected in cause.affected.iter().take(AFFECTED) {
        parts.push(if affected.impact.is_empty() {
            quote(&affected.object.name)
        } else {
            mrkdwn!("{} {}", quote(&affected.object.name), quote(&style.phrases.own_words(&affected.impact)))
        });
    }
    if cause.affected.len() > AFFECTED {
        let more = style.phrases.say_with("more", &[("count", (cause.affected.len() - AFFECTED).into())]);
        parts.push(Mrkdwn::data(more));
    }
    parts.extend(measures(report, style));
    Mrkdwn::join(parts, " · ")
}

fn measures(report: &Report, style: &Style) -> Vec<Mrkdwn> {
    let with_unit = |value: f64, unit: &str| {
        if unit.is_empty() { plain(value) } else { format!("{} {unit}", plain(value)) }
    };
    let say = |measure: &crate::report::Measure| {
        let usual = with_unit(measure.usual, &measure.unit);
        let usual = style.phrases.say_with("usual", &[("value", (&usual).into())]);
        mrkdwn!("{} {} ({})", quote(&measure.label), with_unit(measure.now, &measure.unit), usual)
    };
    report.measures.iter().map(say).collect()
}

/// The way there, then what was seen, in the cluster's own words.
fn why(report: &Report, diagnosis: &Diagnosis, cause: &Cause, style: &Style) -> Mrkdwn {
    let mut lines = Vec::new();
    let way: Vec<Mrkdwn> = diagnosis
        .timeline
        .iter()
        .filter(|entry| {
            entry.time <= report.alarm.since
                && (entry.object == cause.object
                    || cause.affected.iter().any(|affected| affected.object == entry.object))
        })
        .map(|entry| {
            mrkdwn!(
                "{} {}",
                style.clock.second(entry.time),
                quote(&first_line(&style.phrases.own_words(&entry.what), 80))
            )
        })
        .collect();
    if !way.is_empty() {
        let skip = way.len().saturating_sub(3);
        let alarm = mrkdwn!("{} {}", style.clock.second(report.alarm.since), style.phrases.say("label-alarm"));
        lines.push(Mrkdwn::join(way.into_iter().skip(skip).chain([alarm]), " → "));
    }
    let said = cause.evidence.iter().filter_map(|id| diagnosis.evidence.iter().find(|evidence| evidence.id == *id));
    let mut seen: Vec<String> = Vec::new();
    for evidence in said {
        let line = first_line(&style.phrases.own_words(&evidence.text), LINE);
        if !line.is_empty() && !seen.contains(&line) && seen.len() < QUOTES {
            lines.push(mrkdwn!("• {}", quote(&line)));
            seen.push(line);
        }
    }
    Mrkdwn::join(lines, "\n")
}

/// What an alert's author wrote to be read first.
fn summary(report: &Report) -> Option<Mrkdwn> {
    report.alarm.alert.as_ref()?;
    let texts = [&report.alarm.description, &report.alarm.reason];
    texts.into_iter().find(|text| !text.is_empty()).map(|text| quote(&first_line(text, LINE)))
}

/// What the alarm itself says.
pub(super) fn alarm(report: &Report, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    let mut lines = Vec::new();
    let mut first = vec![quote(&report.alarm.name)];
    if let (Some(value), Some(threshold)) = (report.alarm.value, report.alarm.threshold) {
        let (value, threshold) = (plain(value), plain(threshold));
        let text =
            phrases.say_with("alarm-datapoint", &[("value", (&value).into()), ("threshold", (&threshold).into())]);
        first.push(Mrkdwn::data(text));
    }
    lines.push(Mrkdwn::join(first, " · "));
    for text in [&report.alarm.description, &report.alarm.reason] {
        if !text.is_empty() {
            lines.push(quote(&first_line(text, LINE)));
        }
    }
    let measures = measures(report, style);
    if !measures.is_empty() {
        lines.push(Mrkdwn::join(measures, " · "));
    }
    Mrkdwn::join(lines, "\n")
}

/// What was not to be had, each on its line.
fn missing(report: &Report, style: &Style) -> Option<Block> {
    const SHOWN: usize = 3;
    let permission = |gap: &String| {
        quote(&style.phrases.say_with("permission-missing", &[("what", (&first_line(gap, LINE)).into())]))
    };
    let mut lines: Vec<Mrkdwn> = report.gaps.iter().map(permission).collect();
    // Without a cause, it matters what else might have shown one.
    if let Some(diagnosis) = report.diagnosis().filter(|_| !report.names_a_cause()) {
        let others = diagnosis.missing_evidence.iter().filter(|what| !what.contains("missing permission"));
        lines.extend(others.map(|what| quote(&first_line(what, LINE))));
    }
    let left = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if left > 0 {
        let more = style.phrases.say_with("more", &[("count", left.into())]);
        lines.push(Mrkdwn::data(more));
    }
    (!lines.is_empty()).then(|| part("label-missing", &Mrkdwn::join(lines, "\n"), style))
}

/// A part under its label.
pub(super) fn part(label: &str, text: &Mrkdwn, style: &Style) -> Block {
    Block::section(&mrkdwn!("*{}*\n{}", style.phrases.say(label), text))
}
