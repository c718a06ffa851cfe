//! What incidents teach, end to end: an incident is mended by an approved rollback, people judge its diagnosis, and when it
//! comes again the thread says what helped last time.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::incident::IncidentId;
use shared::lessons::{Figures, IncidentDocument, Outcome, Verdict, Vote};
use sim::Options;
use sim::world::Scenario;
use tests::night::{Night, deliver, incident, later, shown, sweep, vote};
use tests::remedy::{Remedy, click};

const LEAD: &str = "U0LEAD0001";
const CONFIG: &str = "
roles:
  - { role: viewer, users: ['*'] }
  - { role: approver, users: [U0LEAD0001] }
";

async fn document(remedy: &Remedy, id: &str) -> Option<IncidentDocument> {
    remedy.store().document(&IncidentId(id.to_owned()), remedy.night.clock.now()).await.unwrap()
}

#[tokio::test]
async fn what_helped_is_kept_with_the_incident_and_judged_by_people() {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let events = night.wait_for_alarm();
    assert!(deliver(&night.app(), &events).await.is_empty());
    let remedy = Remedy::new(night, CONFIG);
    let id = incident(&remedy.night);
    // People judge while it is open; one vote each, the later one counts, and the same click twice is one.
    for (verdict, user, second) in
        [("wrong", "U0ONE", 1), ("right", "U0ONE", 5), ("right", "U0ONE", 5), ("right", "U0TWO", 2)]
    {
        assert!(deliver(&remedy.night.app(), &[vote(verdict, &id, user, second)]).await.is_empty());
    }
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.pass(SignedDuration::from_mins(3)).await;
    assert_eq!(remedy.case(&asked.id).await.stage.name(), "done");
    assert!(document(&remedy, &id).await.is_none(), "it is not over");
    // Its alarms are back to OK.
    let ends: Vec<Value> = events
        .iter()
        .filter(|event| event["detail"]["state"]["value"] == "ALARM")
        .map(|event| later(event, "OK", 600))
        .collect();
    remedy.night.clock.advance(Duration::from_secs(600));
    assert!(deliver(&remedy.night.app(), &ends).await.is_empty());
    let kept = document(&remedy, &id).await.expect("a document");
    assert_eq!(kept.cause.as_ref().unwrap().as_str(), "missing-environment-variable");
    assert_eq!(kept.object.as_ref().unwrap().to_string(), "Deployment payments/api");
    assert!(kept.confidence > 0.5 && kept.errors.iter().any(|line| line.contains("DEPLOY_ENV")), "{kept:?}");
    assert_eq!(kept.votes(), (2, 0));
    let helped = kept.helped().expect("an action that helped");
    assert_eq!((helped.action.name(), helped.outcome), ("roll-back", Outcome::Recovered));
    assert!((1..=600).contains(&helped.took().as_secs()), "{helped:?}");
    // A vote after the end reaches the document, too.
    assert!(deliver(&remedy.night.app(), &[vote("wrong", &id, "U0THREE", 9)]).await.is_empty());
    assert_eq!(document(&remedy, &id).await.unwrap().votes(), (2, 1));
    let figures = Figures::of(&[document(&remedy, &id).await.unwrap()]);
    assert_eq!((figures.actions.success(), figures.accuracy.right), (Some(1.0), 1));
}

#[tokio::test]
async fn an_incident_like_an_earlier_one_says_what_helped() {
    // The earlier one, as it is kept.
    let first = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let events = first.wait_for_alarm();
    assert!(deliver(&first.app(), &events).await.is_empty());
    let remedy = Remedy::new(first, CONFIG);
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.pass(SignedDuration::from_mins(3)).await;
    let ends: Vec<Value> = events
        .iter()
        .filter(|event| event["detail"]["state"]["value"] == "ALARM")
        .map(|event| later(event, "OK", 600))
        .collect();
    assert!(deliver(&remedy.night.app(), &ends).await.is_empty());
    let id = incident(&remedy.night);
    let mut kept = document(&remedy, &id).await.unwrap();
    let shift = SignedDuration::from_hours(12 * 24);
    kept.opened_at -= shift;
    kept.ended_at -= shift;
    kept.id = IncidentId("inc-000000000000".to_owned());

    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let store = shared::store::Store::new(night.store.clone());
    store.put_document(kept, night.clock.now()).await.unwrap();
    let events = night.wait_for_alarm();
    assert!(deliver(&night.app(), &events).await.is_empty());
    let told: String = night.messages().iter().filter(|message| message.is_reply()).map(shown).collect();
    assert!(told.contains("Last time, 12 d ago: Roll back payments/api to revision"), "{told}");
    assert!(told.contains("recovered in"), "{told}");
}

