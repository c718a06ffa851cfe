//! Getting a message to whoever asked, once.
//!
//! | asked by | answer | a repetition |
//! |---|---|---|
//! | command, answered in the channel | a message of our own, with the request's key | finds the message by its key |
//! | command, answered to one person | to the address Slack gave with it | cannot be told from the first: it says that it is one |
//! | click | in the place of the message that was clicked | replaces it again |
//! | question | in its thread, with the request's key | edits the message that has the key |
//!
//! What Slack is told at the address of a *command* is a further message, whatever it says of replacing; of a message for one
//! person nobody can look whether it stands. Such an answer is therefore kept in the outbox before it is sent and marked
//! after: a request that comes again finds it sent, and only where sending was interrupted it is sent again
//! (`docs/decisions/0008-answers-shown-once.md`). An answer that an agent had a part in is kept likewise: asking again would
//! give another one. All else goes to the outbox only where Slack does not take it. The minute's sweep sends what is there,
//! and so does the redelivered request.
//!
//! An address is good for half an hour and five answers; after that the answer goes to the channel, for the one who asked.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use shared::config::Answers;
use shared::deadline::Deadline;
use shared::slack::{Block, ChannelId, Message, MessageKey, MessageTs, Mrkdwn, Posted, Slack, SlackError, UserId};
use shared::store::{OutboxClaim, OutboxKey, TakeOutbox};
use url::Url;

use crate::App;
use crate::event::{Ask, Place};
use crate::layer::RecordError;

/// Answers that wait begin with this in the outbox, and messages of our own with it in their key.
const PREFIX: &str = "ask/";
/// The longest time for sending one message.
const SENDING: Duration = Duration::from_secs(20);
/// The longest time for saying that an answer is being worked on.
const SAYING: Duration = Duration::from_secs(5);
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

/// What stands at the request's place already, as far as this invocation knows.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    in_thread: Option<Posted>,
}

impl Shown {
    /// Says that the answer is being worked on. Nothing depends on it. A command has been told so by intake.
    pub(crate) async fn progress(&mut self, app: &App, ask: &Ask, message: &Message, deadline: Deadline) {
        if matches!(ask.place, Place::Response { replaces: false, .. }) {
            return;
        }
        let deadline = Deadline::within(deadline.cap(SAYING));
        let sending = Sending { id: &ask.id, since: ask.asked_at, perhaps_sent: false };
        if let Err(error) = send(app, &sending, &ask.place, message, self, deadline).await {
            tracing::info!(%error, "the word on the way is left out");
        }
    }
}

/// Sends the answer; keeps it where Slack does not take it. With `keep` it is kept before, so that it is the same answer
/// whenever it is sent.
pub(crate) async fn deliver(
    app: &App,
    ask: &Ask,
    message: Message,
    keep: bool,
    shown: &mut Shown,
    deadline: Deadline,
) -> Result<(), RecordError> {
    if keep || matches!(ask.place, Place::Response { replaces: false, .. }) {
        keep_answer(app, ask, message).await?;
        return kept(app, &ask.id, shown, deadline).await.map(|_| ());
    }
    let sending = Sending { id: &ask.id, since: ask.asked_at, perhaps_sent: false };
    let error = match send(app, &sending, &ask.place, &message, shown, deadline).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if is_final(&error) {
        tracing::error!(%error, "slack refuses the answer for good");
        app.metrics.count("AnswersRefused");
        return Ok(());
    }
    keep_answer(app, ask, message).await?;
    app.metrics.count("AnswersKept");
    Err(error)
}

async fn keep_answer(app: &App, ask: &Ask, message: Message) -> Result<(), RecordError> {
    let waiting = serde_json::to_value(Waiting { place: ask.place.clone(), message })?;
    Ok(app.clients.store().await?.put_outbox(&key(&ask.id), waiting, (app.now)()).await?)
}

/// Sends the answer that was kept for this request, if one was and it has not been sent.
pub(crate) async fn kept(app: &App, id: &str, shown: &mut Shown, deadline: Deadline) -> Result<Kept, RecordError> {
    let now = (app.now)();
    match app.clients.store().await?.take_outbox(&key(id), until(deadline, now), now).await? {
        TakeOutbox::Missing => Ok(Kept::None),
        TakeOutbox::Sent(_) => Ok(Kept::Sent),
        TakeOutbox::Busy { until } => Err(RecordError::InProgress { until }),
        TakeOutbox::Taken(claim) => {
            send_kept(app, *claim, shown, deadline).await?;
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
        match send_kept(app, *claim, &mut Shown::default(), deadline).await {
            Ok(()) => sent += 1,
            Err(error) => tracing::warn!(%error, key = %row.key, "the answer waits for the next sweep"),
        }
    }
    Ok(sent)
}

async fn send_kept(app: &App, claim: OutboxClaim, shown: &mut Shown, deadline: Deadline) -> Result<(), RecordError> {
    let store = app.clients.store().await?;
    let waiting: Waiting = serde_json::from_value(claim.row.body.clone())?;
    let id = claim.row.key.0.trim_start_matches(PREFIX).to_owned();
    let sending = Sending { id: &id, since: claim.row.created_at, perhaps_sent: claim.perhaps_sent };
    match send(app, &sending, &waiting.place, &waiting.message, shown, deadline).await {
        Ok(()) => Ok(store.sent_outbox(claim, serde_json::Value::Null, (app.now)()).await?),
        Err(error) if is_final(&error) => {
            tracing::error!(%error, "slack refuses the answer for good");
            app.metrics.count("AnswersRefused");
            Ok(store.failed_outbox(claim, error.to_string(), (app.now)()).await?)
        }
        Err(error) => {
            app.metrics.count("AnswersKept");
            match &error {
                RecordError::Slack(slack) if slack.is_ambiguous() => {
                    store.ambiguous_outbox(claim, (app.now)()).await?;
                }
                _ => store.put_back_outbox(claim, (app.now)()).await?,
            }
            Err(error)
        }
    }
}

/// One sending of a message.
struct Sending<'a> {
    /// The request's id.
    id: &'a str,
    /// Since when a message of ours may stand.
    since: Timestamp,
    /// Whether it may have been sent before.
    perhaps_sent: bool,
}

