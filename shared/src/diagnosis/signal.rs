//! What monitoring says of an object against its own past, whoever says it: an alert's text or a metric series.
//!
//! Alerts are classified by the words of their name, labels and text, and quantified by the first `before -> after` pair
//! found in them; series by the median of their quiet part against the worst stretch after it. Both end as a [`Signal`]: so
//! many times its usual value.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::Timestamp;
use regex::Regex;

use super::{EvidenceId, View, Workload, case::Case, median, symptom};
use crate::{
    model::{Kind, Object, ObjectRef},
    snapshot::{Alert, Series, SeriesKind},
};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// TCP segments sent again, packets lost.
    Retransmission,
    /// Time containers waited for CPU under their limit.
    Throttling,
    /// CPU use.
    Cpu,
    /// Memory use.
    Memory,
    /// Response time.
    Latency,
    /// Failed requests, or a fall of the success rate.
    Errors,
    /// Requests served.
    Throughput,
    /// Packets or bytes.
    Traffic,
}

/// One object's deviation from its past.
#[derive(Debug, Clone)]
pub struct Signal<'a> {
    /// The workload, Service, node or namespace.
    pub object: ObjectRef,
    /// What is measured.
    pub kind: SignalKind,
    /// Usual value; 0 where only the deviation is known.
    pub before: f64,
    /// Value in the incident.
    pub after: f64,
    /// How many times the usual value; below 1 for a fall.
    pub ratio: f64,
    /// Since when, where known.
    pub since: Option<Timestamp>,
    source: Source<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Alert(&'a Alert),
    Series(&'a Series),
}

impl Signal<'_> {
    /// Cites where it is from.
    pub fn cite(&self, case: &mut Case<'_, '_>) -> EvidenceId {
        match self.source {
            Source::Alert(alert) => case.alert(&self.object, alert),
            Source::Series(series) => {
                let text = format!("{} {} (usually {})", series.metric, round(self.after), round(self.before));
                case.metric(&self.object, self.since, text)
            }
        }
    }

    /// Whether it comes from an alert: somebody set a threshold for it.
    pub fn is_alert(&self) -> bool {
        matches!(self.source, Source::Alert(_))
    }
}

/// Three significant digits are what people read.
fn round(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// All signals of a view: for each object and kind the strongest, alerts before series.
pub fn signals<'a>(view: &View<'a>) -> Vec<Signal<'a>> {
    let mut strongest: BTreeMap<(ObjectRef, SignalKind), Signal<'a>> = BTreeMap::new();
    let alerts =
        view.snapshot.alerts.iter().filter(|alert| alert.status != "resolved").filter_map(|it| of_alert(view, it));
    let series = view.snapshot.metrics.iter().filter_map(|series| of_series(view, series));
    for signal in alerts.chain(series) {
        let deviation = |signal: &Signal<'_>| (signal.is_alert(), signal.ratio.max(1.0 / signal.ratio.max(1e-6)));
        match strongest.entry((signal.object.clone(), signal.kind)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(signal);
            }
            std::collections::btree_map::Entry::Occupied(mut known) => {
                if deviation(&signal) > deviation(known.get()) {
                    known.insert(signal);
                }
            }
        }
    }
    strongest.into_values().collect()
}

fn of_alert<'a>(view: &View<'a>, alert: &'a Alert) -> Option<Signal<'a>> {
    let words = alert
        .labels
        .iter()
        .filter(|(key, _)| matches!(key.as_str(), "alertname" | "category" | "type" | "metric"))
        .map(|(_, value)| value.as_str());
    let notes = ["summary", "description", "message"].iter().filter_map(|key| alert.annotations.get(*key));
    let text: String = words.chain(notes.map(String::as_str)).collect::<Vec<_>>().join(" ");
    let kind = classify(&text.to_ascii_lowercase())?;
    let pairs = pairs(&text);
    let floor = floor(kind);
    let worst = pairs.iter().copied().max_by(|a, b| {
        let deviation = |pair: &(f64, f64)| {
            let ratio = pair.1.max(floor) / pair.0.max(floor);
            ratio.max(1.0 / ratio)
        };
        deviation(a).total_cmp(&deviation(b))
    });
    let (before, after, ratio) = match worst {
        Some((before, after)) => (before, after, after.max(floor) / before.max(floor)),
        // It fires, so it is well beyond its usual value, by how much it does not say.
        None if matches!(kind, SignalKind::Throughput) => (0.0, 0.0, 0.5),
        None => (0.0, 0.0, 3.0),
    };
    let object = workload_of(view, symptom::alert_object(view, alert));
    Some(Signal { object, kind, before, after, ratio, since: alert.starts_at, source: Source::Alert(alert) })
}

/// What an alert is about, by its words. The order matters: the special before the general.
fn classify(text: &str) -> Option<SignalKind> {
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match () {
        () if any(&["retrans", "packet loss", "packetloss", "packet drop", "packets dropped"]) => {
            SignalKind::Retransmission
        }
        () if any(&["throttl", "cfs"]) => SignalKind::Throttling,
        () if any(&["latency", "slow", "response time", "request duration", "p99", "p95", "p90", "지연"]) => {
            SignalKind::Latency
        }
        () if any(&["cpu"]) => SignalKind::Cpu,
        () if any(&["memory", "rss", "working set"]) => SignalKind::Memory,
        () if any(&["success rate", "error rate", "errorrate", "5xx", "errors", "error_"]) => SignalKind::Errors,
        () if any(&["throughput", "rps", "request rate", "requests per second", "qps"]) => SignalKind::Throughput,
        () if any(&["network", "traffic", "bandwidth", "pps"]) => SignalKind::Traffic,
        () => return None,
    })
}

