//! What of a list is kept: pages are folded in one by one, so that a large list never exists whole.
//!
//! Up to a size everything is kept. Beyond it objects with nothing to tell ([`Trim::is_quiet`]) are reduced, then counted and
//! left out; those of the focus never are. What the focus is beyond the alarm's own namespace shows in the pods: the lists
//! that are heavy with pod templates wait until the pods have told whether the cluster is large and where the trouble is
//! ([`Scale`]).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{plan::Focus, trim::Trim};

/// Bounds on the pods that are kept; of other kinds a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepPlan {
    /// Up to this many are kept as they came; from then on the quiet ones are reduced. Of others, at most twice as many are
    /// kept outside the focus.
    pub whole: usize,
    /// Quiet ones, reduced, that are kept at most.
    pub quiet: usize,
}

impl Default for KeepPlan {
    fn default() -> Self {
        Self { whole: 3_000, quiet: 6_000 }
    }
}

impl KeepPlan {
    fn share(self, divisor: usize) -> Self {
        let of = |count: usize| (count / divisor).max(1);
        Self { whole: of(self.whole), quiet: of(self.quiet) }
    }
}

/// How large the cluster is, and what of it matters: known once the pods have been looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Scale {
    /// Whether quiet objects are reduced from the start.
    pub(super) large: bool,
    /// The alarm's focus, and in a large cluster the namespaces of pods in trouble.
    pub(super) namespaces: BTreeSet<String>,
    /// The API server's clock.
    pub(super) now: Option<Timestamp>,
}

impl Scale {
    /// Before anything is known.
    pub(super) fn of(focus: &Focus) -> Self {
        Self { namespaces: focus.namespaces.clone(), ..Self::default() }
    }
}

/// The objects of one kind, as far as they are kept.
pub(super) struct Kept<T> {
    pub(super) items: Vec<T>,
    pub(super) left_out: usize,
    plan: KeepPlan,
    scale: Scale,
    quiet: usize,
    loud: usize,
    troubled: BTreeSet<String>,
    prune_at: usize,
}

impl<T: Trim> Kept<T> {
    pub(super) fn new(plan: KeepPlan, scale: Scale) -> Self {
        let plan = plan.share(T::SHARE);
        let prune_at = plan.whole;
        Self { items: Vec::new(), left_out: 0, plan, scale, quiet: 0, loud: 0, troubled: BTreeSet::new(), prune_at }
    }

    /// How many there will be in all, where the API says it.
    pub(super) fn expect(&mut self, total: usize) {
        self.scale.large |= total > self.plan.whole;
    }

    /// Takes a page in.
    pub(super) fn take(&mut self, page: Vec<T>) {
        for mut item in page {
            item.trim();
            self.put(item);
        }
        if self.items.len() > self.prune_at {
            T::prune(&mut self.items);
            self.prune_at = self.items.len().max(self.plan.whole).saturating_mul(2);
        }
        if !self.scale.large && self.items.len() > self.plan.whole {
            // The list has turned out large: what is there already is reduced, too.
            self.scale.large = true;
            let items = std::mem::take(&mut self.items);
            items.into_iter().for_each(|item| self.put(item));
        }
    }

    /// The scale that this list shows, the namespaces of its objects in trouble included.
    pub(super) fn scale(&self) -> Scale {
        let mut scale = self.scale.clone();
        if scale.large {
            scale.namespaces.extend(self.troubled.iter().cloned());
        }
        scale
    }

    fn put(&mut self, mut item: T) {
        if self.scale.large {
            let quiet = item.is_quiet(self.scale.now);
            if !quiet && !self.troubled.contains(item.namespace()) {
                self.troubled.insert(item.namespace().to_owned());
            }
            if !self.scale.namespaces.contains(item.namespace()) {
                let (count, most) = if quiet {
                    (&mut self.quiet, self.plan.quiet)
                } else {
                    (&mut self.loud, self.plan.whole.saturating_mul(2))
                };
                if *count >= most && T::MAY_BE_LEFT_OUT {
                    self.left_out += 1;
                    return;
                }
                *count += 1;
                if quiet {
                    item.strip();
                }
            }
        }
        self.items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Container, EnvVar, Pod, ReplicaSet};

