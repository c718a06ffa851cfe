//! What is carried from one minute to the next, and how it is read back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::store::{Store, StoreError, Version, Zones};

use super::story::Story;
use crate::decide::{Memory, VERSION, ZoneId};

/// What is carried over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// [`VERSION`] of the judgement that wrote it.
    pub(crate) version: u32,
    /// What the judgement remembers.
    pub(crate) memory: Memory,
    /// Up to where was read, also where nothing was heard of any zone.
    pub(crate) until: Option<Timestamp>,
    /// The zones that were heard of last.
    pub(crate) heard: BTreeSet<ZoneId>,
    /// Names of zones.
    pub(crate) names: BTreeMap<String, ZoneId>,
    /// What people are told of.
    pub(crate) stories: Vec<Story>,
}

/// What was read, and the version to replace.
pub(crate) struct Read {
    pub(crate) kept: Kept,
    pub(crate) version: Option<Version>,
}

/// Reads what is carried over. What an earlier version wrote and this one cannot read is begun anew: the past is read again,
/// and what stands by then lapses.
pub(crate) async fn read(store: &Store, cluster: &str, now: Timestamp) -> Result<Read, StoreError> {
    let Some((zones, version)) = store.zones::<Value>(cluster, now).await? else {
        return Ok(Read { kept: Kept { version: VERSION, ..Kept::default() }, version: None });
    };
    let kept = match serde_json::from_value::<Kept>(zones.memory) {
        Ok(kept) if kept.version == VERSION => kept,
        Ok(kept) => begun_anew(cluster, &format!("it is of version {}", kept.version)),
        Err(error) => begun_anew(cluster, &error.to_string()),
    };
    Ok(Read { kept, version: Some(version) })
}

fn begun_anew(cluster: &str, why: &str) -> Kept {
    tracing::error!(cluster, why, "what was remembered of the zones cannot be read and is begun anew");
    Kept { version: VERSION, ..Kept::default() }
}

/// Writes it, with what is wanted, in the place of what was read.
pub(crate) async fn write(
    store: &Store,
    cluster: &str,
    read: Option<Version>,
    kept: &Kept,
    now: Timestamp,
) -> Result<Version, StoreError> {
    let want = crate::want::of(&kept.memory);
    store.keep_zones(cluster, read, &Zones { want, memory: kept }, now).await
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use serde_json::Value;

    use super::*;
    use crate::decide::{Minute, Rules, Sample, Tally};

    /// DynamoDB's 400 KB, less room for keys: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
    const ITEM: usize = 380 * 1024;

    /// A week of four zones and eight workloads, whose last hours have come minute by minute.
    fn a_week() -> Kept {
        let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let zone = |zone: usize, minute: i64| {
            let wave = ((minute * 31 + zone as i64 * 17) as f64).sin();
            let requests = (6123.0 + 411.7 * wave).round();
            let workload = |at: usize| {
                let tally = Tally { tried: (requests / 8.3 + at as f64).round(), failed: 1.0 + at as f64 };
                (format!("team-{at}-checkout"), tally)
            };
            let sample = Sample {
                requests,
                faults: (9.0 + 3.3 * wave).round(),
                latency_ms: Some(87.123_456_7 * (1.0 + 0.013 * wave)),
                instances: Some(7.0),
                workloads: (0..8).map(workload).collect(),
                probes: Some(Tally { tried: 60.0, failed: 0.0 }),
                packets: Some(Tally { tried: 812_345.0, failed: 71.0 }),
                named_by_aws: false,
            };
            (ZoneId(format!("apne2-az{}", zone + 1)), sample)
        };
        let week = 7 * 1440;
        let minutes = (0..week - 180).step_by(10).chain(week - 180..week);
        let mut kept = Kept { version: VERSION, ..Kept::default() };
        for minute in minutes {
            let at = start + SignedDuration::from_mins(minute);
            let zones = (0..4).map(|at| zone(at, minute)).collect();
            kept.memory.step(&Minute { at, zones }, &Rules::default());
        }
        kept
    }

    #[test]
    fn a_week_of_zones_fits_an_item_even_before_it_is_deflated_and_is_read_as_it_was_written() {
        let kept = a_week();
        let written = serde_json::to_vec(&kept).unwrap();
        println!("{} bytes", written.len());
        assert!(written.len() < ITEM, "{} bytes", written.len());
        let read: Kept = serde_json::from_slice(&written).unwrap();
        assert_eq!(read.memory.last(), kept.memory.last());
        assert!(alike(&serde_json::to_value(&read).unwrap(), &serde_json::to_value(&kept).unwrap()));
    }

    /// Equal, but for the last bits of a number: they are lost on the way through text.
    fn alike(one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Number(one), Value::Number(other)) => {
                let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
                (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
            }
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| alike(one, other)))
            }
            _ => one == other,
        }
    }
}
