//! The objects of a healthy cluster, as the API server would list them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::snapshot::{ContainerLog, Listing, Snapshot};

use super::ago;
use crate::random::Random;

/// One workload as far as noise needs to know it.
#[derive(Debug, Clone)]
pub(super) struct Built {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) set: String,
    /// Places of its pods in the list.
    pub(super) pods: Vec<usize>,
}

/// A cluster in the making.
pub(super) struct Builder {
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) lists: BTreeMap<&'static str, Vec<Value>>,
    pub(super) logs: Vec<ContainerLog>,
    pub(super) alerts: Vec<Value>,
    pub(super) metrics: Vec<Value>,
    pub(super) built: Vec<Built>,
    names: Vec<String>,
}

impl Builder {
    pub(super) fn new(now: Timestamp, random: Random) -> Self {
        let lists = BTreeMap::new();
        let (logs, alerts, metrics, built, names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { random, now, lists, logs, alerts, metrics, built, names }
    }

    /// The time so many seconds ago, as the API server writes it.
    pub(super) fn ago(&self, seconds: usize) -> String {
        let time = ago(self.now, seconds);
        time.round(jiff::Unit::Second).unwrap_or(time).to_string()
    }

    /// A time between so many seconds ago.
    pub(super) fn between(&mut self, least: usize, most: usize) -> String {
        let seconds = self.random.between(least, most);
        self.ago(seconds)
    }

    pub(super) fn list(&mut self, name: &'static str) -> &mut Vec<Value> {
        self.lists.entry(name).or_default()
    }

    fn hash(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(*self.random.pick(b"bcdfghjklmnpqrstvwxz2456789"))).collect()
    }

    /// Uses nodes that exist.
    pub(super) fn on(&mut self, nodes: &[String]) {
        self.names = nodes.to_vec();
    }

    /// Makes nodes, all well.
    pub(super) fn nodes(&mut self) {
        for number in 0..self.random.between(3, 9) {
            let name = format!("ip-10-0-{}-{}.ec2.internal", number, self.random.between(10, 250));
            let node = self.node(&name, number, 86_400 * 3, "True", "kubelet is posting ready status");
            self.list("nodes").push(node);
            self.names.push(name);
        }
    }

    pub(super) fn node(&self, name: &str, number: usize, age: usize, ready: &str, message: &str) -> Value {
        let condition = |kind: &str, status: &str, message: &str| {
            json!({"type": kind, "status": status, "message": message, "lastHeartbeatTime": self.ago(20),
                "lastTransitionTime": self.ago(age)})
        };
        json!({"metadata": {"name": name, "creationTimestamp": self.ago(age), "labels": {
                "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("us-east-1{}", ["a", "b", "c"][number % 3]),
                "node.kubernetes.io/instance-type": "m6i.xlarge"}},
            "spec": {"providerID": format!("aws:///us-east-1a/i-{number:017x}")},
            "status": {"allocatable": {"cpu": "3920m", "memory": "14Gi", "pods": "58"},
                "capacity": {"cpu": "4", "memory": "16Gi", "pods": "58"},
                "conditions": [condition("MemoryPressure", "False", ""), condition("DiskPressure", "False", ""),
                    condition("PIDPressure", "False", ""), condition("Ready", ready, message)]}})
    }

    fn namespace(&mut self, name: &str) {
        if self.list("namespaces").iter().all(|it| it["metadata"]["name"] != name) {
            self.list("namespaces").push(json!({"metadata": {"name": name}, "status": {"phase": "Active"}}));
            self.list("service_accounts").push(json!({"metadata": {"name": "default", "namespace": name}}));
        }
    }

