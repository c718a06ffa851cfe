//! Sim's own protocols, called as their clients call them.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod lambda;
mod slack;
mod slack_app;
