//! A zone that is to be left: what gray-failure keeps and proposes, for the tests of what follows from it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::diagnosis::{CauseId, Trigger};
use shared::remediation::{Action, Case, CaseId, Proposal, Told, ZonalShift};
use shared::store::{Store, Zones};
use shared::zonal::{ResourceArn, Want, ZoneId};
use sim::Sim;

/// A load balancer in front of the cluster.
pub const BALANCER: &str =
    "arn:aws:elasticloadbalancing:ap-northeast-2:111122223333:loadbalancer/app/shop/50dc6c495c0c9188";

/// The cluster and its load balancer.
pub fn resources(sim: &Sim) -> Vec<ResourceArn> {
    [sim.world().options().cluster_arn(), BALANCER.to_owned()].map(ResourceArn).into()
}

/// A want of this zone for half an hour from `since` on.
pub fn want(zone: &str, since: Timestamp) -> Want {
    Want { zone: ZoneId(zone.to_owned()), since, expires_at: since + SignedDuration::from_mins(30) }
}

/// Keeps what is wanted, as gray-failure does.
///
/// # Panics
///
/// Where the store refuses.
#[allow(clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
pub async fn keep(store: &Store, cluster: &str, want: Option<&Want>, now: Timestamp) {
    let read = store.zones::<Value>(cluster, now).await.unwrap().map(|(_, version)| version);
    let zones = Zones { want: want.cloned(), memory: Value::Null };
    store.keep_zones(cluster, read, &zones, now).await.unwrap();
}

/// Proposes what is wanted, as gray-failure does.
///
/// # Panics
///
/// Where the store refuses.
#[allow(clippy::unwrap_used, reason = "a test's helpers fail where the test has failed")]
pub async fn propose(store: &Store, sim: &Sim, want: &Want, now: Timestamp) -> CaseId {
    let cluster = sim.world().options().cluster.clone();
    keep(store, &cluster, Some(want), now).await;
    let (zone, since) = (want.zone.clone(), want.since);
    let shift = ZonalShift { zone, resources: resources(sim), minutes: 30, since, growth_percent: 0 };
    let proposal = Proposal {
        cluster,
        action: Action::ZonalShift(shift),
        reason: format!("zone {}: twice the faults of the others, by two witnesses", want.zone),
        cause: CauseId::new("zone-degraded"),
        object: ZonalShift::object(),
        confidence: 1.0,
        requester: None,
        incident: None,
        at: now,
    };
    let told = Told { channel: sim::slack::ALERTS_CHANNEL.to_owned(), ..Told::default() };
    store.open_case(&Case::new(proposal, Trigger::default(), told), now).await.unwrap().case.id
}
