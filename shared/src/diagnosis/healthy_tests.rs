//! Clusters in which nothing is wrong, though it may look so: none of them may be given a cause.

use std::collections::BTreeMap;

use super::testkit::{Scene, at, scene};
use crate::{
    model::*,
    snapshot::{Alert, SeriesKind},
};

/// A web tier that calls an API that calls a ledger, all well.
fn shop() -> Scene {
    let calls = |url: &'static str| {
        move |spec: &mut PodSpec| {
            spec.containers[0].env.push(EnvVar { name: "NEXT".into(), value: Some(url.into()), value_from: None });
        }
    };
    scene()
        .deployment("shop", "web", 3)
        .deployment("shop", "api", 3)
        .deployment("shop", "ledger", 1)
        .service("shop", "web", 80)
        .service("shop", "api", 8080)
        .service("shop", "ledger", 5432)
        .template("shop", "web", calls("http://api:8080"))
        .template("shop", "api", calls("ledger:5432"))
}

/// A new ReplicaSet of `api`, made at `time`, with pods that are starting.
fn rolling_out(scene: Scene, time: &str) -> Scene {
    let created = at(time);
    scene
        .edit(|snapshot| {
            let old = snapshot.replica_sets.items.iter().find(|it| it.metadata.name == "api-rs1").cloned();
            let mut new = old.expect("api has a ReplicaSet");
            new.metadata.name = "api-rs2".into();
            new.metadata.creation_timestamp = Some(created);
            new.metadata.annotations.insert("deployment.kubernetes.io/revision".into(), "2".into());
            new.spec.replicas = Some(1);
            let pod = snapshot.pods.items.iter().find(|it| it.metadata.name == "api-rs1-0").cloned();
            let mut pod = pod.expect("api has a pod");
            pod.metadata.name = "api-rs2-0".into();
            pod.metadata.creation_timestamp = Some(created);
            pod.metadata.owner_references[0].name = "api-rs2".into();
            pod.status.phase = "Pending".into();
            pod.status.conditions[0].status = "False".into();
            pod.status.conditions[0].last_transition_time = Some(created);
            let waiting = Waiting { reason: "ContainerCreating".into(), ..Waiting::default() };
            pod.status.container_statuses[0].ready = false;
            pod.status.container_statuses[0].state =
                ContainerState { waiting: Some(waiting), ..ContainerState::default() };
            snapshot.replica_sets.items.push(new);
            snapshot.pods.items.push(pod);
        })
        .event_at("Deployment shop/api", "ScalingReplicaSet", "Scaled up replica set api-rs2 to 1", time, "Normal")
}

#[test]
fn a_shop_that_is_well() {
    shop().expect_healthy();
}

#[test]
fn an_empty_cluster() {
    scene().expect_healthy();
}

#[test]
fn in_the_middle_of_a_rollout() {
    rolling_out(shop(), "11:59:30").expect_healthy();
}

#[test]
fn a_rollout_whose_pods_are_short_of_one_for_half_a_minute() {
    rolling_out(shop(), "11:59:30").edit_deployment("shop", "api", |it| it.status.ready_replicas = 2).expect_healthy();
}

#[test]
fn a_readiness_probe_that_failed_while_the_pod_was_starting() {
    shop()
        .event_at(
            "Pod shop/api-rs1-0",
            "Unhealthy",
            "Readiness probe failed: connection refused",
            "10:00:20",
            "Warning",
        )
        .expect_healthy();
}

#[test]
fn a_probe_that_failed_once_just_now() {
    shop()
        .event("Pod shop/api-rs1-0", "Unhealthy", "Liveness probe failed: Get \"http://10.1.3.10:8080/\": timeout")
        .expect_healthy();
}

