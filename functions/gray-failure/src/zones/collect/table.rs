//! Points by zone and minute, put together into samples.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::config::{Signal, ZoneQuery};

use crate::decide::{Minute, Sample, Tally, ZoneId};

/// A value of a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// The zone, as the metric tells it.
    pub(crate) zone: String,
    /// The beginning of the minute.
    pub(crate) at: Timestamp,
    /// The value.
    pub(crate) value: f64,
}

/// The values of a workload in a minute and zone, by signal: their sum, and how many.
type Cell = BTreeMap<Signal, (f64, f64)>;

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Table {
    minutes: BTreeMap<Timestamp, BTreeMap<String, BTreeMap<String, Cell>>>,
    zones: BTreeSet<String>,
}

impl Table {
    /// Takes in what a query was answered with.
    pub(crate) fn add(&mut self, query: &ZoneQuery, points: Vec<Point>) {
        for Point { zone, at, value } in points {
            if value < 0.0 || !value.is_finite() {
                continue;
            }
            if !self.zones.contains(&zone) {
                self.zones.insert(zone.clone());
            }
            let of_zone = self.minutes.entry(super::minute(at)).or_default().entry(zone).or_default();
            let cell = of_zone.entry(query.workload.clone()).or_default().entry(query.signal).or_default();
            cell.0 += value * query.scale;
            cell.1 += 1.0;
        }
    }

    /// Zones, as metrics tell them.
    pub(crate) fn zones(&self) -> impl Iterator<Item = &str> {
        self.zones.iter().map(String::as_str)
    }

    /// A minute: the zones of which requests are known.
    pub(crate) fn minute(&self, at: Timestamp, id: impl Fn(&str) -> ZoneId) -> Minute {
        let mut zones = BTreeMap::new();
        for (zone, workloads) in self.minutes.get(&at).into_iter().flatten() {
            if let Some(sample) = sample(workloads) {
                zones.insert(id(zone), sample);
            }
        }
        Minute { at, zones }
    }
}

fn sample(workloads: &BTreeMap<String, Cell>) -> Option<Sample> {
    let sum = |cell: &Cell, signal| cell.get(&signal).map(|(sum, _)| *sum);
    let total = |signal| workloads.values().filter_map(|cell| sum(cell, signal)).reduce(|a, b| a + b);
    let tally = |all, failed| total(all).map(|tried| Tally { tried, failed: total(failed).unwrap_or(0.0).min(tried) });
    let requests = total(Signal::Requests)?;
    // Where nothing failed CloudWatch has no value at all.
    let faults = total(Signal::Faults).unwrap_or(0.0).min(requests);
    let (mut latency, mut weight) = (0.0, 0.0);
    for cell in workloads.values() {
        let Some((sum_of, count)) = cell.get(&Signal::Latency) else { continue };
        let requests = sum(cell, Signal::Requests).unwrap_or(1.0);
        latency += requests * sum_of / count;
        weight += requests;
    }
    let mut tallies = BTreeMap::new();
    if workloads.len() > 1 {
        for (name, cell) in workloads {
            if let Some(tried) = sum(cell, Signal::Requests) {
                let failed = sum(cell, Signal::Faults).unwrap_or(0.0).min(tried);
                tallies.insert(name.clone(), Tally { tried, failed });
            }
        }
    }
    Some(Sample {
        requests,
        faults,
        latency_ms: (weight > 0.0).then(|| latency / weight),
        instances: total(Signal::Instances),
        workloads: if tallies.len() > 1 { tallies } else { BTreeMap::new() },
        probes: tally(Signal::Probes, Signal::ProbesFailed),
        packets: tally(Signal::Packets, Signal::PacketsLost),
        named_by_aws: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(signal: Signal, workload: &str, scale: f64) -> ZoneQuery {
        ZoneQuery { scale, workload: workload.to_owned(), ..of(signal) }
    }

    fn of(signal: Signal) -> ZoneQuery {
        let mut query = ZoneQuery::of_load_balancer("app/shop/1").remove(0);
        query.signal = signal;
        query
    }

    #[test]
    fn workloads_are_put_together_by_their_requests() {
        let at: Timestamp = "2026-03-02T03:00:00Z".parse().unwrap();
        let point = |value| vec![Point { zone: "a".to_owned(), at, value }];
        let mut table = Table::default();
        table.add(&query(Signal::Requests, "shop", 1.0), point(300.0));
        table.add(&query(Signal::Requests, "pay", 1.0), point(100.0));
        table.add(&query(Signal::Faults, "pay", 1.0), point(7.0));
        table.add(&query(Signal::Latency, "shop", 1000.0), point(0.1));
        table.add(&query(Signal::Latency, "pay", 1000.0), point(0.5));
        // Of what has no requests nothing is known.
        table.add(&query(Signal::Instances, "shop", 1.0), vec![Point { zone: "b".to_owned(), at, value: 3.0 }]);
        let minute = table.minute(at, |zone| ZoneId(zone.to_owned()));
        assert_eq!(minute.zones.len(), 1);
        let sample = &minute.zones[&ZoneId("a".to_owned())];
        assert_eq!((sample.requests, sample.faults, sample.latency_ms), (400.0, 7.0, Some(200.0)));
        assert_eq!(sample.workloads["shop"], Tally { tried: 300.0, failed: 0.0 });
    }
}
