//! Where to look first: what an alarm's dimensions say about the cluster and the object.
//!
//! Dimensions of Container Insights
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-EKS.html>), of Application
//! Signals, of load balancers made by the AWS Load Balancer Controller, and the labels that exporters commonly pass on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Alarm, AlertDetails};

/// What an alarm is about. Several alarms or metrics may name several objects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Focus {
    /// EKS clusters by name.
    pub clusters: BTreeSet<String>,
    /// Kubernetes namespaces.
    pub namespaces: BTreeSet<String>,
    /// Workloads, Services or applications by name.
    pub workloads: BTreeSet<String>,
    /// Pods by full name.
    pub pods: BTreeSet<String>,
    /// Nodes by name.
    pub nodes: BTreeSet<String>,
    /// EC2 instances.
    pub instances: BTreeSet<String>,
    /// Load balancers and target groups, by what their names say.
    pub load_balancers: BTreeSet<LoadBalancerName>,
}

/// A name that the AWS Load Balancer Controller gave: `k8s-<namespace>-<service>-<hash>`, both cut to eight characters
/// (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoadBalancerName {
    /// The namespace's first eight letters.
    pub namespace_prefix: String,
    /// The Service's or Ingress's first eight letters.
    pub service_prefix: String,
}

impl Focus {
    /// What `alarm` says.
    pub fn of(alarm: &Alarm) -> Self {
        let mut focus = Self::default();
        for metric in alarm.metrics.iter().filter_map(|entry| entry.metric_stat.as_ref()).map(|stat| &stat.metric) {
            for (name, value) in &metric.dimensions {
                focus.learn(&metric.namespace, name, value);
            }
        }
        for (label, value) in alarm.alert().into_iter().flat_map(AlertDetails::about) {
            focus.learn_label(label, value);
        }
        focus
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Labels beyond those that dimensions are named like.
    fn learn_label(&mut self, label: &str, value: &str) {
        let value = value.trim();
        match label {
            _ if value.is_empty() => {}
            // The name, where it is an ARN.
            "cluster" | "cluster_name" | "clusterName" => {
                self.clusters.insert(value.rsplit('/').next().unwrap_or(value).to_owned());
            }
            "statefulset"
            | "daemonset"
            | "replicaset"
            | "job_name"
            | "cronjob"
            | "horizontalpodautoscaler"
            | "created_by_name"
            | "owner_name"
            | "app_kubernetes_io_name"
            | "destination_workload"
            | "destination_service_name" => {
                self.workloads.insert(value.to_owned());
            }
            "destination_workload_namespace" | "destination_service_namespace" => {
                self.namespaces.insert(value.to_owned());
            }
            "nodename" | "kubernetes_node" => {
                self.nodes.insert(value.to_owned());
            }
            // Of node-exporter: the node's name or address, with the exporter's port.
            "instance" => {
                let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
                if host.starts_with("ip-") || host.parse::<std::net::IpAddr>().is_ok() {
                    self.nodes.insert(host.to_owned());
                }
            }
            _ => self.learn("", label, value),
        }
    }

    fn learn(&mut self, metric_namespace: &str, dimension: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let insert = |set: &mut BTreeSet<String>| {
            set.insert(value.to_owned());
        };
        match dimension {
            "ClusterName" | "cluster" | "Cluster" | "k8s.cluster.name" | "eks_cluster" => insert(&mut self.clusters),
            "Namespace" | "namespace" | "k8s.namespace.name" | "K8s.Namespace" => insert(&mut self.namespaces),
            // Container Insights: PodName is the name without its generated suffixes, that is the workload's.
            "PodName" | "Deployment" | "deployment" | "k8s.deployment.name" | "K8s.Workload" | "workload" => {
                insert(&mut self.workloads);
            }
            "Service" | "service" | "service_name" | "service.name" | "app" | "ServiceName" => {
                insert(&mut self.workloads)
            }
            "FullPodName" | "pod" | "Pod" | "pod_name" | "k8s.pod.name" => insert(&mut self.pods),
            "NodeName" | "node" | "Node" | "k8s.node.name" => insert(&mut self.nodes),
            "InstanceId" => insert(&mut self.instances),
            // Application Signals: `eks:<cluster>/<namespace>`.
            "Environment" if metric_namespace == "ApplicationSignals" => {
                if let Some((cluster, namespace)) = value.strip_prefix("eks:").and_then(|rest| rest.split_once('/')) {
                    self.clusters.insert(cluster.to_owned());
                    self.namespaces.insert(namespace.to_owned());
                }
            }
            "LoadBalancer" | "TargetGroup" => {
                if let Some(name) = LoadBalancerName::parse(value) {
                    self.load_balancers.insert(name);
                }
            }
            _ => {}
        }
    }
}

impl LoadBalancerName {
    /// Reads `app/k8s-shop-api-0123456789/50dc6c495c0c9188` or `targetgroup/k8s-shop-api-0123456789/6d0ecf831eec9f09`.
    /// A shared load balancer (`k8s-<group>-<hash>`) names no Service.
    pub fn parse(dimension: &str) -> Option<Self> {
        let name = dimension.split('/').nth(1)?.strip_prefix("k8s-")?;
        let mut parts = name.rsplitn(2, '-');
        let hash = parts.next()?;
        let (namespace, service) = parts.next()?.split_once('-')?;
        let fits = hash.len() == 10 && !namespace.is_empty() && !service.is_empty();
        fits.then(|| Self { namespace_prefix: namespace.to_owned(), service_prefix: service.to_owned() })
    }

    /// Whether `namespace`/`service` may be meant. The controller drops what is not a letter or digit before it cuts.
    pub fn may_mean(&self, namespace: &str, service: &str) -> bool {
        fn cut(name: &str) -> String {
            name.chars().filter(char::is_ascii_alphanumeric).take(8).collect()
        }
        cut(namespace) == self.namespace_prefix && cut(service) == self.service_prefix
    }
}
