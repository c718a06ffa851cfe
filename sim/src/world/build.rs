//! The cluster's beginning: nodes, namespaces, workloads, and the rollouts that led to what runs today.
//!
//! Nothing is made up to look settled: everything is created weeks before the world's start and the controllers, the
//! scheduler and the kubelets do the rest, one rollout after the other.

use serde_json::{Value, json};

use super::events;
use super::kinds::Kind;
use super::objects::{self, object, stamp};
use super::shop::{App, Runner};
use super::state::{State, Wake};
use super::store::Key;
use super::{Scenario, scenario, watch};

const DAY_S: i64 = 86_400;
/// How long before the world's history the cluster was made.
const AGE_DAYS: i64 = 41;

/// Makes the cluster and lets it live until its history is over.
pub(crate) fn boot(state: &mut State) {
    let start = state.options.start.as_second();
    let history_begins = start - state.options.history.as_secs();
    state.now = history_begins - AGE_DAYS * DAY_S;
    state.remembered_from = history_begins - events::KEPT_S;
    namespaces(state);
    nodes(state);
    shared_objects(state);
    let (apps, registry) = (state.apps.clone(), state.registry());
    for (index, app) in apps.iter().enumerate() {
        application(state, app, index, &registry);
    }
    extras(state);
    let begun = state.now;
    state.run_until(begun + 600);
    for round in 1..apps.iter().map(|app| app.versions.len()).max().unwrap_or(1) {
        for (index, app) in apps.iter().enumerate().filter(|(_, app)| app.versions.len() > round) {
            state.run_until(begun + (3 + 12 * round as i64 + index as i64) * DAY_S + 7 * 3600 + 641 * index as i64);
            roll_out(state, app, &registry, app.versions[round]);
            let now = state.now;
            state.run_until(now + 900);
        }
    }
    state.run_until(history_begins);
    watch::define(state);
    state.after(60 - state.now.rem_euclid(60), Wake::Minute);
    let breaks_at = start + state.options.break_after.as_secs();
    state.after(breaks_at - scenario::lead_s(state.options.scenario) - state.now, Wake::Break);
    state.run_until(start);
}

/// Rolls a Deployment out to a version, as a pipeline would.
pub(crate) fn roll_out(state: &mut State, app: &App, registry: &str, version: &str) {
    let key = Key::new(&app.namespace, &app.name);
    let template = objects::template(app, registry, version);
    state.change(Kind::Deployment, &key, |deployment| deployment["spec"]["template"] = template);
    state.settle();
}

fn namespaces(state: &mut State) {
    let mut names: Vec<String> = state.apps.iter().map(|app| app.namespace.clone()).collect();
    names.extend(["default", "kube-system", "kube-public", "kube-node-lease", "argocd"].map(str::to_owned));
    names.sort();
    names.dedup();
    for name in names {
        let mut namespace = object(Kind::Namespace, "", &name);
        namespace["metadata"]["labels"] = json!({ "kubernetes.io/metadata.name": name });
        namespace["spec"] = json!({ "finalizers": ["kubernetes"] });
        namespace["status"] = json!({ "phase": "Active" });
        state.write(Kind::Namespace, namespace);
        state.write(Kind::ServiceAccount, object(Kind::ServiceAccount, &name, "default"));
        let mut authority = object(Kind::ConfigMap, &name, "kube-root-ca.crt");
        authority["data"] = json!({ "ca.crt": "" });
        state.write(Kind::ConfigMap, authority);
    }
}

