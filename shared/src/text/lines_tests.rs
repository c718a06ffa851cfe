//! Every cause's headline: a sentence with its facts, in each language, whatever of its facts is missing.
//!
//! [`can_be_said`] holds what analyzers really find; the snapshot shows the lines of every cause over facts as analyzers give
//! them, for people to review.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::tests::cause;
use super::*;
use crate::diagnosis::{Cause, catalogue};

/// Facts as the analyzers give them: `id: name=value; name=value`, a line for each shape a cause's facts come in.
const FACTS: &str = include_str!("lines.txt");

/// Words that Korean operations texts leave in Latin letters.
const TERMS: &[&str] = &[
    "CPU",
    "RBAC",
    "requests",
    "limits",
    "GPU",
    "PVC",
    "DNS",
    "TLS",
    "HPA",
    "PDB",
    "IP",
    "OOMKilled",
    "NotReady",
    "Ready",
    "Pending",
    "Service",
    "ServiceAccount",
    "ConfigMap",
    "Secret",
    "Job",
    "CronJob",
    "Ingress",
    "NodePool",
    "CoreDNS",
    "NetworkPolicy",
    "cordon",
    "taint",
    "toleration",
    "nodeSelector",
    "containerd",
    "kubelet",
    "kube-proxy",
    "kube-scheduler",
    "Deployment",
];

/// Asserts that a cause as found has a whole line in every language.
#[track_caller]
pub(crate) fn can_be_said(cause: &Cause) {
    let english = cause.summary.as_str();
    assert!(is_whole(english) && !english.ends_with([':', ',', ' ']), "{}: {english:?}", cause.id);
    assert!(cause.facts.values().all(|value| !value.trim().is_empty()), "{}: {:?}", cause.id, cause.facts);
    let phrases = Phrases::new(Language::Ko);
    let line = phrases.line_of_facts(cause);
    let line = line.unwrap_or_else(|| panic!("no Korean line of {} fits its facts {:?}", cause.id, cause.facts));
    let own = without(&line, &cause.facts);
    assert!(is_whole(&own) && is_korean(&own), "{}: {line:?}", cause.id);
    for reason in cause.actions.iter().map(|action| action.reason.as_str()).filter(|reason| !reason.is_empty()) {
        let said = phrases.reason(reason);
        assert!(said != reason, "{}: ko/reasons.txt has no line for {reason:?}", cause.id);
    }
}

/// The line without its facts, which are the cluster's own words.
fn without(line: &str, facts: &BTreeMap<String, String>) -> String {
    let mut values: Vec<&String> = facts.values().collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.into_iter().fold(line.to_owned(), |line, value| line.replace(value.as_str(), "·"))
}

/// Neither placeholder nor hole.
fn is_whole(line: &str) -> bool {
    let holes = ["{", "}", "$", "()", "( ", " )", "  ", " ,", "Some(", "None", "\n"];
    // What the cluster said may hold any of these.
    let own = line.split(": ").next().unwrap_or(line);
    !line.trim().is_empty() && holes.iter().all(|hole| !own.contains(hole))
}

/// Hangul, and of Latin words only terms.
fn is_korean(line: &str) -> bool {
    let mut words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| word.len() > 1);
    line.chars().any(|c| ('가'..='힣').contains(&c))
        && words.all(|word| {
            word.bytes().all(|b| b.is_ascii_digit())
                || TERMS.contains(&word)
                || ["liveness", "readiness", "startup"].contains(&word)
        })
}

/// The causes of [`FACTS`].
fn shapes() -> Vec<(&'static str, BTreeMap<String, String>)> {
    let pairs = |facts: &str| {
        let pairs = facts.split(" ; ").filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
    };
    FACTS.lines().filter_map(|line| line.split_once(':')).map(|(id, facts)| (id, pairs(facts))).collect()
}

fn with(id: &'static str, facts: &BTreeMap<String, String>) -> Cause {
    Cause { facts: facts.clone(), ..cause(id, "", &[]) }
}

#[test]
fn every_cause_of_the_catalogue_has_a_name_and_a_line() {
    let known: BTreeSet<&str> = shapes().into_iter().map(|(id, _)| id).collect();
    let declared: BTreeSet<&str> = catalogue().map(|spec| spec.id).collect();
    assert_eq!(known, declared);
    for language in [Language::En, Language::Ko] {
        let phrases = Phrases::new(language);
        let nameless: Vec<_> =
            declared.iter().filter(|id| phrases.find(&format!("cause-{id}"), None, &[]).is_none()).collect();
        assert_eq!(nameless, Vec::<&&str>::new(), "{language:?}");
    }
}

#[test]
fn every_line_is_whole_with_all_its_facts_and_without_any_of_them() {
    let phrases = Phrases::new(Language::Ko);
    for (id, facts) in shapes() {
        let full = with(id, &facts);
        assert!(phrases.line_of_facts(&full).is_some(), "{id} has no line over {facts:?}");
        let fewer = facts.keys().map(|gone| {
            let rest = facts.iter().filter(|(name, _)| *name != gone);
            with(id, &rest.map(|(name, value)| (name.clone(), value.clone())).collect())
        });
        for cause in fewer.chain([full.clone(), with(id, &BTreeMap::new())]) {
            let line = phrases.cause_line(&cause);
            let own = without(&line.replace("payments/api", ""), &cause.facts);
            assert!(is_whole(&line) && is_korean(&own), "{id}: {line:?} over {:?}", cause.facts);
        }
    }
}

#[test]
fn no_line_waits_for_a_fact_that_no_shape_gives() {
    let mut unused = Vec::new();
    let phrases = Phrases::new(Language::Ko);
    for (index, line) in KO[1].lines().enumerate() {
        let Some(message) = line.trim_start().strip_prefix(".line") else { continue };
        let before = KO[1].lines().take(index).filter(|line| line.starts_with("cause-")).last();
        let id =
            before.and_then(|line| line.split_once(" =")).map(|it| it.0.trim_start_matches("cause-")).expect("a cause");
        let attribute = format!("line{}", message.split(" =").next().unwrap_or_default());
        let said = shapes().iter().filter(|(other, _)| *other == id).any(|(_, facts)| {
            let facts: Vec<_> = facts.iter().map(|(name, value)| (name.as_str(), Value::from(value))).collect();
            phrases.find(&format!("cause-{id}"), Some(&attribute), &facts).is_some()
        });
        if !said {
            unused.push(format!("{id} .{attribute}"));
        }
    }
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn the_lines_of_all_causes() {
    let phrases = Phrases::new(Language::Ko);
    let english = Phrases::new(Language::En);
    let mut shown = String::new();
    let mut last = "";
    for (id, facts) in shapes() {
        if id != last {
            let cause = with(id, &BTreeMap::new());
            let _ = writeln!(shown, "{id}: {} / {}", english.cause_name(&cause.id), phrases.cause_name(&cause.id));
        }
        let _ = writeln!(shown, "    {}", phrases.cause_line(&with(id, &facts)));
        last = id;
    }
    insta::assert_snapshot!(shown);
}
