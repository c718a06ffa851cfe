//! cpu-throttling: a CPU limit holds a workload back that does no more than before.
//!
//! Containers wait for the next period of the kernel's CFS quota
//! (<https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run>): the last
//! rollout lowered the limit and the workload answers slowly since, or it is too low for pods to get ready. Easily mistaken
//! for pod-cpu-overload, where use itself rises far above its past, and for a slow dependency. Throttling from which nobody
//! suffers is common and no cause.

use crate::diagnosis::{
    ActionKind, Case, Category, CauseSpec, Finding, Kubectl, Risk, Signal, SignalKind, Workload, median,
    signal::workload_of_series, signals,
};

pub(super) const CAUSES: &[CauseSpec] = &[CauseSpec::root("cpu-throttling", Category::Runtime)];

/// Seconds throttled in a second from which on it is felt.
const FELT: f64 = 0.25;
/// A rollout longer ago than this is not what changed.
const RECENT_MINUTES: i64 = 120;

pub(super) fn examine(case: &mut Case<'_, '_>) {
    let view = case.view;
    if view.snapshot.metrics.iter().all(|it| it.metric != "cpu_cfs") && view.snapshot.alerts.is_empty() {
        return;
    }
    let signals = signals(view);
    for workload in view.workloads() {
        let of = |kind: SignalKind| signals.iter().find(|it| it.kind == kind && it.object == workload.object);
        let latency = of(SignalKind::Latency).filter(|it| it.ratio > 1.5);
        let suffers = latency.is_some() || of(SignalKind::Errors).is_some() || workload.is_short();
        let busier = of(SignalKind::Cpu).is_some_and(|it| it.ratio >= 2.0);
        let Some(limit) = limit(workload).filter(|_| suffers && !busier) else { continue };
        let waited = waited(case, workload);
        let risen = of(SignalKind::Throttling).filter(|it| it.is_alert() || it.after > FELT);
        let lowered = lowered(workload).filter(|_| view.within(workload.rolled_out_at(), RECENT_MINUTES));
        let strength = match (&lowered, risen, waited) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => 0.93,
            // Throttling that rises under the same limit is what overload looks like; that which stays does not explain
            // slowness that is new, but pods that do not get ready.
            (None, None, Some(_)) if workload.is_short() => 0.65,
            _ => continue,
        };
        claim(case, workload, strength, &limit, lowered, waited, [risen, latency]);
    }
}

