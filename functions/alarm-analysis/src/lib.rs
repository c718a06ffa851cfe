//! From a CloudWatch alarm to a diagnosis in Slack.

pub mod event;
pub mod message;
pub mod report;
