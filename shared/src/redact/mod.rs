//! Secrets are hidden before text leaves: to a model, Slack, e-mail or the store.
//!
//! Four scanners walk the text once each and mark what to hide; the marks are merged and replaced by [`HIDDEN`]:
//! [`blocks`] (private keys, passwords and webhooks in addresses), [`tokens`] (what a vendor's prefix or a token's shape gives
//! away), [`keyed`] (what stands behind a telling name: `password=`, `"token":`, headers, flags, SQL), [`encoded`] (base64
//! whose content is one of the former).
//!
//! There are no regular expressions here on purpose: the scanners need no building at start, which a cold function would
//! pay for with every message, and each takes time linear in the text. Hiding too much costs a detail, hiding too little a
//! secret; but an image digest or a trace id hidden makes the message useless, so shapes that hashes share are hidden only
//! where a name says what they are.

mod blocks;
mod encoded;
mod keyed;
mod names;
mod tokens;

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a secret's place.
pub const HIDDEN: &str = "[redacted]";

/// Rounds until nothing changes. Hiding one part can complete the shape of another; two rounds are the rule.
const MAX_ROUNDS: usize = 4;

/// Hides secrets in `text`. Text without any is returned as it is.
///
/// ```
/// use shared::redact::redact;
/// assert_eq!(redact("dial postgres://app:hunter2@db:5432/shop"), "dial postgres://app:[redacted]@db:5432/shop");
/// assert_eq!(redact("sha256:9f86d081884c7d65"), "sha256:9f86d081884c7d65");
/// ```
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut current = Cow::Borrowed(text);
    for _ in 0..MAX_ROUNDS {
        match once(&current) {
            Some(next) if next != current => current = Cow::Owned(next),
            _ => break,
        }
    }
    current
}

/// One round; `None` where there is nothing to hide.
fn once(text: &str) -> Option<String> {
    let mut spans = merged(find(text, 0));
    // A mark of an earlier round is one thing: a span takes all of it or is no more than it.
    if spans.is_empty() {
        return None;
    }
    let marks: Vec<usize> = text.match_indices(HIDDEN).map(|(at, _)| at).collect();
    for span in &mut spans {
        let first = marks.partition_point(|mark| mark + HIDDEN.len() <= span.start);
        let end = span.end;
        for mark in marks[first..].iter().take_while(|mark| **mark < end) {
            *span = span.start.min(*mark)..span.end.max(mark + HIDDEN.len());
        }
    }
    let mut spans = merged(spans);
    spans.retain(|span| &text[span.clone()] != HIDDEN);
    if spans.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        out.push_str(&text[at..span.start]);
        out.push_str(HIDDEN);
        at = span.end;
    }
    out.push_str(&text[at..]);
    Some(out)
}

/// What is to be hidden, unsorted. `depth` counts layers of base64.
fn find(text: &str, depth: usize) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    blocks::find(text, &mut spans);
    tokens::find(text, &mut spans);
    keyed::find(text, &mut spans);
    encoded::find(text, depth, &mut spans);
    spans.retain(|span| text.is_char_boundary(span.start) && text.is_char_boundary(span.end) && !span.is_empty());
    spans
}

fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Letters, digits and `_`: what a token does not begin or end next to.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// As [`run`], looking at no more than `max` bytes: where a run may be tried again from its middle, the whole stays linear.
fn run_within(bytes: &[u8], start: usize, max: usize, keep: impl Fn(u8) -> bool) -> usize {
    run(&bytes[..bytes.len().min(start + max)], start, keep)
}

/// The index after the run of bytes from `start` that satisfy `keep`.
fn run(bytes: &[u8], start: usize, keep: impl Fn(u8) -> bool) -> usize {
    bytes[start..].iter().position(|byte| !keep(*byte)).map_or(bytes.len(), |length| start + length)
}
