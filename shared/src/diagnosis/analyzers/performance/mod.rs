//! All works, slowly.

mod pod_cpu_overload;
mod pod_network_delay;

super::list![pod_cpu_overload, pod_network_delay];
