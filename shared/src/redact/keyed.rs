//! What stands behind a telling name.
//!
//! Every `=`, `:`, `>` and `,` is looked at from the name before it: `DB_PASSWORD=…`, `"token": "…"`, `password: …` and its YAML
//! block, `Authorization: Bearer …`, `<password>…`, `('secret', '…')`, written quotes (`\"password\":\"…\"`) and `%3D` included.
//! Beside these: flags (`--password …`, `-u user:…`), pairs of name and value (`{"name":"DB_PASSWORD","value":"…"}`) and SQL
//! (`IDENTIFIED BY '…'`). After a value the search goes on behind it, so that the whole stays linear.

use std::ops::Range;

use super::names::{Telling, harmless, looks_secret, telling};
use super::{run, run_within};

/// The longest name looked back for.
const MAX_NAME: usize = 64;
/// How far behind `name: DB_PASSWORD` its `value:` may stand.
const PAIR_REACH: usize = 48;
/// Longer values are not looked into again.
const LONG: usize = 1024;
/// The longest value of a flag.
const MAX_FLAG: usize = 4096;

pub(super) fn find(text: &str, spans: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut armed_until = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some((separator_end, separator)) = separator(bytes, at) else {
            if let Some(span) = flag(text, at).or_else(|| phrase(text, at)) {
                at = span.end;
                spans.push(span);
            } else {
                at += 1;
            }
            continue;
        };
        let Some(name) = name_before(text, at, separator) else {
            at = separator_end;
            continue;
        };
        let pair_value = at < armed_until && is_value_name(name.text);
        let told = if pair_value { Some(Telling::Surely) } else { telling(name.text) };
        let pair_name = is_pair_name(name.text);
        if told.is_none() && !pair_name {
            at = separator_end;
            continue;
        }
        let value = value_after(text, separator_end, separator, told == Some(Telling::Header), &name);
        let Some(value) = value else {
            at = separator_end;
            continue;
        };
        let content = &text[value.clone()];
        if pair_name && content.len() <= MAX_NAME && telling(content) == Some(Telling::Surely) {
            armed_until = value.end + PAIR_REACH;
            at = value.end;
            continue;
        }
        let hidden = match told {
            Some(Telling::Surely) => {
                let sentence = separator == b':' && is_sentence(text, &name, &value);
                !(sentence || harmless(content))
            }
            Some(Telling::Perhaps) => !harmless(content) && looks_secret(content),
            Some(Telling::Header) => true,
            None => false,
        };
        // What is not hidden is searched again from within, unless it is so long that this would add up.
        let next = if hidden || value.len() > LONG { value.end } else { separator_end };
        at = next.max(separator_end);
        if hidden {
            spans.push(value);
        }
    }
}

/// The end of the separator at `at`, and which it is.
fn separator(bytes: &[u8], at: usize) -> Option<(usize, u8)> {
    let next = bytes.get(at + 1).copied().unwrap_or(0);
    match bytes[at] {
        b'=' if next == b'>' => Some((at + 2, b'=')),
        b'=' if next == b'=' => Some((at + 2, b'=')),
        b':' if next == b'=' => Some((at + 2, b'=')),
        b':' if bytes[at + 1..].starts_with(b"//") => None,
        byte @ (b'=' | b':' | b'>' | b',') => Some((at + 1, byte)),
        b'%' if bytes[at + 1..].starts_with(b"3D") || bytes[at + 1..].starts_with(b"3d") => Some((at + 3, b'=')),
        b'%' if bytes[at + 1..].starts_with(b"3A") || bytes[at + 1..].starts_with(b"3a") => Some((at + 3, b':')),
        _ => None,
    }
}

struct Name<'t> {
    text: &'t str,
    start: usize,
    quoted: bool,
}

/// The name that ends before the separator at `at`.
fn name_before<'t>(text: &'t str, at: usize, separator: u8) -> Option<Name<'t>> {
    let bytes = text.as_bytes();
    let mut end = at;
    while end > 0 && matches!(bytes[end - 1], b' ' | b'\t') && at - end < 24 {
        end -= 1;
    }
    let quoted = end > 0 && matches!(bytes[end - 1], b'"' | b'\'' | b'`');
    if quoted {
        end -= 1;
        if end > 0 && bytes[end - 1] == b'\\' {
            end -= 1;
        }
    } else if end > 0 && bytes[end - 1] == b']' {
        end -= 1;
        while end > 0 && matches!(bytes[end - 1], b'"' | b'\'') {
            end -= 1;
        }
    }
    let from = text.floor_char_boundary(end.saturating_sub(MAX_NAME));
    let head = &text[from..end];
    let start = head
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        .last()
        .map(|(index, _)| from + index)?;
    // Tags and pairs need their other half.
    match separator {
        b'>' if start == 0 || bytes[start - 1] != b'<' => None,
        b',' if !quoted => None,
        _ => Some(Name { text: text[start..end].trim_start_matches('-'), start, quoted }),
    }
}

