//! From a proposal to its end: the function `remediation` over sim.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod actions;
mod course;
mod denying;
mod faults;
mod page;
