//! A large cluster with one thing wrong, to see what time grows with.

use shared::{
    model::{Kind, ObjectRef},
    snapshot::{ContainerLog, Listing, Snapshot},
};

/// A cluster of `nodes` nodes and `pods` pods in Deployments of ten, each behind a Service and calling the next one; the
/// container of one Deployment runs out of memory.
pub(crate) fn cluster(nodes: usize, pods: usize) -> Result<(Snapshot, ObjectRef), serde_json::Error> {
    let deployments = pods / 10;
    let failing = deployments / 2;
    let mut snapshot = Snapshot { taken_at: "2026-03-01T12:00:00Z".parse().ok(), ..Snapshot::default() };
    let value = |value: serde_json::Value| value;
    let list = |count: usize, make: &dyn Fn(usize) -> serde_json::Value| (0..count).map(make).collect::<Vec<_>>();
    let meta = |name: String, number: usize| {
        value(serde_json::json!({"name": name, "namespace": format!("team-{}", number % 20),
            "creationTimestamp": "2026-02-01T00:00:00Z", "labels": {"app": format!("svc-{number}")}}))
    };
    let template = |number: usize| {
        serde_json::json!({"metadata": {"labels": {"app": format!("svc-{number}")}}, "spec": {"containers": [{
            "name": "app", "image": "registry.example.org/app:v1", "ports": [{"containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "env": [{"name": "NEXT_URL", "value": format!("http://svc-{0}.team-{1}:80", (number + 1) % deployments,
                (number + 1) % deployments % 20)}]}]}})
    };
    let ready = |number: usize| if number == failing { 0 } else { 10 };
    let node_list = list(nodes, &|number| {
        serde_json::json!({"metadata": {"name": format!("node-{number}"), "labels": {}}, "status": {
            "allocatable": {"cpu": "16", "memory": "64Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-02-01T00:00:00Z"}]}})
    });
    let deployment_list = list(deployments, &|number| {
        serde_json::json!({"metadata": meta(format!("svc-{number}"), number), "spec": {"replicas": 10,
            "selector": {"matchLabels": {"app": format!("svc-{number}")}}, "template": template(number)},
            "status": {"replicas": 10, "readyReplicas": ready(number)}})
    });
    let set_list = list(deployments, &|number| {
        let mut metadata = meta(format!("svc-{number}-aa"), number);
        metadata["ownerReferences"] =
            serde_json::json!([{"kind": "Deployment", "name": format!("svc-{number}"), "controller": true}]);
        serde_json::json!({"metadata": metadata, "spec": {"replicas": 10, "template": template(number)},
            "status": {"replicas": 10}})
    });
    let service_list = list(deployments, &|number| {
        serde_json::json!({"metadata": meta(format!("svc-{number}"), number), "spec": {
            "clusterIP": format!("10.96.{}.{}", number / 250, number % 250), "selector": {"app": format!("svc-{number}")},
            "ports": [{"port": 80, "targetPort": 8080}]}})
    });
    let pod_list = list(deployments * 10, &|pod| {
        let number = pod / 10;
        let mut metadata = meta(format!("svc-{number}-aa-{}", pod % 10), number);
        metadata["ownerReferences"] =
            serde_json::json!([{"kind": "ReplicaSet", "name": format!("svc-{number}-aa"), "controller": true}]);
        let mut spec = template(number)["spec"].clone();
        spec["nodeName"] = format!("node-{}", pod % nodes).into();
        let (status, state) = if number == failing {
            let ended =
                serde_json::json!({"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-03-01T11:58:00Z"});
            (
                "False",
                serde_json::json!({"name": "app", "restartCount": 5, "lastState": {"terminated": ended},
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}}),
            )
        } else {
            ("True", serde_json::json!({"name": "app", "ready": true, "state": {"running": {}}}))
        };
        serde_json::json!({"metadata": metadata, "spec": spec, "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": status, "lastTransitionTime": "2026-03-01T11:50:00Z"}],
            "containerStatuses": [state]}})
    });
    let event_list = list(pods, &|pod| {
        let number = pod / 10;
        serde_json::json!({"metadata": meta(format!("event-{pod}"), number), "reason": "Started", "type": "Normal",
            "message": "Started container app", "lastTimestamp": "2026-03-01T11:40:00Z",
            "involvedObject": {"kind": "Pod", "namespace": format!("team-{}", number % 20),
                "name": format!("svc-{number}-aa-{}", pod % 10)}})
    });
    macro_rules! put {
        ($($field:ident = $list:ident),*) => { $(snapshot.$field = Listing::all(serde_json::from_value($list.into())?);)* };
    }
    put!(
        nodes = node_list,
        deployments = deployment_list,
        replica_sets = set_list,
        services = service_list,
        pods = pod_list,
        events = event_list
    );
    for pod in snapshot.pods.iter().step_by(25) {
        let lines =
            (0..50).map(|line| format!("2026-03-01T11:59:{:02}Z INFO request {line} served in 12 ms\n", line % 60));
        snapshot.logs.push(ContainerLog {
            namespace: pod.metadata.namespace.clone(),
            pod: pod.metadata.name.clone(),
            container: "app".into(),
            text: lines.collect(),
            ..ContainerLog::default()
        });
    }
    let object = ObjectRef::new(Kind::Deployment, format!("team-{}", failing % 20), format!("svc-{failing}"));
    Ok((snapshot, object))
}
