//! Noise of the cluster.

use serde_json::json;

use crate::healthy::build::Builder;

/// All of it.
pub(super) const ALL: &[fn(&mut Builder)] = &[
    cordoned,
    joining,
    was_not_ready,
    full_quota,
    loose_volumes,
    odd_services,
    watchdog,
    capacity_events,
    suspended,
    daemons,
    system_restarts,
];

fn cordoned(builder: &mut Builder) {
    let nodes = builder.list("nodes").len();
    let at = builder.random.below(nodes);
    let since = builder.ago(900);
    let node = &mut builder.list("nodes")[at];
    node["spec"]["unschedulable"] = true.into();
    node["spec"]["taints"] =
        json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": since}]);
    let name = node["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    builder.event(
        "Node",
        "",
        &name,
        "Normal",
        "NodeNotSchedulable",
        &format!("Node {name} status is now: NodeNotSchedulable"),
        900,
    );
}

/// A node of half a minute, whose network is still being set up.
fn joining(builder: &mut Builder) {
    let message = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin \
        returns error: cni plugin not initialized";
    let mut node = builder.node("ip-10-0-99-7.ec2.internal", 1, 25, "False", message);
    node["spec"]["taints"] = json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]);
    node["status"]["conditions"][3]["reason"] = "KubeletNotReady".into();
    builder.list("nodes").push(node);
    builder.event(
        "Node",
        "",
        "ip-10-0-99-7.ec2.internal",
        "Warning",
        "InvalidDiskCapacity",
        "invalid capacity 0 on image filesystem",
        25,
    );
}

fn was_not_ready(builder: &mut Builder) {
    let name = builder.list("nodes")[0]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let since = builder.ago(2_500);
    builder.list("nodes")[0]["status"]["conditions"][3]["lastTransitionTime"] = since.into();
    builder.event(
        "Node",
        "",
        &name,
        "Normal",
        "NodeNotReady",
        &format!("Node {name} status is now: NodeNotReady"),
        2_700,
    );
    builder.event(
        "Node",
        "",
        &name,
        "Warning",
        "Rebooted",
        &format!("Node {name} has been rebooted, boot id: 1"),
        2_600,
    );
    builder.event("Node", "", &name, "Warning", "ContainerGCFailed", "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\"", 2_600);
}

fn full_quota(builder: &mut Builder) {
    let Some(namespace) = builder.built.first().map(|it| it.namespace.clone()) else { return };
    let amounts = json!({"pods": "12", "requests.cpu": "4", "services": "6"});
    builder
        .list("quotas")
        .push(json!({"metadata": {"name": "team", "namespace": namespace}, "spec": {"hard": amounts},
        "status": {"hard": amounts, "used": amounts}}));
}

/// A claim that waits for its first pod, and a volume that nobody holds any more.
fn loose_volumes(builder: &mut Builder) {
    let Some(namespace) = builder.built.first().map(|it| it.namespace.clone()) else { return };
    builder.list("storage_classes").push(json!({"metadata": {"name": "gp3"}, "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer"}));
    builder.list("claims").push(json!({"metadata": {"name": "later", "namespace": namespace}, "spec": {"storageClassName": "gp3",
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}, "status": {"phase": "Pending"}}));
    builder.list("persistent_volumes").push(json!({"metadata": {"name": "pvc-old"}, "spec": {"storageClassName": "gp3",
        "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "claimRef": {"namespace": namespace, "name": "gone"}},
        "status": {"phase": "Released"}}));
    builder.event(
        "PersistentVolumeClaim",
        &namespace,
        "later",
        "Normal",
        "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding",
        60,
    );
}

/// An alias of an outside name, one fed by hand, one without any pod that was never finished.
fn odd_services(builder: &mut Builder) {
    let Some(namespace) = builder.built.first().map(|it| it.namespace.clone()) else { return };
    let services = [
        json!({"type": "ExternalName", "externalName": "db.example.org"}),
        json!({"clusterIP": "172.20.9.9", "ports": [{"port": 5432}]}),
        json!({"clusterIP": "None", "selector": {"app.kubernetes.io/name": "api"}, "ports": [{"port": 8080}]}),
    ];
    for (number, spec) in services.into_iter().enumerate() {
        builder
            .list("services")
            .push(json!({"metadata": {"name": format!("odd-{number}"), "namespace": namespace}, "spec": spec}));
    }
}

/// The alerts that always fire: <https://runbooks.prometheus-operator.dev/runbooks/general/watchdog/>.
fn watchdog(builder: &mut Builder) {
    let since = builder.ago(90_000);
    for name in ["Watchdog", "InfoInhibitor"] {
        builder.alerts.push(json!({"status": "firing", "labels": {"alertname": name, "severity": "none"},
            "annotations": {"summary": "An alert that should always be firing to certify that Alertmanager is working properly."},
            "startsAt": since}));
    }
}

/// Karpenter and the Cluster Autoscaler at work.
fn capacity_events(builder: &mut Builder) {
    let name = builder.list("nodes")[0]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    builder.event("Node", "", &name, "Normal", "DisruptionBlocked", "Node is nominated for a pending pod", 100);
    builder.event("Node", "", &name, "Normal", "Unconsolidatable", "Can't remove without creating 2 candidates", 200);
    if let Some(built) = builder.built.first().cloned() {
        builder.event_on_pod(
            built.pods[0],
            "Normal",
            "NotTriggerScaleUp",
            "pod didn't trigger scale-up: 1 max node group size reached",
            2_000,
        );
        builder.event_on_pod(built.pods[0], "Normal", "Scheduled", "Successfully assigned", 1_900);
    }
}

fn suspended(builder: &mut Builder) {
    let Some(namespace) = builder.built.first().map(|it| it.namespace.clone()) else { return };
    let last = builder.ago(400_000);
    builder
        .list("cron_jobs")
        .push(json!({"metadata": {"name": "cleanup", "namespace": namespace, "creationTimestamp": last},
        "spec": {"schedule": "0 3 * * *", "suspend": true}, "status": {"lastScheduleTime": last}}));
}

fn daemons(builder: &mut Builder) {
    let nodes = builder.list("nodes").len();
    builder.list("daemon_sets").push(json!({"metadata": {"name": "node-agent", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": {"app": "node-agent"}}, "template": {"metadata": {"labels": {"app": "node-agent"}},
            "spec": {"containers": [{"name": "agent", "image": "registry.example.org/agent:v1"}]}}},
        "status": {"desiredNumberScheduled": nodes, "numberReady": nodes, "currentNumberScheduled": nodes}}));
}

/// Parts of the cluster that restarted when their node was upgraded.
fn system_restarts(builder: &mut Builder) {
    let node = builder.list("nodes")[0]["metadata"]["name"].clone();
    let (since, before) = (builder.ago(30_000), builder.ago(30_010));
    for name in ["coredns-6f8d-x", "kube-proxy-x", "aws-node-x"] {
        builder.list("pods").push(json!({"metadata": {"name": name, "namespace": "kube-system", "creationTimestamp": before},
            "spec": {"nodeName": node, "containers": [{"name": "main", "image": "registry.example.org/x:v1"}]},
            "status": {"phase": "Running", "podIP": "10.0.0.4", "conditions": [
                    {"type": "PodScheduled", "status": "True", "lastTransitionTime": since},
                    {"type": "Ready", "status": "True", "lastTransitionTime": since}],
                "containerStatuses": [{"name": "main", "ready": true, "restartCount": 2, "state": {"running": {"startedAt": since}},
                    "lastState": {"terminated": {"exitCode": 255, "reason": "Unknown", "finishedAt": before}}}]}}));
    }
}
