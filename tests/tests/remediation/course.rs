//! Remediation end to end: a rollout breaks, it is diagnosed, a rollback is proposed, somebody clicks, the cluster recovers
//! and the thread tells it all; and everything that can come between.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use shared::remediation::audit::{Entry, verify};
use shared::remediation::{Action, Cordon, Drain, Outcome, RestartPod, RollBack, Stage};
use shared::store::Store;
use sim::Options;
use sim::world::{Kind, Scenario};
use tests::night::{Night, deliver};
use tests::remedy::{Remedy, click};

const LEAD: &str = "U0LEAD0001";

/// What the settings file says in these tests.
const CONFIG: &str = "
roles:
  - { role: viewer, users: ['*'] }
  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }
remediation: { watch_minutes: 10 }
";

/// A night in which payments/api was rolled out broken, and has been diagnosed.
async fn bad_rollout() -> Remedy {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let events = night.wait_for_alarm();
    let app = night.app();
    assert!(deliver(&app, &events).await.is_empty());
    Remedy::new(night, CONFIG)
}

fn image(remedy: &Remedy) -> String {
    let deployment = remedy.object(Kind::Deployment, "payments", "api").unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

fn generation(remedy: &Remedy) -> i64 {
    remedy.object(Kind::Deployment, "payments", "api").unwrap()["metadata"]["generation"].as_i64().unwrap()
}

#[tokio::test]
async fn a_bad_rollout_is_rolled_back_by_a_click_and_the_thread_tells_it() {
    let remedy = bad_rollout().await;
    let broken = image(&remedy);
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    assert!(matches!(asked.stage, Stage::Asked { .. }), "{:?}", asked.stage);
    assert_eq!(image(&remedy), broken, "nothing is done before somebody agrees");
    let message = remedy.message(&asked);
    let shown = message.to_string();
    for said in
        ["Roll back payments/api to revision", "DEPLOY_ENV", "v2.3.1", "medium", "rollout undo", "Approve", "Deny"]
    {
        assert!(shown.contains(said), "{said} in {shown}");
    }
    assert!(message["thread_ts"].is_string(), "it stands in the incident's thread");
    // The click, twice: as people do.
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    assert_ne!(image(&remedy), broken);
    let after = generation(&remedy);
    remedy.pass(SignedDuration::from_mins(3)).await;
    let done = remedy.case(&asked.id).await;
    assert_eq!(done.stage.name(), "done", "{:?}", done.stage);
    assert_eq!(generation(&remedy), after, "changed once");
    let deployment = remedy.object(Kind::Deployment, "payments", "api").unwrap();
    assert_eq!(deployment["status"]["readyReplicas"], deployment["spec"]["replicas"]);
    let told = remedy.message(&done).to_string();
    assert!(told.contains("Recovered") && told.contains(LEAD), "{told}");
    let events = remedy.audited(&asked.id).await;
    assert_eq!(
        events.iter().map(|event| event.split(':').next().unwrap()).collect::<Vec<_>>(),
        ["asked", "approved", "changing", "changed", "done"]
    );
    assert_eq!(remedy.audit_holds().await, events.len() as u64);
}

#[tokio::test]
async fn one_more_click_takes_it_back_exactly() {
    let remedy = bad_rollout().await;
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    let template =
        |remedy: &Remedy| remedy.object(Kind::Deployment, "payments", "api").unwrap()["spec"]["template"].clone();
    let before = template(&remedy);
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    assert_ne!(template(&remedy), before);
    remedy.click(&click("remediation.undo", &asked, LEAD)).await;
    let undone = remedy.case(&asked.id).await;
    assert_eq!(undone.stage.name(), "undone", "{:?}", undone.stage);
    assert_eq!(template(&remedy), before);
    // Taken back twice is taken back once.
    let generation_before = generation(&remedy);
    remedy.click(&click("remediation.undo", &undone, LEAD)).await;
    remedy.sweep().await;
    assert_eq!(generation(&remedy), generation_before);
    remedy.audit_holds().await;
}

#[tokio::test]
async fn the_wrong_person_the_late_one_and_the_no_change_nothing() {
    let remedy = bad_rollout().await;
    let broken = image(&remedy);
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    remedy.click(&click("remediation.approve", &asked, "U0OTHER001")).await;
    assert!(matches!(remedy.case(&asked.id).await.stage, Stage::Asked { .. }));
    assert!(remedy.audited(&asked.id).await.iter().any(|event| event == "not-allowed:U0OTHER001"));
    assert_eq!(image(&remedy), broken);
    // Half an hour later nobody has agreed.
    remedy.night.clock.advance(Duration::from_secs(31 * 60));
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.sweep().await;
    assert_eq!(remedy.case(&asked.id).await.stage.name(), "expired");
    assert_eq!(image(&remedy), broken);
    let expired = remedy.case(&asked.id).await;
    assert!(remedy.message(&expired).to_string().contains("Nobody agreed in time"));
    assert!(!remedy.message(&expired).to_string().contains("remediation.approve"), "the buttons are gone");
}

#[tokio::test]
async fn a_no_with_its_reason_is_kept_and_shown() {
    let remedy = bad_rollout().await;
    let broken = image(&remedy);
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    let mut no = click("remediation.deny", &asked, LEAD);
    let value = no["detail"]["value"].as_str().unwrap().to_owned();
    no["detail"]["selected"] = json!([format!("{value}:not-now")]);
    remedy.click(&no).await;
    let denied = remedy.case(&asked.id).await;
    assert!(
        matches!(&denied.stage, Stage::Denied { by, reason } if by == LEAD && reason == "not-now"),
        "{:?}",
        denied.stage
    );
    assert!(remedy.message(&denied).to_string().contains("Not now"));
    remedy.click(&click("remediation.approve", &asked, "U0LEAD0002")).await;
    assert_eq!(image(&remedy), broken);
}

#[tokio::test]
async fn what_changed_since_it_was_shown_asks_again() {
    let remedy = bad_rollout().await;
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    // Somebody labels the Deployment between the look and the click.
    remedy.patch(Kind::Deployment, "payments", "api", &json!({ "metadata": { "labels": { "owner": "ops" } } })).await;
    let broken = image(&remedy);
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    let again = remedy.case(&asked.id).await;
    assert!(matches!(again.stage, Stage::Asked { .. }), "{:?}", again.stage);
    assert!(again.votes.is_empty());
    assert_eq!(image(&remedy), broken);
    // The old button is for the old object; the new one is for the new.
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    assert_eq!(image(&remedy), broken);
    remedy.click(&click("remediation.approve", &again, LEAD)).await;
    assert_ne!(image(&remedy), broken);
}

#[tokio::test]
async fn overtaken_by_a_newer_change_nothing_is_done() {
    let remedy = bad_rollout().await;
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    // Somebody rolls it back by hand first.
    let set = asked.proposal.action.clone();
    let Action::RollBack(back) = set else { panic!("a rollback") };
    let mut template =
        remedy.object(Kind::ReplicaSet, "payments", &back.replica_set).unwrap()["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
    remedy.patch(Kind::Deployment, "payments", "api", &json!({ "spec": { "template": template } })).await;
    let generation_before = generation(&remedy);
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    let overtaken = remedy.case(&asked.id).await;
    assert_eq!(overtaken.stage.name(), "overtaken", "{:?}", overtaken.stage);
    assert_eq!(generation(&remedy), generation_before);
}

#[tokio::test]
async fn refused_by_policy_is_kept_as_needs_review_with_the_policy_named() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    let remedy = Remedy::new(night, "remediation: { restricted: [payments] }");
    let pod = remedy.pods("payments", "api").remove(0);
    let restart = Action::RestartPod(RestartPod {
        namespace: "payments".into(),
        pod: pod["metadata"]["name"].as_str().unwrap().into(),
        uid: pod["metadata"]["uid"].as_str().unwrap().into(),
    });
    let case = remedy.propose(restart).await;
    remedy.sweep().await;
    let kept = remedy.case(&case).await;
    assert_eq!(kept.stage, Stage::NeedsReview { why: vec!["restricted-namespace".into()], unmet: None });
    let told = remedy.message(&kept).to_string();
    assert!(told.contains("Needs review") && told.contains("restricted-namespace"), "{told}");
    assert!(remedy.object(Kind::Pod, "payments", pod["metadata"]["name"].as_str().unwrap()).is_some());
}

#[tokio::test]
async fn a_drain_waits_for_the_disruption_budget_and_says_when_it_is_stuck() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    let remedy = Remedy::new(night, CONFIG);
    let pod = remedy.pods("payments", "api").remove(0);
    let node = pod["spec"]["nodeName"].as_str().unwrap().to_owned();
    let budget = remedy.object(Kind::PodDisruptionBudget, "payments", "api").unwrap();
    assert!(budget["spec"]["maxUnavailable"].is_number());
    remedy.patch(Kind::PodDisruptionBudget, "payments", "api", &json!({ "spec": { "maxUnavailable": 0 } })).await;
    let case = remedy.propose(Action::Drain(Drain { node: node.clone() })).await;
    remedy.sweep().await;
    let asked = remedy.case(&case).await;
    let Stage::Asked { requirement } = &asked.stage else { panic!("{:?}", asked.stage) };
    for user in [LEAD, "U0LEAD0002"].iter().take(usize::from(requirement.people)) {
        remedy.click(&click("remediation.approve", &asked, user)).await;
    }
    let held = remedy.case(&case).await;
    assert_eq!(held.stage.name(), "changing", "{:?}", held.stage);
    assert_eq!(remedy.object(Kind::Node, "", &node).unwrap()["spec"]["unschedulable"], true);
    assert!(remedy.object(Kind::Pod, "payments", pod["metadata"]["name"].as_str().unwrap()).is_some());
    remedy.pass(SignedDuration::from_mins(11)).await;
    let stuck = remedy.case(&case).await;
    assert!(matches!(&stuck.stage, Stage::Failed { why, .. } if why.contains("api")), "{:?}", stuck.stage);
    // The way back is offered, and goes all the way.
    remedy.click(&click("remediation.undo", &stuck, LEAD)).await;
    assert_eq!(remedy.case(&case).await.stage.name(), "undone");
    assert_ne!(remedy.object(Kind::Node, "", &node).unwrap()["spec"]["unschedulable"], true);
}

