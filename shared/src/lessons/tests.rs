//! Likeness, weight and figures over histories of our own making.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::diagnosis::CauseId;
use crate::incident::{AlarmId, Fingerprint, IncidentId};
use crate::model::{Kind, ObjectRef};
use crate::remediation::{Action, CaseId, Proposal, RestartRollout, RollBack, Scale};
use crate::store::{Store, memory::MemoryStore};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

fn document(number: usize, cause: &str, workload: &str, errors: &[&str]) -> IncidentDocument {
    let minute = i64::try_from(number).unwrap() * 100;
    IncidentDocument {
        id: IncidentId(format!("inc-{number:012}")),
        fingerprint: Fingerprint::of_alarm("prod", &AlarmId(number.to_string())),
        cluster: "prod".into(),
        headline: format!("{workload} is in trouble"),
        cause: Some(CauseId::from(cause.to_owned())),
        confidence: 0.9,
        object: Some(ObjectRef::new(Kind::Deployment, "shop", workload)),
        affected: Vec::new(),
        alarms: vec![format!("{workload}-5xx")],
        errors: errors.iter().map(|error| (*error).to_owned()).collect(),
        opened_at: at(minute),
        ended_at: at(minute + 12),
        actions: Vec::new(),
        votes: BTreeMap::new(),
    }
}

fn roll_back() -> Action {
    let (namespace, deployment, replica_set) = ("shop".into(), "api".into(), "api-rs7".into());
    Action::RollBack(RollBack { namespace, deployment, revision: 7, replica_set })
}

fn restart() -> Action {
    let workload = ObjectRef::new(Kind::Deployment, "shop", "api");
    Action::RestartRollout(RestartRollout { workload, at: at(0) })
}

fn taken(action: Action, outcome: Outcome, minute: i64) -> ActionTaken {
    let case = CaseId(format!("act-{minute}"));
    ActionTaken { case, action, outcome, changed_at: Some(at(minute)), ended_at: at(minute + 6) }
}

fn question(cause: &str, workload: &str, errors: &[&str]) -> Question {
    Question {
        cause: Some(CauseId::from(cause.to_owned())),
        object: Some(ObjectRef::new(Kind::Deployment, "shop", workload)),
        alarms: vec![format!("{workload}-5xx")],
        errors: errors.iter().map(|error| (*error).to_owned()).collect(),
    }
}

fn ids(found: &[Likeness<'_>]) -> Vec<String> {
    found
        .iter()
        .map(|found| found.document.id.0.trim_start_matches("inc-0").trim_start_matches('0').to_owned())
        .collect()
}

#[test]
fn the_same_cause_of_the_same_object_is_most_like_and_the_later_of_two_goes_first() {
    let history = [
        document(1, "bad-rollout", "api", &["KeyError: 'DEPLOY_ENV'"]),
        document(2, "oom-killed", "api", &["Killed process 12 (java)"]),
        document(3, "bad-rollout", "ledger", &["panic: no such table: entries"]),
        document(4, "pvc-capacity-mismatch", "search", &["no space"]),
        document(5, "bad-rollout", "api", &["KeyError: 'DEPLOY_ENV'"]),
    ];
    let found = rank(&question("bad-rollout", "api", &["KeyError: 'DEPLOY_ENV' in api-7d4b9c6f5-x2x1z"]), &history, 10);
    assert_eq!(ids(&found)[..2], ["5", "1"]);
    assert!(!ids(&found).contains(&"4".to_owned()), "nothing in common: {found:?}");
    assert!(found[0].likeness > 0.9 && found[0].same_cause && found[0].same_object, "{found:?}");
    assert!(found.iter().all(|found| (0.0..=1.0).contains(&found.likeness)));
}

#[test]
fn the_same_words_find_an_incident_that_was_called_otherwise() {
    let history = [
        document(1, "application-crash", "worker", &["FATAL: password authentication failed for user ledger_rw"]),
        document(2, "cpu-throttling", "search", &["throttled 80 percent of periods"]),
        document(3, "probe", "front", &["connection refused"]),
    ];
    let asked = Question {
        cause: None,
        object: None,
        alarms: Vec::new(),
        errors: vec!["FATAL: password authentication failed for user \"ledger_rw\"".into()],
    };
    assert_eq!(ids(&rank(&asked, &history, 3)), ["1"]);
    assert!(rank(&Question::default(), &history, 3).is_empty());
    assert!(rank(&asked, &[], 3).is_empty());
}

#[test]
fn a_rare_word_says_more_than_one_that_all_have() {
    let mut history: Vec<_> =
        (1..20).map(|n| document(n, "x", "y", &["error timeout while calling upstream"])).collect();
    history.push(document(20, "x", "y", &["error certificate expired while calling upstream"]));
    let asked = Question { errors: vec!["error certificate expired".into()], ..Question::default() };
    assert_eq!(ids(&rank(&asked, &history, 1)), ["20"]);
}

proptest! {
    #[test]
    fn an_incident_is_most_like_itself(numbers in proptest::collection::vec((0..4usize, 0..4usize, 0..6usize), 1..30)) {
        let (causes, workloads) = (["a", "b", "c", "d"], ["api", "ledger", "search", "front"]);
        let errors = ["alpha fails", "beta refuses", "gamma is missing", "delta overflows", "epsilon", ""];
        let history: Vec<_> = numbers.iter().enumerate()
            .map(|(n, (c, w, e))| document(n, causes[*c], workloads[*w], &[errors[*e]])).collect();
        for ((cause, workload, error), own) in numbers.iter().zip(&history) {
            let asked = question(causes[*cause], workloads[*workload], &[errors[*error]]);
            let found = rank(&asked, &history, 100);
            let best = found[0].likeness;
            let own = found.iter().find(|found| found.document.id == own.id).unwrap();
            prop_assert!(own.likeness > best - 1e-9, "{} of {best}", own.likeness);
            prop_assert!(best > 0.0 && best <= 1.0);
        }
    }
}

fn proposal(action: Action) -> Proposal {
    Proposal { confidence: 0.9, ..crate::remediation::propose::by_person("prod", action, "", "U1", at(0)) }
}

fn names(proposals: &[Proposal]) -> Vec<&'static str> {
    proposals.iter().map(|proposal| proposal.action.name()).collect()
}

