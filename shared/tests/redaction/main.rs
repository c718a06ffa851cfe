//! The redaction corpora: what must be hidden, and what must be kept.
//!
//! Everything in here is a TEST VECTOR. No secret is written out: prefixes are split and the rest is drawn by a generator
//! with a fixed seed, so that neither the repository nor a scanner over it ever sees a whole one. Run with `--nocapture`
//! to see the table.

mod look_alikes;
mod secrets;
mod vectors;

use std::collections::BTreeMap;

use proptest::prelude::*;
use shared::redact::{HIDDEN, redact};

#[test]
fn every_secret_of_the_corpus_is_hidden() {
    let corpus = secrets::corpus();
    assert!(corpus.len() >= 100, "only {} secrets", corpus.len());
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut leaked = Vec::new();
    for vector in &corpus {
        let redacted = redact(&vector.text);
        let row = table.entry(vector.family).or_default();
        row.1 += 1;
        // A part of a secret is a secret: of what is long enough, no twelve characters in a row may be left.
        let parts: Vec<String> = windows(&vector.secret, 12);
        if redacted.contains(&vector.secret) || parts.iter().any(|part| redacted.contains(part)) {
            leaked.push(format!("{}: {}\n      {redacted}", vector.family, vector.text));
        } else {
            row.0 += 1;
        }
    }
    println!("{:<28} hidden", "secrets");
    for (family, (hidden, of)) in &table {
        println!("{family:<28} {hidden:>3} of {of}");
    }
    println!("{:<28} {:>3} of {}", "all", corpus.len() - leaked.len(), corpus.len());
    assert!(leaked.is_empty(), "{} not hidden:\n{}", leaked.len(), leaked.join("\n"));
}

#[test]
fn look_alikes_are_kept() {
    let corpus = look_alikes::corpus();
    assert!(corpus.len() >= 100, "only {} look-alikes", corpus.len());
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut lost = Vec::new();
    for (family, text) in &corpus {
        let row = table.entry(family).or_default();
        row.1 += 1;
        let redacted = redact(text);
        if redacted == *text {
            row.0 += 1;
        } else {
            lost.push(format!("{family}: {text}\n      {redacted}"));
        }
    }
    println!("{:<28} kept", "look-alikes");
    for (family, (kept, of)) in &table {
        println!("{family:<28} {kept:>3} of {of}");
    }
    println!("{:<28} {:>3} of {}", "all", corpus.len() - lost.len(), corpus.len());
    let least = (corpus.len() * 95).div_ceil(100);
    assert!(corpus.len() - lost.len() >= least, "{} not kept:\n{}", lost.len(), lost.join("\n"));
    if !lost.is_empty() {
        println!("hidden all the same:\n{}", lost.join("\n"));
    }
}

#[test]
fn secrets_stay_hidden_inside_other_text() {
    for vector in secrets::corpus() {
        let line = format!("2026-03-01T05:21:40Z WARN api[12] before\n{}\nafter, 3 retries left", vector.text);
        let redacted = redact(&line);
        assert!(!redacted.contains(&vector.secret), "{}: {redacted}", vector.family);
        assert!(redacted.starts_with("2026-03-01T05:21:40Z WARN api[12] before\n"), "{}: {redacted}", vector.family);
        assert!(redacted.ends_with("after, 3 retries left"), "{}: {redacted}", vector.family);
    }
}

#[test]
fn what_is_hidden_stays_as_it_is() {
    for vector in secrets::corpus() {
        let once = redact(&vector.text).into_owned();
        assert_eq!(redact(&once), once, "{}", vector.family);
    }
}

#[test]
fn hostile_text_take_linear_time() {
    let hostile = [
        "password=",
        "a=",
        "key=",
        "cookie: none ",
        "xoxb-",
        "a-",
        "eyJ-",
        "PRIVATE KEY",
        "-----BEGIN PRIVATE KEY",
        "://",
        "a:b@",
        "machine ",
        "password: |",
        "-u a:b ",
        "glpat-",
        "\"name\":\"x\",",
        "'",
        "\\\"",
        "api.telegram.org/bot",
        "QUJD",
        "password: the ",
        "<password>",
        "%3D",
        "sig=/x",
        "session=a,b",
        "비밀번호:",
    ];
    for part in hostile {
        let (small, large) = (part.repeat(12_000 / part.len()), part.repeat(96_000 / part.len()));
        let took = |text: &str| {
            let begin = std::time::Instant::now();
            let length = redact(text).len();
            (begin.elapsed().as_secs_f64(), length)
        };
        let ((first, _), (second, _)) = (took(&small), took(&large));
        // Eight times the text; quadratic time would be sixty-four times as much.
        assert!(second < first * 30.0 + 0.2, "{part:?}: {first:.3} s, then {second:.3} s");
    }
}

fn windows(secret: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = secret.chars().collect();
    chars.windows(width).map(|window| window.iter().collect()).collect()
}

/// Text with a bias to what the scanners look at.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-zA-Z0-9+/=_.-]{0,48}",
        2 => prop::sample::select(vec![
            "password", "token", "secret", "Authorization", "Cookie", "=", ": ", ":", "\"", "'", "\\\"", "=>", "://", "@", "&", ",",
            "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "eyJ", "ghp_", "xoxb-", "AKIA", " -p", "--password ",
            "|\n  ", "\n", "Bearer ", "Basic ", "hooks.slack.com/services/", "{\"name\":\"DB_PASSWORD\",\"value\":\"", HIDDEN, "%3D",
            "IDENTIFIED BY '", "<password>", "</password>", "비밀번호", "암호: ", "🔑", "[", "]", "${", "}", "curl -u ", "key",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_is_redacting_once(text in fragments()) {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once).into_owned(), once);
    }

    #[test]
    fn text_never_grows_beyond_a_mark_for_each_of_its_bytes(text in fragments()) {
        let redacted = redact(&text);
        prop_assert!(redacted.len() <= text.len() * HIDDEN.len());
        // In practice far less: no more than a mark for every four bytes.
        prop_assert!(redacted.len() <= text.len() + HIDDEN.len() * (text.len() / 4 + 1));
    }

    #[test]
    fn any_text_at_all_is_survived(text in "\\PC*") {
        redact(&text);
    }

    #[test]
    fn a_password_behind_its_name_never_comes_through(password in "[A-Za-z0-9!#%^+~]{12,40}", name in prop::sample::select(
        vec!["password", "DB_PASSWORD", "api_key", "clientSecret", "spring.datasource.password"],
    )) {
        for text in [
            format!("{name}={password}"), format!("{name}: {password}"), format!("\"{name}\": \"{password}\""),
            format!("\\\"{name}\\\":\\\"{password}\\\""), format!("{{{name}={password}, b=c}}"), format!("--{name} {password}"),
        ] {
            prop_assert!(!redact(&text).contains(&password), "{}", redact(&text));
        }
    }
}
