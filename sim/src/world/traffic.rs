//! Traffic: who is asked how often, how much of it fails, how long it takes, and what that costs.
//!
//! Once a minute demand flows from the outside down the call graph, failures and latency flow back up. A service fails where
//! it has no ready pod, where its pods sit on dead nodes that the endpoints still list, and where a callee it cannot do
//! without fails. Everything measured follows from that and from the pods' states.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::gauges;
use super::kinds::Kind;
use super::metrics::SeriesHandle;
use super::pods::ready;
use super::state::State;

/// Share of requests that fail on a good day.
const USUAL_FAILURES: f64 = 0.0012;

/// What the world remembers of its traffic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    /// Images present on each node.
    pub(crate) images: BTreeMap<String, BTreeSet<String>>,
    /// Each application's last minute, by its id.
    pub(crate) last: HashMap<String, Minute>,
    /// When which application could not reach which other one: from, until, the callee.
    pub(crate) troubles: HashMap<String, Vec<(i64, i64, String)>>,
    /// Callers before callees.
    pub(crate) order: Vec<usize>,
}

/// The series of one pod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PodSeries {
    pub(crate) cpu: SeriesHandle,
    pub(crate) memory: SeriesHandle,
    pub(crate) received: SeriesHandle,
    pub(crate) sent: SeriesHandle,
    pub(crate) restarts: SeriesHandle,
}

/// One application's minute.
#[derive(Debug, Clone, Default)]
pub(crate) struct Minute {
    pub(crate) requests_per_s: f64,
    pub(crate) failing: f64,
    pub(crate) latency_ms: f64,
    pub(crate) pods: usize,
    pub(crate) ready: usize,
    /// Ready in the API's eyes, on a node that is dead.
    pub(crate) unreachable: usize,
}

/// The daily shape around 1: lowest at 04:00, highest at 20:00, Seoul time.
pub(crate) fn day_shape(at: i64) -> f64 {
    let hour = ((at + 9 * 3600).rem_euclid(86_400)) as f64 / 3600.0;
    1.0 + 0.35 * (std::f64::consts::TAU * (hour - 14.0) / 24.0).sin()
}

/// Measures the minute that ends now.
pub(crate) fn sample(state: &mut State) {
    let minute = state.now.div_euclid(60) - 1;
    let apps = state.apps.clone();
    if state.traffic.order.is_empty() {
        state.traffic.order = callers_first(state);
    }
    let mut minutes: Vec<Minute> = (0..apps.len()).map(|index| pods_of(state, index)).collect();
    let order = state.traffic.order.clone();
    for &index in &order {
        let app = &apps[index];
        let noise = state.noise.of(&app.id()).at(minute);
        minutes[index].requests_per_s += app.outside_rps * day_shape(state.now) * (1.0 + 0.06 * noise.bell());
        let demand = minutes[index].requests_per_s;
        for (callee, calls, _) in &app.calls {
            if let Some(callee) = state.apps_by_id.get(*callee) {
                minutes[*callee].requests_per_s += demand * calls;
            }
        }
    }
    for &index in order.iter().rev() {
        let app = &apps[index];
        let noise = state.noise.of(&app.id()).at(-minute);
        let mut own = minutes[index].clone();
        let dead = if own.ready == 0 { 1.0 } else { own.unreachable as f64 / own.ready as f64 };
        let mut passing = (1.0 - USUAL_FAILURES * (1.0 + noise.bell())) * (1.0 - dead);
        let alive = own.ready.saturating_sub(own.unreachable).max(1) as f64;
        let load = (own.pods.max(1) as f64 / alive).min(6.0);
        let mut latency =
            app.latency_ms * (0.7 + 0.3 * load.powi(2)) * (1.0 + 0.05 * noise.at(2).bell()) + 1500.0 * dead.min(0.9);
        let mut culprit = None;
        for (callee, calls, needed) in &app.calls {
            let Some(callee_index) = state.apps_by_id.get(*callee) else { continue };
            let below = &minutes[*callee_index];
            passing *= 1.0 - needed * below.failing;
            latency += calls * below.latency_ms.min(3000.0) * needed.max(0.3);
            if below.failing > 0.05 && culprit.is_none() {
                culprit = Some((*callee).to_owned());
            }
        }
        own.failing = 1.0 - passing;
        own.latency_ms = latency;
        remember(state, &app.id(), culprit);
        minutes[index] = own;
    }
    // A zone that limps fails at the door: those who call each other inside are spared, or it would add up on the way.
    let (harm, slower) = state.zones.harm(state.now);
    for (own, _) in minutes.iter_mut().zip(apps.iter()).filter(|(_, app)| app.public) {
        own.failing = (own.failing + harm).min(1.0);
        own.latency_ms *= slower;
    }
    gauges::record(state, minute, &minutes);
    for (app, minute) in apps.iter().zip(minutes) {
        state.traffic.last.insert(app.id(), minute);
    }
}

/// Keeps when an application could not reach a callee, for its log.
fn remember(state: &mut State, app: &str, culprit: Option<String>) {
    let now = state.now;
    let Some(culprit) = culprit else { return };
    let troubles = state.traffic.troubles.entry(app.to_owned()).or_default();
    match troubles.last_mut() {
        Some((_, until, callee)) if *callee == culprit && now - *until <= 60 => *until = now,
        _ => troubles.push((now - 60, now, culprit)),
    }
}

fn pods_of(state: &State, index: usize) -> Minute {
    let mut minute = Minute::default();
    for (key, run) in gauges::runs_of(state, index) {
        minute.pods += 1;
        let dead = state.dead_nodes.contains_key(&run.node);
        // What a dead kubelet last said stands until the node controller corrects it.
        let ready = run.containers.iter().all(|container| container.ready)
            && (!dead || state.store.at(Kind::Pod, key).is_some_and(|pod| ready(pod)));
        if ready {
            minute.ready += 1;
            minute.unreachable += usize::from(dead);
        }
    }
    minute
}

/// Applications ordered so that callers come before those they call.
fn callers_first(state: &State) -> Vec<usize> {
    fn visit(state: &State, index: usize, seen: &mut Vec<bool>, done: &mut Vec<usize>) {
        if std::mem::replace(&mut seen[index], true) {
            return;
        }
        for (callee, _, _) in &state.apps[index].calls {
            if let Some(callee) = state.apps_by_id.get(*callee) {
                visit(state, *callee, seen, done);
            }
        }
        done.push(index);
    }
    let (mut seen, mut done) = (vec![false; state.apps.len()], Vec::new());
    for index in 0..state.apps.len() {
        visit(state, index, &mut seen, &mut done);
    }
    done.reverse();
    done
}
