//! Small clusters for tests: `scene().deployment("shop", "api", 2).crashing("shop", "api", 1, "Error")`.
//!
//! A scene starts with three ready nodes (`node-a` to `node-c`) and nothing on them, everything read in full, at noon of
//! 2026-03-01. Deployments come up with ready pods labelled `app=<name>`, container `app`, ReplicaSet `<name>-rs1`, made two
//! hours before noon; later steps break them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Diagnosis, Trigger, Verdict, diagnose};
use crate::{
    model::*,
    snapshot::{ContainerLog, Listing, Series, SeriesKind, Snapshot},
};

/// Noon of 2026-03-01, the time of every scene.
pub(crate) const NOON: &str = "2026-03-01T12:00:00Z";

/// A time of that day, for example `at("11:58:30")`.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-03-01T{time}Z").parse().expect("a time as HH:MM:SS")
}

/// A cluster in the making.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) snapshot: Snapshot,
    pub(crate) trigger: Trigger,
}

/// Three ready nodes and nothing on them.
pub(crate) fn scene() -> Scene {
    let mut snapshot = Snapshot {
        cluster: "test".into(),
        taken_at: Some(NOON.parse().expect("a time")),
        nodes: Listing::all(["node-a", "node-b", "node-c"].map(node).to_vec()),
        ..Snapshot::default()
    };
    macro_rules! read {
        ($($field:ident)*) => { $(snapshot.$field = Listing::all(Vec::new());)* };
    }
    read!(namespaces persistent_volumes storage_classes pods deployments replica_sets stateful_sets daemon_sets jobs cron_jobs
        services endpoint_slices ingresses network_policies autoscalers disruption_budgets claims quotas service_accounts
        config_maps secrets events);
    Scene { snapshot, trigger: Trigger::default() }
}

