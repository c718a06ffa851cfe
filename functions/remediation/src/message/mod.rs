//! From a [`Case`] to what stands in Slack: what is to be done, what that changes, how much can go wrong and why, what it
//! reaches, the way back, who may agree until when; and, as it goes on, what became of it.

pub(crate) mod dialog;
#[cfg(test)]
mod tests;

use serde_json::json;
use shared::diagnosis::Risk;
use shared::mrkdwn;
use shared::redact::redact;
use shared::remediation::risk::{Reason, Why};
use shared::remediation::{Action, Case, Outcome, Stage, Undo, Unmet};
use shared::slack::{Attachment, Block, Button, ButtonStyle, Choice, Colour, Element, Message, Mrkdwn, StaticSelect};
use shared::text::{Phrases, Style};

use crate::vote::{ASKED_BY, OWN_WORDS};

/// Lines of a diff that a message shows.
const LINES: usize = 12;
/// Characters of a line.
const WIDTH: usize = 160;
/// Reasons of a risk that a message shows.
const REASONS: usize = 4;

fn quote(text: &str) -> Mrkdwn {
    Mrkdwn::data(redact(text))
}

/// What is to be done, in a few words.
pub fn what(action: &Action, style: &Style) -> String {
    style.phrases.deed(action)
}

const fn headline(stage: &Stage) -> (&'static str, &'static str, Colour) {
    match stage {
        Stage::Proposed | Stage::Asked { .. } => ("🛠️", "case-asked", Colour::Warning),
        Stage::NeedsReview { .. } => ("🔎", "case-needs-review", Colour::Warning),
        Stage::Denied { .. } => ("✋", "case-denied", Colour::Warning),
        Stage::Expired => ("⌛", "case-expired", Colour::Warning),
        Stage::Overtaken { .. } => ("🔀", "case-overtaken", Colour::Warning),
        Stage::DryRunRefused { .. } => ("⛔", "case-dry-run-refused", Colour::Warning),
        Stage::Changing { .. } => ("⏳", "case-changing", Colour::Warning),
        Stage::Watching { .. } => ("👀", "case-watching", Colour::Warning),
        Stage::Undoing { .. } => ("↩️", "case-undoing", Colour::Warning),
        Stage::Done { outcome: Outcome::Recovered, .. } => ("✅", "case-recovered", Colour::Good),
        Stage::Done { outcome: Outcome::NotRecovered { .. }, .. } => ("🟡", "case-not-recovered", Colour::Warning),
        Stage::Done { outcome: Outcome::Worse { .. }, .. } => ("🔴", "case-worse", Colour::Critical),
        Stage::Undone { .. } => ("↩️", "case-undone", Colour::Warning),
        Stage::Failed { .. } => ("🔴", "case-failed", Colour::Critical),
    }
}

/// The stage's name, told apart by outcome where it is over.
const fn stage(stage: &Stage) -> &'static str {
    match stage {
        Stage::Done { outcome: Outcome::Recovered, .. } => "recovered",
        Stage::Done { outcome: Outcome::NotRecovered { .. }, .. } => "not-recovered",
        Stage::Done { outcome: Outcome::Worse { .. }, .. } => "worse",
        other => other.name(),
    }
}

/// A case's message.
pub fn case(case: &Case, style: &Style) -> Message {
    let phrases = &style.phrases;
    let (mark, key, colour) = match (&case.stage, &case.waits) {
        (Stage::Proposed, Some(_)) => ("⏸️", "case-waiting", Colour::Warning),
        (stage, _) => headline(stage),
    };
    let what = redact(&what(&case.proposal.action, style)).into_owned();
    let text = phrases.say_with(key, &[("do", (&what).into())]);
    let mut blocks = Vec::new();
    let mut part = |label: &str, text: Mrkdwn| {
        if !text.is_empty() {
            blocks.push(Block::section(&mrkdwn!("*{}*  {}", phrases.say(label), text)));
        }
    };
    part("label-reason", quote(&phrases.reason(&case.proposal.reason)));
    part("label-changes", changes(case, style));
    part("label-risk", risk(case, style));
    part("label-reach", reach(case, style));
    part("label-way-back", way_back(case, style));
    part("label-approval", approval(case, style));
    part("label-history", history(case, style));
    blocks.extend(buttons(case, style));
    let command = redact(&case.proposal.action.command()).into_owned();
    let hash = case.proposal.action.hash(&case.proposal.cluster).0;
    blocks.push(Block::context([&mrkdwn!(
        "{} · {} · {} · {}",
        quote(&case.proposal.cluster),
        Mrkdwn::code(command),
        case.id.to_string(),
        hash.get(..8).unwrap_or_default().to_owned()
    )]));
    let mut payload = serde_json::Map::new();
    payload.insert("case".to_owned(), json!(case.id));
    payload.insert("stage".to_owned(), json!(stage(&case.stage)));
    Message::new(&mrkdwn!("{} *{}*", mark, Mrkdwn::data(text)))
        .attachment(Attachment::new(colour, blocks))
        .metadata("nightshift_remediation", payload)
}

