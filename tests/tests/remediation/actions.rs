//! Every action, done and undone over the simulated cluster by the function, with kubectl as the judge: it sees exactly the
//! change that people were shown, sees it once however often it is asked for, and sees it gone after the undo.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde_json::Value;
use shared::remediation::{Action, Case, CaseId, Drain, Stage};
use sim::Options;
use sim::world::{Kind, Scenario};
use tempfile::TempDir;
use tests::deeds::{deeds, text};
use tests::judges;
use tests::night::Night;
use tests::remedy::{Remedy, click};

const LEADS: [&str; 2] = ["U0LEAD0001", "U0LEAD0002"];

const CONFIG: &str = "
roles:
  - { role: viewer, users: ['*'] }
  - { role: approver, users: [U0LEAD0001, U0LEAD0002] }
remediation: { watch_minutes: 10 }
";

/// What is looked at for changes, pods apart: they come and go with every rollout.
const KINDS: &str = "deployments.apps,statefulsets.apps,daemonsets.apps,hpa,pdb,services,nodes,nodepools.karpenter.sh";

/// Stock kubectl against the simulated cluster.
struct Judge {
    kubectl: PathBuf,
    server: String,
    home: TempDir,
}

/// Field by field, as kubectl prints objects: without status, bookkeeping, and the revision that the controller counts.
type Seen = BTreeMap<String, String>;

impl Judge {
    fn new(remedy: &Remedy) -> Option<Self> {
        Some(Self {
            kubectl: judges::kubectl()?,
            server: remedy.night.sim.kube_endpoint(),
            home: TempDir::new().unwrap(),
        })
    }

    async fn get(&self, kinds: &str) -> Value {
        let output = tokio::process::Command::new(&self.kubectl)
            .args([&format!("--server={}", self.server), "get", kinds, "-A", "-o", "json"])
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("none"))
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    async fn see(&self, kinds: &str) -> Seen {
        let mut seen = Seen::new();
        for item in self.get(kinds).await["items"].as_array().unwrap() {
            let mut item = item.clone();
            let name = |item: &Value, field: &str| item["metadata"][field].as_str().unwrap_or("-").to_owned();
            let at = format!("{} {}/{}", item["kind"].as_str().unwrap(), name(&item, "namespace"), name(&item, "name"));
            item.as_object_mut().unwrap().remove("status");
            for field in ["resourceVersion", "generation", "managedFields"] {
                item["metadata"].as_object_mut().unwrap().remove(field);
            }
            if let Some(annotations) = item["metadata"]["annotations"].as_object_mut() {
                annotations.remove("deployment.kubernetes.io/revision");
            }
            flatten(&at, &item, &mut seen);
        }
        seen
    }
}

fn flatten(at: &str, value: &Value, seen: &mut Seen) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| flatten(&format!("{at} {name}"), value, seen)),
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let name = value["name"].as_str().map_or_else(|| index.to_string(), str::to_owned);
                flatten(&format!("{at} [{name}]"), value, seen);
            }
        }
        // When a taint was seen is the node controller's.
        _ if at.ends_with(" timeAdded") => {}
        value => drop(seen.insert(at.to_owned(), value.to_string())),
    }
}

/// Line by line what differs.
fn difference(before: &Seen, after: &Seen) -> Vec<String> {
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = places.into_iter().filter(|place| before.get(*place) != after.get(*place));
    differing
        .map(|place| {
            let text = |seen: &Seen| seen.get(place).cloned().unwrap_or_else(|| "none".to_owned());
            format!("{place}: {} -> {}", text(before), text(after))
        })
        .collect()
}

async fn healthy() -> Remedy {
    Remedy::new(Night::new(Options::stopped(Scenario::Healthy)).await, CONFIG)
}

/// Presses Approve as many times as it takes, each time another person.
async fn approve(remedy: &Remedy, id: &CaseId) -> Case {
    let asked = remedy.case(id).await;
    let Stage::Asked { requirement } = &asked.stage else {
        panic!("{}: {:?}", asked.proposal.action.name(), asked.stage)
    };
    for user in LEADS.iter().take(usize::from(requirement.people)) {
        remedy.click(&click("remediation.approve", &asked, user)).await;
    }
    remedy.case(id).await
}

