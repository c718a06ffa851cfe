//! Leaving a zone for a while: the cluster and its load balancers send nothing there any more.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html>: EKS cordons the zone's nodes and takes the endpoints of
//! its pods out of EndpointSlices; it evicts nothing, and the end of the shift puts all back. NodePools are not touched.
//! What is asked of ARC is a state, not a call ([`Request::Shift`]); [`crate::zonal::steps`] brings it about and keeps it up
//! for as long as the judgement wants it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::diagnosis::{is_live, is_ready};
use crate::model::{Deployment, Kind, Object, ObjectRef, Pod, Quantity};
use crate::remediation::action::Pair;
use crate::remediation::blast::{Headroom, share_percent};
use crate::remediation::{BlastRadius, Facts, Request, Room, Undo, Unmet, room};
use crate::zonal::{Comment, ResourceArn, Seen, State, Want, ZoneId};

/// How long a rollout holds a shift up. The judgement goes on meanwhile: where the rollout was the cause, it says so.
const ROLLOUT: SignedDuration = SignedDuration::from_mins(10);

/// Leave a zone for as long as the judgement wants it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZonalShift {
    /// The zone's id.
    pub zone: ZoneId,
    /// The cluster, then its load balancers.
    pub resources: Vec<ResourceArn>,
    /// How long is asked for at a time, in minutes.
    pub minutes: u32,
    /// Since when the judgement wants it left: an approval holds for this time only.
    pub since: Timestamp,
    /// How much more load a forecast expects while the zone is left, in percent of now.
    #[serde(default)]
    pub growth_percent: u32,
}

impl ZonalShift {
    /// What is changed, whatever the zone: one zone at a time, whoever leaves it. The lock on it is for experiments, too.
    pub fn object() -> ObjectRef {
        ObjectRef::new(Kind::ZonalShift, "", "zones")
    }

    /// What stands as an object, which an approval is bound to: it asks again where another shift has begun or ended.
    pub fn standing(&self, seen: &Seen) -> Value {
        let state = |state: &State| match state {
            State::Unread => json!("unread"),
            State::Unmanaged => json!("unmanaged"),
            State::Managed(standing) => {
                standing.iter().map(|one| json!({ "id": one.id, "awayFrom": one.away_from })).collect()
            }
        };
        let spec: BTreeMap<&str, Value> = seen.iter().map(|(arn, of)| (arn.0.as_str(), state(of))).collect();
        let hash = hex::encode(Sha256::digest(json!(spec).to_string()));
        let uid = self.resources.first().map(|arn| arn.0.as_str()).unwrap_or_default();
        json!({ "metadata": { "uid": uid, "resourceVersion": hash[..12] }, "spec": spec })
    }

