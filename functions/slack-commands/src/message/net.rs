//! `/net-check`.

use jiff::Timestamp;
use shared::mrkdwn;
use shared::slack::{Block, Colour, Message, Mrkdwn};
use shared::text::Value;

use super::{Style, barred, gaps, more, quote, read_at, shortened};
use crate::decide::{Level, Matter, NetAnswer, NetLine};
use crate::situation::{NetService, Probe};

/// Lines of one paragraph.
const PARAGRAPH: usize = 10;

pub(super) fn message(net: &NetAnswer, cluster: &str, at: Timestamp, style: &Style) -> Message {
    let lines: Vec<Mrkdwn> = net.lines.iter().map(|line| self::line(line, style)).collect();
    let mut blocks: Vec<Block> =
        lines.chunks(PARAGRAPH).map(|part| Block::section(&Mrkdwn::join(part.iter().cloned(), "\n"))).collect();
    if net.more > 0 {
        blocks.push(Block::context([&more(net.more, style)]));
    }
    blocks.extend(gaps(&net.gaps, style));
    blocks.push(read_at(cluster, at, style));
    let of = |level: Level| net.lines.iter().filter(|line| line.level() == level).count();
    let (good, warning, critical) = (of(Level::Ok), of(Level::Warning), of(Level::Critical));
    let headline = style.phrases.say_with(
        "net-headline",
        &[("cluster", cluster.into()), ("ok", good.into()), ("warning", warning.into()), ("critical", critical.into())],
    );
    let colour = if critical > 0 { Colour::Critical } else { net.colour };
    barred(colour, &quote(&headline), blocks)
}

fn line(line: &NetLine, style: &Style) -> Mrkdwn {
    let mark = match line.level() {
        Level::Ok => "🟢 OK",
        Level::Warning => "🟡 Warning",
        Level::Critical => "🔴 Critical",
    };
    match line {
        NetLine::Service { found, matters, .. } => {
            mrkdwn!("{} *{}* {}", mark, quote(&name(found)), service(found, matters, style))
        }
        NetLine::Dependency { name, found, .. } => mrkdwn!("{} *{}* {}", mark, quote(name), dependency(found, style)),
    }
}

fn name(found: &NetService) -> String {
    format!("{}/{}", found.of.workload.namespace, found.of.name)
}

fn service(found: &NetService, matters: &[Matter], style: &Style) -> Mrkdwn {
    let say = |key: &str, values: &[(&str, Value<'_>)]| quote(&style.phrases.say_with(key, values));
    let mut facts: Vec<Mrkdwn> = matters.iter().map(|matter| say(key(*matter), &[])).collect();
    if let Some(wanted) = found.wanted {
        let wanted = u64::try_from(wanted).unwrap_or(0);
        facts.push(say("net-pods", &[("ready", found.ready.into()), ("wanted", wanted.into())]));
    }
    if !found.services.is_empty() {
        let names = found.services.join(", ");
        facts.push(say("net-service", &[("names", (&names).into())]));
        facts.push(say("net-endpoints", &[("count", found.endpoints.into())]));
    }
    if found.endpoints_not_ready > 0 {
        facts.push(say("net-endpoints-not-ready", &[("count", found.endpoints_not_ready.into())]));
    }
    if found.reached.tried > 0 && found.reached.reached > 0 {
        let values = [("reached", found.reached.reached.into()), ("tried", found.reached.tried.into())];
        facts.push(say("net-reached", &values));
    }
    Mrkdwn::join(facts, " · ")
}

const fn key(matter: Matter) -> &'static str {
    match matter {
        Matter::NoWorkload => "net-no-workload",
        Matter::NonReady => "net-none-ready",
        Matter::NoEndpoints => "net-no-endpoints",
        Matter::SomeNotReady => "net-some-not-ready",
        Matter::NoService => "net-no-service",
        Matter::ScaledToZero => "net-scaled-to-zero",
        Matter::NotReached => "net-not-reached",
        Matter::PortRefused => "net-port-refused",
    }
}

fn dependency(found: &Probe, style: &Style) -> Mrkdwn {
    match found {
        Probe::NotConfigured => quote(&style.phrases.say("net-not-configured")),
        Probe::Good { target, took_ms, detail } => {
            let took = format!("{took_ms} ms");
            let parts = [quote(target), quote(detail), quote(&took)];
            Mrkdwn::join(parts.into_iter().filter(|part| !part.is_empty()), " · ")
        }
        Probe::Doubtful { target, why } => {
            let why = match why.as_str() {
                "no TLS" => style.phrases.say("net-no-tls"),
                "TLS?" => style.phrases.say("net-tls-unknown"),
                other => shortened(other, 200),
            };
            mrkdwn!("{} · {}", quote(target), quote(&why))
        }
        Probe::Bad { target, why } => mrkdwn!("{} · {}", quote(target), quote(&shortened(why, 200))),
    }
}