fn node(name: &str) -> Node {
    let amounts = || {
        let amount = |text: &str| Quantity::new(text);
        BTreeMap::from([
            ("cpu".to_owned(), amount("4")),
            ("memory".to_owned(), amount("16Gi")),
            ("pods".to_owned(), amount("110")),
        ])
    };
    let labels = [("kubernetes.io/hostname", name), ("topology.kubernetes.io/zone", "zone-1")];
    let condition = |type_: &str, status: &str| Condition {
        type_: type_.into(),
        status: status.into(),
        last_transition_time: Some(at("02:00:00")),
        last_heartbeat_time: Some(at("11:59:40")),
        ..Condition::default()
    };
    Node {
        metadata: Metadata { name: name.into(), labels: map(&labels), ..Metadata::default() },
        status: NodeStatus {
            conditions: vec![
                condition("MemoryPressure", "False"),
                condition("DiskPressure", "False"),
                condition("PIDPressure", "False"),
                condition("Ready", "True"),
            ],
            capacity: amounts(),
            allocatable: amounts(),
            ..NodeStatus::default()
        },
        ..Node::default()
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn metadata(namespace: &str, name: &str, created: &str) -> Metadata {
    Metadata {
        name: name.into(),
        namespace: namespace.into(),
        uid: format!("uid-{namespace}-{name}"),
        creation_timestamp: Some(at(created)),
        ..Metadata::default()
    }
}

fn owned_by(kind: &str, name: &str) -> Vec<OwnerReference> {
    vec![OwnerReference { kind: kind.into(), name: name.into(), controller: Some(true), ..OwnerReference::default() }]
}

fn ready_condition(ready: bool, since: &str) -> Condition {
    Condition {
        type_: "Ready".into(),
        status: if ready { "True" } else { "False" }.into(),
        last_transition_time: Some(at(since)),
        ..Condition::default()
    }
}

impl Scene {
    /// A Deployment with `replicas` ready pods, spread over the nodes.
    pub(crate) fn deployment(mut self, namespace: &str, name: &str, replicas: i32) -> Self {
        self.namespace(namespace);
        let created = "10:00:00";
        let labels = map(&[("app", name)]);
        let container = Container {
            name: "app".into(),
            image: format!("registry.example.org/{name}:v1"),
            ports: vec![ContainerPort { container_port: 8080, ..ContainerPort::default() }],
            ..Container::default()
        };
        let template = PodTemplate {
            metadata: Metadata { labels: labels.clone(), ..Metadata::default() },
            spec: PodSpec { containers: vec![container], ..PodSpec::default() },
        };
        let selector = LabelSelector { match_labels: labels.clone(), ..LabelSelector::default() };
        let set = format!("{name}-rs1");
        let mut set_metadata = metadata(namespace, &set, created);
        set_metadata.owner_references = owned_by("Deployment", name);
        set_metadata.annotations = map(&[("deployment.kubernetes.io/revision", "1")]);
        self.snapshot.replica_sets.items.push(ReplicaSet {
            metadata: set_metadata,
            spec: ReplicaSetSpec { replicas: Some(replicas), selector: selector.clone(), template: template.clone() },
            ..ReplicaSet::default()
        });
        self.snapshot.deployments.items.push(Deployment {
            metadata: metadata(namespace, name, created),
            spec: DeploymentSpec { replicas: Some(replicas), selector, template, ..DeploymentSpec::default() },
            ..Deployment::default()
        });
        for number in 0..replicas {
            self.add_pod(namespace, name, &set, number, created);
        }
        self.settle(namespace)
    }

    /// A pod of a Deployment's ReplicaSet, ready.
    fn add_pod(&mut self, namespace: &str, name: &str, set: &str, number: i32, created: &str) {
        let set_object = self.snapshot.replica_sets.get(namespace, set).expect("the set exists");
        let (spec, labels) = (set_object.spec.template.spec.clone(), set_object.spec.template.metadata.labels.clone());
        let mut meta = metadata(namespace, &format!("{set}-{number}"), created);
        meta.labels = labels;
        meta.labels.insert("pod-template-hash".into(), set.rsplit('-').next().unwrap_or_default().into());
        meta.owner_references = owned_by("ReplicaSet", set);
        let statuses = spec.containers.iter().map(|container| ContainerStatus {
            name: container.name.clone(),
            image: container.image.clone(),
            ready: true,
            state: ContainerState {
                running: Some(Running { started_at: Some(at(created)) }),
                ..ContainerState::default()
            },
            ..ContainerStatus::default()
        });
        let status = PodStatus {
            phase: "Running".into(),
            conditions: vec![ready_condition(true, created)],
            container_statuses: statuses.collect(),
            pod_ip: format!("10.1.{}.{}", name.len(), number + 10),
            ..PodStatus::default()
        };
        let node_name = self.snapshot.nodes[number as usize % self.snapshot.nodes.len()].metadata.name.clone();
        self.snapshot.pods.items.push(Pod { metadata: meta, spec: PodSpec { node_name, ..spec }, status });
    }

    fn namespace(&mut self, name: &str) {
        if self.snapshot.namespaces.iter().all(|it| it.name() != name) {
            self.snapshot.namespaces.items.push(Namespace {
                metadata: Metadata { name: name.into(), ..Metadata::default() },
                status: NamespaceStatus { phase: "Active".into() },
            });
            let account =
                ServiceAccount { metadata: metadata(name, "default", "01:00:00"), ..ServiceAccount::default() };
            self.snapshot.service_accounts.items.push(account);
        }
    }

    /// Brings statuses and endpoints in line with the pods.
    fn settle(mut self, namespace: &str) -> Self {
        let ready = |pods: &[Pod], owner: &dyn Fn(&Pod) -> bool| {
            pods.iter().filter(|pod| pod.namespace() == namespace && owner(pod) && super::is_ready(pod)).count() as i32
        };
        let pods = self.snapshot.pods.items.clone();
        for set in self.snapshot.replica_sets.items.iter_mut().filter(|it| it.namespace() == namespace) {
            let own = |pod: &Pod| pod.metadata.controller().is_some_and(|owner| owner.name == set.metadata.name);
            set.status.replicas = pods.iter().filter(|pod| pod.namespace() == namespace && own(pod)).count() as i32;
            set.status.ready_replicas = ready(&pods, &own);
        }
        let sets = self.snapshot.replica_sets.items.clone();
        for deployment in self.snapshot.deployments.items.iter_mut().filter(|it| it.namespace() == namespace) {
            let own = sets.iter().filter(|set| {
                set.namespace() == namespace
                    && set.metadata.controller().is_some_and(|owner| owner.name == deployment.metadata.name)
            });
            deployment.status.ready_replicas = own.map(|set| set.status.ready_replicas).sum();
            deployment.status.available_replicas = deployment.status.ready_replicas;
            deployment.status.replicas = deployment.spec.replicas.unwrap_or(1);
            deployment.status.unavailable_replicas = deployment.status.replicas - deployment.status.ready_replicas;
        }
        self.snapshot.endpoint_slices.items.retain(|slice| slice.namespace() != namespace);
        for service in self.snapshot.services.iter().filter(|it| it.namespace() == namespace) {
            let meets = |pod: &&Pod| {
                let labels = &pod.metadata.labels;
                pod.namespace() == namespace
                    && !service.spec.selector.is_empty()
                    && service.spec.selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            };
            let endpoints = pods.iter().filter(meets).map(|pod| Endpoint {
                addresses: vec![pod.status.pod_ip.clone()],
                conditions: EndpointConditions { ready: Some(super::is_ready(pod)), ..EndpointConditions::default() },
                ..Endpoint::default()
            });
            let mut meta = metadata(namespace, &format!("{}-slice", service.name()), "10:00:00");
            meta.labels = map(&[("kubernetes.io/service-name", service.name())]);
            let slice = EndpointSlice { metadata: meta, endpoints: endpoints.collect(), ..EndpointSlice::default() };
            self.snapshot.endpoint_slices.items.push(slice);
        }
        self
    }

    /// A Service in front of the workload of the same name.
    pub(crate) fn service(mut self, namespace: &str, name: &str, port: i32) -> Self {
        self.namespace(namespace);
        let number = self.snapshot.services.len() + 1;
        self.snapshot.services.items.push(Service {
            metadata: metadata(namespace, name, "10:00:00"),
            spec: ServiceSpec {
                cluster_ip: format!("10.96.0.{number}"),
                selector: map(&[("app", name)]),
                ports: vec![ServicePort { port, ..ServicePort::default() }],
                ..ServiceSpec::default()
            },
        });
        self.settle(namespace)
    }

    /// Changes a Service.
    pub(crate) fn edit_service(mut self, namespace: &str, name: &str, edit: impl FnOnce(&mut Service)) -> Self {
        let services = &mut self.snapshot.services.items;
        edit(
            services
                .iter_mut()
                .find(|it| it.namespace() == namespace && it.name() == name)
                .expect("the service exists"),
        );
        self.settle(namespace)
    }

    /// Changes a node.
    pub(crate) fn edit_node(mut self, name: &str, edit: impl FnOnce(&mut Node)) -> Self {
        edit(self.snapshot.nodes.items.iter_mut().find(|it| it.name() == name).expect("the node exists"));
        self
    }

    /// Changes a Deployment.
    pub(crate) fn edit_deployment(mut self, namespace: &str, name: &str, edit: impl FnOnce(&mut Deployment)) -> Self {
        let all = &mut self.snapshot.deployments.items;
        edit(
            all.iter_mut().find(|it| it.namespace() == namespace && it.name() == name).expect("the deployment exists"),
        );
        self
    }

    /// Changes a Deployment's pod template, and with it its ReplicaSet and pods.
    pub(crate) fn template(mut self, namespace: &str, name: &str, edit: impl Fn(&mut PodSpec)) -> Self {
        let own =
            |it: &Metadata, owner: &str| it.namespace == namespace && it.controller().is_some_and(|o| o.name == owner);
        for it in
            self.snapshot.deployments.items.iter_mut().filter(|it| it.namespace() == namespace && it.name() == name)
        {
            edit(&mut it.spec.template.spec);
        }
        let set = format!("{name}-rs1");
        for it in self.snapshot.replica_sets.items.iter_mut().filter(|it| own(&it.metadata, name)) {
            edit(&mut it.spec.template.spec);
        }
        for pod in self.snapshot.pods.items.iter_mut().filter(|it| own(&it.metadata, &set)) {
            edit(&mut pod.spec);
        }
        self
    }

    /// Changes all pods of a Deployment.
    pub(crate) fn edit_pods(mut self, namespace: &str, name: &str, edit: impl Fn(&mut Pod)) -> Self {
        let prefix = format!("{name}-rs");
        for pod in self.snapshot.pods.items.iter_mut() {
            let own = pod.metadata.controller().is_some_and(|owner| owner.name.starts_with(&prefix));
            if pod.namespace() == namespace && own {
                edit(pod);
            }
        }
        self.settle(namespace)
    }

    /// Takes all pods of a Deployment away, as when none can be made.
    pub(crate) fn without_pods(mut self, namespace: &str, name: &str) -> Self {
        let prefix = format!("{name}-rs");
        self.snapshot.pods.items.retain(|pod| {
            pod.namespace() != namespace || pod.metadata.controller().is_none_or(|it| !it.name.starts_with(&prefix))
        });
        self.settle(namespace)
    }

    /// Pods that are not ready, since ten minutes.
    pub(crate) fn unready(self, namespace: &str, name: &str) -> Self {
        self.edit_pods(namespace, name, |pod| {
            pod.status.conditions = vec![ready_condition(false, "11:50:00")];
            pod.status.container_statuses.iter_mut().for_each(|status| status.ready = false);
        })
    }

    /// Containers that wait, for `reason`, since ten minutes.
    pub(crate) fn waiting(self, namespace: &str, name: &str, reason: &str, message: &str) -> Self {
        self.unready(namespace, name).edit_pods(namespace, name, |pod| {
            pod.status.phase = "Pending".into();
            for status in &mut pod.status.container_statuses {
                let waiting = Waiting { reason: reason.into(), message: message.into() };
                status.state = ContainerState { waiting: Some(waiting), ..ContainerState::default() };
            }
        })
    }

    /// Containers that ended with `exit_code` for `reason` six times and wait to be started again.
    pub(crate) fn crashing(self, namespace: &str, name: &str, exit_code: i32, reason: &str) -> Self {
        self.waiting(namespace, name, "CrashLoopBackOff", "back-off restarting failed container").edit_pods(
            namespace,
            name,
            |pod| {
                pod.status.phase = "Running".into();
                for status in &mut pod.status.container_statuses {
                    status.restart_count = 6;
                    status.last_state.terminated = Some(Terminated {
                        exit_code,
                        reason: reason.into(),
                        started_at: Some(at("11:58:00")),
                        finished_at: Some(at("11:58:30")),
                        ..Terminated::default()
                    });
                }
            },
        )
    }

    /// Pods that no node takes, with the scheduler's message.
    pub(crate) fn unschedulable(self, namespace: &str, name: &str, message: &str) -> Self {
        let pods = format!("{name}-rs");
        let scene = self.edit_pods(namespace, name, |pod| {
            pod.spec.node_name.clear();
            pod.status = PodStatus {
                phase: "Pending".into(),
                conditions: vec![Condition {
                    type_: "PodScheduled".into(),
                    status: "False".into(),
                    reason: "Unschedulable".into(),
                    message: message.into(),
                    last_transition_time: Some(at("11:50:00")),
                    ..Condition::default()
                }],
                ..PodStatus::default()
            };
        });
        let pending =
            scene.snapshot.pods.iter().filter(|pod| pod.namespace() == namespace && pod.name().starts_with(&pods));
        let names: Vec<String> = pending.map(|pod| format!("Pod {namespace}/{}", pod.name())).collect();
        names.into_iter().fold(scene, |scene, pod| scene.event(&pod, "FailedScheduling", message))
    }

    /// A warning about `object` (`Pod shop/api-rs1-0`, `Node node-a`), three minutes ago.
    pub(crate) fn event(self, object: &str, reason: &str, message: &str) -> Self {
        self.event_at(object, reason, message, "11:57:00", "Warning")
    }

    /// An event about `object` at a time.
    pub(crate) fn event_at(mut self, object: &str, reason: &str, message: &str, time: &str, type_: &str) -> Self {
        let (kind, name) = object.split_once(' ').expect("an object as `Kind namespace/name`");
        let (namespace, name) = name.split_once('/').unwrap_or(("", name));
        let number = self.snapshot.events.len();
        self.snapshot.events.items.push(Event {
            metadata: metadata(
                if namespace.is_empty() { "default" } else { namespace },
                &format!("{name}.{number}"),
                time,
            ),
            involved_object: InvolvedObject {
                kind: kind.into(),
                namespace: namespace.into(),
                name: name.into(),
                ..InvolvedObject::default()
            },
            reason: reason.into(),
            message: message.into(),
            type_: type_.into(),
            first_timestamp: Some(at(time)),
            last_timestamp: Some(at(time)),
            ..Event::default()
        });
        self
    }

    /// Log lines of every pod of a Deployment.
    pub(crate) fn log(mut self, namespace: &str, name: &str, text: &str) -> Self {
        let prefix = format!("{name}-rs");
        for pod in self
            .snapshot
            .pods
            .items
            .iter()
            .filter(|pod| pod.namespace() == namespace && pod.name().starts_with(&prefix))
        {
            self.snapshot.logs.push(ContainerLog {
                namespace: namespace.into(),
                pod: pod.name().into(),
                container: "app".into(),
                text: text.into(),
                ..ContainerLog::default()
            });
        }
        self
    }

    /// A metric of a Service, node or pod: one value a minute, the last one at noon.
    pub(crate) fn metric(mut self, kind: SeriesKind, name: &str, metric: &str, values: &[f64]) -> Self {
        let noon = at("12:00:00");
        let points = values
            .iter()
            .rev()
            .enumerate()
            .map(|(ago, value)| (noon - jiff::SignedDuration::from_mins(ago as i64), *value));
        let mut points: Vec<(Timestamp, f64)> = points.collect();
        points.reverse();
        self.snapshot.metrics.push(Series {
            kind,
            namespace: String::new(),
            name: name.into(),
            metric: metric.into(),
            points,
        });
        self
    }

    /// Anything else.
    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Snapshot)) -> Self {
        edit(&mut self.snapshot);
        self
    }

    /// The diagnosis; whatever it finds can be said in every language.
    pub(crate) fn diagnose(&self) -> Diagnosis {
        let diagnosis = diagnose(&self.snapshot, &self.trigger);
        diagnosis.causes.iter().for_each(crate::text::lines_tests::can_be_said);
        diagnosis
    }

    /// Asserts which cause comes first, on which object (`Deployment shop/api`).
    #[track_caller]
    pub(crate) fn expect(&self, cause: &str, object: &str) {
        let diagnosis = self.diagnose();
        let first = diagnosis.causes.first().map(|it| (it.id.to_string(), it.object.to_string()));
        assert_eq!(first, Some((cause.to_owned(), object.to_owned())), "{diagnosis:#?}");
    }

    /// Asserts that a cause is among those named, first or not, or among those explained by another.
    #[track_caller]
    pub(crate) fn expect_among(&self, cause: &str, object: &str) {
        let diagnosis = self.diagnose();
        let named = diagnosis.causes.iter().map(|it| (it.id.as_str(), it.object.to_string()));
        let explained = diagnosis.rejected.iter().filter(|it| it.why.starts_with("follows from"));
        let explained =
            explained.map(|it| (it.id.as_str(), it.object.as_ref().map(ToString::to_string).unwrap_or_default()));
        assert!(named.chain(explained).any(|it| it == (cause, object.to_owned())), "{diagnosis:#?}");
    }

    /// Asserts that a cause is not named.
    #[track_caller]
    pub(crate) fn expect_not(&self, cause: &str) {
        let diagnosis = self.diagnose();
        assert!(diagnosis.causes.iter().all(|it| it.id.as_str() != cause), "{diagnosis:#?}");
    }

    /// Asserts that nothing is wrong.
    #[track_caller]
    pub(crate) fn expect_healthy(&self) {
        let diagnosis = self.diagnose();
        assert_eq!(diagnosis.verdict, Verdict::Healthy, "{diagnosis:#?}");
    }
}
