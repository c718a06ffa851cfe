//! memory-leak: a workload's memory climbs without end, towards its limit.
//!
//! The series since the last restart rises from part to part and does not level off, while requests do not rise with it; and
//! it hurts: containers were killed for memory, the limit is near, or monitoring alerts. What a kill looks like:
//! <https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/>. Easily mistaken for a limit that is
//! too small from the start (oom-killed: there memory stands at the limit at once, and without a series nothing else can be
//! said), for a cache that fills and then stays, and for growth of traffic.

use crate::{
    diagnosis::{
        ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, SignalKind, View, Workload, median,
        signal::workload_of_series, signals,
    },
    snapshot::{Series, SeriesKind},
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("memory-leak", Category::Runtime)];

/// Fewer points do not make a trend.
const POINTS: usize = 10;
/// A fall below this share from one point to the next is a restart.
const FALL: f64 = 0.7;
/// A climb is at least this many times its start.
const GROWTH: f64 = 1.4;
/// From this share of the limit on it is near.
const NEAR: f64 = 0.85;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    for series in view.snapshot.metrics.iter().filter(|series| series.metric == "mem") {
        let Some(workload) = workload_of_series(view, series) else { continue };
        let Some((low, high)) = climb(series) else { continue };
        if !grows_with_traffic(view, series, high / low) {
            claim(case, workload, series, low, high);
        }
    }
}

fn claim(case: &mut Case<'_, '_>, workload: &Workload<'_>, series: &Series, low: f64, high: f64) {
    let view = case.view;
    let killed = workload.containers().find_map(|(pod, status)| {
        let ended = [&status.state.terminated, &status.last_state.terminated].into_iter().flatten();
        ended.into_iter().find(|it| it.reason == "OOMKilled").map(|ended| (pod, status, ended))
    });
    let near = limit(workload, series).filter(|limit| high >= NEAR * limit);
    let alerts = signals(view);
    let alert = alerts.iter().find(|it| it.is_alert() && it.kind == SignalKind::Memory && it.object == workload.object);
    let strength = match (killed, near, alert) {
        (Some(_), ..) => 0.93,
        (None, Some(_), Some(_)) => 0.85,
        (None, None, None) => return,
        (None, ..) => 0.75,
    };
    let since = series.points.first().map(|point| point.0);
    let text = format!("memory climbs from {} to {} and does not level off", mebibytes(low), mebibytes(high));
    let mut evidence = vec![case.metric(&workload.object, since, &text)];
    if let Some((pod, status, ended)) = killed {
        use crate::model::Object;
        let text = format!("container {} ended with OOMKilled, {} restart(s)", status.name, status.restart_count);
        evidence.push(case.status(&pod.reference(), ended.finished_at, text));
    }
    evidence.extend(near.map(|limit| case.spec(&workload.object, format!("memory limit {}", mebibytes(limit)))));
    evidence.extend(alert.map(|alert| alert.cite(case)));
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary(text)
        .fact("from", mebibytes(low))
        .fact("to", mebibytes(high))
        .because(evidence)
        .since(since)
        .check(Kubectl::top_pods(workload.namespace()))
        .check(Kubectl::describe(&workload.object))
        .action(ActionKind::RestartRollout, Risk::Medium, "buys time until the leak is mended");
    let finding = match workload.rolled_out_at() {
        Some(_) => finding.action(ActionKind::Rollback, Risk::Medium, "if the climb began with the last rollout"),
        None => finding,
    };
    case.find(finding);
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / (1024.0 * 1024.0))
}

/// The memory limit of what the series measures.
fn limit(workload: &Workload<'_>, series: &Series) -> Option<f64> {
    let limits = workload.template.containers.iter().map(|it| it.resources.limits.get("memory")?.value());
    let pod = limits.sum::<Option<f64>>().filter(|limit| *limit > 0.0)?;
    let pods = if series.kind == SeriesKind::Pod { 1 } else { workload.desired.max(1) };
    Some(pod * f64::from(pods))
}

/// Start and end of the longest climb between two restarts, if it does not level off.
fn climb(series: &Series) -> Option<(f64, f64)> {
    let values: Vec<f64> = series.points.iter().map(|point| point.1).filter(|value| value.is_finite()).collect();
    let runs = values.chunk_by(|before, after| *after >= before * FALL);
    let run = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= POINTS)?;
    let parts: Vec<f64> = run.chunks(run.len().div_ceil(4)).map(median).collect();
    let (first, last) = (*parts.first()?, *parts.last()?);
    let steps: Vec<f64> = parts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = (last - first) / steps.len().max(1) as f64;
    // Every part adds its share, the last one as well: what fills up adds less and less, what jumped added it all at once.
    let steady = steps.iter().all(|step| *step > 0.4 * mean && *step < 2.0 * mean);
    let (low, high) = (*run.first()?, run.iter().copied().fold(0.0, f64::max));
    (first > 0.0 && low > 0.0 && last >= GROWTH * first && steady).then_some((low, high))
}

/// Whether requests rose at least half as much; quarters are compared, which flattens them.
fn grows_with_traffic(view: &View<'_>, series: &Series, growth: f64) -> bool {
    let Some(rate) = view.series(series.kind, &series.name, "rps").filter(|rate| rate.points.len() >= 4) else {
        return false;
    };
    let values: Vec<f64> = rate.points.iter().map(|point| point.1).collect();
    let quarter = values.len() / 4;
    let (before, after) = (median(&values[..quarter]), median(&values[values.len() - quarter..]));
    before > 0.0 && after / before >= 0.5 * growth
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, scene},
        model::Quantity,
        snapshot::SeriesKind,
    };

    const MIB: f64 = 1024.0 * 1024.0;

    fn api(memory: &[f64]) -> Scene {
        let bytes: Vec<f64> = memory.iter().map(|value| value * MIB).collect();
        scene()
            .deployment("shop", "api", 1)
            .template("shop", "api", |spec| {
                spec.containers[0].resources.limits.insert("memory".into(), Quantity::new("512Mi"));
            })
            .metric(SeriesKind::Service, "api", "mem", &bytes)
    }

    fn rising(from: f64, step: f64) -> Vec<f64> {
        (0..40).map(|minute| from + step * f64::from(minute)).collect()
    }

    #[test]
    fn memory_that_climbs_to_its_limit_is_a_leak() {
        api(&rising(100.0, 10.0)).expect("memory-leak", "Deployment shop/api");
    }

    #[test]
    fn kills_at_the_end_of_a_climb_follow_from_it() {
        let saw = [rising(100.0, 10.0), rising(100.0, 10.0)[..8].to_vec()].concat();
        api(&saw).crashing("shop", "api", 137, "OOMKilled").expect("memory-leak", "Deployment shop/api");
    }

    #[test]
    fn a_limit_too_small_from_the_start_is_no_leak() {
        api(&[500.0; 40]).crashing("shop", "api", 137, "OOMKilled").expect("oom-killed", "Deployment shop/api");
    }

    #[test]
    fn a_cache_that_fills_and_stays_is_no_leak() {
        let filling: Vec<f64> = (0..40).map(|minute| 480.0 - 380.0 * 0.85_f64.powi(minute)).collect();
        api(&filling).expect_not("memory-leak");
    }

    #[test]
    fn memory_that_grows_with_requests_or_far_from_the_limit_is_none() {
        api(&rising(50.0, 2.0)).expect_healthy();
        api(&rising(100.0, 10.0))
            .metric(SeriesKind::Service, "api", "rps", &rising(20.0, 2.0))
            .expect_not("memory-leak");
    }
}
