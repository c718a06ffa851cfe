//! Whether pods restart on a node that would not elsewhere.
//!
//! For each workload the number of its restarted pods on the node, given how many it has there and in all and how many
//! restarted in all, is hypergeometric while the node is like the others. The sum over workloads is compared with its exact
//! distribution, their convolution. A workload that restarts everywhere, and one whose pods are all on this node, adds
//! nothing: there is nothing to compare. A pod counts once however often it restarted, since one pod's restarts are one story.

use std::collections::BTreeMap;

use statrs::distribution::{Discrete, Hypergeometric};

use super::look::{NodeName, Tally};
use super::sign::{Sign, Strength};

/// Fewer restarted pods on the node are chance, or a pod's own story.
const LEAST_PODS: u32 = 3;
/// Of fewer workloads it is the workload.
const LEAST_WORKLOADS: u32 = 2;
/// By chance this happens to a node once in a thousand independent looks, which is worth a word;
const WEAK: f64 = 1e-3;
/// and this once in a hundred thousand.
const STRONG: f64 = 1e-5;

/// What restarts say, by node.
pub(super) fn signs(tallies: &[Tally]) -> BTreeMap<NodeName, Sign> {
    let mut by_workload: BTreeMap<&str, Vec<&Tally>> = BTreeMap::new();
    for tally in tallies {
        by_workload.entry(&tally.workload).or_default().push(tally);
    }
    let mut by_node: BTreeMap<&NodeName, Stand> = BTreeMap::new();
    for tallies in by_workload.values() {
        let (pods, restarted) = tallies.iter().fold((0_u64, 0_u64), |(pods, restarted), tally| {
            (pods + u64::from(tally.pods), restarted + u64::from(tally.restarted.min(tally.pods)))
        });
        if restarted == 0 || restarted == pods {
            continue;
        }
        for tally in tallies.iter().filter(|tally| u64::from(tally.pods) < pods) {
            by_node.entry(&tally.node).or_default().add(tally, pods, restarted);
        }
    }
    let judged = by_node.into_iter().filter_map(|(node, stand)| Some((node.clone(), stand.sign()?)));
    judged.collect()
}

/// How a node stands: what restarted there, and how likely each number is where it is like the others.
struct Stand {
    here: u32,
    workloads: u32,
    expected: f64,
    /// By number of restarted pods.
    chances: Vec<f64>,
}

impl Default for Stand {
    fn default() -> Self {
        Self { here: 0, workloads: 0, expected: 0.0, chances: vec![1.0] }
    }
}

impl Stand {
    fn add(&mut self, tally: &Tally, pods: u64, restarted: u64) {
        let here = tally.restarted.min(tally.pods);
        let Ok(chance) = Hypergeometric::new(pods, restarted, u64::from(tally.pods)) else { return };
        let most = restarted.min(tally.pods.into());
        let of_workload: Vec<f64> = (0..=most).map(|number| chance.pmf(number)).collect();
        let mut sum = vec![0.0; self.chances.len() + of_workload.len() - 1];
        for (first, chance) in self.chances.iter().enumerate() {
            for (second, other) in of_workload.iter().enumerate() {
                sum[first + second] += chance * other;
            }
        }
        self.chances = sum;
        self.here += here;
        self.workloads += u32::from(here > 0);
        #[allow(clippy::cast_precision_loss, reason = "counts of pods")]
        let share = restarted as f64 / pods as f64;
        self.expected += f64::from(tally.pods) * share;
    }

    fn sign(&self) -> Option<Sign> {
        if self.here < LEAST_PODS || self.workloads < LEAST_WORKLOADS {
            return None;
        }
        let chance: f64 = self.chances.iter().skip(self.here as usize).sum();
        let strength = match chance {
            chance if chance < STRONG => Strength::Strong,
            chance if chance < WEAK => Strength::Weak,
            _ => return None,
        };
        let Self { here, expected, workloads, .. } = *self;
        Some(Sign::Restarts { here, expected, workloads, chance, strength })
    }
}
