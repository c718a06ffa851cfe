//! The same log lines in the form of other loggers: JSON, logfmt, klog, with syslog's time, without any.
//!
//! A record is a line with the stack frames and causes that follow it. Structured loggers write it as one line, with the
//! line breaks escaped.

use jiff::{Timestamp, tz::TimeZone};
use shared::diagnosis::{Level, level, time_of};

use crate::{incident::Incident, random::Random};

/// One record of a log.
struct Record {
    time: Option<Timestamp>,
    level: Level,
    /// Its lines, the first without its time.
    text: String,
}

pub(super) fn json(incident: &Incident, _: &mut Random) -> Option<Incident> {
    written(incident, |record| {
        let mut line = serde_json::json!({"level": word(record.level), "message": record.text, "logger": "app"});
        if let Some(time) = record.time {
            line["timestamp"] = time.to_string().into();
        }
        line.to_string()
    })
}

pub(super) fn logfmt(incident: &Incident, _: &mut Random) -> Option<Incident> {
    written(incident, |record| {
        let time = record.time.map_or(String::new(), |time| format!("ts={time} "));
        format!("{time}level={} msg={:?}", word(record.level), record.text)
    })
}

pub(super) fn klog(incident: &Incident, _: &mut Random) -> Option<Incident> {
    written(incident, |record| {
        let letter = match record.level {
            Level::Error => 'E',
            Level::Warning => 'W',
            Level::Info => 'I',
        };
        let time = local(record.time, "%m%d %H:%M:%S.000000").unwrap_or_else(|| "0101 00:00:00.000000".to_owned());
        format!("{letter}{time}       1 main.go:42] {}", record.text)
    })
}

pub(super) fn syslog(incident: &Incident, _: &mut Random) -> Option<Incident> {
    written(incident, |record| {
        let time = local(record.time, "%b %e %H:%M:%S ").unwrap_or_default();
        format!("{time}app[1]: {}: {}", word(record.level), record.text)
    })
}

pub(super) fn timeless(incident: &Incident, _: &mut Random) -> Option<Incident> {
    written(incident, |record| record.text.clone())
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warn",
        Level::Info => "info",
    }
}

fn local(time: Option<Timestamp>, format: &str) -> Option<String> {
    Some(time?.to_zoned(TimeZone::UTC).strftime(format).to_string())
}

fn written(incident: &Incident, write: impl Fn(&Record) -> String) -> Option<Incident> {
    let mut changed = incident.clone();
    let mut any = false;
    for log in changed.snapshot.logs.iter_mut().filter(|log| !log.text.is_empty()) {
        any = true;
        log.text = records(&log.text).iter().map(|record| write(record) + "\n").collect();
    }
    any.then_some(changed)
}

fn records(text: &str) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in text.lines() {
        let frame = line.starts_with([' ', '\t']) || line.starts_with("Caused by") || line.is_empty();
        match records.last_mut().filter(|_| frame) {
            Some(record) => {
                record.text.push('\n');
                record.text.push_str(line);
            }
            None => {
                records.push(Record { time: time_of(line), level: level(line), text: without_time(line).to_owned() })
            }
        }
    }
    records
}

/// The line behind a time at its start.
fn without_time(line: &str) -> &str {
    let head = line.trim_start_matches(['[', '"']);
    let starts = head.len() > 19 && head.as_bytes()[..4].iter().all(u8::is_ascii_digit) && head.as_bytes()[4] == b'-';
    if !starts || !head.is_char_boundary(19) {
        return line;
    }
    head[19..]
        .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | 'Z' | '+' | ':' | ']'))
        .trim_start()
}
