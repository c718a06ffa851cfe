//! What to read, and how much at most.

use std::{collections::BTreeSet, time::Duration};

pub use super::keep::KeepPlan;
use crate::diagnosis::Trigger;

/// What to read of a cluster, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    /// Only these namespaces; all when empty. Cluster-scoped kinds are read in any case.
    pub namespaces: BTreeSet<String>,
    /// What the reading is about: kept when the rest has to be left out, and asked for alone when the rest is forbidden.
    pub focus: Focus,
    /// Time for everything, logs and metrics included.
    pub time: Duration,
    /// Time for one request.
    pub request_time: Duration,
    /// Bytes of all answers together.
    pub bytes: usize,
    /// Bytes of one answer; a page that is larger is asked for again in smaller pages.
    pub page_bytes: usize,
    /// Objects in a page.
    pub page_size: usize,
    /// How much of a large list is kept.
    pub keep: KeepPlan,
    /// Requests at the same time.
    pub concurrency: usize,
    /// Which logs, and how much of them.
    pub logs: LogPlan,
    /// Whether CPU and memory of nodes and pods are read from metrics.k8s.io.
    pub usage: bool,
}

/// What a reading is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Focus {
    /// Namespaces.
    pub namespaces: BTreeSet<String>,
    /// Names of workloads, Services or pods in those namespaces.
    pub names: BTreeSet<String>,
}

/// Bounds of reading logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlan {
    /// Logs at most, current and previous counted apart. 0 reads none.
    pub count: usize,
    /// Last lines of each.
    pub lines: usize,
    /// Bytes of each.
    pub bytes: usize,
    /// Time for all of them.
    pub time: Duration,
}

impl ReadPlan {
    /// For a diagnosis that an alarm asks for: everything, its namespace and workload first.
    pub fn about(trigger: &Trigger) -> Self {
        Self { focus: Focus::of(trigger), ..Self::default() }
    }

    /// For a record of the cluster: nothing is left out for its size, and time is less dear.
    pub fn for_capture(namespaces: BTreeSet<String>) -> Self {
        Self {
            namespaces,
            time: Duration::from_secs(300),
            request_time: Duration::from_secs(60),
            bytes: usize::MAX,
            keep: KeepPlan { whole: usize::MAX, quiet: usize::MAX },
            logs: LogPlan { count: 500, lines: 500, bytes: 256 << 10, time: Duration::from_secs(120) },
            ..Self::default()
        }
    }
}

impl Focus {
    /// What an alarm names.
    pub fn of(trigger: &Trigger) -> Self {
        Self {
            namespaces: trigger.namespace.iter().cloned().collect(),
            names: trigger.workload.iter().cloned().collect(),
        }
    }
}

impl Default for ReadPlan {
    /// Fits a function of 30 seconds and 256 MB.
    fn default() -> Self {
        Self {
            namespaces: BTreeSet::new(),
            focus: Focus::default(),
            time: Duration::from_secs(20),
            request_time: Duration::from_secs(10),
            bytes: 1 << 30,
            page_bytes: 32 << 20,
            page_size: 500,
            keep: KeepPlan::default(),
            concurrency: 8,
            logs: LogPlan::default(),
            usage: true,
        }
    }
}

impl Default for LogPlan {
    fn default() -> Self {
        Self { count: 60, lines: 150, bytes: 64 << 10, time: Duration::from_secs(5) }
    }
}
