//! CPU and memory now, from metrics.k8s.io. See <https://github.com/kubernetes/metrics>.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Cluster, ReadError, budget::Reading, page::Wanted};
use crate::{
    model::{Metadata, Quantity},
    snapshot::{Series, SeriesKind},
};

/// The one version served.
const API: &str = "/apis/metrics.k8s.io/v1beta1";

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

#[derive(Deserialize)]
struct NodeUsage {
    metadata: Metadata,
    timestamp: Timestamp,
    usage: Usage,
}

#[derive(Deserialize)]
struct PodUsage {
    metadata: Metadata,
    timestamp: Timestamp,
    #[serde(default)]
    containers: Vec<ContainerUsage>,
}

#[derive(Deserialize)]
struct ContainerUsage {
    usage: Usage,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Usage {
    cpu: Quantity,
    memory: Quantity,
}

impl Cluster {
    /// Use of CPU and memory by all nodes.
    pub(super) async fn node_usage(&self, reading: &Reading<'_>) -> Result<Vec<Series>, ReadError> {
        let wanted = Wanted {
            what: "usage of nodes (metrics.k8s.io)".to_owned(),
            verb: "list",
            resource: "nodes.metrics.k8s.io",
            scope: "the cluster".to_owned(),
        };
        let list: List<NodeUsage> = self.get_json(reading, &format!("{API}/nodes"), &wanted).await?;
        Ok(list
            .items
            .iter()
            .flat_map(|node| {
                let sum = [node.usage.cpu.value().unwrap_or(0.0), node.usage.memory.value().unwrap_or(0.0)];
                series(SeriesKind::Node, &node.metadata, node.timestamp, sum)
            })
            .collect())
    }

    /// Use of CPU and memory by the pods of `namespace`, or all.
    pub(super) async fn pod_usage(
        &self,
        reading: &Reading<'_>,
        namespace: Option<&str>,
    ) -> Result<Vec<Series>, ReadError> {
        let (path, what, scope) = match namespace {
            Some(namespace) => (
                format!("{API}/namespaces/{namespace}/pods"),
                format!("usage of pods of namespace {namespace} (metrics.k8s.io)"),
                format!("namespace {namespace}"),
            ),
            None => (format!("{API}/pods"), "usage of pods (metrics.k8s.io)".to_owned(), "all namespaces".to_owned()),
        };
        let wanted = Wanted { what, verb: "list", resource: "pods.metrics.k8s.io", scope };
        let list: List<PodUsage> = self.get_json(reading, &path, &wanted).await?;
        Ok(list
            .items
            .iter()
            .flat_map(|pod| {
                let total = |of: fn(&Usage) -> &Quantity| {
                    pod.containers.iter().filter_map(|container| of(&container.usage).value()).sum()
                };
                let sum = [total(|usage| &usage.cpu), total(|usage| &usage.memory)];
                series(SeriesKind::Pod, &pod.metadata, pod.timestamp, sum)
            })
            .collect())
    }
}

/// `cpu` in cores and `mem` in bytes.
fn series(kind: SeriesKind, metadata: &Metadata, time: Timestamp, sums: [f64; 2]) -> [Series; 2] {
    let of = |metric: &str, value| Series {
        kind,
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        metric: metric.to_owned(),
        points: vec![(time, value)],
    };
    [of("cpu", sums[0]), of("mem", sums[1])]
}
