//! Metric series from CloudWatch and Prometheus, behind one trait.
//!
//! A [`MetricQuery`] says what the incident is about ([`Focus`]) and when ([`Window`]); a [`MetricSource`] knows its own
//! standard queries for that: use of CPU and memory, restarts, throttling, request rate, success rate, latency, network.
//! Both sources answer with [`Series`] under the names listed there, so that an analyzer does not know which one it reads.
//! Reading never fails as a whole: what could not be read is a [`Gap`], which the message names as missing evidence.
//!
//! Names beyond those of [`Series`]: `cpu_utilization` and `mem_utilization` (percent of the node), `cpu_of_limit` and
//! `mem_of_limit` (percent), `disk_utilization` (percent), `restarts` (count since start, or per period from CloudWatch),
//! `p99latency` (ms), `requests`, `5xx` and `balancer_5xx` (per period), `healthy_hosts`, `unhealthy_hosts`, `network_bytes`,
//! `network_receive_bytes` and `network_transmit_bytes` (per second). Series of the alarm itself have the kind `Other`, the
//! alarm metric's label or name as `metric`, and its dimensions (`ServiceName=api`) as `name`; an anomaly band gives two,
//! suffixed `.upper` and `.lower`.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::snapshot::{Gap, Series};

mod alarm;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
#[cfg(feature = "prometheus")]
mod prometheus;

pub use alarm::{AlarmMetric, AlarmMetricRef, AlarmMetricStat};
#[cfg(feature = "cloudwatch")]
pub use cloudwatch::CloudWatch;
#[cfg(feature = "prometheus")]
pub use prometheus::{Prometheus, PrometheusError, Row, Sample};

/// A source of metric series.
pub trait MetricSource: Send + Sync {
    /// Reads what is known about `query`, within its time limit.
    fn read<'a>(&'a self, query: &'a MetricQuery) -> BoxFuture<'a, Metrics>;
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// Series, each with at least one point.
    pub series: Vec<Series>,
    /// What could not be read, and why.
    pub gaps: Vec<Gap>,
}

/// What to read.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricQuery {
    /// The cluster's name, as CloudWatch's `ClusterName` dimension has it.
    pub cluster: String,
    /// What the incident is about; duplicates are read once.
    pub focus: Vec<Focus>,
    /// The alarm's own metrics; empty where no CloudWatch alarm started this.
    pub alarm: Vec<AlarmMetric>,
    /// The time of interest.
    pub window: Window,
    /// All calls together end within this time.
    pub limit: Duration,
}

/// What metrics are wanted of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Focus {
    /// Every workload of a namespace.
    Namespace(String),
    /// One workload and its pods. The Service in front of it is assumed to have its name.
    Workload {
        /// The namespace.
        namespace: String,
        /// The name of the Deployment, StatefulSet or DaemonSet.
        name: String,
    },
    /// One node, by its Kubernetes name.
    Node(String),
    /// A target group of an Application Load Balancer; read from CloudWatch only.
    LoadBalancer {
        /// The `LoadBalancer` dimension, for example `app/shop/50dc6c495c0c9188`.
        load_balancer: String,
        /// The `TargetGroup` dimension, for example `targetgroup/api/73e2d6bc24d8a067`; empty for the whole load balancer.
        target_group: String,
    },
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub start: Timestamp,
    /// The moment after the last.
    pub end: Timestamp,
}

impl Window {
    /// The hour before `at` and the quarter of an hour after it, as far as `now` allows: long enough to see the usual value
    /// before the change.
    pub fn around(at: Timestamp, now: Timestamp) -> Self {
        let start = at.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN);
        let end = at.saturating_add(SignedDuration::from_mins(15)).unwrap_or(Timestamp::MAX);
        Self { start, end: end.min(now).max(at) }
    }

    /// Its length in seconds; at least 0.
    pub fn seconds(&self) -> i64 {
        (self.end.as_second() - self.start.as_second()).max(0)
    }
}

/// The focus without duplicates, in the order given.
#[cfg(any(feature = "cloudwatch", feature = "prometheus"))]
fn distinct(focus: &[Focus]) -> Vec<&Focus> {
    let mut seen = std::collections::BTreeSet::new();
    focus.iter().filter(|one| seen.insert(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_hour_before_and_ends_no_later_than_now() {
        let at: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let soon = Window::around(at, "2026-03-01T12:02:00Z".parse().unwrap());
        assert_eq!((soon.seconds(), soon.end.to_string().as_str()), (62 * 60, "2026-03-01T12:02:00Z"));
        let late = Window::around(at, "2026-03-02T12:02:00Z".parse().unwrap());
        assert_eq!(late.seconds(), 75 * 60);
    }

    #[test]
    fn a_clock_behind_the_alarm_still_gives_the_hour_before() {
        let at: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(Window::around(at, "2026-03-01T11:00:00Z".parse().unwrap()).seconds(), 3600);
    }
}
