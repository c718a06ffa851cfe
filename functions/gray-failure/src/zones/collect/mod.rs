//! All reading: the minutes since the last one that was judged, by zone.
//!
//! A minute is taken when its metrics are complete: `settle_seconds` after its end, and not before every zone that was heard
//! of last has been heard of again, or [`PATIENCE`] has passed. What is still missing then is missing: the judgement says so,
//! and does not take it for health. Without requests or without faults no minute is taken at all: the next invocation reads
//! on from the same place.

mod cloudwatch;
mod prometheus;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::clients::ClientError;
use shared::config::{ClusterSettings, ZoneQuery};
use shared::deadline::Deadline;

use crate::App;
use crate::decide::{Minute, ZoneId};
use table::{Point, Table};

/// How long a minute waits for a zone that was heard of before.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// Minutes of one reading: a day.
const SPAN: SignedDuration = SignedDuration::from_hours(24);
/// Time of one reading's calls.
const CALLS: Duration = Duration::from_secs(20);

/// A stretch of whole minutes, the last one not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The beginning of the first.
    pub start: Timestamp,
    /// The beginning of the one after the last.
    pub end: Timestamp,
}

impl Window {
    fn minutes(self) -> impl Iterator<Item = Timestamp> {
        let count = (self.end.as_second() - self.start.as_second()).max(0) / 60;
        (0..count).map(move |minute| self.start + SignedDuration::from_mins(minute))
    }
}

/// Why nothing can be judged for now.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A query without which nothing can be judged was not answered.
    #[error("{0} of the zones cannot be read: {1}")]
    Unread(&'static str, String),
    /// The cluster's account cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The zones' ids are not known.
    #[error(transparent)]
    ZoneIds(#[from] shared::aws::zone_ids::ZoneIdsError),
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The minutes, in order.
    pub minutes: Vec<Minute>,
    /// Up to where was read: nothing before it is read again.
    pub until: Option<Timestamp>,
    /// Names of zones by which metrics tell them.
    pub names: BTreeMap<String, ZoneId>,
    /// What could not be read, for the log.
    pub gaps: Vec<String>,
}

/// What is known before reading.
#[derive(Debug)]
pub struct Before<'a> {
    /// The zones that were heard of in it.
    pub heard: &'a BTreeSet<ZoneId>,
    /// Names of zones.
    pub names: &'a BTreeMap<String, ZoneId>,
    /// Zones that AWS says are impaired.
    pub named_by_aws: &'a BTreeSet<ZoneId>,
}

/// The beginning of the minute of `at`.
pub(crate) fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// The minutes to read now; `None` where there are none.
pub(crate) fn window(
    last: Option<Timestamp>,
    settle: SignedDuration,
    backfill: SignedDuration,
    now: Timestamp,
) -> Option<Window> {
    let end = minute(now - settle);
    let oldest = minute(now - backfill);
    let start = last.map_or(oldest, |last| (minute(last) + SignedDuration::from_mins(1)).max(oldest));
    (start < end).then(|| Window { start, end: end.min(start + SPAN) })
}

/// Reads the minutes of `window`.
///
/// # Errors
///
/// Where nothing can be judged by what was read.
pub async fn collect(
    app: &App,
    (cluster, queries): (&ClusterSettings, &[ZoneQuery]),
    before: &Before<'_>,
    window: Window,
    now: Timestamp,
    deadline: Deadline,
) -> Result<Reading, CollectError> {
    let limit = deadline.cap(CALLS);
    let (of_prometheus, of_cloudwatch): (Vec<&ZoneQuery>, Vec<&ZoneQuery>) =
        queries.iter().partition(|query| query.prometheus.is_some());
    let (mut outcomes, more) = futures::join!(
        cloudwatch::read(app, cluster, &of_cloudwatch, window, limit),
        prometheus::read(app, cluster, &of_prometheus, window, limit)
    );
    outcomes.extend(more);
    let mut reading = Reading { names: before.names.clone(), ..Reading::default() };
    let mut table = Table::default();
    let mut gap_of = None;
    for (query, outcome) in outcomes {
        match outcome {
            Ok(points) => table.add(query, points),
            Err(why) if query.signal.is_needed() => {
                gap_of.get_or_insert((query.signal, why));
            }
            Err(why) => reading.gaps.push(format!("{} of {}: {why}", query.signal.name(), query.workload)),
        }
    }
    if let Some((signal, why)) = gap_of {
        return Err(CollectError::Unread(signal.name(), why));
    }
    if table.zones().any(|zone| !is_id(zone) && !reading.names.contains_key(zone)) {
        let ids = shared::aws::zone_ids::zone_ids(&app.clients.aws_of(cluster).await?).await?;
        reading.names.extend(ids.into_iter().map(|(name, id)| (name, ZoneId(id))));
    }
    // What nobody knows is a zone of its own: it is judged, and cannot be left.
    let id = |zone: &str| reading.names.get(zone).cloned().unwrap_or_else(|| ZoneId(zone.to_owned()));
    let mut heard = before.heard.clone();
    for at in window.minutes() {
        let mut taken = table.minute(at, id);
        let zones: BTreeSet<ZoneId> = taken.zones.keys().cloned().collect();
        let waits = heard.iter().any(|zone| !zones.contains(zone)) || !reading.gaps.is_empty();
        if waits && now < at + SignedDuration::from_mins(1) + PATIENCE {
            break;
        }
        for (zone, sample) in &mut taken.zones {
            sample.named_by_aws = before.named_by_aws.contains(zone);
        }
        heard = zones;
        reading.until = Some(at);
        reading.minutes.push(taken);
    }
    Ok(reading)
}

/// Whether it is an id: `use1-az1`, where a name is `us-east-1a`.
fn is_id(zone: &str) -> bool {
    zone.rsplit_once("-az").is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A query with its points, or why there are none.
pub(crate) type Outcome<'a> = (&'a ZoneQuery, Result<Vec<Point>, String>);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-03-02T{time}Z").parse().unwrap()
    }

    #[test]
    fn what_was_taken_is_not_read_again_and_what_is_not_settled_is_not_read_yet() {
        let (settle, past) = (SignedDuration::from_secs(120), SignedDuration::from_hours(168));
        let of = |last: Option<&str>, now: &str| window(last.map(at), settle, past, at(now));
        let span = |start: &str, end: &str| Some(Window { start: at(start), end: at(end) });
        assert_eq!(of(Some("03:00:00"), "03:04:10"), span("03:01:00", "03:02:00"));
        assert_eq!(of(Some("03:00:00"), "03:03:59"), None);
        assert_eq!(of(Some("03:00:00"), "03:20:00"), span("03:01:00", "03:18:00"));
        let first = of(None, "03:00:00").unwrap();
        assert_eq!(first.start.to_string(), "2026-02-23T03:00:00Z");
        assert_eq!(first.minutes().count(), 1440);
    }

    #[test]
    fn ids_are_told_from_names() {
        for (zone, expected) in [("use1-az1", true), ("us-east-1a", false), ("apne2-az12", true), ("x-az", false)] {
            assert_eq!(is_id(zone), expected, "{zone}");
        }
    }
}
