//! How well a service is.

use shared::slack::Colour;

use crate::situation::{Known, Workload};

/// What stands out of a workload.
pub(super) fn colour(workload: &Workload) -> Colour {
    let pods = workload.pods.value().map(Vec::as_slice).unwrap_or_default();
    let failing = pods.iter().any(|pod| pod.trouble == Some(true));
    let late = pods.iter().any(|pod| pod.trouble == Some(false));
    match &workload.replicas {
        Known::Whole(replicas) | Known::Part(replicas, _) => {
            let (ready, wanted) = (replicas.ready, replicas.wanted);
            if failing || (wanted > 0 && ready == 0) {
                Colour::Critical
            } else if late || ready < wanted || wanted == 0 {
                Colour::Warning
            } else {
                Colour::Good
            }
        }
        Known::Missing(_) | Known::NotConfigured => Colour::Warning,
    }
}
