//! How well a cluster is.

use shared::slack::Colour;

use super::HealthAnswer;
use crate::situation::{Health, Troubled};

/// Named at most.
const NAMED: usize = 10;

pub(super) fn decide(health: &Health) -> HealthAnswer {
    let (nodes, pods, usage) = (health.nodes.value(), health.pods.value(), health.usage.value());
    let percent = |used: f64, of: f64| (of > 0.0).then(|| 100.0 * used / of);
    let used = |part: fn(&crate::situation::Usage) -> f64, of: fn(&crate::situation::Nodes) -> f64| {
        let (usage, nodes) = (usage?, nodes?);
        // Not every node may have been measured: the share is of those that were.
        let all = (nodes.ready + nodes.not_ready).max(1) as f64;
        percent(part(usage), of(nodes) * (usage.nodes as f64 / all).min(1.0))
    };
    let (not_ready, error, pending) = (
        nodes.map_or(0, |nodes| nodes.not_ready),
        pods.map_or(0, |pods| pods.error),
        pods.map_or(0, |pods| pods.pending),
    );
    let alarms = health.alarms.value();
    let colour = if not_ready + error > 0 {
        Colour::Critical
    } else if pending > 0 || alarms.is_some_and(|alarms| alarms.count > 0) || nodes.is_none() || pods.is_none() {
        Colour::Warning
    } else {
        Colour::Good
    };
    let mut troubled: Vec<Troubled> = nodes.map(|nodes| nodes.troubled.clone()).unwrap_or_default();
    let mut of_pods: Vec<Troubled> = pods.map(|pods| pods.troubled.clone()).unwrap_or_default();
    of_pods.sort_by(|a, b| b.failing.cmp(&a.failing).then_with(|| a.name.cmp(&b.name)));
    troubled.extend(of_pods);
    let all = not_ready + error + pending;
    troubled.truncate(NAMED);
    let parts = [health.nodes.gap(), health.pods.gap(), health.usage.gap(), health.rates.gap(), health.alarms.gap()];
    HealthAnswer {
        colour,
        nodes: nodes.map(|nodes| (nodes.ready, nodes.not_ready)),
        cordoned: nodes.map_or(0, |nodes| nodes.cordoned),
        cpu_percent: used(|usage| usage.cpu_cores, |nodes| nodes.cpu_cores),
        memory_percent: used(|usage| usage.memory_bytes, |nodes| nodes.memory_bytes),
        pods: pods.map(|pods| (pods.running, pods.pending, pods.error)),
        rates: health.rates.clone(),
        troubled_more: all.saturating_sub(troubled.len()),
        troubled,
        alarms: alarms.cloned(),
        gaps: parts.into_iter().flatten().map(str::to_owned).collect(),
    }
}