fn is_pair_name(name: &str) -> bool {
    ["name", "key", "parameterkey", "variable"].iter().any(|one| name.eq_ignore_ascii_case(one))
}

fn is_value_name(name: &str) -> bool {
    ["value", "val", "parametervalue"].iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// The value behind a separator.
fn value_after(text: &str, from: usize, separator: u8, header: bool, name: &Name<'_>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = run(bytes, from, |byte| matches!(byte, b' ' | b'\t'));
    if separator == b'>' {
        let end = run(bytes, start, |byte| byte != b'<' && byte != b'\n');
        return (end > start && bytes.get(end) == Some(&b'<')).then_some(start..end);
    }
    if header && bytes.get(start) == Some(&b'[') {
        start += 1;
    }
    for wrapper in ["Some(", "b\"", "b'", "!!binary ", "%22", "%27"] {
        if text[start..].starts_with(wrapper) {
            start += wrapper.trim_end_matches(['"', '\'']).len();
            break;
        }
    }
    let escaped = bytes.get(start) == Some(&b'\\') && matches!(bytes.get(start + 1), Some(b'"' | b'\''));
    let open = if escaped { start + 1 } else { start };
    match bytes.get(open).copied() {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            let begin = open + 1;
            let end = closing(bytes, begin, quote, escaped);
            (end > begin).then_some(begin..end)
        }
        _ if separator == b',' => None,
        Some(b'|' | b'>') if separator == b':' => block(text, name.start, start),
        _ if header => {
            let first = run_within(bytes, start, 16, |byte| !byte.is_ascii_whitespace());
            let word = text.get(start..first)?;
            let scheme = ["token", "key", "secret"].iter().any(|one| word.eq_ignore_ascii_case(one));
            if harmless(word) && !(scheme && bytes.get(first) == Some(&b' ')) {
                return None;
            }
            let end = run(bytes, start, |byte| !matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'\\'));
            let end = start + text[start..end].trim_end().len();
            (end > start).then_some(start..end)
        }
        _ => {
            let end = bare(bytes, start);
            (end > start).then_some(start..end)
        }
    }
}

/// The quote that closes a value; the end of the line where none does.
fn closing(bytes: &[u8], from: usize, quote: u8, escaped: bool) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != b'\n' {
        if bytes[at] == b'\\' {
            if escaped && bytes.get(at + 1) == Some(&quote) {
                return at;
            }
            at += 2;
            continue;
        }
        if bytes[at] == quote {
            return at;
        }
        at += 1;
    }
    at.min(bytes.len())
}

/// The end of a value without quotes. A comma, semicolon or bracket ends it only where what follows looks like more of a list:
/// passwords hold such characters too.
fn bare(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'<' | b'`' | b'&' => break,
            b'\\' if matches!(bytes.get(at + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'')) => break,
            b',' | b';' | b'|' if list_goes_on(bytes, at + 1) => break,
            b')' | b']' | b'}' if ends_list(bytes, at + 1) => break,
            _ => at += 1,
        }
    }
    at
}

fn list_goes_on(bytes: &[u8], at: usize) -> bool {
    let end = run(bytes, at, |byte| super::is_word(byte) || b"-.".contains(&byte));
    match bytes.get(at) {
        None => true,
        Some(byte) if byte.is_ascii_whitespace() || b"\"'{[".contains(byte) => true,
        _ => end > at && matches!(bytes.get(end), Some(b'=' | b':')),
    }
}

fn ends_list(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte.is_ascii_whitespace() || b",;)]}\"'.:".contains(byte))
}

/// A YAML block, `key: |` and the deeper lines after it.
fn block(text: &str, name_start: usize, marker: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let line_end = run_within(bytes, marker, 8, |byte| b"|>+-0123456789 \r".contains(&byte));
    if bytes.get(line_end) != Some(&b'\n') {
        return None;
    }
    let begin = line_end + 1;
    let line_start = text[..name_start].rfind('\n').map_or(0, |index| index + 1);
    let indent = text[line_start..name_start].chars().take_while(|c| *c == ' ' || *c == '-').count();
    let mut end = begin;
    for line in text[begin..].split_inclusive('\n') {
        let deeper = line.len() - line.trim_start_matches(' ').len() > indent;
        if !deeper && !line.trim().is_empty() {
            break;
        }
        end += line.len();
    }
    let start = begin + (text[begin..end].len() - text[begin..end].trim_start().len());
    let end = start.max(begin + text[begin..end].trim_end().len());
    (end > start).then_some(start..end)
}

