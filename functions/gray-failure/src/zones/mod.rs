//! The zones of a cluster, minute by minute.
//!
//! What is carried over and what is wanted are written together, by compare and write, before anything is said or
//! proposed. Both follow from what is kept: whoever is interrupted is repeated, says the same under the same keys, and
//! proposes the same case.

pub mod chart;
pub mod collect;
mod keep;
pub mod message;
mod propose;
pub mod record;
pub mod story;
mod tell;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shared::config::{ClusterSettings, RuleSettings};
use shared::deadline::Deadline;
use shared::telemetry::Unit;

use crate::decide::{Call, Rules, Situation, Statement, VERSION, ZoneId};
use crate::event::Envelope;
use crate::{App, ROOM, RunError};
use collect::Before;
use keep::Kept;
use record::Answer;

/// Readings of one sweep: what is more is caught up on in the next minute.
const READINGS: usize = 16;

/// The judgement's settings: what is not set is as it is by default.
pub(crate) fn rules(set: &RuleSettings) -> Rules {
    let usual = Rules::default();
    Rules {
        early_warning: set.early_warning.unwrap_or(usual.early_warning),
        proposal: set.proposal.unwrap_or(usual.proposal),
        false_shifts_per_zone_year: set.false_shifts_per_zone_year.unwrap_or(usual.false_shifts_per_zone_year),
        persistence_minutes: set.persistence_minutes.unwrap_or(usual.persistence_minutes),
        min_requests: set.min_requests.unwrap_or(usual.min_requests),
        min_faults: set.min_faults.unwrap_or(usual.min_faults),
        known_minutes: set.known_minutes.unwrap_or(usual.known_minutes),
        expires_in_minutes: set.expires_in_minutes.unwrap_or(usual.expires_in_minutes),
        well_minutes: set.well_minutes.unwrap_or(usual.well_minutes),
        blind_minutes: set.blind_minutes.unwrap_or(usual.blind_minutes),
        longest_minutes: set.longest_minutes.unwrap_or(usual.longest_minutes),
        ..usual
    }
}

/// A minute of a cluster's zones.
pub(crate) async fn sweep(
    app: &App,
    cluster: &ClusterSettings,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), RunError> {
    let (settings, queries) = app.clients.settings().zones(&cluster.name);
    if queries.is_empty() {
        return Ok(());
    }
    let store = app.clients.store().await?;
    let keep::Read { mut kept, mut version } = keep::read(store, &cluster.name, now).await?;
    let named = named_by_aws(app, cluster, now).await?;
    let rules = rules(&settings.rules);
    let settle = SignedDuration::from_secs(i64::from(settings.settle_seconds));
    let backfill = SignedDuration::from_hours(i64::from(settings.backfill_hours));
    let mut unread = None;
    for _ in 0..READINGS {
        let Some(window) = collect::window(kept.until, settle, backfill, now) else { break };
        if deadline.remaining() < ROOM {
            break;
        }
        let Kept { heard, names, .. } = &kept;
        let before = Before { heard, names, named_by_aws: &named };
        let reading = match collect::collect(app, (cluster, &queries), &before, window, now, deadline).await {
            Ok(reading) => reading,
            Err(error) => {
                unread = Some(error);
                break;
            }
        };
        for gap in &reading.gaps {
            tracing::warn!(cluster = cluster.name, gap, "a signal of the zones cannot be read");
        }
        let Some(until) = reading.until else { break };
        let before = kept.memory.clone();
        let minutes = reading.minutes.clone();
        let statements = judge(app, &mut kept, reading, &rules);
        if !statements.is_empty() {
            let situation = Situation { version: VERSION, memory: before, minutes, rules: rules.clone() };
            let answer = Answer { version: VERSION, statements, want: crate::want::of(&kept.memory) };
            record::keep(store, &cluster.name, &situation, &answer, now).await?;
        }
        kept.until = Some(until);
        version = match keep::write(store, &cluster.name, version, &kept, now).await {
            Ok(version) => Some(version),
            Err(shared::store::StoreError::Conflict(_)) => {
                tracing::info!(cluster = cluster.name, "somebody else judges the zones");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
    }
    // What is known is told and proposed also where nothing new could be read.
    let told = tell::tell(app, (cluster, &settings, &queries), &kept, now, deadline).await;
    match (unread, told) {
        (Some(error), _) => {
            app.metrics.count("ZonesUnread");
            Err(error.into())
        }
        (None, told) => told,
    }
}

/// Takes in what was read; returns all that there was to say.
fn judge(app: &App, kept: &mut Kept, reading: collect::Reading, rules: &Rules) -> Vec<Statement> {
    kept.names = reading.names;
    let mut all = Vec::new();
    for minute in &reading.minutes {
        let statements = kept.memory.step(minute, rules);
        for said in &statements {
            app.metrics.count(match said.decision {
                Call::Watch => "ZonesSuspected",
                Call::Shift => "ZonesToLeave",
                Call::Extend => "ZonesLeftForLonger",
                Call::End => "ZonesWellAgain",
            });
        }
        story::goes_on(&mut kept.stories, &statements, &kept.memory, minute);
        all.extend(statements);
    }
    app.metrics.add("MinutesJudged", Unit::Count, reading.minutes.len() as f64);
    if let Some(last) = reading.minutes.last() {
        kept.heard = last.zones.keys().cloned().collect();
    }
    all
}

async fn named_by_aws(app: &App, cluster: &ClusterSettings, now: Timestamp) -> Result<BTreeSet<ZoneId>, RunError> {
    let own = app.clients.aws().await.region().map(|region| region.as_ref().to_owned());
    let Some(region) = cluster.region.clone().or(own) else { return Ok(BTreeSet::new()) };
    let named = app.clients.store().await?.named_zones(&region, now).await?;
    Ok(named.into_iter().map(|(zone, _)| zone).collect())
}

/// What AWS says of a zone. A practice run or an experiment says nothing of a zone's health.
pub(crate) async fn told_of(app: &App, event: &Envelope, _: Deadline) -> Result<(), RunError> {
    let is_impaired = match event.detail_type.as_str() {
        "Autoshift In Progress" => true,
        "Autoshift Completed" => false,
        other => {
            tracing::info!(detail_type = other, "not a word about a zone's health");
            return Ok(());
        }
    };
    let Some(zone) = event.detail["metadata"]["awayFrom"].as_str().filter(|zone| !zone.is_empty()) else {
        tracing::warn!(event = event.id, "an autoshift that names no zone");
        return Ok(());
    };
    let store = app.clients.store().await?;
    let zone = ZoneId(zone.to_owned());
    store.name_zone(&event.region, &zone, (event.time, is_impaired), app.now()).await?;
    app.metrics.count("ZonesNamedByAws");
    Ok(())
}
