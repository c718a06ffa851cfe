//! Messages as they are sent, in both languages.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use shared::diagnosis::*;
use shared::model::{Kind, ObjectRef};
use shared::slack::Message;

use super::*;
use crate::event::AlarmState;
use crate::report::{AlarmLine, Earlier, Finding, Measure};

fn at(time: &str) -> Timestamp {
    format!("2026-03-02T{time}Z").parse().unwrap()
}

fn style(language: Language) -> Style {
    let clock = Clock::new(TimeZone::get("Asia/Seoul").unwrap());
    Style::new(language, clock, Some("https://grafana.example/g/".parse().unwrap()))
}

fn evidence(id: &str, source: EvidenceSource, text: &str) -> Evidence {
    let object = ObjectRef::new(Kind::Deployment, "payments", "api");
    Evidence { id: EvidenceId(id.to_owned()), source, object, time: None, text: text.to_owned() }
}

fn diagnosis() -> Diagnosis {
    let api = ObjectRef::new(Kind::Deployment, "payments", "api");
    Diagnosis {
        cluster: "prod".to_owned(),
        verdict: Verdict::CauseFound,
        causes: vec![Cause {
            id: CauseId::new("bad-rollout"),
            category: Category::Runtime,
            confidence: 0.96,
            object: api.clone(),
            summary: "v2.3.1 cannot start, DEPLOY_ENV is missing".to_owned(),
            facts: Default::default(),
            evidence: vec![EvidenceId("e1".to_owned()), EvidenceId("e2".to_owned())],
            affected: vec![
                Affected { object: api.clone(), impact: "0/5 ready (was 5/5)".to_owned() },
                Affected { object: ObjectRef::new(Kind::Service, "shop", "checkout"), impact: String::new() },
            ],
            checks: vec![
                "kubectl -n payments logs deploy/api --previous --tail=50".to_owned(),
                "kubectl -n payments delete deploy/api".to_owned(),
            ],
            actions: vec![ProposedAction {
                action: ActionKind::Rollback,
                risk: Risk::Medium,
                reason: "to revision 14: it sets DEPLOY_ENV, revision 15 does not".to_owned(),
            }],
        }],
        rejected: vec![Hypothesis {
            id: CauseId::new("oom-killed"),
            object: None,
            why: "no container ended with OOMKilled".to_owned(),
            evidence: vec![EvidenceId("e3".to_owned())],
        }],
        evidence: vec![
            evidence("e1", EvidenceSource::Log, "37 times in 3 pods: KeyError: 'DEPLOY_ENV' <!channel> *bold*"),
            evidence("e2", EvidenceSource::Spec, "revision 14 sets DEPLOY_ENV, revision 15 does not"),
            evidence("e3", EvidenceSource::Status, "last state: exit code 1"),
        ],
        timeline: vec![
            TimelineEntry { time: at("05:21:00"), object: api.clone(), what: "rollout to revision 15".to_owned() },
            TimelineEntry { time: at("05:21:40"), object: api, what: "first crash".to_owned() },
        ],
        missing_evidence: vec!["metrics of payments/api".to_owned()],
        elapsed_ms: 12,
    }
}

fn report(finding: Finding) -> Report {
    Report {
        alarm: AlarmLine {
            name: "prod-payments-api-restarts".to_owned(),
            description: "Containers of payments/api restart.".to_owned(),
            region: "ap-northeast-2".to_owned(),
            state: AlarmState::Alarm,
            since: at("05:23:40"),
            reason: "Threshold Crossed: 7.0 was greater than 3.0".to_owned(),
            value: Some(7.0),
            threshold: Some(3.0),
            suppressed_by: None,
            alert: None,
        },
        cluster: "prod".to_owned(),
        finding,
        measures: vec![Measure { label: "checkout 5xx".to_owned(), now: 12.0, usual: 0.3, unit: "%".to_owned() }],
        gaps: vec!["list events in all namespaces".to_owned()],
        similar: vec![Earlier {
            began: at("01:00:00"),
            object: None,
            cause: None,
            summary: "payments/api: same".to_owned(),
            helped: None,
        }],
        recalled: Vec::new(),
        further: vec!["The variable was renamed in the last commit [e2].".to_owned()],
        commands: vec![
            "kubectl -n payments rollout history deploy/api".to_owned(),
            "kubectl delete ns shop".to_owned(),
        ],
        investigated: true,
    }
}

fn caused() -> Report {
    report(Finding::Diagnosed(Box::new(diagnosis())))
}

fn healthy() -> Report {
    let nothing = Diagnosis { verdict: Verdict::Healthy, causes: vec![], rejected: vec![], ..diagnosis() };
    report(Finding::Diagnosed(Box::new(nothing)))
}