/// `password: the account is locked`: an unquoted name in a sentence, with more lower-case words behind the first.
fn is_sentence(text: &str, name: &Name<'_>, value: &Range<usize>) -> bool {
    if name.quoted || !text[value.clone()].bytes().all(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let line = &text[value.end..text.floor_char_boundary((value.end + 80).min(text.len()))];
    let line = line.lines().next().unwrap_or_default();
    let words = line.split(' ').filter(|word| !word.is_empty());
    line.starts_with(' ')
        && words.take(2).filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic())).count() == 2
}

/// `--password VALUE`, `-u user:VALUE`, `-pVALUE` of the MySQL clients, `-a VALUE` of redis-cli.
fn flag(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if bytes[at] != b'-' || (at > 0 && !b" \t\"'\n[,".contains(&bytes[at - 1])) {
        return None;
    }
    let name_end = run_within(bytes, at, MAX_NAME, |byte| super::is_word(byte) || b"-.".contains(&byte));
    let name = &text[at..name_end];
    // In an argument list the value is the next element: `"--password", "…"`.
    let mut start = name_end;
    while start < bytes.len() && start - name_end < 6 && b" \"',".contains(&bytes[start]) {
        start += 1;
    }
    if start == name_end && !name.starts_with("-p") {
        return None;
    }
    let end = run_within(bytes, start, MAX_FLAG, |byte| !byte.is_ascii_whitespace() && !b"\"'`".contains(&byte));
    let value = text.get(start..end)?;
    let command = &text[text.floor_char_boundary(at.saturating_sub(200))..at];
    let command = command.rsplit('\n').next().unwrap_or_default();
    let usable = !value.is_empty() && !value.starts_with('-') && !harmless(value);
    match name {
        "-u" | "--user" | "--proxy-user" if usable && !value.contains("://") => {
            let colon = value.find(':')?;
            let password = start + colon + 1..end;
            (!password.is_empty() && !harmless(&text[password.clone()]) && (name != "-u" || command.contains("curl")))
                .then_some(password)
        }
        "-a" if usable && command.contains("redis-cli") => Some(start..end),
        "-p" if usable && (command.contains("sshpass") || command.contains("docker login")) => Some(start..end),
        _ if name.starts_with("-p") && !name.starts_with("--") && command.contains("mysql") => {
            let end = run(bytes, at + 2, |byte| !byte.is_ascii_whitespace());
            let value = &text[at + 2..end];
            (value.len() >= 3 && !harmless(value)).then_some(at + 2..end)
        }
        _ if name.starts_with("--") && usable => match telling(name)? {
            Telling::Surely => Some(start..end),
            Telling::Perhaps => (looks_secret(value) || name == "--token" || name == "--secret").then_some(start..end),
            Telling::Header => None,
        },
        _ => None,
    }
}

/// `IDENTIFIED BY '…'`, `WITH PASSWORD '…'`, `password is …`, `AUTH …`, `requirepass …`.
fn phrase(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if at > 0 && super::is_word(bytes[at - 1]) {
        return None;
    }
    let starts = |words: &str| {
        bytes.len() >= at + words.len() && bytes[at..at + words.len()].eq_ignore_ascii_case(words.as_bytes())
    };
    let quoted = |from: usize| {
        let quote = bytes.get(from).copied().filter(|byte| matches!(byte, b'\'' | b'"'))?;
        let end = closing(bytes, from + 1, quote, false);
        (end > from + 1 && !harmless(&text[from + 1..end])).then_some(from + 1..end)
    };
    let word = |from: usize| {
        let end = bare(bytes, from);
        let end = from + text[from..end].trim_end_matches(['.', ',', '!', '?']).len();
        (end > from && !harmless(&text[from..end])).then_some(from..end)
    };
    match bytes[at] {
        b'i' | b'I' if starts("identified by ") => quoted(at + 14),
        b'p' | b'P' if starts("password is ") => quoted(at + 12)
            .or_else(|| word(at + 12).filter(|span| text[span.clone()].bytes().any(|byte| !byte.is_ascii_lowercase()))),
        b'p' | b'P' if starts("password '") || starts("password \"") => quoted(at + 9),
        b'r' if starts("requirepass ") => word(at + 12),
        b'm' if starts("masterauth ") => word(at + 11),
        b'm' if starts("machine ") => {
            let line_end = text.floor_char_boundary((at + 300).min(text.len()));
            let line_end = at + text[at..line_end].find('\n').unwrap_or(line_end - at);
            let from = at + text[at..line_end].find(" password ")? + 10;
            word(from)
        }
        _ => None,
    }
}
