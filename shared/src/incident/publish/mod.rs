//! Showing incidents in Slack: each message once, the first one brought up to date at a bearable pace.
//!
//! An incident is shown by its thread's first message, which is edited as the incident goes on, and by replies, each of
//! which is posted once. [`Publisher::show`] brings one incident up to its latest revision, [`Publisher::show_rest`] all
//! that are left of a channel, [`Publisher::sweep`] all that are left anywhere (of invocations that ended before they were
//! done). Whoever is interrupted leaves the incident on the list of what is left to show.

mod deliver;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

pub use deliver::{Courier, Delivered, PublishError};

use super::{Fingerprint, Incident, Slot, Thread};
use crate::{
    deadline::Deadline,
    slack::{ChannelId, Message, MessageTs, Posted, Slack, SlackError},
    store::Store,
};

/// What is said about an incident: from the incident alone, so that it can be said again by whoever comes later.
pub trait Render: Send + Sync {
    /// The thread's first message, as the incident stands.
    fn first(&self, incident: &Incident) -> Message;

    /// The replies that stand in the thread by now, in their order. Each is posted once, under its name.
    fn replies(&self, incident: &Incident) -> Vec<Reply>;
}

/// A reply in an incident's thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its name within the incident: `detail`, `resolved`.
    pub name: String,
    /// Whether it is shown in the channel as well.
    pub broadcast: bool,
    /// What it says.
    pub message: Message,
}

/// What came of showing an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// People see its latest revision.
    UpToDate,
    /// Somebody else has the channel's next turn, or is posting it; they will come to it, or the sweep will.
    LeftToOthers,
}

/// The time, read at the edge.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long an alert that is repeated for as long as it fires is taken to fire after it was last repeated.
const SILENCE: Duration = Duration::from_secs(12 * 3600);

/// Room for one call to Slack and for recording its outcome.
const ROOM: Duration = Duration::from_secs(3);

/// Shows incidents.
#[derive(Clone)]
pub struct Publisher<R> {
    store: Store,
    slack: Slack,
    render: R,
    clock: Clock,
    silence: Duration,
}

impl<R> std::fmt::Debug for Publisher<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").field("store", &self.store).field("slack", &self.slack).finish_non_exhaustive()
    }
}

impl<R: Render> Publisher<R> {
    /// A publisher. `clock` is asked whenever the time matters, since waiting for a turn takes some.
    pub fn new(store: Store, slack: Slack, render: R, clock: Clock) -> Self {
        Self { store, slack, render, clock, silence: SILENCE }
    }

    /// The same publisher, to which alerts that have not been repeated for this long are over.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Brings one incident up to its latest revision: posts its first message if it has none, edits it otherwise, posts
    /// the replies that are missing.
    pub async fn show(&self, fingerprint: &Fingerprint, deadline: Deadline) -> Result<Shown, PublishError> {
        let Some(incident) = self.store.incident(fingerprint, self.now()).await? else {
            return Ok(Shown::UpToDate);
        };
        // What came before it is brought to its end first.
        if incident.previous.is_some() {
            for replaced in self.store.replaced(fingerprint, self.now()).await? {
                match self.show_incident(replaced.clone(), deadline).await? {
                    Shown::UpToDate => self.store.forget_replaced(&replaced).await?,
                    Shown::LeftToOthers => return Ok(Shown::LeftToOthers),
                }
            }
        }
        if !incident.is_dirty() {
            self.store.forget_unshown(&incident.channel, fingerprint, self.now()).await?;
            return Ok(Shown::UpToDate);
        }
        self.show_incident(incident, deadline).await
    }

