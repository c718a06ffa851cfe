//! Pods are well, traffic does not arrive.

mod dns;
mod env_address;
mod gateway;
mod ingress;
mod network_policy;
mod service_port;
mod service_selector_mismatch;

super::list![dns, env_address, gateway, ingress, network_policy, service_port, service_selector_mismatch];