#[tokio::test]
async fn kubectl_sees_exactly_the_change_once_and_exactly_the_undo() {
    let names = deeds(&healthy().await).await.len();
    let mut told = String::new();
    for number in 0..names {
        let remedy = healthy().await;
        let Some(judge) = Judge::new(&remedy) else { return };
        let action = deeds(&remedy).await.remove(number);
        let name = action.name();
        // A resized pod stays; what others do to pods is judged elsewhere.
        let kinds = if name == "resize" { format!("{KINDS},pods") } else { KINDS.to_owned() };
        let before = judge.see(&kinds).await;
        let id = remedy.propose(action.clone()).await;
        remedy.sweep().await;
        assert_eq!(difference(&before, &judge.see(&kinds).await), [""; 0], "{name}: a dry run changes nothing");
        let asked = remedy.case(&id).await;
        let changed = approve(&remedy, &id).await;
        assert!(
            matches!(changed.stage, Stage::Watching { .. } | Stage::Changing { .. }),
            "{name}: {:?}",
            changed.stage
        );
        let after = judge.see(&kinds).await;
        let lines = difference(&before, &after);
        let _ = writeln!(told, "{name}: {}", action.command());
        for line in &lines {
            let _ = writeln!(told, "  {line}");
        }

        // Once more, by the same click and by the schedule.
        for user in LEADS {
            remedy.click(&click("remediation.approve", &asked, user)).await;
        }
        remedy.sweep().await;
        assert_eq!(difference(&after, &judge.see(&kinds).await), [""; 0], "{name}: done once");

        let undoable = changed
            .shown
            .as_ref()
            .is_some_and(|shown| matches!(shown.undo, shared::remediation::Undo::Requests { .. }));
        if matches!(changed.stage, Stage::Watching { .. }) && undoable {
            remedy.click(&click("remediation.undo", &changed, LEADS[0])).await;
            let undone = remedy.case(&id).await;
            assert_eq!(undone.stage.name(), "undone", "{name}: {:?}", undone.stage);
            let back = judge.see(&kinds).await;
            assert_eq!(difference(&before, &back), [""; 0], "{name}: undone");
            remedy.click(&click("remediation.undo", &undone, LEADS[0])).await;
            remedy.sweep().await;
            assert_eq!(difference(&before, &judge.see(&kinds).await), [""; 0], "{name}: undone once");
            let _ = writeln!(told, "  and back");
        }
        remedy.audit_holds().await;
    }
    insta::assert_snapshot!("changes_as_kubectl_sees_them", told);
}

#[tokio::test]
async fn every_action_is_watched_until_its_recovery_is_seen() {
    let count = deeds(&healthy().await).await.len();
    for number in 0..count {
        let remedy = healthy().await;
        let action = deeds(&remedy).await.remove(number);
        let id = remedy.propose(action.clone()).await;
        remedy.sweep().await;
        approve(&remedy, &id).await;
        remedy.pass(SignedDuration::from_mins(5)).await;
        let done = remedy.case(&id).await;
        assert!(
            matches!(&done.stage, Stage::Done { outcome: shared::remediation::Outcome::Recovered, .. }),
            "{}: {:?}",
            action.name(),
            done.stage
        );
        match &action {
            Action::RestartPod(restart) => {
                assert!(remedy.object(Kind::Pod, "shop", &restart.pod).is_none(), "the pod is another");
                assert_eq!(remedy.pods("shop", "cart").len(), 2);
            }
            Action::Drain(drain) => {
                let left = remedy.night.sim.world().objects(Kind::Pod, "").into_iter().filter(|pod| {
                    pod["spec"]["nodeName"] == drain.node.as_str()
                        && pod["metadata"]["ownerReferences"][0]["kind"] != "DaemonSet"
                });
                assert_eq!(left.map(|pod| text(&pod, "/metadata/name")).collect::<Vec<_>>(), [""; 0]);
            }
            _ => {}
        }
        let events = remedy.audited(&id).await;
        assert_eq!(events.last().map(String::as_str), Some("done"), "{events:?}");
    }
}

#[tokio::test]
async fn a_high_risk_takes_two_people_neither_of_them_the_requester_nor_one_of_them_twice() {
    let remedy = Remedy::new(
        Night::new(Options::stopped(Scenario::Healthy)).await,
        "
roles:
  - { role: approver, users: [U0LEAD0001, U0LEAD0002, U0ASKS0001] }
",
    );
    // A node with a pod of a StatefulSet on it, whose data is on the node.
    let database = remedy
        .night
        .sim
        .world()
        .objects(Kind::Pod, "data")
        .into_iter()
        .find(|pod| pod["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet");
    let node = text(&database.unwrap(), "/spec/nodeName");
    let id = remedy.propose(Action::Drain(Drain { node: node.clone() })).await;
    remedy.sweep().await;
    let asked = remedy.case(&id).await;
    assert!(matches!(&asked.stage, Stage::Asked { requirement } if requirement.people == 2), "{:?}", asked.stage);
    let schedulable = || remedy.object(Kind::Node, "", &node).unwrap()["spec"]["unschedulable"] != true;
    let shown = remedy.message(&asked).to_string();
    assert!(shown.contains("two different approvers") && shown.contains("high"), "{shown}");
    for user in ["U0ASKS0001", LEADS[0], LEADS[0], "U0ASKS0001", "U0NOBODY01"] {
        remedy.click(&click("remediation.approve", &asked, user)).await;
        assert!(schedulable(), "{user} does not make it two");
    }
    let voted = remedy.case(&id).await;
    assert_eq!(voted.votes.len(), 1, "{:?}", voted.votes);
    assert!(remedy.message(&voted).to_string().contains("1 more has to agree"));
    remedy.click(&click("remediation.approve", &asked, LEADS[1])).await;
    assert!(!schedulable());
    let events = remedy.audited(&id).await;
    let of = |prefix: &str| events.iter().filter(|event| event.starts_with(prefix)).count();
    assert_eq!((of("approved:"), of("not-allowed:")), (2, 1), "{events:?}");
}
