//! Nodes: what the zones' part does not see. Those that are ill, and those that a finding of GuardDuty names.
//!
//! ```text
//! every minute
//! collect  nodes, their events, restarts, disks -> a look      all reading, bounded in time
//! decide   look and memory -> statements                       pure
//! state    memory and statements, kept by compare and write    before anything is said or proposed
//! act      each statement: a message, and a case               both under a key of their own, so once
//! by the queue
//! finding  GuardDuty's event -> the node -> a message, a case to isolate it; later one to drain it, for people
//! ```
//!
//! Whoever is interrupted after `state` finds its statements there in the next minute and carries them out; whoever is
//! interrupted after a message or a case finds them standing under their keys. So nothing is said or proposed twice, and
//! nothing is forgotten.

mod act;
mod collect;
pub mod decide;
pub(crate) mod finding;
pub mod message;
mod state;
mod words;

use futures::FutureExt;
use jiff::Timestamp;
use shared::config::ClusterSettings;
use shared::deadline::Deadline;
use shared::store::StoreError;

use crate::event::Envelope;
use crate::{App, RunError};
use decide::{Situation, VERSION};
use state::Kept;

pub use finding::{Finding, MalformedFinding, Place};

/// What is done for the nodes of a cluster every minute, after its zones.
///
/// # Errors
///
/// Where it has to be tried again.
pub async fn sweep(app: &App, cluster: &ClusterSettings, now: Timestamp, deadline: Deadline) -> Result<(), RunError> {
    let store = app.clients.store().await?;
    let (mut kept, version) = match store.nodes::<Kept>(&cluster.name, now).await? {
        Some((kept, version)) => (kept, Some(version)),
        None => (Kept::default(), None),
    };
    let read = collect::look(app, cluster, &mut kept, now, deadline).boxed().await;
    let nodes = match read {
        Ok((look, nodes)) => {
            let rules = app.clients.settings().structure.nodes.clone();
            let situation = Situation { version: VERSION, memory: std::mem::take(&mut kept.memory), look, rules };
            let decision = decide::decide(&situation);
            kept.take(decision);
            Ok(nodes)
        }
        Err(error) => Err(error),
    };
    let written = store.keep_nodes(&cluster.name, version, &kept, now).await;
    let version = match written {
        Err(StoreError::Conflict(_)) => {
            tracing::info!(cluster = cluster.name, "somebody else has looked at the nodes in this minute");
            return Ok(());
        }
        outcome => outcome?,
    };
    act::carry_out(app, cluster, (kept, version), deadline).boxed().await?;
    let nodes = nodes?;
    finding::sweep(app, cluster, &nodes, deadline).boxed().await
}

/// What is done about a finding of GuardDuty.
///
/// # Errors
///
/// Where it cannot be read, or has to be tried again.
pub async fn finding(app: &App, event: &Envelope, deadline: Deadline) -> Result<(), RunError> {
    finding::take(app, event, deadline).boxed().await
}

/// Whether somebody else was faster, who then does what is to be done.
const fn is_race(error: &RunError) -> bool {
    matches!(error, RunError::Store(StoreError::Conflict(_)))
}
