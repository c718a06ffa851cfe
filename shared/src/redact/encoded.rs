//! base64 whose content is a secret: looked into, at most two layers deep, and hidden whole.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::run;

/// Shorter runs hold nothing that the other scanners could find.
const MIN_RUN: usize = 16;
const MAX_DEPTH: usize = 2;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

pub(super) fn find(text: &str, depth: usize, spans: &mut Vec<Range<usize>>) {
    if depth >= MAX_DEPTH {
        return;
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_base64(bytes[at]) {
            at += 1;
            continue;
        }
        let mut end = run(bytes, at, is_base64);
        if end - at >= MIN_RUN {
            // `base64` breaks its lines at 76 and PEM at 64 characters; a broken line continues on the next.
            // What follows may also be the next word, so the first line is tried by itself too.
            let hides = |end: usize| decode(&text[at..end]).is_some_and(|plain| secret(&plain, depth));
            let whole = joined(bytes, at, end);
            let found = if hides(whole) { Some(whole) } else { (whole != end && hides(end)).then_some(end) };
            end = run(bytes, found.unwrap_or(whole), |byte| byte == b'=');
            if found.is_some() {
                spans.push(at..end);
            }
        }
        at = end;
    }
}

/// Whether decoded text holds a secret, or is one: the head of a private key, `user:password` of a docker login.
fn secret(plain: &str, depth: usize) -> bool {
    (plain.contains("PRIVATE KEY") && plain.contains("BEGIN")) || !super::find(plain, depth + 1).is_empty()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn joined(bytes: &[u8], start: usize, mut end: usize) -> usize {
    let width = end - start;
    while matches!(width, 60 | 64 | 76) && bytes.get(end) == Some(&b'\n') {
        let next = run(bytes, end + 1, is_base64);
        if next == end + 1 || next - end - 1 > width {
            break;
        }
        let full = next - end - 1 == width;
        end = next;
        if !full {
            break;
        }
    }
    end
}

/// The text a run encodes; `None` where it is not base64 or not text.
pub(super) fn decode(run: &str) -> Option<String> {
    let joined: String = run.chars().filter(|c| !c.is_whitespace()).collect();
    let joined = joined.trim_end_matches('=');
    // A limit may have cut the run anywhere.
    let whole = if joined.len() % 4 == 1 { &joined[..joined.len() - 1] } else { joined };
    let engine = if whole.contains(['-', '_']) { &URL } else { &PLAIN };
    let mut bytes = engine.decode(whole).ok()?;
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        let valid = error.valid_up_to();
        bytes.truncate(valid);
    }
    let text = String::from_utf8(bytes).ok()?;
    let odd = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    (odd == 0 && !text.is_empty()).then_some(text)
}
