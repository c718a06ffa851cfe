//! All reading: what a question needs of the cluster and around it, within bounds, into a [`Reading`].
//!
//! A burst asks the same again and again: a reading that is some seconds old is used again, and whoever asks while it is
//! being made waits for it rather than make it a second time ([`Recent`]).

mod alarms;
mod bucket;
mod events;
mod health;
mod net;
mod pods;
mod probe;
mod question;
mod rates;
mod services;
mod workload;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::config::{ClusterSettings, Settings};
use shared::deadline::Deadline;
use shared::eks::{Cluster, ReadError, ReadPlan};
use shared::roles::Reach;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) use self::events::namespace_in;
pub(crate) use self::pods::{Condition, condition};
use crate::clients::Clients;
use crate::event::{Command, What};
use crate::situation::{Known, Reading};

/// How long a reading is as good as a new one.
const FRESH: Duration = Duration::from_secs(5);
/// What is kept of the invocation for answering and recording.
const RESERVE: Duration = Duration::from_secs(10);
/// The longest a question waits for the cluster.
const PATIENCE: Duration = Duration::from_secs(20);

type Key = (String, What, String);
type Slot = Arc<Mutex<Option<(Instant, Reading)>>>;

/// What was read some seconds ago, by what it was read for.
#[derive(Debug, Default)]
pub struct Recent(std::sync::Mutex<HashMap<Key, Slot>>);

impl Recent {
    fn slot(&self, cluster: &str, what: &What, reach: &Reach) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // What nobody waits for and nobody will use again goes.
        slots.retain(|_, slot| match slot.try_lock() {
            Ok(kept) => kept.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH),
            Err(_) => true,
        });
        Arc::clone(slots.entry((cluster.to_owned(), what.clone(), format!("{reach:?}"))).or_default())
    }
}

/// Which of the configured clusters is meant: the one that a word of the command names, or that was chosen, or the first.
/// An error lists those there are.
pub fn cluster_of<'a>(settings: &'a Settings, what: &What) -> Result<&'a ClusterSettings, Vec<String>> {
    let names = || settings.clusters.iter().map(|known| known.name.clone()).collect();
    match what {
        What::Pick(_, target) => settings.clusters.iter().find(|known| known.name == target.cluster).ok_or_else(names),
        What::Command(_, words) => {
            let named = settings.clusters.iter().find(|known| words.contains(&known.name));
            named.or(settings.clusters.first()).ok_or_else(names)
        }
        What::Question(text) => {
            let named = settings.clusters.iter().find(|known| text.contains(&known.name));
            named.or(settings.clusters.first()).ok_or_else(names)
        }
        What::UnknownCommand(_) | What::Elsewhere(_) => settings.clusters.first().ok_or_else(names),
    }
}

/// Reads what `what` needs, as far as somebody with this reach may see it. Never fails: what could not be read is said in the
/// reading.
pub async fn read(
    clients: &Clients,
    known: &ClusterSettings,
    what: &What,
    reach: &Reach,
    now: Timestamp,
    deadline: Deadline,
) -> Reading {
    let slot = clients.recent.slot(&known.name, what, reach);
    let mut kept = slot.lock().await;
    if let Some((_, reading)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
        return reading.clone();
    }
    let deadline = deadline.before(RESERVE.min(deadline.remaining() / 2));
    let deadline = Deadline::within(deadline.cap(PATIENCE));
    let reading = match what {
        What::Command(Command::Health, _) => health::read(clients, known, now, deadline).await,
        What::Command(Command::Events, _) => events::read(clients, known, what, reach, deadline).await,
        What::Command(Command::NetCheck, _) => net::read(clients, known, what, reach, deadline).await,
        What::Command(Command::ServiceStatus | Command::Logs, _)
        | What::Pick(Command::ServiceStatus | Command::Logs, _) => {
            workload::read(clients, known, what, reach, deadline).await
        }
        What::Question(_) => question::read(clients, known, reach, deadline).await,
        What::Pick(..) | What::UnknownCommand(_) | What::Elsewhere(_) => Reading::NotNeeded,
    };
    *kept = Some((Instant::now(), reading.clone()));
    reading
}

/// The cluster, or why there is no way to it.
pub(crate) async fn connected(
    clients: &Clients,
    of: &ClusterSettings,
    deadline: Deadline,
) -> Result<Arc<Cluster>, String> {
    match tokio::time::timeout(deadline.remaining(), clients.cluster(&of.name)).await {
        Err(_) => Err(format!("connecting to cluster {} took too long", of.name)),
        Ok(Err(error)) => Err(shared::chain(&error)),
        Ok(Ok(cluster)) => Ok(cluster),
    }
}

/// The plan of a look that ends before `deadline`.
fn plan(deadline: Deadline) -> ReadPlan {
    let time = deadline.remaining();
    ReadPlan { time, request_time: time.min(Duration::from_secs(10)), ..ReadPlan::default() }
}

/// What a fold of the cluster came to.
fn known<T>(folded: Result<T, (T, ReadError)>, is_empty: impl FnOnce(&T) -> bool) -> Known<T> {
    match folded {
        Ok(value) => Known::Whole(value),
        Err((value, error)) if is_empty(&value) => Known::Missing(error.chain()),
        Err((value, error)) => Known::Part(value, error.chain()),
    }
}
