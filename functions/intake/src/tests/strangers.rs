//! The fuzz targets, over the samples and mutations of them. The mutations are drawn from a fixed seed: a failure repeats.

use proptest::prelude::*;

use super::kit::sample;
use crate::strangers::TARGETS;

/// Mutations of each sample.
const MUTATIONS: u64 = 400;

fn corpus() -> Vec<Vec<u8>> {
    let names = [
        "webhook-alertmanager",
        "webhook-alertmanager-resolved",
        "webhook-grafana",
        "webhook-grafana-no-data",
        "slack-event-mention",
        "slack-event-direct",
        "slack-url-verification",
        "url-slack-command",
        "url-alertmanager",
    ];
    let mut corpus: Vec<Vec<u8>> = names.iter().map(|name| sample(name).to_string().into_bytes()).collect();
    let payload = sample("slack-interaction").to_string();
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish();
    corpus.push(form.into_bytes());
    corpus.push(
        b"command=%2Flogs&text=checkout&user_id=U0123456789&response_url=https%3A%2F%2Fx&trigger_id=1.2.x".to_vec(),
    );
    corpus.push(format!("v0={}", "0f".repeat(32)).into_bytes());
    corpus.push(b"Bearer in-use".to_vec());
    corpus.push(b"Y29tbWFuZD0lMkZsb2dz".to_vec());
    corpus.push(format!("{}1{}", "[".repeat(5000), "]".repeat(5000)).into_bytes());
    corpus.push(
        br#"{"alerts":[{"status":"firing","labels":{"a":"\ud800"},"startsAt":"-009999-01-01T00:00:00Z"}]}"#.to_vec(),
    );
    corpus
}

/// Small numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}

/// A byte changed, a piece taken out, doubled, or brought in from another sample: up to four times.
fn mutated(sample: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(5) {
            0 if !bytes.is_empty() => bytes[at] = dice.below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => bytes.splice(at..at, bytes[at..end].to_vec()).for_each(drop),
            3 => {
                let from = dice.below(other.len());
                let until = (from + dice.below(60)).min(other.len());
                bytes.splice(at..end, other[from..until].iter().copied()).for_each(drop);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn nothing_that_strangers_send_makes_a_panic_or_breaks_what_is_promised() {
    let corpus = corpus();
    let mut dice = Dice(20_261_121);
    for (_, target) in TARGETS {
        target(b"");
        for sample in &corpus {
            target(sample);
            for _ in 0..MUTATIONS {
                let other = &corpus[dice.below(corpus.len())];
                target(&mutated(sample, other, &mut dice));
            }
        }
    }
}

#[test]
fn the_seeds_of_the_fuzz_targets_hold() {
    for (name, target) in TARGETS {
        let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
        let seeds: Vec<_> = std::fs::read_dir(&folder).expect(&folder).map(|seed| seed.unwrap().path()).collect();
        assert!(!seeds.is_empty(), "{folder}");
        for seed in seeds {
            target(&std::fs::read(seed).unwrap());
        }
    }
}

#[test]
fn every_target_has_its_fuzz_target() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is missing in fuzz/Cargo.toml");
        let path = format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&path).exists(), "{path}");
    }
}

proptest! {
    #[test]
    fn bytes_at_random_make_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn only_the_secret_that_signed_lets_in(body in ".{0,200}", secret in "[a-z]{1,40}", other in "[a-z]{1,40}") {
        use crate::guard::{Seen, slack};
        use crate::request::{Path, Request};
        use super::kit::{now, signature};
        use shared::config::Secret;
        let headers = signature(body.as_bytes(), now(), &Secret::new(secret.clone()));
        let request = Request::new(Path::SlackEvents, headers, body.into_bytes());
        let let_in = |secrets: &[Secret]| slack(&request, secrets, &Seen::default(), now()).is_ok();
        prop_assert!(let_in(&[Secret::new(secret.clone())]));
        prop_assert!(let_in(&[Secret::new(other.clone()), Secret::new(secret.clone())]));
        prop_assert_eq!(let_in(&[Secret::new(other.clone())]), other == secret);
    }

    #[test]
    fn a_command_arrives_as_it_was_written(text in "\\PC{0,80}", user in "U[A-Z0-9]{8}") {
        use super::kit::now;
        use shared::bus::BusEvent;
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("command", "/logs"), ("text", text.as_str()), ("user_id", user.as_str())])
            .finish();
        let (_, events) = crate::slack::command(&body, shared::text::Language::En, now()).unwrap();
        let [BusEvent::Command(command)] = &events[..] else { panic!("one command") };
        prop_assert_eq!(command.text.as_str(), text.trim());
        prop_assert_eq!(&command.user_id, &user);
    }
}