    /// What the judgement wants, where it is this.
    pub fn wanted<'a>(&self, want: Option<&'a Want>, at: Timestamp) -> Option<&'a Want> {
        want.filter(|want| want.zone == self.zone && want.since == self.since && want.expires_at > at)
    }

    /// Whether the other zones can carry it.
    ///
    /// # Errors
    ///
    /// Where what has to be known was not read.
    pub fn room(&self, facts: &Facts) -> Result<Room, Unmet> {
        Room::of(facts, &self.zone, self.growth_percent)
    }

    /// A rollout that is on its way. One that is stuck is not: it changes nothing any more.
    pub fn rollout(&self, facts: &Facts) -> Option<ObjectRef> {
        let rolling = |deployment: &&Deployment| {
            let (spec, status) = (&deployment.spec, &deployment.status);
            let wanted = spec.replicas.unwrap_or(1);
            let stuck = status.conditions.iter().any(|it| it.type_ == "Progressing" && it.status == "False");
            let seen = status.observed_generation >= deployment.metadata.generation;
            wanted > 0 && spec.paused != Some(true) && !stuck && (!seen || status.updated_replicas < wanted)
        };
        let found = facts.snapshot.deployments.iter().find(rolling)?;
        Some(ObjectRef::new(Kind::Deployment, found.namespace(), found.name()))
    }

    /// More for a NodePool to grow by, where that is what is missing: the pool of the largest weight that reaches other
    /// zones and has a limit.
    pub fn make_room(&self, room: &Room, facts: &Facts) -> Option<super::NodePoolLimits> {
        let missing = room.missing();
        let pools = facts.zonal.as_ref()?.node_pools.as_deref()?;
        let names = |pool: &&Value| pool["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let elsewhere = |pool: &&Value| room::reaches_elsewhere(facts, pool, &self.zone);
        let limited = |pool: &&Value| pool["spec"]["limits"].is_object();
        let weight = |pool: &&Value| (pool["spec"]["weight"].as_i64().unwrap_or(0), std::cmp::Reverse(names(pool)));
        let pool = pools.iter().filter(elsewhere).filter(limited).max_by_key(weight)?;
        let limit = |name: &str| {
            let limit = &pool["spec"]["limits"][name];
            Quantity::new(limit.as_str().map_or_else(|| limit.to_string(), str::to_owned)).value()
        };
        let mut limits = BTreeMap::new();
        if let Some(cpu) = limit("cpu").filter(|_| missing.cpu_milli > 0) {
            limits.insert("cpu".to_owned(), Quantity::new(format!("{}", cpu.ceil() + cores(missing.cpu_milli))));
        }
        if let Some(memory) = limit("memory").filter(|_| missing.memory_mib > 0) {
            let gib = (memory / 1024f64.powi(3)).ceil() + missing.memory_mib.div_ceil(1024) as f64;
            limits.insert("memory".to_owned(), Quantity::new(format!("{gib}Gi")));
        }
        (!limits.is_empty()).then(|| super::NodePoolLimits { pool: names(&pool), limits })
    }

    /// The zones that remain, by the nodes that take pods.
    pub(in crate::remediation) fn other_zones(&self, facts: &Facts) -> Vec<ZoneId> {
        let zones = facts.snapshot.nodes.iter().filter(|node| room::takes_pods(node));
        let zones = zones.filter_map(|node| node.metadata.labels.get(room::ZONE_ID));
        let zones: BTreeSet<&String> = zones.filter(|zone| **zone != self.zone.0).collect();
        zones.into_iter().map(|zone| ZoneId(zone.clone())).collect()
    }

    /// The share of its ready pods that each workload loses, in percent; of workloads that a Service sends to.
    pub(in crate::remediation) fn shares(&self, facts: &Facts) -> BTreeMap<ObjectRef, u32> {
        let mut served: BTreeMap<ObjectRef, usize> = BTreeMap::new();
        for pod in self.reached(facts).into_iter().filter(|pod| is_ready(pod) && is_served(facts, pod)) {
            if let Some(owner) = facts.owner_of(pod) {
                *served.entry(owner).or_default() += 1;
            }
        }
        let shares = served.into_iter().map(|(owner, leaving)| {
            let share = share_percent(leaving, facts.ready_of(&owner));
            (owner, share)
        });
        shares.collect()
    }

    /// Whether most of a StatefulSet goes on elsewhere: spread over zones it is made to lose one of them.
    fn keeps_majority(&self, facts: &Facts, set: &ObjectRef) -> bool {
        let inside = room::inside(facts, &self.zone);
        let stays = |pod: &&Pod| is_ready(pod) && !inside.contains(pod.spec.node_name.as_str());
        let staying = facts.pods_of(set).filter(stays).count();
        facts.replicas_of(set).is_some_and(|replicas| 2 * staying > replicas)
    }

    /// The zone's pods whose work could be done elsewhere.
    fn reached<'a>(&'a self, facts: &'a Facts) -> Vec<&'a Pod> {
        let inside = room::inside(facts, &self.zone);
        let reached = |pod: &&Pod| is_live(pod) && room::moves(pod) && inside.contains(pod.spec.node_name.as_str());
        facts.snapshot.pods.iter().filter(reached).collect()
    }
}

/// Whole cores.
fn cores(milli: u64) -> f64 {
    milli.div_ceil(1000) as f64
}

/// Whether a pod's volumes are bound to a place, so that the pod is.
fn is_tied(facts: &Facts, pod: &Pod) -> bool {
    pod.spec.volumes.iter().filter_map(|volume| volume.claim_name()).any(|claim| {
        facts.snapshot.persistent_volumes.iter().any(|volume| {
            let of = volume.spec.claim_ref.as_ref();
            volume.spec.node_affinity.is_some()
                && of.is_some_and(|of| of.namespace == pod.namespace() && of.name == claim)
        })
    })
}

/// Whether a Service sends to a pod.
fn is_served(facts: &Facts, pod: &Pod) -> bool {
    facts.snapshot.services.in_namespace(pod.namespace()).any(|service| {
        let selector = &service.spec.selector;
        !selector.is_empty() && selector.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
    })
}

