//! What people read, in both languages.

mod questions;
mod reader;

use jiff::tz::TimeZone;
use shared::model::{Kind, ObjectRef};
use shared::roles::Role;
use shared::text::Language;

use super::*;
use crate::decide::{HealthAnswer, decide};
use crate::event::Command;
use crate::situation::*;

fn style(language: Language) -> Style {
    let url = |text: &str| url::Url::parse(text).ok();
    Style {
        phrases: Phrases::new(language),
        clock: Clock::new(TimeZone::get("Asia/Seoul").unwrap()),
        links: Links {
            grafana: url("https://grafana.example"),
            kiali: url("https://kiali.example/"),
            loki: url("https://grafana.example/explore"),
            tempo: None,
        },
    }
}

fn at() -> Timestamp {
    "2026-03-02T05:23:40Z".parse().unwrap()
}

/// What people read, in both languages, held as a snapshot.
fn read(name: &str, what: &Answer) {
    let said = |language: Language| {
        let message = answer(what, "prod-eks", at(), &style(language));
        format!("# {}\n{}", language.code(), reader::shown(&message))
    };
    insta::assert_snapshot!(name, format!("{}\n{}", said(Language::En), said(Language::Ko)));
}

/// The message in both languages, as Slack gets it.
fn sent(what: &Answer) -> String {
    let said = |language| serde_json::to_string(&answer(what, "prod-eks", at(), &style(language))).unwrap();
    format!("{}{}", said(Language::En), said(Language::Ko))
}

fn choice(name: &str) -> Choice {
    Choice { name: name.into(), workload: ObjectRef::new(Kind::Deployment, "payments", name) }
}

fn workload() -> Workload {
    let container = |state, restarts, last_ended| ContainerLine {
        name: "api".into(),
        state,
        restarts,
        last_ended,
        image: "registry.example/payments/api:v2.3.1".into(),
    };
    let pod = |name: &str, word: &str, trouble, ready, container| PodLine {
        name: name.into(),
        word: word.into(),
        trouble,
        ready,
        node: "ip-10-0-1-7".into(),
        created: "2026-03-02T05:00:00Z".parse().ok(),
        containers: vec![container],
    };
    let crashing = container(ContainerStateLine::Waiting("CrashLoopBackOff".into()), 7, Some(("Error".into(), 1)));
    Workload {
        of: choice("api"),
        others: vec![choice("api"), choice("ledger")],
        replicas: Known::Whole(Replicas {
            ready: 1,
            wanted: 3,
            updated: 2,
            images: vec!["registry.example/payments/api:v2.3.1".into()],
        }),
        pods: Known::Whole(vec![
            pod("api-7d4b9-x2x1z", "CrashLoopBackOff", Some(true), false, crashing),
            pod("api-7d4b9-k8s2p", "Running", None, true, container(ContainerStateLine::Running(true), 0, None)),
        ]),
        pod_count: 36,
    }
}

#[test]
fn a_service() {
    let workload = Box::new(workload());
    read("status", &Answer::Status { colour: Colour::Critical, workload: workload.clone() });
    let tail = LogTail {
        pod: "api-7d4b9-x2x1z".into(),
        container: "api".into(),
        previous: true,
        lines: Ok("starting\nKeyError: 'DEPLOY_ENV' <!channel>".into()),
    };
    let logs = Answer::Logs { colour: Colour::Critical, workload: workload.clone(), tail };
    read("logs", &logs);
    assert!(sent(&logs).contains("&lt;!channel&gt;"));
    let none = LogTail {
        pod: "api-7d4b9-x2x1z".into(),
        container: "api".into(),
        previous: false,
        lines: Err("ContainerCreating".into()),
    };
    read("logs-none", &Answer::Logs { colour: Colour::Warning, workload: workload.clone(), tail: none });
    let absent = Workload { replicas: Known::NotConfigured, pods: Known::Whole(vec![]), pod_count: 0, ..*workload };
    let message = answer(
        &Answer::Status { colour: Colour::Warning, workload: Box::new(absent) },
        "prod-eks",
        at(),
        &style(Language::En),
    );
    assert!(message.headline().contains("no Deployment"), "{}", message.headline());
}

#[test]
fn a_choice() {
    let services = |count: usize| Services {
        all: Known::Whole((0..count).map(|number| choice(&format!("api-{number}"))).collect()),
        asked: String::new(),
        discovered_in: None,
    };
    read("choose", &Answer::Choose { command: Command::Logs, services: services(2) });
    let asked = Services { asked: "cart".into(), ..services(2) };
    read("choose-not-found", &Answer::Choose { command: Command::Logs, services: asked });
    let none = Services { discovered_in: Some("shop".into()), ..services(0) };
    read("choose-none", &Answer::Choose { command: Command::ServiceStatus, services: none });
    let many = answer(
        &Answer::Choose { command: Command::ServiceStatus, services: services(534) },
        "prod-eks",
        at(),
        &style(Language::En),
    );
    let text = serde_json::to_string(&many).unwrap();
    assert_eq!(text.matches("static_select").count(), 5);
    assert!(text.contains("and 34 more"), "{text}");
}

