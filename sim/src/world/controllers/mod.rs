//! The control plane: each controller brings what is closer to what is wanted, and writes status and events as it does.

pub(crate) mod autoscaler;
pub(crate) mod budget;
pub(crate) mod daemon_set;
pub(crate) mod deployment;
pub(crate) mod endpoints;
pub(crate) mod job;
pub(crate) mod node;
pub(crate) mod replica_set;
pub(crate) mod stateful_set;

use super::state::{State, Wake, Work};
use super::{build, traffic};

/// How long after a minute its metrics are at CloudWatch. Most services' take a minute or more; an alarm is never earlier
/// than that, and by then a node that fell silent is known to be lost.
const ARRIVAL_S: i64 = 50;

/// A minute is over.
pub(crate) fn minute(state: &mut State) {
    traffic::sample(state);
    autoscaler::run(state);
    job::run_cron_jobs(state);
    node::heartbeat(state);
    build::quotas(state);
    state.forget_events();
    state.after(ARRIVAL_S, Wake::Evaluate);
    state.after(60, Wake::Minute);
}

/// What was measured until the last full minute has arrived.
pub(crate) fn evaluate(state: &mut State) {
    let now = state.time();
    state.alarms.evaluate(&state.metrics, now);
}

/// Lets the scheduler try again for every pod it found no node for.
pub(crate) fn retry_pending(state: &mut State) {
    for key in std::mem::take(&mut state.pending) {
        state.enqueue(Work::Schedule(key));
    }
}
