//! Services, and how one of them is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::model::ObjectRef;

use super::Known;

/// Services to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Services {
    /// Those there are.
    pub all: Known<Vec<Choice>>,
    /// What was asked for and is none of them, or several; empty where nothing was.
    pub asked: String,
    /// Where they were looked for, where nobody configured them.
    pub discovered_in: Option<String>,
}

/// A service by the name that people use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Choice {
    /// The name.
    pub name: String,
    /// Its workload.
    pub workload: ObjectRef,
}

/// A workload and its pods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Which.
    pub of: Choice,
    /// Others that can be chosen.
    pub others: Vec<Choice>,
    /// Its replicas; `Missing` where the workload is not there or was not read.
    pub replicas: Known<Replicas>,
    /// Its pods, those in trouble first, then the newest.
    pub pods: Known<Vec<PodLine>>,
    /// How many pods there are in all.
    pub pod_count: usize,
}

/// How many of a workload's pods there are and should be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replicas {
    /// Ready.
    pub ready: i32,
    /// Wanted.
    pub wanted: i32,
    /// Of the latest version.
    pub updated: i32,
    /// Images of its containers.
    pub images: Vec<String>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodLine {
    /// Its name.
    pub name: String,
    /// What it comes to, in Kubernetes' word.
    pub word: String,
    /// Whether it is failing, late, or neither.
    pub trouble: Option<bool>,
    /// Whether all its containers are ready.
    pub ready: bool,
    /// Its node; empty while it has none.
    pub node: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its containers, those that come before the others first.
    pub containers: Vec<ContainerLine>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerLine {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: ContainerStateLine,
    /// How often it was restarted.
    pub restarts: i32,
    /// Why it ended last, with the exit code.
    pub last_ended: Option<(String, i32)>,
    /// Its image.
    pub image: String,
}

/// How a container is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerStateLine {
    /// It runs, and whether it is ready.
    Running(bool),
    /// It waits, for this reason.
    Waiting(String),
    /// It ended, for this reason, with this code.
    Terminated(String, i32),
    /// Nothing is known of it yet.
    Unknown,
}

/// The end of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// The pod; empty where there is none.
    pub pod: String,
    /// Its container.
    pub container: String,
    /// Whether it is the log of the run before.
    pub previous: bool,
    /// The lines, secrets hidden; why there are none otherwise.
    pub lines: Result<String, String>,
}
