//! All that is known when an answer is decided: what is asked and what was read for it.
//!
//! Readings are made small while they are read (a hundred thousand pods are three counts and the names of some that are in
//! trouble), so that a question about a large cluster costs what one about a small cluster costs.

mod events;
mod health;
mod net;
mod workload;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::roles::Reach;
use shared::snapshot::Snapshot;

pub use events::{EventLine, LatestEvents};
pub use health::{ActiveAlarm, Alarms, Health, Nodes, Pods, Rates, Troubled, Usage};
pub use net::{Net, NetService, Probe, Reached};
pub use workload::{Choice, ContainerLine, ContainerStateLine, LogTail, PodLine, Replicas, Services, Workload};

use crate::event::What;

/// The version of this form.
pub const VERSION: u32 = 1;

/// All that is known when an answer is decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// [`VERSION`] of the code that wrote it.
    pub version: u32,
    /// What is asked.
    pub what: What,
    /// Where whoever asks may look.
    pub reach: Reach,
    /// The cluster meant.
    pub cluster: String,
    /// When it was put together.
    pub at: Timestamp,
    /// What was read.
    pub reading: Reading,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Nothing: the question needs no look at a cluster.
    NotNeeded,
    /// No such cluster is configured.
    UnknownCluster {
        /// Those that are.
        known: Vec<String>,
    },
    /// The cluster could not be read at all.
    Unreachable {
        /// Why, and what to do about it.
        reason: String,
    },
    /// For `/health`.
    Health(Box<Health>),
    /// Services to choose from.
    Choose(Services),
    /// One service's workload and pods.
    Workload(Box<Workload>),
    /// One service's newest pod's log.
    Logs(Box<Workload>, LogTail),
    /// The latest events.
    Events(Known<LatestEvents>),
    /// Ways between services and to what they depend on.
    Net(Box<Net>),
    /// All of it, for a question in plain language.
    Cluster(Arc<Snapshot>),
}

/// A part of a reading: there, there in part, or not, and then why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// Read.
    Whole(T),
    /// Read up to a point.
    Part(T, String),
    /// Not read.
    Missing(String),
    /// Nobody has said where to read it.
    NotConfigured,
}

impl<T> Known<T> {
    /// What there is of it.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Whole(value) | Self::Part(value, _) => Some(value),
            Self::Missing(_) | Self::NotConfigured => None,
        }
    }

    /// Why there is not all of it.
    pub fn gap(&self) -> Option<&str> {
        match self {
            Self::Part(_, why) | Self::Missing(why) => Some(why),
            Self::Whole(_) | Self::NotConfigured => None,
        }
    }
}
