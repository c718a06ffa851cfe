//! Threshold alarms (MON-3): what they are, from settings, and what has to change for them to be so.
//!
//! ```text
//! Levels (settings) + clusters and services -> [Alarm] (desired) ─┐
//!                                     what CloudWatch has  ───────┴─> Plan { put, keep, delete, foreign }
//! ```
//!
//! All of it is pure; [`apply`] is the thing that reads CloudWatch and carries a plan out, `keep` does that for all
//! clusters, [`prometheus`] writes the same
//! lines as a rule file for those who alert from Prometheus. Names are deterministic, so applying twice changes nothing; only
//! alarms that carry our mark are ever changed or deleted.

mod alarm;
#[cfg(feature = "cloudwatch")]
pub mod apply;
#[cfg(feature = "cloudwatch")]
mod keep;
mod levels;
mod plan;
pub mod prometheus;

pub use alarm::{Alarm, MARK, Measure, PREFIX, desired};
#[cfg(feature = "cloudwatch")]
pub use keep::keep;
pub use levels::{Level, Levels, Metric, Severity};
pub use plan::{Existing, Plan, plan};
