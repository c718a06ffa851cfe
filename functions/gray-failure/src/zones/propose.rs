//! Where a zone is to be left: a case for the one chain of policy, approval and execution, proposed once.

use jiff::Timestamp;
use shared::config::{ClusterSettings, GrayFailureSettings, Mode};
use shared::diagnosis::{CauseId, Trigger};
use shared::remediation::{Action, Case, Proposal, Told, ZonalShift};
use shared::store::ZoneThread;
use shared::zonal::ResourceArn;

use super::message::{About, headline, seen};
use super::story::{Standing, Story};
use crate::decide::UNKNOWN_GROWTH;
use crate::{App, RunError};

/// Proposes the shift of a story that is to be left and was not proposed yet; returns what is kept of the thread then.
pub(super) async fn propose(
    app: &App,
    (cluster, settings): (&ClusterSettings, &GrayFailureSettings),
    (story, about): (&Story, &About<'_>),
    thread: &ZoneThread,
    now: Timestamp,
) -> Result<ZoneThread, RunError> {
    let Some(left) = story.left.as_ref().filter(|_| settings.mode != Mode::Observe) else {
        return Ok(thread.clone());
    };
    let is_new = thread.case.as_ref().is_none_or(|(at, _)| *at != left.at);
    if !is_new || story.standing() != Standing::Left || story.until.is_none_or(|until| until <= now) {
        return Ok(thread.clone());
    }
    let (store, id) = (app.clients.store().await?, story.id(&cluster.name));
    let mut resources = vec![ResourceArn(app.clients.cluster_arn(cluster).await?)];
    resources.extend(settings.resources.iter().map(|arn| ResourceArn(arn.clone())));
    let rules = super::rules(&settings.rules);
    let action = Action::ZonalShift(ZonalShift {
        zone: story.zone.clone(),
        resources,
        minutes: rules.expires_in_minutes,
        since: left.at,
        growth_percent: story.outlook.map_or(UNKNOWN_GROWTH, |outlook| outlook.growth_percent),
    });
    let proposal = Proposal {
        cluster: cluster.name.clone(),
        object: action.target(),
        action,
        reason: format!("{}: {}", headline(about, &app.style), seen(about, &app.style).replace('\n', "; ")),
        cause: CauseId::new("zone-degraded"),
        confidence: 1.0,
        requester: None,
        // The time makes the case: the same want is the same case, however often it is proposed.
        incident: None,
        at: left.at,
    };
    let channel = match thread.channel.is_empty() {
        true => app.clients.settings().channel_for(&cluster.name, "").unwrap_or_default().to_owned(),
        false => thread.channel.clone(),
    };
    let told = Told { channel, thread_ts: thread.ts.clone(), ..Told::default() };
    let case = store.open_case(&Case::new(proposal, Trigger::default(), told), now).await?.case;
    app.metrics.count("ShiftsProposed");
    tracing::info!(zone = %story.zone, case = %case.id, "a zonal shift is proposed");
    Ok(store.change_zone_thread(&id, now, |thread| thread.case = Some((left.at, case.id.clone()))).await?)
}