#[tokio::test]
async fn the_api_servers_dry_run_has_the_last_word() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    let remedy = Remedy::denying(night, CONFIG, "patch", "nodes").await;
    let node = remedy.pods("payments", "api")[0]["spec"]["nodeName"].as_str().unwrap().to_owned();
    let case = remedy.propose(Action::Cordon(Cordon { node: node.clone() })).await;
    remedy.sweep().await;
    let refused = remedy.case(&case).await;
    assert_eq!(refused.stage.name(), "dry-run-refused", "{:?}", refused.stage);
    assert_ne!(remedy.object(Kind::Node, "", &node).unwrap()["spec"]["unschedulable"], true);
}

#[tokio::test]
async fn low_risk_runs_by_itself_only_where_the_settings_say_so() {
    for automation in [false, true] {
        let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
        night.sim.world().advance(SignedDuration::from_mins(12));
        night.clock.advance(Duration::from_secs(12 * 60));
        let config = format!(
            "remediation: {{ automation: [{}], environments: {{ prod-eks: development }} }}",
            if automation { "payments" } else { "shop" }
        );
        let remedy = Remedy::new(night, &config);
        // With the default a budget keeps unready pods where it is overdrawn, as Kubernetes does.
        let policy = json!({ "spec": { "unhealthyPodEvictionPolicy": "AlwaysAllow" } });
        remedy.patch(Kind::PodDisruptionBudget, "payments", "api", &policy).await;
        let crashing = remedy
            .pods("payments", "api")
            .into_iter()
            .find(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or(0) >= 5);
        let crashing = crashing.expect("a pod that has crashed five times");
        let name = crashing["metadata"]["name"].as_str().unwrap().to_owned();
        remedy.wait_for_back_off("payments", &name).await;
        let restart = Action::RestartPod(RestartPod {
            namespace: "payments".into(),
            pod: name.clone(),
            uid: crashing["metadata"]["uid"].as_str().unwrap().into(),
        });
        let case = remedy.propose(restart).await;
        remedy.sweep().await;
        let stage = remedy.case(&case).await.stage;
        let live = remedy.object(Kind::Pod, "payments", &name);
        let gone = live.is_none_or(|pod| !pod["metadata"]["deletionTimestamp"].is_null());
        assert_eq!(gone, automation, "{stage:?}");
        assert_eq!(matches!(stage, Stage::Asked { .. }), !automation, "{stage:?}");
    }
}

