//! A cluster, an AWS account and a Slack channel in one process, speaking the real protocols on loopback.

pub mod aws;
pub mod kube;
pub mod lambda;
pub mod slack;
pub mod world;