impl Sending<'_> {
    fn key(&self) -> MessageKey {
        MessageKey(format!("{PREFIX}{}", self.id))
    }
}

/// Sends a message to its place.
async fn send(
    app: &App,
    sending: &Sending<'_>,
    place: &Place,
    message: &Message,
    shown: &mut Shown,
    deadline: Deadline,
) -> Result<(), RecordError> {
    let slack = app.clients.slack().await?;
    let deadline = Deadline::within(deadline.cap(SENDING));
    match place {
        Place::Thread { channel, ts } => {
            let key = sending.key();
            let (channel, thread) = (ChannelId(channel.clone()), MessageTs(ts.clone()));
            // A thread holds it already where this is not the first word, or a first attempt was not heard of.
            let standing = match shown.in_thread.take() {
                Some(posted) => Some(posted),
                None => slack.find(&channel, Some(&thread), &key, sending.since - 1.hour(), deadline).await?,
            };
            let posted = match standing {
                Some(posted) => slack.update(&posted, message, &key, deadline).await.map(|()| posted)?,
                None => slack.reply(&Posted { channel, ts: thread }, false, message, &key, deadline).await?,
            };
            shown.in_thread = Some(posted);
            Ok(())
        }
        Place::Response { url, replaces: true, channel, user } => {
            let in_channel = app.clients.settings().slack.answers == Answers::InChannel;
            respond(slack, url, true, in_channel, channel, user, message, deadline).await
        }
        Place::Response { url, replaces: false, channel, user } => {
            let in_channel = app.clients.settings().slack.answers == Answers::InChannel;
            if in_channel && in_our_name(slack, sending, channel, message, deadline).await? {
                return Ok(());
            }
            let again = sending.perhaps_sent.then(|| again(app, message));
            let message = again.as_ref().unwrap_or(message);
            respond(slack, url, false, in_channel, channel, user, message, deadline).await
        }
    }
}

/// Posts to the channel under the request's key, unless it stands there; false where the channel is none of ours.
async fn in_our_name(
    slack: &Slack,
    sending: &Sending<'_>,
    channel: &str,
    message: &Message,
    deadline: Deadline,
) -> Result<bool, RecordError> {
    let (channel, key) = (ChannelId(channel.to_owned()), sending.key());
    let outcome = async {
        if sending.perhaps_sent && slack.find(&channel, None, &key, sending.since - 1.hour(), deadline).await?.is_some()
        {
            return Ok(());
        }
        slack.post(&channel, message, &key, deadline).await.map(|_| ())
    };
    match outcome.await {
        Ok(()) => Ok(true),
        // A direct message between two people, or a private channel without the app: only the address leads there.
        Err(SlackError::Refused { code, .. }) if is_elsewhere(&code) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_elsewhere(code: &str) -> bool {
    matches!(code, "channel_not_found" | "not_in_channel" | "is_archived") || code.starts_with("restricted_action")
}

/// Posts to the address; where that has expired, to the channel, for the one who asked.
#[allow(clippy::too_many_arguments, reason = "the parts of an address and of a message")]
async fn respond(
    slack: &Slack,
    url: &Url,
    replace: bool,
    in_channel: bool,
    channel: &str,
    user: &str,
    message: &Message,
    deadline: Deadline,
) -> Result<(), RecordError> {
    match slack.respond(url, replace, in_channel, message, deadline).await {
        Err(SlackError::Refused { code, .. }) if matches!(code.as_str(), "expired_url" | "used_url") => {
            tracing::info!("the response address has expired; the channel takes the answer");
            let (channel, user) = (ChannelId(channel.to_owned()), UserId(user.to_owned()));
            Ok(slack.ephemeral(&channel, &user, message, deadline).await?)
        }
        outcome => Ok(outcome?),
    }
}

/// The message, with the remark that it may stand there a second time.
fn again(app: &App, message: &Message) -> Message {
    let remark = Mrkdwn::data(app.style.phrases.say("ask-again"));
    message.clone().block(Block::context([&remark]))
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
