//! Zones read from a real Prometheus: counters and histograms by zone, as an ingress controller and node exporters give them,
//! through the queries that an operator would write. The same numbers come out, what is missing is missing, and what
//! Prometheus says of a query that is wrong is passed on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use gray_failure::decide::{Minute, Tally, ZoneId};
use gray_failure::zones::collect::{Before, CollectError, Reading, Window, collect};
use gray_failure::{App, Clients};
use jiff::{SignedDuration, Timestamp};
use shared::config::Settings;
use shared::deadline::Deadline;
use sim::world::Scenario;
use sim::{Options, Sim};
use tests::night::aws;
use tests::prometheus::{OpenMetrics, Prometheus};

/// The first minute, and how many there are.
const START: &str = "2026-03-02T03:00:00Z";
const MINUTES: i64 = 10;
/// What a scrape takes part in.
const SCRAPE_S: i64 = 15;
/// Where the third zone is not heard of any more.
const SILENT: i64 = 6;
/// Zones, and requests a minute in each.
const ZONES: [(&str, &str, f64); 3] = [
    ("ap-northeast-2a", "apne2-az1", 600.0),
    ("ap-northeast-2b", "apne2-az2", 480.0),
    ("ap-northeast-2c", "apne2-az3", 360.0),
];

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn minute(number: i64) -> Timestamp {
    start() + SignedDuration::from_mins(number)
}

/// Requests of a minute in a zone: a little more in every second one.
fn requests(zone: usize, number: i64) -> f64 {
    ZONES[zone].2 + if number % 2 == 0 { 0.0 } else { 60.0 }
}

/// Those of them that fail: in the first zone, from the fifth minute on.
fn faults(zone: usize, number: i64) -> f64 {
    if zone == 0 && number >= 4 { 36.0 } else { 0.0 }
}

/// A counter that has been counting for long, and grows by this much each minute, evenly.
fn counter(minutes: i64, by: impl Fn(i64) -> f64) -> Vec<(Timestamp, f64)> {
    let mut value = 1_000_000.0;
    let mut samples = vec![(start(), value)];
    for number in 0..minutes {
        for scrape in 1..=60 / SCRAPE_S {
            value += by(number) * SCRAPE_S as f64 / 60.0;
            samples.push((minute(number) + SignedDuration::from_secs(scrape * SCRAPE_S), value));
        }
    }
    samples
}

fn exported() -> OpenMetrics {
    let known = |zone: usize| if zone == 2 { SILENT } else { MINUTES };
    let mut metrics = OpenMetrics::default().family("nginx_ingress_controller_requests", "counter");
    for (zone, (name, ..)) in ZONES.iter().enumerate() {
        for (status, pod) in [("200", "a"), ("200", "b"), ("503", "a")] {
            let labels = format!("ingress=\"shop\",status=\"{status}\",pod=\"{pod}\",zone=\"{name}\"");
            let by = |number| match status {
                "503" => faults(zone, number),
                _ => (requests(zone, number) - faults(zone, number)) / 2.0,
            };
            metrics = metrics.series("nginx_ingress_controller_requests_total", &labels, counter(known(zone), by));
        }
    }
    metrics = metrics.family("nginx_ingress_controller_request_duration_seconds", "histogram");
    for (zone, (name, ..)) in ZONES.iter().enumerate() {
        // A quarter within 100 ms and three quarters within 250 ms; in the first zone it is 250 and 500.
        let shares = if zone == 0 { [0.0, 0.25, 1.0, 1.0] } else { [0.25, 1.0, 1.0, 1.0] };
        for (le, share) in ["0.1", "0.25", "0.5", "+Inf"].into_iter().zip(shares) {
            let labels = format!("ingress=\"shop\",zone=\"{name}\",le=\"{le}\"");
            let samples = counter(known(zone), |number| requests(zone, number) * share);
            metrics = metrics.series("nginx_ingress_controller_request_duration_seconds_bucket", &labels, samples);
        }
    }
    for (family, share) in [("node_netstat_Tcp_OutSegs", 10.0), ("node_netstat_Tcp_RetransSegs", 0.02)] {
        metrics = metrics.family(family, "unknown");
        for (zone, (name, ..)) in ZONES.iter().enumerate() {
            let samples = counter(known(zone), |number| requests(zone, number) * share);
            metrics = metrics.series(family, &format!("node=\"n{zone}\",zone=\"{name}\""), samples);
        }
    }
    metrics = metrics.family("up", "gauge");
    for (zone, (name, ..)) in ZONES.iter().enumerate() {
        for pod in ["a", "b", "c"] {
            let up = |(at, _)| (at, if pod == "c" && zone == 1 { 0.0 } else { 1.0 });
            let samples = counter(known(zone), |_| 0.0).into_iter().map(up);
            metrics = metrics.series("up", &format!("job=\"shop\",pod=\"{pod}\",zone=\"{name}\""), samples);
        }
    }
    metrics
}

