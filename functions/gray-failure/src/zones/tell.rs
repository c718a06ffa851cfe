//! People are told: one thread a suspicion, its first message posted once and brought up to what is the case.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shared::config::{ClusterSettings, GrayFailureSettings, ZoneQuery};
use shared::deadline::Deadline;
use shared::incident::publish::{Courier, Delivered};
use shared::remediation::Case;
use shared::slack::{ChannelId, MessageKey, MessageTs, Posted, SlackError, Upload};
use shared::store::{OutboxKey, ZoneThread};

use super::chart;
use super::collect::{Before, Window, collect, minute};
use super::keep::Kept;
use super::message::{About, first};
use super::propose;
use super::story::{Standing, Story};
use crate::decide::Reason;
use crate::{App, ROOM, RunError};

/// What a chart shows of the time before the first sign.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// The longest time that a chart shows.
const AT_MOST: SignedDuration = SignedDuration::from_hours(4);

/// Tells every story that is not told as it stands. One that cannot be told does not hold up the others.
pub(super) async fn tell(
    app: &App,
    watched: (&ClusterSettings, &GrayFailureSettings, &[ZoneQuery]),
    kept: &Kept,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), RunError> {
    let mut outcome = Ok(());
    for story in &kept.stories {
        if deadline.remaining() < ROOM {
            break;
        }
        if let Err(error) = one(app, watched, (story, kept), now, deadline).await {
            tracing::error!(zone = %story.zone, reason = error.name(), %error, "the thread waits for the next minute");
            outcome = Err(error);
        }
    }
    outcome
}

async fn one(
    app: &App,
    (cluster, settings, queries): (&ClusterSettings, &GrayFailureSettings, &[ZoneQuery]),
    (story, kept): (&Story, &Kept),
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), RunError> {
    let (store, id) = (app.clients.store().await?, story.id(&cluster.name));
    let thread = store.zone_thread(&id, now).await?;
    // What came and went unseen need not be told any more.
    if story.over.is_some() && thread.as_ref().is_none_or(|thread| thread.ts.is_none()) {
        return Ok(());
    }
    let thread = thread.unwrap_or_default();
    let case = case(app, &thread, now).await?;
    let mut about = About {
        cluster: &cluster.name,
        story,
        zone_name: kept.names.iter().find(|(_, id)| **id == story.zone).map(|(name, _)| name.as_str()),
        mode: settings.mode,
        case: case.as_ref().map(|case| (&case.stage, case.since)),
        waits: case.as_ref().is_some_and(|case| case.waits.is_some()),
    };
    // First the thread, so that the proposal stands in it; but a shift does not wait for Slack.
    let shown = show(app, &about, &id, &thread, now, deadline).await;
    let thread = shown.as_ref().unwrap_or(&thread).clone();
    let proposed = propose::propose(app, (cluster, settings), (story, &about), &thread, now).await?;
    shown?;
    if proposed.case != thread.case {
        let case = self::case(app, &proposed, now).await?;
        about.case = case.as_ref().map(|case| (&case.stage, case.since));
        show(app, &about, &id, &proposed, now, deadline).await?;
        return draw(app, (cluster, queries), (story, kept), &proposed, now, deadline).await;
    }
    draw(app, (cluster, queries), (story, kept), &proposed, now, deadline).await
}

/// The case that proposes the shift of this story, where there is one.
async fn case(app: &App, thread: &ZoneThread, now: Timestamp) -> Result<Option<Case>, RunError> {
    let Some((_, id)) = &thread.case else { return Ok(None) };
    Ok(app.clients.store().await?.case(id, now).await?.map(|kept| kept.case))
}