#[test]
fn what_helped_before_goes_first_and_what_did_not_goes_last() {
    let listed = || vec![proposal(restart()), proposal(roll_back())];
    let mut history = vec![document(1, "bad-rollout", "api", &["KeyError"])];
    let asked = question("bad-rollout", "api", &["KeyError"]);
    let mut proposals = listed();
    weigh(&mut proposals, &rank(&asked, &history, 5));
    assert_eq!(names(&proposals), ["restart-rollout", "roll-back"], "nothing was tried: the order stands");
    history[0].actions =
        vec![taken(restart(), Outcome::NotRecovered, 101), taken(roll_back(), Outcome::Recovered, 105)];
    weigh(&mut proposals, &rank(&asked, &history, 5));
    assert_eq!(names(&proposals), ["roll-back", "restart-rollout"]);
    // What was proposed and not done says nothing of whether it helps, and another cause's action neither.
    history[0].actions = vec![taken(roll_back(), Outcome::NotDone, 101), taken(roll_back(), Outcome::Open, 102)];
    let mut other = document(2, "oom-killed", "api", &["KeyError"]);
    other.actions = vec![taken(roll_back(), Outcome::Recovered, 201)];
    history.push(other);
    let mut proposals = listed();
    weigh(&mut proposals, &rank(&asked, &history, 5));
    assert_eq!(names(&proposals), ["restart-rollout", "roll-back"]);
}

fn voted(mut document: IncidentDocument, confidence: f64, votes: &[Verdict]) -> IncidentDocument {
    document.confidence = confidence;
    document.votes = votes
        .iter()
        .enumerate()
        .map(|(user, verdict)| (format!("U{user}"), Vote { verdict: *verdict, at: at(0) }))
        .collect();
    document
}

/// A history whose figures are known: of diagnoses that are `percent` sure, `right` of `judged` are right.
fn judged(percent: u32, right: usize, judged: usize) -> Vec<IncidentDocument> {
    let verdict = |n: usize| if n < right { Verdict::Right } else { Verdict::Wrong };
    (0..judged)
        .map(|n| voted(document(n, "bad-rollout", "api", &[]), f64::from(percent) / 100.0, &[verdict(n)]))
        .collect()
}

#[test]
fn figures_of_a_history() {
    let mut one =
        voted(document(1, "bad-rollout", "api", &[]), 0.95, &[Verdict::Right, Verdict::Right, Verdict::Wrong]);
    one.actions = vec![taken(restart(), Outcome::NotRecovered, 1), taken(roll_back(), Outcome::Recovered, 2)];
    let mut two = voted(document(2, "oom-killed", "api", &[]), 0.55, &[Verdict::Wrong]);
    two.ended_at = two.opened_at + SignedDuration::from_mins(60);
    let scale = Action::Scale(Scale { workload: ObjectRef::new(Kind::Deployment, "shop", "api"), replicas: 5 });
    two.actions = vec![taken(scale, Outcome::NotDone, 1)];
    let three = voted(document(3, "oom-killed", "api", &[]), 0.55, &[Verdict::Right, Verdict::Wrong]);
    let figures = Figures::of(&[one, two, three]);
    assert_eq!((figures.incidents, figures.with_cause), (3, 3));
    assert_eq!((figures.mttr_s, figures.median_s, figures.mttr_helped_s), (Some(1680.0), Some(720.0), Some(720.0)));
    assert_eq!(figures.actions, Tried { proposed: 3, done: 2, recovered: 1, worse: 0 });
    assert_eq!(figures.actions.success(), Some(0.5));
    assert_eq!(figures.by_action["bad-rollout/roll-back"].success(), Some(1.0));
    assert_eq!(figures.accuracy, Accuracy { right: 1, wrong: 1 }, "of two minds counts for neither");
    let bins: Vec<_> = figures.bins.iter().map(|bin| (bin.from, bin.accuracy.right, bin.accuracy.wrong)).collect();
    assert_eq!(bins, [(0, 0, 0), (50, 0, 1), (60, 0, 0), (70, 0, 0), (80, 0, 0), (90, 1, 0)]);
    let none = Figures::of(&[]);
    assert_eq!((none.mttr_s, none.accuracy.share(), none.actions.success()), (None, None, None));
}

