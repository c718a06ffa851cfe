//! HorizontalPodAutoscalers over CPU utilization.

use serde_json::{Value, json};

use crate::world::events::Tone;
use crate::world::kinds::Kind;
use crate::world::objects::{seconds, stamp};
use crate::world::pods::{ready, set_condition};
use crate::world::scheduler::requests;
use crate::world::state::{State, selects};
use crate::world::store::Key;

/// How far from its target a utilization may be without anything being done.
const TOLERANCE: f64 = 0.1;
/// How long a lower size has to be right before it is taken.
const STABILIZATION_S: i64 = 300;

/// Looks at every autoscaler once.
pub(crate) fn run(state: &mut State) {
    let all: Vec<Key> = state.store.list(Kind::HorizontalPodAutoscaler, "").map(|(key, _)| key.clone()).collect();
    for key in all {
        look(state, &key);
    }
}

fn look(state: &mut State, key: &Key) {
    let Some(autoscaler) = state.store.at(Kind::HorizontalPodAutoscaler, key).cloned() else { return };
    let spec = &autoscaler["spec"];
    let target = Key::new(&key.namespace, spec["scaleTargetRef"]["name"].as_str().unwrap_or_default());
    let Some(deployment) = state.store.at(Kind::Deployment, &target).cloned() else { return };
    let current = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let wanted_percent = spec["metrics"][0]["resource"]["target"]["averageUtilization"].as_f64().unwrap_or(80.0);
    let (mut used_m, mut requested_m, mut count) = (0.0, 0.0, 0);
    for (pod_key, pod) in state.store.list(Kind::Pod, &key.namespace) {
        if ready(pod) && selects(&deployment["spec"]["selector"]["matchLabels"], &pod["metadata"]["labels"]) {
            used_m += state.runs.get(pod_key).map_or(0.0, |run| run.used.0);
            requested_m += requests(pod).0 * 1000.0;
            count += 1;
        }
    }
    if count == 0 || requested_m <= 0.0 {
        return;
    }
    let percent = 100.0 * used_m / requested_m;
    let ratio = percent / wanted_percent;
    let (least, most) = (spec["minReplicas"].as_i64().unwrap_or(1), spec["maxReplicas"].as_i64().unwrap_or(1));
    let raw = if (ratio - 1.0).abs() <= TOLERANCE { current } else { (f64::from(count) * ratio).ceil() as i64 };
    let mut desired = raw.clamp(least, most);
    let last = seconds(&autoscaler["status"]["lastScaleTime"]).unwrap_or(i64::MIN);
    if desired < current && state.now - last < STABILIZATION_S {
        desired = current;
    }
    if desired != current {
        state.change(Kind::Deployment, &target, |deployment| deployment["spec"]["replicas"] = json!(desired));
        let why = if desired > current {
            "cpu resource utilization (percentage of request) above target"
        } else {
            "All metrics below target"
        };
        let message = format!("New size: {desired}; reason: {why}");
        state.event(&autoscaler, Tone::Normal, "horizontal-pod-autoscaler", "SuccessfulRescale", &message);
    }
    let now = state.now;
    state.change(Kind::HorizontalPodAutoscaler, key, |autoscaler| {
        let limited = raw != raw.clamp(least, most);
        let status = &mut autoscaler["status"];
        status["currentReplicas"] = json!(current);
        status["desiredReplicas"] = json!(desired);
        status["currentMetrics"] = json!([{ "type": "Resource", "resource": { "name": "cpu", "current": {
            "averageUtilization": percent.round() as i64, "averageValue": format!("{}m", (used_m / f64::from(count)).round() as i64),
        } } }]);
        if desired != current {
            status["lastScaleTime"] = json!(stamp(now));
        }
        conditions(autoscaler, now, limited, raw > most);
    });
}

fn conditions(autoscaler: &mut Value, now: i64, limited: bool, above: bool) {
    set_condition(autoscaler, now, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");
    let message = "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)";
    set_condition(autoscaler, now, "ScalingActive", "True", "ValidMetricFound", message);
    match (limited, above) {
        (true, true) => {
            let message = "the desired replica count is more than the maximum replica count";
            set_condition(autoscaler, now, "ScalingLimited", "True", "TooManyReplicas", message);
        }
        (true, false) => {
            let message = "the desired replica count is less than the minimum replica count";
            set_condition(autoscaler, now, "ScalingLimited", "True", "TooFewReplicas", message);
        }
        _ => {
            let message = "the desired count is within the acceptable range";
            set_condition(autoscaler, now, "ScalingLimited", "False", "DesiredWithinRange", message);
        }
    }
}
