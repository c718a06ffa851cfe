//! `/health`.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::slack::{Block, Colour, Message, Mrkdwn};
use shared::text::Value;

use super::{Style, barred, gaps, more, quote, read_at, shortened};
use crate::decide::HealthAnswer;
use crate::situation::{Alarms, Known, Rates};

pub(super) fn message(health: &HealthAnswer, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let mut blocks = vec![Block::fields(&fields(health, style))];
    if !health.troubled.is_empty() {
        let line = |one: &crate::situation::Troubled| {
            mrkdwn!(
                "{} {} · {}",
                if one.failing { "🔴" } else { "🟡" },
                quote(&one.name),
                quote(&shortened(&one.why, 80))
            )
        };
        let mut lines: Vec<Mrkdwn> = health.troubled.iter().map(line).collect();
        if health.troubled_more > 0 {
            lines.push(more(health.troubled_more, style));
        }
        blocks.push(Block::section(&Mrkdwn::join(lines, "\n")));
    }
    if let Some(alarms) = &health.alarms {
        blocks.push(self::alarms(alarms, style));
    }
    blocks.extend(gaps(&health.gaps, style));
    blocks.push(read_at(cluster, at, style));
    barred(health.colour, &headline(health, cluster, style), blocks)
}

/// What is worst, in a line.
fn headline(health: &HealthAnswer, cluster: &str, style: &Style) -> Mrkdwn {
    let say = |key: &str, values: &[(&str, Value<'_>)]| style.phrases.say_with(key, values);
    let mut parts = Vec::new();
    let mut add = |key: &str, count: usize| {
        if count > 0 {
            parts.push(say(key, &[("count", count.into())]));
        }
    };
    add("health-nodes-not-ready", health.nodes.map_or(0, |(_, not_ready)| not_ready));
    add("health-pods-error", health.pods.map_or(0, |(_, _, error)| error));
    add("health-pods-pending", health.pods.map_or(0, |(_, pending, _)| pending));
    add("health-alarms-active", health.alarms.as_ref().map_or(0, |alarms| alarms.count));
    if parts.is_empty() {
        parts.push(style.phrases.say(match health.colour {
            Colour::Good => "health-all-well",
            _ => "health-not-all-known",
        }));
    }
    mrkdwn!("{}: {}", quote(cluster), quote(&parts.join(", ")))
}

fn fields(health: &HealthAnswer, style: &Style) -> Vec<Mrkdwn> {
    let field = |label: &str, text: Mrkdwn| mrkdwn!("*{}*\n{}", style.phrases.say(label), text);
    let unknown = || Mrkdwn::data(style.phrases.say("ask-unknown"));
    let percent = |value: Option<f64>| value.map_or_else(unknown, |value| mrkdwn!("{} %", format!("{value:.0}")));
    let nodes = health.nodes.map_or_else(unknown, |(ready, not_ready)| {
        let mut line = mrkdwn!("{} Ready · {} NotReady", ready, not_ready);
        if health.cordoned > 0 {
            let cordoned = style.phrases.say_with("health-cordoned", &[("count", health.cordoned.into())]);
            line = mrkdwn!("{} ({})", line, cordoned);
        }
        line
    });
    let pods = health.pods.map_or_else(unknown, |(running, pending, error)| {
        mrkdwn!("{} Running · {} Pending · {} Error", running, pending, error)
    });
    let mut fields = vec![
        field("label-nodes", nodes),
        field("label-pods", pods),
        field("label-cpu", percent(health.cpu_percent)),
        field("label-memory", percent(health.memory_percent)),
    ];
    let pair = |first: fn(&Rates) -> Option<f64>, second: fn(&Rates) -> Option<f64>, key: &str| {
        let Some(rates) = health.rates.value() else {
            return match &health.rates {
                Known::NotConfigured => Mrkdwn::data(style.phrases.say("health-no-prometheus")),
                _ => unknown(),
            };
        };
        let text = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.1}"));
        let (first, second) = (text(first(rates)), text(second(rates)));
        Mrkdwn::data(style.phrases.say_with(key, &[("first", (&first).into()), ("second", (&second).into())]))
    };
    fields.push(field("label-disk", pair(|r| r.disk_read, |r| r.disk_written, "health-disk")));
    fields.push(field("label-network", pair(|r| r.received, |r| r.transmitted, "health-network")));
    fields
}

fn alarms(alarms: &Alarms, style: &Style) -> Block {
    let label = Mrkdwn::data(style.phrases.say("label-alarms"));
    if alarms.count == 0 {
        return Block::section(&mrkdwn!("*{}*\n{}", label, style.phrases.say("health-no-alarms")));
    }
    let line = |alarm: &crate::situation::ActiveAlarm| {
        let since = alarm.since.map(|since| style.clock.day(since)).unwrap_or_default();
        mrkdwn!("• {} *{}* {}", since, quote(&alarm.name), quote(&shortened(&alarm.reason, 160)))
    };
    let mut lines: Vec<Mrkdwn> = alarms.latest.iter().map(line).collect();
    if alarms.count > alarms.latest.len() {
        lines.push(more(alarms.count - alarms.latest.len(), style));
    }
    Block::section(&mrkdwn!("*{}*\n{}", label, Mrkdwn::join(lines, "\n")))
}
