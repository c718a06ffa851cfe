//! What stands in the thread: the long form, and a line for each further change of an alarm.

use jiff::{SignedDuration, Timestamp};
use shared::diagnosis::Diagnosis;
use shared::incident::TicketLink;
use shared::mrkdwn;
use shared::slack::{Block, Message, Mrkdwn};
use shared::text::Duration;

use super::first::{follows, part};
use super::{ReadOnlyCommand, Style, first_line, quote};
use crate::report::{Earlier, Report};

const ENTRIES: usize = 20;
const EVIDENCE: usize = 25;
const LINE: usize = 400;

/// The long form: timeline, hypotheses with how each fared, evidence, everything not known, earlier incidents.
/// `None` where there is nothing beyond the first message.
pub fn long_form(report: &Report, style: &Style) -> Option<Message> {
    let diagnosis = report.diagnosis()?;
    let mut blocks = Vec::new();
    let mut add = |label: &str, lines: Vec<Mrkdwn>| {
        if !lines.is_empty() {
            blocks.push(part(label, &Mrkdwn::join(lines, "\n"), style));
        }
    };
    add("label-timeline", timeline(diagnosis, style));
    add("label-hypotheses", hypotheses(diagnosis, style));
    add("label-evidence", evidence(diagnosis, style));
    add("label-proposed", proposals(diagnosis, style));
    add("label-look", commands(diagnosis));
    add(
        "label-missing",
        diagnosis
            .missing_evidence
            .iter()
            .map(|text| quote(&first_line(&style.phrases.own_words(text), LINE)))
            .collect(),
    );
    add("label-similar", similar(report, &report.similar, style));
    if blocks.is_empty() {
        return None;
    }
    let headline = Mrkdwn::data(super::first::headline(report, style));
    Some(Message::new(&headline).blocks(blocks))
}

fn timeline(diagnosis: &Diagnosis, style: &Style) -> Vec<Mrkdwn> {
    let skip = diagnosis.timeline.len().saturating_sub(ENTRIES);
    let say = |entry: &shared::diagnosis::TimelineEntry| {
        mrkdwn!(
            "`{}` {}: {}",
            style.clock.second(entry.time),
            quote(&entry.object.name),
            quote(&first_line(&style.phrases.own_words(&entry.what), LINE))
        )
    };
    diagnosis.timeline.iter().skip(skip).map(say).collect()
}

fn hypotheses(diagnosis: &Diagnosis, style: &Style) -> Vec<Mrkdwn> {
    let phrases = &style.phrases;
    let confirmed = diagnosis.causes.iter().map(|cause| {
        let percent = format!("{:.0}", cause.confidence * 100.0);
        let sure = phrases.say_with("confidence", &[("percent", (&percent).into())]);
        let line = first_line(&phrases.cause_line(cause), LINE);
        mrkdwn!("✔ *{}* {} · {}{}", phrases.say("hypothesis-confirmed"), quote(&line), sure, cited(&cause.evidence))
    });
    let rejected = diagnosis.rejected.iter().map(|hypothesis| {
        let name = phrases.cause_name(&hypothesis.id);
        let about =
            hypothesis.object.as_ref().map_or_else(|| name.clone(), |object| format!("{}: {name}", object.name));
        let (mark, verdict) =
            if follows(hypothesis) { ("↳", "hypothesis-follows") } else { ("✘", "hypothesis-rejected") };
        mrkdwn!(
            "{} *{}* {} · {}{}",
            mark,
            phrases.say(verdict),
            quote(&about),
            quote(&first_line(&phrases.own_words(&hypothesis.why), LINE)),
            cited(&hypothesis.evidence)
        )
    });
    confirmed.chain(rejected).take(ENTRIES).collect()
}

fn cited(evidence: &[shared::diagnosis::EvidenceId]) -> Mrkdwn {
    if evidence.is_empty() {
        return Mrkdwn::default();
    }
    let ids: Vec<String> = evidence.iter().take(8).map(ToString::to_string).collect();
    mrkdwn!(" [{}]", ids.join(", "))
}

fn evidence(diagnosis: &Diagnosis, style: &Style) -> Vec<Mrkdwn> {
    let cited: Vec<_> = diagnosis.causes.iter().flat_map(|cause| &cause.evidence).collect();
    let mut listed: Vec<_> = diagnosis.evidence.iter().filter(|evidence| cited.contains(&&evidence.id)).collect();
    listed.extend(diagnosis.evidence.iter().filter(|evidence| !cited.contains(&&evidence.id)));
    let say = |evidence: &&shared::diagnosis::Evidence| {
        mrkdwn!(
            "`{}` {}: {}",
            evidence.id.to_string(),
            quote(&evidence.object.to_string()),
            quote(&first_line(&style.phrases.own_words(&evidence.text), LINE))
        )
    };
    listed.iter().take(EVIDENCE).map(say).collect()
}

