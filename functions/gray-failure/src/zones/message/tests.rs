//! Each stage of a suspicion as people read it, in both languages.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use shared::remediation::Stage;
use shared::text::{Clock, Language};

use super::*;
use crate::decide::{Call, ZoneId};
use crate::zones::story::Told;

fn at(minute: i64) -> Timestamp {
    "2026-03-02T05:21:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn evidence() -> Evidence {
    Evidence {
        minutes: 6,
        requests: 40_212.0,
        faults: 1_246.0,
        expected_faults: 52.0,
        fault_percent: 3.1,
        others_fault_percent: 0.13,
        times_others: 23.96,
        times_usual: 25.2,
        latency_times_others: Some(1.8),
        latency_times_usual: Some(1.84),
        latency_ms: Some(182.0),
        below_baseline_percent: 95.8,
        corroborated_by: vec![Corroboration::SecondSignal, Corroboration::Workloads],
        ..Evidence::default()
    }
}

fn told(minute: i64, call: Call, reason: Reason) -> Told {
    Told { at: at(minute), call, reason, evidence: evidence() }
}

fn watched() -> Story {
    Story {
        zone: ZoneId("apne2-az1".to_owned()),
        since: at(0),
        latest: told(3, Call::Watch, Reason::NotCorroborated),
        left: None,
        until: None,
        extended: 0,
        over: None,
        revision: 1,
    }
}

fn left() -> Story {
    Story {
        latest: told(27, Call::Extend, Reason::StillWorse),
        left: Some(told(5, Call::Shift, Reason::FaultsAndLatency)),
        until: Some(at(65)),
        extended: 1,
        ..watched()
    }
}

fn shown(story: &Story, mode: Mode, case: Option<&Stage>) -> String {
    let mut text = String::new();
    for language in [Language::En, Language::Ko] {
        let style = Style::new(language, Clock::new(TimeZone::get("Asia/Seoul").unwrap()));
        let about = About {
            cluster: "prod-eks",
            story,
            zone_name: Some("ap-northeast-2a"),
            mode,
            case: case.map(|stage| (stage, at(7))),
        };
        let message = serde_json::to_value(first(&about, &style)).unwrap();
        text.push_str(message["text"].as_str().unwrap());
        for block in message["attachments"][0]["blocks"].as_array().unwrap() {
            let part = block["text"]["text"].as_str().or(block["elements"][0]["text"].as_str());
            text.push_str(&format!("\n  {}", part.unwrap().replace('\n', "\n    ")));
        }
        text.push_str("\n\n");
    }
    text
}

#[test]
fn a_suspicion_says_what_is_seen_and_why_nothing_is_done() {
    insta::assert_snapshot!(shown(&watched(), Mode::Ask, None));
}

#[test]
fn where_one_only_observes_it_is_said_what_would_be_proposed() {
    insta::assert_snapshot!(shown(&left(), Mode::Observe, None));
}

#[test]
fn a_proposal_says_who_has_to_press() {
    insta::assert_snapshot!(shown(&left(), Mode::Ask, Some(&Stage::Proposed)));
}

#[test]
fn a_refusal_says_that_nothing_is_shifted() {
    let denied = Stage::Denied { by: "U0ASKS0001".to_owned(), reason: "not-now".to_owned() };
    assert!(shown(&left(), Mode::Ask, Some(&denied)).contains("nothing: the shift was denied"));
    assert!(shown(&left(), Mode::Ask, Some(&Stage::Expired)).contains("nobody approved the shift in time"));
}

#[test]
fn the_all_clear_keeps_what_was_seen() {
    let over = Story { latest: told(80, Call::End, Reason::WellAgain), until: None, over: Some(at(80)), ..left() };
    insta::assert_snapshot!(shown(&over, Mode::Ask, None));
}

#[test]
fn silence_is_no_health_and_no_fault() {
    let mut silent = Story { latest: told(3, Call::Watch, Reason::Silent), ..watched() };
    silent.latest.evidence = Evidence { minutes: 5, missing: vec![silent.zone.clone()], ..Evidence::default() };
    insta::assert_snapshot!(shown(&silent, Mode::Ask, None));
}

#[test]
fn numbers_have_three_figures_at_most_after_which_none_matters() {
    assert_eq!([0.123, 1.0, 9.96, 31.4].map(percent), ["0.12", "1.0", "10", "31"]);
    assert_eq!([1.25, 23.96].map(times), ["1.2", "24"]);
    assert_eq!([7.0, 999.6, 1_234_567.0].map(count), ["7", "1,000", "1,234,567"]);
}
