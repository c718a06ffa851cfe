//! The container starts and fails.

mod application_crash;
mod oom_killed;

super::list![application_crash, oom_killed];
