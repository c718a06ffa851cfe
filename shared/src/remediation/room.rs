//! Whether the other zones can carry what runs in one.
//!
//! While a zone is left its pods go on running, but the load goes elsewhere, and what the autoscalers add to carry it has to
//! find a place there: as much as the zone's pods request, and what a forecast adds. Each of the zone's pods is placed, the
//! largest first, on the nodes of the other zones that take it by labels and taints and have room for it; a sum over nodes
//! would find room in crumbs that no pod fits into. What finds no place has to be within what Karpenter's NodePools may still
//! add. Pods of DaemonSets and static pods go nowhere.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Facts, Unmet};
use crate::diagnosis::{fit, is_live};
use crate::model::{Node, Object, Pod, Quantity};
use crate::snapshot::Scope;
use crate::zonal::ZoneId;

/// The label in which a node carries its zone's id; the zone's name differs by account.
/// <https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html>
pub(super) const ZONE_ID: &str = "topology.k8s.aws/zone-id";
const ZONE_NAME: &str = "topology.kubernetes.io/zone";

/// So much of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amount {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Pods.
    pub pods: u64,
}

/// Whether the other zones can carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Room {
    /// What has to go there.
    pub wanted: Amount,
    /// What of it finds no place on the nodes there are.
    pub short: Amount,
    /// What Karpenter may add; absent where no limit keeps it from adding what is short.
    pub may_add: Option<Amount>,
}

impl std::fmt::Display for Amount {
    /// `12.5 cores, 3.0 GiB`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenth = |whole: u64, part: u64| format!("{}.{}", whole / part, whole % part * 10 / part);
        write!(f, "{} cores, {} GiB", tenth(self.cpu_milli, 1000), tenth(self.memory_mib, 1024))
    }
}

impl Amount {
    fn of(pod: &Pod) -> Self {
        Self::from_units(fit::requested(&pod.spec, "cpu"), fit::requested(&pod.spec, "memory"), 1)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "amounts of a cluster are far below")]
    fn from_units(cores: f64, bytes: f64, pods: u64) -> Self {
        let (cpu, memory) = ((cores.max(0.0) * 1000.0).round(), (bytes.max(0.0) / 1024.0 / 1024.0).round());
        Self { cpu_milli: cpu as u64, memory_mib: memory as u64, pods }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.cpu_milli = self.cpu_milli.saturating_add(other.cpu_milli);
        self.memory_mib = self.memory_mib.saturating_add(other.memory_mib);
        self.pods = self.pods.saturating_add(other.pods);
    }

    /// What is left of it without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory_mib: self.memory_mib.saturating_sub(other.memory_mib),
            pods: self.pods.saturating_sub(other.pods),
        }
    }

    const fn holds(self, other: Self) -> bool {
        self.cpu_milli >= other.cpu_milli && self.memory_mib >= other.memory_mib && self.pods >= other.pods
    }

    const fn percent(self, percent: u64) -> Self {
        Self { cpu_milli: self.cpu_milli * percent / 100, memory_mib: self.memory_mib * percent / 100, pods: 0 }
    }
}

impl Room {
    /// Whether they can.
    pub fn carries(&self) -> bool {
        self.missing() == Amount::default()
    }

    /// What is missing, after what may be added.
    pub fn missing(&self) -> Amount {
        // Nodes that are added bring room for pods with them.
        Amount { pods: 0, ..self.may_add.map_or(Amount::default(), |may_add| self.short.without(may_add)) }
    }

    pub(super) fn growth(&self) -> String {
        self.may_add.map_or_else(|| "as much as it takes".to_owned(), |may_add| may_add.to_string())
    }

    /// What there is in the zones other than this one, for what runs in it and `growth_percent` of all.
    ///
    /// # Errors
    ///
    /// Where what has to be known was not read.
    pub(super) fn of(facts: &Facts, zone: &ZoneId, growth_percent: u32) -> Result<Self, Unmet> {
        let snapshot = &facts.snapshot;
        if snapshot.nodes.scope != Scope::All || snapshot.pods.scope != Scope::All {
            return Err(Unmet::Unread("nodes and pods of the whole cluster".to_owned()));
        }
        let zone_of = |node: &Node| node.metadata.labels.get(ZONE_ID).cloned();
        if !snapshot.nodes.iter().any(|node| zone_of(node).is_some()) {
            return Err(Unmet::Unread(format!("the nodes' label {ZONE_ID}")));
        }
        let mut used: HashMap<&str, Amount> = HashMap::new();
        for pod in snapshot.pods.iter().filter(|pod| is_live(pod) && !pod.spec.node_name.is_empty()) {
            used.entry(pod.spec.node_name.as_str()).or_default().add(Amount::of(pod));
        }
        let mut free: Vec<(&Node, Amount)> = snapshot
            .nodes
            .iter()
            .filter(|node| zone_of(node).is_some_and(|of| of != zone.0) && takes_pods(node))
            .map(|node| (node, allocatable(node).without(used.get(node.name()).copied().unwrap_or_default())))
            .collect();
        let inside = inside(facts, zone);
        let mut moving: Vec<(&Pod, Amount)> = Vec::new();
        let (mut room, mut all) = (Self::default(), Amount::default());
        for pod in snapshot.pods.iter().filter(|pod| is_live(pod) && moves(pod)) {
            let amount = Amount::of(pod);
            all.add(amount);
            if inside.contains(&pod.spec.node_name.as_str()) {
                room.wanted.add(amount);
                moving.push((pod, amount));
            }
        }
        // Pods of one owner lie side by side, so that each begins where the one before it found its place.
        let owner = |pod: &Pod| pod.metadata.controller().map(|owner| owner.uid.clone()).unwrap_or_default();
        moving.sort_by_cached_key(|(pod, amount)| {
            (std::cmp::Reverse((amount.cpu_milli, amount.memory_mib)), owner(pod), pod.name().to_owned())
        });
        let mut last: Option<(String, Amount, usize)> = None;
        for (pod, amount) in moving {
            let owner = owner(pod);
            let from =
                last.as_ref().filter(|(of, same, _)| *of == owner && *same == amount).map_or(0, |(_, _, at)| *at);
            let found = free[from..].iter().position(|(node, left)| left.holds(amount) && fit::takes(node, &pod.spec));
            let at = found.map_or(free.len(), |found| from + found);
            match free.get_mut(at) {
                Some((_, left)) => *left = left.without(amount),
                None => room.short.add(amount),
            }
            last = Some((owner, amount, at.min(free.len())));
        }
        let growth = all.percent(growth_percent.into());
        let mut left = Amount::default();
        free.iter().for_each(|(_, of_node)| left.add(*of_node));
        room.wanted.add(growth);
        room.short.add(growth.without(left));
        room.may_add = may_add(facts, zone);
        Ok(room)
    }
}