#[tokio::test]
async fn the_sweep_keeps_what_an_interrupted_invocation_did_not() {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let firing = tests::night::firing(&night.wait_for_alarm());
    let app = night.app();
    assert!(deliver(&app, std::slice::from_ref(&firing)).await.is_empty());
    let id = IncidentId(incident(&night));
    let store = shared::store::Store::new(night.store.clone());
    // The end is taken in by somebody who gets no further.
    let end = later(&firing, "OK", 600);
    let alarm = alarm_analysis::event::Event::from_event(end).unwrap();
    let alarm_analysis::event::Event::Alarm(alarm) = alarm else { panic!("an alarm") };
    let observation = shared::incident::Observation {
        alarm: shared::incident::AlarmId(alarm.arn.clone()),
        name: alarm.name.clone(),
        signal: shared::incident::Signal::Ok,
        at: alarm.changed_at,
    };
    let cluster = store.open_incidents("prod-eks", night.clock.now()).await.unwrap()[0].cluster.clone();
    night.clock.advance(Duration::from_secs(600));
    store.triage(&cluster, &observation, night.clock.now()).await.unwrap();
    assert!(store.document(&id, night.clock.now()).await.unwrap().is_none());
    app.handle(sweep(), shared::deadline::Deadline::within(tests::night::INVOCATION)).await.unwrap();
    assert!(store.document(&id, night.clock.now()).await.unwrap().is_some());
}

#[tokio::test]
async fn what_the_knowledge_base_finds_by_meaning_is_told_beside_what_the_store_finds_by_words() {
    let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    night.more.push(("BEDROCK_KNOWLEDGE_BASE_ID", sim::aws::KNOWLEDGE_BASE_ID));
    // An incident of another cluster, which the store's own search does not look at.
    let now = night.clock.now();
    let document = IncidentDocument {
        id: IncidentId("inc-000000000001".to_owned()),
        fingerprint: shared::incident::Fingerprint::of_alarm("stage-eks", &shared::incident::AlarmId("x".to_owned())),
        cluster: "stage-eks".to_owned(),
        headline: "ledger could not start after its configuration moved".to_owned(),
        cause: None,
        confidence: 0.0,
        object: None,
        affected: Vec::new(),
        alarms: Vec::new(),
        errors: vec!["a variable of the environment was gone".to_owned()],
        opened_at: now - SignedDuration::from_hours(72),
        ended_at: now - SignedDuration::from_hours(71),
        actions: Vec::new(),
        votes: Default::default(),
    };
    let store = shared::store::Store::new(night.store.clone());
    store.put_document(document.clone(), now).await.unwrap();
    let knowledge = &night.sim.account().knowledge;
    knowledge.put("runbook.txt", "missing environment variable: restore DEPLOY_ENV", json!({}));
    knowledge.put("inc-000000000001.txt", "missing environment variable", json!({ "incident": document.id }));
    let events = night.wait_for_alarm();
    assert!(deliver(&night.app(), &events).await.is_empty());
    let told: Vec<String> = night.messages().iter().filter(|message| message.is_reply()).map(shown).collect();
    let told: Vec<_> = told.iter().filter(|told| told.contains("its configuration moved")).collect();
    assert_eq!(told.len(), 1, "{:?}", night.messages());
    // Without an answer of the knowledge base all else is told.
    let night = Night {
        more: vec![("BEDROCK_KNOWLEDGE_BASE_ID", "NOKNOWS001")],
        ..Night::new(Options::stopped(Scenario::BadRollout)).await
    };
    let events = night.wait_for_alarm();
    assert!(deliver(&night.app(), &events).await.is_empty());
    assert_eq!(night.threads().len(), 1);
}