    /// A Deployment with a Service, all pods ready, and a log without anything in it.
    pub(super) fn deployment(&mut self, namespace: &str, name: &str, calls: Option<&str>) {
        self.namespace(namespace);
        let (replicas, age) = (self.random.between(1, 4), self.random.between(7_200, 900_000));
        let port = *self.random.pick(&[80, 3000, 5000, 8000, 8080, 9090]);
        let (hash, labels) = (self.hash(9), json!({"app.kubernetes.io/name": name}));
        let set = format!("{name}-{hash}");
        let template = self.template(name, port, calls);
        let metadata =
            |name: &str, created: String| json!({"name": name, "namespace": namespace, "creationTimestamp": created});
        self.list("service_accounts").push(json!({"metadata": {"name": name, "namespace": namespace}}));
        let mut deployment = json!({"metadata": metadata(name, self.ago(age)), "spec": {"replicas": replicas,
                "selector": {"matchLabels": labels}, "template": template},
            "status": {"replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas,
                "availableReplicas": replicas}});
        deployment["metadata"]["generation"] = 3.into();
        deployment["status"]["observedGeneration"] = 3.into();
        self.list("deployments").push(deployment);
        let mut of_set = metadata(&set, self.ago(age));
        of_set["ownerReferences"] = json!([{"kind": "Deployment", "name": name, "controller": true}]);
        of_set["annotations"] = json!({"deployment.kubernetes.io/revision": "1"});
        self.list("replica_sets").push(json!({"metadata": of_set, "spec": {"replicas": replicas, "template": template,
                "selector": {"matchLabels": labels}}, "status": {"replicas": replicas, "readyReplicas": replicas}}));
        let target = if self.random.chance(50) { json!(port) } else { json!("http") };
        let count = self.list("services").len() + 1;
        let created = self.ago(age);
        self.list("services").push(json!({"metadata": metadata(name, created), "spec": {"selector": labels,
            "clusterIP": format!("172.20.{}.{}", count / 250, count % 250),
            "ports": [{"name": "http", "port": port, "targetPort": target}]}}));
        let mut pods = Vec::new();
        for _ in 0..replicas {
            pods.push(self.pod(namespace, &set, &template, age));
        }
        self.built.push(Built { namespace: namespace.into(), name: name.into(), set, pods: pods.clone() });
        for pod in pods {
            self.say(pod, "INFO listening", 3600);
            self.say(pod, "INFO GET /healthz 200 1ms", 20);
        }
    }