/// Uploads the chart into the thread: at the first sign, when the zone is to be left, and in the end. It is begun at most
/// once, for a file cannot be looked for: a picture less does less harm than one more.
async fn draw(
    app: &App,
    (cluster, queries): (&ClusterSettings, &[ZoneQuery]),
    (story, kept): (&Story, &Kept),
    thread: &ZoneThread,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), RunError> {
    let (stands, id) = (story.standing(), story.id(&cluster.name));
    let is_worth_it = story.latest.reason != Reason::Silent && (stands != Standing::Over || story.left.is_some());
    let (Some(ts), Some(until)) = (&thread.ts, kept.until) else { return Ok(()) };
    if !is_worth_it || thread.charts.iter().any(|chart| chart == stands.name()) || deadline.remaining() < ROOM {
        return Ok(());
    }
    let start = (story.since - BEFORE).max(until - AT_MOST);
    let window = Window { start: minute(start), end: minute(until) + SignedDuration::from_mins(1) };
    let nothing = BTreeSet::new();
    let before = Before { heard: &nothing, names: &kept.names, named_by_aws: &nothing };
    let reading = collect(app, (cluster, queries), &before, window, now, deadline).await?;
    let picture = match chart::png(&reading.minutes, story, &app.style.clock) {
        Ok(picture) => picture,
        Err(error) => {
            tracing::warn!(story = id, %error, "there is no chart");
            return Ok(());
        }
    };
    let note = |thread: &mut ZoneThread| thread.charts.push(stands.name().to_owned());
    app.clients.store().await?.change_zone_thread(&id, now, note).await?;
    let title = app.style.phrases.say_with("zone-chart-title", &[("zone", (&story.zone.0).into())]);
    let file = Upload { name: format!("{}-{}.png", story.zone, stands.name()), title, content: picture };
    let channel = ChannelId(thread.channel.clone());
    let slack = app.clients.slack().await?;
    if let Err(error) = slack.upload(&channel, Some(&MessageTs(ts.clone())), &file, deadline).await {
        tracing::warn!(story = id, %error, "the chart is not in the thread");
    }
    Ok(())
}

/// Brings the thread's first message up to what is the case.
async fn show(
    app: &App,
    about: &About<'_>,
    id: &str,
    thread: &ZoneThread,
    now: Timestamp,
    deadline: Deadline,
) -> Result<ZoneThread, RunError> {
    let stage = about.case.map_or("none", |(stage, _)| stage.name());
    let waits = if about.waits { "-waits" } else { "" };
    let shows = format!("{}/{stage}{waits}/{}", about.story.revision, about.mode.name());
    if thread.shows == shows {
        return Ok(thread.clone());
    }
    let (store, slack) = (app.clients.store().await?, app.clients.slack().await?);
    let (message, key) = (first(about, &app.style), format!("{id}/first"));
    let settings = app.clients.settings();
    let channel = settings.channel_for(about.cluster, "").unwrap_or_default().to_owned();
    let (posted, as_given) = match &thread.ts {
        Some(ts) => (Posted { channel: ChannelId(thread.channel.clone()), ts: MessageTs(ts.clone()) }, false),
        None => {
            let courier = Courier::new(store.clone(), slack.clone(), Arc::clone(&app.now));
            match courier.post(&OutboxKey(key.clone()), &ChannelId(channel), None, message.clone(), deadline).await? {
                Delivered::Posted { posted, as_given } => (posted, as_given),
                Delivered::Busy => return Err(RunError::Busy),
            }
        }
    };
    if !as_given {
        match slack.update(&posted, &message, &MessageKey(key), deadline).await {
            // Somebody deleted it, or it is too old to be edited.
            Err(error @ SlackError::Refused { .. }) if error.is_about_the_message() => {
                tracing::warn!(story = id, %error, "the message is not brought up to date");
            }
            outcome => outcome?,
        }
    }
    let shown = |thread: &mut ZoneThread| {
        thread.channel.clone_from(&posted.channel.0);
        thread.ts = Some(posted.ts.0.clone());
        thread.shows.clone_from(&shows);
    };
    Ok(store.change_zone_thread(id, now, shown).await?)
}