#[tokio::test]
async fn tampering_with_the_log_of_a_night_is_found() {
    let remedy = bad_rollout().await;
    remedy.sweep().await;
    let asked = remedy.case_of("roll-back").await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    let store = Store::new(remedy.night.store.clone());
    let now = remedy.night.clock.now();
    let (entries, head) = (store.audit_entries(0, 1000, now).await.unwrap(), store.audit_head(now).await.unwrap());
    assert!(entries.len() >= 4);
    assert_eq!(verify(&entries, head.as_ref()), Ok(entries.len() as u64));
    let mut forged = entries.clone();
    let approved = forged.iter().position(|entry| entry.note.event.starts_with("approved")).unwrap();
    forged[approved].note.by = "U0LEAD0002".into();
    assert!(verify(&forged, head.as_ref()).is_err());
    assert!(verify(&entries[..entries.len() - 1], head.as_ref()).is_err());
}

/// A night in which payments/api was rolled out broken and somebody has gone back by hand; the rollback to the broken
/// revision is then asked for, by mistake.
async fn rolled_back_to_the_wrong_revision(
    undo_when_worse: bool,
) -> (Remedy, serde_json::Value, shared::remediation::CaseId) {
    let night = Night::new(Options::stopped(Scenario::BadRollout)).await;
    let pass = |night: &Night, minutes: i64| {
        night.sim.world().advance(SignedDuration::from_mins(minutes));
        night.clock.advance(Duration::from_secs(60 * u64::try_from(minutes).unwrap()));
    };
    pass(&night, 5);
    let remedy = Remedy::new(
        night,
        &CONFIG.replace("watch_minutes: 10", &format!("watch_minutes: 6, undo_when_worse: {undo_when_worse}")),
    );
    let revision = |set: &serde_json::Value| {
        let text = set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str().unwrap().to_owned();
        text.parse::<u64>().unwrap()
    };
    let mut sets = remedy.night.sim.world().objects(Kind::ReplicaSet, "payments");
    sets.retain(|set| set["metadata"]["ownerReferences"][0]["name"] == "api");
    sets.sort_by_key(revision);
    let (broken, good) = (sets[sets.len() - 1].clone(), sets[sets.len() - 2].clone());
    let mut template = good["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
    remedy.patch(Kind::Deployment, "payments", "api", &json!({ "spec": { "template": template } })).await;
    pass(&remedy.night, 5);
    let live = remedy.object(Kind::Deployment, "payments", "api").unwrap();
    assert_eq!(live["status"]["readyReplicas"], 5);
    let wrong = Action::RollBack(RollBack {
        namespace: "payments".into(),
        deployment: "api".into(),
        revision: revision(&broken),
        replica_set: broken["metadata"]["name"].as_str().unwrap().into(),
    });
    let id = remedy.propose(wrong).await;
    remedy.sweep().await;
    let asked = remedy.case(&id).await;
    let Stage::Asked { requirement } = &asked.stage else { panic!("{:?}", asked.stage) };
    for user in [LEAD, "U0LEAD0002"].iter().take(usize::from(requirement.people)) {
        remedy.click(&click("remediation.approve", &asked, user)).await;
    }
    assert_ne!(remedy.object(Kind::Deployment, "payments", "api").unwrap()["spec"]["template"], template);
    (remedy, template, id)
}

#[tokio::test]
async fn what_makes_it_worse_is_taken_back_by_itself() {
    let (remedy, template, id) = rolled_back_to_the_wrong_revision(true).await;
    remedy.pass(SignedDuration::from_mins(7)).await;
    let undone = remedy.case(&id).await;
    assert_eq!(undone.stage.name(), "undone", "{:?}", undone.stage);
    assert_eq!(remedy.object(Kind::Deployment, "payments", "api").unwrap()["spec"]["template"], template);
    let events = remedy.audited(&id).await;
    assert!(events.iter().any(|event| event == "undoing"), "{events:?}");
    assert!(remedy.message(&undone).to_string().contains("taken back because it got worse"));
    remedy.pass(SignedDuration::from_mins(3)).await;
    assert_eq!(remedy.object(Kind::Deployment, "payments", "api").unwrap()["status"]["readyReplicas"], 5);
}

#[tokio::test]
async fn where_the_setting_says_so_what_is_worse_is_left_to_people() {
    let (remedy, template, id) = rolled_back_to_the_wrong_revision(false).await;
    remedy.pass(SignedDuration::from_mins(7)).await;
    let worse = remedy.case(&id).await;
    assert!(matches!(&worse.stage, Stage::Done { outcome: Outcome::Worse { .. }, .. }), "{:?}", worse.stage);
    assert!(remedy.message(&worse).to_string().contains("remediation.undo"), "the way back is offered");
    remedy.click(&click("remediation.undo", &worse, LEAD)).await;
    assert_eq!(remedy.object(Kind::Deployment, "payments", "api").unwrap()["spec"]["template"], template);
}

#[tokio::test]
async fn every_entry_of_the_audit_log_is_put_into_the_bucket_once() {
    let night = Night::new(Options::stopped(Scenario::Healthy)).await;
    let mut remedy = Remedy::new(night, CONFIG);
    remedy.more.push(("NIGHTSHIFT_AUDIT_BUCKET", "night-audit"));
    let node = remedy.pods("payments", "api")[0]["spec"]["nodeName"].as_str().unwrap().to_owned();
    let id = remedy.propose(Action::Cordon(Cordon { node })).await;
    remedy.sweep().await;
    // The bucket is not there yet: nothing is lost by that.
    let stores = remedy.night.sim.account().stores.clone();
    stores.put_bucket("night-audit");
    let asked = remedy.case(&id).await;
    remedy.click(&click("remediation.approve", &asked, LEAD)).await;
    remedy.pass(SignedDuration::from_mins(2)).await;
    let objects = stores.objects("night-audit");
    let exported: Vec<Entry> = objects.values().map(|body| serde_json::from_slice(body).unwrap()).collect();
    assert_eq!(objects.keys().next().unwrap(), "audit/00000000000000000001.json");
    let events: Vec<&str> = exported.iter().map(|entry| entry.note.event.split(':').next().unwrap()).collect();
    assert_eq!(events, ["asked", "approved", "changing", "changed", "done"]);
    assert_eq!(verify(&exported, None), Ok(5));
    // Again from the start, as after a crash: nothing is written over.
    let before = stores.objects("night-audit");
    remedy.sweep().await;
    assert_eq!(stores.objects("night-audit"), before);
}