fn changes(case: &Case, style: &Style) -> Mrkdwn {
    let Some(shown) = &case.shown else { return Mrkdwn::data("") };
    let cut = |line: &str| match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    // What is above a pod's template is the same for every line, and phones are narrow.
    let short = |line: &str| line.replacen("spec.template.spec.", "", 1).replacen("spec.template.", "", 1);
    let lines = |line: String| line.lines().map(|line| cut(&short(line))).collect::<Vec<_>>();
    let text: Vec<String> = shown.diff.iter().flat_map(|line| lines(line.to_string())).collect();
    let left = text.len().saturating_sub(LINES);
    let block = Mrkdwn::code_block(redact(&text.iter().take(LINES).cloned().collect::<Vec<_>>().join("\n")));
    if text.is_empty() {
        return Mrkdwn::data("");
    }
    match left {
        0 => block,
        left => mrkdwn!("{}\n{}", block, phrases_more(left, style)),
    }
}

fn phrases_more(count: usize, style: &Style) -> Mrkdwn {
    Mrkdwn::data(style.phrases.say_with("diff-more", &[("count", count.into())]))
}

fn risk(case: &Case, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    let Some(assessment) = &case.assessment else { return Mrkdwn::data("") };
    let level = phrases.say(match assessment.level {
        Risk::Low => "risk-low",
        Risk::Medium => "risk-medium",
        Risk::High => "risk-high",
    });
    let reasons: Vec<String> = assessment.reasons.iter().take(REASONS).map(|reason| why(reason, phrases)).collect();
    let (score, reasons) = (assessment.score.to_string(), reasons.join(" · "));
    let values = [("level", (&level).into()), ("score", (&score).into()), ("reasons", (&reasons).into())];
    quote(&phrases.say_with("risk-line", &values))
}

fn why(Reason { why, points }: &Reason, phrases: &Phrases) -> String {
    let (key, value) = match why {
        Why::Action { .. } => ("risk-why-action", String::new()),
        Why::Share { percent } => ("risk-why-share", percent.to_string()),
        Why::Stateful { object } => ("risk-why-stateful", object.clone()),
        Why::DataAtRisk { what } => ("risk-why-data", what.clone()),
        Why::NoHeadroom { budget } => ("risk-why-headroom", budget.clone()),
        Why::Environment { environment } => ("risk-why-environment", environment.clone()),
        Why::Hours => ("risk-why-hours", String::new()),
        Why::Confidence { percent } => ("risk-why-confidence", percent.to_string()),
        Why::NoUndo => ("risk-why-no-undo", String::new()),
        Why::Rollout { object } => ("risk-why-rollout", object.clone()),
        Why::Unproven => ("risk-why-unproven", String::new()),
        Why::LastZone { zone } => ("risk-why-last-zone", zone.clone()),
        Why::Concentrated { object, percent } => ("risk-why-concentrated", format!("{object} ({percent} %)")),
    };
    format!("{} +{points}", phrases.say_with(key, &[("value", (&value).into())]))
}

fn reach(case: &Case, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    let Some(blast) = &case.blast else { return Mrkdwn::data("") };
    let mut parts = vec![match blast.pods {
        0 => phrases.say("reach-none"),
        pods => {
            let (pods, replicas) = (pods.to_string(), blast.replicas.max(pods).to_string());
            let share = blast.share_percent.to_string();
            phrases.say_with(
                "reach-line",
                &[("pods", (&pods).into()), ("replicas", (&replicas).into()), ("share", (&share).into())],
            )
        }
    }];
    if blast.serving_percent == 0 && blast.share_percent > 0 {
        parts.push(phrases.say("reach-none-serving"));
    }
    if let Some(headroom) = &blast.headroom {
        let allowed = headroom.allowed.to_string();
        let values = [("budget", (&headroom.budget).into()), ("allowed", (&allowed).into())];
        parts.push(phrases.say_with("reach-budget", &values));
    }
    quote(&parts.join(" · "))
}