    fn template(&mut self, name: &str, port: usize, calls: Option<&str>) -> Value {
        let mut container = json!({"name": "app", "image": format!("registry.example.org/{name}:v{}", self.random.between(1, 40)),
            "ports": [{"name": "http", "containerPort": port}],
            "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "256Mi"}}});
        if let Some(next) = calls {
            container["env"] =
                json!([{"name": format!("{}_URL", next.to_uppercase()), "value": format!("http://{next}")}]);
        }
        if self.random.chance(70) {
            container["readinessProbe"] = json!({"httpGet": {"path": "/healthz", "port": port}});
            container["livenessProbe"] = json!({"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10});
        }
        json!({"metadata": {"labels": {"app.kubernetes.io/name": name}},
            "spec": {"serviceAccountName": name, "containers": [container]}})
    }

    /// A pod, running and ready since `age` seconds; its place in the list.
    pub(super) fn pod(&mut self, namespace: &str, set: &str, template: &Value, age: usize) -> usize {
        let name = format!("{set}-{}", self.hash(5));
        let mut spec = template["spec"].clone();
        spec["nodeName"] = self.random.pick(&self.names.clone()).clone().into();
        let ip = format!("10.0.{}.{}", self.random.between(1, 200), self.random.between(2, 250));
        let mut labels = template["metadata"]["labels"].clone();
        labels["pod-template-hash"] = set.rsplit('-').next().unwrap_or_default().into();
        let pod = json!({"metadata": {"name": name, "namespace": namespace, "creationTimestamp": self.ago(age), "labels": labels,
                "ownerReferences": [{"kind": "ReplicaSet", "name": set, "controller": true}]},
            "spec": spec, "status": {"phase": "Running", "podIP": ip, "conditions": [
                    {"type": "PodScheduled", "status": "True", "lastTransitionTime": self.ago(age)},
                    {"type": "Ready", "status": "True", "lastTransitionTime": self.ago(age.saturating_sub(9))}],
                "containerStatuses": [{"name": "app", "ready": true, "restartCount": 0, "image": spec["containers"][0]["image"],
                    "state": {"running": {"startedAt": self.ago(age.saturating_sub(3))}}}]}});
        self.list("pods").push(pod);
        self.list("pods").len() - 1
    }

    /// Makes a pod one that is just starting.
    pub(super) fn starting(&mut self, at: usize, creating: bool) {
        let since = self.between(5, 60);
        let pod = &mut self.list("pods")[at];
        pod["metadata"]["creationTimestamp"] = since.clone().into();
        for condition in pod["status"]["conditions"].as_array_mut().into_iter().flatten() {
            condition["lastTransitionTime"] = since.clone().into();
        }
        pod["status"]["conditions"][1]["status"] = "False".into();
        pod["status"]["containerStatuses"][0]["ready"] = false.into();
        pod["status"]["containerStatuses"][0]["state"] = if creating {
            pod["status"]["phase"] = "Pending".into();
            json!({"waiting": {"reason": "ContainerCreating"}})
        } else {
            json!({"running": {"startedAt": since}})
        };
    }

    /// A line of a pod's log, so many seconds ago.
    pub(super) fn say(&mut self, pod: usize, line: &str, seconds: usize) {
        let (time, pods) = (self.ago(seconds), &self.lists["pods"]);
        let of = |key: &str| pods[pod]["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (of("namespace"), of("name"));
        let text = format!("{time} {line}\n");
        match self.logs.iter_mut().find(|log| log.pod == name && log.namespace == namespace) {
            Some(log) => log.text.push_str(&text),
            None => self.logs.push(ContainerLog {
                namespace,
                pod: name,
                container: "app".into(),
                text,
                ..ContainerLog::default()
            }),
        }
    }

    /// An event about a pod of the list.
    pub(super) fn event_on_pod(&mut self, pod: usize, kind: &str, reason: &str, message: &str, seconds: usize) {
        let of = |key: &str| self.lists["pods"][pod]["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (of("namespace"), of("name"));
        self.event("Pod", &namespace, &name, kind, reason, message, seconds);
    }

    /// An event.
    #[allow(clippy::too_many_arguments, reason = "an event has that many fields")]
    pub(super) fn event(
        &mut self,
        of: &str,
        namespace: &str,
        name: &str,
        kind: &str,
        reason: &str,
        message: &str,
        seconds: usize,
    ) {
        let (time, first, count) = (self.ago(seconds), self.ago(seconds + 40), self.random.between(1, 4));
        let number = self.list("events").len();
        let home = if namespace.is_empty() { "default" } else { namespace };
        self.list("events").push(json!({"metadata": {"name": format!("{name}.{number:x}"), "namespace": home},
            "involvedObject": {"kind": of, "namespace": namespace, "name": name}, "type": kind, "reason": reason,
            "message": message, "count": count, "firstTimestamp": first, "lastTimestamp": time}));
    }

    /// The Deployment of a workload.
    pub(super) fn of(&mut self, list: &'static str, namespace: &str, name: &str) -> Option<&mut Value> {
        let is = |it: &&mut Value| it["metadata"]["namespace"] == namespace && it["metadata"]["name"] == name;
        self.list(list).iter_mut().find(is)
    }

    /// The snapshot: everything read, endpoints as the pods are.
    pub(super) fn finish(mut self) -> Result<Snapshot, serde_json::Error> {
        self.endpoints();
        let mut snapshot = Snapshot { cluster: "quiet".into(), taken_at: Some(self.now), ..Snapshot::default() };
        macro_rules! put {
            ($($field:ident)*) => { $(
                snapshot.$field = Listing::all(serde_json::from_value(self.lists.remove(stringify!($field)).unwrap_or_default().into())?);
            )* };
        }
        put!(nodes namespaces persistent_volumes storage_classes pods deployments replica_sets stateful_sets daemon_sets jobs
            cron_jobs services endpoint_slices ingresses network_policies autoscalers disruption_budgets claims quotas
            service_accounts config_maps secrets events);
        snapshot.alerts = serde_json::from_value(self.alerts.into())?;
        snapshot.metrics = serde_json::from_value(self.metrics.into())?;
        snapshot.logs = self.logs;
        Ok(snapshot)
    }

    fn endpoints(&mut self) {
        let pods = self.list("pods").clone();
        for service in self.list("services").clone() {
            let Some(selector) = service["spec"]["selector"].as_object() else { continue };
            let meets = |pod: &&Value| {
                pod["metadata"]["namespace"] == service["metadata"]["namespace"]
                    && pod["metadata"]["deletionTimestamp"].is_null()
                    && !matches!(pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"))
                    && selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value)
            };
            let endpoints: Vec<Value> = pods
                .iter()
                .filter(meets)
                .map(|pod| {
                    let ready = pod["status"]["conditions"][1]["status"] == "True";
                    json!({"addresses": [pod["status"]["podIP"]], "conditions": {"ready": ready}})
                })
                .collect();
            let name = service["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let slice = json!({"metadata": {"name": format!("{name}-x"), "namespace": service["metadata"]["namespace"],
                "labels": {"kubernetes.io/service-name": name}}, "endpoints": endpoints});
            self.list("endpoint_slices").push(slice);
        }
    }
}
