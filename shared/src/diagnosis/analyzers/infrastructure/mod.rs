//! Nodes and the cluster's own parts.

mod containerd_unavailable;
mod kube_proxy_unavailable;
mod kube_scheduler_unavailable;
mod kubelet_unavailable;
mod node_network;
mod node_not_ready;

super::list![
    containerd_unavailable,
    kube_proxy_unavailable,
    kube_scheduler_unavailable,
    kubelet_unavailable,
    node_network,
    node_not_ready
];
