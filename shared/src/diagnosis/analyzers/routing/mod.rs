//! Pods are well, traffic does not arrive.

mod service_selector_mismatch;

super::list![service_selector_mismatch];
