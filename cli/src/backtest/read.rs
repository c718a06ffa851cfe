//! A recorded series by minute and zone, from a CSV.
//!
//! Columns are found by their names, in any order; `latency_ms` and `instances` may be missing or empty where they are not
//! known. Rows may be in any order, zones may come and go, minutes may be missing: what is missing is not made up.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use gray_failure::decide::{Minute, Sample, ZoneId};
use jiff::{Timestamp, civil, tz::TimeZone};

/// What was read.
pub(crate) struct Recorded {
    pub(crate) minutes: Vec<Minute>,
    /// What the reader should know of it.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot open {0}")]
    Open(PathBuf, #[source] csv::Error),
    #[error("{0} has no rows; give a header and a row for each minute and zone")]
    Empty(PathBuf),
    #[error(
        "{path} has no column \"{column}\"; its first line has to name timestamp,zone,requests,faults,latency_ms,instances"
    )]
    Column { path: PathBuf, column: &'static str },
    #[error("{path}, line {line}: {problem}")]
    Row { path: PathBuf, line: u64, problem: String },
}

pub(crate) fn minutes(path: &Path) -> Result<Recorded, ReadError> {
    let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_path(path);
    let mut reader = reader.map_err(|source| ReadError::Open(path.to_owned(), source))?;
    let row_error = |line: u64, problem: String| ReadError::Row { path: path.to_owned(), line, problem };
    let header = reader.headers().map_err(|error| row_error(1, error.to_string()))?.clone();
    let column =
        |name: &str| header.iter().position(|one| one.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
    let needed =
        |name: &'static str| column(name).ok_or_else(|| ReadError::Column { path: path.to_owned(), column: name });
    let (timestamp, zone) = (needed("timestamp")?, needed("zone")?);
    let (requests, faults) = (needed("requests")?, needed("faults")?);
    let (latency, instances) = (column("latency_ms"), column("instances"));
    let mut minutes: BTreeMap<i64, BTreeMap<ZoneId, Sample>> = BTreeMap::new();
    let mut lines: HashMap<(i64, ZoneId), u64> = HashMap::new();
    let mut more_faults = None;
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err(row_error(line, format!("{}; give every row the columns of the header", reason(&error))));
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index: usize| record.get(index).unwrap_or_default();
        let problem = |problem: String| row_error(line, problem);
        let minute = moment(field(timestamp)).map_err(problem)?.as_second().div_euclid(60);
        let zone = field(zone);
        if zone.is_empty() {
            return Err(problem("the zone is empty; name it".to_owned()));
        }
        let count = |name: &str, text: &str| {
            number(name, text).and_then(|value| {
                value
                    .ok_or_else(|| format!("{name} is empty; write 0, or leave the row out where nothing was measured"))
            })
        };
        let optional = |name: &str, index: Option<usize>| index.map_or(Ok(None), |index| number(name, field(index)));
        let mut sample = Sample {
            requests: count("requests", field(requests)).map_err(problem)?,
            faults: count("faults", field(faults)).map_err(problem)?,
            latency_ms: optional("latency_ms", latency).map_err(problem)?.filter(|latency| *latency > 0.0),
            instances: optional("instances", instances).map_err(problem)?,
            ..Sample::default()
        };
        if sample.faults > sample.requests {
            more_faults.get_or_insert(line);
            sample.requests = sample.faults;
        }
        let zone = ZoneId(zone.to_owned());
        if let Some(first) = lines.insert((minute, zone.clone()), line) {
            let text = format!("{zone} has this minute in line {first} already; keep one row for each minute and zone");
            return Err(problem(text));
        }
        minutes.entry(minute).or_default().insert(zone, sample);
    }
    if minutes.is_empty() {
        return Err(ReadError::Empty(path.to_owned()));
    }
    let mut notes = Vec::new();
    if let Some(line) = more_faults {
        notes.push(format!("line {line} (and maybe others) has more faults than requests; taken as all failed"));
    }
    if latency.is_none() {
        notes.push("there is no column latency_ms: zones are judged by faults alone".to_owned());
    }
    if instances.is_none() {
        notes.push("there is no column instances: no zone is left for faults alone".to_owned());
    }
    let zones: std::collections::BTreeSet<&ZoneId> = minutes.values().flat_map(BTreeMap::keys).collect();
    if zones.len() < 2 {
        notes.push("there is one zone only: nothing to compare it with".to_owned());
    }
    notes.extend(gaps(&minutes));
    let minutes = minutes
        .into_iter()
        .filter_map(|(minute, zones)| Some(Minute { at: Timestamp::from_second(minute * 60).ok()?, zones }));
    Ok(Recorded { minutes: minutes.collect(), notes })
}

