//! Log mining: lines become templates with counts, so that a thousand lines are a handful of patterns.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::{model::ObjectRef, snapshot::ContainerLog};

/// How bad a line says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Below warning, or unknown.
    Info,
    /// A warning.
    Warning,
    /// An error, fatal or panic.
    Error,
}

/// Lines of one container of one workload that differ only in numbers, identifiers, times and addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPattern {
    /// The workload.
    pub workload: ObjectRef,
    /// The container.
    pub container: String,
    /// The line with what varies replaced by `*`.
    pub template: String,
    /// The newest line, in full.
    pub example: String,
    /// The same in lower case, for those who look for words in it.
    pub lower: String,
    /// How many lines.
    pub count: usize,
    /// In which pods.
    pub pods: BTreeSet<String>,
    /// Time of the first line, where lines carry times.
    pub first_seen: Option<Timestamp>,
    /// Time of the last line.
    pub last_seen: Option<Timestamp>,
    /// The worst level found.
    pub level: Level,
    /// Whether all lines are from before a container's last restart.
    pub previous: bool,
    /// Whether it is among the last lines of a log: what the container said before it ended or now.
    pub at_end: bool,
}

impl LogPattern {
    /// Whether the example contains one of `needles`, ignoring ASCII case.
    pub fn says(&self, needles: &[&str]) -> bool {
        needles.iter().any(|needle| {
            let is_lower = !needle.bytes().any(|byte| byte.is_ascii_uppercase());
            if is_lower { self.lower.contains(needle) } else { self.lower.contains(&needle.to_ascii_lowercase()) }
        })
    }
}

/// Lines from the end of a log that count as its end.
const END: usize = 8;

/// Mines the logs of one workload.
pub(super) fn mine(workload: &ObjectRef, logs: &[&ContainerLog], into: &mut Vec<LogPattern>) {
    let start = into.len();
    let mut known: HashMap<&str, HashMap<String, usize>> = HashMap::new();
    // The newest line of each pattern; copied once, at the end.
    let mut newest: Vec<&str> = Vec::new();
    for log in logs {
        let known = known.entry(log.container.as_str()).or_default();
        let mut lines: Vec<(&str, Option<Timestamp>)> = Vec::new();
        let mut time = None;
        for line in log.text.lines().filter(|line| !is_continuation(line)) {
            time = time_of(line).or(time);
            lines.extend(parts(line).map(|part| (part, time)));
        }
        let end = lines.len().saturating_sub(END);
        for (number, (line, time)) in lines.into_iter().enumerate() {
            let index = *known.entry(template(line)).or_insert_with_key(|template| {
                into.push(LogPattern {
                    workload: workload.clone(),
                    container: log.container.clone(),
                    template: template.clone(),
                    example: String::new(),
                    lower: String::new(),
                    count: 0,
                    pods: BTreeSet::new(),
                    first_seen: time,
                    last_seen: time,
                    level: level(line),
                    previous: true,
                    at_end: false,
                });
                newest.push(line);
                into.len() - 1
            });
            let pattern = &mut into[index];
            if time >= pattern.last_seen {
                newest[index - start] = line;
            }
            pattern.count += 1;
            if !pattern.pods.contains(&log.pod) {
                pattern.pods.insert(log.pod.clone());
            }
            pattern.first_seen = [pattern.first_seen, time].into_iter().flatten().min();
            pattern.last_seen = pattern.last_seen.max(time);
            pattern.previous &= log.previous;
            pattern.at_end |= number >= end;
        }
    }
    for (pattern, line) in into[start..].iter_mut().zip(newest) {
        let line = line.trim();
        line[..line.char_indices().nth(2000).map_or(line.len(), |(at, _)| at)].clone_into(&mut pattern.example);
        pattern.lower = pattern.example.to_ascii_lowercase();
    }
}

/// The lines of a record that a structured logger wrote as one, with the breaks escaped; a plain line as it is.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split("\\n").filter(|part| {
        let part = part.strip_prefix("\\t").unwrap_or(part).trim_start();
        !(part.is_empty() || part.starts_with("at ") || part.starts_with("... ") || part.starts_with("File \\\""))
    })
}

/// A stack frame or the like, which belongs to the line before it.
fn is_continuation(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.is_empty()
        || (line.len() != trimmed.len()
            && (trimmed.starts_with("at ") || trimmed.starts_with("...") || trimmed.starts_with("File \"")))
}

/// Levels as pino and bunyan number them (<https://getpino.io/#/docs/api?id=loggerlevel-string-gettersetter>), and as the
/// translations of `java.util.logging` and of servers' messages name them.
const STATES_ERROR: &[&str] =
    &["\"level\":50", "\"level\":60", "오류", "에러", "심각", "错误", "錯誤", "严重", "エラー", "重大"];
const STATES_WARNING: &[&str] = &["\"level\":40", "경고", "警告"];

/// The level a line states, in the ways that common loggers write it.
pub fn level(line: &str) -> Level {
    let head: String = line.chars().take(400).collect::<String>().to_ascii_lowercase();
    let word = |needle: &str| {
        head.match_indices(needle).any(|(at, _)| {
            let before = head[..at].chars().next_back();
            let after = head[at + needle.len()..].chars().next();
            !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
        })
    };
    // klog writes E0102 15:04:05.
    let klog = |letter: u8| {
        head.as_bytes().first() == Some(&letter)
            && head.len() > 5
            && head.as_bytes()[1..5].iter().all(u8::is_ascii_digit)
    };
    if klog(b'e')
        || klog(b'f')
        || ["error", "fatal", "panic", "critical", "severe", "exception"].iter().any(|w| word(w))
        || STATES_ERROR.iter().any(|words| head.contains(words))
    {
        Level::Error
    } else if klog(b'w')
        || ["warn", "warning"].iter().any(|w| word(w))
        || STATES_WARNING.iter().any(|words| head.contains(words))
    {
        Level::Warning
    } else {
        Level::Info
    }
}