fn way_back(case: &Case, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    match case.shown.as_ref().map(|shown| &shown.undo) {
        None => Mrkdwn::data(""),
        Some(Undo::Nothing { why }) => quote(&phrases.say_with("way-back-none", &[("why", why.into())])),
        Some(Undo::Requests { command, except, .. }) => {
            let command = Mrkdwn::code(redact(command));
            if except.is_empty() {
                command
            } else {
                mrkdwn!("{} {}", command, quote(&phrases.say_with("way-back-except", &[("why", except.into())])))
            }
        }
    }
}

fn approval(case: &Case, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    let Stage::Asked { requirement } = &case.stage else { return Mrkdwn::data("") };
    let until = style.clock.minute(requirement.until);
    let key = if requirement.people > 1 { "approval-two" } else { "approval-one" };
    let mut parts = vec![Mrkdwn::data(phrases.say_with(key, &[("until", (&until).into())]))];
    if let Some(permission) = case.permission.as_ref().filter(|it| !it.to_people.is_empty()) {
        parts.push(Mrkdwn::code(permission.to_people.join(", ")));
    }
    if !case.votes.is_empty() {
        let missing = usize::from(requirement.people).saturating_sub(case.votes.len());
        parts.push(Mrkdwn::data(phrases.say_with("approval-missing", &[("count", missing.into())])));
    }
    Mrkdwn::join(parts, " · ")
}

/// Who a name stands for: people are mentioned, policies named.
fn who(by: &str) -> Mrkdwn {
    match by.strip_prefix("policy:") {
        Some(policy) => Mrkdwn::code(policy),
        None => Mrkdwn::mention(&shared::slack::UserId(by.to_owned())),
    }
}

fn history(case: &Case, style: &Style) -> Mrkdwn {
    let phrases = &style.phrases;
    // A sentence with a person in it: the name is markup of ours, the rest is data.
    let with = |key: &str, name: Mrkdwn, why: &str| {
        let said = phrases.say_with(key, &[("who", "\u{1}".into()), ("why", why.into())]);
        let mut pieces = said.splitn(2, '\u{1}');
        let (before, after) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
        mrkdwn!("{}{}{}", quote(before), name, quote(after))
    };
    let mut parts = Vec::new();
    let approved_by: Vec<String> = match &case.stage {
        Stage::Changing { approved_by, .. } | Stage::Watching { approved_by, .. } => approved_by.clone(),
        _ => case.votes.iter().filter(|vote| vote.is_yes()).map(|vote| vote.by().to_owned()).collect(),
    };
    for by in &approved_by {
        let key = if by.starts_with("policy:") { "approved-by-setting" } else { "approved-by" };
        parts.push(with(key, who(by), ""));
    }
    if let Some(waits) = &case.waits {
        parts.push(quote(&does_not_hold(&waits.unmet, phrases)));
    }
    let is_shift = matches!(case.proposal.action, Action::ZonalShift(_));
    match &case.stage {
        Stage::NeedsReview { unmet: Some(unmet), .. } | Stage::Overtaken { unmet: Some(unmet), .. } => {
            parts.push(quote(&does_not_hold(unmet, phrases)));
        }
        Stage::NeedsReview { why, .. } => parts.push(with("refused-by", Mrkdwn::code(redact(&why.join(", "))), "")),
        Stage::Denied { by, reason } => {
            let reason = deny_reason(reason, phrases);
            parts.push(with("denied-by", who(by), &reason));
        }
        Stage::Undone { why, .. } | Stage::Undoing { why, .. } if why.starts_with(ASKED_BY) => {
            parts.push(with("undone-by", who(&why[ASKED_BY.len()..]), ""));
        }
        Stage::Undone { why, .. } | Stage::Undoing { why, .. } => {
            let key = if is_shift { "undone-because" } else { "undone-worse" };
            parts.push(quote(&phrases.say_with(key, &[("why", why.into())])));
        }
        Stage::Overtaken { why, .. } | Stage::DryRunRefused { why } | Stage::Failed { why, .. } => {
            parts.push(quote(why))
        }
        Stage::Done { execution, outcome: Outcome::Recovered } => {
            if let Some(changed) = execution.changed_at() {
                let time = match case.since.duration_since(changed).as_secs().max(0) {
                    seconds @ 0..120 => format!("{seconds} s"),
                    seconds => format!("{} min", seconds / 60),
                };
                let key = if is_shift { "recovered-zone" } else { "recovered-after" };
                parts.push(quote(&phrases.say_with(key, &[("time", (&time).into())])));
            }
        }
        Stage::Done { outcome: Outcome::NotRecovered { still: text } | Outcome::Worse { what: text }, .. } => {
            parts.push(quote(text));
        }
        _ => {}
    }
    Mrkdwn::join(parts, "\n")
}