    async fn show_incident(&self, mut incident: Incident, deadline: Deadline) -> Result<Shown, PublishError> {
        let first = match incident.thread.clone() {
            Some(thread) => posted(thread),
            None => match self.post_first(&incident, deadline).await? {
                Delivered::Busy => return Ok(Shown::LeftToOthers),
                Delivered::Posted { posted, as_given } => {
                    let thread = Thread { channel: posted.channel.0.clone(), ts: posted.ts.0.clone() };
                    let shown = if as_given { incident.revision } else { 0 };
                    incident = self.store.set_thread(&incident, thread, shown, self.now()).await?;
                    posted
                }
            },
        };
        if incident.first_shown < incident.revision {
            let turn = self.store.take_turn(&incident.channel, Slot::UPDATE_WAIT, self.now()).await?;
            let Some(turn) = turn else { return Ok(Shown::LeftToOthers) };
            self.wait_until(turn).await;
            // What was changed while we waited is shown as well.
            incident = match self.store.incident(&incident.fingerprint, self.now()).await? {
                Some(latest) if latest.id == incident.id => latest,
                _ => incident,
            };
            self.edit_first(&incident, &first, deadline).await?;
        }
        for reply in self.render.replies(&incident) {
            if incident.replied.contains(&reply.name) {
                continue;
            }
            match self.post_reply(&incident, &first, &reply, deadline).await? {
                Delivered::Busy => return Ok(Shown::LeftToOthers),
                Delivered::Posted { .. } => {
                    self.store.set_replied(&incident, &reply.name, self.now()).await?;
                }
            }
        }
        let revision = incident.revision;
        let incident = self.store.set_shown(&incident, revision, self.now()).await?;
        Ok(if incident.is_dirty() { Shown::LeftToOthers } else { Shown::UpToDate })
    }

    /// Shows what is left of a channel, or of all of them: an incident a turn, while there is time. Incidents that cannot
    /// be shown are left and logged. Returns how many were brought up to date.
    pub async fn show_rest(&self, channel: Option<&str>, deadline: Deadline) -> Result<usize, PublishError> {
        let mut shown = 0;
        let mut failed = std::collections::BTreeSet::new();
        while deadline.fits(Slot::UPDATE_WAIT, ROOM) {
            let left = self.store.unshown(channel, 50, self.now()).await?;
            let Some((channel, fingerprint)) = left.into_iter().find(|left| !failed.contains(left)) else { break };
            match self.show(&fingerprint, deadline).await {
                Ok(Shown::UpToDate) => {
                    self.store.forget_unshown(&channel, &fingerprint, self.now()).await?;
                    shown += 1;
                }
                Ok(Shown::LeftToOthers) => {
                    failed.insert((channel, fingerprint));
                }
                Err(error) => {
                    tracing::error!(%fingerprint, %error, "an incident could not be shown");
                    failed.insert((channel, fingerprint));
                }
            }
        }
        Ok(shown)
    }

    /// What a minute's schedule does: ends incidents whose alarms have had no data for hours or are no longer repeated, and shows
    /// what is left.
    pub async fn sweep(&self, clusters: &[&str], deadline: Deadline) -> Result<usize, PublishError> {
        for cluster in clusters {
            for incident in self.store.open_incidents(cluster, self.now()).await? {
                self.store.fade(&incident, self.silence, self.now()).await?;
            }
        }
        self.show_rest(None, deadline).await
    }

    async fn edit_first(&self, incident: &Incident, first: &Posted, deadline: Deadline) -> Result<(), PublishError> {
        let key = deliver::first_key(incident);
        match self.slack.update(first, &self.render.first(incident), &key, deadline).await {
            // Somebody deleted it, or it is too old to be edited: the replies still tell.
            Err(error @ SlackError::Refused { .. }) if error.is_about_the_message() => {
                tracing::warn!(incident = %incident.id, %error, "the first message is not brought up to date");
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    async fn wait_until(&self, turn: Timestamp) {
        let wait = turn.duration_since(self.now());
        tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
    }
}

fn posted(thread: Thread) -> Posted {
    Posted { channel: ChannelId(thread.channel), ts: MessageTs(thread.ts) }
}