/// A night whose knowledge base takes documents in.
async fn fed() -> Night {
    let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    night.more.push(("BEDROCK_KNOWLEDGE_BASE_ID", sim::aws::KNOWLEDGE_BASE_ID));
    night.more.push(("BEDROCK_KNOWLEDGE_DATA_SOURCE_ID", sim::aws::KNOWLEDGE_SOURCE_ID));
    night
}

async fn minute(night: &Night) {
    night.clock.advance(Duration::from_secs(60));
    night.app().handle(sweep(), shared::deadline::Deadline::within(tests::night::INVOCATION)).await.unwrap();
}

fn taken_in(night: &Night) -> usize {
    let journal = night.sim.faults().journal();
    journal.iter().filter(|call| call.operation == "IngestKnowledgeBaseDocuments" && call.fault.is_none()).count()
}

#[tokio::test]
async fn the_knowledge_base_is_fed_by_itself() {
    let night = fed().await;
    let alarm = tests::night::firing(&night.wait_for_alarm());
    assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
    let id = incident(&night);
    let knowledge = &night.sim.account().knowledge;
    assert!(knowledge.documents().is_empty(), "it is not over");
    night.clock.advance(Duration::from_secs(600));
    for _ in 0..2 {
        assert!(deliver(&night.app(), &[later(&alarm, "OK", 600)]).await.is_empty());
        minute(&night).await;
    }
    assert_eq!(taken_in(&night), 1, "once, however often its end is heard of");
    let (name, text, metadata) = knowledge.documents().remove(0);
    assert_eq!((name.as_str(), &metadata["incident"]), (id.as_str(), &json!(id)));
    assert_eq!(
        (&metadata["cluster"], &metadata["cause"]),
        (&json!("prod-eks"), &json!("missing-environment-variable"))
    );
    assert!(text.contains("DEPLOY_ENV") && !text.contains("say right"), "{text}");
    // What people say of it later takes the place of what it said before; the same click again changes nothing.
    for (verdict, second) in [("right", 5), ("right", 5), ("wrong", 7), ("right", 9)] {
        assert!(deliver(&night.app(), &[vote(verdict, &id, "U0ONE", second)]).await.is_empty());
        let (_, text, _) = knowledge.documents().remove(0);
        let (right, wrong) = if verdict == "right" { (1, 0) } else { (0, 1) };
        assert!(text.contains(&format!("diagnosis: {right} say right, {wrong} say wrong")), "{text}");
    }
    assert_eq!((taken_in(&night), knowledge.documents().len()), (4, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_the_knowledge_base_loses_a_document_or_holds_up_a_message() {
    for fault in sim::fault::Fault::ALL {
        let night = fed().await;
        let alarm = tests::night::firing(&night.wait_for_alarm());
        assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
        night.sim.faults().inject(sim::fault::Rule::once(
            sim::fault::Service::Bedrock,
            "IngestKnowledgeBaseDocuments",
            fault,
        ));
        night.clock.advance(Duration::from_secs(600));
        assert!(deliver(&night.app(), &[later(&alarm, "OK", 600)]).await.is_empty(), "{fault:?}");
        assert!(night.threads()[0].text.starts_with('✅'), "{fault:?}");
        for _ in 0..2 {
            minute(&night).await;
        }
        let documents = night.sim.account().knowledge.documents();
        assert_eq!((documents.len(), taken_in(&night)), (1, 1), "{fault:?}");
    }
    // A data source that is none costs the document and nothing else.
    let mut night = fed().await;
    night.more.push(("BEDROCK_KNOWLEDGE_DATA_SOURCE_ID", "NOSOURCE01"));
    night.more.retain(|(_, value)| *value != sim::aws::KNOWLEDGE_SOURCE_ID);
    let alarm = tests::night::firing(&night.wait_for_alarm());
    assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
    assert!(deliver(&night.app(), &[later(&alarm, "OK", 600)]).await.is_empty());
    minute(&night).await;
    assert!(night.sim.account().knowledge.documents().is_empty());
    assert!(night.threads()[0].text.starts_with('✅'));
}

/// A history: of `judged` diagnoses this sure, `right` were right.
fn history(percent: u32, right: usize, judged: usize, from: usize) -> Vec<IncidentDocument> {
    let now = jiff::Timestamp::now();
    let document = |number: usize| {
        let began = now - SignedDuration::from_hours(i64::try_from(from + number).unwrap());
        let verdict = if number < right { Verdict::Right } else { Verdict::Wrong };
        IncidentDocument {
            id: IncidentId(format!("inc-{:012}", from + number)),
            fingerprint: shared::incident::Fingerprint::of_alarm("prod", &shared::incident::AlarmId("x".to_owned())),
            cluster: "prod".to_owned(),
            headline: "shop/api: v2 cannot start".to_owned(),
            cause: Some(shared::diagnosis::CauseId::new("bad-rollout")),
            confidence: f64::from(percent) / 100.0,
            object: None,
            affected: Vec::new(),
            alarms: vec!["shop-api-5xx".to_owned()],
            errors: vec!["panic: no such table".to_owned()],
            opened_at: began,
            ended_at: began + SignedDuration::from_mins(10),
            actions: Vec::new(),
            votes: std::iter::once(("U1".to_owned(), Vote { verdict, at: began })).collect(),
        }
    };
    (0..judged).map(document).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_prints_figures_and_the_thresholds_that_follow() {
    let directory = tempfile::tempdir().unwrap();
    let location = format!("file:{}", directory.path().join("store").display());
    let store = shared::store::Store::new(shared::store::FileStore::open(directory.path().join("store")).unwrap());
    let now = jiff::Timestamp::now();
    for document in [history(95, 19, 20, 0), history(65, 10, 20, 20)].concat() {
        for (user, vote) in &document.votes {
            store.vote(&document.id, user, vote, now).await.unwrap();
        }
        store.put_document(document, now).await.unwrap();
    }
    drop(store);
    let nightshift = tests::binary::binary("nightshift");
    let run = async |arguments: &[&str]| {
        let common = ["learn", "--store", &location, "--cluster", "prod"];
        let mut command = tokio::process::Command::new(&nightshift);
        let output = command.args(common).args(arguments).env_clear().output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = run(&["--format", "json", "--fail-on-suggestion"]).await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!((&said["figures"]["incidents"], &said["figures"]["accuracy"]["right"]), (&json!(40), &json!(29)));
    assert_eq!(said["figures"]["mttr_s"], json!(600.0));
    assert_eq!(
        (&said["suggestions"][0]["suggestion"], &said["suggestions"][0]["to"]),
        (&json!("raise-propose-from"), &json!(70))
    );
    let export = directory.path().join("export");
    let (code, said) = run(&["--export", &export.display().to_string()]).await;
    assert_eq!(code, Some(0), "{said}");
    for line in
        ["72 %: 29 of 40 judged were right", "raise remediation.propose_from_percent from 0 to 70", "mean 10 min"]
    {
        assert!(said.contains(line), "{line} in {said}");
    }
    let text = std::fs::read_to_string(export.join("inc-000000000001.txt")).unwrap();
    assert!(text.contains("cause: bad-rollout") && text.contains("seen: panic: no such table"), "{text}");
    let metadata = std::fs::read_to_string(export.join("inc-000000000001.txt.metadata.json")).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["metadataAttributes"]["incident"], "inc-000000000001");
}

#[tokio::test]
async fn a_cause_that_is_less_sure_than_the_settings_ask_for_leads_to_no_proposal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nightshift.yaml");
    for (percent, proposes) in [(0, true), (100, false)] {
        std::fs::write(&path, format!("remediation: {{ propose_from_percent: {percent} }}")).unwrap();
        let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
        night.more.push(("NIGHTSHIFT_CONFIG", String::leak(path.display().to_string())));
        let events = night.wait_for_alarm();
        assert!(deliver(&night.app(), &events).await.is_empty());
        let store = shared::store::Store::new(night.store.clone());
        let proposed = store.open_cases(10, night.clock.now()).await.unwrap();
        assert_eq!(!proposed.is_empty(), proposes, "{percent}: {proposed:?}");
    }
}
