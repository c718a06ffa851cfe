//! The protocols of sim and of our clients, judged from outside: kubectl, boto3, slack_sdk, moto, a browser.

#![allow(clippy::unwrap_used, reason = "where a test's helpers fail, the test has failed")]

mod kubectl;
mod metrics;
mod sim_aws;
mod slack_app;
mod slack_page;