fn claim(
    case: &mut Case<'_, '_>,
    workload: &Workload<'_>,
    strength: f64,
    limit: &str,
    lowered: Option<String>,
    waited: Option<f64>,
    signals: [Option<&Signal<'_>>; 2],
) {
    let mut evidence = vec![case.spec(&workload.object, format!("CPU limit {limit}"))];
    evidence.extend(lowered.as_ref().map(|before| case.spec(&workload.object, format!("CPU limit was {before}"))));
    evidence.extend(waited.map(|share| {
        case.metric(&workload.object, Some(case.view.now), format!("throttled {share:.2} s of every second"))
    }));
    evidence.extend(signals.into_iter().flatten().map(|signal| signal.cite(case)).collect::<Vec<_>>());
    let was = lowered.as_ref().map_or(String::new(), |before| format!(", lowered from {before} by the last rollout,"));
    let finding = Finding::new(&CAUSES[0], &workload.object)
        .strength(strength)
        .summary(format!("its CPU limit of {limit}{was} holds it back"))
        .fact("limit", limit)
        .because(evidence)
        .since(lowered.as_ref().and_then(|_| workload.rolled_out_at()))
        .check(Kubectl::get(&workload.object))
        .check(Kubectl::top_pods(workload.namespace()))
        .action(ActionKind::Resize, Risk::Medium, "raise the CPU limit, or do without one");
    let finding = match lowered {
        Some(before) => finding.fact("before", before).action(
            ActionKind::Rollback,
            Risk::Medium,
            "the revision before had a higher limit",
        ),
        None => finding,
    };
    case.find(finding);
}

/// Its containers' CPU limits, as written.
fn limit(workload: &Workload<'_>) -> Option<String> {
    let limits = workload.template.containers.iter().filter_map(|it| it.resources.limits.get("cpu"));
    let limits: Vec<&str> = limits.map(|it| it.as_str()).collect();
    (!limits.is_empty()).then(|| limits.join(" + "))
}

/// The limit before the last rollout, where that was higher.
fn lowered(workload: &Workload<'_>) -> Option<String> {
    let before = workload.previous_template()?;
    workload.template.containers.iter().find_map(|now| {
        let then = before.containers.iter().find(|it| it.name == now.name)?;
        let limit = now.resources.limits.get("cpu")?.value()?;
        match then.resources.limits.get("cpu") {
            Some(old) => (old.value()? > limit * 1.2).then(|| old.as_str().to_owned()),
            None => Some("none".to_owned()),
        }
    })
}

/// Seconds throttled in a second, lately, where that is felt.
fn waited(case: &Case<'_, '_>, workload: &Workload<'_>) -> Option<f64> {
    let view = case.view;
    let own = view.snapshot.metrics.iter().filter(|series| {
        series.metric == "cpu_cfs" && workload_of_series(view, series).is_some_and(|it| it.object == workload.object)
    });
    let lately = own.filter(|series| series.points.len() >= 4).map(|series| {
        let values: Vec<f64> = series.points.iter().map(|point| point.1).collect();
        median(&values[values.len() * 3 / 4..])
    });
    lately.filter(|share| *share > FELT).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use crate::{
        diagnosis::testkit::{Scene, at, scene},
        model::Quantity,
        snapshot::SeriesKind,
    };

    fn api(limit: &'static str) -> Scene {
        scene().deployment("shop", "api", 1).template("shop", "api", move |spec| {
            spec.containers[0].resources.limits.insert("cpu".into(), Quantity::new(limit));
        })
    }

    fn values(quiet: f64, loud: f64) -> Vec<f64> {
        [vec![quiet; 14], vec![loud; 8]].concat()
    }

    /// The revision before had this limit.
    fn before(scene: Scene, limit: &str) -> Scene {
        scene.edit(|snapshot| {
            let now = snapshot.replica_sets.items[0].clone();
            let mut old = now.clone();
            old.metadata.name = "api-rs0".into();
            old.metadata.creation_timestamp = Some(at("09:00:00"));
            old.metadata.annotations.insert("deployment.kubernetes.io/revision".into(), "0".into());
            old.spec.replicas = Some(0);
            old.status = Default::default();
            let limits = &mut old.spec.template.spec.containers[0].resources.limits;
            limits.insert("cpu".into(), Quantity::new(limit));
            snapshot.replica_sets.items[0].metadata.creation_timestamp = Some(at("11:40:00"));
            snapshot.replica_sets.items.push(old);
        })
    }

    #[test]
    fn a_limit_that_a_rollout_lowered_is_named() {
        before(api("100m"), "1")
            .metric(SeriesKind::Service, "api", "cpu_cfs", &values(0.0, 0.8))
            .metric(SeriesKind::Service, "api", "p95latency", &values(20.0, 300.0))
            .expect("cpu-throttling", "Deployment shop/api");
    }

    #[test]
    fn a_limit_that_is_too_low_to_get_ready_is_named_and_else_is_no_cause() {
        let throttled = api("100m").metric(SeriesKind::Service, "api", "cpu_cfs", &[0.6; 22]);
        throttled.expect_healthy();
        throttled.unready("shop", "api").expect("cpu-throttling", "Deployment shop/api");
    }

    #[test]
    fn use_that_rises_to_the_limit_is_overload() {
        api("200m")
            .metric(SeriesKind::Service, "api", "cpu", &values(0.03, 0.19))
            .metric(SeriesKind::Service, "api", "cpu_cfs", &values(0.0, 0.8))
            .metric(SeriesKind::Service, "api", "p95latency", &values(5.0, 90.0))
            .expect("pod-cpu-overload", "Deployment shop/api");
    }
}