/// A precondition that does not hold, in the reader's language.
fn does_not_hold(unmet: &Unmet, phrases: &Phrases) -> String {
    let (key, object, to) = match unmet {
        Unmet::Missing(object) => ("unmet-missing", Some(object), String::new()),
        Unmet::Replaced(object) => ("unmet-replaced", Some(object), String::new()),
        Unmet::AlreadySo(object) => ("unmet-already-so", Some(object), String::new()),
        Unmet::WrongKind { kind, .. } => ("unmet-wrong-kind", None, kind.clone()),
        Unmet::Unowned(object) => ("unmet-unowned", Some(object), String::new()),
        Unmet::NoRevision { object, revision } => ("unmet-no-revision", Some(object), revision.to_string()),
        Unmet::Paused(object) => ("unmet-paused", Some(object), String::new()),
        Unmet::UnderAutoscaler { object, autoscaler } => ("unmet-under-autoscaler", Some(object), autoscaler.clone()),
        Unmet::OutOfBounds(what) => ("unmet-out-of-bounds", None, what.clone()),
        Unmet::MemoryLowered(container) => ("unmet-memory-lowered", None, container.clone()),
        Unmet::QosChanged { from, to } => ("unmet-qos-changed", None, format!("{from} → {to}")),
        Unmet::NoContainer { pod, container } => ("unmet-no-container", Some(pod), container.clone()),
        Unmet::Unread(what) => ("unmet-unread", None, what.clone()),
        Unmet::NotWanted(zone) => ("unmet-not-wanted", None, zone.to_string()),
        Unmet::NotManaged(resource) => ("unmet-not-managed", None, resource.to_string()),
        Unmet::ShiftStands { .. } => ("unmet-shift-stands", None, unmet.to_string()),
        Unmet::InFlight(what) => ("unmet-in-flight", None, what.clone()),
        Unmet::NoRoom(room) => ("unmet-no-room", None, format!("{} / {}", room.missing(), room.wanted)),
    };
    let object = object.map(ToString::to_string).unwrap_or_default();
    phrases.say_with(key, &[("object", (&object).into()), ("to", (&to).into())])
}

/// The reasons of the menu, in the reader's language; anything else as it is.
fn deny_reason(reason: &str, phrases: &Phrases) -> String {
    match reason {
        "wrong-cause" => phrases.say("deny-wrong-cause"),
        "not-now" => phrases.say("deny-not-now"),
        "by-hand" => phrases.say("deny-by-hand"),
        "too-risky" => phrases.say("deny-too-risky"),
        // Somebody submitted nothing but spaces.
        "" => phrases.say("deny-no-reason"),
        other => other.to_owned(),
    }
}

/// What a button or choice carries: the case, and the version of the object that was shown.
pub fn value(case: &Case) -> String {
    let version = case.shown.as_ref().map(|shown| shown.bound.version.resource_version.as_str()).unwrap_or_default();
    format!("{}:{version}", case.id)
}

fn buttons(case: &Case, style: &Style) -> Option<Block> {
    let phrases = &style.phrases;
    let value = value(case);
    match &case.stage {
        Stage::Asked { .. } => {
            let approve = Button::new(&phrases.say("button-approve"), "remediation.approve", &value);
            let choice = |key: &str, word: &str| Choice::new(&phrases.say(key), &format!("{value}:{word}"));
            let deny = StaticSelect::new(
                &phrases.say("menu-deny"),
                "remediation.deny",
                [
                    choice("deny-wrong-cause", "wrong-cause"),
                    choice("deny-not-now", "not-now"),
                    choice("deny-by-hand", "by-hand"),
                    choice("deny-too-risky", "too-risky"),
                    choice("deny-own-words", OWN_WORDS),
                ],
            );
            Some(Block::actions([Element::from(approve.style(ButtonStyle::Primary)), Element::from(deny)]))
        }
        Stage::Watching { execution, .. }
        | Stage::Done { execution, .. }
        | Stage::Failed { execution: Some(execution), .. }
            if matches!(execution.undo(), Undo::Requests { .. }) =>
        {
            let undo = Button::new(&phrases.say("button-undo"), "remediation.undo", &value);
            Some(Block::actions([Element::from(undo.style(ButtonStyle::Danger))]))
        }
        _ => None,
    }
}
