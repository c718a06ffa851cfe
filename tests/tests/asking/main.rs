//! From what people ask in Slack to the answer: `intake` and `slack-commands` over sim.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod commands;
mod faults;
mod intake;
mod intake_faults;
mod questions;
mod whole_way;