/// The queries of the settings file, with one of them replaced.
fn config(replaced: Option<(&str, &str)>) -> String {
    let all = [
        ("requests", "sum by (zone) (increase(nginx_ingress_controller_requests_total{ingress=\"shop\"}[1m]))"),
        (
            "faults",
            "sum by (zone) (increase(nginx_ingress_controller_requests_total{ingress=\"shop\",status=~\"5..\"}[1m]))",
        ),
        (
            "latency",
            "histogram_quantile(0.5, sum by (zone, le) \
             (increase(nginx_ingress_controller_request_duration_seconds_bucket{ingress=\"shop\"}[1m])))",
        ),
        ("instances", "sum by (zone) (up{job=\"shop\"})"),
        ("packets", "sum by (zone) (increase(node_netstat_Tcp_OutSegs[1m]))"),
        ("packets_lost", "sum by (zone) (increase(node_netstat_Tcp_RetransSegs[1m]))"),
        // Nobody probes.
        ("probes", "sum by (zone) (increase(probe_total[1m]))"),
        ("probes_failed", "sum by (zone) (increase(probe_failures_total[1m]))"),
    ];
    let mut text = "gray_failure:\n  prod-eks:\n    queries:\n".to_owned();
    for (signal, promql) in all {
        let promql = replaced.filter(|(of, _)| *of == signal).map_or(promql, |(_, other)| other);
        let scale = if signal == "latency" { ", scale: 1000" } else { "" };
        writeln!(text, "      - {{ signal: {signal}, workload: shop, prometheus: '{promql}'{scale} }}").unwrap();
    }
    text
}

/// Where zones have their ids from.
async fn account() -> Sim {
    Sim::start(Options::stopped(Scenario::Healthy)).await.unwrap()
}

/// What the function reads of the whole time, where it is now.
async fn read(sim: &Sim, prometheus: &str, config: String, now: Timestamp) -> Result<Reading, CollectError> {
    let environment = sim.environment();
    let lookup = |name: &str| match name {
        "NIGHTSHIFT_CONFIG" => Some("nightshift.yaml".to_owned()),
        "NIGHTSHIFT_STORE" => Some("file:unused".to_owned()),
        "PROMETHEUS_URL" => Some(prometheus.to_owned()),
        _ => environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()),
    };
    let settings = Settings::from_lookup(gray_failure::REQUIRED, &lookup, &|_| Ok(config.clone())).unwrap();
    let cluster = settings.clusters[0].clone();
    let (_, queries) = settings.zones(&cluster.name);
    let app = App::with(Clients::new(settings).with_aws(aws(&environment)), Arc::new(move || now));
    let (heard, names, named_by_aws) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
    let before = Before { heard: &heard, names: &names, named_by_aws: &named_by_aws };
    let window = Window { start: start(), end: minute(MINUTES) };
    let deadline = Deadline::within(Duration::from_secs(20));
    collect(&app, (&cluster, &queries), &before, window, now, deadline).await
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6 * expected.abs().max(1.0)
}

