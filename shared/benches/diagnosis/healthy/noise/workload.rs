//! Noise of one workload.

use serde_json::{Value, json};

use super::Noise;
use crate::healthy::build::{Builder, Built};

/// What changes pods: at most one for a workload, so that one does not undo the other.
pub(super) const CHANGES: &[Noise] =
    &[rolling_out, scaling_up, restarted_long_ago, parked, terminating, out_of_memory_long_ago];
/// The rest, of which any number goes together.
pub(super) const REST: &[Noise] =
    &[handled_errors, old_warnings, metrics, resolved_alert, left_behind, job, disruption_budget, autoscaler];

/// A second ReplicaSet with a pod that starts, beside all the old ones.
fn rolling_out(builder: &mut Builder, built: &Built) {
    let (namespace, name) = (built.namespace.clone(), built.name.clone());
    let set = format!("{name}-6d8f9c7b55");
    let created = builder.ago(50);
    let Some(old) = builder.of("replica_sets", &namespace, &built.set).cloned() else { return };
    let mut new = old.clone();
    new["metadata"]["name"] = set.as_str().into();
    new["metadata"]["creationTimestamp"] = created.into();
    new["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2".into();
    new["spec"]["replicas"] = 1.into();
    new["status"] = json!({"replicas": 1, "readyReplicas": 0});
    let template = new["spec"]["template"].clone();
    builder.list("replica_sets").push(new);
    let pod = builder.pod(&namespace, &set, &template, 40);
    let creating = builder.random.chance(50);
    builder.starting(pod, creating);
    if !creating {
        builder.event_on_pod(
            pod,
            "Warning",
            "Unhealthy",
            "Readiness probe failed: dial tcp 10.0.3.7:8080: connect: connection refused",
            10,
        );
        builder.say(pod, "WARN cache not reachable yet: connection refused, trying again", 8);
    }
    builder.event(
        "Deployment",
        &namespace,
        &name,
        "Normal",
        "ScalingReplicaSet",
        &format!("Scaled up replica set {set} to 1"),
        50,
    );
}

/// More replicas since half a minute, not ready yet.
fn scaling_up(builder: &mut Builder, built: &Built) {
    let Some(deployment) = builder.of("deployments", &built.namespace, &built.name) else { return };
    let replicas = deployment["spec"]["replicas"].as_u64().unwrap_or(1) + 1;
    deployment["spec"]["replicas"] = replicas.into();
    deployment["status"]["replicas"] = replicas.into();
    let template = deployment["spec"]["template"].clone();
    if let Some(set) = builder.of("replica_sets", &built.namespace, &built.set) {
        set["spec"]["replicas"] = replicas.into();
        set["status"]["replicas"] = replicas.into();
    }
    let pod = builder.pod(&built.namespace, &built.set, &template, 30);
    builder.starting(pod, true);
    let text = format!("New size: {replicas}; reason: cpu resource utilization (percentage of request) above target");
    builder.event("HorizontalPodAutoscaler", &built.namespace, &built.name, "Normal", "SuccessfulRescale", &text, 35);
}

fn ended(builder: &mut Builder, pod: usize, exit_code: usize, reason: &str, seconds: usize, restarts: usize) {
    let (started, finished, again) = (builder.ago(seconds + 600), builder.ago(seconds), builder.ago(seconds - 5));
    let status = &mut builder.list("pods")[pod]["status"]["containerStatuses"][0];
    status["restartCount"] = restarts.into();
    status["lastState"] =
        json!({"terminated": {"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": finished}});
    status["state"] = json!({"running": {"startedAt": again}});
}

pub(super) fn restarted_long_ago(builder: &mut Builder, built: &Built) {
    let (seconds, restarts) = (builder.random.between(4_000, 200_000), builder.random.between(1, 5));
    let (code, reason) =
        *builder.random.pick(&[(1, "Error"), (143, "Error"), (0, "Completed"), (137, "Error"), (2, "Error")]);
    ended(builder, built.pods[0], code, reason, seconds, restarts);
}

pub(super) fn out_of_memory_long_ago(builder: &mut Builder, built: &Built) {
    let seconds = builder.random.between(10_000, 200_000);
    ended(builder, built.pods[0], 137, "OOMKilled", seconds, 1);
}

/// At zero, and nobody misses it: an autoscaler or a person parked it.
fn parked(builder: &mut Builder, built: &Built) {
    let asleep: Vec<Value> = builder.built.iter().map(|it| it.name.clone().into()).collect();
    // Only what nobody calls: the first of its team.
    let called = builder.lists["deployments"].iter().any(|it| {
        it["metadata"]["namespace"] == *built.namespace
            && it["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == format!("http://{}", built.name)
    });
    if called || asleep.is_empty() {
        return;
    }
    let pods = built.pods.iter().map(|at| builder.lists["pods"][*at]["metadata"]["name"].clone()).collect::<Vec<_>>();
    for list in ["deployments", "replica_sets"] {
        let name = if list == "deployments" { &built.name } else { &built.set };
        if let Some(it) =
            builder.of(if list == "deployments" { "deployments" } else { "replica_sets" }, &built.namespace, name)
        {
            it["spec"]["replicas"] = 0.into();
            it["status"] = json!({"replicas": 0, "readyReplicas": 0});
        }
    }
    // Left in the list as being deleted long ago would be wrong: they are gone. Places of others must hold, so they end.
    for pod in builder.list("pods").iter_mut().filter(|it| pods.contains(&it["metadata"]["name"])) {
        pod["status"]["phase"] = "Succeeded".into();
        pod["status"]["conditions"][1]["status"] = "False".into();
    }
    let minutes = builder.random.between(3_000, 30_000);
    let text = format!("Scaled down replica set {} to 0 from 1", built.set);
    builder.event("Deployment", &built.namespace, &built.name, "Normal", "ScalingReplicaSet", &text, minutes);
}

/// One pod too many, on its way out.
pub(super) fn terminating(builder: &mut Builder, built: &Built) {
    let Some(set) = builder.of("replica_sets", &built.namespace, &built.set) else { return };
    let template = set["spec"]["template"].clone();
    let pod = builder.pod(&built.namespace, &built.set, &template, 9_000);
    let since = builder.ago(12);
    let it = &mut builder.list("pods")[pod];
    it["metadata"]["deletionTimestamp"] = since.clone().into();
    it["status"]["conditions"][1] = json!({"type": "Ready", "status": "False", "lastTransitionTime": since});
    it["status"]["containerStatuses"][0]["ready"] = false.into();
    builder.event_on_pod(pod, "Normal", "Killing", "Stopping container app", 12);
    builder.event_on_pod(
        pod,
        "Warning",
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        8,
    );
}

/// Errors that are everyday life, and were handled.
fn handled_errors(builder: &mut Builder, built: &Built) {
    const LINES: &[&str] = &[
        "WARN cache: dial tcp 172.20.0.9:6379: connect: connection refused, attempt 1 of 5",
        "ERROR order 4711: payment declined by the bank",
        "WARN request to partner took 2100 ms, timed out, tried again, ok",
        "level=error msg=\"context canceled\" path=/stream",
        "ERROR 403 user 42: permission denied for order 7",
        "WARN deadlock found when trying to get lock; transaction restarted",
        "java.lang.IllegalArgumentException: quantity must not be negative",
        "INFO retrying upload: 503 Service Unavailable, attempt 1",
        "WARN failed to export spans: context deadline exceeded",
        "ERROR access denied for user 'guest'@'10.0.4.4' (using password: YES)",
        "INFO 10.0.0.9 - - \"GET /wp-login.php HTTP/1.1\" 404 153",
        "WARN token expired at 12:00, fetched a new one",
        "ERROR java.io.IOException: Broken pipe",
        "WARN connection reset by peer",
        "INFO too many requests from 198.51.100.7: answered 429",
        "DEBUG OOMKilled is counted by metric container_oom_total",
        "WARN certificate of partner.example.org expires in 20 days",
        "INFO no space left in batch 7, starting batch 8",
    ];
    for _ in 0..builder.random.between(1, 5) {
        let line = *builder.random.pick(LINES);
        let (pod, first) = (*builder.random.pick(&built.pods), builder.random.between(30, 7_000));
        for time in 0..builder.random.between(1, 2) {
            builder.say(pod, line, first.saturating_sub(time * 7));
        }
        builder.say(pod, "INFO ok", first / 2);
    }
}

/// Warnings about what is well again.
fn old_warnings(builder: &mut Builder, built: &Built) {
    const WARNINGS: &[(&str, &str)] = &[
        (
            "FailedScheduling",
            "0/5 nodes are available: 5 Insufficient cpu. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.",
        ),
        (
            "FailedMount",
            "MountVolume.SetUp failed for volume \"config\" : failed to sync configmap cache: timed out waiting for the condition",
        ),
        ("Unhealthy", "Liveness probe failed: Get \"http://10.0.3.9:8080/healthz\": context deadline exceeded"),
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        (
            "Failed",
            "Failed to pull image \"registry.example.org/api:v3\": rpc error: code = Unknown desc = failed to do request: dial tcp: i/o timeout",
        ),
        ("BackOff", "Back-off pulling image \"registry.example.org/api:v3\""),
        (
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container",
        ),
        (
            "FailedAttachVolume",
            "Multi-Attach error for volume \"pvc-1\" Volume is already exclusively attached to one node",
        ),
        ("FailedKillPod", "error killing pod: failed to \"KillContainer\" for \"app\""),
        ("NodeNotReady", "Node is not ready"),
    ];
    let (reason, message) = *builder.random.pick(WARNINGS);
    let seconds = builder.random.between(300, 3_500);
    builder.event_on_pod(built.pods[0], "Warning", reason, message, seconds);
    if builder.random.chance(50) {
        let text = "Error creating: pods \"x\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=10, limited: pods=10";
        builder.event("ReplicaSet", &built.namespace, &built.set, "Warning", "FailedCreate", text, seconds);
    }
}

/// Load that comes and goes.
fn metrics(builder: &mut Builder, built: &Built) {
    for (metric, usual, spread) in
        [("cpu", 400, 80), ("rps", 9_000, 1_500), ("p95_latency", 35_000, 6_000), ("mem", 120_000_000, 9_000_000)]
    {
        // A quarter of an hour in which there is a third more to do.
        let busy = builder.random.chance(30);
        let points: Vec<Value> = (0..40)
            .map(|minute| {
                let more = if busy && minute > 25 && metric != "mem" { usual / 4 } else { 0 };
                let value = builder.random.between(usual - spread, usual + spread) + more;
                json!([
                    builder.ago((40 - minute) * 60),
                    if metric == "mem" { value as f64 } else { value as f64 / 1000.0 }
                ])
            })
            .collect();
        builder.metrics.push(json!({"kind": "service", "namespace": built.namespace, "name": built.name, "metric": metric, "points": points}));
    }
}

fn resolved_alert(builder: &mut Builder, built: &Built) {
    let (starts, ends) = (builder.between(2_000, 3_000), builder.between(200, 1_500));
    let name = *builder.random.pick(&[
        "KubePodCrashLooping",
        "HighErrorRate",
        "HighLatency",
        "KubeDeploymentReplicasMismatch",
    ]);
    builder.alerts.push(json!({"status": "resolved", "labels": {"alertname": name, "namespace": built.namespace,
        "deployment": built.name}, "annotations": {"summary": "error rate 0.1 -> 14.0"}, "startsAt": starts, "endsAt": ends}));
}

/// Evicted or ended pods that nobody cleaned up, long replaced.
fn left_behind(builder: &mut Builder, built: &Built) {
    let Some(set) = builder.of("replica_sets", &built.namespace, &built.set) else { return };
    let template = set["spec"]["template"].clone();
    let pod = builder.pod(&built.namespace, &built.set, &template, 80_000);
    let reason =
        *builder.random.pick(&["Evicted", "NodeShutdown", "Terminated", "UnexpectedAdmissionError", "NodeAffinity"]);
    let status = &mut builder.list("pods")[pod]["status"];
    *status = json!({"phase": "Failed", "reason": reason, "message": "The node was low on resource: memory."});
}

/// A Job that failed once and then succeeded.
fn job(builder: &mut Builder, built: &Built) {
    let (namespace, name) = (built.namespace.clone(), format!("{}-migrate", built.name));
    let (started, finished) = (builder.ago(5_000), builder.ago(4_800));
    let spec = json!({"metadata": {"labels": {"job-name": name}}, "spec": {"restartPolicy": "Never",
        "containers": [{"name": "migrate", "image": "registry.example.org/migrate:v1"}]}});
    builder.list("jobs").push(json!({"metadata": {"name": name, "namespace": namespace, "creationTimestamp": started},
        "spec": {"backoffLimit": 3, "completions": 1, "template": spec},
        "status": {"succeeded": 1, "failed": 1, "active": 0, "startTime": started, "completionTime": finished,
            "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": finished}]}}));
    for (phase, code, reason) in [("Failed", 1, "Error"), ("Succeeded", 0, "Completed")] {
        builder.list("pods").push(
            json!({"metadata": {"name": format!("{name}-{}", phase.to_lowercase()), "namespace": namespace,
                "creationTimestamp": started, "ownerReferences": [{"kind": "Job", "name": name, "controller": true}]},
            "spec": spec["spec"], "status": {"phase": phase, "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": started},
                {"type": "Ready", "status": "False", "lastTransitionTime": finished}],
            "containerStatuses": [{"name": "migrate", "ready": false, "state": {"terminated": {"exitCode": code,
                "reason": reason, "startedAt": started, "finishedAt": finished}}}]}}),
        );
    }
}