/// All `before -> after` pairs of numbers in a text, whatever stands around them.
fn pairs(text: &str) -> Vec<(f64, f64)> {
    static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"([0-9]+(?:\.[0-9]+)?)[^0-9>→]{0,24}(?:->|→)[^0-9|]{0,24}([0-9]+(?:\.[0-9]+)?)").ok()
    });
    let number = |text: &str| text.parse::<f64>().ok();
    let Some(pattern) = PAIR.as_ref() else { return Vec::new() };
    pattern.captures_iter(text).filter_map(|found| Some((number(&found[1])?, number(&found[2])?))).collect()
}

/// Below this a value counts as nothing, so that a rise from nothing has a finite ratio.
fn floor(kind: SignalKind) -> f64 {
    match kind {
        SignalKind::Retransmission => 0.1,
        SignalKind::Throttling => 0.02,
        SignalKind::Cpu => 0.005,
        SignalKind::Memory => 1e6,
        SignalKind::Latency => 1.0,
        SignalKind::Errors => 0.1,
        SignalKind::Throughput | SignalKind::Traffic => 0.05,
    }
}

fn of_series<'a>(view: &View<'a>, series: &'a Series) -> Option<Signal<'a>> {
    let kind = match series.metric.as_str() {
        "cpu" => SignalKind::Cpu,
        "cpu_cfs" => SignalKind::Throttling,
        "mem" => SignalKind::Memory,
        "rps" => SignalKind::Throughput,
        "success_rate" => SignalKind::Errors,
        "network_receive" | "network_transmit" => SignalKind::Traffic,
        name if name.ends_with("latency") => SignalKind::Latency,
        name if name.starts_with("tcp_retran") || name.starts_with("tcp_retan") => SignalKind::Retransmission,
        _ => return None,
    };
    let object = match series.kind {
        SeriesKind::Node => view.node(&series.name)?.reference(),
        _ => workload_of_series(view, series)?.object.clone(),
    };
    let falls = matches!(kind, SignalKind::Throughput | SignalKind::Traffic | SignalKind::Errors);
    let (before, after, since) = worst_stretch(series, falls)?;
    let floor = floor(kind);
    let ratio = after.max(floor) / before.max(floor);
    let beyond = if falls { ratio < 0.7 } else { ratio > 1.5 };
    beyond.then_some(Signal { object, kind, before, after, ratio, since, source: Source::Series(series) })
}

/// The workload that a series is measured on.
pub(super) fn workload_of_series<'v, 'a>(view: &'v View<'a>, series: &Series) -> Option<&'v Workload<'a>> {
    match series.kind {
        SeriesKind::Pod => view.workload_of_pod(&series.namespace, &series.name),
        SeriesKind::Service => find_workload(view, &series.namespace, &series.name),
        SeriesKind::Node | SeriesKind::Other => None,
    }
}

/// Median of the first two fifths, and the highest (or lowest) median of four points in a row after them.
fn worst_stretch(series: &Series, falls: bool) -> Option<(f64, f64, Option<Timestamp>)> {
    let values: Vec<f64> = series.points.iter().map(|point| point.1).collect();
    if values.len() < 10 {
        return None;
    }
    let quiet = values.len() * 2 / 5;
    let before = median(&values[..quiet]);
    let stretches = values[quiet..].windows(4).enumerate().map(|(at, window)| (median(window), at));
    let (after, at) = if falls {
        stretches.min_by(|a, b| a.0.total_cmp(&b.0))?
    } else {
        stretches.max_by(|a, b| a.0.total_cmp(&b.0))?
    };
    Some((before, after, series.points.get(quiet + at).map(|point| point.0)))
}

/// The workload of this name, or the one behind the Service of this name, in whatever namespace where none is given.
fn find_workload<'v, 'a>(view: &'v View<'a>, namespace: &str, name: &str) -> Option<&'v Workload<'a>> {
    if !namespace.is_empty() {
        return view
            .workload_named(namespace, name)
            .or_else(|| view.service(namespace, name).and_then(|service| view.workloads_behind(service).next()));
    }
    view.workloads().iter().find(|workload| workload.name() == name && !workload.is_job()).or_else(|| {
        let service = view.services().iter().find(|service| service.service.name() == name)?;
        view.workloads_behind(service).next()
    })
}

/// The one workload behind a Service; any other object as it is.
fn workload_of(view: &View<'_>, object: ObjectRef) -> ObjectRef {
    if object.kind != Kind::Service {
        return object;
    }
    let behind = view.service(&object.namespace, &object.name).map(|service| service.workloads.as_slice());
    match behind {
        Some([only]) => only.clone(),
        _ => object,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_told_apart_by_their_words() {
        for (text, kind) in [
            ("tcp retransmission on node", Some(SignalKind::Retransmission)),
            ("cputhrottlinghigh", Some(SignalKind::Throttling)),
            ("high p95 latency", Some(SignalKind::Latency)),
            ("cpu utilization", Some(SignalKind::Cpu)),
            ("success rate drop", Some(SignalKind::Errors)),
            ("backup finished", None),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn changes_are_read_whatever_their_units() {
        assert_eq!(pairs("p50: Normal=5.63ms -> Current=205.27ms (+3548.6%)"), [(5.63, 205.27)]);
        assert_eq!(pairs("in 12 req/s → 6.2 req/s | out 3 -> 1"), [(12.0, 6.2), (3.0, 1.0)]);
        assert_eq!(pairs("no numbers -> here"), []);
    }
}
