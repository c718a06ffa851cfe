//! sim's trackers, judged by PyGithub and by the Python client of Jira; and what our function asks there, held against what they ask.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::ToSpan;
use serde_json::Value;
use shared::config::{Secret, TicketSettings};
use shared::deadline::Deadline;
use shared::tickets::{GitHub, Jira, Ticket, Tracker};
use sim::Options;
use sim::trackers::{Asked, GITHUB_REPOSITORY, JIRA_PROJECT, TOKEN};
use sim::world::Scenario;
use tests::judges;
use tests::night::{Night, deliver, firing, later, settings};

const MARKER: &str = "inc-judge";

/// The judge's part.
async fn judge(python: &std::path::Path, night: &Night, tracker: &str, phase: &str) {
    let environment = night.sim.jira_environment();
    let value = |name: &str| environment.iter().find(|(key, _)| key == name).unwrap().1.clone();
    let place = if tracker == "jira" { JIRA_PROJECT } else { GITHUB_REPOSITORY };
    let output = tokio::process::Command::new(python)
        .arg(judges::script("trackers.py"))
        .args([tracker, phase])
        .env_clear()
        .envs([("TRACKER_URL", value("JIRA_URL")), ("TRACKER_USER", value("JIRA_USER"))])
        .envs([("TRACKER_TOKEN", TOKEN), ("TRACKER_PLACE", place)])
        .output()
        .await
        .unwrap();
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    println!("{said}");
}

/// A request without what differs from one ticket to the next: method and path, and the names of what is said.
fn shape(asked: &Asked) -> (String, BTreeSet<String>) {
    fn names(value: &Value, path: &str, all: &mut BTreeSet<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let name = format!("{path}{name}");
            // What an Atlassian document is made of is its own affair.
            if !name.ends_with("description") && !name.ends_with("body") {
                names(value, &format!("{name}."), all);
            }
            all.insert(name);
        }
    }
    let mut all: BTreeSet<String> = asked.query.keys().map(|name| format!("?{name}")).collect();
    names(&asked.body, "", &mut all);
    let is_number = |part: &&str| {
        let digits = part.strip_prefix(JIRA_PROJECT).and_then(|rest| rest.strip_prefix('-')).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let path: Vec<&str> = asked.path.split('/').map(|part| if is_number(&part) { "N" } else { part }).collect();
    // The version of the API is a number, too.
    (format!("{} {}", asked.method, path.join("/")), all)
}

fn tracker(night: &Night) -> Tracker {
    let environment = night.sim.environment();
    let token = Secret::new(TOKEN.to_owned());
    match settings(&environment, &night.more).tickets.unwrap() {
        TicketSettings::Jira { url, project, issue_type, user, .. } => {
            Tracker::Jira(Jira::new(&url, &project, &issue_type, user.as_deref(), &token).unwrap())
        }
        TicketSettings::GitHub { url, repository, .. } => {
            Tracker::GitHub(GitHub::new(&url, &repository, &token).unwrap())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_of_others_agree_with_ours() {
    let Some(python) = judges::python() else { return };
    for name in ["jira", "github"] {
        let mut night = Night::new(Options::stopped(Scenario::BadRollout)).await;
        let environment = if name == "jira" { night.sim.jira_environment() } else { night.sim.github_environment() };
        night.more.extend(environment.into_iter().map(|(name, value)| (&*String::leak(name), &*String::leak(value))));
        let trackers = night.sim.trackers().clone();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let alarm = firing(&night.wait_for_alarm());
        assert!(deliver(&night.app(), std::slice::from_ref(&alarm)).await.is_empty());
        ours.extend(trackers.take_asked());
        judge(&python, &night, name, "open").await;
        theirs.extend(trackers.take_asked());

        // What the judge has opened is found by its mark, and closed once.
        let (tracker, within) = (tracker(&night), || Deadline::within(Duration::from_secs(10)));
        let since = night.clock.now() - 1.hour();
        assert_eq!(tracker.find("inc-none", since, within()).await.unwrap(), None);
        let found: Ticket = tracker.find(MARKER, since, within()).await.unwrap().expect("the judge's ticket");
        assert_eq!(found.key, if name == "jira" { "OPS-2" } else { "#2" });
        for _ in 0..2 {
            tracker.close(&found, "inc-judge/resolved", "It is over.", within()).await.unwrap();
        }
        night.clock.advance(Duration::from_secs(600));
        assert!(deliver(&night.app(), &[later(&alarm, "OK", 600)]).await.is_empty());
        ours.extend(trackers.take_asked());
        judge(&python, &night, name, "closed").await;
        theirs.extend(trackers.take_asked());

        // Whatever we ask, the client of others asks so as well, with the same names in it.
        let theirs: Vec<_> = theirs.iter().map(shape).collect();
        let ours: BTreeSet<_> = ours.iter().map(shape).collect();
        assert!(ours.len() >= 6, "{ours:?}");
        for (request, said) in &ours {
            let alike: Vec<_> = theirs.iter().filter(|(other, _)| other == request).map(|(_, said)| said).collect();
            assert!(!alike.is_empty(), "{request} is asked by us alone");
            let held = |name: &String| alike.iter().any(|other| other.contains(name));
            let alone: Vec<_> = said.iter().filter(|name| !held(name)).collect();
            assert!(alone.is_empty(), "{request}: {alone:?} is said by us alone; they say {alike:?}");
        }
        println!("{name}: {} kinds of requests, each asked by the judge as well", ours.len());
    }
}
