//! The alarms that the shop's teams have set up.

use super::alarms::{Alarm, Line, State as AlarmState, StateValue, Watched};
use super::gauges::{self, INSIGHTS, LOAD_BALANCER, SERVICES};
use super::kinds::Kind;
use super::metrics::{MetricId, Statistic};
use super::shop::App;
use super::state::State;

/// Defines all alarms.
pub(crate) fn define(state: &mut State) {
    let apps = state.apps.clone();
    let mut impact = Vec::new();
    for app in apps.iter().filter(|app| !app.calls.is_empty() || app.volume_gi.is_some()) {
        workload(state, app);
    }
    for app in apps.iter().filter(|app| app.public) {
        impact.extend(target(state, app));
    }
    nodes(state);
    if super::build::alarmed_everywhere(state.options.scenario) {
        for app in apps.iter().filter(|app| !app.routes.is_empty() && !app.calls.is_empty()) {
            routes(state, app);
        }
    }
    let description = "Customers notice: errors or latency at the load balancer";
    add(state, "customer-impact", description, Watched::AnyOf(impact), Line::above(0.0, 1, 1));
}

fn add(state: &mut State, name: &str, description: &str, watched: Watched, line: Line) -> String {
    let (region, account) = (&state.options.region, &state.options.account);
    let name = format!("{}/{name}", state.options.cluster);
    let reason = "Unchecked: Initial alarm creation".to_owned();
    let since = state.time();
    let alarm = Alarm {
        arn: format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
        name: name.clone(),
        description: description.to_owned(),
        watched,
        line,
        actions: vec![format!("arn:aws:sns:{region}:{account}:on-call")],
        configured: since,
        state: AlarmState { value: StateValue::Ok, reason, reason_data: String::new(), since },
    };
    state.alarms.add(alarm);
    name
}

fn workload(state: &mut State, app: &App) {
    let cluster = state.options.cluster.clone();
    let id = app.id();
    let dimensions =
        [("ClusterName", cluster.as_str()), ("Namespace", app.namespace.as_str()), ("PodName", app.name.as_str())];
    let metric = |name: &str| Watched::Metric {
        metric: MetricId::new(INSIGHTS, name, &dimensions),
        statistic: Statistic::Maximum,
    };
    let rows = [
        (
            "crash-loop",
            "containers of {} crash again and again",
            "pod_container_status_waiting_reason_crash_loop_back_off",
            Line::at_least(1.0, 1, 1),
        ),
        (
            "image-pull",
            "images of {} cannot be pulled",
            "pod_container_status_waiting_reason_image_pull_error",
            Line::at_least(1.0, 1, 1),
        ),
        (
            "oom-killed",
            "containers of {} were killed at their memory limit",
            "pod_container_status_terminated_reason_oom_killed",
            Line::at_least(1.0, 1, 1),
        ),
        (
            "memory",
            "{} uses nearly all of its memory limit",
            "pod_memory_utilization_over_pod_limit",
            Line::above(95.0, 3, 3),
        ),
        (
            "unavailable",
            "{} has had pods that are not ready for three minutes",
            "status_replicas_unavailable",
            Line::above(0.0, 3, 3),
        ),
    ];
    for (name, description, metric_name, line) in rows {
        add(state, &format!("{id}/{name}"), &description.replace("{}", &id), metric(metric_name), line);
    }
    let dimensions =
        [("ClusterName", cluster.as_str()), ("Namespace", app.namespace.as_str()), ("Service", app.name.as_str())];
    let watched = Watched::ErrorPercent {
        errors: MetricId::new(SERVICES, "Faults", &dimensions),
        requests: MetricId::new(SERVICES, "Requests", &dimensions),
    };
    add(
        state,
        &format!("{id}/faults"),
        &format!("more than 2 % of the requests to {id} fail"),
        watched,
        Line::above(2.0, 2, 3),
    );
}

