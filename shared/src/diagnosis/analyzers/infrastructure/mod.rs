//! Nodes and the cluster's own parts.

mod containerd_unavailable;
mod coredns_unavailable;
mod ip_exhaustion;
mod kube_proxy_unavailable;
mod kube_scheduler_unavailable;
mod kubelet_unavailable;
mod node_network;
mod node_not_ready;
mod node_pressure;
mod zone_degraded;

super::list![
    containerd_unavailable,
    coredns_unavailable,
    ip_exhaustion,
    kube_proxy_unavailable,
    kube_scheduler_unavailable,
    kubelet_unavailable,
    node_network,
    node_not_ready,
    node_pressure,
    zone_degraded,
];
