//! The zones of a cluster, minute by minute.

use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;

use crate::event::Envelope;
use crate::{App, RunError};

/// A minute of a cluster's zones.
pub(crate) async fn sweep(_: &App, _: &ClusterSettings, _: Timestamp, _: Deadline) -> Result<(), RunError> {
    Ok(())
}

/// What AWS says of a zone.
pub(crate) async fn told_of(_: &App, _: &Envelope, _: Deadline) -> Result<(), RunError> {
    Ok(())
}
