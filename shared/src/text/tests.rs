//! Both languages have every key, and no key is without use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::FluentResource;

use super::*;
use crate::diagnosis::{Category, Cause, CauseId};
use crate::model::{Kind, ObjectRef};

/// Each message's key, and the variables its value uses.
fn keys(sources: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for source in sources {
        FluentResource::try_new((*source).to_owned()).expect("a resource without syntax errors");
        let mut key = String::new();
        let mut attribute = false;
        for line in source.lines() {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                key = name.to_owned();
                assert!(found.insert(key.clone(), BTreeSet::new()).is_none(), "{key} is there twice");
            }
            // Attributes, with all their lines, are the language's own.
            attribute = line.trim_start().starts_with('.') || (attribute && line.starts_with(' '));
            if attribute || line.starts_with('#') {
                continue;
            }
            for part in line.split("$").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.get_mut(&key).expect("a message").insert(name);
            }
        }
    }
    found
}

#[test]
fn both_languages_have_every_key_with_the_same_values() {
    assert_eq!(keys(EN), keys(KO));
}

#[test]
fn every_key_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut code = String::new();
    let mut folders = vec![root.join("shared/src"), root.join("functions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let unused: Vec<_> = keys(EN)
        .into_keys()
        .filter(|key| !key.starts_with("cause-") && !code.contains(&format!("\"{key}\"")))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

pub(super) fn cause(id: &'static str, summary: &str, facts: &[(&str, &str)]) -> Cause {
    Cause {
        id: CauseId::new(id),
        category: Category::Runtime,
        confidence: 0.9,
        object: ObjectRef::new(Kind::Deployment, "payments", "api"),
        summary: summary.to_owned(),
        facts: facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        evidence: Vec::new(),
        affected: Vec::new(),
        checks: Vec::new(),
        actions: Vec::new(),
    }
}

#[test]
fn english_says_the_analyzers_line_with_the_object_first() {
    let phrases = Phrases::new(Language::En);
    let line = phrases.cause_line(&cause("oom-killed", "container `app` passes its 256Mi limit.", &[]));
    assert_eq!(line, "payments/api: container `app` passes its 256Mi limit");
    let line = phrases.cause_line(&cause("oom-killed", "payments/api runs out of memory", &[]));
    assert_eq!(line, "payments/api runs out of memory");
    assert_eq!(phrases.cause_line(&cause("oom-killed", "", &[])), "payments/api: out of memory (OOMKilled)");
}

#[test]
fn korean_says_the_plain_name_where_facts_are_missing() {
    let phrases = Phrases::new(Language::Ko);
    assert_eq!(phrases.cause_line(&cause("oom-killed", "x", &[])), "payments/api: 메모리 부족으로 종료 (OOMKilled)");
}

#[test]
fn a_cause_of_no_catalogue_is_still_said() {
    assert_eq!(Phrases::new(Language::En).cause_name(&CauseId::new("new-thing")), "new thing");
}

#[test]
fn a_count_of_one_is_singular() {
    let phrases = Phrases::new(Language::En);
    assert_eq!(phrases.say_with("joined-alarms", &[("count", 1_usize.into())]), "1 more alarm joined");
    assert_eq!(phrases.say_with("joined-alarms", &[("count", 7_usize.into())]), "7 more alarms joined");
}

#[test]
fn a_duration_is_told_in_the_units_of_the_language() {
    let said = |language, seconds| Phrases::new(language).duration(Duration(jiff::SignedDuration::from_secs(seconds)));
    assert_eq!([3_900, 40, 180_000].map(|seconds| said(Language::Ko, seconds)), ["1시간 5분", "40초", "2일 2시간"]);
    assert_eq!(said(Language::En, 3_900), "1 h 5 min");
}
