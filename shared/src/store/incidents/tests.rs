//! Incidents under repetition, reordering, interruption and crowds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::{
    diagnosis::CauseId,
    incident::*,
    model::{Kind, ObjectRef},
    store::{
        Repeated, Store, StoreError, Triage,
        memory::{Fault, MemoryStore},
    },
};

const CLUSTER: &str = "prod-eks";
const CHANNEL: &str = "C01";
/// After which an alert that is not repeated is over.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn seen(alarm: &str, signal: Signal, second: i64) -> Observation {
    Observation { alarm: AlarmId(format!("arn:{alarm}")), name: alarm.to_owned(), signal, at: at(second) }
}

/// What a diagnosis of this alarm finds: alarms whose names begin alike have the same cause, `?` has none.
fn found(observation: &Observation) -> NewIncident {
    let workload = observation.name.split('-').next().unwrap_or_default();
    let (object, cause) = (ObjectRef::new(Kind::Deployment, "shop", workload), CauseId::new("bad-rollout"));
    let is_known = workload != "?";
    NewIncident {
        fingerprint: if is_known {
            Fingerprint::of_cause(CLUSTER, &object, &cause)
        } else {
            Fingerprint::of_alarm(CLUSTER, &observation.alarm)
        },
        cluster: CLUSTER.into(),
        object: is_known.then_some(object),
        cause: is_known.then_some(cause),
        headline: format!("{workload} is broken"),
        channel: CHANNEL.into(),
        report: json!({}),
        decision: None,
    }
}

/// What the function does with an event.
async fn handle(store: &Store, observation: &Observation) -> Result<Option<(Incident, Change)>, StoreError> {
    let now = at(1000);
    match store.triage(CLUSTER, observation, now).await? {
        Triage::Fires => Ok(Some(store.open_or_join(found(observation), observation, now).await?)),
        Triage::Taken(incident, change) => Ok(Some((*incident, change))),
        Triage::Remembered => Ok(None),
    }
}

async fn expect(store: &Store, observation: Observation, change: Change) -> Incident {
    let (incident, seen) = handle(store, &observation).await.unwrap().unwrap();
    assert_eq!(seen, change, "{observation:?}");
    incident
}

use Signal::{Alarm, InsufficientData, Ok as Clear};

#[tokio::test]
async fn a_second_alarm_of_the_same_cause_joins_and_the_last_ok_resolves() {
    let store = Store::new(MemoryStore::default());
    let opened = expect(&store, seen("api-5xx", Alarm, 0), Change::Opened).await;
    let joined = expect(&store, seen("api-latency", Alarm, 10), Change::Joined).await;
    assert_eq!(joined.id, opened.id);
    assert_eq!(joined.members.len(), 2);
    expect(&store, seen("api-5xx", Clear, 20), Change::Cleared).await;
    expect(&store, seen("api-latency", InsufficientData, 30), Change::NoData).await;
    let resolved = expect(&store, seen("api-latency", Clear, 40), Change::Resolved).await;
    assert_eq!(resolved.status, Status::Resolved { at: at(40) });
    assert!(store.open_incidents(CLUSTER, at(1000)).await.unwrap().is_empty());
    let past = store.past_incidents(CLUSTER, at(-10), 5, at(1000)).await.unwrap();
    assert_eq!((past.len(), &past[0].id, past[0].alarms), (1, &opened.id, 2));
}

