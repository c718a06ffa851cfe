//! From an alarm to its thread: the function `alarm-analysis`, the demo and the command line over sim.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod analyst;
mod behaviours;
mod binary;
mod demo;
mod dump;
mod faults;
mod hostile_agent;
mod learning;
mod other_account;
mod reading_faults;
mod scenarios;
mod silence;
mod thresholds;
mod ticket_faults;
mod tickets;
mod trackers;
