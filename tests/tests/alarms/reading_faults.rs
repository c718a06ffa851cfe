//! Every call by which the function reads or asks, times everything that can go wrong with it: EKS, the cluster's lists and
//! logs, metrics, the bot token, the agent. (The cluster's token is signed here, without a call.)
//!
//! One firing is lived for every pair of call and fault, over the real reading of sim's cluster. A fault lasts as long as
//! the first delivery does, with all its repetitions within it; the queue delivers again where that fails. In the end one
//! thread stands, nothing in it stands twice, and what could not be read is named where the message went out without it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use alarm_analysis::{App, Clients};
use serde_json::Value;
use shared::deadline::Deadline;
use shared::store::Store;
use sim::fault::{Call, Fault, Faults, Rule, Service};
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::memory::Memory;
use tests::night::{Clock, aws, batch, causes, firing, key, settings, shown, sweep};
use tests::table::{Table, drawn};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// As in the queue's redrive policy.
const RECEIVES: usize = 5;
/// As the queue's visibility time-out.
const VISIBILITY: Duration = Duration::from_secs(360);
/// Shorter than the function's own, so that nobody waits long for an answer that does not come.
const INVOCATION: Duration = Duration::from_secs(20);
/// Lives at the same time.
const AT_ONCE: usize = 12;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Fails(Fault),
    CrashBefore,
    CrashAfter,
}

impl Trouble {
    const ALL: [Self; 7] = [
        Self::Fails(Fault::Throttle),
        Self::Fails(Fault::ServerError),
        Self::Fails(Fault::Timeout),
        Self::Fails(Fault::Cut),
        Self::Fails(Fault::Malformed),
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Fails(Fault::Throttle) => "throttle",
            Self::Fails(Fault::ServerError) => "5xx",
            Self::Fails(Fault::Timeout | Fault::TimeoutAfterEffect) => "time-out",
            Self::Fails(Fault::Cut | Fault::CutAfterEffect) => "cut",
            Self::Fails(Fault::Malformed) => "malformed",
            Self::CrashBefore => "crash before",
            Self::CrashAfter => "crash after",
        }
    }

    fn rule(self, service: Service, operation: &str) -> Rule {
        let once = |fault| Rule::once(service, operation, fault);
        match self {
            Self::Fails(fault) => Rule { times: None, ..once(fault) },
            Self::CrashBefore => once(Fault::Timeout),
            Self::CrashAfter => once(Fault::TimeoutAfterEffect),
        }
    }
}

struct Stage {
    sim: Sim,
    /// Made once: reading the machine's root certificates takes long.
    aws: aws_config::SdkConfig,
    event: Value,
}

/// What stands in Slack after a life.
#[derive(Debug)]
struct Outcome {
    keys: Vec<String>,
    causes: Vec<String>,
    text: String,
    is_dead: bool,
    again: usize,
    journal: Vec<Call>,
}

impl Stage {
    async fn new() -> Self {
        let sim = Sim::start(Options::stopped(Scenario::BadRollout)).await.unwrap();
        let fires = |world: &sim::world::World| {
            world.alarm_history().iter().any(|event| event["detail"]["state"]["value"] == "ALARM")
        };
        assert!(sim.world().advance_until(jiff::SignedDuration::from_mins(30), fires));
        sim.world().advance(jiff::SignedDuration::from_mins(1));
        let event = firing(&sim.world().take_alarm_events());
        let aws = aws(&sim.environment());
        Self { sim, aws, event }
    }

    /// A new process, which finds the cluster through EKS and its token in Secrets Manager.
    fn app(&self, sim: &Sim, store: &Memory, clock: &Clock) -> App {
        let mut environment = sim.environment();
        environment.retain(|(name, _)| name != "NIGHTSHIFT_KUBE_ENDPOINT" && name != "SLACK_BOT_TOKEN");
        let secret = [(
            "SLACK_BOT_TOKEN_SECRET_ARN",
            "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:nightshift/slack-bot-token-SiM000",
        )];
        let clients = Clients::new(settings(&environment, &secret))
            .with_store(Store::new(store.clone()))
            .with_aws(self.aws.to_builder().endpoint_url(sim.aws_endpoint()).build());
        let clock = clock.clone();
        App::with(clients, Arc::new(move || clock.now()))
    }

    async fn live(&self, rule: Option<Rule>, crashes: bool) -> Outcome {
        let faults = Faults::default();
        let sim = self.sim.beside(faults.clone()).await.unwrap();
        // Lives are told in fast motion; Slack's clock is not.
        sim.slack().rates.enforce(false);
        rule.into_iter().for_each(|rule| faults.inject(rule));
        let (store, clock) = (Memory::default(), Clock::at(self.sim.world().now()));
        let (mut again, mut is_dead) = (0, true);
        for receive in 0..RECEIVES {
            let app = self.app(&sim, &store, &clock);
            let struck = async {
                while !crashes || receive > 0 || faults.journal().iter().all(|call| call.fault.is_none()) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let is_done = tokio::select! {
                answer = app.handle(batch(std::slice::from_ref(&self.event)), Deadline::within(INVOCATION)) => {
                    answer.is_ok_and(|answer| answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty))
                }
                () = struck => false,
            };
            faults.clear();
            if is_done {
                is_dead = false;
                break;
            }
            again += 1;
            clock.advance(VISIBILITY);
        }
        clock.advance(VISIBILITY);
        assert!(self.app(&sim, &store, &clock).handle(sweep(), Deadline::within(INVOCATION)).await.is_ok());
        let messages = sim.slack().messages();
        let mut keys: Vec<String> = messages.iter().map(key).collect();
        keys.sort();
        let first = messages.iter().find(|message| !message.is_reply());
        Outcome {
            keys,
            causes: first.map(causes).unwrap_or_default(),
            text: messages.iter().map(shown).collect::<Vec<_>>().join("\n"),
            is_dead,
            again,
            journal: faults.journal(),
        }
    }
}