fn json(message: Message) -> serde_json::Value {
    serde_json::to_value(message.fitted()).unwrap()
}

#[test]
fn a_cause_in_english() {
    insta::assert_json_snapshot!(json(first(&caused(), "inc-1", 0, &style(Language::En))));
}

#[test]
fn a_cause_in_korean() {
    insta::assert_json_snapshot!(json(first(&caused(), "inc-1", 3, &style(Language::Ko))));
}

#[test]
fn the_long_form_in_english() {
    insta::assert_json_snapshot!(json(long_form(&caused(), &style(Language::En)).unwrap()));
}

#[test]
fn the_long_form_in_korean() {
    insta::assert_json_snapshot!(json(long_form(&caused(), &style(Language::Ko)).unwrap()));
}

#[test]
fn what_the_agent_added_in_both() {
    insta::assert_json_snapshot!(
        [Language::En, Language::Ko].map(|language| json(further(&caused(), &style(language)).unwrap()))
    );
}

#[test]
fn an_unreachable_cluster_in_both() {
    let report = report(Finding::Unreachable { reason: "https://api.example cannot be reached".to_owned() });
    insta::assert_json_snapshot!([Language::En, Language::Ko].map(|language| json(first(
        &report,
        "inc-1",
        0,
        &style(language)
    ))));
}

#[test]
fn a_healthy_cluster_in_both() {
    insta::assert_json_snapshot!([Language::En, Language::Ko].map(|language| json(first(
        &healthy(),
        "inc-1",
        0,
        &style(language)
    ))));
}

#[test]
fn a_resolved_incident_in_both() {
    let messages = [Language::En, Language::Ko].map(|language| {
        json(resolved(&caused(), "inc-1", (at("05:23:40"), at("06:30:00")), Ending::Resolved, &style(language)))
    });
    insta::assert_json_snapshot!(messages);
}

#[test]
fn an_incident_that_ends_without_an_all_clear_says_so_in_both() {
    let course = (at("05:23:40"), at("17:30:20"));
    let unreported = Ending::Unreported { since: at("05:30:00") };
    for (language, headline, silent, no_data) in [
        (Language::En, "Closed without an all-clear", "has not repeated this alert for 12 h:", "no data for hours"),
        (Language::Ko, "정상화 확인 없이 종료", "12시간 동안 알림이 다시 수신되지 않았습니다", "데이터가 없어"),
    ] {
        for (ending, note) in [(unreported, silent), (Ending::NoData, no_data)] {
            let said = json(resolved(&caused(), "inc-1", course, ending, &style(language))).to_string();
            assert!(said.contains(headline) && said.contains(note) && said.contains("#ECB22E"), "{said}");
            let first = json(closed(&caused(), "inc-1", 0, ending, &style(language))).to_string();
            assert!(first.contains(headline), "{first}");
        }
    }
}

#[test]
fn a_first_message_of_an_incident_that_is_over() {
    insta::assert_json_snapshot!(json(closed(&caused(), "inc-1", 2, Ending::Resolved, &style(Language::Ko))));
}

#[test]
fn notes_in_both() {
    let notes = [Note::BackToOk { open: 2 }, Note::BackToOk { open: 1 }, Note::InsufficientData];
    let messages = notes.iter().flat_map(|one| {
        [Language::En, Language::Ko].map(|language| json(note(one, "prod-a <!here>", at("05:23:40"), &style(language))))
    });
    insta::assert_json_snapshot!(messages.collect::<Vec<_>>());
}

#[test]
fn nothing_that_a_cluster_says_becomes_markup() {
    let mut report = caused();
    let attack = "<!channel> <https://evil.example|kubectl> `x` </code>";
    report.alarm.name = attack.to_owned();
    report.cluster = attack.to_owned();
    report.gaps = vec![attack.to_owned()];
    report.further = vec![attack.to_owned()];
    let Finding::Diagnosed(diagnosis) = &mut report.finding else { panic!("diagnosed") };
    let cause = &mut diagnosis.causes[0];
    cause.summary = attack.to_owned();
    cause.checks = vec![attack.to_owned(), "kubectl get pods <!channel>".to_owned()];
    cause.actions[0].reason = attack.to_owned();
    cause.affected[0].impact = attack.to_owned();
    diagnosis.evidence[0].text = attack.to_owned();
    diagnosis.timeline[0].what = attack.to_owned();
    for language in [Language::En, Language::Ko] {
        let style = style(language);
        let sent = [
            json(first(&report, "inc-1", 1, &style)),
            json(long_form(&report, &style).unwrap()),
            json(further(&report, &style).unwrap()),
            json(resolved(&report, "inc-1", (at("05:00:00"), at("06:00:00")), Ending::Resolved, &style)),
            json(note(&Note::InsufficientData, attack, at("05:00:00"), &style)),
        ];
        for message in sent {
            let text = message.to_string();
            assert!(!text.contains("<!channel>") && !text.contains("<https://evil"), "{text}");
        }
    }
}