    const PLAN: KeepPlan = KeepPlan { whole: 3, quiet: 4 };

    fn pod(namespace: &str, number: usize, phase: &str) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.namespace = namespace.into();
        pod.metadata.name = format!("api-{number}");
        pod.status.phase = phase.into();
        pod.spec.containers = vec![Container { env: vec![EnvVar::default()], ..Container::default() }];
        pod
    }

    fn is_whole(pod: &Pod) -> bool {
        !pod.spec.containers[0].env.is_empty()
    }

    #[test]
    fn a_small_list_is_kept_whole() {
        let mut kept = Kept::new(PLAN, Scale::default());
        kept.take((0..3).map(|number| pod("shop", number, "Running")).collect());
        assert_eq!(kept.items.iter().filter(|pod| is_whole(pod)).count(), 3);
        assert_eq!(kept.left_out, 0);
    }

    #[test]
    fn of_a_large_list_quiet_objects_are_reduced_then_left_out_and_others_kept_whole() {
        let focus = Focus { namespaces: ["payments".to_owned()].into(), ..Focus::default() };
        let mut kept = Kept::new(PLAN, Scale::of(&focus));
        for page in 0..3 {
            let quiet = (0..3).map(|number| pod("shop", page * 3 + number, "Running"));
            kept.take(quiet.chain([pod("payments", page, "Running"), pod("shop", 100 + page, "Pending")]).collect());
        }
        assert_eq!(kept.left_out, 5, "9 quiet pods, 4 kept");
        let whole: Vec<&str> =
            kept.items.iter().filter(|pod| is_whole(pod)).map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(whole, ["api-0", "api-100", "api-1", "api-101", "api-2", "api-102"]);
        assert_eq!(kept.items.len(), 10);
        let troubled = kept.scale().namespaces;
        assert_eq!(troubled.iter().map(String::as_str).collect::<Vec<_>>(), ["payments", "shop"]);
    }

    #[test]
    fn a_list_that_is_said_to_be_large_is_reduced_from_its_first_page() {
        let mut kept = Kept::new(PLAN, Scale::default());
        kept.expect(4);
        kept.take(vec![pod("shop", 0, "Running")]);
        assert!(!is_whole(&kept.items[0]));
    }

    #[test]
    fn even_trouble_is_bounded_outside_the_focus() {
        let mut kept = Kept::new(PLAN, Scale::default());
        kept.take((0..10).map(|number| pod("shop", number, "Pending")).collect());
        assert_eq!((kept.items.len(), kept.left_out), (6, 4));
    }

    #[test]
    fn of_many_replica_sets_what_runs_and_the_two_newest_others_stay() {
        let set = |owner: &str, revision: i64, replicas: i32| {
            let mut set = ReplicaSet::default();
            set.metadata.name = format!("{owner}-{revision}");
            set.metadata.creation_timestamp = jiff::Timestamp::from_second(revision).ok();
            set.metadata.owner_references =
                vec![crate::model::OwnerReference { uid: owner.into(), controller: Some(true), ..Default::default() }];
            set.spec.replicas = Some(replicas);
            set
        };
        let mut kept = Kept::new(KeepPlan { whole: 9, quiet: 12 }, Scale::default());
        kept.take(vec![
            set("api", 1, 0),
            set("ledger", 1, 2),
            set("api", 2, 0),
            set("api", 3, 0),
            set("api", 4, 3),
            set("api", 0, 1),
        ]);
        let mut names: Vec<&str> = kept.items.iter().map(|set| set.metadata.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["api-0", "api-2", "api-3", "api-4", "ledger-1"]);
    }
}
