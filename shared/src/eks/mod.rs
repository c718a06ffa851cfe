//! Reading a cluster: how to reach it, how to prove who we are, and everything diagnosis wants to know in one pass.
//!
//! - [`ClusterTarget`] says which cluster is meant: an EKS cluster by name, a context of a kubeconfig, or a plain endpoint.
//! - [`Cluster::connect`] turns it into a client. For EKS that is one `DescribeCluster` for endpoint and certificate authority;
//!   the bearer token is made locally ([`TokenSource`]) and renewed while the client lives.
//! - [`Cluster::read`] reads all kinds of a [`Snapshot`](crate::snapshot::Snapshot) in pages, at the same time, within the
//!   bounds of a [`ReadPlan`]. What is refused, cut off or too slow is missing from the snapshot and named in its gaps; only a
//!   cluster of which nothing at all could be read is an error.
//! - [`Cluster::survey`] looks at single kinds, where a question needs no more: objects are folded page by page and dropped.
//!
//! Nothing here writes, and Secrets are never asked for.

mod budget;
mod connect;
mod error;
mod keep;
mod logs;
mod page;
mod plan;
mod read;
mod survey;
mod target;
#[cfg(test)]
mod tests;
mod token;
mod trim;
mod usage;
mod which_logs;

pub use connect::{Cluster, ConnectError};
pub use error::ReadError;
pub use plan::{Focus, KeepPlan, LogPlan, ReadPlan};
pub use survey::Survey;
pub use target::{ClusterTarget, TargetError};
pub use token::{TokenError, TokenSource};