#[test]
fn scaling_up_with_pods_just_made() {
    let scene = shop().edit_deployment("shop", "api", |it| it.spec.replicas = Some(4));
    scene
        .edit(|snapshot| {
            let pod = snapshot.pods.items.iter().find(|it| it.metadata.name == "api-rs1-0").cloned();
            let mut pod = pod.expect("api has a pod");
            pod.metadata.name = "api-rs1-3".into();
            pod.metadata.creation_timestamp = Some(at("11:59:50"));
            pod.status.conditions[0].status = "False".into();
            pod.status.conditions[0].last_transition_time = Some(at("11:59:50"));
            pod.status.container_statuses[0].ready = false;
            snapshot.pods.items.push(pod);
        })
        .event_at(
            "Deployment shop/api",
            "ScalingReplicaSet",
            "Scaled up replica set api-rs1 to 4 from 3",
            "11:59:50",
            "Normal",
        )
        .expect_healthy();
}

#[test]
fn a_job_that_is_done() {
    shop()
        .edit(|snapshot| {
            let done = Condition { type_: "Complete".into(), status: "True".into(), ..Condition::default() };
            snapshot.jobs.items.push(Job {
                metadata: Metadata { name: "nightly".into(), namespace: "shop".into(), ..Metadata::default() },
                status: JobStatus { succeeded: 1, conditions: vec![done], ..JobStatus::default() },
                ..Job::default()
            });
            let mut pod = snapshot.pods.items[0].clone();
            pod.metadata.name = "nightly-x1".into();
            pod.metadata.labels.clear();
            let owner = &mut pod.metadata.owner_references[0];
            (owner.kind, owner.name) = ("Job".into(), "nightly".into());
            pod.status.phase = "Succeeded".into();
            pod.status.conditions[0].status = "False".into();
            pod.status.conditions[0].reason = "PodCompleted".into();
            let ended = Terminated { exit_code: 0, reason: "Completed".into(), ..Terminated::default() };
            pod.status.container_statuses[0].ready = false;
            pod.status.container_statuses[0].state =
                ContainerState { terminated: Some(ended), ..ContainerState::default() };
            snapshot.pods.items.push(pod);
        })
        .expect_healthy();
}

/// Every container of `name` ended so at `time`, once, and runs again.
fn restarted(name: &str, exit_code: i32, reason: &str, time: &str) -> Scene {
    shop().edit_pods("shop", name, |pod| {
        let status = &mut pod.status.container_statuses[0];
        status.restart_count = 1;
        let (reason, finished_at) = (reason.into(), Some(at(time)));
        status.last_state.terminated = Some(Terminated { exit_code, reason, finished_at, ..Terminated::default() });
    })
}

#[test]
fn restarted_long_ago() {
    restarted("api", 1, "Error", "03:00:00").expect_healthy();
}

#[test]
fn out_of_memory_long_ago() {
    restarted("api", 137, "OOMKilled", "03:00:00").expect_healthy();
}

#[test]
fn a_node_cordoned_for_maintenance() {
    shop()
        .edit_node("node-b", |node| {
            node.spec.unschedulable = true;
            let key = "node.kubernetes.io/unschedulable".into();
            node.spec.taints.push(Taint { key, effect: "NoSchedule".into(), ..Taint::default() });
        })
        .event_at(
            "Node node-b",
            "NodeNotSchedulable",
            "Node node-b status is now: NodeNotSchedulable",
            "11:30:00",
            "Normal",
        )
        .expect_healthy();
}

#[test]
fn a_node_kept_for_others_by_a_taint() {
    shop()
        .edit_node("node-c", |node| {
            let (key, value) = ("team".into(), "data".into());
            node.spec.taints.push(Taint { key, value, effect: "NoSchedule".into() });
        })
        .expect_healthy();
}

#[test]
fn scaled_to_zero_by_an_autoscaler() {
    scene()
        .deployment("shop", "web", 2)
        .deployment("shop", "batch", 0)
        .service("shop", "batch", 8080)
        .edit(|snapshot| {
            snapshot.autoscalers.items.push(HorizontalPodAutoscaler {
                metadata: Metadata { name: "batch".into(), namespace: "shop".into(), ..Metadata::default() },
                spec: HpaSpec {
                    scale_target_ref: ScaleTargetRef {
                        kind: "Deployment".into(),
                        name: "batch".into(),
                        ..ScaleTargetRef::default()
                    },
                    min_replicas: Some(0),
                    max_replicas: 5,
                    ..HpaSpec::default()
                },
                ..HorizontalPodAutoscaler::default()
            });
        })
        .event_at(
            "Deployment shop/batch",
            "ScalingReplicaSet",
            "Scaled down replica set batch-rs1 to 0",
            "11:40:00",
            "Normal",
        )
        .expect_healthy();
}