fn proposals(diagnosis: &Diagnosis, style: &Style) -> Vec<Mrkdwn> {
    let actions = diagnosis.causes.iter().flat_map(|cause| cause.actions.iter().map(move |action| (cause, action)));
    let say = |(cause, action): (&shared::diagnosis::Cause, &shared::diagnosis::ProposedAction)| {
        let reason = first_line(&style.phrases.reason(&action.reason), LINE);
        mrkdwn!("{}: {} · {}", quote(&cause.object.name), quote(&style.phrases.action(action)), quote(&reason))
    };
    actions.take(ENTRIES).map(say).collect()
}

fn commands(diagnosis: &Diagnosis) -> Vec<Mrkdwn> {
    let checks = diagnosis.causes.iter().flat_map(|cause| &cause.checks);
    let mut shown: Vec<Mrkdwn> = Vec::new();
    for command in checks.filter_map(|command| ReadOnlyCommand::parse(command)) {
        let line = Mrkdwn::code(command.as_str());
        if !shown.contains(&line) && shown.len() < ENTRIES {
            shown.push(line);
        }
    }
    shown
}

/// Earlier incidents like this one; what ended the one that is most like it goes first.
fn similar(report: &Report, found: &[Earlier], style: &Style) -> Vec<Mrkdwn> {
    let phrases = &style.phrases;
    let helped = found.iter().find_map(|earlier| Some((earlier, earlier.helped.as_ref()?)));
    let helped = helped.map(|(earlier, helped)| {
        let ago = report.alarm.since.duration_since(earlier.began).max(SignedDuration::ZERO);
        // Of days the hours do not matter.
        let ago = if ago.as_hours() >= 48 { SignedDuration::from_hours(ago.as_hours() / 24 * 24) } else { ago };
        let took = phrases.duration(Duration(SignedDuration::from_secs(helped.took_s)));
        let (ago, deed) = (phrases.duration(Duration(ago)), phrases.deed(&helped.action));
        let values = [("ago", (&ago).into()), ("do", (&deed).into()), ("took", (&took).into())];
        mrkdwn!("*{}*", quote(&phrases.say_with("helped-before", &values)))
    });
    let say = |earlier: &Earlier| {
        let (when, what) = (style.clock.day(earlier.began), first_line(&earlier.summary, LINE));
        quote(&phrases.say_with("seen-before", &[("when", (&when).into()), ("what", (&what).into())]))
    };
    helped.into_iter().chain(found.iter().take(5).map(say)).collect()
}

/// Earlier incidents that the knowledge base found, once it has.
pub fn recalled(report: &Report, style: &Style) -> Option<Message> {
    let lines = similar(report, &report.recalled, style);
    let label = Mrkdwn::data(style.phrases.say("label-similar"));
    (!lines.is_empty()).then(|| Message::new(&label).block(part("label-similar", &Mrkdwn::join(lines, "\n"), style)))
}

/// What the agent added, once it has.
pub fn further(report: &Report, style: &Style) -> Option<Message> {
    let mut lines: Vec<Mrkdwn> =
        report.further.iter().map(|claim| mrkdwn!("• {}", quote(&first_line(claim, LINE)))).collect();
    let commands = report.commands.iter().filter_map(|command| ReadOnlyCommand::parse(command));
    lines.extend(commands.map(|command| Mrkdwn::code(command.as_str())));
    if lines.is_empty() {
        return None;
    }
    let label = style.phrases.say("label-agent");
    let source = mrkdwn!("{}", style.phrases.say("agent-source"));
    let text = part("label-agent", &Mrkdwn::join(lines, "\n"), style);
    Some(Message::new(&Mrkdwn::data(label)).block(text).block(Block::context([&source])))
}

/// Where the incident's ticket is.
pub fn ticket(ticket: &TicketLink, style: &Style) -> Message {
    let link = Mrkdwn::link(ticket.url.as_str(), &ticket.key);
    let text = mrkdwn!("🎫 {} {}", style.phrases.say("ticket-opened"), link);
    Message::new(&text).block(Block::context([&text]))
}

/// A further change of an alarm, in a line of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An alarm is back to OK while this many are still on.
    BackToOk {
        /// Alarms still on.
        open: usize,
    },
    /// An alarm has too little data to tell.
    InsufficientData,
}

/// A line of the thread.
pub fn note(note: &Note, alarm: &str, at: Timestamp, style: &Style) -> Message {
    let alarm = shared::redact::redact(alarm).into_owned();
    let time = style.clock.minute(at);
    let text = match note {
        Note::BackToOk { open } => {
            style.phrases.say_with("alarm-ok-note", &[("alarm", (&alarm).into()), ("open", (*open).into())])
        }
        Note::InsufficientData => {
            style.phrases.say_with("insufficient-note", &[("alarm", (&alarm).into()), ("time", (&time).into())])
        }
    };
    let text = Mrkdwn::data(text);
    Message::new(&text).block(Block::context([&mrkdwn!("{} · {}", time, text)]))
}
