//! Private keys over several lines, and what addresses carry: passwords before the host, webhooks' paths.

use std::ops::Range;

use super::run;

/// The longest private key looked for; RSA 16384 in PEM is about 13 kB.
const MAX_KEY_BYTES: usize = 24 * 1024;

/// Addresses whose path is the secret: what comes after these, up to the end of the address.
const WEBHOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "hooks.slack-gov.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    ".webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "hooks.zapier.com/hooks/catch/",
    "hook.dooray.com/services/",
    "wh.jandi.com/connect-api/webhook/",
    "api.telegram.org/bot",
    "events.pagerduty.com/integration/",
    "maker.ifttt.com/trigger/",
    "open.feishu.cn/open-apis/bot/v2/hook/",
];

pub(super) fn find(text: &str, spans: &mut Vec<Range<usize>>) {
    // Most texts are a name or a word: a byte that the longer patterns need is looked for first.
    if text.contains('K') {
        private_keys(text, spans);
    }
    if text.contains('/') {
        addresses(text, spans);
    }
    if text.contains('Y') {
        putty_keys(text, spans);
    }
}

fn putty_keys(text: &str, spans: &mut Vec<Range<usize>>) {
    for (start, _) in text.match_indices("PuTTY-User-Key-File-") {
        let window = floor(text, start + MAX_KEY_BYTES);
        if let Some(lines) = text[start..window].find("Private-Lines:") {
            let from = start + lines + "Private-Lines:".len();
            let to = text[from..window].find("Private-MAC:").map_or(window, |end| from + end);
            if text[from..to].trim() != super::HIDDEN {
                spans.push(from..to);
            }
        }
    }
}

/// `-----BEGIN … PRIVATE KEY-----` to its end; where a limit cut off one end, the lines of base64 that are left.
fn private_keys(text: &str, spans: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, _) in text.match_indices("PRIVATE KEY") {
        if at < done {
            continue;
        }
        let near = text.floor_char_boundary(at.saturating_sub(48));
        let label = text[near..at].rfind("-----").map(|dashes| near + dashes);
        let label = label.filter(|dashes| !text[*dashes..at].contains('\n'));
        let Some(label) = label else { continue };
        let after = run(bytes, at + "PRIVATE KEY".len(), |byte| byte == b' ' || byte.is_ascii_uppercase());
        let after = run(bytes, after, |byte| byte == b'-');
        if text[label..at].contains("BEGIN") {
            let window = floor(text, (after + MAX_KEY_BYTES).min(text.len()));
            let end = text[after..window].find("-----END");
            let end = end.map_or_else(|| key_lines_after(text, after), |length| after + length);
            // The marker stays, so that people see what was here.
            if text[after..end].trim_matches(|c: char| c.is_whitespace() || c == '\\' || c == 'n') != super::HIDDEN {
                spans.push(after..end);
            }
            done = end;
        } else if text[label..at].contains("END") {
            let start = key_lines_before(text, label, done);
            if text[start..label].trim() != super::HIDDEN {
                spans.push(start..label);
            }
            done = after;
        }
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b' ' | b'\r' | b'\n' | b'\t')
}

fn key_lines_after(text: &str, start: usize) -> usize {
    let window = floor(text, start + MAX_KEY_BYTES);
    let mut end = start;
    for line in text[start..window].split_inclusive('\n') {
        let content = line.trim();
        let header = content.starts_with("Proc-Type:") || content.starts_with("DEK-Info:");
        let kept = run(content.as_bytes(), 0, |byte| is_key_byte(byte) && byte != b' ');
        if !header && kept < content.len() {
            // Written `\n` keep a key on one line, which may go on after it.
            let lead = line.len() - line.trim_start().len();
            return if kept >= 16 { end + lead + kept } else { end };
        }
        end += line.len();
    }
    end
}

fn key_lines_before(text: &str, end: usize, not_before: usize) -> usize {
    let from = end.saturating_sub(MAX_KEY_BYTES).max(not_before).min(end);
    let bytes = &text.as_bytes()[from..end];
    let kept = bytes.iter().rev().position(|byte| !is_key_byte(*byte)).unwrap_or(bytes.len());
    // The first of these lines may be a sentence's end; a line of a key has no spaces.
    let mut start = end - kept;
    while let Some(line_end) = text[start..end].find('\n') {
        let line = text[start..start + line_end].trim();
        if line.contains(' ') || (line.len() < 16 && start > 0) || line.is_empty() {
            start += line_end + 1;
        } else {
            break;
        }
    }
    start
}

/// The last character boundary at or before `index`.
fn floor(text: &str, index: usize) -> usize {
    text.floor_char_boundary(index.min(text.len()))
}

fn ends_address(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\') || byte.is_ascii_control()
}

fn addresses(text: &str, spans: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, _) in text.match_indices("://") {
        if at < done {
            continue;
        }
        let start = at + 3;
        let scheme_start = bytes[..at].iter().rposition(|byte| !byte.is_ascii_alphanumeric() && !b"+.-".contains(byte));
        let scheme = &text[scheme_start.map_or(0, |index| index + 1)..at];
        let end = run(bytes, start, |byte| !ends_address(byte));
        done = end;
        // Passwords in the addresses of databases and brokers are often written unescaped, slashes and all.
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let authority_end =
            if web { run(bytes, start, |byte| !ends_address(byte) && !b"/?#".contains(&byte)) } else { end };
        // A list of brokers has one password each.
        for part in split(text, start, authority_end) {
            let Some(host) = text[part.clone()].rfind('@').map(|index| part.start + index) else { continue };
            let user = &text[part.start..host];
            match user.find(':') {
                Some(colon) if host > part.start + colon + 1 => hide(text, part.start + colon + 1..host, spans),
                Some(_) => {}
                None if user.len() >= 20 => hide(text, part.start..host, spans),
                None => {}
            }
        }
    }
    for webhook in WEBHOOKS {
        let mut done = 0;
        for (at, found) in text.match_indices(webhook) {
            if at < done {
                continue;
            }
            let start = at + found.len();
            let end = run(bytes, start, |byte| !ends_address(byte) && !b"|),;]".contains(&byte));
            hide(text, start..end, spans);
            done = end;
        }
    }
}

/// The parts of `mongodb://a:b@h1,c:d@h2`.
fn split(text: &str, start: usize, end: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut from = start;
    for (comma, _) in text[start..end].match_indices(',') {
        if text[start + comma..end].contains('@') && text[from..start + comma].contains('@') {
            parts.push(from..start + comma);
            from = start + comma + 1;
        }
    }
    parts.push(from..end);
    parts
}

fn hide(text: &str, span: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let value = &text[span.clone()];
    let placeholder = value == super::HIDDEN
        || value.chars().all(|c| c == '*' || c == 'x' || c == 'X')
        || (value.starts_with("${") && value.ends_with('}'))
        || (value.starts_with("$(") && value.ends_with(')'))
        || (value.starts_with("{{") && value.ends_with("}}"));
    if !value.is_empty() && !placeholder {
        spans.push(span);
    }
}
