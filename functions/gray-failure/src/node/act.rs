//! All writing: what was decided is said in the case's thread, and proposed.

use std::sync::Arc;

use shared::config::{ClusterSettings, Mode};
use shared::deadline::Deadline;
use shared::diagnosis::{CauseId, Trigger};
use shared::incident::publish::{Courier, Delivered};
use shared::model::{Kind, ObjectRef};
use shared::remediation::{Action, Case, Proposal, Taint, Told, UNHEALTHY, Untaint};
use shared::slack::{ChannelId, Message, MessageKey, MessageTs, Posted, SlackError};
use shared::store::{OutboxKey, StoreError, Version};
use shared::text::{Language, Phrases};

use super::decide::{About, Call, Statement};
use super::message;
use super::state::{Kept, Thread, case_of, statement_of};
use super::words;
use crate::{App, ClientError, RunError};

/// The effect of our taint: what runs there stays.
const EFFECT: &str = "NoSchedule";

/// Carries out what is pending, in order; each is kept as done before the next begins.
pub(super) async fn carry_out(
    app: &App,
    cluster: &ClusterSettings,
    (mut kept, mut version): (Kept, Version),
    deadline: Deadline,
) -> Result<(), RunError> {
    let store = app.clients.store().await?;
    while let Some(said) = kept.pending.first().cloned() {
        let thread = say(app, cluster, &mut kept, &said, deadline).await?;
        if app.clients.settings().structure.nodes.mode != Mode::Observe {
            propose(app, cluster, &said, &thread).await?;
        }
        app.metrics.count(match said.decision {
            Call::Watch => "NodesWatched",
            Call::Taint => "NodesToTaint",
            Call::Untaint => "NodesToUntaint",
            Call::Clear | Call::Gone => "NodesCleared",
        });
        kept.pending.remove(0);
        kept.prune(&said);
        version = match store.keep_nodes(&cluster.name, Some(version), &kept, app.now()).await {
            // Somebody else goes on from what was kept before: what was done stands under its keys.
            Err(StoreError::Conflict(_)) => return Ok(()),
            outcome => outcome?,
        };
    }
    Ok(())
}

/// Says it: the first of a case in the channel, what follows in its thread; the first is brought up to the latest.
async fn say(
    app: &App,
    cluster: &ClusterSettings,
    kept: &mut Kept,
    said: &Statement,
    deadline: Deadline,
) -> Result<Posted, RunError> {
    let mode = app.clients.settings().structure.nodes.mode;
    let message = message::statement(said, &cluster.name, mode, &app.style);
    let (case, channel) = (case_of(said), channel(app, &cluster.name, "")?);
    let first = format!("node/{}/{case}/first", cluster.name);
    let Some(thread) = kept.threads.get(&case).cloned() else {
        let posted = post(app, &first, (&channel, None), message, deadline).await?;
        kept.threads.insert(case, Thread { posted: posted.clone(), since: said.timestamp });
        return Ok(posted);
    };
    let key = format!("node/{}/{}", cluster.name, statement_of(said));
    let place = (thread.posted.channel.0.as_str(), Some(&thread.posted.ts));
    post(app, &key, place, message.clone(), deadline).await?;
    update(app, &first, &thread.posted, &message, deadline).await?;
    Ok(thread.posted)
}

/// The channel for what concerns a namespace of a cluster.
pub(super) fn channel(app: &App, cluster: &str, namespace: &str) -> Result<String, RunError> {
    let channel = app.clients.settings().channel_for(cluster, namespace).map(str::to_owned);
    Ok(channel.ok_or(ClientError::Missing("SLACK_CHANNEL"))?)
}

/// Posts a message under its key, once.
pub(super) async fn post(
    app: &App,
    key: &str,
    (channel, thread): (&str, Option<&MessageTs>),
    message: Message,
    deadline: Deadline,
) -> Result<Posted, RunError> {
    let (store, slack) = (app.clients.store().await?.clone(), app.clients.slack().await?.clone());
    let courier = Courier::new(store, slack, Arc::clone(&app.now));
    let channel = ChannelId(channel.to_owned());
    match courier.post(&OutboxKey(key.to_owned()), &channel, thread, message, deadline).await? {
        Delivered::Posted { posted, .. } => Ok(posted),
        Delivered::Busy => Err(RunError::Busy),
    }
}

/// Brings a message up to date.
pub(super) async fn update(
    app: &App,
    key: &str,
    posted: &Posted,
    message: &Message,
    deadline: Deadline,
) -> Result<(), RunError> {
    match app.clients.slack().await?.update(posted, message, &MessageKey(key.to_owned()), deadline).await {
        // Somebody deleted it, or it is too old to be edited: the replies tell.
        Err(error @ SlackError::Refused { .. }) if error.is_about_the_message() => {
            tracing::warn!(%error, "the message is not brought up to date");
            Ok(())
        }
        outcome => Ok(outcome?),
    }
}

/// Proposes what a statement asks for: kept as a case, which `remediation` carries on.
async fn propose(app: &App, cluster: &ClusterSettings, said: &Statement, thread: &Posted) -> Result<(), RunError> {
    let About::Node { name, .. } = &said.about else { return Ok(()) };
    let (node, key, effect) = (name.0.clone(), UNHEALTHY.to_owned(), EFFECT.to_owned());
    let english = Phrases::new(Language::En);
    let (action, reason, confidence) = match (said.decision, said.signs.first()) {
        (Call::Taint, Some(sign)) => {
            let confidence = said.signs.iter().map(super::decide::Sign::confidence).fold(0.0, f64::max);
            (Action::Taint(Taint { node, key, value: sign.value(), effect }), words::sign(sign, &english), confidence)
        }
        (Call::Untaint, _) => {
            let minutes = said.well_minutes.to_string();
            let reason = english.say_with("node-reason-well", &[("minutes", (&minutes).into())]);
            (Action::Untaint(Untaint { node, key, effect }), reason, 0.95)
        }
        _ => return Ok(()),
    };
    let proposal = Proposal {
        cluster: cluster.name.clone(),
        object: ObjectRef::new(Kind::Node, "", &name.0),
        action,
        reason,
        cause: CauseId::new("node-ill"),
        confidence,
        requester: None,
        incident: Some(format!("node/{}/{}/{}", cluster.name, case_of(said), said.again)),
        at: said.timestamp,
    };
    open(app, proposal, thread).await
}

/// Opens a case in this thread.
pub(super) async fn open(app: &App, proposal: Proposal, thread: &Posted) -> Result<(), RunError> {
    let told = Told { channel: thread.channel.0.clone(), thread_ts: Some(thread.ts.0.clone()), ..Told::default() };
    let case = Case::new(proposal, Trigger::default(), told);
    let case = app.clients.store().await?.open_case(&case, app.now()).await?.case;
    tracing::info!(case = %case.id, action = case.proposal.action.name(), "an action is proposed");
    app.metrics.count("ActionsProposed");
    Ok(())
}
