//! JSON logs to stdout, and metrics in CloudWatch's embedded metric format (EMF).
//!
//! Both are lines on stdout: CloudWatch Logs keeps the logs and takes the metrics out of them without a call. Metrics are
//! gathered in a [`Metrics`] for one invocation and written once, at its end, by [`Metrics::flush`].

mod emf;
mod logs;

pub use emf::{Metrics, Unit};
pub use logs::{cold_start, init};