fn health() -> HealthAnswer {
    let named = |name: &str, why: &str, failing| Troubled { name: name.into(), why: why.into(), failing };
    let alarm = ActiveAlarm { name: "api-5xx".into(), since: Some(at()), reason: "Threshold Crossed <!here>".into() };
    let health = Health {
        nodes: Known::Whole(Nodes {
            ready: 11,
            not_ready: 1,
            troubled: vec![named("ip-10-0-1-7", "NodeStatusUnknown", true)],
            cordoned: 1,
            cpu_cores: 48.0,
            memory_bytes: 192e9,
        }),
        usage: Known::Whole(Usage { nodes: 12, cpu_cores: 20.6, memory_bytes: 117e9 }),
        pods: Known::Part(
            Pods {
                running: 95,
                pending: 2,
                error: 33,
                completed: 4,
                troubled: vec![
                    named("payments/api-1", "CrashLoopBackOff", true),
                    named("shop/cart-1", "Unschedulable", false),
                ],
            },
            "missing permission: list pods in all namespaces".into(),
        ),
        rates: Known::Whole(Rates {
            disk_read: Some(12.34),
            disk_written: Some(4.5),
            received: Some(88.0),
            transmitted: None,
        }),
        alarms: Known::Whole(Alarms { count: 7, latest: vec![alarm] }),
    };
    let situation = Situation {
        version: 1,
        what: What::Command(Command::Health, vec![]),
        reach: shared::roles::Reach::Everywhere,
        cluster: "prod-eks".into(),
        at: at(),
        reading: Reading::Health(Box::new(health)),
    };
    let Answer::Health(answer) = decide(&situation) else { panic!("health") };
    *answer
}

#[test]
fn the_clusters_health() {
    read("health", &Answer::Health(Box::new(health())));
    let unknown = HealthAnswer {
        nodes: None,
        cpu_percent: None,
        memory_percent: None,
        pods: None,
        rates: Known::NotConfigured,
        troubled: Vec::new(),
        troubled_more: 0,
        alarms: None,
        colour: Colour::Warning,
        ..health()
    };
    read("health-unknown", &Answer::Health(Box::new(unknown)));
}

#[test]
fn the_latest_events() {
    let event = |name: &str, warning| EventLine {
        time: Some(at()),
        warning,
        reason: if warning { "BackOff".into() } else { "Pulled".into() },
        kind: "Pod".into(),
        namespace: "payments".into(),
        name: name.into(),
        message: "Back-off restarting failed container api in pod\nsee <https://evil.example|here>".into(),
        times: 37,
    };
    let events = LatestEvents { count: 412, latest: vec![event("api-7d4b9-x2x1z", true), event("ledger-0", false)] };
    read("events", &Answer::Events(Known::Whole(events)));
    read("events-none", &Answer::Events(Known::Whole(LatestEvents { count: 0, latest: vec![] })));
    read("events-unread", &Answer::Events(Known::Missing("missing permission: list events".into())));
}

#[test]
fn the_ways() {
    let service = |name: &str, change: fn(&mut NetService)| {
        let mut service = NetService {
            of: choice(name),
            wanted: Some(3),
            ready: 3,
            services: vec![name.to_owned()],
            endpoints: 3,
            endpoints_not_ready: 0,
            reached: Reached { tried: 3, reached: 3, refused: 0 },
        };
        change(&mut service);
        service
    };
    let net = Net {
        services: Known::Whole(vec![
            service("ledger", |_| {}),
            service("api", |found| (found.ready, found.endpoints, found.endpoints_not_ready) = (0, 0, 3)),
            service("worker", |found| {
                found.services.clear();
                found.reached = Reached { tried: 2, reached: 0, refused: 0 };
            }),
        ]),
        service_count: 37,
        rds: Probe::Doubtful { target: "db.example:5432".into(), why: "no TLS".into() },
        s3: Probe::NotConfigured,
        dynamodb: Probe::Bad { target: "carts".into(), why: "missing permission: dynamodb:DescribeTable".into() },
    };
    let situation = Situation {
        version: 1,
        what: What::Command(Command::NetCheck, vec![]),
        reach: shared::roles::Reach::Everywhere,
        cluster: "prod-eks".into(),
        at: at(),
        reading: Reading::Net(Box::new(net)),
    };
    read("net", &decide(&situation));
}

#[test]
fn what_cannot_be_answered() {
    let answers = [
        Answer::Refused { role: Role::Viewer, namespace: Some("payments".into()) },
        Answer::Refused { role: Role::Viewer, namespace: None },
        Answer::Unidentified { reason: "slack usergroups.list did nothing (timed out); retry".into() },
        Answer::UnknownCluster { known: vec![] },
        Answer::Unreachable { reason: "https://1.2.3.4 cannot be reached".into() },
        Answer::Help { instead: "/deploy".into() },
    ];
    for one in answers {
        let name = match &one {
            Answer::Refused { namespace, .. } => format!("refused-{}", if namespace.is_some() { "in" } else { "all" }),
            one => one.name().to_owned(),
        };
        read(&name, &one);
    }
    let words = [Language::En, Language::Ko].map(|language| {
        let style = style(language);
        let of = |what: &What| reader::shown(&progress(what, "prod-eks", &style));
        let target = crate::event::Target { cluster: "prod-eks".into(), workload: choice("api").workload };
        format!("{}{}", of(&What::Question("how is api".into())), of(&What::Pick(Command::Logs, target)))
    });
    insta::assert_snapshot!("progress", words.join("\n"));
}

#[test]
fn nothing_that_a_cluster_says_can_mention_or_link() {
    let mut health = health();
    health.troubled.iter_mut().for_each(|one| one.why = "<!channel> <https://evil.example|click>".into());
    let text = sent(&Answer::Health(Box::new(health)));
    assert!(!text.contains("<!") && !text.contains("<https://evil"), "{text}");
}