#[tokio::test]
async fn a_resolved_incident_swallows_no_new_one() {
    let store = Store::new(MemoryStore::default());
    let first = expect(&store, seen("api-5xx", Alarm, 0), Change::Opened).await;
    expect(&store, seen("api-5xx", Clear, 10), Change::Resolved).await;
    let second = expect(&store, seen("api-5xx", Alarm, 20), Change::Opened).await;
    assert_ne!(first.id, second.id);
    assert_eq!(second.previous, Some(Previous { id: first.id, ended_at: at(10), count: 1 }));
    assert_eq!(store.open_incidents(CLUSTER, at(1000)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_end_that_arrives_before_its_firing_makes_an_incident_that_is_over() {
    let store = Store::new(MemoryStore::default());
    assert!(handle(&store, &seen("api-5xx", Clear, 10)).await.unwrap().is_none());
    let incident = expect(&store, seen("api-5xx", Alarm, 0), Change::Opened).await;
    assert_eq!(incident.status, Status::Resolved { at: at(10) });
    assert!(incident.is_dirty(), "it is still told");
}

#[tokio::test]
async fn an_end_that_arrives_while_its_firing_is_diagnosed_is_not_missed() {
    let store = Store::new(MemoryStore::default());
    let firing = seen("api-5xx", Alarm, 0);
    assert!(matches!(store.triage(CLUSTER, &firing, at(1)).await.unwrap(), Triage::Fires));
    assert!(handle(&store, &seen("api-5xx", Clear, 10)).await.unwrap().is_none());
    let (incident, _) = store.open_or_join(found(&firing), &firing, at(20)).await.unwrap();
    assert!(!incident.is_open());
}

#[tokio::test]
async fn alarms_without_a_cause_share_an_incident_for_a_minute() {
    let store = Store::new(MemoryStore::default());
    let open = async |name: &str, second: i64| {
        let firing = seen(name, Alarm, second);
        store.open_or_join(found(&firing), &firing, at(second)).await.unwrap().0.id
    };
    let first = open("?-a", 0).await;
    assert_eq!(open("?-b", 59).await, first);
    assert_ne!(open("?-c", 61).await, first);
}

#[tokio::test]
async fn a_cause_found_later_draws_its_alarms_to_the_incident() {
    let store = Store::new(MemoryStore::default());
    let incident = expect(&store, seen("?-a", Alarm, 0), Change::Opened).await;
    let later = seen("api-5xx", Alarm, 30);
    let (learnt, _) = store.learn_cause(&incident, found(&later), at(20)).await.unwrap().unwrap();
    assert_eq!(learnt.cause, Some(CauseId::new("bad-rollout")));
    assert_eq!(expect(&store, later, Change::Joined).await.id, incident.id);
}

#[tokio::test]
async fn alarms_without_data_keep_an_incident_open_for_hours() {
    let store = Store::new(MemoryStore::default());
    expect(&store, seen("api-5xx", Alarm, 0), Change::Opened).await;
    let incident = expect(&store, seen("api-5xx", InsufficientData, 10), Change::NoData).await;
    let (_, change) = store.fade(&incident, SILENCE, at(6 * 3600)).await.unwrap().unwrap();
    assert_eq!(change, Change::Unchanged);
    let (faded, change) = store.fade(&incident, SILENCE, at(6 * 3600 + 11)).await.unwrap().unwrap();
    assert_eq!((change, faded.is_open()), (Change::Resolved, false));
}

#[tokio::test]
async fn an_alert_that_is_no_longer_repeated_ends_and_one_that_is_repeated_after_that_fires_anew() {
    let store = Store::new(MemoryStore::default());
    let alert = seen("api-5xx", Alarm, 0);
    let incident = expect(&store, alert.clone(), Change::Opened).await;
    let silent = |second: i64| at(second + 12 * 3600 + 1);
    // What nobody repeats, an alarm of CloudWatch, stays on until it says otherwise.
    assert_eq!(store.fade(&incident, SILENCE, silent(1_000_000)).await.unwrap().unwrap().1, Change::Unchanged);
    for second in [10, 14_400, 14_410] {
        let repeated = store.repeated(CLUSTER, &alert.alarm, at(second), at(second)).await.unwrap();
        assert_eq!(repeated, Repeated::Noted);
    }
    let incident = store.incident(&incident.fingerprint, at(15_000)).await.unwrap().unwrap();
    assert_eq!(incident.members[&alert.alarm].reported_at, Some(at(14_400)), "a minute is precise enough");
    assert_eq!(store.fade(&incident, SILENCE, silent(14_399)).await.unwrap().unwrap().1, Change::Unchanged);
    let (faded, change) = store.fade(&incident, SILENCE, silent(14_400)).await.unwrap().unwrap();
    assert_eq!((change, faded.status), (Change::Resolved, Status::Faded { at: silent(14_400) }));
    assert_eq!(faded.unreported().map(|(_, at)| at).collect::<Vec<_>>(), [at(14_400)]);
    let late = store.repeated(CLUSTER, &alert.alarm, at(14_500), silent(14_600)).await.unwrap();
    assert_eq!(late, Repeated::Known, "said before the end, and delivered after it");
    let after = store.repeated(CLUSTER, &alert.alarm, silent(20_000), silent(20_000)).await.unwrap();
    assert_eq!(after, Repeated::AfterSilence { ended_at: silent(14_400) });
    let ended = store.repeated(CLUSTER, &AlarmId("unknown".into()), at(9), at(9)).await.unwrap();
    assert_eq!(ended, Repeated::Known);
}

#[tokio::test]
async fn a_crowd_of_alarms_at_once_is_one_incident() {
    let store = Store::new(MemoryStore::default());
    let alarms: Vec<_> = (0..120).map(|n| seen(&format!("api-{n}"), Alarm, n % 60)).collect();
    // As many at once as there could be invocations, each with a batch.
    let store_of_all = &store;
    let workers = alarms.chunks(10).map(|batch| async move {
        for alarm in batch {
            handle(store_of_all, alarm).await.unwrap();
        }
    });
    futures::future::join_all(workers).await;
    let open = store.open_incidents(CLUSTER, at(1000)).await.unwrap();
    assert_eq!(open.iter().map(|incident| incident.members.len()).collect::<Vec<_>>(), [120]);
    assert!(open[0].timeline.len() <= 80);
    for n in 0..120 {
        handle(&store, &seen(&format!("api-{n}"), Clear, 100 + n)).await.unwrap();
    }
    assert!(store.open_incidents(CLUSTER, at(1000)).await.unwrap().is_empty());
}

/// Alarms of two causes and one without, each with up to three state changes at distinct times.
fn histories() -> impl Strategy<Value = Vec<Observation>> {
    let one = |name: &'static str| {
        proptest::collection::btree_map(0i64..12, prop_oneof![Just(Alarm), Just(Clear), Just(InsufficientData)], 0..4)
            .prop_map(move |states| {
                states.into_iter().map(|(second, signal)| seen(name, signal, second * 5)).collect::<Vec<_>>()
            })
    };
    (one("api-5xx"), one("api-latency"), one("ledger-cpu"), one("?-queue"))
        .prop_map(|(a, b, c, d)| [a, b, c, d].concat())
}

/// A history, and the same with repetitions in any order.
fn deliveries() -> impl Strategy<Value = (Vec<Observation>, Vec<Observation>)> {
    (histories(), proptest::collection::vec(any::<prop::sample::Index>(), 0..6)).prop_flat_map(|(history, extra)| {
        let mut all = history.clone();
        if !history.is_empty() {
            all.extend(extra.iter().map(|index| index.get(&history).clone()));
        }
        (Just(history), Just(all).prop_shuffle())
    })
}

/// What must hold once everything was delivered, in whatever order and however often.
async fn check(store: &Store, history: &[Observation]) -> Result<(), TestCaseError> {
    let mut latest: BTreeMap<&str, &Observation> = BTreeMap::new();
    for observation in history {
        let known = latest.entry(&observation.name).or_insert(observation);
        if observation.at > known.at {
            *known = observation;
        }
    }
    let open = store.open_incidents(CLUSTER, at(1000)).await.unwrap();
    let firing: BTreeSet<String> = open
        .iter()
        .flat_map(|incident| incident.members.values())
        .filter(|member| member.signal == Alarm)
        .map(|member| member.name.clone())
        .collect();
    let should: BTreeSet<String> =
        latest.values().filter(|last| last.signal == Alarm).map(|last| last.name.clone()).collect();
    prop_assert_eq!(&firing, &should, "alarms that fire are in open incidents, and no others");
    for incident in &open {
        prop_assert!(incident.members.values().any(|member| member.signal != Clear), "an open incident has a reason");
        prop_assert!(incident.is_dirty());
    }
    let past = store.past_incidents(CLUSTER, at(-100), 100, at(1000)).await.unwrap();
    let listed = store.unshown(None, 100, at(1000)).await.unwrap();
    let fired: BTreeSet<_> =
        history.iter().filter(|observation| observation.signal == Alarm).map(|observation| &observation.name).collect();
    prop_assert_eq!(open.is_empty() && past.is_empty(), fired.is_empty(), "every firing is told");
    prop_assert_eq!(listed.is_empty(), fired.is_empty(), "what is to be shown is listed");
    let firings = history.iter().filter(|observation| observation.signal == Alarm).count();
    prop_assert!(open.len() + past.len() <= firings, "no firing is told twice");
    let quiet = open.iter().filter(|incident| incident.firing() == 0);
    for member in quiet.flat_map(|incident| incident.members.values()) {
        prop_assert!(latest[member.name.as_str()].signal != Alarm, "an incident without a firing alarm waits for data");
    }
    Ok(())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn order_and_repetition_do_not_matter((history, deliveries) in deliveries()) {
        runtime().block_on(async {
            let store = Store::new(MemoryStore::default());
            for observation in &deliveries {
                handle(&store, observation).await.unwrap();
            }
            check(&store, &history).await
        })?;
    }

    #[test]
    fn interruption_at_any_write_loses_and_doubles_nothing(
        (history, deliveries) in deliveries(), nth in 0usize..12, after: bool, which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!deliveries.is_empty());
        runtime().block_on(async {
            let backend = MemoryStore::default();
            let store = Store::new(backend.clone());
            let interrupted = which.index(deliveries.len());
            let mut again = Vec::new();
            for (index, observation) in deliveries.iter().enumerate() {
                if index == interrupted {
                    backend.fail_at(nth, if after { Fault::After } else { Fault::Before });
                }
                if handle(&store, observation).await.is_err() {
                    again.push(observation);
                }
                backend.heal();
            }
            for observation in again {
                handle(&store, observation).await.unwrap();
            }
            check(&store, &history).await
        })?;
    }
}