/// The names of the nodes in a zone.
pub(super) fn inside<'a>(facts: &'a Facts, zone: &ZoneId) -> std::collections::HashSet<&'a str> {
    let of_zone = |node: &&Node| node.metadata.labels.get(ZONE_ID) == Some(&zone.0);
    facts.snapshot.nodes.iter().filter(of_zone).map(Object::name).collect()
}

/// Whether a pod's work could be done elsewhere: not where it belongs to its node.
pub(super) fn moves(pod: &Pod) -> bool {
    let controller = pod.metadata.controller().map(|owner| owner.kind.as_str());
    !matches!(controller, Some("DaemonSet" | "Node"))
        && !pod.metadata.annotations.contains_key("kubernetes.io/config.mirror")
}

pub(super) fn takes_pods(node: &Node) -> bool {
    let ready = node.status.conditions.iter().find(|condition| condition.type_ == "Ready");
    !node.spec.unschedulable && ready.is_some_and(|ready| ready.status == "True")
}

fn allocatable(node: &Node) -> Amount {
    let of = |name: &str| node.status.allocatable.get(name).and_then(Quantity::value);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a node has some hundreds")]
    let pods = of("pods").map_or(110, |pods| pods.max(0.0) as u64);
    Amount::from_units(of("cpu").unwrap_or(0.0), of("memory").unwrap_or(0.0), pods)
}

/// What Karpenter may still add in other zones. <https://karpenter.sh/docs/concepts/nodepools/#speclimits>
fn may_add(facts: &Facts, zone: &ZoneId) -> Option<Amount> {
    let pools = facts.zonal.as_ref().and_then(|zonal| zonal.node_pools.as_deref()).unwrap_or_default();
    let mut sum = Amount::default();
    for pool in pools.iter().filter(|pool| reaches_elsewhere(facts, pool, zone)) {
        sum.add(left_in(pool)?);
    }
    Some(sum)
}

/// Whether a NodePool may make nodes in another zone than this one.
pub(super) fn reaches_elsewhere(facts: &Facts, pool: &Value, zone: &ZoneId) -> bool {
    let of_zone = facts.snapshot.nodes.iter().filter(|node| node.metadata.labels.get(ZONE_ID) == Some(&zone.0));
    let names: Vec<&String> = of_zone.filter_map(|node| node.metadata.labels.get(ZONE_NAME)).collect();
    let requirements = pool["spec"]["template"]["spec"]["requirements"].as_array();
    requirements.into_iter().flatten().all(|requirement| {
        let key = requirement["key"].as_str().unwrap_or_default();
        let only_here = |value: &Value| match key {
            ZONE_ID => value == zone.0.as_str(),
            _ => names.iter().any(|name| value == name.as_str()),
        };
        let values = requirement["values"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_zones = matches!(key, ZONE_ID | ZONE_NAME) && requirement["operator"] == "In";
        !of_zones || !values.iter().all(only_here)
    })
}

/// What a NodePool may still grow by; absent where it has no limit.
fn left_in(pool: &Value) -> Option<Amount> {
    let amount = |value: &Value| -> Option<f64> {
        let text = value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))?;
        Quantity::new(text).value()
    };
    let left = |name: &str| {
        let used = amount(&pool["status"]["resources"][name]).unwrap_or(0.0);
        amount(&pool["spec"]["limits"][name]).map(|limit| (limit - used).max(0.0))
    };
    if left("nodes").is_some_and(|left| left < 1.0) {
        return Some(Amount::default());
    }
    match (left("cpu"), left("memory")) {
        (None, None) => None,
        // What is not limited is not what it fails by.
        (cpu, memory) => Some(Amount::from_units(cpu.unwrap_or(1e6), memory.unwrap_or(1e15), 0)),
    }
}