#[test]
fn a_workload_parked_at_zero_that_nobody_calls() {
    shop().deployment("shop", "old-report", 0).service("shop", "old-report", 8080).expect_healthy();
}

#[test]
fn warnings_about_pods_that_are_gone() {
    shop()
        .event_at("Pod shop/api-rs0-7", "BackOff", "Back-off restarting failed container app", "11:20:00", "Warning")
        .event_at("Pod shop/api-rs0-7", "Failed", "Error: ImagePullBackOff", "11:20:00", "Warning")
        .event_at("ReplicaSet shop/api-rs0", "FailedCreate", "forbidden: exceeded quota: q", "11:15:00", "Warning")
        .expect_healthy();
}

#[test]
fn a_pod_that_waited_for_a_node_and_found_one() {
    shop()
        .event_at(
            "Pod shop/api-rs1-1",
            "FailedScheduling",
            "0/3 nodes are available: 3 Insufficient cpu.",
            "11:50:00",
            "Warning",
        )
        .event_at(
            "Pod shop/api-rs1-1",
            "Scheduled",
            "Successfully assigned shop/api-rs1-1 to node-b",
            "11:51:00",
            "Normal",
        )
        .expect_healthy();
}

#[test]
fn a_volume_that_was_mounted_at_the_second_try() {
    shop()
        .event_at(
            "Pod shop/ledger-rs1-0",
            "FailedMount",
            "MountVolume.SetUp failed for volume \"x\"",
            "11:55:00",
            "Warning",
        )
        .expect_healthy();
}

#[test]
fn a_service_fed_by_hand_and_one_that_is_an_alias() {
    shop()
        .service("shop", "legacy", 5432)
        .edit_service("shop", "legacy", |service| service.spec.selector.clear())
        .service("shop", "mail", 25)
        .edit_service("shop", "mail", |service| {
            service.spec.type_ = "ExternalName".into();
            service.spec.selector.clear();
            service.spec.external_name = "mail.example.org".into();
        })
        .expect_healthy();
}

#[test]
fn a_quota_that_is_full_while_everybody_has_what_they_need() {
    let amount = |number: &str| {
        let pairs = [("pods", number), ("requests.cpu", number)];
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Quantity::new(*value))).collect::<BTreeMap<_, _>>()
    };
    shop()
        .edit(|snapshot| {
            snapshot.quotas.items.push(ResourceQuota {
                metadata: Metadata { name: "team".into(), namespace: "shop".into(), ..Metadata::default() },
                spec: QuotaSpec { hard: amount("7") },
                status: QuotaStatus { hard: amount("7"), used: amount("7") },
            });
        })
        .expect_healthy();
}

#[test]
fn a_volume_that_is_free_and_one_that_was_released() {
    shop()
        .edit(|snapshot| {
            for (name, phase) in [("disk-1", "Available"), ("disk-2", "Released")] {
                snapshot.persistent_volumes.items.push(PersistentVolume {
                    metadata: Metadata { name: name.into(), ..Metadata::default() },
                    status: VolumeStatus { phase: phase.into() },
                    ..PersistentVolume::default()
                });
            }
        })
        .expect_healthy();
}

#[test]
fn logs_that_speak_of_errors_now_and_then() {
    shop()
        .log("shop", "api", "2026-03-01T11:30:00Z WARN slow query: 480 ms\n2026-03-01T11:31:00Z ERROR invalid input: missing field sku\n")
        .log("shop", "web", "2026-03-01T11:31:00Z INFO GET /health 200\n2026-03-01T11:40:00Z INFO error rate 0.0 %\n")
        .expect_healthy();
}