impl Pair for ZonalShift {
    fn name(&self) -> &'static str {
        "zonal-shift"
    }

    fn target(&self) -> ObjectRef {
        Self::object()
    }

    fn command(&self) -> String {
        let resource = self.resources.first().map(|arn| arn.0.as_str()).unwrap_or_default();
        format!(
            "aws arc-zonal-shift start-zonal-shift --resource-identifier {resource} --away-from {} --expires-in {}m",
            self.zone, self.minutes
        )
    }

    /// Endpoints are what goes: of workloads that a Service sends to, the share of ready pods in the zone. Nothing is evicted,
    /// so no data is at risk; a StatefulSet is reached where volumes tie its pods to the zone and no majority stays elsewhere.
    fn blast(&self, facts: &Facts) -> BlastRadius {
        let pods = self.reached(facts);
        let mut radius = BlastRadius { pods: pods.len(), ..BlastRadius::default() };
        for pod in &pods {
            let Some(owner) = facts.owner_of(pod) else { continue };
            for budget in facts.budgets_over(pod) {
                let (name, allowed) = (&budget.metadata, budget.status.disruptions_allowed);
                let found = Headroom { budget: format!("{}/{}", name.namespace, name.name), allowed };
                if radius.headroom.as_ref().is_none_or(|tightest| found.allowed < tightest.allowed) {
                    radius.headroom = Some(found);
                }
            }
            let is_set = owner.kind == Kind::StatefulSet && !radius.stateful.contains(&owner);
            if is_set && is_tied(facts, pod) && !self.keeps_majority(facts, &owner) {
                radius.stateful.push(owner);
            }
        }
        radius.share_percent = self.shares(facts).into_values().max().unwrap_or(0);
        let is_work = |pod: &&Pod| is_live(pod) && room::moves(pod);
        let all: Vec<&Pod> = facts.snapshot.pods.iter().filter(is_work).collect();
        radius.replicas = all.len();
        let ready = |pods: &[&Pod]| pods.iter().filter(|pod| is_ready(pod)).count();
        radius.serving_percent = share_percent(ready(&pods), ready(&all));
        radius
    }

    fn requests(&self, facts: &Facts) -> Result<Vec<Request>, Unmet> {
        let zonal = facts.zonal.as_ref().ok_or_else(|| Unmet::Unread("what stands in ARC".to_owned()))?;
        let want = self.wanted(zonal.want.as_ref(), facts.at);
        let want = want.ok_or_else(|| Unmet::NotWanted(self.zone.clone()))?;
        for resource in &self.resources {
            match zonal.seen.get(resource).unwrap_or(&State::Unread) {
                State::Unread => return Err(Unmet::Unread(format!("what stands for {resource}"))),
                State::Unmanaged => return Err(Unmet::NotManaged(resource.clone())),
                State::Managed(standing) => {
                    let of_this = |text: &str| Comment::parse(text).is_some_and(|comment| comment.since == self.since);
                    if let Some(other) = standing.iter().find(|one| !of_this(&one.comment)) {
                        let (resource, zone, by) = (resource.clone(), other.away_from.clone(), other.comment.clone());
                        return Err(Unmet::ShiftStands { resource, zone, by });
                    }
                }
            }
        }
        if let Some(what) = &zonal.in_flight {
            return Err(Unmet::InFlight(what.clone()));
        }
        if facts.at.duration_since(self.since) < ROLLOUT
            && let Some(rollout) = self.rollout(facts)
        {
            return Err(Unmet::InFlight(format!("the rollout of {rollout}")));
        }
        let room = self.room(facts)?;
        if !room.carries() {
            return Err(Unmet::NoRoom(room));
        }
        let (resources, want) = (self.resources.clone(), Some(want.clone()));
        Ok(vec![Request::Shift { object: self.target(), resources, want }])
    }

    fn undo(&self, _: &Facts) -> Undo {
        let resource = self.resources.first().map(|arn| arn.0.as_str()).unwrap_or_default();
        let listed = format!(
            "aws arc-zonal-shift list-zonal-shifts --status ACTIVE --resource-identifier {resource} \
             --query 'items[0].zonalShiftId' --output text"
        );
        Undo::Requests {
            requests: vec![Request::Shift { object: self.target(), resources: self.resources.clone(), want: None }],
            command: format!("aws arc-zonal-shift cancel-zonal-shift --zonal-shift-id $({listed})"),
            except: String::new(),
        }
    }
}
