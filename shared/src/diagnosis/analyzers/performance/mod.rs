//! All works, slowly.

mod node_cpu;
mod pod_cpu_overload;
mod pod_network_delay;

super::list![node_cpu, pod_cpu_overload, pod_network_delay];
