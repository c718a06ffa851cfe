//! What is read about nodes and findings, in both languages.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use shared::config::Mode;
use shared::slack::Message;
use shared::text::{Clock, Language};

use super::*;
use crate::node::decide::{EventKind, Filling, Held, NodeName, Sign, Strength};
use crate::node::finding::{Finding, Place, message};

const STRONG: Strength = Strength::Strong;

fn style(language: Language) -> Style {
    Style::new(language, Clock::new(TimeZone::get("Asia/Seoul").unwrap()))
}

fn at(time: &str) -> Timestamp {
    format!("2026-03-01T{time}:00Z").parse().unwrap()
}

/// What a phone shows of it.
fn shown(message: &Message) -> String {
    let message = serde_json::to_value(message).unwrap();
    let mut text = format!("{}\n", message["text"].as_str().unwrap());
    for block in message["attachments"][0]["blocks"].as_array().unwrap() {
        let line = block["text"]["text"].as_str().or_else(|| block["elements"][0]["text"].as_str());
        let _ = writeln!(text, "  {}", line.unwrap().replace('\n', "\n      "));
    }
    text
}

fn statements() -> Vec<(Mode, Statement)> {
    let node = || About::Node { name: NodeName("ip-10-0-12-34".into()), uid: "u1".into() };
    let said = |decision, signs: Vec<Sign>| Statement {
        timestamp: at("03:10"),
        since: at("02:50"),
        about: node(),
        decision,
        signs,
        held: None,
        again: 0,
        well_minutes: 0,
    };
    let flapping = Sign::Flapping { condition: "Ready".into(), changes: 6, within_minutes: 60, strength: STRONG };
    let failing = |kept_off| Sign::Failing {
        condition: if kept_off { "MemoryPressure" } else { "KernelReady" }.into(),
        reason: if kept_off { "KubeletHasInsufficientMemory" } else { "SoftLockup" }.into(),
        minutes: 5,
        kept_off,
        strength: STRONG,
    };
    let oom = Sign::Events {
        kind: EventKind::SystemOom,
        reason: "SystemOOM".into(),
        times: 3,
        within_minutes: 60,
        strength: STRONG,
    };
    let filling = Filling { percent: 78.2, percent_per_hour: 4.0, threshold_percent: 85.0, hours_left: 1.7 };
    let disk = Sign::DiskFilling { filling, strength: STRONG };
    let restarts = Sign::Restarts { here: 8, expected: 0.7, workloads: 4, chance: 1e-9, strength: STRONG };
    let names = (0..11).map(|number| NodeName(format!("ip-10-0-1-{number}"))).collect();
    let held = |held, signs| Statement { held: Some(held), ..said(Call::Watch, signs) };
    vec![
        (Mode::Ask, said(Call::Taint, vec![flapping.clone(), oom])),
        (Mode::Observe, said(Call::Taint, vec![disk])),
        (Mode::Automatic, Statement { again: 1, ..said(Call::Taint, vec![failing(false)]) }),
        (Mode::Ask, said(Call::Watch, vec![restarts])),
        (Mode::Ask, held(Held::KeptOff, vec![failing(true)])),
        (Mode::Ask, held(Held::Share { tainted: 1, most: 1 }, vec![flapping.clone()])),
        (Mode::Ask, held(Held::LastOfPool { pool: "gpu".into() }, vec![flapping.clone()])),
        (Mode::Ask, Statement { about: About::Many { names, of: 30 }, ..held(Held::Common, vec![failing(false)]) }),
        (Mode::Ask, Statement { well_minutes: 30, ..said(Call::Untaint, Vec::new()) }),
        (Mode::Ask, Statement { well_minutes: 30, ..said(Call::Clear, Vec::new()) }),
        (Mode::Ask, said(Call::Gone, Vec::new())),
    ]
}

fn in_both(say: impl Fn(&Style) -> String) -> String {
    format!("{}\n---\n\n{}", say(&style(Language::En)), say(&style(Language::Ko)))
}

#[test]
fn what_is_said_of_nodes_in_both() {
    let all = |style: &Style| {
        let said = statements();
        let shown = said.iter().map(|(mode, said)| shown(&statement(said, "prod-eks", *mode, style)));
        shown.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(in_both(all));
}

fn sample(name: &str) -> Finding {
    let path = format!("{}/../../events/{name}", env!("CARGO_MANIFEST_DIR"));
    let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Finding::parse(&event["detail"]).unwrap()
}

#[test]
fn what_is_said_of_findings_in_both() {
    let cluster = || "prod-eks".to_owned();
    let node = |isolated| Place::Node { cluster: cluster(), node: "ip-10-0-12-34".into(), uid: "u1".into(), isolated };
    let places = [
        ("guardduty-runtime.json", node(false), Mode::Ask),
        ("guardduty-runtime.json", node(true), Mode::Automatic),
        ("guardduty-audit-log.json", Place::Cluster { cluster: cluster() }, Mode::Ask),
        ("guardduty-ec2.json", Place::Unread { cluster: cluster(), why: "no answer in 10 s".into() }, Mode::Ask),
        ("guardduty-sample.json", Place::Elsewhere, Mode::Observe),
    ];
    let all = |style: &Style| {
        let shown =
            places.iter().map(|(name, place, mode)| shown(&message::finding(&sample(name), place, *mode, style)));
        shown.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(in_both(all));
}

#[test]
fn what_a_finding_says_is_data() {
    let mut finding = sample("guardduty-runtime.json");
    finding.title = "<!channel> *<https://example.com|press>*".into();
    finding.process = vec!["/tmp/`x`".into()];
    let message = message::finding(&finding, &Place::Elsewhere, Mode::Ask, &style(Language::En));
    let text = serde_json::to_string(&message).unwrap();
    assert!(!text.contains("<!channel>") && !text.contains("<https://example.com"), "{text}");
}

#[test]
fn every_reason_of_a_proposal_is_said_in_korean() {
    let (english, korean) = (style(Language::En).phrases, style(Language::Ko).phrases);
    for (_, said) in statements() {
        for sign in &said.signs {
            let reason = words::sign(sign, &english);
            assert_eq!(korean.reason(&reason), words::sign(sign, &korean), "{reason}");
        }
    }
}
