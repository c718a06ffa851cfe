//! Where slowness begins: workloads that answer slowly, arranged by who calls whom.

use std::collections::BTreeMap;

use super::{Signal, SignalKind, View, signals};
use crate::model::{Kind, ObjectRef};

/// Answers this many times slower than usual count as slow.
const SLOW: f64 = 3.0;

/// A workload that answers slowly, with what else is known of it.
#[derive(Debug)]
pub(super) struct Slow<'a> {
    pub(super) object: ObjectRef,
    pub(super) latency: Signal<'a>,
    others: BTreeMap<SignalKind, Signal<'a>>,
    /// Whether one of its dependencies is slow too, so that it may merely wait for it.
    follows: bool,
}

/// All that is slow in a cluster.
#[derive(Debug)]
pub(super) struct Slowness<'a> {
    slow: Vec<Slow<'a>>,
    calls: Vec<(ObjectRef, ObjectRef)>,
}

impl Slow<'_> {
    /// Whether it works harder than usual, by alert or throttling.
    pub(super) fn is_busy(&self) -> bool {
        let rises = |kind: SignalKind, times: f64| self.others.get(&kind).is_some_and(|signal| signal.ratio >= times);
        let throttled = self.others.get(&SignalKind::Throttling);
        throttled.is_some_and(|it| it.ratio >= 3.0 && (it.is_alert() || it.after > 0.2)) || rises(SignalKind::Cpu, 3.0)
    }

    /// What fell because of it: requests served, else the success rate.
    pub(super) fn fall(&self) -> Option<&Signal<'_>> {
        [SignalKind::Throughput, SignalKind::Errors, SignalKind::Traffic]
            .iter()
            .filter_map(|kind| self.others.get(kind))
            .find(|signal| signal.ratio < 0.8)
    }
}

impl<'a> Slowness<'a> {
    /// Reads the view's signals.
    pub(super) fn of(view: &View<'a>) -> Self {
        let mut of: BTreeMap<ObjectRef, BTreeMap<SignalKind, Signal<'a>>> = BTreeMap::new();
        for signal in signals(view).into_iter().filter(|signal| view.workload(&signal.object).is_some()) {
            of.entry(signal.object.clone()).or_default().insert(signal.kind, signal);
        }
        let mut slow: Vec<Slow<'a>> = of
            .into_iter()
            .filter_map(|(object, mut others)| {
                let latency = others.remove(&SignalKind::Latency).filter(|latency| latency.ratio >= SLOW)?;
                Some(Slow { object, latency, others, follows: false })
            })
            .collect();
        // An alert is a threshold somebody found worth watching; slowness that only shows in series is a weaker word.
        if slow.iter().any(|it| it.latency.is_alert()) {
            slow.retain(|it| it.latency.is_alert());
        }
        let calls: Vec<(ObjectRef, ObjectRef)> = view
            .dependencies()
            .iter()
            .flat_map(|dependency| {
                let behind = view.service(&dependency.to.namespace, &dependency.to.name);
                let workloads = behind.map(|service| service.workloads.clone()).unwrap_or_default();
                workloads.into_iter().map(|to| (dependency.from.clone(), to))
            })
            .collect();
        let is_slow = |object: &ObjectRef| slow.iter().any(|it| it.object == *object);
        let follows: Vec<bool> = slow
            .iter()
            .map(|it| {
                calls.iter().any(|(from, to)| {
                    let mutual = calls.iter().any(|(back, forth)| back == to && forth == from);
                    *from == it.object && *to != it.object && is_slow(to) && !mutual
                })
            })
            .collect();
        for (it, follows) in slow.iter_mut().zip(follows) {
            it.follows = follows;
        }
        Self { slow, calls }
    }

    /// Workloads where slowness begins: nothing they depend on is slow.
    ///
    /// Where the calls are not known nobody follows anybody; then those that slowed down much less than the slowest are taken
    /// for its victims.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Slow<'a>> {
        let begins = |it: &&Slow<'a>| !it.follows;
        let worst = self.slow.iter().filter(begins).map(|it| it.latency.ratio).fold(0.0, f64::max);
        self.slow.iter().filter(begins).filter(move |it| it.latency.ratio >= worst / 20.0)
    }

    /// How many of a workload's callers are slow.
    pub(super) fn callers_of(&self, object: &ObjectRef) -> usize {
        let is_caller = |it: &&Slow<'a>| self.calls.iter().any(|(from, to)| *from == it.object && to == object);
        self.slow.iter().filter(is_caller).count()
    }

    /// Slow workloads with a pod on the node.
    pub(super) fn on_node<'s>(&'s self, view: &'s View<'a>, node: &'s str) -> impl Iterator<Item = &'s Slow<'a>> {
        self.slow.iter().filter(move |it| {
            it.object.kind != Kind::DaemonSet
                && view
                    .workload(&it.object)
                    .is_some_and(|workload| workload.live_pods().any(|pod| pod.spec.node_name == node))
        })
    }
}