/// Holds a minute to what was exported of it.
fn holds(read: &Minute, number: i64) {
    let zones = if number < SILENT { &ZONES[..] } else { &ZONES[..2] };
    let ids: Vec<ZoneId> = zones.iter().map(|(_, id, _)| ZoneId((*id).to_owned())).collect();
    assert_eq!(read.at, minute(number));
    assert_eq!(read.zones.keys().cloned().collect::<Vec<_>>(), ids, "minute {number}");
    for (zone, sample) in read.zones.values().enumerate() {
        let all = requests(zone, number);
        // The middle of the bucket that the median is in: 0.25 to 0.5, and 0.1 to 0.25, each reached from a quarter on.
        let median = if zone == 0 { 250.0 + 250.0 / 3.0 } else { 100.0 + 150.0 / 3.0 };
        let up = if zone == 1 { 2.0 } else { 3.0 };
        let of = |tally: &Option<Tally>| tally.as_ref().map(|tally| (tally.tried, tally.failed)).unwrap();
        let (packets, lost) = of(&sample.packets);
        let found =
            [sample.requests, sample.faults, sample.latency_ms.unwrap(), sample.instances.unwrap(), packets, lost];
        let expected = [all, faults(zone, number), median, up, 10.0 * all, 0.02 * all];
        let is_same = found.iter().zip(expected).all(|(found, expected)| is_near(*found, expected));
        assert!(is_same, "minute {number}, zone {zone}: {found:?} instead of {expected:?}");
        assert_eq!(sample.probes, None, "nobody probes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_numbers_come_out_and_what_is_missing_is_missing() {
    let Some(prometheus) = Prometheus::knowing(&exported()).await else { return };
    let sim = account().await;
    // A minute after the last one, the third zone is still waited for.
    let early = read(&sim, prometheus.address(), config(None), minute(MINUTES + 1)).await.unwrap();
    assert_eq!(early.until, Some(minute(SILENT - 1)), "{:?}", early.minutes.last());
    let late = read(&sim, prometheus.address(), config(None), minute(MINUTES + 10)).await.unwrap();
    assert_eq!(late.gaps, Vec::<String>::new());
    assert_eq!(late.minutes.len(), usize::try_from(MINUTES).unwrap());
    late.minutes.iter().zip(0..).for_each(|(read, number)| holds(read, number));
    println!("{} minutes of up to three zones, six signals each, as Prometheus has them", late.minutes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_prometheus_says_of_a_wrong_query_is_passed_on() {
    let Some(prometheus) = Prometheus::knowing(&exported()).await else { return };
    let sim = account().await;
    let now = minute(MINUTES + 10);
    for (wrong, said) in [
        ("histogram_quantile(0.5, ", "parse error"),
        ("nosuchfunction(up)", "unknown function"),
        ("rate(up)", "expected type range vector"),
    ] {
        let without = read(&sim, prometheus.address(), config(Some(("latency", wrong))), now).await.unwrap();
        let [gap] = &without.gaps[..] else { panic!("{:?}", without.gaps) };
        assert!(gap.starts_with("latency of shop: http 400: ") && gap.contains(said), "{gap}");
        assert!(without.minutes.iter().all(|one| one.zones.values().all(|sample| sample.latency_ms.is_none())));
        assert_eq!(without.minutes.len(), usize::try_from(MINUTES).unwrap(), "the rest is judged");
        let error =
            read(&sim, prometheus.address(), config(Some(("faults", wrong))), now).await.unwrap_err().to_string();
        assert!(error.starts_with("faults of the zones cannot be read: http 400: ") && error.contains(said), "{error}");
    }
    let address = prometheus.address().to_owned();
    drop(prometheus);
    let gone = read(&sim, &address, config(None), now).await.unwrap_err().to_string();
    assert!(gone.starts_with("requests of the zones cannot be read: "), "{gone}");
    assert!(!gone.contains(&address), "{gone}");
}