fn target(state: &mut State, app: &App) -> Vec<String> {
    let (balancer, group, id) = (gauges::load_balancer(state), gauges::target_group(state, app), app.id());
    let dimensions = [("LoadBalancer", balancer.as_str()), ("TargetGroup", group.as_str())];
    let metric = |name: &str| MetricId::new(LOAD_BALANCER, name, &dimensions);
    let errors =
        Watched::ErrorPercent { errors: metric("HTTPCode_Target_5XX_Count"), requests: metric("RequestCount") };
    let refused = Watched::ErrorPercent { errors: metric("HTTPCode_ELB_5XX_Count"), requests: metric("RequestCount") };
    let latency = Watched::Metric { metric: metric("TargetResponseTime"), statistic: Statistic::Percentile(95.0) };
    let healthy = Watched::Metric { metric: metric("HealthyHostCount"), statistic: Statistic::Minimum };
    vec![
        add(
            state,
            &format!("{id}/5xx"),
            &format!("more than 2 % of the answers of {id} are 5xx"),
            errors,
            Line::above(2.0, 2, 3),
        ),
        add(
            state,
            &format!("{id}/elb-5xx"),
            &format!("the load balancer answers for {id} itself"),
            refused,
            Line::above(2.0, 1, 1),
        ),
        add(state, &format!("{id}/latency"), &format!("p95 of {id} is above 2 s"), latency, Line::above(2.0, 3, 3)),
        add(
            state,
            &format!("{id}/no-healthy-host"),
            &format!("{id} has no healthy target"),
            healthy,
            Line::below(1.0, 1, 1),
        ),
    ]
}

fn nodes(state: &mut State) {
    let cluster = state.options.cluster.clone();
    let nodes: Vec<_> = state.store.list(Kind::Node, "").map(|(_, node)| node.clone()).collect();
    for node in nodes {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        let instance = node["spec"]["providerID"].as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default();
        let dimensions = [("ClusterName", cluster.as_str()), ("NodeName", name), ("InstanceId", instance)];
        let metric =
            |name: &str, statistic| Watched::Metric { metric: MetricId::new(INSIGHTS, name, &dimensions), statistic };
        let ready = metric("node_status_condition_ready", Statistic::Minimum);
        add(state, &format!("node/{name}/ready"), &format!("node {name} is not ready"), ready, Line::below(1.0, 1, 1));
        for (short, metric_name) in [
            ("cpu", "node_cpu_utilization"),
            ("memory", "node_memory_utilization"),
            ("disk", "node_filesystem_utilization"),
        ] {
            let watched = metric(metric_name, Statistic::Average);
            add(
                state,
                &format!("node/{name}/{short}"),
                &format!("{short} of node {name} above 90 %"),
                watched,
                Line::above(90.0, 3, 3),
            );
        }
    }
    let failed = MetricId::new(INSIGHTS, "cluster_failed_node_count", &[("ClusterName", &cluster)]);
    let watched = Watched::Metric { metric: failed, statistic: Statistic::Maximum };
    add(state, "failed-nodes", "at least one node of the cluster has failed", watched, Line::above(0.0, 1, 1));
}

/// Six alarms for every route in every zone: what happens when a dashboard generator is let loose on an alarm account.
fn routes(state: &mut State, app: &App) {
    let (cluster, region, id) = (state.options.cluster.clone(), state.options.region.clone(), app.id());
    for route in &app.routes {
        for letter in ["a", "b", "c"] {
            let zone = format!("{region}{letter}");
            let dimensions = [
                ("ClusterName", cluster.as_str()),
                ("Namespace", app.namespace.as_str()),
                ("Service", app.name.as_str()),
                ("Route", *route),
                ("Zone", zone.as_str()),
            ];
            let metric = |name: &str| MetricId::new(SERVICES, name, &dimensions);
            let of = |name: &str, statistic| Watched::Metric { metric: metric(name), statistic };
            let rate = || Watched::ErrorPercent { errors: metric("Faults"), requests: metric("Requests") };
            let usual = app.latency_ms;
            let rows = [
                ("availability", rate(), Line::above(5.0, 1, 1)),
                ("availability-slow", rate(), Line::above(2.0, 2, 2)),
                ("faults", of("Faults", Statistic::Sum), Line::above(4.0, 1, 1)),
                ("p50", of("Latency", Statistic::Percentile(50.0)), Line::above(usual * 6.0 + 300.0, 1, 1)),
                ("p90", of("Latency", Statistic::Percentile(90.0)), Line::above(usual * 10.0 + 500.0, 1, 1)),
                ("p99", of("Latency", Statistic::Percentile(99.0)), Line::above(usual * 20.0 + 800.0, 1, 1)),
            ];
            for (name, watched, line) in rows {
                let description = format!("{name} of {route} of {id} in {zone}");
                add(state, &format!("{id}/{route}/{letter}/{name}"), &description, watched, line);
            }
        }
    }
}