#[test]
fn thresholds_follow_from_what_was_right_at_which_confidence() {
    // Right 19 of 20 times when 95 % sure, every other time when 65 % sure.
    let history = [judged(95, 19, 20), judged(65, 10, 20), judged(55, 2, 3)].concat();
    let figures = Figures::of(&history);
    let raise = Suggestion::RaiseProposeFrom { now: 0, to: 70, judged: 23, right: 12 };
    assert_eq!(suggestions(&figures, 0), [raise]);
    assert_eq!(suggestions(&figures, 70), [], "it is as it should be");
    // As good at 75 % as at 95 %: proposing from 90 % on is too careful.
    let figures =
        Figures::of(&[judged(95, 19, 20), judged(85, 20, 20), judged(75, 19, 20), judged(65, 3, 20)].concat());
    let lower = Suggestion::LowerProposeFrom { now: 90, to: 70, judged: 40, right: 39 };
    assert_eq!(suggestions(&figures, 90), [lower]);
    // Three votes are no reason to change anything.
    assert_eq!(suggestions(&Figures::of(&judged(65, 0, 1)), 0), []);
}

#[test]
fn an_action_that_does_not_help_is_doubted() {
    let history: Vec<_> = (0..8)
        .map(|n| {
            let mut document = document(n, "memory-leak", "api", &[]);
            document.actions =
                vec![taken(restart(), if n == 0 { Outcome::Recovered } else { Outcome::NotRecovered }, 1)];
            document
        })
        .collect();
    let doubts = suggestions(&Figures::of(&history), 0);
    let (cause, action) = ("memory-leak".to_owned(), "restart-rollout".to_owned());
    assert_eq!(doubts, [Suggestion::DoubtAction { cause, action, done: 8, recovered: 1 }]);
    assert!(doubts[0].to_string().contains("helped 1 of 8 times"));
}

#[test]
fn what_is_kept_has_no_secret_in_it() {
    let secret = ["AKIA", "IOSFODNN7", "EXAMPLE"].concat();
    let kept = document(1, "x", "api", &[&format!("denied for key {secret}")]).redacted();
    assert!(!serde_json::to_string(&kept).unwrap().contains(&secret));
}

#[tokio::test]
async fn documents_are_found_again_and_votes_come_before_or_after_them() {
    let (store, now) = (Store::new(MemoryStore::default()), at(100_000));
    let (one, two) = (document(1, "bad-rollout", "api", &[]), document(2, "oom-killed", "api", &[]));
    let vote = |verdict, minute| Vote { verdict, at: at(minute) };
    store.vote(&one.id, "U1", &vote(Verdict::Wrong, 5), now).await.unwrap();
    store.put_document(one.clone(), now).await.unwrap();
    store.put_document(two.clone(), now).await.unwrap();
    store.put_document(two.clone(), now).await.unwrap();
    let kept = store.documents("prod", at(0), 10, now).await.unwrap();
    assert_eq!(kept.iter().map(|kept| &kept.id).collect::<Vec<_>>(), [&two.id, &one.id]);
    assert_eq!(kept[1].votes(), (0, 1));
    // One vote a person, changed by a later one; an earlier one that comes late changes nothing, and nothing twice.
    let votes = store.vote(&one.id, "U1", &vote(Verdict::Right, 9), now).await.unwrap();
    assert_eq!(store.vote(&one.id, "U1", &vote(Verdict::Right, 9), now).await.unwrap(), votes);
    store.vote(&one.id, "U1", &vote(Verdict::Wrong, 7), now).await.unwrap();
    store.vote(&one.id, "U2", &vote(Verdict::Right, 8), now).await.unwrap();
    assert_eq!(store.document(&one.id, now).await.unwrap().unwrap().votes(), (2, 0));
    assert!(store.documents("stage", at(0), 10, now).await.unwrap().is_empty());
    assert!(store.document(&IncidentId("inc-none".into()), now).await.unwrap().is_none());
}
