//! A cluster, an AWS account and a Slack channel in one process, speaking the real protocols on loopback.
//!
//! [`Sim::start`] serves all of it and [`Sim::environment`] says how to reach it:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sim::{Options, Sim, lambda::{FunctionProcess, Queue, find_binary}, world::Scenario};
//!
//! let sim = Sim::start(Options::stopped(Scenario::BadRollout)).await?;
//! let function = FunctionProcess::start(&find_binary("alarm-analysis")?, sim.environment()).await?;
//! let queue = Queue::new("alarms");
//! sim.world().advance_until(jiff::SignedDuration::from_mins(10), |world| !world.alarm_history().is_empty());
//! sim.world().take_alarm_events().iter().for_each(|event| { queue.send(event); });
//! queue.drive(&function).await;
//! assert!(!sim.slack().messages().is_empty());
//! # Ok(())
//! # }
//! ```

pub mod aws;
pub mod bus;
mod clock;
pub mod fault;
pub mod kube;
mod kube_faults;
pub mod lambda;
pub mod slack;
mod start;
pub mod trackers;
pub mod world;

pub use start::{Options, Sim, StartError};

/// The simulated AWS account.
pub const ACCOUNT_ID: &str = "111122223333";

/// The cluster's Kubernetes version: what EKS, the API server and the nodes say.
pub const KUBERNETES_VERSION: &str = "1.32.3";

/// Major and minor version, as EKS names a version.
pub(crate) fn kubernetes_minor() -> &'static str {
    KUBERNETES_VERSION.rsplit_once('.').map_or(KUBERNETES_VERSION, |(minor, _)| minor)
}

/// What the simulated Slack signs its requests with.
pub const SIGNING_SECRET: &str = "sim-signing-secret";

/// The region everything is in.
pub const REGION: &str = "ap-northeast-2";