fn gaps(minutes: &BTreeMap<i64, BTreeMap<ZoneId, Sample>>) -> Option<String> {
    let (first, last) = (minutes.first_key_value()?.0, minutes.last_key_value()?.0);
    let missing = (last - first + 1).saturating_sub(i64::try_from(minutes.len()).unwrap_or(i64::MAX));
    (missing > 0).then(|| format!("{missing} minutes are missing; they are not counted as health"))
}

/// What is wrong with a row, without the position that is said already.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} fields in place of {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

fn number(name: &str, text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() || ["nan", "null", "na", "-"].iter().any(|nothing| text.eq_ignore_ascii_case(nothing)) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
        _ => Err(format!("{name} is \"{text}\"; write a number of 0 or more")),
    }
}

/// A moment: RFC 3339, a date and time without a zone (UTC), or seconds or milliseconds since 1970.
fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("timestamp is \"{text}\"; write it like 2026-03-01T12:00:00Z");
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    if let Ok(time) = text.parse::<civil::DateTime>() {
        return time.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong());
    }
    let seconds =
        text.parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0).ok_or_else(wrong)?;
    let seconds = if seconds > 1e11 { seconds / 1000.0 } else { seconds };
    #[expect(clippy::cast_possible_truncation, reason = "checked by the timestamp")]
    Timestamp::from_second(seconds as i64).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Recorded, ReadError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        minutes(file.path())
    }

    const HEADER: &str = "timestamp,zone,requests,faults,latency_ms,instances\n";

    #[test]
    fn rows_may_be_unsorted_and_gaps_are_said() {
        let text = format!("{HEADER}2026-03-01T00:05:00Z,b,10,0,,\n2026-03-01 00:00:30,a,20,1,80.5,3\n");
        let recorded = read(&text).unwrap();
        let seen: Vec<_> = recorded.minutes.iter().map(|minute| minute.at.to_string()).collect();
        assert_eq!(seen, ["2026-03-01T00:00:00Z", "2026-03-01T00:05:00Z"]);
        assert_eq!(recorded.minutes[0].zones[&ZoneId("a".into())].latency_ms, Some(80.5));
        assert_eq!(recorded.minutes[1].zones[&ZoneId("b".into())].instances, None);
        assert!(recorded.notes.iter().any(|note| note.contains("4 minutes are missing")), "{:?}", recorded.notes);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_what_to_do() {
        let told = |row: &str| read(&format!("{HEADER}1767225600,a,1,0,1,1\n{row}\n")).err().unwrap().to_string();
        for (row, part) in [
            ("yesterday,a,1,0,1,1", "line 3: timestamp is \"yesterday\"; write it like"),
            ("1767225660,,1,0,1,1", "line 3: the zone is empty"),
            ("1767225660,a,many,0,1,1", "line 3: requests is \"many\"; write a number"),
            ("1767225660,a,1,-2,1,1", "line 3: faults is \"-2\""),
            ("1767225660,a,,0,1,1", "line 3: requests is empty"),
            ("1767225600,a,1,0,1,1", "line 3: a has this minute in line 2 already"),
            ("1767225660,a,1", "line 3: 3 fields in place of 6"),
        ] {
            let told = told(row);
            assert!(told.contains(part), "{row}: {told}");
        }
    }

    #[test]
    fn a_file_without_rows_or_columns_says_what_it_needs() {
        assert!(read(HEADER).err().unwrap().to_string().contains("has no rows"));
        assert!(read("time,zone\n1,a\n").err().unwrap().to_string().contains("no column \"timestamp\""));
        let short = read("zone,faults,requests,timestamp\na,0,1,1767225600\n").unwrap();
        assert_eq!(short.notes.len(), 3, "{:?}", short.notes);
    }
}