/// What a message that went out without a call's answer says of it; `None` where there is nothing to say.
fn named(service: Service, operation: &str, fault: Fault) -> Option<String> {
    match (service, operation) {
        // Half a log is a log.
        (Service::Kubernetes, "get log") => (fault != Fault::Malformed).then(|| "container logs".to_owned()),
        (Service::Kubernetes, list) => Some(format!("{}: ", list.strip_prefix("list ").unwrap_or(list))),
        (Service::CloudWatch, _) => Some("cloudwatch".to_owned()),
        (Service::Eks, _) => Some("EKS could not be asked".to_owned()),
        _ => None,
    }
}

fn complaint(outcome: &Outcome, clean: &Outcome, site: (Service, &str), trouble: Trouble) -> Option<String> {
    let (service, operation) = site;
    let firsts = outcome.keys.iter().filter(|key| key.ends_with("/first")).count();
    let kinds: BTreeSet<&String> = outcome.keys.iter().collect();
    if outcome.is_dead || firsts != 1 || kinds.len() != outcome.keys.len() {
        return Some(format!("dead: {}, {:?}", outcome.is_dead, outcome.keys));
    }
    if outcome.journal.iter().all(|call| call.fault.is_none()) {
        return Some("the fault never came about".to_owned());
    }
    let is_as_clean = outcome.causes == clean.causes && outcome.keys.len() == clean.keys.len();
    let Trouble::Fails(fault) = trouble else {
        return (!is_as_clean).then(|| format!("{:?} {:?}", outcome.causes, outcome.keys));
    };
    if outcome.again > 0 {
        return (!is_as_clean).then(|| format!("after a retry {:?} {:?}", outcome.causes, outcome.keys));
    }
    if service == Service::Bedrock {
        return (outcome.causes != clean.causes).then(|| format!("{:?}", outcome.causes));
    }
    named(service, operation, fault)
        .filter(|named| !outcome.text.contains(named))
        .map(|named| format!("{named:?} is not said: {}", outcome.text))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_reading_loses_or_repeats_a_message_and_what_is_missing_is_named() {
    let stage = Arc::new(Stage::new().await);
    let started = std::time::Instant::now();
    let clean = Arc::new(stage.live(None, false).await);
    println!("a life takes {} ms", started.elapsed().as_millis());
    assert_eq!((clean.is_dead, clean.again), (false, 0), "{clean:?}");
    assert!(Scenario::BadRollout.expected_causes().contains(&clean.causes[0].as_str()), "{clean:?}");
    let mut sites: Vec<(Service, String)> = Vec::new();
    for call in clean.journal.iter().filter(|call| call.service != Service::Slack) {
        if !sites.contains(&(call.service, call.operation.clone())) {
            sites.push((call.service, call.operation.clone()));
        }
    }
    let services: BTreeSet<Service> = sites.iter().map(|(service, _)| *service).collect();
    let expected = [Service::Kubernetes, Service::CloudWatch, Service::Eks, Service::Bedrock, Service::SecretsManager];
    assert_eq!(services, BTreeSet::from(expected));

    let (places, mut lives) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for ((service, operation), trouble) in
        sites.into_iter().flat_map(|site| Trouble::ALL.map(|trouble| (site.clone(), trouble)))
    {
        let (stage, places, clean) = (Arc::clone(&stage), Arc::clone(&places), Arc::clone(&clean));
        lives.spawn(async move {
            let _place = places.acquire().await;
            let crashes = !matches!(trouble, Trouble::Fails(_));
            let outcome = stage.live(Some(trouble.rule(service, &operation)), crashes).await;
            let complaint = complaint(&outcome, &clean, (service, &operation), trouble);
            (format!("{service:?} {operation}"), trouble, complaint, outcome.again)
        });
    }
    let mut table = Table::new();
    let (mut complaints, mut again) = (Vec::new(), 0);
    while let Some(life) = lives.join_next().await {
        let (site, trouble, complaint, repeated) = life.unwrap();
        let cell = table.entry((site.clone(), trouble.word())).or_default();
        cell.0 += 1;
        again += repeated;
        if let Some(complaint) = complaint {
            cell.1 += 1;
            complaints.push(format!("{site}, {}: {complaint}", trouble.word()));
        }
    }
    println!("{}", drawn(&table));
    let tried: usize = table.values().map(|(tried, _)| tried).sum();
    println!(
        "{tried} pairs tried, {again} redeliveries, {} wrong, in {} s",
        complaints.len(),
        started.elapsed().as_secs()
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
