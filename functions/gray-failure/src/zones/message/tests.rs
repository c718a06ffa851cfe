//! Each stage of a suspicion as people read it, in both languages.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use shared::remediation::Stage;
use shared::text::{Clock, Language};

use super::*;
use crate::decide::{Call, Forecast, ZoneId};
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
        outlook: None,
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
            waits: false,
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
fn what_is_foreseen_says_when_and_is_taken_back() {
    let mut soon = Story { latest: told(3, Call::Watch, Reason::SlowerSoon), ..watched() };
    soon.zone = ZoneId(ALL_ZONES.to_owned());
    let forecast = Forecast { twice_at: at(95), percent_an_hour: 31.4 };
    soon.latest.evidence = Evidence {
        minutes: 60,
        latency_ms: Some(118.0),
        latency_times_usual: Some(1.31),
        forecast: Some(forecast),
        ..Evidence::default()
    };
    let taken_back = Story { over: Some(at(40)), ..soon.clone() };
    let texts = [soon, taken_back].map(|story| {
        let mut text = String::new();
        for language in [Language::En, Language::Ko] {
            let style = Style::new(language, Clock::new(TimeZone::get("Asia/Seoul").unwrap()));
            let about = About {
                cluster: "prod-eks",
                story: &story,
                zone_name: None,
                mode: Mode::Ask,
                case: None,
                waits: false,
            };
            text.push_str(&format!(
                "{}\n{}\n{}\n\n",
                headline(&about, &style),
                seen(&about, &style),
                but(&about, &style)
            ));
        }
        text
    });
    let [soon, taken_back] = texts;
    for said in [
        "All zones: latency is expected at twice its usual at 15:56 KST",
        "118 ms latency (usually 90 ms), rising by 31 % an hour",
        "it is foreseen, not seen",
        "모든 영역",
    ] {
        assert!(soon.contains(said), "{said}: {soon}");
    }
    assert!(taken_back.contains("All zones: latency is not expected to double any more"), "{taken_back}");
}

#[test]
fn what_the_others_would_have_to_carry_is_said_with_the_time_it_is_for() {
    let outlook = Outlook { growth_percent: 32, until: at(185), is_known: true };
    let shown = |outlook| {
        let story = Story { outlook: Some(outlook), ..left() };
        let style = Style::new(Language::En, Clock::new(TimeZone::get("Asia/Seoul").unwrap()));
        let about =
            About { cluster: "prod-eks", story: &story, zone_name: None, mode: Mode::Ask, case: None, waits: false };
        seen(&about, &style).lines().last().unwrap().to_owned()
    };
    assert!(
        shown(outlook).starts_with("demand: up to 32 % more than now expected until 17:26 KST"),
        "{}",
        shown(outlook)
    );
    let none = shown(Outlook { growth_percent: 0, ..outlook });
    assert!(none.starts_with("demand: no more than now expected until 17:26 KST"), "{none}");
    let unknown = shown(Outlook { growth_percent: 25, is_known: false, ..outlook });
    assert!(unknown.contains("under a day of history): 25 % more is reckoned with"), "{unknown}");
}

#[test]
fn numbers_have_three_figures_at_most_after_which_none_matters() {
    assert_eq!([0.123, 1.0, 9.96, 31.4].map(percent), ["0.12", "1.0", "10", "31"]);
    assert_eq!([1.25, 23.96].map(times), ["1.2", "24"]);
    assert_eq!([7.0, 999.6, 1_234_567.0].map(count), ["7", "1,000", "1,234,567"]);
}
