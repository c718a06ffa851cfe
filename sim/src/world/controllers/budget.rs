//! PodDisruptionBudgets: how many pods may be evicted right now.

use serde_json::{Value, json};

use crate::world::kinds::Kind;
use crate::world::pods::{active, portion, ready, set_condition};
use crate::world::state::{State, selects};
use crate::world::store::Key;

/// Brings the status of one budget up to date.
pub(crate) fn reconcile(state: &mut State, key: &Key) {
    let Some(budget) = state.store.at(Kind::PodDisruptionBudget, key).cloned() else { return };
    let selector = &budget["spec"]["selector"]["matchLabels"];
    let pods: Vec<_> = state
        .store
        .list(Kind::Pod, &key.namespace)
        .filter(|(_, pod)| active(pod) && selects(selector, &pod["metadata"]["labels"]))
        .map(|(_, pod)| pod.clone())
        .collect();
    // Expected is what the controllers want, not what happens to be there.
    let expected = state
        .store
        .list(Kind::Deployment, &key.namespace)
        .chain(state.store.list(Kind::StatefulSet, &key.namespace))
        .filter(|(_, workload)| selects(selector, &workload["spec"]["template"]["metadata"]["labels"]))
        .map(|(_, workload)| workload["spec"]["replicas"].as_i64().unwrap_or(1))
        .sum::<i64>()
        .max(0);
    let expected = if expected == 0 { pods.len() as i64 } else { expected };
    let healthy = pods.iter().filter(|pod| ready(pod)).count() as i64;
    let desired = match (&budget["spec"]["minAvailable"], &budget["spec"]["maxUnavailable"]) {
        (Value::Null, away) => (expected - portion(away, expected, true)).max(0),
        (least, _) => portion(least, expected, true),
    };
    let allowed = (healthy - desired).max(0);
    let now = state.now;
    state.change(Kind::PodDisruptionBudget, key, |budget| {
        let conditions = budget["status"].get("conditions").cloned().unwrap_or_else(|| json!([]));
        budget["status"] = json!({
            "observedGeneration": budget["metadata"]["generation"], "currentHealthy": healthy, "desiredHealthy": desired,
            "expectedPods": expected, "disruptionsAllowed": allowed, "conditions": conditions,
        });
        let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        set_condition(budget, now, "DisruptionAllowed", status, reason, "");
    });
}