/// A budget that allows nothing now, while nobody evicts.
fn disruption_budget(builder: &mut Builder, built: &Built) {
    let replicas = built.pods.len();
    builder.list("disruption_budgets").push(json!({"metadata": {"name": built.name, "namespace": built.namespace},
        "spec": {"minAvailable": replicas, "selector": {"matchLabels": {"app.kubernetes.io/name": built.name}}},
        "status": {"disruptionsAllowed": 0, "currentHealthy": replicas, "desiredHealthy": replicas, "expectedPods": replicas}}));
}

/// An autoscaler that has what it wants.
fn autoscaler(builder: &mut Builder, built: &Built) {
    let (replicas, since) = (built.pods.len(), builder.ago(4_000));
    let pinned = builder.random.chance(30);
    builder.list("autoscalers").push(json!({"metadata": {"name": built.name, "namespace": built.namespace},
        "spec": {"minReplicas": if pinned { replicas } else { 1 }, "maxReplicas": if pinned { replicas } else { replicas + 4 },
            "scaleTargetRef": {"kind": "Deployment", "name": built.name}},
        "status": {"currentReplicas": replicas, "desiredReplicas": replicas, "conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "lastTransitionTime": since},
            {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound", "lastTransitionTime": since},
            {"type": "ScalingLimited", "status": "False", "reason": "DesiredWithinRange", "lastTransitionTime": since}]}}));
    let text = "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API";
    builder.event(
        "HorizontalPodAutoscaler",
        &built.namespace,
        &built.name,
        "Warning",
        "FailedGetResourceMetric",
        text,
        3_300,
    );
}
