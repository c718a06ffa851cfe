//! Ways: from a Service to its pods, from here to pods, database, bucket and table.

use serde::{Deserialize, Serialize};

use super::{Choice, Known};

/// What was found of the ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Net {
    /// Of each service.
    pub services: Known<Vec<NetService>>,
    /// How many services there are in all.
    pub service_count: usize,
    /// The database.
    pub rds: Probe,
    /// The bucket.
    pub s3: Probe,
    /// The table.
    pub dynamodb: Probe,
}

/// The ways to one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetService {
    /// Which.
    pub of: Choice,
    /// Pods wanted; absent where the workload is not there.
    pub wanted: Option<i32>,
    /// Pods ready.
    pub ready: usize,
    /// Services that select its pods.
    pub services: Vec<String>,
    /// Addresses behind them that take traffic.
    pub endpoints: usize,
    /// Addresses behind them that do not.
    pub endpoints_not_ready: usize,
    /// Whether pods were reached from here.
    pub reached: Reached,
}

/// Whether pods were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reached {
    /// Pods that were tried.
    pub tried: usize,
    /// Those that took the connection.
    pub reached: usize,
    /// Those that refused it: there is a way, and nobody listens.
    pub refused: usize,
}

/// What a look at one dependency found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Nobody has said where it is.
    NotConfigured,
    /// It answered.
    Good {
        /// What was looked at.
        target: String,
        /// After how long.
        took_ms: u64,
        /// What it said, for example `TLS` or `ACTIVE`.
        detail: String,
    },
    /// It answered, and something about it is not as it should be.
    Doubtful {
        /// What was looked at.
        target: String,
        /// What.
        why: String,
    },
    /// It did not answer, or refused.
    Bad {
        /// What was looked at.
        target: String,
        /// Why.
        why: String,
    },
}
