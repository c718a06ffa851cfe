//! Nodes: what the zones' part does not see.

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;

use crate::event::Envelope;
use crate::{App, RunError};

/// What is done for the nodes of a cluster every minute, after its zones.
///
/// # Errors
///
/// Where it has to be tried again.
pub async fn sweep(_: &App, _: &ClusterSettings, _: Timestamp, _: Deadline) -> Result<(), RunError> {
    Ok(())
}

/// What is done about a finding of GuardDuty.
///
/// # Errors
///
/// Where it has to be tried again.
pub async fn finding(_: &App, _: &Envelope, _: Deadline) -> Result<(), RunError> {
    Ok(())
}