/// The line with numbers, hexadecimal identifiers and quoted identifiers replaced by `*`.
fn template(line: &str) -> String {
    let line = line.trim();
    let mut out = String::with_capacity(line.len().min(600));
    let mut word = 0;
    for (at, c) in line.char_indices().take(600) {
        if !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            push_word(&mut out, &line[word..at]);
            out.push(c);
            word = at + c.len_utf8();
        }
    }
    let end = line.char_indices().nth(600).map_or(line.len(), |(at, _)| at);
    push_word(&mut out, &line[word..end]);
    out
}

fn push_word(out: &mut String, word: &str) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = digits > 0 && word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let varies =
        digits > 0 && (hexadecimal || digits * 2 >= word.len() || word.starts_with(|c: char| c.is_ascii_digit()));
    if varies {
        if !out.ends_with('*') {
            out.push('*');
        }
    } else {
        out.push_str(word);
    }
}

/// The time at or near the start of a line, in RFC 3339 or `2026-01-02 15:04:05`, taken as UTC where no zone is written.
pub fn time_of(line: &str) -> Option<Timestamp> {
    let bytes = line.as_bytes();
    // The year, anywhere in the line: structured logs have the time last. It stands before the first dash.
    let dashes = bytes.iter().enumerate().skip(4).filter(|(_, byte)| **byte == b'-').map(|(at, _)| at - 4);
    let start = dashes.take_while(|at| at + 19 <= bytes.len()).find(|&at| {
        let shape = b"dddd-dd-dd?dd:dd:dd";
        shape.iter().zip(&bytes[at..]).all(|(want, have)| match want {
            b'd' => have.is_ascii_digit(),
            b'?' => matches!(have, b'T' | b' ' | b't'),
            other => have == other,
        })
    })?;
    let text = line.get(start..start + 19)?;
    let rest = line.get(start + 19..)?;
    let fraction =
        rest.len() - rest.trim_start_matches(['.', ',', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).len();
    let zone = rest.get(fraction..).unwrap_or_default();
    let zone = match zone.as_bytes() {
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|d| d.is_ascii_digit()) => zone.get(..6)?,
        _ => "Z",
    };
    format!("{}T{}{zone}", &text[..10], &text[11..]).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn mined(text: &str) -> Vec<LogPattern> {
        let log =
            ContainerLog { pod: "api-1".into(), container: "app".into(), text: text.into(), ..Default::default() };
        let mut patterns = Vec::new();
        mine(&ObjectRef::new(Kind::Deployment, "shop", "api"), &[&log], &mut patterns);
        patterns
    }

    #[test]
    fn lines_that_differ_in_numbers_and_identifiers_are_one_pattern() {
        let patterns = mined(
            "2026-03-01T11:00:00Z ERROR order 17 failed for 3f2b8a1c-0d1e-4f5a-9b8c-7d6e5f4a3b2c\n\
             2026-03-01T11:00:05Z ERROR order 18 failed for 9a8b7c6d-0d1e-4f5a-9b8c-7d6e5f4a3b2c\n\
             2026-03-01T11:00:06Z INFO ready\n",
        );
        assert_eq!(patterns.len(), 2);
        assert_eq!((patterns[0].count, patterns[0].level), (2, Level::Error));
        assert_eq!(patterns[0].first_seen, Some("2026-03-01T11:00:00Z".parse().unwrap()));
        assert_eq!(patterns[0].last_seen, Some("2026-03-01T11:00:05Z".parse().unwrap()));
    }

    #[test]
    fn stack_frames_are_not_patterns_of_their_own() {
        assert_eq!(mined("java.lang.IllegalStateException: no\n\tat a.b.C.d(C.java:1)\n\t... 3 more\n").len(), 1);
    }

    #[test]
    fn a_record_that_a_structured_logger_wrote_in_one_line_is_several() {
        let patterns = mined(
            "{\"level\":50,\"msg\":\"cannot start\\n\\tat a.b.C.d(C.java:1)\\nCaused by: java.net.ConnectException: Connection refused\"}\n",
        );
        assert_eq!(patterns.len(), 2);
        assert_eq!(patterns[0].level, Level::Error);
        assert!(patterns[1].example.starts_with("Caused by"));
    }

    #[test]
    fn levels_are_read_in_numbers_and_other_languages() {
        assert_eq!(level("{\"level\":50,\"msg\":\"x\"}"), Level::Error);
        assert_eq!(level("심각: 서블릿 x"), Level::Error);
        assert_eq!(level("警告: 遅い"), Level::Warning);
        assert_eq!(level("{\"level\":30,\"msg\":\"x\"}"), Level::Info);
    }

    #[test]
    fn times_are_found_wherever_loggers_put_them() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(time_of("2026-03-01 12:00:00.123 INFO x"), Some(noon));
        assert_eq!(time_of(r#"{"m":"x","ts":"2026-03-01T21:00:00.5+09:00"}"#), Some(noon));
        assert_eq!(time_of("no time here"), None);
    }
}
