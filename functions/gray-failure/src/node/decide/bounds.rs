//! What holds a taint back: how many, which last, and what ails many alike.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shared::config::NodeRules;

use super::look::{Look, NodeLook, NodeName};
use super::sign::Sign;

/// Why a node is not tainted although it is ill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "held", rename_all = "kebab-case")]
pub enum Held {
    /// As many nodes are tainted as may be at once.
    Share {
        /// Tainted, or asked for.
        tainted: usize,
        /// At most.
        most: usize,
    },
    /// No other node of its pool takes pods.
    LastOfPool {
        /// The pool.
        pool: String,
    },
    /// No other node of its zone takes pods.
    LastOfZone {
        /// The zone.
        zone: String,
    },
    /// Kubernetes keeps pods off it already.
    KeptOff,
    /// Somebody took our taint off by hand.
    Overruled,
    /// The same ails many: it is not the nodes.
    Common,
}

/// Who is tainted, or about to be.
#[derive(Debug)]
pub(super) struct Bounds<'a> {
    nodes: &'a [NodeLook],
    taken: BTreeSet<&'a NodeName>,
    most: usize,
}

impl<'a> Bounds<'a> {
    pub(super) fn new(look: &'a Look, asked: BTreeSet<&'a NodeName>, rules: &NodeRules) -> Self {
        let tainted = look.nodes.iter().filter(|node| node.tainted).map(|node| &node.name);
        let most = (look.nodes.len() * rules.share_percent as usize / 100).max(1);
        Self { nodes: &look.nodes, taken: tainted.chain(asked).collect(), most }
    }

    /// Takes a node, if it may be tainted.
    pub(super) fn take(&mut self, node: &'a NodeLook) -> Result<(), Held> {
        if self.taken.contains(&node.name) {
            return Ok(());
        }
        if self.taken.len() >= self.most {
            return Err(Held::Share { tainted: self.taken.len(), most: self.most });
        }
        let others = || {
            self.nodes
                .iter()
                .filter(|other| other.name != node.name && other.takes_pods && !self.taken.contains(&other.name))
        };
        if !node.pool.is_empty() && !others().any(|other| other.pool == node.pool) {
            return Err(Held::LastOfPool { pool: node.pool.clone() });
        }
        if !node.zone.is_empty() && !others().any(|other| other.zone == node.zone) {
            return Err(Held::LastOfZone { zone: node.zone.clone() });
        }
        if others().next().is_none() {
            return Err(Held::Share { tainted: self.taken.len(), most: 0 });
        }
        self.taken.insert(&node.name);
        Ok(())
    }
}

/// What ails so many nodes at once that it is not the nodes: the kind of sign, and whom.
pub(super) fn common<'a>(
    ill: impl Iterator<Item = (&'a NodeName, &'a [Sign])>,
    nodes: usize,
) -> BTreeMap<String, Vec<NodeName>> {
    let mut by_kind: BTreeMap<String, Vec<NodeName>> = BTreeMap::new();
    for (name, signs) in ill {
        for sign in signs {
            by_kind.entry(sign.kind()).or_default().push(name.clone());
        }
    }
    // A fifth of the nodes is where EKS' own repair stops: https://docs.aws.amazon.com/eks/latest/userguide/node-repair.html
    by_kind.retain(|_, names| {
        (names.len() >= 3 && names.len() * 5 > nodes) || (names.len() >= 2 && names.len() * 2 > nodes)
    });
    by_kind
}
