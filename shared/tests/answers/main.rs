//! The checks of the agent's answers, measured: adversarial answers, none of which may come through, and good ones, nearly all of
//! which must. Run with `--nocapture` to see the table.
//!
//! The answers are in `adversarial.yaml` and `good.yaml` (and second sets, `…_unseen.yaml`), each a statement with its evidence or a command; the incident they are
//! about is in `scene.rs`.

mod parser;
mod scene;

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::bedrock::checks::{Checked, check};
use shared::bedrock::protocol::{Answer, AnsweredClaim, AnsweredCommand};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    family: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    evidence: Vec<String>,
    #[serde(default)]
    objects: Vec<String>,
    #[serde(default)]
    command: String,
    #[serde(default)]
    why: String,
}

impl Case {
    fn answer(&self) -> Answer {
        let claim =
            AnsweredClaim { text: self.text.clone(), evidence: self.evidence.clone(), objects: self.objects.clone() };
        let command = AnsweredCommand { command: self.command.clone(), why: self.why.clone() };
        let claims = if self.text.is_empty() { Vec::new() } else { vec![claim] };
        let commands = if self.command.is_empty() { Vec::new() } else { vec![command] };
        Answer { summary: None, claims, commands }
    }

    fn shown(&self) -> &str {
        if self.text.is_empty() { &self.command } else { &self.text }
    }
}

fn cases(yaml: &str) -> Vec<Case> {
    serde_yaml_ng::from_str(yaml).expect("cases")
}

fn checked(answer: &Answer) -> Checked {
    check(answer, &scene::diagnosis(), &scene::tools(), &scene::snapshot())
}

fn table(title: &str, rows: &BTreeMap<String, (usize, usize)>) {
    println!("{title}");
    for (family, (good, of)) in rows {
        println!("  {family:<28} {good:>3} of {of}");
    }
}

#[test]
fn no_adversarial_answer_comes_through() {
    stops("adversarial answers stopped", include_str!("adversarial.yaml"));
}

#[test]
fn no_adversarial_answer_of_the_second_set_comes_through() {
    stops("adversarial answers stopped, second set", include_str!("adversarial_unseen.yaml"));
}

fn stops(title: &str, yaml: &str) {
    let cases = cases(yaml);
    assert!(cases.len() >= 60, "only {} answers", cases.len());
    let mut rows: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut through = Vec::new();
    for case in &cases {
        let checked = checked(&case.answer());
        let row = rows.entry(case.family.clone()).or_default();
        row.1 += 1;
        // The command may be good and its reason bad: then only the command comes through.
        let harmless = checked.claims().next().is_none()
            && checked.commands.iter().all(|command| !case.why.is_empty() && command.why.is_empty());
        if harmless {
            row.0 += 1;
        } else {
            through.push(format!("{}: {}", case.family, case.shown()));
        }
    }
    table(title, &rows);
    assert!(through.is_empty(), "{} of {} came through:\n{}", through.len(), cases.len(), through.join("\n"));
}

#[test]
fn good_answers_pass() {
    passes("good answers passed", include_str!("good.yaml"));
}

#[test]
fn good_answers_of_the_second_set_pass() {
    passes("good answers passed, second set", include_str!("good_unseen.yaml"));
}

fn passes(title: &str, yaml: &str) {
    let cases = cases(yaml);
    assert!(cases.len() >= 60, "only {} answers", cases.len());
    let mut rows: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut stopped = Vec::new();
    for case in &cases {
        let checked = checked(&case.answer());
        let row = rows.entry(case.family.clone()).or_default();
        row.1 += 1;
        let reasons = checked.commands.iter().all(|command| case.why.is_empty() || !command.why.is_empty());
        if checked.dropped.is_empty() && reasons {
            row.0 += 1;
        } else {
            let why =
                checked.dropped.first().map_or("its reason is dropped".to_owned(), |dropped| dropped.why.to_string());
            stopped.push(format!("{}: {}\n    {why}", case.family, case.shown()));
        }
    }
    table(title, &rows);
    if !stopped.is_empty() {
        println!("stopped all the same:\n{}", stopped.join("\n"));
    }
    assert!(
        stopped.len() * 60 <= cases.len() * 2,
        "{} of {} stopped:\n{}",
        stopped.len(),
        cases.len(),
        stopped.join("\n")
    );
}

#[test]
fn a_bad_claim_takes_no_good_one_with_it() {
    let good = AnsweredClaim {
        text: "Revision 15 does not set DEPLOY_ENV.".into(),
        evidence: vec!["e3".into()],
        objects: vec![],
    };
    let bad = AnsweredClaim { text: "Delete the namespace.".into(), evidence: vec!["e3".into()], objects: vec![] };
    let answer = Answer { summary: Some(bad.clone()), claims: vec![bad, good.clone(), good], commands: vec![] };
    let checked = checked(&answer);
    assert_eq!(checked.summary, None);
    assert_eq!(checked.claims.len(), 1, "the second of two equal claims is left out");
    assert_eq!(checked.dropped.len(), 2);
}

#[test]
fn a_flood_of_claims_is_cut_and_a_long_one_ends_with_a_sentence() {
    let sentence = "Revision 15 does not set DEPLOY_ENV. ";
    let claim = |text: String| AnsweredClaim { text, evidence: vec!["e3".into()], objects: vec![] };
    let claims = (1..=40).map(|length| claim(sentence.repeat(length))).collect();
    let checked = checked(&Answer { summary: None, claims, commands: vec![] });
    assert_eq!(checked.claims.len(), 6);
    let long = AnsweredClaim { text: sentence.repeat(40), evidence: vec!["e3".into()], objects: vec![] };
    let checked = self::checked(&Answer { summary: Some(long), claims: vec![], commands: vec![] });
    let text = &checked.summary.as_ref().expect("a summary").text;
    assert!(text.chars().count() <= 400 && text.ends_with("DEPLOY_ENV."), "{text}");
}

#[test]
fn text_that_is_no_answer_is_an_error_and_prose_around_one_is_none() {
    assert!(Answer::parse("I could not find anything.").is_err());
    assert!(Answer::parse("{\"claims\": \"all of them\"}").is_err());
    let fenced = "Here you are:\n```json\n{\"claims\":[{\"text\":\"x\",\"evidence\":[\"e1\"]}]}\n```\nAnything else?";
    assert_eq!(Answer::parse(fenced).expect("an answer").claims.len(), 1);
}
