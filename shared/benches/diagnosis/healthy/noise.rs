//! What looks like trouble on an ordinary day.

mod cluster;
mod workload;

use super::build::{Builder, Built};

/// Noise of workloads and of the cluster.
pub(super) fn everywhere(builder: &mut Builder) {
    of_workloads(builder, workload::CHANGES);
    for noise in cluster::ALL {
        if builder.random.chance(35) {
            noise(builder);
        }
    }
}

/// Noise of workloads that goes with any incident: no pod is made, since somebody would have to place it.
pub(super) fn of_settled_workloads(builder: &mut Builder) {
    of_workloads(builder, &[workload::restarted_long_ago, workload::terminating, workload::out_of_memory_long_ago]);
}

/// Noise of workloads alone.
fn of_workloads(builder: &mut Builder, changes: &[Noise]) {
    for built in builder.built.clone() {
        if builder.random.chance(50) {
            let change = *builder.random.pick(changes);
            change(builder, &built);
        }
        for noise in workload::REST {
            if builder.random.chance(12) {
                noise(builder, &built);
            }
        }
    }
}

type Noise = fn(&mut Builder, &Built);
