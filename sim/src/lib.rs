//! A cluster, an AWS account and a Slack channel in one process, speaking the real protocols on loopback.

pub mod aws;
pub mod fault;
pub mod kube;
pub mod lambda;
pub mod slack;
pub mod world;

/// The simulated AWS account.
pub const ACCOUNT_ID: &str = "111122223333";

/// The region everything is in.
pub const REGION: &str = "ap-northeast-2";
