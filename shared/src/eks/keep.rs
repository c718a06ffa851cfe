//! What of a list is kept: pages are folded in one by one, so that a large list never exists whole.

use super::{plan::Focus, trim::Trim};

/// Bounds on the objects of one kind that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepPlan {
    /// Up to this many objects of a kind are kept as they came; from then on the quiet ones are reduced.
    pub whole: usize,
    /// Quiet objects of a kind, reduced, that are kept at most. Others are counted and left out.
    pub quiet: usize,
}

impl Default for KeepPlan {
    fn default() -> Self {
        Self { whole: 6_000, quiet: 10_000 }
    }
}

/// The objects of one kind, as far as they are kept.
pub(super) struct Kept<'a, T> {
    pub(super) items: Vec<T>,
    pub(super) left_out: usize,
    plan: KeepPlan,
    focus: &'a Focus,
    quiet: usize,
    reducing: bool,
    prune_at: usize,
}

impl<'a, T: Trim> Kept<'a, T> {
    pub(super) fn new(plan: KeepPlan, focus: &'a Focus) -> Self {
        Self { items: Vec::new(), left_out: 0, plan, focus, quiet: 0, reducing: false, prune_at: plan.whole }
    }

    /// Takes a page in.
    pub(super) fn take(&mut self, page: Vec<T>) {
        for mut item in page {
            item.trim();
            if self.reducing && self.is_reducible(&item) {
                if self.quiet >= self.plan.quiet {
                    self.left_out += 1;
                    continue;
                }
                item.strip();
                self.quiet += 1;
            }
            self.items.push(item);
        }
        if self.items.len() > self.prune_at {
            T::prune(&mut self.items);
            self.prune_at = self.items.len().max(self.plan.whole) * 2;
        }
        if !self.reducing && self.items.len() > self.plan.whole {
            self.reduce();
        }
    }

    /// The list has turned out large: what is there already is reduced, too.
    fn reduce(&mut self) {
        self.reducing = true;
        let items = std::mem::take(&mut self.items);
        for mut item in items {
            if self.is_reducible(&item) {
                if self.quiet >= self.plan.quiet {
                    self.left_out += 1;
                    continue;
                }
                item.strip();
                self.quiet += 1;
            }
            self.items.push(item);
        }
    }

    fn is_reducible(&self, item: &T) -> bool {
        item.is_quiet() && !self.focus.namespaces.contains(item.namespace())
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
        let focus = Focus::default();
        let mut kept = Kept::new(PLAN, &focus);
        kept.take((0..3).map(|number| pod("shop", number, "Running")).collect());
        assert_eq!(kept.items.iter().filter(|pod| is_whole(pod)).count(), 3);
        assert_eq!(kept.left_out, 0);
    }

    #[test]
    fn of_a_large_list_quiet_objects_are_reduced_then_left_out_and_others_kept_whole() {
        let focus = Focus { namespaces: ["payments".to_owned()].into(), ..Focus::default() };
        let mut kept = Kept::new(PLAN, &focus);
        for page in 0..3 {
            let quiet = (0..3).map(|number| pod("shop", page * 3 + number, "Running"));
            kept.take(quiet.chain([pod("payments", page, "Running"), pod("shop", 100 + page, "Pending")]).collect());
        }
        assert_eq!(kept.left_out, 5, "9 quiet pods, 4 kept");
        let whole: Vec<&str> =
            kept.items.iter().filter(|pod| is_whole(pod)).map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(whole, ["api-0", "api-100", "api-1", "api-101", "api-2", "api-102"]);
        assert_eq!(kept.items.len(), 10);
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
        let focus = Focus::default();
        let mut kept = Kept::new(PLAN, &focus);
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