fn nodes(state: &mut State) {
    let count = state.options.nodes.max(1);
    let (instance, cores, memory_mi, pods) = match state.options.pods / count {
        0..=40 => ("m6i.xlarge", 4, 15_800, 58),
        41..=200 => ("m6i.4xlarge", 16, 63_500, 234),
        _ => ("m6i.24xlarge", 96, 380_000, 737),
    };
    let region = state.options.region.clone();
    for index in 0..count {
        let letter = ["a", "b", "c"][index % 3];
        let noise = state.noise.of("node").at(index as i64);
        let (third, fourth) = (16 * (index % 3) + index / 240, 10 + index / 3 % 240);
        let ip = format!("10.0.{third}.{fourth}");
        let name = format!("ip-10-0-{third}-{fourth}.{region}.compute.internal");
        let zone = format!("{region}{letter}");
        let id = format!("i-0{}", noise.hex(16));
        let mut node = object(Kind::Node, "", &name);
        node["metadata"]["labels"] = json!({
            "beta.kubernetes.io/arch": "amd64", "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": name, "node.kubernetes.io/instance-type": instance,
            "topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone,
            "topology.k8s.aws/zone-id": format!("apne2-az{}", index % 3 + 1),
            "eks.amazonaws.com/nodegroup": "general", "eks.amazonaws.com/capacityType": "ON_DEMAND",
        });
        node["spec"] = json!({ "providerID": format!("aws:///{zone}/{id}") });
        let at = stamp(state.now);
        let condition = |kind: &str, status: &str, reason: &str, message: &str| {
            json!({
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": at, "lastTransitionTime": at,
            })
        };
        let resources = |cores: &str, memory_mi: i64| {
            json!({
                "cpu": cores, "memory": format!("{}Ki", memory_mi * 1024), "pods": pods.to_string(),
                "ephemeral-storage": "83873772Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
            })
        };
        node["status"] = json!({
            "addresses": [
                { "type": "InternalIP", "address": ip }, { "type": "InternalDNS", "address": name }, { "type": "Hostname", "address": name },
            ],
            "capacity": resources(&cores.to_string(), memory_mi),
            "allocatable": resources(&format!("{}m", cores * 1000 - 80), memory_mi - 1_000),
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "images": [],
            "nodeInfo": {
                "architecture": "amd64", "bootID": noise.uuid(), "containerRuntimeVersion": "containerd://1.7.27",
                "kernelVersion": "6.1.134-150.224.amzn2023.x86_64", "kubeProxyVersion": format!("v{}-eks-473151a", crate::KUBERNETES_VERSION),
                "kubeletVersion": format!("v{}-eks-473151a", crate::KUBERNETES_VERSION), "machineID": noise.hex(32), "operatingSystem": "linux",
                "osImage": "Amazon Linux 2023.7.20250428", "systemUUID": noise.at(1).uuid(),
            },
        });
        state.write(Kind::Node, node);
        let mut lease = object(Kind::Lease, "kube-node-lease", &name);
        lease["spec"] =
            json!({ "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_stamp(state.now) });
        state.write(Kind::Lease, lease);
    }
}

/// A stamp with microseconds, as leases carry them.
pub(crate) fn micro_stamp(at: i64) -> String {
    stamp(at).replace('Z', ".000000Z")
}

fn shared_objects(state: &mut State) {
    let mut class = object(Kind::StorageClass, "", "gp3");
    class["metadata"]["annotations"] = json!({ "storageclass.kubernetes.io/is-default-class": "true" });
    class["provisioner"] = json!("ebs.csi.aws.com");
    class["parameters"] = json!({ "type": "gp3" });
    class["reclaimPolicy"] = json!("Delete");
    class["volumeBindingMode"] = json!("WaitForFirstConsumer");
    class["allowVolumeExpansion"] = json!(true);
    state.write(Kind::StorageClass, class);
    for (name, value) in [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)] {
        let mut class = object(Kind::PriorityClass, "", name);
        class["value"] = json!(value);
        class["globalDefault"] = json!(false);
        class["preemptionPolicy"] = json!("PreemptLowerPriority");
        state.write(Kind::PriorityClass, class);
    }
    let mut class = object(Kind::IngressClass, "", "alb");
    class["spec"] = json!({ "controller": "ingress.k8s.aws/alb" });
    state.write(Kind::IngressClass, class);
}

fn application(state: &mut State, app: &App, index: usize, registry: &str) {
    if state.store.get(Kind::ServiceAccount, &app.namespace, &app.name).is_none() {
        state.write(Kind::ServiceAccount, object(Kind::ServiceAccount, &app.namespace, &app.name));
    }
    let mut config = object(Kind::ConfigMap, &app.namespace, &format!("{}-config", app.name));
    config["data"] = json!({ "LOG_LEVEL": "info", "REGION": state.options.region });
    state.write(Kind::ConfigMap, config);
    if app.runner != Runner::DaemonSet {
        state.write(Kind::Service, objects::service(app, &format!("172.20.{}.{}", 10 + index / 250, 2 + index % 250)));
    }
    for (kind, extra) in [
        (Kind::PodDisruptionBudget, objects::disruption_budget(app)),
        (Kind::HorizontalPodAutoscaler, objects::autoscaler(app)),
    ] {
        if let Some(extra) = extra {
            state.write(kind, extra);
        }
    }
    let (kind, mut workload) = objects::workload(app, registry, app.versions[0]);
    if app.forgotten_revisions > 0 {
        workload["metadata"]["annotations"] =
            json!({ "deployment.kubernetes.io/revision": app.forgotten_revisions.to_string() });
    }
    state.write(kind, workload);
}

/// What stands beside the applications: quotas, ingresses, cron jobs, Karpenter's and Argo CD's objects.
fn extras(state: &mut State) {
    for (namespace, cpu, memory) in [("shop", "8", "16Gi"), ("payments", "6", "12Gi")] {
        let mut quota = object(Kind::ResourceQuota, namespace, "team-quota");
        quota["spec"] = json!({ "hard": { "pods": "60", "requests.cpu": cpu, "requests.memory": memory } });
        state.write(Kind::ResourceQuota, quota);
    }
    let apps = state.apps.clone();
    for app in apps.iter().filter(|app| app.public) {
        let mut ingress = object(Kind::Ingress, &app.namespace, &app.name);
        let backend = json!({ "service": { "name": app.name, "port": { "number": 80 } } });
        ingress["spec"] = json!({
            "ingressClassName": "alb",
            "rules": [{ "host": format!("{}.shop.example", app.name), "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }],
        });
        let host = format!("{}-public-1234567890.{}.elb.amazonaws.com", state.options.cluster, state.options.region);
        ingress["status"] = json!({ "loadBalancer": { "ingress": [{ "hostname": host }] } });
        state.write(Kind::Ingress, ingress);
    }
    for (namespace, name, schedule) in
        [("shop", "price-feed", "*/15 * * * *"), ("payments", "settlement", "20 * * * *")]
    {
        let mut cron = object(Kind::CronJob, namespace, name);
        cron["spec"] = json!({
            "schedule": schedule, "concurrencyPolicy": "Forbid", "suspend": false,
            "successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1,
            "jobTemplate": { "spec": { "backoffLimit": 3, "completions": 1, "parallelism": 1, "template": {
                "metadata": { "labels": { "app.kubernetes.io/component": name } },
                "spec": {
                    "restartPolicy": "Never", "serviceAccountName": "default",
                    "containers": [{
                        "name": name, "image": format!("{}/{namespace}/{name}:v1.2.0", "public.ecr.aws/shop"),
                        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" }, "limits": { "memory": "128Mi" } },
                    }],
                },
            } } },
        });
        cron["status"] = json!({});
        state.write(Kind::CronJob, cron);
    }
    for (name, capacity, weight) in [("general", "on-demand", 10), ("spot", "spot", 50)] {
        let mut pool = object(Kind::NodePool, "", name);
        pool["spec"] = json!({
            "weight": weight, "limits": { "cpu": "200" },
            "disruption": { "consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "1m" },
            "template": { "spec": {
                "nodeClassRef": { "group": "eks.amazonaws.com", "kind": "NodeClass", "name": "default" },
                "requirements": [{ "key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity] }],
            } },
        });
        pool["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": stamp(state.now) }] });
        state.write(Kind::NodePool, pool);
    }
    for namespace in ["shop", "payments", "platform", "data"] {
        let mut application = object(Kind::Application, "argocd", namespace);
        let source =
            json!({ "repoURL": "https://git.shop.example/deploy.git", "path": namespace, "targetRevision": "main" });
        application["spec"] = json!({
            "project": "default", "source": source,
            "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace },
        });
        application["status"] = json!({
            "sync": { "status": "Synced", "revision": state.noise.of(namespace).hex(40) }, "health": { "status": "Healthy" },
        });
        state.write(Kind::Application, application);
    }
    quotas(state);
}

/// Brings the used part of every quota up to date.
pub(crate) fn quotas(state: &mut State) {
    let all: Vec<Key> = state.store.list(Kind::ResourceQuota, "").map(|(key, _)| key.clone()).collect();
    for key in all {
        let (mut pods, mut cores, mut bytes) = (0, 0.0, 0.0);
        for (_, pod) in state.store.list(Kind::Pod, &key.namespace).filter(|(_, pod)| super::pods::active(pod)) {
            let (cpu, memory) = super::scheduler::requests(pod);
            (pods, cores, bytes) = (pods + 1, cores + cpu, bytes + memory);
        }
        state.change(Kind::ResourceQuota, &key, |quota| {
            let used = |name: &str| match name {
                "pods" => pods.to_string(),
                "requests.cpu" => format!("{}m", (cores * 1000.0).round() as i64),
                _ => format!("{}Mi", (bytes / 1_048_576.0).round() as i64),
            };
            let hard = quota["spec"]["hard"].clone();
            let used: serde_json::Map<String, Value> =
                hard.as_object().into_iter().flatten().map(|(name, _)| (name.clone(), json!(used(name)))).collect();
            quota["status"] = json!({ "hard": hard, "used": used });
        });
    }
}

/// Whether the scenario's cluster carries an alarm for every route and zone.
pub(crate) fn alarmed_everywhere(scenario: Scenario) -> bool {
    scenario == Scenario::AlarmStorm
}
