//! Getting a message to whoever asked.
//!
//! A command's answer goes to the address Slack gave with it, in the place of what was said there before: it may be repeated,
//! and stands once. That address is good for half an hour and five answers; after that the answer goes to the channel, for
//! the one who asked. A question's answer goes into its thread: the message there that carries the request's key is edited,
//! or posted where there is none.
//!
//! What Slack does not take is put into the outbox. The minute's sweep sends it, and so does the redelivered request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use shared::config::Answers;
use shared::deadline::Deadline;
use shared::slack::{ChannelId, Message, MessageKey, MessageTs, Posted, SlackError, UserId};
use shared::store::{OutboxClaim, OutboxKey, TakeOutbox};

use crate::App;
use crate::event::{Ask, Place};
use crate::layer::RecordError;

/// Answers that wait begin with this in the outbox.
const PREFIX: &str = "ask/";
/// The longest time for sending one message.
const SENDING: Duration = Duration::from_secs(20);
/// Rows that a sweep looks at.
const SWEPT: usize = 100;

/// An answer on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Waiting {
    /// Where it goes. The address in it is good for half an hour.
    place: Place,
    message: Message,
}

/// What became of an answer that had been kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There is none.
    None,
    /// It has been sent, by us or before.
    Sent,
}

/// Says that the answer is being worked on. Nothing depends on it.
pub(crate) async fn first_word(app: &App, ask: &Ask, message: Message, deadline: Deadline) {
    let deadline = Deadline::within(deadline.cap(Duration::from_secs(5)));
    if let Err(error) = send(app, &ask.id, &ask.place, &message, ask.asked_at, deadline).await {
        tracing::info!(%error, "the first word is left out");
    }
}

/// Sends the answer; keeps it where Slack does not take it.
pub(crate) async fn deliver(app: &App, ask: &Ask, message: Message, deadline: Deadline) -> Result<(), RecordError> {
    let error = match send(app, &ask.id, &ask.place, &message, ask.asked_at, deadline).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if is_final(&error) {
        tracing::error!(%error, "slack refuses the answer for good");
        app.metrics.count("AnswersRefused");
        return Ok(());
    }
    let waiting = serde_json::to_value(Waiting { place: ask.place.clone(), message })?;
    app.clients.store().await?.put_outbox(&key(&ask.id), waiting, (app.now)()).await?;
    app.metrics.count("AnswersKept");
    Err(error)
}

/// Sends the answer that was kept for this request, if one was.
pub(crate) async fn kept(app: &App, id: &str, deadline: Deadline) -> Result<Kept, RecordError> {
    let now = (app.now)();
    match app.clients.store().await?.take_outbox(&key(id), until(deadline, now), now).await? {
        TakeOutbox::Missing => Ok(Kept::None),
        TakeOutbox::Sent(_) => Ok(Kept::Sent),
        TakeOutbox::Busy { until } => Err(RecordError::InProgress { until }),
        TakeOutbox::Taken(claim) => {
            send_kept(app, *claim, deadline).await?;
            Ok(Kept::Sent)
        }
    }
}

/// Sends what is kept and nobody is sending; how many were sent.
pub(crate) async fn sweep(app: &App, deadline: Deadline) -> Result<usize, RecordError> {
    let store = app.clients.store().await?;
    let mut sent = 0;
    for row in store.unsent_outbox(SWEPT, (app.now)()).await? {
        if !row.key.0.starts_with(PREFIX) || deadline.remaining() < Duration::from_secs(2) {
            continue;
        }
        let now = (app.now)();
        let TakeOutbox::Taken(claim) = store.take_outbox(&row.key, until(deadline, now), now).await? else { continue };
        match send_kept(app, *claim, deadline).await {
            Ok(()) => sent += 1,
            Err(error) => tracing::warn!(%error, key = %row.key, "the answer waits for the next sweep"),
        }
    }
    Ok(sent)
}

async fn send_kept(app: &App, claim: OutboxClaim, deadline: Deadline) -> Result<(), RecordError> {
    let store = app.clients.store().await?;
    let waiting: Waiting = serde_json::from_value(claim.row.body.clone())?;
    let id = claim.row.key.0.trim_start_matches(PREFIX).to_owned();
    match send(app, &id, &waiting.place, &waiting.message, claim.row.created_at, deadline).await {
        Ok(()) => Ok(store.sent_outbox(claim, serde_json::Value::Null, (app.now)()).await?),
        Err(error) if is_final(&error) => {
            tracing::error!(%error, "slack refuses the answer for good");
            app.metrics.count("AnswersRefused");
            Ok(store.failed_outbox(claim, error.to_string(), (app.now)()).await?)
        }
        Err(error) => {
            store.put_back_outbox(claim, (app.now)()).await?;
            Err(error)
        }
    }
}

/// Sends a message to its place, in the place of what stands there.
async fn send(
    app: &App,
    id: &str,
    place: &Place,
    message: &Message,
    since: Timestamp,
    deadline: Deadline,
) -> Result<(), RecordError> {
    let slack = app.clients.slack().await?;
    let deadline = Deadline::within(deadline.cap(SENDING));
    match place {
        Place::Response { url, channel, user } => {
            let in_channel = app.clients.settings().slack.answers == Answers::InChannel;
            match slack.respond(url, true, in_channel, message, deadline).await {
                Err(SlackError::Refused { code, .. }) if matches!(code.as_str(), "expired_url" | "used_url") => {
                    tracing::info!("the response address has expired; the channel takes the answer");
                    let (channel, user) = (ChannelId(channel.clone()), UserId(user.clone()));
                    Ok(slack.ephemeral(&channel, &user, message, deadline).await?)
                }
                outcome => Ok(outcome?),
            }
        }
        Place::Thread { channel, ts } => {
            let key = MessageKey(format!("{PREFIX}{id}"));
            let (channel, thread) = (ChannelId(channel.clone()), MessageTs(ts.clone()));
            // A thread holds it already where this is not the first word, or a first attempt was not heard of.
            let standing = slack.find(&channel, Some(&thread), &key, since - 1.hour(), deadline).await?;
            match standing {
                Some(posted) => Ok(slack.update(&posted, message, &key, deadline).await?),
                None => {
                    let parent = Posted { channel, ts: thread };
                    Ok(slack.reply(&parent, false, message, &key, deadline).await.map(|_| ())?)
                }
            }
        }
    }
}

/// Whether sending again cannot help.
fn is_final(error: &RecordError) -> bool {
    match error {
        RecordError::Slack(SlackError::Refused { code, .. }) => !matches!(
            code.as_str(),
            // Somebody can mend these, and the answer is still worth having.
            "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" | "missing_scope"
        ),
        _ => false,
    }
}

fn key(id: &str) -> OutboxKey {
    OutboxKey(format!("{PREFIX}{id}"))
}

fn until(deadline: Deadline, now: Timestamp) -> Timestamp {
    let left = SignedDuration::try_from(deadline.remaining()).unwrap_or(SignedDuration::ZERO);
    now.saturating_add(left).unwrap_or(Timestamp::MAX)
}