#[test]
fn no_command_but_reading_ones_is_shown() {
    let report = caused();
    let added = json(further(&report, &style(Language::En)).unwrap()).to_string();
    assert!(added.contains("rollout history") && !added.contains("delete"), "{added}");
    for message in [first(&report, "i", 0, &style(Language::En)), long_form(&report, &style(Language::En)).unwrap()] {
        let text = json(message).to_string();
        assert!(text.contains("kubectl -n payments logs") && !text.contains("kubectl -n payments delete"), "{text}");
    }
}

#[test]
fn what_follows_from_the_cause_is_not_ruled_out() {
    let mut report = caused();
    let Finding::Diagnosed(diagnosis) = &mut report.finding else { panic!("diagnosed") };
    diagnosis.rejected.push(Hypothesis {
        id: CauseId::new("application-crash"),
        object: Some(ObjectRef::new(Kind::Deployment, "payments", "api")),
        why: "follows from bad-rollout on Deployment payments/api".to_owned(),
        evidence: Vec::new(),
    });
    for (language, words) in [(Language::En, "↳ *follows from it*"), (Language::Ko, "↳ *파생 증상*")] {
        let style = style(language);
        let name = style.phrases.cause_name(&CauseId::new("application-crash"));
        let short = json(first(&report, "i", 0, &style)).to_string();
        assert!(!short.contains(&name), "{short}");
        assert!(short.contains(&style.phrases.cause_name(&CauseId::new("oom-killed"))), "{short}");
        let long = json(long_form(&report, &style).unwrap()).to_string();
        assert!(long.contains(words) && long.contains(&name), "{long}");
    }
}

#[test]
fn colours_follow_what_is_broken() {
    assert_eq!(colour(&caused()), Colour::Critical);
    assert_eq!(colour(&healthy()), Colour::Warning);
    let mut pending = caused();
    let Finding::Diagnosed(diagnosis) = &mut pending.finding else { panic!("diagnosed") };
    diagnosis.causes[0].category = Category::Scheduling;
    assert_eq!(colour(&pending), Colour::Warning);
}

fn of_alert(mut report: Report, severity: Option<crate::event::Severity>) -> Report {
    report.alarm.name = "NodeNotReady".to_owned();
    report.alarm.region = String::new();
    report.alarm.description = "Node is not ready.".to_owned();
    report.alarm.alert = Some(crate::report::AlertLine {
        sender: shared::bus::AlertSender::Grafana,
        severity,
        link: "https://grafana.example.com/alerting/grafana/x/view".to_owned(),
        runbook: "javascript:alert(1)".to_owned(),
        look: vec!["kubectl describe node ip-10-0-1-7".to_owned(), "kubectl delete node ip-10-0-1-7".to_owned()],
    });
    report
}

#[test]
fn an_alert_keeps_the_form_that_people_know() {
    use crate::event::Severity;
    let style = style(Language::Ko);
    for report in [caused(), healthy(), report(Finding::UnknownCluster)] {
        let report = of_alert(report, Some(Severity::Critical));
        let message = json(first(&report, "inc-1", 0, &style));
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with("🚨 *[INFRA] NodeNotReady"), "{text}");
        let shown = message.to_string();
        for part in ["📌 요약", "Node is not ready.", "🔍 원인", "🔧 조치", "https://grafana.example.com/alerting"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("javascript") && !shown.contains("delete node"), "{shown}");
        let (began, ended) = (at("05:23:40"), at("05:43:40"));
        let over = json(resolved(&report, "inc-1", (began, ended), Ending::Resolved, &style));
        assert_eq!(over["text"], "✅ *[해결됨] NodeNotReady 이슈가 정상화되었습니다.*");
        assert_eq!(json(closed(&report, "inc-1", 0, Ending::Resolved, &style))["text"], over["text"]);
    }
}

#[test]
fn the_severity_that_an_alert_was_given_is_its_colour() {
    use crate::event::Severity;
    let of = |severity| colour(&of_alert(caused(), severity));
    assert_eq!(of(Some(Severity::Critical)), Colour::Critical);
    assert_eq!(of(Some(Severity::Warning)), Colour::Warning);
    assert_eq!(of(Some(Severity::Info)), Colour::Warning);
    assert_eq!(of(None), colour(&caused()));
}
