//! The container starts and fails.

mod application_crash;
mod oom_killed;
mod port_conflict;
mod probe;
mod zero_replicas;

super::list![application_crash, oom_killed, port_conflict, probe, zero_replicas];