#[test]
fn a_connection_refused_while_everything_was_started() {
    shop()
        .log("shop", "api", "2026-03-01T10:00:05Z ERROR dial tcp ledger:5432: connection refused, trying again\n2026-03-01T10:00:08Z INFO connected to ledger:5432\n")
        .expect_healthy();
}

#[test]
fn traffic_that_rises_with_its_cpu() {
    let rising: Vec<f64> = (0..60).map(|minute| 0.2 + f64::from(minute) * 0.002).collect();
    let rate: Vec<f64> = (0..60).map(|minute| 40.0 + f64::from(minute) * 0.4).collect();
    shop()
        .metric(SeriesKind::Service, "api", "cpu", &rising)
        .metric(SeriesKind::Service, "api", "rps", &rate)
        .metric(SeriesKind::Service, "api", "p95latency", &[35.0; 60])
        .expect_healthy();
}

#[test]
fn noise_without_a_trend() {
    let noisy = |level: f64| {
        (0..60).map(|minute| level * (1.0 + 0.15 * f64::from(minute * 37 % 11 - 5) / 5.0)).collect::<Vec<_>>()
    };
    shop()
        .metric(SeriesKind::Service, "api", "cpu", &noisy(0.3))
        .metric(SeriesKind::Service, "api", "p95latency", &noisy(40.0))
        .metric(SeriesKind::Service, "web", "p95latency", &noisy(90.0))
        .metric(SeriesKind::Node, "node-a", "cpu", &noisy(1.4))
        .expect_healthy();
}

#[test]
fn an_alert_that_is_resolved() {
    shop()
        .edit(|snapshot| {
            let labels = [("alertname", "HighErrorRate"), ("namespace", "shop"), ("service", "api")];
            let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            snapshot.alerts.push(Alert { status: "resolved".into(), labels, ..Alert::default() });
        })
        .expect_healthy();
}

#[test]
fn a_pod_being_deleted_is_not_missed() {
    shop()
        .edit(|snapshot| {
            let mut pod = snapshot.pods.items[0].clone();
            pod.metadata.name = "web-rs1-9".into();
            pod.metadata.deletion_timestamp = Some(at("11:59:30"));
            pod.status.conditions[0].status = "False".into();
            pod.status.container_statuses[0].ready = false;
            snapshot.pods.items.push(pod);
        })
        .event_at("Pod shop/web-rs1-9", "Killing", "Stopping container app", "11:59:30", "Normal")
        .expect_healthy();
}

#[test]
fn evicted_pods_left_behind_and_replaced() {
    shop()
        .edit(|snapshot| {
            let mut pod = snapshot.pods.items[0].clone();
            pod.metadata.name = "web-rs1-8".into();
            pod.status = PodStatus { phase: "Failed".into(), reason: "Evicted".into(), ..PodStatus::default() };
            snapshot.pods.items.push(pod);
        })
        .expect_healthy();
}

#[test]
fn a_liveness_probe_that_asks_the_port_that_is_served() {
    shop()
        .template("shop", "api", |spec| {
            let port = IntOrString::Int(8080);
            let http_get = Some(HttpGetAction { path: "/health".into(), port, ..HttpGetAction::default() });
            spec.containers[0].liveness_probe =
                Some(Box::new(Probe { http_get: http_get.clone(), ..Probe::default() }));
            spec.containers[0].readiness_probe = Some(Box::new(Probe { http_get, ..Probe::default() }));
        })
        .expect_healthy();
}

#[test]
fn anti_affinity_that_is_just_met() {
    shop()
        .template("shop", "web", |spec| {
            let selector =
                LabelSelector { match_labels: [("app".to_owned(), "web".to_owned())].into(), ..Default::default() };
            let term = PodAffinityTerm {
                label_selector: Some(selector),
                topology_key: "kubernetes.io/hostname".into(),
                namespaces: Vec::new(),
            };
            let apart = PodAntiAffinity {
                required_during_scheduling_ignored_during_execution: vec![term],
                ..Default::default()
            };
            spec.affinity = Some(Affinity { pod_anti_affinity: Some(apart), ..Affinity::default() });
        })
        .expect_healthy();
}
