//! What people see of a case: one message, posted once, brought up to the stage and the votes.

use std::sync::Arc;

use shared::deadline::Deadline;
use shared::incident::publish::{Courier, Delivered};
use shared::remediation::{Case, Stage, Unmet};
use shared::slack::{ChannelId, MessageKey, MessageTs, Posted, SlackError};
use shared::store::{KeptCase, OutboxKey};

use crate::{App, RunError, message};

/// What a message shows of a case.
fn shows(case: &Case) -> String {
    let version = case.shown.as_ref().map(|shown| shown.bound.version.resource_version.as_str()).unwrap_or_default();
    // A case that asks again is at the same stage, for another version.
    let version = if matches!(case.stage, Stage::Asked { .. }) { version } else { "" };
    let waits = case.waits.as_ref().map_or_else(String::new, |waits| match &waits.unmet {
        // How much is missing changes with every minute, and is in the log.
        unmet @ Unmet::NoRoom(_) => unmet.name().to_owned(),
        unmet => unmet.to_string(),
    });
    let until = match &case.stage {
        // What people read of a shift that stands is until when.
        Stage::Watching { execution, .. } => execution.shift().map(|want| want.expires_at.to_string()),
        _ => None,
    };
    format!("{}/{}/{version}{waits}{}", case.stage.name(), case.votes.len(), until.unwrap_or_default())
}

/// Brings the message up to the case.
pub(crate) async fn tell(app: &App, kept: KeptCase, deadline: Deadline) -> Result<KeptCase, RunError> {
    let wanted = shows(&kept.case);
    if kept.case.told.shows == wanted {
        return Ok(kept);
    }
    let store = app.clients.store().await?;
    let slack = app.clients.slack().await?;
    let (key, told) = (format!("{}/case", kept.case.id), kept.case.told.clone());
    let message = message::case(&kept.case, &app.style);
    let mut case = kept.case.clone();
    let stands = match told.message_ts {
        Some(ts) => Some((Posted { channel: ChannelId(told.channel.clone()), ts: MessageTs(ts) }, false)),
        None => {
            let courier = Courier::new(store.clone(), slack.clone(), Arc::clone(&app.now));
            let thread = told.thread_ts.map(MessageTs);
            let channel = ChannelId(told.channel.clone());
            match courier.post(&OutboxKey(key.clone()), &channel, thread.as_ref(), message.clone(), deadline).await? {
                Delivered::Posted { posted, as_given } => Some((posted, as_given)),
                Delivered::Busy => None,
            }
        }
    };
    let Some((posted, as_given)) = stands else { return Err(RunError::Busy) };
    case.told.channel.clone_from(&posted.channel.0);
    case.told.message_ts = Some(posted.ts.0.clone());
    if !as_given {
        match slack.update(&posted, &message, &MessageKey(key), deadline).await {
            // Somebody deleted it, or it is too old to be edited: the case goes on without.
            Err(error @ SlackError::Refused { .. }) if error.is_about_the_message() => {
                tracing::warn!(case = %case.id, %error, "the message is not brought up to date");
            }
            outcome => outcome?,
        }
    }
    case.told.shows = wanted;
    Ok(store.keep_case(&kept, case, app.now()).await?)
}
