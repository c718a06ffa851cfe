//! What every Nightshift function shares.
//!
//! Pure parts first: [`model`] (slim Kubernetes objects), [`snapshot`] (all that is known of a cluster at one moment),
//! [`diagnosis`] (evidence, findings, ranked causes), [`incident`], [`bus`] (what the functions say to each other), [`redact`],
//! [`text`], [`zonal`] (leaving a zone). Then the clients, each behind the feature of its name, so that a function carries only what it uses,
//! and [`clients`], which makes them when they are needed.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "bedrock")]
pub mod bedrock;
pub mod bus;
mod chain;
#[cfg(feature = "clients")]
pub mod clients;
pub mod config;
mod contained;
pub mod deadline;
pub mod diagnosis;
#[cfg(feature = "eks")]
pub mod eks;
#[cfg(feature = "http")]
pub mod http;
pub mod incident;
pub mod json;
#[cfg(feature = "remediation")]
pub mod lessons;
pub mod metrics;
pub mod model;
pub mod redact;
#[cfg(feature = "remediation")]
pub mod remediation;
pub mod roles;
#[cfg(feature = "slack")]
pub mod slack;
pub mod snapshot;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod thresholds;
#[cfg(feature = "tickets")]
pub mod tickets;
pub mod zonal;

pub use chain::chain;
pub use contained::contained;
